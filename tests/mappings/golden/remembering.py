"""What no source dates: the look that first saw it does."""

from golden.words import Case, account, config, customer, day, known, morning, paid_invoice, person, seen, sub, today
from golden.words import unpaid_invoice as owed

PRO = {"plan": "pro", "last_plan": "pro"}
PAID = {**PRO, "mrr": 20.0}
PRODUCT = config(trials={"mode": "product"})
NEW = (person("olga", joined=-1),)


def paying(status: str = "active", name: str = "sub_1", **more: object) -> object:
    return sub(status, name, ever_paid=True, **more)


RETURNS = [
    Case(
        "notice was given and taken back",
        known(paying(seen=seen(cancel=("none", -1, "1775000000")))),
        "active", "full", "sub:active plan:pro", PAID, "kept-subscription",
    ),
    Case(
        "no notice was ever given",
        known(paying(seen=seen(cancel=("none", -1, "")))),
        "active", "full", "sub:active plan:pro", PAID,
    ),
    Case(
        "notice was taken back, then the subscription was canceled at once",
        known(paying("canceled", ended_at=day(-0.5), seen=seen(cancel=("none", -1, "1775000000")))),
        "churned", "none", "sub:churned", {"last_plan": "pro", "churned_at": day(-0.5)}, "canceled-subscription",
        look=day(6.5),
    ),
    Case(
        "a pause has ended",
        known(paying(seen=seen(status=("active", -1, "paused")))),
        "active", "full", "sub:active plan:pro", PAID, "resumed-subscription",
    ),
    Case(
        "an expired trial that was bought after all is no resumed pause",
        known(paying(seen=seen(status=("active", -1, "expired")), first_paid_at=day(-1), invoice=paid_invoice(-1))),
        "active", "full", "sub:active plan:pro", PAID, "converted-trial",
    ),
    Case(
        "the trial ran, and was paid for more than once, while nobody looked: its first payment is old",
        known(paying(seen=seen(status=("active", -1, "expired"), paid=("yes", -1, "no"),
                               attempt=("in_1#1", -1, "in_0#1")), invoice=paid_invoice(-1))),
        "active", "full", "sub:active plan:pro", PAID,
    ),
    Case(
        "an old debt is settled while a newer subscription is paid: nobody bought or came back",
        known(paying("canceled", "sub_a", trial=(-90, -80), created=-90, ended_at=day(-60), first_paid_at=day(-1)),
              paying("active", "sub_b", created=-30, first_paid_at=day(-30))),
        "active", "full", "sub:active plan:pro", PAID,
    ),
    Case(
        "the first payment of a new subscription was made hours later: it began, nothing was recovered",
        known(paying(created=-1.5, first_paid_at=day(-1),
                     invoice=paid_invoice(-1, finalized_at=day(-1.5), attempt_count=2))),
        "active", "full", "sub:active plan:pro", PAID, "converted-trial",
    ),
    Case(
        "who left after paying buys anew",
        known(paying("canceled", "sub_a", created=-90, ended_at=day(-60), first_paid_at=day(-80)),
              paying("active", "sub_b", created=-1, first_paid_at=day(-1))),
        "active", "full", "sub:active plan:pro", {**PAID, "reactivated_at": day(-1)}, "reactivated-subscription",
    ),
    Case(
        "it ended unpaid, and later its known debt was paid",
        known(paying("canceled", trial=(-40, -33), ended_at=day(-5), invoice=paid_invoice(-1, finalized_at=day(-33)),
                     seen=seen(status=("canceled", -1, "expired"), paid=("yes", -1, "no"),
                               attempt=("in_1#4", -9, "in_1#3")))),
        "churned", "none", "sub:churned",
        {"last_plan": "pro", "trial_started_at": day(-40), "trial_ends_at": day(-33), "churned_at": day(-5)},
        "converted-trial recovered-payment", look=day(2),
    ),
    Case(
        "money was seen long ago: what is paid today is not the first payment",
        known(paying(seen=seen(paid=("yes", -20, "no")), invoice=paid_invoice(-1))),
        "active", "full", "sub:active plan:pro", PAID,
    ),
]  # fmt: skip

CARDS = [
    Case(
        "a card was added during the trial",
        known(sub("trialing", trial=(-4, 10)),
              customer(has_payment_method=True, seen=seen(card=("yes", -1, "no")))),
        "trialing", "full", "sub:trialing plan:pro",
        {**PRO, "trial_started_at": day(-4), "trial_ends_at": day(10), "has_payment_method": True},
        "added-payment-method", look=morning(3),
    ),
    Case(
        "a customer from before our time had its card when we first looked",
        known(paying(), customer(has_payment_method=True, seen=seen(card=("yes", -1, "")))),
        "active", "full", "sub:active plan:pro", {**PAID, "has_payment_method": True},
    ),
    Case(
        "a new customer came with its card",
        known(paying(), customer(created=day(-1), has_payment_method=True, seen=seen(card=("yes", -1, "")))),
        "active", "full", "sub:active plan:pro", {**PAID, "has_payment_method": True}, "added-payment-method",
    ),
    Case(
        "a second card, on the subscription, is nothing new",
        known(paying(has_payment_method=True, seen=seen(card=("yes", -1, "no"))),
              customer(has_payment_method=True, seen=seen(card=("yes", -50, "no")))),
        "active", "full", "sub:active plan:pro", {**PAID, "has_payment_method": True},
    ),
]  # fmt: skip

