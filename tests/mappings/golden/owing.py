"""Sent invoices, paused collection, zero invoices, and the card that will be charged."""

from golden.words import Case, customer, day, known, paid_invoice, seen, sub, unpaid_invoice

PRO = {"plan": "pro", "last_plan": "pro"}
SENT = {"sends_invoices": True, "has_payment_method": False}
PAGE = "https://pay.example.com/in_1"


def sent(**more: object) -> object:
    return unpaid_invoice(**{"attempt_count": 0, **more})


SENDING = [
    Case(
        "a sent invoice is open and not due yet: paying, with the date and the page",
        known(sub("active", ever_paid=True, due_at=(day(9),), pay_url=PAGE, invoice=sent(due_at=day(9)), **SENT)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "payment_due_at": day(9), "overdue_invoices": 0, "payment_action_url": PAGE},
        look=day(9),
    ),
    Case(
        "two sent invoices are open, one is overdue: dates and a count, no retry",
        known(
            sub(
                "past_due",
                ever_paid=True,
                open_since=day(-2),
                due_at=(day(-2), day(20)),
                invoice=sent(due_at=day(-2), finalized_at=day(-16)),
                **SENT,
            )
        ),
        "past_due",
        "grace",
        "sub:past-due plan:pro",
        {
            **PRO,
            "mrr": 20.0,
            "payment_failed_at": day(-2),
            "payment_due_at": day(-2),
            "overdue_invoices": 1,
            "grace_ends_at": day(5),
        },
        "failed-payment",
        look=day(5),
    ),
    Case(
        "a sent invoice paid before its date, weeks after it was sent: nothing was late",
        known(
            sub(
                "active",
                ever_paid=True,
                invoice=paid_invoice(-1, attempt_count=0, due_at=day(3)),
                **SENT,
            )
        ),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "overdue_invoices": 0},
    ),
    Case(
        "a sent invoice paid after its date",
        known(sub("active", ever_paid=True, invoice=paid_invoice(-1, attempt_count=0, due_at=day(-3)), **SENT)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "overdue_invoices": 0},
        "recovered-payment",
    ),
    Case(
        "a trial that ended with an invoice to be sent: the status holds, money comes later",
        known(sub("active", trial=(-15, -1), due_at=(day(29),), invoice=sent(due_at=day(29)), **SENT)),
        "active",
        "full",
        "sub:active plan:pro",
        {
            **PRO,
            "mrr": 20.0,
            "trial_started_at": day(-15),
            "trial_ends_at": day(-1),
            "payment_due_at": day(29),
            "overdue_invoices": 0,
        },
        look=day(29),
    ),
]
PAUSED = [
    Case(
        "collection is paused after a trial: the status holds, though the draft stays a draft",
        known(sub("active", trial=(-15, -1), collection_paused=True, invoice=sent(attempt_count=0))),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "trial_started_at": day(-15), "trial_ends_at": day(-1)},
    ),
    Case(
        "collection is paused while a payment is owed: still past due",
        known(sub("past_due", ever_paid=True, open_since=day(-2), collection_paused=True, invoice=unpaid_invoice())),
        "past_due",
        "grace",
        "sub:past-due plan:pro",
        {**PRO, "mrr": 20.0, "payment_failed_at": day(-2), "grace_ends_at": day(5)},
        "failed-payment",
        look=day(5),
    ),
]
FREE = [
    Case(
        "a coupon of 100 % ended: the first money is the conversion, months after the trial",
        known(
            sub(
                "active",
                trial=(-100, -90),
                ever_paid=True,
                invoice=paid_invoice(-1),
                seen=seen(paid=("yes", -1, "no")),
            )
        ),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "trial_started_at": day(-100), "trial_ends_at": day(-90)},
        "converted-trial",
    ),
    Case(
        "seen paying only months after its trial, since nobody looked: that is no news",
        known(
            sub(
                "active",
                trial=(-100, -90),
                ever_paid=True,
                invoice=paid_invoice(-1),
                seen=seen(paid=("yes", 0, "no"), status=("active", 0, "trialing")),
            )
        ),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "trial_started_at": day(-100), "trial_ends_at": day(-90)},
    ),
    Case(
        "free by a coupon to the end, and ended: the trial never converted",
        known(sub("canceled", trial=(-100, -90), ended_at=day(-1), mrr_minor=0)),
        "trial_expired",
        "read_only",
        "sub:trial-expired",
        {
            "last_plan": "pro",
            "trial_started_at": day(-100),
            "trial_ends_at": day(-90),
            "trial_expired_at": day(-1),
            "read_only_ends_at": day(13),
        },
        "expired-trial",
        look=day(13),
    ),
]
CARDS = [
    Case(
        "the customer's card, and until when it is good",
        known(sub("active", ever_paid=True), customer(has_payment_method=True, card_expires_at=day(20))),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "has_payment_method": True, "card_expires_at": day(20)},
    ),
    Case(
        "the subscription's own card comes before the customer's",
        known(
            sub("active", ever_paid=True, has_payment_method=True, card_expires_at=day(400)),
            customer(has_payment_method=True, card_expires_at=day(20)),
        ),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "has_payment_method": True, "card_expires_at": day(400)},
    ),
    Case(
        "a bank debit does not expire, whatever the customer's card does",
        known(
            sub("active", ever_paid=True, has_payment_method=True),
            customer(has_payment_method=True, card_expires_at=day(20)),
        ),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "has_payment_method": True},
    ),
    Case(
        "the first charge waits for the customer's bank: the page says where",
        known(sub("incomplete", created=0, pay_url=PAGE, has_payment_method=True, card_expires_at=day(20))),
        "awaiting_payment",
        None,
        "sub:awaiting-payment",
        {"last_plan": "pro", "payment_action_url": PAGE, "has_payment_method": True, "card_expires_at": day(20)},
    ),
]

CASES = [*SENDING, *PAUSED, *FREE, *CARDS]
