"""Requests to cancel, keep, reactivate and charge: who gets which answer, and what is then done."""

from dataclasses import replace

import pytest
from golden.words import ACME, BORN, CATALOG, NOW, account, config, customer, day, instance, known, request, sub

from mappings import billing, product
from mappings.alerts import alerts
from mappings.concerns import with_kept
from mappings.lifecycle import Life, life
from mappings.model import AccountFacts, Desired, Link
from mappings.plan import next_step

PAID = sub("active", ever_paid=True, period_end=day(20))
LEAVING = replace(PAID, cancel_at=day(20), cancel_at_period_end=True, canceled_at=day(-1))
TRIAL = sub("trialing", trial=(-4, 10), period_end=day(10))
PAUSED = sub("paused", trial=(-20, -6), pause_type="trial_end_without_payment_method", paused_at=day(-6))
GONE = sub("canceled", ever_paid=True, ended_at=day(-3))
CARD, NO_CARD = customer(has_payment_method=True), customer()
LIMITED = config(policy={"max_charge_minor": 5000})


def asks(kind: str, **more: object) -> object:
    return request(kind=kind, plan="", **more)


def charge(amount: int | None = 500, currency: str = "usd", **more: object) -> object:
    return asks("charge", amount_minor=amount, currency=currency, **more)


def lived(facts: AccountFacts, rules: object = LIMITED) -> Life:
    return life(facts, rules, CATALOG, NOW, False)


def wanted(facts: AccountFacts, rules: object = LIMITED) -> list[Desired]:
    found = lived(facts, rules)
    return [*billing.desired_charges(facts, found, rules), *billing.desired_changes(facts, found, rules)]


def done(facts: AccountFacts, rules: object = LIMITED) -> list[str]:
    return [str(d.values.get("do", "charge")) for d in wanted(facts, rules)]


CARRIED_OUT = [
    ("a running subscription ends with its period", known(PAID, asks("cancel")), "cancel"),
    ("a trial ends on its last day", known(TRIAL, asks("cancel")), "cancel"),
    ("at once, when asked for", known(PAID, asks("cancel", days=0)), "cancel_now"),
    ("at once, although the end is scheduled", known(LEAVING, asks("cancel", days=0)), "cancel_now"),
    ("at once while a payment is open", known(sub("past_due", ever_paid=True), asks("cancel")), "cancel_now"),
    ("at once while it is paused", known(PAUSED, asks("cancel")), "cancel_now"),
    ("an account on hold may leave", known(account(hold_reason="fraud"), PAID, asks("cancel")), "cancel"),
    ("a cancellation is taken back", known(LEAVING, asks("keep")), "keep"),
    ("reactivated before the end", known(LEAVING, asks("reactivate")), "keep"),
    ("a paused trial with a card is resumed", known(PAUSED, CARD, asks("reactivate")), "resume"),
    ("after the end: a new one", known(GONE, CARD, asks("reactivate")), "subscribe"),
    ("a charge up to the limit", known(PAID, charge(5000)), "charge"),
    ("a charge in a trial", known(TRIAL, charge(1, "USD")), "charge"),
]


@pytest.mark.parametrize(("facts", "verb"), [row[1:] for row in CARRIED_OUT], ids=[row[0] for row in CARRIED_OUT])
def test_what_is_carried_out(facts: AccountFacts, verb: str) -> None:
    assert done(facts) == [verb]
    (desired,) = wanted(facts)
    assert (desired.subject, desired.once, desired.lowers) == ("request:req_1", True, True)
    assert desired.values["metadata.request_id"] == "req_1"
    assert desired.values["metadata.account_id"] == ACME
    assert lived(facts).answers == {}


