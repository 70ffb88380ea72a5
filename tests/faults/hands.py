"""What people do by hand in Intercom while a schedule runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .plan import Turn, slot
from .stage import Stage

JSON = dict[str, Any]
HAND = "/intercom/hand"
OURS = re.compile("(sub|is|plan):")
THEIRS = {"plan": "gold", "last_plan": "gold", "support_tier": "gold", "name": "Somebody"}
VISITOR = {"role": "lead", "name": "Visitor", "custom_attributes": {"plan": "gold", "cancel_reason": "told us"}}
BACK_SOON, BACK_AT_LAST, AWAY = range(3)
"""When somebody takes an archived contact back: before the next round, when all is healed, never."""


class Hands:
    """``archived``: person -> when that is taken back. ``anew``: whose contact is another one now, with nothing that we
    sent. ``deleted``: tags of ours, by the names that we call them -> restore or retire. ``nps``: contact -> a
    teammate's own value."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.ids = {id: name for name, id in self._tags().items() if OURS.match(name)}
        self.nps: dict[str, int] = {}
        self.archived: dict[str, int] = {}
        self.anew: set[str] = set()
        self.deleted: dict[str, str] = {}

    def do(self, turn: Turn) -> tuple[JSON, JSON] | None:
        """A contact as it was before and is after; None where no contact is concerned."""
        if not turn.seed:
            return self._to_a_tag(turn)
        people = {person["id"] for person in self._stage.facts[slot(turn.seed).account].people}
        mine = [row for row in self.contacts() if row["external_id"] in people and not row["archived"]]
        if not mine:
            return None
        contact = mine[turn.number % len(mine)]
        DEEDS[turn.what](self, contact, turn.number)
        (after,) = [row for row in self.contacts() if row["external_id"] == contact["external_id"]]
        return contact, after

    def teammate(self, number: int) -> None:
        """A value and a tag of their own on one of our contacts."""
        ours = [row for row in self.contacts() if row["external_id"] and not row["archived"]]
        contact = ours[number % len(ours)]
        self._put(contact, {"custom_attributes": {"nps": number}})
        self._tag(contact, self._tags()["VIP"])
        self.nps[contact["id"]] = number

    def take_back(self, *when: int) -> None:
        for contact in self.contacts():
            if contact["archived"] and self.archived[contact["external_id"]] in when:
                self._stage.control("POST", f"{HAND}/contacts/{contact['id']}/unarchive")

    def contacts(self) -> list[JSON]:
        """All but those that were merged into another one, without what a teammate may have put there; tags by the
        names that we call them."""
        found, called = self._stage.control("GET", "/intercom/people"), self.names()
        return [_ours(row, called) for row in found if not row["merged_into"]]

    @property
    def away(self) -> set[str]:
        """People whose contacts stay archived."""
        return {person for person, back in self.archived.items() if back == AWAY}

    def out_of_sight(self, calls: Iterable[JSON]) -> set[str]:
        """People whose contacts Instep cannot write to, or knows nothing of as it has not written to them since."""
        written = {call["object_id"] for call in calls if call["effect"].startswith("contact.")}
        unknown = {row["external_id"] for row in self.contacts() if row["id"] not in written}
        return (self.anew & unknown) | self.away

    def names(self) -> dict[str, str]:
        """Tag -> what we call it. A renamed one is known by its id; one that others made counts as ours where none of
        that name is left, else as theirs."""
        tags = self._tags()
        left = {self.ids[id] for id in tags.values() if id in self.ids}
        return {name: self.ids.get(id) or (f"(another {name})" if name in left else name) for name, id in tags.items()}

    # Deeds

    def _untag(self, contact: JSON, number: int) -> None:
        if worn := sorted(tag for tag in contact["tags"] if OURS.match(tag)):
            id = self._id(worn[number % len(worn)])
            self._stage.control("DELETE", f"{HAND}/contacts/{contact['id']}/tags/{id}")

    def _put_on(self, contact: JSON, number: int) -> None:
        there = sorted(name for name in self.names().values() if OURS.match(name))
        self._tag(contact, self._id(there[number % len(there)]))

    def _overwrite(self, contact: JSON, number: int) -> None:
        name = sorted(THEIRS)[number % len(THEIRS)]
        self._put(contact, {name: THEIRS[name]} if name in contact else {"custom_attributes": {name: THEIRS[name]}})

    def _merge(self, contact: JSON, number: int) -> None:
        """A visitor turns out to be this person; what the visitor had comes with them."""
        visitor = self._stage.control("POST", f"{HAND}/contacts", VISITOR | {"email": contact["email"]})
        self._put_on(visitor, number)
        self._stage.control("POST", f"{HAND}/contacts/merge", {"from": visitor["id"], "into": contact["id"]})

    def _archive(self, contact: JSON, number: int) -> None:
        self._stage.control("POST", f"{HAND}/contacts/{contact['id']}/archive")
        self.archived[contact["external_id"]] = number % 3

    def _make_anew(self, contact: JSON, number: int) -> None:
        """As a user of ours who was merged into another one: that one has the external_id now."""
        self._stage.control("DELETE", f"{HAND}/contacts/{contact['id']}")
        self._stage.control("POST", f"{HAND}/contacts", {name: contact[name] for name in ("external_id", "email")})
        self.anew.add(contact["external_id"])

    def _to_a_tag(self, turn: Turn) -> None:
        worn = sorted({tag for row in self.contacts() for tag in row["tags"] if OURS.match(tag)})
        name = worn[turn.number % len(worn)]
        id = self._id(name)
        if turn.what.startswith("delete"):
            self._stage.control("DELETE", f"{HAND}/tags/{id}")
            self.deleted[name] = turn.what.rpartition(" ")[2]
            return
        self._stage.control("POST", f"{HAND}/tags", {"id": id, "name": f"Renamed {turn.number}"})
        if turn.what.endswith("another"):  # Under the old name, and not ours.
            self._stage.control("POST", f"{HAND}/tags", {"name": name})

    def _id(self, ours: str) -> str:
        tags = self._tags()
        return next(tags[name] for name, called in self.names().items() if called == ours)

    def _tags(self) -> dict[str, str]:
        return {tag["name"]: tag["id"] for tag in self._stage.control("GET", f"{HAND}/tags")["data"]}

    def _put(self, contact: JSON, body: JSON) -> None:
        self._stage.control("PUT", f"{HAND}/contacts/{contact['id']}", body)

    def _tag(self, contact: JSON, id: str) -> None:
        self._stage.control("POST", f"{HAND}/contacts/{contact['id']}/tags", {"id": id})


def _ours(contact: JSON, called: Mapping[str, str]) -> JSON:
    custom = {name: value for name, value in contact["custom_attributes"].items() if name != "nps"}
    return contact | {"custom_attributes": custom, "tags": [called[tag] for tag in contact["tags"] if tag != "VIP"]}


DEEDS: Mapping[str, Callable[[Hands, JSON, int], None]] = {
    "untag": Hands._untag, "put tag on": Hands._put_on, "overwrite": Hands._overwrite, "merge": Hands._merge,
    "archive": Hands._archive, "make anew": Hands._make_anew,
}  # fmt: skip
