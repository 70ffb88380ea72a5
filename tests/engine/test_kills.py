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


def test_killed_at_a_cancellation(town: Works) -> None:
    """It is seen in the facts, and the request answered, in one visit: nothing stays pending."""
    account = town.trial()
    town.sync()
    request = f"{town.name}-leave"
    town.product.add_request(request_id=request, kind="cancel", account_id=account, requested_at=town.vendors.now)
    mark = town.vendors.mark
    assert ended(town.start(trip("stripe.cancellations", signal.SIGKILL, before=False))) == -signal.SIGKILL
    town.sync()
    assert town.answer(request)[0] == "accepted"
    assert sum("/subscriptions/" in call.path for call in town.vendors.writes(mark)) == 1
    assert [link.target for link in town.links(account) if link.pending_key] == []
