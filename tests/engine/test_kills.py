"""A worker dies between a vendor's effect and our commit, or right before it: one effect, and nothing left over
(faults 1 to 5, 11, 71, 75, 77)."""

from __future__ import annotations

import signal

import pytest
from works import CREATED, Works, ended, trip

PLACES = (
    ("stripe.customers", ""),
    ("stripe.trials", ""),
    ("instances", ""),
    ("product.access", ""),
    ("product.requests", ""),
    ("intercom.companies", ""),
    ("intercom.contacts", ""),
    ("intercom.contacts", "tags"),
    ("intercom.events", ""),
)


@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
@pytest.mark.parametrize(("target", "member"), PLACES, ids=[" ".join(p).strip() for p in PLACES])
def test_killed_at_a_push(town: Works, target: str, member: str, before: bool) -> None:
    account, mark = town.trial(), town.vendors.mark
    assert ended(town.start(trip(target, signal.SIGKILL, before, set=member))) == -signal.SIGKILL
    town.sync()
    assert town.created(mark) == CREATED
    town.assert_in_step(account)
    assert town.told_once()