ANSWERED = [
    ("cancel without a subscription", known(asks("cancel")), "refused", "no subscription"),
    ("cancel what has ended", known(GONE, asks("cancel")), "refused", "no subscription"),
    ("cancel in some days", known(PAID, asks("cancel", days=5)), "refused", "at once"),
    ("cancel twice", known(LEAVING, asks("cancel")), "already", "scheduled"),
    ("keep without a subscription", known(asks("keep")), "refused", "no running subscription"),
    ("keep what nobody cancels", known(PAID, asks("keep")), "refused", "no cancellation"),
    ("reactivate what never was", known(CARD, asks("reactivate")), "refused", "nothing to reactivate"),
    ("reactivate what runs", known(PAID, asks("reactivate")), "already", "running"),
    ("reactivate without a card", known(GONE, NO_CARD, asks("reactivate")), "refused", "payment method"),
    ("resume without a card", known(PAUSED, NO_CARD, asks("reactivate")), "refused", "payment method"),
    ("two customers, one card", known(GONE, CARD, customer("cus_2"), asks("reactivate")), "refused", "payment method"),
    ("a deleted customer", known(GONE, replace(CARD, deleted=True), asks("reactivate")), "refused", "payment method"),
    ("reactivate while a payment is open", known(sub("unpaid"), CARD, asks("reactivate")), "refused", "paying it"),
    ("reactivate beside an open first payment", known(GONE, sub("incomplete", "sub_2", created=0), CARD,
                                                      asks("reactivate")), "refused", "paying it"),
    ("no known price", known(replace(GONE, price_ids=("x",)), CARD, asks("reactivate")), "refused", "price"),
    ("an account on hold", known(account(hold_reason="x"), LEAVING, asks("keep")), "refused", "on hold"),
    ("an excluded account", known(account(excluded=True), PAID, asks("cancel")), "refused", "excluded"),
    ("nobody knows it", known(asks("cancel", asked=-1), people=()), "refused", "does not know this account"),
    ("two running", known(PAID, sub("trialing", "sub_2"), asks("cancel")), "refused", "several"),
    ("not a number", known(PAID, charge(None, problem="amount_minor is not a number")), "refused", "not a number"),
    ("charge nothing running", known(GONE, charge()), "refused", "no running subscription"),
    ("charge a paused one", known(PAUSED, charge()), "refused", "no running subscription"),
    ("charge what ends", known(LEAVING, charge()), "refused", "ends"),
    ("another currency", known(PAID, charge(currency="eur")), "refused", "in usd"),
    ("no currency", known(PAID, charge(currency="")), "refused", "in usd"),
    ("no amount", known(PAID, charge(None)), "refused", "above zero"),
    ("zero", known(PAID, charge(0)), "refused", "above zero"),
    ("negative", known(PAID, charge(-500)), "refused", "above zero"),
    ("huge", known(PAID, charge(100_000_000)), "refused", "Stripe takes"),
    ("above the limit", known(PAID, charge(5001)), "held", "5000"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "answer", "why"), [row[1:] for row in ANSWERED], ids=[row[0] for row in ANSWERED])
def test_what_is_answered(facts: AccountFacts, answer: str, why: str) -> None:
    found = lived(facts).answers["req_1"]
    assert found[0] == answer
    assert why in found[1]
    assert wanted(facts) == []
    assert any("req_1" in line for line in alerts(facts, lived(facts))) == (answer == "held")


@pytest.mark.parametrize("row", [request(asked=-1), asks("cancel", asked=-1), charge(asked=-1)])
def test_only_that_nobody_knows_the_account_is_read_again_before_it_is_said(row) -> None:
    for facts, needs_proof in ((known(row, people=()), True), (known(account(excluded=True), row), False)):
        (desired,) = product.desired_answers(facts, lived(facts), LIMITED)
        assert (desired.values["answer"], desired.lowers) == ("refused", needs_proof)


def test_without_a_limit_every_charge_is_held_until_there_is_one() -> None:
    facts = known(PAID, charge(1))
    assert lived(facts, config()).answers["req_1"][0] == "held"
    assert done(known(PAID, charge(1, answer="held"))) == ["charge"]


def test_what_came_before_us_is_known_and_not_acted_on() -> None:
    for kind in ("cancel", "keep", "reactivate", "charge"):
        facts = known(LEAVING, CARD, asks(kind, asked=-101, amount_minor=5, currency="usd"))
        assert facts.requests[0].requested_at < BORN
        assert (lived(facts).answers, wanted(facts)) == ({}, [])


