"""What came of a run through many lives, and whether two runs of the same lives end alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .model import Expected

COUNTED = ("counts", "stages", "told", "members")


@dataclass
class Outcome:
    """``wrong``: seed -> the first thing that was not as the model has it."""

    wrong: dict[int, str] = field(default_factory=dict)
    ends: dict[int, Expected] = field(default_factory=dict)
    stages: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    members: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        self.wrong = other.wrong | self.wrong
        for name in COUNTED:
            getattr(self, name).update(getattr(other, name))

    def lines(self) -> Iterator[str]:
        for title in COUNTED:
            yield f"{title}: " + ", ".join(f"{name} {n}" for name, n in sorted(getattr(self, title).items()))
        yield from (f"seed {seed}: {what}" for seed, what in sorted(self.wrong.items()))


# What a late jump may leave otherwise, because it counts from the first look that saw it.
FIRST_SEEN = ("stuck_since", "read_only_ends_at")
KEPT = ("trial_expired", "unpaid", "awaiting_payment")


def other_ends(daily: Outcome, jumped: Outcome) -> Iterator[tuple[int, str]]:
    """(seed, what differs) between the two ends of a life. Ids that vendors gave are not compared."""
    for seed, one in daily.ends.items():
        two = jumped.ends[seed]
        names = [name for name in one.attributes if name not in FIRST_SEEN and not name.endswith("_url")]
        names = [name for name in names if name != "product_access" or one.stage not in KEPT]
        parts = [("stage", one.stage, two.stage), ("tags", one.tags, two.tags), ("traits", one.open, two.open)]
        parts += [(name, one.attributes[name], two.attributes[name]) for name in names]
        for name, mine, other in parts:
            if mine != other:
                yield seed, f"the late jump ends otherwise: {name}: {mine} and {other}"