FAILURES = [
    Case(
        "the second attempt failed: the look that saw it dates it, the first is long told",
        known(paying("past_due", open_since=day(-4), invoice=owed(attempt_count=2, finalized_at=day(-4)),
                     seen=seen(attempt=("in_1#2", -1, "in_1#1")))),
        "past_due", "grace", "sub:past-due plan:pro",
        {**PAID, "payment_failed_at": day(-4), "grace_ends_at": day(3)}, "failed-payment", look=day(3),
    ),
    Case(
        "found at its third attempt: nobody saw when it was made",
        known(paying("past_due", open_since=day(-6), invoice=owed(attempt_count=3, finalized_at=day(-6)),
                     seen=seen(attempt=("in_1#3", -1, "")))),
        "past_due", "grace", "sub:past-due plan:pro",
        {**PAID, "payment_failed_at": day(-6), "grace_ends_at": day(1)}, look=day(1),
    ),
    Case(
        "a sent invoice is overdue: it fails once, on its due date",
        known(paying("past_due", open_since=day(-1),
                     invoice=owed(attempt_count=0, due_at=day(-1), finalized_at=day(-31)))),
        "past_due", "grace", "sub:past-due plan:pro",
        {**PAID, "payment_failed_at": day(-1), "grace_ends_at": day(6)}, "failed-payment", look=day(6),
    ),
    Case(
        "the last retry failed: read only from the look that saw it, not from the first failure",
        known(paying("unpaid", open_since=day(-20), invoice=owed(attempt_count=4, finalized_at=day(-20)),
                     seen=seen(status=("unpaid", -1, "past_due")))),
        "unpaid", "read_only", "sub:unpaid plan:pro",
        {**PRO, "payment_failed_at": day(-20), "read_only_ends_at": day(13)}, "exhausted-retries", look=day(13),
    ),
    Case(
        "failing since before our time, and seen giving up: it was paying when we came",
        known(paying("unpaid", open_since=day(-20), seen=seen(status=("unpaid", -1, "past_due"))), born=day(-10)),
        "unpaid", "read_only", "sub:unpaid plan:pro",
        {**PRO, "payment_failed_at": day(-20), "read_only_ends_at": day(13)}, look=day(13),
    ),
    Case(
        "unpaid with nothing open, first seen long after it began in our time: read only like any other",
        known(paying("unpaid", seen=seen(status=("unpaid", -1, "")))),
        "unpaid", "read_only", "sub:unpaid plan:pro", {**PRO, "read_only_ends_at": day(13)}, look=day(13),
    ),
    Case(
        "unpaid when we came keeps what it has",
        known(paying("unpaid", open_since=day(-20), seen=seen(status=("unpaid", -9, ""))), today("full"),
              born=day(-10)),
        "unpaid", None, "sub:unpaid plan:pro", {**PRO, "payment_failed_at": day(-20)},
    ),
    Case(
        "the last retry failed and Stripe canceled",
        known(paying("canceled", ended_at=day(-1), cancel_reason="payment_failed", invoice=owed(attempt_count=4))),
        "churned", "none", "sub:churned",
        {"last_plan": "pro", "churned_at": day(-1), "cancel_reason": "payment_failed"},
        "canceled-subscription exhausted-retries",
        look=day(6),
    ),
]  # fmt: skip

TRIALS = [
    Case(
        "the product has started a trial",
        known(account(trial_ends_at=day(10), seen=seen(trial=("1773316800", -1, "none")))),
        "trialing", "full", "sub:trialing", {"trial_ends_at": day(10)}, "started-trial",
        look=morning(3), config=PRODUCT,
    ),
    Case(
        "a new account came with the product's trial",
        known(account(trial_ends_at=day(10), seen=seen(trial=("1773316800", -1, ""))), people=NEW),
        "trialing", "full", "sub:trialing", {"trial_ends_at": day(10)}, "started-trial",
        look=morning(3), config=PRODUCT,
    ),
    Case(
        "the product has moved its trial's end",
        known(account(trial_ends_at=day(10), seen=seen(trial=("1773316800", -1, "1773000000"))), people=NEW),
        "trialing", "full", "sub:trialing", {"trial_ends_at": day(10)}, look=morning(3), config=PRODUCT,
    ),
    Case(
        "the end was moved after nine: the reminder that this day has now was not true at its hour",
        known(sub("trialing", trial=(-4, 3), seen=seen(trial=("1772712000", -0.05, "1772539200")))),
        "trialing", "full", "sub:trialing is:ending-soon plan:pro",
        {**PRO, "trial_started_at": day(-4), "trial_ends_at": day(3)}, look=morning(2),
    ),
    Case(
        "the end was moved before nine: this day has its reminder",
        known(sub("trialing", trial=(-4, 3), seen=seen(trial=("1772712000", -0.2, "1772539200")))),
        "trialing", "full", "sub:trialing is:ending-soon plan:pro",
        {**PRO, "trial_started_at": day(-4), "trial_ends_at": day(3)}, "neared-trial-end", look=morning(2),
    ),
    Case(
        "an expired trial stays readable from the look that saw it",
        known(sub("paused", trial=(-18, -4), paused_at=day(-4), seen=seen(status=("expired", -1, "trialing")))),
        "trial_expired", "read_only", "sub:trial-expired",
        {"last_plan": "pro", "trial_started_at": day(-18), "trial_ends_at": day(-4), "trial_expired_at": day(-4),
         "read_only_ends_at": day(13)},
        look=day(13),
    ),
]  # fmt: skip

CASES = [*RETURNS, *CARDS, *FAILURES, *TRIALS]
