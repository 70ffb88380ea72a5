"""From a card to a sale, and to the very end: the billing link, consents, late instances, retention, erasure."""

from dataclasses import replace

from golden.words import (
    ACME,
    Case,
    account,
    config,
    customer,
    day,
    instance,
    known,
    morning,
    request,
    seen,
    sub,
    today,
    unpaid_invoice,
)
from mappings.model import Erasure, Instance, Subject, UserId

PAGE = "https://pay.example.com/in_1"
EXPIRED = {
    "last_plan": "pro",
    "trial_started_at": day(-30),
    "trial_ends_at": day(-16),
    "trial_expired_at": day(-16),
}
PAUSED = sub("paused", trial=(-30, -16), paused_at=day(-16), pause_type="trial_end_without_payment_method")
ENDED = {"stage": "trial_expired", "access": "none", "tags": "sub:trial-expired", "attributes": EXPIRED}
CARD = {"has_payment_method": True}


def consent(given: float, **more: object) -> object:
    """Pressed on the billing page, for the pause of PAUSED."""
    name = f"link-sub_1-{day(-16)}-2000usd-1"
    return request(
        name, given, kind="reactivate", plan="", requested_by="billing link", amount_minor=2000, currency="usd", **more
    )


CONSENT = f"link-sub_1-{day(-16)}-2000usd-1"
LATE = replace(instance(ready=-1), account_id=ACME)
RETAINED = config(policy={"retention_days": 30})
CHURNED = {
    "stage": "churned",
    "access": "none",
    "tags": "sub:churned",
    "attributes": {"last_plan": "pro", "churned_at": day(-29), "win_back_step": 7},
}


def churned(ended: float, was: Instance) -> object:
    return known(sub("canceled", created=-80, ever_paid=True, ended_at=day(ended)), was, today("none", "churned"))


CASES = [
    Case("the link of a prospect leads to Checkout", known(), "prospect", "none", "sub:prospect", way="checkout"),
    Case(
        "the link of a trial leads to its payment method",
        known(sub("trialing", trial=(-4, 10))),
        "trialing",
        "full",
        "sub:trialing plan:pro",
        {"plan": "pro", "last_plan": "pro", "trial_started_at": day(-4), "trial_ends_at": day(10)},
        look=morning(3),
        way="card",
    ),
    Case("the link of a paused trial asks for consent", known(PAUSED), **ENDED, way="resume"),
    Case(
        "the link of a canceled trial leads to Checkout",
        known(sub("canceled", trial=(-30, -16), ended_at=day(-16))),
        **ENDED,
        way="checkout",
    ),
    Case(
        "a first payment that is open comes before buying anew",
        known(
            sub("canceled", trial=(-30, -16), ended_at=day(-16)),
            sub("incomplete", "sub_2", created=-0.1, request_id="req_0", pay_url=PAGE, pay_amount=2000),
        ),
        **ENDED,
        way=f"invoice {PAGE}",
    ),
    Case(
        "the first payment is open: the link leads to its invoice",
        known(sub("incomplete", created=-0.1, pay_url=PAGE, pay_amount=2000, invoice=unpaid_invoice(url=PAGE))),
        "awaiting_payment",
        None,
        "sub:awaiting-payment",
        {"last_plan": "pro", "payment_action_url": PAGE},
        way=f"invoice {PAGE}",
    ),
    Case(
        "on hold: the link offers nothing",
        known(account(hold_reason="fraud"), PAUSED),
        "blocked",
        "none",
        "sub:blocked",
        {"hold_reason": "fraud", "last_plan": "pro", "trial_started_at": day(-30), "trial_ends_at": day(-16)},
        way="nothing",
    ),
    Case("a consent waits for a card, a day at most", known(PAUSED, consent(-0.5)), **ENDED, look=day(0.5) + 1),
    Case("a consent of yesterday is over", known(PAUSED, consent(-1.1)), **ENDED, answers={CONSENT: "refused"}),
    Case(
        "a consent and a card: resumed",
        known(PAUSED, consent(-0.5), customer(has_payment_method=True)),
        **{**ENDED, "attributes": {**EXPIRED, **CARD}},
        stripe="resume:sub_1",
    ),
    Case(
        "Stripe would charge more than was agreed to: the consent is answered",
        replace(
            known(PAUSED, consent(-0.5), customer(has_payment_method=True)),
            rejected=frozenset({CONSENT}),
            begun=frozenset({CONSENT}),
        ),
        **{**ENDED, "attributes": {**EXPIRED, **CARD}},
        answers={CONSENT: "failed"},
        alert="failed: it was not carried out at the amount",
    ),
    Case(
        "a card beside no default becomes the default",
        known(PAUSED, customer(account_id=str(ACME), name="olga", spare_method="pm_1")),
        **ENDED,
        stripe="customer.card",
    ),
    Case(
        "the instance was a day late: the trial ends a day later",
        known(
            request("req_0", -2, days=14, answer="accepted"), LATE, sub("trialing", trial=(-2, 12), request_id="req_0")
        ),
        "trialing",
        "full",
        "sub:trialing plan:pro",
        {
            "plan": "pro",
            "last_plan": "pro",
            "trial_started_at": day(-2),
            "trial_ends_at": day(12),
            "instance_url": "https://acme.example.com",
            "instance_status": "ready",
        },
        "started-trial provisioned-instance",
        look=morning(5),
        instance="running",
        stripe="shift:sub_1",
        provisioner=True,
    ),
    Case(
        "churned 29 days ago: the instance is kept for thirty",
        churned(-29, instance("suspended")),
        **{**CHURNED, "attributes": {**CHURNED["attributes"], "instance_status": "suspended",
                                     "instance_url": "https://acme.example.com"}},
        look=day(1),
        instance="suspended",
        provisioner=True,
        config=RETAINED,
    ),
    Case(
        "erased: the people and the company go, and the customer where the policy says so",
        replace(
            known(account(erased=True), sub("canceled", ended_at=day(-3), seen=seen()), customer()),
            erasures=(Erasure(Subject("account:acme"), {UserId("olga"): "c1"}),),
        ),
        "erased",
        "none",
        erases="account:acme person:olga stripe:cus_1",
        config=config(policy={"erase_in_stripe": "delete"}),
    ),
    Case(
        "erased: the customer is kept where the policy says so",
        replace(
            known(account(erased=True), customer()),
            erasures=(Erasure(Subject("account:acme"), {UserId("olga"): "c1"}, prove_at=day(1)),),
        ),
        "erased",
        "none",
        look=day(1),
        erases="account:acme person:olga",
    ),
]  # fmt: skip
