"""The gate: what it tries again, for how long, how fast, and when it stops asking."""

import threading
import time

import pytest

from connectors.contract import BreakerOpen, Gone, Rejected, Transient, Unauthorized, Unknown
from connectors.gate import Breaker, Gate, Pace, Unclear


class Calls:
    """Raises or returns what it is given, one after the other."""

    def __init__(self, *outcomes) -> None:
        self.outcomes, self.made = list(outcomes), 0

    def __call__(self):
        self.made += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def gate(**more) -> tuple[Gate, list[float]]:
    pauses: list[float] = []
    return Gate("test", sleep=pauses.append, **more), pauses


def test_transient_is_tried_again():
    made, pauses = gate()
    calls = Calls(Transient("no"), Transient("no"), "yes")
    assert made.call(calls, write=True) == "yes"
    assert calls.made == 3
    assert all(0 < pause <= 9 for pause in pauses)
    assert (made.reads, made.writes) == (0, 3)


def test_four_tries_at_most():
    made, _ = gate()
    calls = Calls(Transient("no"))
    with pytest.raises(Transient, match="no"):
        made.call(calls, write=False)
    assert calls.made == 4


def test_total_time_is_bounded():
    calls = Calls(Transient("no"))
    made, pauses = gate(timeout=40.1, try_timeout=25)
    with pytest.raises(Transient):
        made.call(calls, write=False)
    assert (calls.made, pauses) == (1, [])


@pytest.mark.parametrize(("asked", "waited"), [(3.0, 3.0), (900.0, 15.0), (-5.0, 0.0), (float("nan"), 0.0)])
def test_retry_after_is_honoured_within_bounds(asked, waited):
    made, pauses = gate()
    made.call(Calls(Transient("no", retry_after=asked), "yes"), write=True)
    assert pauses == [waited]


def test_unclear_write_is_unknown_and_not_repeated():
    made, _ = gate()
    calls = Calls(Unclear("cut", stored=True), "yes")
    with pytest.raises(Unknown, match="cut") as caught:
        made.call(calls, write=True)
    assert calls.made == 1
    assert caught.value.stored


def test_unclear_read_is_tried_again():
    made, _ = gate()
    assert made.call(Calls(Unclear("cut"), "yes"), write=False) == "yes"
    with pytest.raises(Transient):
        made.call(Calls(Unclear("cut")), write=False)


@pytest.mark.parametrize("error", [Rejected("no"), Gone("no"), Unauthorized("no"), ZeroDivisionError()])
def test_other_errors_pass_at_once(error):
    made, _ = gate()
    calls = Calls(error)
    with pytest.raises(type(error)):
        made.call(calls, write=True)
    assert calls.made == 1


def fail(made: Gate, times: int) -> None:
    for _ in range(times):
        with pytest.raises((Transient, Unknown)):
            made.call(Calls(Unclear("cut")), write=True)


def test_breaker_opens_after_five_failures_in_a_row_and_probes_once_a_minute():
    clock, recovered = Clock(), []
    breaker = Breaker("test", clock=clock, on_recover=lambda: recovered.append(clock.now))
    made, _ = gate(breaker=breaker)
    fail(made, 4)
    made.call(Calls("yes"), write=True)
    fail(made, 5)
    assert breaker.open
    calls = Calls("yes")
    with pytest.raises(BreakerOpen) as caught:
        made.call(calls, write=True)
    assert (calls.made, caught.value.retry_after) == (0, 60)
    clock.now = 60
    probe = Calls(Transient("no"))
    with pytest.raises(Transient):
        made.call(probe, write=True)
    assert probe.made == 1
    clock.now = 119
    with pytest.raises(BreakerOpen):
        made.call(calls, write=True)
    clock.now = 120
    assert made.call(calls, write=True) == "yes"
    assert (breaker.open, recovered) == (False, [120])


def test_writes_alone_may_fail():
    """Reads that are answered say nothing of writes: they neither keep the breaker closed nor close it."""
    clock, recovered = Clock(), []
    breaker = Breaker("test", clock=clock, on_recover=lambda: recovered.append(clock.now))
    made, _ = gate(breaker=breaker)
    for _ in range(5):
        fail(made, 1)
        made.call(Calls("yes"), write=False)
    assert breaker.open
    calls = Calls("yes")
    with pytest.raises(BreakerOpen):
        made.call(calls, write=True)
    clock.now = 60
    assert made.call(calls, write=False) == "yes"
    assert breaker.open
    assert made.call(calls, write=True) == "yes"
    assert (breaker.open, recovered) == (False, [60])


def test_a_shut_breaker_lets_nothing_through_for_good():
    clock = Clock()
    made, _ = gate(breaker=Breaker("test", clock=clock))
    made.breaker.shut()
    clock.now = 1e9
    for write in (False, True):
        with pytest.raises(BreakerOpen):
            made.call(Calls("yes"), write=write)


def test_only_one_thread_probes():
    clock = Clock()
    breaker = Breaker("test", failures=1, clock=clock)
    breaker.failed(write=True)
    clock.now = 60
    assert breaker.admit(write=True)
    with pytest.raises(BreakerOpen):
        breaker.admit(write=True)


def test_an_answer_of_any_kind_closes_the_breaker():
    clock = Clock()
    made, _ = gate(breaker=Breaker("test", failures=1, clock=clock))
    fail(made, 1)
    clock.now = 60
    with pytest.raises(Rejected):
        made.call(Calls(Rejected("no")), write=True)
    assert not made.breaker.open


def test_pace_never_exceeds_the_window():
    pace, moments = Pace(50), []
    lock = threading.Lock()

    def work() -> None:
        while pace.wait(started + 0.5):
            with lock:
                moments.append(time.monotonic())

    started = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A fifth of the window at once, then 40 a second.
    assert 20 <= len(moments) <= 10 + 0.5 * 40 + 1
    assert sum(moment < started + 0.01 for moment in moments) <= 12


def test_endpoints_have_their_own_limits():
    made, _ = gate(endpoint_limit=5)
    started = time.monotonic()
    for endpoint in ("/a", "/b", "/c", "/d"):
        made.call(Calls("yes"), write=False, endpoint=endpoint)
    assert time.monotonic() - started < 0.2
    made.call(Calls("yes"), write=False, endpoint="/a")
    assert time.monotonic() - started > 0.2
