"""Edge cases that are neither a stage nor a move: who carries what, and what is asked of Stripe."""

from golden.words import (
    OLGA,
    Case,
    account,
    config,
    customer,
    day,
    instance,
    known,
    morning,
    paid_invoice,
    person,
    request,
    seen,
    sub,
    today,
)

PRO = {"plan": "pro", "last_plan": "pro"}
PAID = {**PRO, "mrr": 20.0}
ACTIVE = {"stage": "active", "access": "full", "tags": "sub:active plan:pro"}
LIMITED = config(policy={"max_charge_minor": 5000})
LEFT = sub("canceled", ever_paid=True, ended_at=day(-9))
URL = {"instance_url": "https://acme.example.com"}


def paying(**more: object) -> object:
    return sub("active", ever_paid=True, **more)


def asks(kind: str, **more: object) -> object:
    return request(kind=kind, plan="", **more)


PEOPLE = [
    Case("the product has a new e-mail: Stripe gets it, by id", known(customer(email="old@example.com"), paying()),
         **ACTIVE, attributes=PAID, stripe="customer.email"),
    Case("owner and billing people carry the stage, a colleague does not",
         known(sub("trialing", trial=(-1, 13)),
               people=(OLGA, person("bill", "billing"), person("mia", "member"))),
         "trialing", "full", "sub:trialing plan:pro",
         {**PRO, "trial_started_at": day(-1), "trial_ends_at": day(13)}, "started-trial", look=morning(6),
         colleagues={"bill": "sub:trialing plan:pro", "mia": ""}),
    Case("an account gone from the product with a running subscription: access stays, staff are told",
         known(customer(), paying(), people=()), "active", "full", alert="does not know this account any more"),
]  # fmt: skip

PLANS = [
    Case("another plan in the middle of a trial keeps the trial",
         known(sub("trialing", trial=(-4, 10), price_ids=("price_team",))), "trialing", "full",
         "sub:trialing plan:team",
         {"plan": "team", "last_plan": "team", "trial_started_at": day(-4), "trial_ends_at": day(10)},
         look=morning(3)),
    Case("the trial's own date in Stripe was moved by staff: the new one counts",
         known(sub("trialing", trial=(-20, 10))), "trialing", "full", "sub:trialing plan:pro",
         {**PRO, "trial_started_at": day(-20), "trial_ends_at": day(10)}, look=morning(3)),
]  # fmt: skip

RETURNS = [
    Case("asked to come back before the end: the cancellation is cleared",
         known(paying(cancel_at=day(20), cancel_at_period_end=True, canceled_at=day(-9)), asks("reactivate")),
         "active", "full", "sub:active is:canceling plan:pro", {**PAID, "cancels_at": day(20)}, look=day(20),
         stripe="keep:sub_1"),
    Case("asked to come back after the end: a new subscription without trial days",
         known(LEFT, customer(has_payment_method=True), asks("reactivate")),
         "churned", "none", "sub:churned",
         {"last_plan": "pro", "churned_at": day(-9), "win_back_step": 7, "has_payment_method": True}, look=day(21),
         stripe="subscribe:price_pro"),
    Case("asked to come back after the end, without a card",
         known(LEFT, customer(), asks("reactivate")), "churned", "none",
         "sub:churned", {"last_plan": "pro", "churned_at": day(-9), "win_back_step": 7}, look=day(21),
         answers={"req_1": "refused"}),
    Case("back inside retention: the same instance runs again",
         known(sub("canceled", "sub_0", created=-90, ever_paid=True, ended_at=day(-60)), instance("suspended"),
               paying(created=-1, first_paid_at=day(-1), invoice=paid_invoice(-1))),
         **ACTIVE, attributes={**PAID, **URL, "instance_status": "suspended", "reactivated_at": day(-1)},
         events="reactivated-subscription",
         dated={"reactivated-subscription": day(-1)}, instance="running acme-1", provisioner=True),
    Case("back after the instance was deleted: the next generation",
         known(sub("canceled", "sub_0", created=-90, ever_paid=True, ended_at=day(-60)), instance("deleted"),
               paying(created=-1, first_paid_at=day(-1), invoice=paid_invoice(-1))),
         **ACTIVE, attributes={**PAID, "instance_status": "deleted", "reactivated_at": day(-1)},
         events="reactivated-subscription",
         instance="running acme-2", provisioner=True),
    Case("asked to leave: at the end of the period", known(paying(period_end=day(20)), asks("cancel")), **ACTIVE,
         attributes=PAID, stripe="cancel:sub_1"),
    Case("asked to leave while a payment is open: at once",
         known(sub("past_due", ever_paid=True, open_since=day(-9)), asks("cancel")), "past_due", "read_only",
         "sub:past-due plan:pro", {**PAID, "payment_failed_at": day(-9)}, stripe="cancel_now:sub_1"),
]  # fmt: skip

