"""Events that Intercom could not tell apart are one, and some that look alike are none."""

from __future__ import annotations

import pytest
from golden.words import config

from mappings.intercom import desired_events
from mappings.lifecycle import Life
from mappings.model import AccountFacts, AccountId, Invoice, Occurrence, Person, Seen, Subscription, UserId
from mappings.occurrences import occurrences

NOW = 1_800_000_000
AGAIN = "reactivated-subscription"
WHO = Person(UserId("u1"), AccountId("a1"), "ann@example.com", "owner")


def told(*occurrences: Occurrence) -> list[tuple[str, str, int]]:
    life = Life(NOW, "active", "full", "paid", occurrences=occurrences)
    (desired,) = desired_events(AccountFacts(AccountId("a1"), people=(WHO,)), life, config())
    return [(o.name, o.id, o.at) for o in desired.occurrences]


def test_two_subscriptions_paid_in_one_second_are_told_once() -> None:
    one, two = Occurrence(AGAIN, "sub_1", NOW - 1), Occurrence(AGAIN, "sub_2", NOW - 1)
    other, later = Occurrence("recovered-payment", "in_1", NOW - 1), Occurrence(AGAIN, "sub_3", NOW)
    assert told(one, two, other, later) == [
        (AGAIN, "sub_1", NOW - 1), ("recovered-payment", "in_1", NOW - 1), (AGAIN, "sub_3", NOW),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("invoice", "exhausted"),
    [
        (Invoice("in_1", "open", 4900), True),
        (Invoice("in_1", "uncollectible", 4900), True),
        (Invoice("in_1", "open", 4900, due_at=NOW - 9), False),
        (Invoice("in_1", "void", 4900), False),
    ],
    ids=["tried in vain", "given up", "a sent invoice is not tried", "nothing is owed"],
)
def test_only_what_was_tried_in_vain_has_exhausted_its_retries(invoice: Invoice, exhausted: bool) -> None:
    status = {"status": Seen("unpaid", NOW - 5, "past_due")}
    sub = Subscription("sub_1", "cus_1", "unpaid", NOW - 99, invoice=invoice, seen=status)
    found = {o.name for o in occurrences(AccountFacts(AccountId("a1"), subscriptions=(sub,)), sub, None)}
    assert ("exhausted-retries" in found) == exhausted
