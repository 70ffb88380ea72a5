"""Trials asked for many times at once, worked on by many processes: one customer, subscription and instance each
(faults 69, 71). ``make sixteen`` takes longer and prints what it took."""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from postgres import Postgres
from products import Product
from vendors import Vendors
from works import CREATED, Works, ended

from connectors import gate
from connectors.product.shapes import metadata
from flows.house import Instep
from flows.hub import Hub, sync

ONCE = ("customer.created", "subscription.created", "instance.running")
TRIES = gate.TRIES
WATCH = 20


@pytest.fixture
def town(shared: Works, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Works:
    """Its product has a PostgreSQL of its own too, and a gate tries as often as it does."""
    monkeypatch.setattr(gate, "TRIES", TRIES)
    shared.product.close()
    shared.product = Product(postgres.create())
    metadata.create_all(shared.product.engine)
    return shared


def ask(town: Works, accounts: int, times: int) -> None:
    """Every account asks that many times, each time by a request of its own, in one second."""
    for number in range(accounts):
        town.team(f"t{number}", f"t{number} Inc", **{f"t{number}owner": "owner"})
    columns, now = "request_id, kind, account_id, user_id, plan, requested_at", town.vendors.now
    town.product.execute(
        f"INSERT INTO instep_requests ({columns}) VALUES (:id, 'trial', :account, :user, 'pro', :at)",
        *(
            {"id": f"{town.name}-{number}-{time}", "account": town.account(f"t{number}"),
             "user": f"{town.name}-t{number}owner", "at": now}
            for number in range(accounts)
            for time in range(times)
        ),
    )  # fmt: skip


def until_answered(product: Product, notes: Path) -> Callable[[Instep], None]:
    """What one process does: a sync, then what `reconcile` does, until every request has an answer."""

    def work(instep: Instep) -> None:
        product.engine.dispose(close=False)  # What is open belongs to the parent.
        accounts = len(sync(instep).tally.visited)
        while product.rows("SELECT 1 FROM instep_requests WHERE answer IS NULL LIMIT 1"):
            with Hub(instep, "reconcile") as hub:
                if hub.ready():
                    for leases in hub.batches((), WATCH, watch=True):
                        hub.work(leases)
            accounts += hub.report.tally.accounts
        used = resource.getrusage(resource.RUSAGE_SELF)
        noted = (accounts, used.ru_maxrss // 1024, int(used.ru_utime + used.ru_stime))
        (notes / str(os.getpid())).write_text(" ".join(map(str, noted)))

    return work


def peak_of(vendors: Vendors) -> int:
    """MB that the sandbox has used at most."""
    status = Path(f"/proc/{vendors.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else ["VmHWM: 0 kB"]
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.parametrize(
    ("workers", "accounts", "times"),
    [
        (4, 3, 5),
        pytest.param(16, 50, 10, marks=pytest.mark.sixteen),
        pytest.param(16, 1000, 100, marks=pytest.mark.sixteen),
    ],
)
def test_each_trial_starts_once(town: Works, tmp_path: Path, workers: int, accounts: int, times: int) -> None:
    town.configure(f"[brake]\nbursts = {{ floor = {accounts}, share = 1.0 }}\n")
    town.sync()
    ask(town, accounts, times)
    notes = tmp_path / "notes"
    notes.mkdir()
    mark, begun = town.vendors.mark, time.monotonic()
    started = [town.start(work=until_answered(town.product, notes)) for _ in range(workers)]
    codes = [ended(pid) for pid in started]
    took = time.monotonic() - begun
    assert set(codes) == {0}
    town.sync()
    answers = Counter(row["answer"] for row in town.product.rows("SELECT answer FROM instep_requests"))
    assert answers == {"accepted": accounts, "already": accounts * (times - 1)}
    stages = town.product.rows("SELECT stage, count(*) AS n FROM instep_access GROUP BY stage")
    assert stages == [{"stage": "trialing", "n": accounts}]
    effects = town.created(mark)
    assert effects.pop("contact.tagged") >= CREATED["contact.tagged"] * accounts
    assert effects == {effect: n * accounts for effect, n in CREATED.items() if effect != "contact.tagged"}
    assert [set(person["tags"]) for person in town.people()] == [{"sub:trialing", "plan:pro"}] * accounts
    assert town.todo() == {}
    each = f"{accounts} trials, each asked for {times} times, by {workers} processes: one of {', '.join(ONCE)} each"
    print(f"\n{each}; {took:.0f} s, {accounts * times / took:.0f} requests a second")
    worked, memory, cpu = zip(*([int(n) for n in note.read_text().split()] for note in notes.iterdir()), strict=True)
    print(f"accounts by process {sorted(worked)}; peak MB of a process {max(memory)}, of the sandbox", end=" ")
    print(f"{peak_of(town.vendors)}; CPU seconds of all processes {sum(cpu)}")
