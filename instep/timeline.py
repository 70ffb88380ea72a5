"""A rehearsal's timeline: how an account stands in the product, the provisioner and Intercom, moment by moment."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from instep.world import World

ACCESS = "SELECT account_id, stage, access, reason FROM instep_access"
ANSWERS = (
    "SELECT account_id, answer, reason FROM instep_requests WHERE answer NOT IN ('', 'accepted') ORDER BY requested_at"
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as Intercom has them. ``events``: (name, unix second), oldest first."""

    email: str
    tags: tuple[str, ...]
    attributes: Mapping[str, Any]
    events: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account as the systems have it. ``people``: by the name that the rehearsal gives them."""

    stage: str = ""
    access: str = ""
    reason: str = ""
    instance: str = ""
    refused: tuple[str, ...] = ()
    people: Mapping[str, Contact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to one account at one moment (unix second), and how it stands after the sync."""

    account: str
    at: int
    happened: tuple[str, ...]
    after: Snapshot
    before: Snapshot

    @property
    def what(self) -> str:
        """What was described, else the reason that the product reads, else which attributes moved."""
        new = self.after.refused[len(self.before.refused) :]
        told = [*self.happened, *(f"request {text}" for text in new)]
        if not told and self._shown(self.after) == self._shown(self.before) and not self.events:
            return f"attributes: {', '.join(self.attributes)}" if self.attributes else "people"
        return "; ".join(told) or self.after.reason

    @property
    def events(self) -> dict[str, tuple[str, ...]]:
        """The events that are new in Intercom -> whom they are about, in the order in which they happened."""
        found: dict[tuple[int, str], list[str]] = {}
        for person, contact in self.after.people.items():
            known = self.before.people[person].events if person in self.before.people else ()
            for name, at in contact.events:
                if (name, at) not in known:
                    found.setdefault((at, name), []).append(person)
        return {name: tuple(people) for (_, name), people in sorted(found.items())}

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes that changed for somebody in Intercom."""
        changed: set[str] = set()
        for person, contact in self.after.people.items():
            old = self.before.people.get(person)
            held = old.attributes if old else {}
            changed |= {name for name in {*held, *contact.attributes} if held.get(name) != contact.attributes.get(name)}
            changed |= {"email"} if old and old.email != contact.email else set()
        return tuple(sorted(changed))

    @property
    def tags(self) -> str:
        """Who carries which; without names where all carry the same."""
        by_tags: dict[tuple[str, ...], list[str]] = {}
        for person, contact in self.after.people.items():
            by_tags.setdefault(contact.tags, []).append(person)
        if len(by_tags) == 1:
            return ", ".join(next(iter(by_tags))) or "-"
        return "; ".join(f"{', '.join(people)}: {', '.join(tags) or '-'}" for tags, people in by_tags.items())

    @staticmethod
    def _shown(snapshot: Snapshot) -> tuple[object, ...]:
        tags = tuple((person, contact.tags) for person, contact in snapshot.people.items())
        return (snapshot.stage, snapshot.access, snapshot.instance, tags)

    def data(self) -> dict[str, Any]:
        return {
            "account": self.account, "at": datetime.fromtimestamp(self.at, UTC).isoformat(), "what": self.what,
            "stage": self.after.stage, "access": self.after.access, "reason": self.after.reason,
            "instance": self.after.instance,
            "events": {name: list(people) for name, people in self.events.items()},
            "changed": list(self.attributes),
            "people": {
                person: {"tags": list(contact.tags), "attributes": dict(contact.attributes)}
                for person, contact in self.after.people.items()
            },
        }  # fmt: skip


def read(world: World, people: Mapping[str, Sequence[str]]) -> dict[str, Snapshot]:
    """Every account of ``people`` (account -> who is or was in it), from the three systems themselves."""
    rows = {row[0]: row[1:] for row in _rows(world, ACCESS)}
    made = world.vendors.control("GET", "/provisioner/settings")["instances"]
    instances, contacts, answers = {row["account_id"]: row["status"] for row in made}, _contacts(world), _answers(world)
    found: dict[str, Snapshot] = {}
    for account, names in people.items():
        known = {name: contacts[id] for name in names if (id := f"{account}_{name}") in contacts}
        stage, access, reason = rows.get(account, ("", "", ""))
        found[account] = Snapshot(stage, access, reason, instances.get(account, ""), answers[account], known)
    return found


def _answers(world: World) -> defaultdict[str, tuple[str, ...]]:
    """What was not accepted: account -> answers with their reasons, oldest first."""
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for account, answer, reason in _rows(world, ANSWERS):
        found[account] += (f"{answer}: {reason}",)
    return found


def _contacts(world: World) -> dict[str, Contact]:
    return {
        row["external_id"]: Contact(
            row["email"],
            tuple(sorted(row["tags"])),
            {name: value for name, value in sorted(row["custom_attributes"].items()) if value is not None},
            tuple((event["event_name"], event["created_at"]) for event in row["events"]),
        )
        for row in world.vendors.control("GET", "/intercom/people")
        if not row["archived"]
    }


def _rows(world: World, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(world.product)) as database:
        return database.execute(query).fetchall()
