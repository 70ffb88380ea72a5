"""Trials asked for many times at once, worked on by many processes: one customer, subscription and instance each
(faults 69, 71). ``make sixteen`` takes longer and prints what it took."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from works import CREATED, Works, ended

ONCE = ("customer.created", "subscription.created", "instance.running")


def ask(town: Works, accounts: int, times: int) -> None:
    """Every account asks that many times, each time by a request of its own, in one second."""
    for number in range(accounts):
        town.team(f"t{number}", f"t{number} Inc", **{f"t{number}owner": "owner"})
    columns = "request_id, kind, account_id, user_id, plan, requested_at"
    town.product.execute(
        f"INSERT INTO instep_requests ({columns}) VALUES (:id, 'trial', :account, :user, 'pro', :at)",
        *(
            {"id": f"{town.name}-{number}-{time}", "account": town.account(f"t{number}"),
             "user": f"{town.name}-t{number}owner", "at": town.vendors.now}
            for number in range(accounts)
            for time in range(times)
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("workers", "accounts", "times"),
    [
        (4, 3, 5),
        pytest.param(16, 50, 10, marks=pytest.mark.sixteen),
        pytest.param(16, 1000, 100, marks=pytest.mark.sixteen),
    ],
)
def test_each_trial_starts_once(shared: Works, workers: int, accounts: int, times: int) -> None:
    town = shared
    ask(town, accounts, times)
    mark, begun = town.vendors.mark, time.monotonic()
    started = [town.start() for _ in range(workers)]
    codes = [ended(pid) for pid in started]
    took = time.monotonic() - begun
    assert set(codes) == {0}
    town.sync()
    answers = Counter(row["answer"] for row in town.product.rows("SELECT answer FROM instep_requests"))
    assert town.created(mark) == {effect: n * accounts for effect, n in CREATED.items()}
    assert answers["accepted"] == accounts
    assert sum(answers.values()) == accounts * times
    assert None not in answers
    stages = town.product.rows("SELECT stage, count(*) AS n FROM instep_access GROUP BY stage")
    assert stages == [{"stage": "trialing", "n": accounts}]
    each = f"{accounts} trials, each asked for {times} times, by {workers} processes: one of {', '.join(ONCE)} each"
    print(f"\n{each}; {took:.0f} s, {accounts * times / took:.0f} requests a second")