def test_the_oldest_first_and_the_others_wait_for_it() -> None:
    later, first = request("req_2", kind="keep"), request("req_1", asked=-1, kind="cancel")
    facts = known(PAID, later, first)
    assert [d.subject for d in wanted(facts)] == ["request:req_1"]
    assert lived(facts).answers == {}
    facts = replace(facts, subscriptions=(LEAVING,), made=frozenset({"req_1"}))
    assert [d.subject for d in wanted(facts)] == ["request:req_2"]
    assert lived(facts).answers == {"req_1": ("accepted", "the subscription ends at the end of its period")}


def staff_extends(**more: object) -> object:
    return request(plan="", days=7, description="slow start", requested_by="staff:sam", **more)


@pytest.mark.parametrize(("first", "verb"), [(charge(asked=-1), "charge"), (staff_extends(asked=-1), "extend")])
def test_who_leaves_or_stays_does_not_wait_for_a_charge_or_a_longer_trial(first, verb) -> None:
    behind = [asks("cancel", name="req_2", asked=-0.5), charge(name="req_3", asked=-0.2), asks("keep", name="req_4")]
    assert done(known(TRIAL, first, *behind)) == [verb, "cancel"]
    assert lived(known(TRIAL, first, *behind)).answers == {}
    staying = replace(known(LEAVING, charge(asked=-1), behind[-1]), begun=frozenset({"req_1"}))
    assert done(staying) == ["charge", "keep"]


def test_a_new_beginning_waits_for_the_charge_before_it() -> None:
    assert done(known(PAID, charge(asked=-1), asks("reactivate", name="req_2"))) == ["charge"]


def test_who_leaves_does_not_wait_for_a_trial_end_that_moves() -> None:
    late = replace(instance(), ready_at=day(-1))
    trial = request("req_0", asked=-4, days=14, answer="accepted")
    facts = known(replace(TRIAL, request_id="req_0"), CARD, late, trial, asks("cancel"))
    found = life(facts, LIMITED, CATALOG, NOW, True)
    assert [d.values["do"] for d in billing.desired_changes(facts, found, LIMITED)] == ["shift", "cancel"]
    facts = replace(facts, requests=(trial, staff_extends()))
    found = life(facts, LIMITED, CATALOG, NOW, True)
    assert [d.values["do"] for d in billing.desired_changes(facts, found, LIMITED)] == ["shift"]


def test_a_trial_that_is_being_started_comes_first() -> None:
    facts = known(request("req_1", asked=-1), request("req_2", kind="cancel"))
    found = lived(facts)
    assert found.start
    assert (found.answers, found.accepted) == ({}, ())


def test_what_was_made_is_not_judged_again() -> None:
    """Neither a lower limit, nor an end, nor a hold changes what has been done."""
    for kind in ("cancel", "keep", "reactivate", "charge"):
        facts = known(account(hold_reason="x"), GONE, asks(kind, amount_minor=9_000_000))
        assert lived(replace(facts, made=frozenset({"req_1"}))).answers["req_1"][0] == "accepted"


@pytest.mark.parametrize(
    ("sub_", "row"),
    [
        (LEAVING, asks("cancel")),
        (GONE, asks("cancel", days=0)),
        (GONE, asks("cancel")),
        (PAID, asks("keep")),
        (PAID, asks("reactivate")),
    ],
    ids=["cancelled", "ended", "ended by now", "kept", "runs again"],
)
def test_what_may_have_been_sent_and_is_so_was_us(sub_, row) -> None:
    begun = replace(known(sub_, row), begun=frozenset({"req_1"}))
    assert lived(begun).answers["req_1"][0] == "accepted"
    assert lived(known(sub_, row)).answers["req_1"][0] != "accepted"


def test_a_charge_that_may_have_been_sent_is_settled_whatever_the_rules_say_now() -> None:
    facts = known(LEAVING, charge(9_000))
    assert done(facts) == []
    assert done(replace(facts, begun=frozenset({"req_1"}))) == ["charge"]


