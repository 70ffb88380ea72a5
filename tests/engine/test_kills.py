"""A worker dies between a vendor's effect and our commit, or right before it: one effect, and nothing left over
(faults 1 to 5, 11, 71, 75, 77)."""

from __future__ import annotations

import signal
from collections import Counter

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

MADE = {
    "stripe.customers": "customer.created", "stripe.trials": "subscription.created", "instances": "instance.running",
    "intercom.companies": "company.created", "intercom.contacts": "contact.created",
}  # fmt: skip


@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
@pytest.mark.parametrize(("target", "member"), PLACES, ids=[" ".join(p).strip() for p in PLACES])
def test_killed_at_a_push(town: Works, target: str, member: str, before: bool) -> None:
    account, mark = town.trial(), town.vendors.mark
    assert ended(town.start(trip(target, signal.SIGKILL, before, set=member))) == -signal.SIGKILL
    town.sync()
    assert town.created(mark) == CREATED
    town.assert_in_step(account)
    assert town.told_once()
    assert_written_down(town, mark)


def test_a_worker_that_is_told_to_end_leaves_no_more_behind(town: Works) -> None:
    """As when a new version is rolled out: its leases end with it (fault 14)."""
    account, mark = town.trial(), town.vendors.mark
    assert ended(town.start(trip("intercom.contacts", signal.SIGTERM, before=False))) == -signal.SIGTERM
    with town.memory() as store:
        assert store.backlog(town.vendors.now).leased == 1
    town.sync()
    assert town.created(mark) == CREATED
    town.assert_in_step(account)


def assert_written_down(town: Works, mark: int) -> None:
    """Each thing that was made has one line, whoever made it."""
    lines = Counter(f"{entry.target} {entry.operation}" for entry in town.journal())
    effects = Counter(town.created(mark))
    assert [lines[f"{target} create"] for target in MADE] == [effects[made] for made in MADE.values()]
    assert lines["intercom.contacts add"] == effects["contact.tagged"] + effects["company.attached"]
    assert lines["product.access create"] == lines["product.requests update"] == 1


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
