"""What a comparison of whole systems found: sweeps and audits say it in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mappings.model import AccountId, at_iso


@dataclass(frozen=True, slots=True)
class Difference:
    """``id``: the subject or root; ``what``: fields and members concerned, never their values. ``explained``: it is
    known why, so nobody need look."""

    id: str
    account_id: AccountId
    reason: str
    what: tuple[str, ...] = ()
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """``of``: the source or target, ``equal``: how many were, ``at``: when that was finished, unix seconds."""

    of: str
    equal: int
    differences: Sequence[Difference] = field(default_factory=list)
    at: int = 0

    @property
    def all(self) -> int:
        return self.equal + len(self.differences)

    @property
    def unexplained(self) -> list[Difference]:
        return [difference for difference in self.differences if not difference.explained]

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {"of": self.of, "compared": self.all, "equal": self.equal, "at": self.at} | {
            "differences": [asdict(difference) for difference in self.differences]
        }


def verdict(compared: Sequence[Compared]) -> str:
    """``57 of 58 equal at 2026-11-22T09:00:00Z, 1 unexplained``; empty where nothing was compared."""
    if not compared:
        return ""
    equal, every = (sum(getattr(one, what) for one in compared) for what in ("equal", "all"))
    unexplained = sum(len(one.unexplained) for one in compared)
    return f"{equal} of {every} equal at {at_iso(max(one.at for one in compared))}, {unexplained} unexplained"


def by_reason(compared: Sequence[Compared]) -> dict[tuple[str, str], list[Difference]]:
    """(source or target, reason) -> its differences."""
    found: dict[tuple[str, str], list[Difference]] = {}
    for one in compared:
        for difference in one.differences:
            found.setdefault((one.of, difference.reason), []).append(difference)
    return found