def test_a_declined_card_makes_it_failed() -> None:
    made = frozenset({"req_1"})
    again = sub("incomplete", "sub_2", created=-1, request_id="req_1")
    late = replace(PAUSED, status="past_due", paused_at=None)
    for facts in (known(GONE, again, asks("reactivate")), known(late, asks("reactivate"))):
        facts = replace(facts, made=made)
        assert lived(facts).answers["req_1"][0] == "failed"
        assert any("failed" in line for line in alerts(facts, lived(facts)))


def test_the_first_payment_of_its_own_subscription_is_no_other_open_one() -> None:
    mine, other = (
        sub("incomplete", name, created=0, request_id=by) for name, by in (("sub_2", "req_1"), ("sub_3", ""))
    )
    for facts in (known(GONE, mine, CARD, asks("reactivate")), known(GONE, mine, other, CARD, asks("reactivate"))):
        (desired,) = wanted(facts)
        held = billing.held_change(facts, desired)
        assert (lived(facts).answers, held and held.external_id) == ({}, "sub_2")


def test_the_price_of_a_new_subscription() -> None:
    (same,) = wanted(known(GONE, CARD, asks("reactivate")))
    (other,) = wanted(known(GONE, CARD, request(kind="reactivate", plan="team")))
    assert (same.values["price"], other.values["price"]) == ("price_pro", "price_team")
    assert lived(known(GONE, CARD, request(kind="reactivate", plan="gone"))).answers["req_1"][0] == "refused"


def test_a_new_subscription_is_of_the_customer_that_is_left() -> None:
    """Whose payment method pays, not whose subscription has ended."""
    second = customer("cus_2", 2, has_payment_method=True)
    kept = with_kept(known(GONE, customer("cus_1"), second, asks("reactivate")), "cus_2")
    deleted = known(GONE, customer("cus_1", deleted=True), second, asks("reactivate"))
    assert [d.values["customer"] for facts in (kept, deleted) for d in wanted(facts)] == ["cus_2", "cus_2"]


def test_a_keep_clears_the_field_that_schedules_the_end() -> None:
    dated = replace(LEAVING, cancel_at_period_end=False)
    (flag,), (date,) = wanted(known(LEAVING, asks("keep"))), wanted(known(dated, asks("keep")))
    assert (flag.values["clear"], date.values["clear"]) == ("cancel_at_period_end", "cancel_at")


@pytest.mark.parametrize("facts", [row[1] for row in CARRIED_OUT], ids=[row[0] for row in CARRIED_OUT])
def test_a_plan_knows_what_follows(facts: AccountFacts) -> None:
    (desired,) = wanted(facts)
    step = next_step(desired, Link(desired.target, desired.subject))
    assert step
    expect = billing.expect_charge if desired.target == billing.CHARGES else billing.expect_change
    after = expect(facts, step, NOW)
    assert wanted(after) == []
    (answer,) = product.desired_answers(after, lived(after), LIMITED)
    assert answer.values["answer"] == "accepted"
    answered = next_step(answer, Link(answer.target, answer.subject))
    assert answered
    assert lived(product.expect_answer(after, answered, NOW)).answers == {}


@pytest.mark.parametrize(
    ("before", "after", "row", "held"),
    [
        (PAID, LEAVING, asks("cancel"), True),
        (PAID, PAID, asks("cancel"), False),
        (PAID, GONE, asks("cancel", days=0), True),
        (LEAVING, PAID, asks("keep"), True),
        (PAUSED, PAID, asks("reactivate"), True),
        (PAUSED, PAUSED, asks("reactivate"), False),
    ],
)
def test_what_a_lost_worker_did_is_seen_in_the_facts(before, after, row, held) -> None:
    (desired,) = wanted(known(before, CARD, row))
    found = billing.held_change(replace(known(after, row), begun=frozenset({"req_1"})), desired)
    assert bool(found) == held
    assert billing.held_change(known(after, row), desired) is None


def test_a_new_subscription_is_known_by_its_request() -> None:
    (desired,) = wanted(known(GONE, CARD, asks("reactivate")))
    new = sub("active", "sub_2", request_id="req_1")
    held = billing.held_change(known(GONE, new, asks("reactivate")), desired)
    assert held
    assert held.external_id == "sub_2"
    assert billing.held_change(known(GONE, asks("reactivate")), desired) is None
