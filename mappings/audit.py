"""What a target holds against what we believe that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mappings.contests import left_to_others
from mappings.model import Desired, Held, Link
from mappings.plan import differs

CHANGED, NOT_THERE, ANOTHER, UNCLEAR, IN_WORK, LEFT = (
    "changed there",
    "not there any more",
    "another object now",
    "cannot be told",
    "being worked on",
    "left to others, who keep overwriting it",
)

OFF = "-tags "


@dataclass(frozen=True, slots=True)
class Drift:
    """Why a subject differs: one of the reasons above, and the fields and members concerned, never their values."""

    reason: str
    what: tuple[str, ...] = ()

    @property
    def explained(self) -> bool:
        """Whether it is known why: our own work on it is not finished, or has ended."""
        return self.reason in (IN_WORK, LEFT)


def drift(link: Link, held: Held, desired: Desired) -> Drift | None:
    """None where the target holds what ``link`` says. Only what ``desired`` names is ours; of a set whose members are
    accounts only those that should be there; what is to be kept as it is does not count."""
    if held.external_id != link.external_id:
        return Drift(ANOTHER, (held.external_id,))
    what = (*_values(link, held, desired), *_members(link, held, desired))
    left = tuple(left_to_others(link, desired))
    return Drift(CHANGED, what) if what else Drift(LEFT, left) if left else None


def told(found: Drift) -> str:
    """For a person who asks how an account stands."""
    off = [what.removeprefix(OFF) for what in found.what if what.startswith(OFF)]
    if found.reason != CHANGED or len(off) < len(found.what):
        return f"{found.reason} ({', '.join(found.what)}), as the last audit found"
    many = "stay off until the stage moves" if len(off) > 1 else "stays off until the stage moves"
    return f"{', '.join(off)} was taken off there and {many}, or `instep audit --repair`"


def settled(link: Link) -> bool:
    """Whether nothing is on its way there and nothing is in doubt."""
    return link.state in ("ok", "parked") and not link.pending_key


def _values(link: Link, held: Held, desired: Desired) -> Iterator[str]:
    """What was never sent counts where nothing should be there."""
    for name in sorted(desired.values.keys() & held.values.keys()):
        known = name in link.values or desired.values[name] in (None, "")
        if known and differs(link.values.get(name), held.values[name]):
            yield name


def _members(link: Link, held: Held, desired: Desired) -> Iterator[str]:
    for name in sorted(desired.sets.keys() & held.sets.keys()):
        believed, there = frozenset(link.sets.get(name, ())), frozenset(held.sets[name])
        if name in desired.ids:
            believed, there = believed & desired.sets[name], there & desired.sets[name]
        believed, there = believed - desired.keep, there - desired.keep
        yield from (f"-{name} {member}" for member in sorted(believed - there))
        yield from (f"+{name} {member}" for member in sorted(there - believed))
