"""A late instance gives its days back, once; staff give more. Over the wire, whatever becomes of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from town import Build, Town
from vendors import DAY, HOUR, MINUTE


@pytest.fixture
def town(request: pytest.FixtureRequest, build: Build) -> Iterator[Town]:
    """On SQLite, where a test does not say otherwise."""
    with build(getattr(request, "param", "sqlite")) as here:
        yield here


INSERT = (
    "INSERT INTO instep_requests (request_id, kind, account_id, days, description, requested_at, requested_by) "
    "VALUES (:id, 'trial', :account, :days, :why, :at, :by)"
)
FAULTS = ["500_after", "500_before", "cut_after", "html_200", "html_200_after", "truncated"]


def late(town: Town) -> Town:
    """A trial whose instance has become ready after forty minutes, which Instep has not seen yet."""
    town.init()
    town.vendors.provisioner(ready_after=40 * MINUTE)
    town.team("acme", ann="owner")
    town.request_trial("acme", "ann")
    town.sync()
    town.vendors.advance(20 * MINUTE)
    town.sync()
    town.vendors.advance(25 * MINUTE)
    return town


def extend(town: Town, days: int, id: str = "more", **row: Any) -> str:
    given = {"id": f"{town.name}-{id}", "account": town.account("acme"), "days": days, "why": "They were ill"}
    town.product.execute(INSERT, given | {"at": town.vendors.now, "by": "staff:eve"} | row)
    return f"{town.name}-{id}"


def updates(town: Town, mark: int) -> list[Any]:
    """Changes of a subscription since then, as sent."""
    return [call.params for call in town.vendors.since(mark) if call.effect == "subscription.updated"]


@pytest.mark.parametrize("town", ["sqlite", "postgresql"], indirect=True)
def test_the_trial_end_moves_once_and_everybody_follows(town: Town) -> None:
    late(town)
    before, mark = town.subscription("acme"), town.vendors.mark
    town.sync()
    ends = before["trial_end"] + 40 * MINUTE
    request = f"{town.name}-r-acme"
    (sent,) = updates(town, mark)
    assert sent == {"trial_end": ends, "metadata": {"instep_shifted": request}}
    sub = town.subscription("acme")
    assert (sub["status"], sub["trial_end"], sub["metadata"]["instep_shifted"]) == ("trialing", ends, request)
    assert town.access("acme")["trial_ends_at"] == town.attributes("ann")["trial_ends_at"] == ends
    assert f"account:{town.account('acme')}" not in town.todo()

    mark = town.vendors.mark
    town.sync()
    town.vendors.advance(HOUR)
    town.sync()
    assert updates(town, mark) == []
    assert town.plan() == []


def test_what_staff_set_in_stripe_stays(town: Town) -> None:
    late(town)
    sub = town.subscription("acme")
    town.vendors.stripe("POST", f"/v1/subscriptions/{sub['id']}", trial_end=sub["trial_end"] + 3 * DAY)
    mark = town.vendors.mark
    town.sync()
    assert updates(town, mark) == []
    assert town.access("acme")["trial_ends_at"] == sub["trial_end"] + 3 * DAY


@pytest.mark.parametrize("action", FAULTS)
def test_it_moves_once_whatever_becomes_of_the_answer(town: Town, action: str) -> None:
    late(town)
    ends = town.subscription("acme")["trial_end"] + 40 * MINUTE
    mark = town.vendors.mark
    town.vendors.fault(action, "stripe", "POST", "/subscriptions", times=1)
    for _ in range(3):
        town.try_sync()
        town.let_retries_pass()
    assert len(updates(town, mark)) == 1
    assert town.subscription("acme")["trial_end"] == ends
    assert town.plan() == []


def test_the_reminder_goes_by_the_moved_end(town: Town) -> None:
    """The trial would have ended before midnight; it ends after it, so the reminder is a day later too."""
    town.vendors.move_to((town.vendors.now // DAY + 1) * DAY - 10 * MINUTE)
    late(town)
    town.sync()
    ends = town.subscription("acme")["trial_end"]
    assert ends % DAY == 30 * MINUTE
    told = (ends // DAY - 7) * DAY + 9 * HOUR
    town.vendors.move_to(told - DAY + MINUTE)
    town.sync()
    assert "neared-trial-end" not in dict(town.events("ann"))
    town.vendors.move_to(told + MINUTE)
    town.sync()
    assert ("neared-trial-end", told) in town.events("ann")


def running(town: Town) -> Town:
    town.init()
    town.team("acme", ann="owner")
    town.request_trial("acme", "ann")
    town.sync()
    return town


@pytest.mark.parametrize("action", ["", *FAULTS])
def test_staff_extend_a_trial_once(town: Town, action: str) -> None:
    ends, mark = running(town).subscription("acme")["trial_end"], town.vendors.mark
    request = extend(town, 5)
    if action:
        town.vendors.fault(action, "stripe", "POST", "/subscriptions", times=1)
    for _ in range(3 if action else 1):
        town.try_sync()
        town.let_retries_pass()
    assert town.answer(request) == ("accepted", "the trial was extended")
    (sent,) = updates(town, mark)
    assert sent == {"trial_end": ends + 5 * DAY, "metadata": {"instep_request": request}}
    assert town.access("acme")["trial_ends_at"] == town.attributes("ann")["trial_ends_at"] == ends + 5 * DAY
    assert town.plan() == []


def test_two_extensions_add_up_and_bad_ones_change_nothing(town: Town) -> None:
    ends = running(town).subscription("acme")["trial_end"]
    asked = [extend(town, 5, "a"), extend(town, 2, "b"), extend(town, 729, "c"), extend(town, 1, "d", why=None)]
    asked.append(extend(town, 3, "e", by="ann"))
    town.sync()
    assert town.subscription("acme")["trial_end"] == ends + 7 * DAY
    assert [town.answer(request)[0] for request in asked] == ["accepted", "accepted", "refused", "refused", "refused"]
    assert town.plan() == []
