"""A late instance moves the trial end; staff extend a trial: how far, and when not."""

from dataclasses import replace
from typing import Any

import pytest
from golden.words import CATALOG, NOW, account, config, day, instance, known, request, sub
from hypothesis import given
from hypothesis import strategies as st

from mappings import billing
from mappings.lifecycle import life
from mappings.model import AccountFacts, Desired, Link
from mappings.plan import next_step

HOUR = 1 / 24
STARTED = request(answer="accepted")
TRIAL = sub("trialing", trial=(-1, 13), request_id="req_1")
LONG_AGO = sub("trialing", trial=(-9, 5), request_id="req_1")
# Ready five hours after the trial started.
LATE = instance(ready=-1 + 5 * HOUR)


def wanted(facts: AccountFacts, rules: Any = None) -> list[Desired]:
    rules = rules or config()
    return list(billing.desired_changes(facts, life(facts, rules, CATALOG, NOW, True), rules))


def moved(facts: AccountFacts, rules: Any = None) -> int | None:
    """Until when, where the trial end moves."""
    found = wanted(facts, rules)
    return int(str(found[0].values["trial_end"])) if found else None


def cap(days: int) -> Any:
    return config(policy={"max_trial_shift_days": days})


MOVES = [
    ("by the whole delay", known(TRIAL, STARTED, LATE), None, 13 + 5 * HOUR),
    ("by a minute more than the deadline", known(TRIAL, STARTED, instance(ready=-1 + 16 / 1440)), None, 13 + 16 / 1440),
    (
        "counted from the days asked for",
        known(TRIAL, replace(STARTED, days=14, plan="team"), LATE),
        None,
        13 + 5 * HOUR,
    ),
    (
        "at most the cap",
        known(sub("trialing", trial=(-9, 5), request_id="req_1"), STARTED, instance(ready=-1)),
        None,
        12,
    ),
    (
        "at most one day",
        known(sub("trialing", trial=(-9, 5), request_id="req_1"), STARTED, instance(ready=-1)),
        cap(1),
        6,
    ),
    (
        "never further than the cap, though the plan is longer now",
        known(TRIAL, replace(STARTED, plan="team"), LATE),
        cap(2),
        15,
    ),
    (
        "somebody gave a day: the cap counts from the days asked for",
        known(sub("trialing", trial=(-9, 6), request_id="req_1"), STARTED, instance(ready=-1)),
        None,
        12,
    ),
    ("suspended meanwhile", known(TRIAL, STARTED, replace(LATE, status="suspended")), None, 13 + 5 * HOUR),
]


@pytest.mark.parametrize(("facts", "rules", "until"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES])
def test_the_trial_end_moves(facts: AccountFacts, rules: Any, until: float) -> None:
    (desired,) = wanted(facts, rules)
    assert desired.values["trial_end"] == day(until)
    assert (desired.values["do"], desired.subject, desired.once, desired.lowers) == (
        "shift", "request:req_1", True, True,
    )  # fmt: skip


STAYS = [
    ("ready in time", known(TRIAL, STARTED, instance(ready=-1 + 15 / 1440)), None),
    ("not ready yet", known(TRIAL, STARTED, instance("provisioning", ready=None)), None),
    ("ready before this trial", known(TRIAL, STARTED, instance(ready=-4)), None),
    ("ready in the future", known(TRIAL, STARTED, instance(ready=1)), None),
    ("no instance", known(TRIAL, STARTED), None),
    ("moved already", known(replace(TRIAL, shifted_for="req_1"), STARTED, LATE), None),
    ("moved for somebody else", known(replace(TRIAL, shifted_for="req_0"), STARTED, LATE), None),
    ("somebody gave more", known(replace(TRIAL, trial_end=day(20)), STARTED, LATE), None),
    ("it is being cancelled", known(replace(TRIAL, cancel_at=day(13)), STARTED, LATE), None),
    ("others started it", known(replace(TRIAL, request_id=""), STARTED, LATE), None),
    ("the request is gone", known(TRIAL, LATE), None),
    ("the plan is gone", known(TRIAL, replace(STARTED, plan="gold"), LATE), None),
    ("paid meanwhile", known(replace(TRIAL, status="active", ever_paid=True), STARTED, LATE), None),
    ("over", known(replace(TRIAL, status="paused"), STARTED, LATE), None),
    ("on hold", known(account(hold_reason="fraud"), TRIAL, STARTED, LATE), None),
    ("before our time", known(TRIAL, STARTED, LATE, born=NOW), None),
    ("off", known(TRIAL, STARTED, LATE), cap(0)),
    ("others start trials now", known(TRIAL, STARTED, LATE), config(trials={"mode": "observe"})),
]


@pytest.mark.parametrize(("facts", "rules"), [row[1:] for row in STAYS], ids=[row[0] for row in STAYS])
def test_the_trial_end_stays(facts: AccountFacts, rules: Any) -> None:
    assert moved(facts, rules) is None


