"""The ground the simulated vendors stand on: one settable clock with timers, one ledger, rate windows, fault rules.

The HTTP layer serves one call at a time, so vendors are plain code without locks.
"""

from __future__ import annotations

import heapq
import itertools
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

# Nothing but a read, though it is spelled POST.
READS = {
    ("intercom", "/contacts/search"),
    ("intercom", "/companies/list"),
    ("stripe", "/v1/invoices/create_preview"),
}


@dataclass(slots=True)
class Entry:
    """One call as the vendor saw it. ``effect`` is empty for reads, refusals, replays, writes that change nothing."""

    n: int
    at: int
    system: str
    method: str
    path: str
    params: Any
    status: int = 0
    effect: str = ""
    object_id: str = ""
    idempotency_key: str = ""
    replayed: bool = False
    fault: str = ""

    @property
    def write(self) -> bool:
        return self.method not in ("GET", "HEAD") and (self.system, self.path) not in READS


@dataclass(slots=True)
class Fault:
    """A scripted failure: after ``skip`` matching calls, the next ``times`` of them get ``action``.

    ``path`` is a regular expression searched in the path (without the vendor's prefix), ``about`` one searched in the
    path and in what the call says; an empty field matches all.
    """

    action: str
    system: str = ""
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    arg: float = 0
    about: str = ""

    def strikes(self, system: str, method: str, path: str, said: Any) -> bool:
        """Whether this call gets the failure; counts ``skip`` and ``times`` down."""
        if self.system not in ("", system) or self.method.upper() not in ("", method) or not re.search(self.path, path):
            return False
        if self.about and not re.search(self.about, f"{path} {said}"):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return self.times >= 0


class World:
    """One clock, one ledger and one seed for all simulated vendors. Times are unix seconds.

    ``truth``: who is who, in a company that was built with a history.
    """

    def __init__(self, now: int | None = None, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.ledger: list[Entry] = []
        self.faults: list[Fault] = []
        self.limits: dict[str, int] = {}
        self.truth: list[dict[str, Any]] = []
        self._timers: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = itertools.count(1)
        self._ids: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))
        self._frozen = now is not None
        self._now = now if now is not None else int(time.time())

    @property
    def now(self) -> int:
        return self._now

    def new_id(self, prefix: str, width: int = 14) -> str:
        """Deterministic for a seed and an order of calls: ``cus_`` + a counter + random letters."""
        letters = "".join(self.random.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789", k=width - 6))
        return f"{prefix}{next(self._ids[prefix]):06d}{letters}"

    def schedule(self, at: int, action: Callable[[], None]) -> None:
        """Run ``action`` when the clock reaches ``at`` (at once on the next move if that is past)."""
        heapq.heappush(self._timers, (at, next(self._sequence), action))

    def set_clock(self, to: int) -> None:
        """Freeze the clock at ``to``, running every timer on the way in order, each at its own moment.

        Raises ValueError when ``to`` is in the past: vendors never go back.
        """
        if to < self._now:
            raise ValueError("the sandbox clock only moves forward")
        self._frozen = True
        self._move(to)

    @property
    def next_at(self) -> int | None:
        """When the next timer rings; it may find that nothing is to be done any more."""
        return self._timers[0][0] if self._timers else None

    def run_clock(self) -> None:
        """Let the clock follow real time from where it stands (never backwards)."""
        self._frozen = False
        self.tick()

    def tick(self) -> None:
        """Called before each request: a running clock catches up with real time; due timers run."""
        self._move(self._now if self._frozen else max(self._now, int(time.time())))

    def _move(self, to: int) -> None:
        while self._timers and self._timers[0][0] <= to:
            at, _, action = heapq.heappop(self._timers)
            self._now = max(self._now, at)
            action()
        self._now = to

    def fault_for(self, system: str, method: str, path: str, said: Any) -> Fault | None:
        return next((fault for fault in self.faults if fault.strikes(system, method, path, said)), None)

    def record(self, system: str, method: str, path: str, params: Any) -> Entry:
        entry = Entry(len(self.ledger) + 1, self._now, system, method, path, params)
        self.ledger.append(entry)
        return entry

    def entries(self, since: int = 0) -> list[dict[str, Any]]:
        return [asdict(entry) | {"write": entry.write} for entry in self.ledger[since:]]


@dataclass(slots=True)
class Window:
    """A fixed rate window on real time: at most ``limit`` calls in each ``seconds``-long slot. limit 0 = unlimited."""

    limit: int
    seconds: int
    slot: int = 0
    used: int = 0
    refused: int = field(default=0)

    def take(self, wall: float) -> bool:
        slot = int(wall) // self.seconds
        if slot != self.slot:
            self.slot, self.used = slot, 0
        if self.limit and self.used >= self.limit:
            self.refused += 1
            return False
        self.used += 1
        return True

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def reset_at(self) -> int:
        return (self.slot + 1) * self.seconds
