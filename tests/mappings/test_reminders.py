"""When the end of a trial is announced, in local calendars, and that only time says so."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from golden.words import CATALOG, account, config, customer, day, known, sub
from hypothesis import given
from hypothesis import strategies as st

from mappings.config import Policy
from mappings.intercom import desired_events
from mappings.lifecycle import life
from mappings.model import AccountFacts, Link
from mappings.plan import next_step
from mappings.reminders import reminders, zone_of

POLICY = Policy(access_without_subscription="none")
RULES = config()


@dataclass(frozen=True)
class Row:
    """Local times. ``due``: the reminder that counts now, by days left and its planned instant."""

    name: str
    zone: str
    started: str
    ends: str
    now: str
    due: dict[int, str]
    next: str | None

    def __str__(self) -> str:
        return self.name


ROWS = [
    Row("the morning itself", "UTC", "2026-03-01T12:00", "2026-03-15T12:00", "2026-03-08T09:00",
        {7: "2026-03-08T09:00"}, "2026-03-12T09:00"),
    Row("a minute before", "UTC", "2026-03-01T12:00", "2026-03-15T12:00", "2026-03-08T08:59", {}, "2026-03-08T09:00"),
    Row("late on the same date, dated by the plan", "UTC", "2026-03-01T12:00", "2026-03-15T12:00", "2026-03-12T23:59",
        {3: "2026-03-12T09:00"}, "2026-03-14T09:00"),
    Row("the next date is too late", "UTC", "2026-03-01T12:00", "2026-03-15T12:00", "2026-03-13T00:00",
        {}, "2026-03-14T09:00"),
    Row("the last day is 0 days left: nothing", "UTC", "2026-03-01T12:00", "2026-03-15T12:00", "2026-03-15T09:00",
        {}, None),
    Row("never after the end", "UTC", "2026-03-01T12:00", "2026-03-15T08:00", "2026-03-15T09:00", {}, None),
    Row("an end at 00:30 belongs to its own date", "Europe/Berlin", "2026-03-01T00:30", "2026-03-15T00:30",
        "2026-03-14T09:00", {1: "2026-03-14T09:00"}, None),
    Row("a trial shorter than a reminder skips it", "UTC", "2026-03-01T12:00", "2026-03-06T12:00", "2026-03-01T12:00",
        {}, "2026-03-03T09:00"),
    Row("a trial of one day, begun after the hour", "UTC", "2026-03-01T10:00", "2026-03-02T10:00", "2026-03-01T10:00",
        {}, None),
    Row("a trial of one day, begun before the hour", "UTC", "2026-03-01T08:00", "2026-03-02T08:00", "2026-03-01T10:00",
        {1: "2026-03-01T09:00"}, None),
    Row("Auckland is a date ahead", "Pacific/Auckland", "2026-03-02T01:00", "2026-03-16T01:00", "2026-03-09T09:00",
        {7: "2026-03-09T09:00"}, "2026-03-13T09:00"),
    Row("the clocks go forward between reminder and end", "Europe/Berlin", "2026-03-16T12:00", "2026-03-30T12:00",
        "2026-03-29T09:00", {1: "2026-03-29T09:00"}, None),
    Row("the clocks go back between reminders", "America/New_York", "2026-10-20T12:00", "2026-11-03T00:10",
        "2026-10-31T10:00", {3: "2026-10-31T09:00"}, "2026-11-02T09:00"),
]  # fmt: skip


def at(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone_of(zone)).timestamp())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_calendar(row: Row) -> None:
    started, ends, now = (at(text, row.zone) for text in (row.started, row.ends, row.now))
    found = reminders("sub_1", started, ends, zone_of(row.zone), POLICY, now, {})
    assert {o.details["days_left"]: o.at for o in found.due} == {n: at(text, row.zone) for n, text in row.due.items()}
    assert found.next_at == (at(row.next, row.zone) if row.next else None)


def test_a_clock_change_moves_the_instant_not_the_hour() -> None:
    berlin = zone_of("Europe/Berlin")
    ends = at("2026-03-30T12:00", "Europe/Berlin")
    (due,) = reminders("t", None, ends, berlin, POLICY, at("2026-03-29T12:00", "Europe/Berlin"), {}).due
    assert datetime.fromtimestamp(due.at, UTC).hour == 7


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc", "Europe", "\x00", "x" * 300])
def test_an_unusable_zone_falls_back(name: str) -> None:
    assert str(zone_of(name, "Europe/Berlin")) == "Europe/Berlin"
    assert zone_of(name, name) is UTC


def told(facts: AccountFacts, now: int, zone: str = "UTC") -> list[tuple[str, int]]:
    found = life(facts, RULES, CATALOG, now, False, zone).occurrences
    return [(o.id, o.at) for o in found if o.name == "neared-trial-end"]


TRIAL = known(sub("trialing", trial=(-4, 3)))
NINE = day(0) - 3 * 3600


def test_a_moved_end_is_announced_anew() -> None:
    moved = known(sub("trialing", trial=(-4, 7)))
    assert told(TRIAL, day(0)) == [(f"sub_1@{day(3)}#3", NINE)]
    assert told(moved, day(0)) == [(f"sub_1@{day(7)}#7", NINE)]


@pytest.mark.parametrize(
    "facts",
    [
        known(sub("trialing", trial=(-4, 3), cancel_at=day(3))),
        known(sub("trialing", trial=(-4, 3)), account(comped=True)),
        known(sub("trialing", trial=(-4, 3), ever_paid=True)),
        known(sub("active", trial=(-4, 3), ever_paid=True)),
        known(sub("trialing", trial=(-4, 3)), account(hold_reason="fraud")),
    ],
    ids=["canceling", "comped", "collected", "converted early", "blocked"],
)
def test_who_is_not_reminded(facts: AccountFacts) -> None:
    assert told(TRIAL, day(0))
    assert told(facts, day(0)) == []


def test_the_accounts_own_zone_comes_first() -> None:
    """12:00 UTC is 01:00 of the next date in Auckland, where three days before the end was yesterday."""
    assert told(TRIAL, day(0), "Pacific/Auckland") == []
    auckland = replace(TRIAL, account=account(timezone="Pacific/Auckland"))
    assert told(auckland, day(0)) == []
    assert told(replace(TRIAL, account=account(timezone="nowhere")), day(0)) == told(TRIAL, day(0))


def test_a_card_on_file_means_that_a_charge_follows() -> None:
    for card in (True, False):
        facts = known(sub("trialing", trial=(-4, 3)), customer(has_payment_method=card))
        (events,) = desired_events(facts, life(facts, RULES, CATALOG, day(0), False), RULES)
        (event,) = events.occurrences
        assert event.details == {"plan": "pro", "days_left": 3, "trial_ends_at": day(3), "charge_follows": card}


def test_a_reminder_needs_proof_and_what_a_source_dates_does_not() -> None:
    facts = known(sub("trialing", trial=(-0.5, 1)))
    (events,) = desired_events(facts, life(facts, RULES, CATALOG, day(0), False), RULES)
    proof = {}
    for occurrence in events.occurrences:
        step = next_step(replace(events, occurrences=(occurrence,)), Link(events.target, events.subject))
        assert step
        proof[occurrence.name] = step.needs_proof
    assert proof == {"started-trial": False, "neared-trial-end": True}


zones = st.sampled_from(["UTC", "Pacific/Auckland", "America/St_Johns", "Pacific/Kiritimati", "Africa/Casablanca"])


@given(st.integers(0, 30), st.integers(0, 86399), st.integers(0, 40 * 86400), zones)
def test_each_reminder_is_due_once_and_before_the_end(length: int, second: int, passed: int, zone: str) -> None:
    """Walking from look to look: every reminder planned within the trial is due at its own moment, in order."""
    start = day(passed / 86400)
    end = start + length * 86400 + second
    now, left = start, []
    while (step := reminders("t", start, end, zone_of(zone), POLICY, now, {})).next_at:
        now = step.next_at
        (due,) = reminders("t", start, end, zone_of(zone), POLICY, now, {}).due
        assert start <= due.at == now < end
        left.append(due.details["days_left"])
    assert left == sorted(set(left), reverse=True)
    assert {n for n in (7, 3, 1) if n < length} <= {*left} | {
        o.details["days_left"] for o in reminders("t", start, end, zone_of(zone), POLICY, start, {}).due
    }