@given(st.integers(-20, -1), st.integers(1, 60), st.integers(0, 30 * 1440), st.integers(0, 30))
def test_later_only_capped_and_only_once(began: int, days: int, delay: int, most: int) -> None:
    trial = sub("trialing", trial=(began, began + days), request_id="req_1")
    facts, rules = known(trial, replace(STARTED, days=days), instance(ready=began + delay / 1440)), cap(most)
    found = wanted(facts, rules)
    if not found:
        return
    until = int(str(found[0].values["trial_end"]))
    assert day(began + days) < until <= min(day(began + days + most), day(began + days) + delay * 60)
    step = next_step(found[0], Link(found[0].target, found[0].subject))
    assert step
    after = billing.expect_change(facts, step, NOW)
    assert after.subscriptions[0].trial_end == until
    assert wanted(after, rules) == []
    assert next_step(found[0], Link(found[0].target, found[0].subject, external_id="sub_1/req_1")) is None
    held = billing.held_change(after, found[0])
    assert held is not None
    assert billing.held_change(facts, found[0]) is None


def test_reminders_follow_the_moved_end() -> None:
    late = replace(TRIAL, trial_end=day(7.2))
    for trial, told in ((late, day(7.2)), (replace(late, trial_end=day(8.2), shifted_for="req_1"), None)):
        due = [o for o in life(known(trial), config(), CATALOG, NOW, True).occurrences if o.name == "neared-trial-end"]
        assert [o.details["trial_ends_at"] for o in due] == ([told] if told else [])


def extension(days: int | None = 5, **more: Any) -> Any:
    given: dict[str, Any] = {"requested_by": "staff:eve", "description": "They were ill", **more}
    return request("req_2", plan=given.pop("plan", ""), days=days, **given)


def test_staff_extend_a_running_trial_once() -> None:
    facts = known(sub("trialing", trial=(-4, 10)), extension())
    (desired,) = wanted(facts)
    assert desired.subject == "request:req_2"
    assert (desired.values["do"], desired.values["trial_end"]) == ("extend", day(15))
    step = next_step(desired, Link(desired.target, desired.subject))
    assert step
    after = billing.expect_change(facts, step, NOW)
    assert (after.subscriptions[0].trial_end, after.subscriptions[0].changed_by) == (day(15), "req_2")
    assert wanted(after) == []
    assert life(after, config(), CATALOG, NOW, True).answers["req_2"][0] == "accepted"  # type: ignore[index]
    assert billing.held_change(after, desired)
    assert not billing.held_change(facts, desired)


def test_a_late_instance_comes_before_an_extension() -> None:
    facts = known(TRIAL, STARTED, LATE, extension())
    (first,) = wanted(facts)
    assert first.values["do"] == "shift"
    shifted = replace(TRIAL, trial_end=day(13 + 5 * HOUR), shifted_for="req_1")
    assert moved(known(shifted, STARTED, LATE, extension())) == day(18 + 5 * HOUR)


RUNNING = sub("trialing", trial=(-4, 10))
REFUSED = [
    ("without a reason", known(RUNNING, extension(description="")), "reason"),
    ("no days", known(RUNNING, extension(None)), "1 day or more"),
    ("less than nothing", known(RUNNING, extension(-3)), "1 day or more"),
    ("for ever", known(RUNNING, extension(721)), "730 days"),
    ("no trial runs", known(sub("active", ever_paid=True), extension()), "no trial is running"),
    ("the trial is over", known(sub("paused", trial=(-9, -1), paused_at=day(-1)), extension()), "no trial is running"),
    ("there is nothing", known(extension()), "no trial is running"),
    ("it is being cancelled", known(replace(RUNNING, cancel_at=day(10)), extension()), "keep"),
    ("on hold", known(account(hold_reason="fraud"), RUNNING, extension()), "on hold"),
    ("left alone", known(account(excluded=True), RUNNING, extension()), "excluded"),
    ("two trials", known(RUNNING, replace(RUNNING, subscription_id="sub_2"), extension()), "several subscriptions"),
    ("not by staff", known(RUNNING, extension(requested_by="eve")), "no plan"),
    ("by nobody of the staff", known(RUNNING, extension(requested_by="staff:")), "no plan"),
    ("by somebody who is called so", known(RUNNING, extension(requested_by="Staff:eve")), "no plan"),
]


@pytest.mark.parametrize(("facts", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_an_extension_is_refused(facts: AccountFacts, why: str) -> None:
    answer, reason = life(facts, config(), CATALOG, NOW, True).answers["req_2"]  # type: ignore[index]
    assert answer == "refused"
    assert why in reason
    assert wanted(facts) == []


def test_the_longest_extension() -> None:
    assert moved(known(RUNNING, extension(720))) == day(730)
