"""What must come of what people did by hand: field by field of each contact, from what the model wanted at each run.

Only an audit tells Instep of it. Until then a field stands as people left it, unless what it should hold moves: then
it is written. So a tag of ours that was taken off stays off until the stage moves. Either is right of a value or a tag
that people put there, since a read for another reason writes what is ours again, and where what it should hold moved
and came back while faults struck: whether a look ever saw that, nobody outside can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.lives.life import GROUPS
from tests.lives.model import Account, differences
from tests.lives.watch import BILLING

from .hands import Hands
from .stage import Stage

JSON = dict[str, Any]
Fields = dict[str, Any]
"""As an audit calls them; ``tags NAME`` and ``companies ID`` are True where they are there."""
# Counted from the look that saw it first, or kept as it was before: only a memory knows.
REMEMBERED = ("read_only_ends_at", "stuck_since", "product_access")
MEMBERS = ("tags ", "companies ")


@dataclass
class Touch:
    """``left``: as people left it. ``wanted``: what it held before, then what was wanted at each run while there were
    faults; ``healed``: what is wanted since. ``unheard``: the answer to its tagging may not have been heard, so that
    the next look may find that it was never done."""

    left: Any
    wanted: list[Any]
    healed: list[Any] = field(default_factory=list)
    unheard: bool = False

    def may_hold(self) -> tuple[Any, ...]:
        """What is right before an audit repairs it."""
        first, now = self.healed[0], self.healed[-1]
        written = any(one != first for one in self.healed) or first not in self.wanted
        if written:
            return (now,)
        taken_off = self.left is None and now is True and not self.unheard
        return (self.left,) if taken_off and all(one == now for one in self.wanted) else (self.left, now)


class Touched:
    def __init__(self, stage: Stage, hands: Hands) -> None:
        self._stage, self._hands = stage, hands
        self._touches: dict[tuple[str, str], Touch] = {}
        self.retired: set[str] = set()
        self.healing = False

    def note(self, before: JSON, after: JSON, unheard: Iterable[JSON]) -> None:
        """A deed. ``unheard``: calls whose answers may not have been heard."""
        person, (was, now) = before["external_id"], map(fields, (before, after))
        ids = {f"tags {name}": id for id, name in self._hands.ids.items()}
        tagged = [call for call in unheard if (call["effect"], call["object_id"]) == ("contact.tagged", before["id"])]
        for name, _, left in differences(was, now):
            touch = self._touches.setdefault((person, name), Touch(left, [was.get(name)]))
            touch.left = left
            touch.unheard |= any(str(call["params"]["id"]) == ids.get(name) for call in tagged)

    def made_again(self, tag: str) -> None:
        """For all who need it, whoever had taken it off them."""
        self._touches = {key: touch for key, touch in self._touches.items() if key[1] != f"tags {tag}"}

    def read_and_look(self) -> None:
        if self._touches:
            self._stage.read()
        self.look()

    def look(self) -> None:
        """Before and after each run: what it should bring there."""
        wanted = {account: self.wanted(account) for account in {who.partition("_")[0] for who, _ in self._touches}}
        for (person, name), touch in self._touches.items():
            seen = touch.healed if self.healing else touch.wanted
            seen.append(wanted[person.partition("_")[0]].get(person, {}).get(name))

    def wanted(self, account: str) -> dict[str, Fields]:
        """What each of its people's contacts should hold."""
        facts = self._stage.facts[account]
        expected = Account(GROUPS[0], self._stage.born).look(facts, self._stage.now + self._stage.skew)
        found = {}
        for person in facts.people:
            bills = person["role"] in BILLING
            values = {**expected.open, "billing_role": person["role"], **(expected.attributes if bills else {})}
            custom = {f"custom.{name}": value for name, value in values.items() if name not in REMEMBERED}
            tags = dict.fromkeys((f"tags {name}" for name in (expected.tags - self.retired if bills else ())), True)
            found[person["id"]] = {"email": person["email"], "name": person["name"], f"companies {account}": True}
            found[person["id"]] |= custom | tags
        return found

    def tags_of(self, account: str) -> set[str]:
        """Of ours that anybody there should wear."""
        if not self._stage.facts[account].people:
            return set()
        return {name[5:] for held in self.wanted(account).values() for name in held if name.startswith("tags ")}

    def differing(self, contacts: Iterable[JSON]) -> dict[str, set[str]]:
        """Person -> where their contact is not as it should be, in an audit's words."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        there = {row["external_id"]: row for row in contacts if not row["archived"]}
        for account, facts in self._stage.facts.items():
            wanted = self.wanted(account) if facts.people else {}
            for person, want in wanted.items():
                if person not in there:
                    found[person].add("not there")
                    continue
                for name, wants, _ in differences(want, fields(there[person])):
                    if name.removeprefix("custom.") in REMEMBERED:
                        continue
                    member = name.startswith(MEMBERS)
                    found[person].add(f"{'-' if wants else '+'}{name}" if member else name)
        return dict(found)

    def untouched(self, contact: JSON) -> tuple[JSON, list[str]]:
        """The contact as it would be had people left it alone, and what of theirs is not as it must be."""
        held, wrong, person = fields(contact), [], contact["external_id"]
        for (who, name), touch in self._touches.items():
            right = touch.may_hold() if who == person else ()
            if who == person and not any(_same(held.get(name), one) for one in right):
                wrong.append(f"{person}: {name} was left {touch.left} by hand, should be {right}, is {held.get(name)}")
            elif who == person:
                held[name] = touch.healed[-1]
        return contact | _contact(held), wrong


def fields(contact: JSON) -> Fields:
    custom = {f"custom.{name}": value for name, value in contact["custom_attributes"].items()}
    members = {f"{set} {one}": True for set in ("tags", "companies") for one in contact[set]}
    return {name: contact[name] for name in ("email", "name")} | custom | members


def _contact(held: Fields) -> JSON:
    parts: defaultdict[str, JSON] = defaultdict(dict)
    for name, value in held.items():
        kind, _, rest = name.partition("." if name.startswith("custom.") else " ")
        parts[kind][rest] = value
    members = {set: [name for name, there in parts[set].items() if there] for set in ("tags", "companies")}
    return {"email": held["email"], "name": held["name"], "custom_attributes": parts["custom"], **members}


def _same(one: Any, other: Any) -> bool:
    return (one or None) == (other or None)
