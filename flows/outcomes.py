"""How looking at one (account, target) pair ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from connectors.contract import Rejected
from mappings.model import Ref


class Outcome(StrEnum):
    """How looking at one (account, target) pair ended; the later ones outweigh the earlier ones."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    HELD = "held"
    PARKED = "parked"
    WAITING = "waiting"


ORDER = list(Outcome)


class NotMade(Rejected):
    """A create was refused for good, so what it would have used up is free again."""


@dataclass(slots=True)
class Result:
    """What became of one Desired. ``waiting``: the system whose breaker is open or whose key fails. ``retry``: come
    back soon; ``failed``: because of that system. ``pending_since``: accepted but unfinished since then. ``unproved``:
    it wants a fresh look first. ``again_at``: when what a daily limit holds may go on. ``held``: what of the subject
    the brake holds until a person approves it."""

    outcome: Outcome = Outcome.UNCHANGED
    changed: set[Ref] = field(default_factory=set)
    waiting: str = ""
    retry: bool = False
    failed: str = ""
    pending_since: int | None = None
    unproved: bool = False
    again_at: int | None = None
    held: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Pair:
    """One account and one target: the worst outcome of all its subjects. ``done``: all of them were dealt with."""

    target: str
    outcome: Outcome
    done: bool = False
    waiting: str = ""
    retry: bool = False
    failed: str = ""
    pending_since: int | None = None
    again_at: int | None = None

    def take(self, result: Result) -> None:
        self.outcome = max(self.outcome, result.outcome, key=ORDER.index)
        self.waiting = self.waiting or result.waiting
        self.retry = self.retry or result.retry
        self.failed = self.failed or result.failed
        self.again_at = result.again_at or self.again_at
        if result.pending_since is not None:
            self.pending_since = result.pending_since
