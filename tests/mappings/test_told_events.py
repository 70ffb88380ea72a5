"""Events that Intercom could not tell apart are one."""

from __future__ import annotations

from golden.words import config

from mappings.intercom import desired_events
from mappings.lifecycle import Life
from mappings.model import AccountFacts, AccountId, Occurrence, Person, UserId

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
