"""What a hook is told: its own occurrence only, in order, without a person; nothing of accounts left alone."""

from __future__ import annotations

from typing import Any

import pytest
from golden.words import config

from mappings.after import desired_calls
from mappings.lifecycle import Life
from mappings.model import AccountFacts, AccountId, Desired, Occurrence, Person, UserId

NOW, HOUR = 1_800_000_000, 3600
PAID = "converted-trial"
WHO = Person(UserId("u1"), AccountId("a1"), "ann@example.com", "owner", "Ann Example")


def told(*occurrences: Occurrence, born_at: int = 0, **more: Any) -> list[Desired]:
    life = Life(
        **{"now": NOW, "stage": "active", "access": "full", "reason": "paid", "occurrences": occurrences, **more}
    )
    facts = AccountFacts(AccountId("a1"), people=(WHO,), born_at=born_at)
    return list(desired_calls(PAID)(facts, life, config(names={"events": {PAID: "paid at last"}})))


def test_its_own_occurrence_under_its_own_name() -> None:
    other = Occurrence("started-trial", "sub_1", NOW)
    (desired,) = told(other, Occurrence(PAID, "sub_1", NOW, {"first": True}), last_plan="pro")
    assert (desired.target, desired.subject) == ("after.converted-trial", "account:a1")
    assert [(o.name, o.id, dict(o.details)) for o in desired.occurrences] == [
        (PAID, "sub_1", {"plan": "pro", "first": True})
    ]
    assert dict(desired.beside) == {"account_id": "a1"}
    assert not [word for word in ("ann", "Ann", "example.com") if word in str(desired)]


def test_in_the_order_in_which_it_happened() -> None:
    (desired,) = told(*(Occurrence(PAID, f"sub_{at}", NOW - at) for at in (1, 3, 2)))
    assert [o.id for o in desired.occurrences] == ["sub_3", "sub_2", "sub_1"]


@pytest.mark.parametrize(
    ("age", "born", "heard"),
    [(0, 0, True), (72 * HOUR, 0, True), (72 * HOUR + 1, 0, False), (60, NOW - 60, True), (61, NOW - 60, False)],
)
def test_nothing_old(age: int, born: int, heard: bool) -> None:
    assert bool(told(Occurrence(PAID, "sub_1", NOW - age), born_at=born)) is heard


@pytest.mark.parametrize("stage", ["blocked", "erased"])
def test_an_account_that_is_left_alone_is_not_spoken_of(stage: str) -> None:
    assert told(Occurrence(PAID, "sub_1", NOW), stage=stage) == []
