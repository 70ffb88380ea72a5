"""Reasons, revenue, where to pay and winning back, beside stage and dates."""

import pytest
from golden.words import CATALOG, OLGA, account, config, day, known, person, sub
from samples import open_invoice, subscription

from mappings.intercom import desired_contacts
from mappings.lifecycle import life
from mappings.model import AccountFacts, Link, Scalar, Step
from mappings.plan import fold, next_step
from mappings.stripe import subscription_from

RULES = config()


def told(facts: AccountFacts, now: int = day(0)) -> dict[str, Scalar]:
    return dict(life(facts, RULES, CATALOG, now, False).details)


LEFT = sub("canceled", ever_paid=True, ended_at=day(-100), mrr_minor=1500)


@pytest.mark.parametrize(
    ("passed", "step", "then"),
    [(0, None, 7), (6.99, None, 7), (7, 7, 30), (29.99, 7, 30), (30, 30, 90), (90, 90, 120), (120, None, None)],
)
def test_win_back_steps_are_reached_and_end(passed: float, step: int | None, then: int | None) -> None:
    found = life(known(LEFT), RULES, CATALOG, day(-100 + passed), False)
    assert found.details["win_back_step"] == step
    assert found.next_look_at == (None if then is None else day(-100 + then))


def test_revenue_stays_known_after_churn_and_is_never_invented() -> None:
    assert told(known(LEFT))["last_mrr"] == 15.0
    assert "last_mrr" not in told(known(sub("trialing", trial=(-4, 10))))
    assert "last_mrr" not in told(known(sub("past_due", trial=(-18, -4), open_since=day(-4))))
    assert told(known(LEFT, sub("trialing", "sub_2", trial=(-4, 10))))["last_mrr"] == 15.0


def test_the_reason_to_leave_is_the_customers_own_word_first() -> None:
    notice = {"cancel_at": day(9), "cancel_reason": "cancellation_requested"}
    assert told(known(sub("active", **notice, cancel_feedback="too_expensive")))["cancel_reason"] == "too_expensive"
    assert told(known(sub("active", **notice)))["cancel_reason"] == "cancellation_requested"
    assert told(known(sub("active", cancel_reason="cancellation_requested")))["cancel_reason"] is None


def test_the_page_to_pay_on_is_that_of_the_oldest_open_invoice() -> None:
    details = {"comment": None, "feedback": "too_complex", "reason": "cancellation_requested"}
    older = open_invoice(
        id="in_0", hosted_invoice_url="https://pay.example.com/0", status_transitions={"finalized_at": 1}
    )
    read = subscription_from(
        subscription(status="past_due", latest_invoice=open_invoice(), cancellation_details=details), [older]
    )
    assert (read.pay_url, read.cancel_feedback) == ("https://pay.example.com/0", "too_complex")
    assert subscription_from(subscription()).pay_url == ""
    for status, shown in (("past_due", True), ("unpaid", True), ("incomplete", True), ("active", False)):
        found = told(known(sub(status, pay_url="https://pay.example.com/0")))["payment_action_url"]
        assert found == ("https://pay.example.com/0" if shown else None)
    assert told(known(sub("unpaid", pay_url="https://" + "x" * 300)))["payment_action_url"] is None


def test_a_trial_is_supported_like_a_paying_customer() -> None:
    mia = person("mia", role="member")
    for thing, tier in ((sub("trialing", trial=(-4, 9)), "full"), (sub("active"), "full"), (LEFT, "basic")):
        facts = known(thing, people=(OLGA, mia))
        found = desired_contacts(facts, life(facts, RULES, CATALOG, day(0), False), RULES)
        assert [d.values["custom.support_tier"] for d in found] == [tier, tier]


def test_an_overlay_tag_is_put_on_for_its_own_reason() -> None:
    facts = known(sub("active", ever_paid=True, cancel_at=day(9)), account(comped=True))
    (wanted,) = desired_contacts(facts, life(facts, RULES, CATALOG, day(0), False), RULES)
    link, why = Link(wanted.target, wanted.subject), {}
    while step := next_step(wanted, link):
        assert isinstance(step, Step)
        why[step.member[1] or step.operation] = step.why
        link = fold(link, step)
    assert why["is:canceling"] == "the subscription will be canceled"
    assert why["is:comped"] == "the product says that the account is free of charge"
    assert why["sub:active"] == why["create"] == "the subscription is active"
