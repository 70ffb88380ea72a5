"""A worker that sleeps through its lease and wakes up in the middle of a push: fenced, doubted, repaired (fault 12)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from test_kills import assert_written_down
from works import CREATED, Works, Wrapped, ended, stopped, trip

from flows import engine, hub
from flows.house import Instep, TargetLines
from flows.systems import Wires
from flows.wiring import TargetLine
from mappings.config import Config
from state import links


class Quick(Wrapped):
    """So quick that a short lease is enough."""

    timeout = 0.5


def quick(lines: TargetLines) -> TargetLines:
    def quicker(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        return [replace(line, target=Quick(line.target)) for line in lines(w, config, now)]  # type: ignore[arg-type]

    return quicker


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "SPARE", 0)
    monkeypatch.setattr(hub, "LEASE", 1.0)
    monkeypatch.setattr(engine, "LEASE", 1.0)


def one_batch(instep: Instep) -> None:
    with hub.Hub(instep, "ghost") as worker:
        worker.pull()
        worker.work(worker.due())


def fall_asleep(town: Works, target: str, before: bool = True, **which: str) -> int:
    pid = town.start(quick(trip(target, signal.SIGSTOP, before, **which)), one_batch)
    assert stopped(pid)
    town.lines = quick(town.lines)
    return pid


def wake_up(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)
    assert ended(pid) == 0


BEFORE = [(t, True) for t in ("stripe.customers", "stripe.trials", "instances", "product.access", "intercom.contacts")]


@pytest.mark.parametrize(
    ("target", "before"), [*BEFORE, ("stripe.customers", False), ("stripe.trials", False), ("intercom.events", False)]
)
def test_a_ghost_makes_nothing_twice(town: Works, target: str, before: bool) -> None:
    account, mark = town.trial(), town.vendors.mark
    ghost = fall_asleep(town, target, before)
    town.sync()
    assert town.created(mark) == CREATED
    wake_up(ghost)
    assert town.link(account, target).state == "suspect"
    town.sync()
    assert town.created(mark) == CREATED
    town.assert_in_step(account)
    assert_written_down(town, mark)


def test_a_late_overwrite_is_repaired(shared: Works) -> None:
    town = shared
    account = town.trial()
    town.sync()
    town.product.execute("UPDATE users SET name = 'First'")
    ghost = fall_asleep(town, "intercom.contacts")
    town.product.execute("UPDATE users SET name = 'Second'")
    town.sync()
    assert town.person("acmeowner")["name"] == "Second"
    wake_up(ghost)
    assert town.person("acmeowner")["name"] == "First"
    assert town.link(account, "intercom.contacts").state == "suspect"
    town.sync()
    assert town.person("acmeowner")["name"] == "Second"
    assert town.link(account, "intercom.contacts").overwritten == {}  # It was our own.
    town.assert_in_step(account)
