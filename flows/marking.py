"""One workspace, one installation: whose id stands in Intercom, and what follows where it is another's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from connectors.intercom import Mark, leave_mark, marks
from flows.asking import ask
from flows.declaring import spelled
from flows.systems import Wires
from mappings.model import Mode, Name

CONTACT = spelled(Name("contact", ""))


def kept_by_another(w: Wires, installation: str, ours: Callable[[], Collection[str]]) -> str:
    """The id of another installation that keeps this workspace; empty where there is none, and then our own is left
    there. ``ours``: the names that we made there, as House.names has them. Raises Failed."""
    found = _marks(w, ours())
    others = [mark.installation for mark in found if mark.installation not in ("", installation)]
    if not others and not any(mark.installation for mark in found):
        _leave(w, found[:1], installation)
    return others[0] if others else ""


def take_over(w: Wires, installation: str, ours: Collection[str]) -> None:
    """From now on this installation keeps the workspace; the other one reads only from its next look on."""
    found = _marks(w, ours)
    marked = [mark for mark in found if mark.installation]
    _leave(w, [mark for mark in marked or found[:1] if mark.installation != installation], installation)


def watching(modes: Mapping[str, Mode]) -> dict[str, Mode]:
    """Nothing is on."""
    return {name: "watch" if mode == "on" else mode for name, mode in modes.items()}


def read_only(other: str) -> str:
    """What to do about it, in one sentence."""
    return (
        f"Nothing is sent: the Intercom workspace is kept by installation {other}, and two must not write there. Pause "
        "this one (`instep pause`), or, where the other one is gone for good, run `instep init --take-over`"
    )


def _marks(w: Wires, ours: Collection[str]) -> list[Mark]:
    attributes = {name.removeprefix(CONTACT) for name in ours if name.startswith(CONTACT)}
    return ask("Intercom", lambda: marks(w.intercom, attributes))


def _leave(w: Wires, where: list[Mark], installation: str) -> None:
    for mark in where:
        ask("Intercom", lambda mark=mark: leave_mark(w.intercom, mark, installation))  # type: ignore[misc]
