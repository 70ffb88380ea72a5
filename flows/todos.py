"""The list of what needs a person, with the command and the vendors' pages of each line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.house import open_store
from flows.settings import Failed, Misuse, Settings
from mappings.dashboards import Dashboards
from mappings.deciding import command, spelled
from mappings.filters import picking
from state.store import House, Store, Todo

KINDS = ("conflict", "parked", "gone", "held", "alert", "unmatched")
"""In the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Line:
    """``choices``: what `instep resolve` takes for it. ``links``: id -> the page where a vendor shows it."""

    todo: Todo
    command: str
    choices: str
    links: Mapping[str, str]

    def as_data(self) -> dict[str, Any]:
        todo = self.todo
        return {
            "id": todo.id, "kind": todo.kind, "subject": todo.subject, "account": todo.account_id,
            "target": todo.target, "reason": todo.reason, "proposal": todo.proposal, "decision": todo.decision,
            "command": self.command, "since": todo.since, "links": dict(self.links),
        }  # fmt: skip


def lines(settings: Settings, kinds: Collection[str] = (), where: Sequence[str] = ()) -> list[Line]:
    """Open lines; the person who asked is told of them. Raises Misuse for a filter that is none, Failed where the state
    cannot be read."""
    store = open_store(settings)
    house = store.house()
    if house is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    found = picked(store, house, kinds, where)
    store.todo_told(settings.clock()())
    return found


def picked(store: Store, house: House, kinds: Collection[str], where: Sequence[str]) -> list[Line]:
    try:
        fits = picking(where)
    except ValueError as error:
        raise Misuse(str(error)) from None
    pages = dashboards(house)
    every = sorted(store.todo(unforced=True), key=lambda todo: KINDS.index(todo.kind))
    shown = (_line(todo, pages) for todo in every if not kinds or todo.kind in kinds)
    return [line for line in shown if fits({name: str(value) for name, value in line.as_data().items()})]


def dashboards(house: House) -> Dashboards:
    return Dashboards(house.stripe_account, house.livemode, house.intercom_workspace, house.intercom_region)


def _line(todo: Todo, pages: Dashboards) -> Line:
    settles = command(todo.id, todo.kind, todo.subject, todo.target, todo.decision, todo.command)
    named = pages.named(f"{todo.subject.partition(':')[2]} {todo.reason} {todo.proposal}", todo.target)
    return Line(todo, settles, spelled(todo.kind, todo.subject, todo.target), named)
