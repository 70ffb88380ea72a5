"""An end counts against no limit where a look knew its date a day before; a date in the past never becomes known."""

from __future__ import annotations

import pytest
from golden.words import config

from mappings.foreseen import ended_as_known, falls_as_known
from mappings.model import Account, AccountFacts, AccountId, Seen, Stage, Subscription
from mappings.standing import DAY, Verdict

NOW = 1_800_000_000
FACTS = AccountFacts(AccountId("a"))


def ended(state: str, at: int, since: int, status: str = "canceled", **dates: int) -> Subscription:
    """A subscription whose ``state`` (trial or cancel) said ``at`` from ``since`` on."""
    name = {"trial": "trial_end", "cancel": "cancel_at"}[state]
    seen = {state: Seen(str(at), since)}
    return Subscription("sub_1", "cus_1", status, NOW - 99 * DAY, seen=seen, **{name: at}, **dates)


@pytest.mark.parametrize(
    ("stage", "sub", "known"),
    [
        ("trial_expired", ended("trial", NOW, NOW - DAY, ended_at=NOW), True),
        ("trial_expired", ended("trial", NOW, NOW - 9 * DAY, "paused", paused_at=NOW + 60), True),
        ("trial_expired", ended("trial", NOW, NOW - DAY + 1, ended_at=NOW), False),
        ("trial_expired", ended("trial", NOW - 9 * DAY, NOW - 5 * DAY, ended_at=NOW - 9 * DAY), False),
        ("trial_expired", ended("trial", NOW, NOW - 9 * DAY, ended_at=NOW - 3 * DAY), False),
        ("churned", ended("cancel", NOW, NOW - 2 * DAY, ended_at=NOW), True),
        ("churned", ended("cancel", NOW + 9 * DAY, NOW - 2 * DAY, ended_at=NOW), False),
        ("churned", ended("trial", NOW - 60 * DAY, NOW - 70 * DAY, ended_at=NOW), False),
        ("active", ended("trial", NOW, NOW - 9 * DAY, "active"), False),
    ],
)
def test_an_end_on_its_day_is_foreseen(stage: Stage, sub: Subscription, known: bool) -> None:
    assert ended_as_known(FACTS, sub, Verdict(stage, "")) is known


@pytest.mark.parametrize(("since", "known"), [(NOW - 2 * DAY, True), (NOW, False)])
def test_the_products_own_trial_too(since: int, known: bool) -> None:
    account = Account(AccountId("a"), trial_ends_at=NOW, seen={"trial": Seen(str(NOW), since)})
    facts = AccountFacts(AccountId("a"), account)
    assert ended_as_known(facts, None, Verdict("trial_expired", "", NOW, product=True)) is known


def test_a_time_of_ours_is_known_when_it_begins_a_day_before_it_is_over() -> None:
    policy = config().policy
    grace = Verdict("past_due", "", NOW - policy.grace_days * DAY, seen=Seen("past_due", NOW - 3 * DAY))
    assert falls_as_known(False, FACTS, grace, "read_only", config())
    late = Verdict("past_due", "", NOW - policy.grace_days * DAY, seen=Seen("past_due", NOW))
    assert not falls_as_known(False, FACTS, late, "read_only", config())
    unpaid = Verdict("unpaid", "", NOW, seen=Seen("unpaid", NOW))
    assert falls_as_known(False, FACTS, unpaid, "none", config())
    assert not falls_as_known(False, FACTS, unpaid, "read_only", config())
    assert not falls_as_known(False, FACTS, Verdict("blocked", ""), "none", config())