CHARGES = [
    Case("a charge within the limit", known(paying(), asks("charge", amount_minor=500, currency="usd")), **ACTIVE,
         attributes=PAID, stripe="charge:500usd:sub_1", config=LIMITED),
    Case("a charge in yen: no cents to invent",
         known(paying(price_ids=("price_yen",), currency="jpy", mrr_minor=3000),
               asks("charge", amount_minor=500, currency="JPY")),
         **ACTIVE, attributes={**PRO, "mrr": 3000.0}, stripe="charge:500jpy:sub_1", config=LIMITED),
    Case("a charge above the limit is held", known(paying(), asks("charge", amount_minor=5001, currency="usd")),
         **ACTIVE, attributes=PAID, answers={"req_1": "held"}, alert="request req_1 is held", config=LIMITED),
    Case("a charge in another currency", known(paying(), asks("charge", amount_minor=500, currency="eur")), **ACTIVE,
         attributes=PAID, answers={"req_1": "refused"}, config=LIMITED),
]  # fmt: skip

CUSTOMERS = [
    Case("several Stripe customers without a subscription: the one with a card is proposed",
         known(customer("cus_0"), customer("cus_9", 9, has_payment_method=True), account()), "prospect", "none",
         "sub:prospect", {"has_payment_method": True}, alert="keep cus_9, which has a payment method"),
    Case("several Stripe customers, nothing tells them apart: the oldest is proposed",
         known(customer("cus_0", 5), customer("cus_9", 1)), "prospect", "none", "sub:prospect",
         alert="keep cus_9, which is the oldest"),
]  # fmt: skip

ADOPTED = [
    Case("unpaid when we came and canceled since: never seen paying, it keeps what it has",
         known(sub("canceled", ever_paid=True, ended_at=day(-1), seen=seen(status=("canceled", -1, "unpaid"))),
               born=day(-10)), "churned", None, "sub:churned", {"last_plan": "pro", "churned_at": day(-1)},
         "canceled-subscription", look=day(6)),
    Case("paying when we came, unpaid and canceled since: it ends",
         known(sub("canceled", ever_paid=True, ended_at=day(-1), seen=seen(status=("canceled", -1, "unpaid"))),
               today("read_only", "unpaid"), born=day(-30)), "churned", "none", "sub:churned",
         {"last_plan": "pro", "churned_at": day(-1)}, "canceled-subscription", look=day(6)),
]  # fmt: skip

AGAIN = [
    Case("a failed payment was made after all",
         known(paying(invoice=paid_invoice(-1, attempt_count=3))), **ACTIVE, attributes=PAID,
         events="recovered-payment"),
    Case("a trial canceled midway ends without a word of churn",
         known(sub("canceled", trial=(-5, 9), ended_at=day(-1))), "trial_expired", "read_only", "sub:trial-expired",
         {"last_plan": "pro", "trial_started_at": day(-5), "trial_ends_at": day(9), "trial_expired_at": day(-1),
          "read_only_ends_at": day(13)}, "expired-trial", look=day(13)),
    Case("bought long after the trial had expired: still the first payment",
         known(sub("canceled", "sub_0", trial=(-60, -46), ended_at=day(-46)),
               paying(created=-1, first_paid_at=day(-1), invoice=paid_invoice(-1))), **ACTIVE, attributes=PAID,
         events="converted-trial"),
]  # fmt: skip

CASES = [*PEOPLE, *PLANS, *RETURNS, *CHARGES, *CUSTOMERS, *ADOPTED, *AGAIN]
