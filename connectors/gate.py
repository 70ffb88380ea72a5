"""The only way out of the house: rate limit, retry, breaker. One Gate per system, shared by its connectors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from pyrate_limiter import GCRA, Limiter, Rate, SingleBucketFactory, StateBucket
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential_jitter

from connectors.contract import BreakerOpen, ConnectorError, Rejected, Transient, Unknown

T = TypeVar("T")
Clock = Callable[[], float]

TRIES = 4
LONGEST_PAUSE = 15.0
LONGEST_QUEUE = 15.0


class Unclear(Exception):
    """The answer does not say whether anything happened. Never leaves the gate: a read becomes Transient, a write
    Unknown. The message holds ids and codes only; ``stored`` as in Unknown."""

    def __init__(self, message: str, stored: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.stored = stored
        self.retry_after = retry_after


@dataclass(slots=True)
class Circuit:
    """``next_probe``: when the next call may try, while it is open."""

    failed: int = 0
    next_probe: float | None = None


class Breaker:
    """Opens after ``failures`` calls in a row that failed for good, then lets one probe through per ``pause`` seconds.
    Reads and writes are counted apart, for a system may answer the ones and fail the others.

    ``clock`` is monotonic. ``on_recover`` is called, without the lock, when a probe closes it again.
    """

    def __init__(
        self,
        system: str,
        failures: int = 5,
        pause: float = 60.0,
        clock: Clock = time.monotonic,
        on_recover: Callable[[], object] | None = None,
    ) -> None:
        self.system = system
        self.on_recover = on_recover
        self._limit, self._pause, self._clock = failures, pause, clock
        self._lock = Lock()
        self._circuits = {False: Circuit(), True: Circuit()}

    @property
    def open(self) -> bool:
        return any(circuit.next_probe is not None for circuit in self._circuits.values())

    def shut(self) -> None:
        """For good: nothing is sent any more, not even a probe."""
        with self._lock:
            self._circuits = {write: Circuit(next_probe=math.inf) for write in (False, True)}

    def admit(self, write: bool) -> bool:
        """True when this call is a probe; raises BreakerOpen when it must not be sent."""
        with self._lock:
            circuit = self._circuits[write]
            if circuit.next_probe is None:
                return False
            now = self._clock()
            if now < circuit.next_probe:
                raise BreakerOpen(f"{self.system}: too many failures, waiting", circuit.next_probe - now)
            circuit.next_probe = now + self._pause
            return True

    def failed(self, write: bool) -> None:
        with self._lock:
            circuit = self._circuits[write]
            circuit.failed += 1
            if circuit.failed >= self._limit:
                circuit.next_probe = self._clock() + self._pause

    def answered(self, write: bool) -> None:
        """The system is alive, whatever it said."""
        with self._lock:
            recovered = self._circuits[write].next_probe is not None
            self._circuits[write] = Circuit()
        if recovered and self.on_recover:
            self.on_recover()


class Pace:
    """At most ``limit`` calls in any ``seconds``: four fifths of it evenly spaced, the rest as a burst."""

    def __init__(self, limit: int, seconds: int = 1) -> None:
        rate = Rate(limit * 4 // 5, seconds * 1000, burst=max(1, limit // 5))
        # Without a leak thread: this algorithm keeps one number, so there is nothing to trim.
        factory = SingleBucketFactory(StateBucket([rate], algorithm=GCRA()), schedule_leak=False)
        self._limiter = Limiter(factory, buffer_ms=0)
        self._queue = Lock()

    def wait(self, deadline: float) -> bool:
        """Wait for a free place; False when there is none before ``deadline`` (a monotonic second)."""
        # One thread waits for the limiter, the others for that thread: waking all of them for one place wastes a core.
        if not self._queue.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            return self._limiter.try_acquire(timeout=max(0.0, deadline - time.monotonic())) is True
        finally:
            self._queue.release()


class Gate:
    """``limit`` and ``seconds`` are the vendor's whole window (None: no limit), ``endpoint_limit`` the same for each
    endpoint by itself. ``timeout`` bounds one call with all its tries and waits, given that a single try takes at most
    ``try_timeout`` seconds. Thread-safe; ``reads`` and ``writes`` count the tries that went out.
    """

    def __init__(
        self,
        system: str,
        limit: int | None = None,
        seconds: int = 1,
        endpoint_limit: int | None = None,
        breaker: Breaker | None = None,
        timeout: float = 90.0,
        try_timeout: float = 25.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.system, self.timeout = system, timeout
        self.breaker = breaker or Breaker(system)
        self.reads = self.writes = 0
        self._pace = Pace(limit, seconds) if limit else None
        self._endpoint_limit, self._seconds = endpoint_limit, seconds
        self._endpoints: dict[str, Pace] = {}
        self._last_start, self._sleep = timeout - try_timeout - LONGEST_QUEUE, sleep
        self._lock = Lock()
        self._backoff = wait_exponential_jitter(multiplier=0.5, max=8)

    def call(self, fn: Callable[[], T], *, write: bool, endpoint: str = "") -> T:
        """Run ``fn``, again while it raises Transient. Raises what ``fn`` raises, and BreakerOpen; an Unclear outcome
        is Transient for a read and Unknown (never tried again) for a write."""
        probe = self.breaker.admit(write)
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Transient)),
            wait=self._wait,
            stop=stop_after_attempt(1 if probe else TRIES) | stop_before_delay(self._last_start),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            result: T = retrying(self._once, fn, write, endpoint)
        except (Transient, Unknown):
            self.breaker.failed(write)
            raise
        except ConnectorError:
            self.breaker.answered(write)
            raise
        self.breaker.answered(write)
        return result

    def _once(self, fn: Callable[[], T], write: bool, endpoint: str) -> T:
        self._wait_for_place(endpoint)
        with self._lock:
            self.reads, self.writes = self.reads + (not write), self.writes + write
        try:
            return fn()
        except UnicodeEncodeError:  # "from None": it holds the text.
            raise Rejected("a text with half of a character cannot be sent") from None
        except Unclear as unclear:
            if write:
                raise Unknown(str(unclear), stored=unclear.stored) from None
            raise Transient(str(unclear), unclear.retry_after) from None

    def _wait_for_place(self, endpoint: str) -> None:
        deadline = time.monotonic() + LONGEST_QUEUE
        for pace in (self._endpoint(endpoint), self._pace):
            if pace and not pace.wait(deadline):
                raise Transient(f"{self.system}: no free place within the rate limit")

    def _endpoint(self, endpoint: str) -> Pace | None:
        if not (endpoint and self._endpoint_limit):
            return None
        with self._lock:
            if endpoint not in self._endpoints:
                self._endpoints[endpoint] = Pace(self._endpoint_limit, self._seconds)
            return self._endpoints[endpoint]

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Transient) else None
        return self._backoff(state) if asked is None else min(max(0.0, asked), LONGEST_PAUSE)
