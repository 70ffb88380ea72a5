"""Leaving, being shut out, and what had ended before our time."""

from golden.words import (
    Case,
    account,
    customer,
    day,
    instance,
    known,
    sub,
)

PRO = {"plan": "pro", "last_plan": "pro"}

ENDS = [
    Case(
        "a paid subscription ended",
        known(sub("canceled", ever_paid=True, ended_at=day(-1)), instance()),
        "churned",
        "none",
        "sub:churned",
        {
            "last_plan": "pro",
            "churned_at": day(-1),
            "instance_status": "ready",
            "instance_url": "https://acme.example.com",
        },
        "canceled-subscription",
        instance="suspended",
        provisioner=True,
        look=day(6),
    ),
    Case(
        "the instance is gone already: nothing to suspend",
        known(sub("canceled", ever_paid=True, ended_at=day(-9)), instance("deleted")),
        "churned",
        "none",
        "sub:churned",
        {
            "last_plan": "pro",
            "churned_at": day(-9),
            "win_back_step": 7,
            "instance_status": "deleted",
        },
        provisioner=True,
        look=day(21),
    ),
    Case(
        "a customer that had paid was deleted in Stripe",
        known(sub("canceled", ever_paid=True, ended_at=day(-5)), customer(deleted=True)),
        "churned",
        "none",
        "sub:churned",
        {"last_plan": "pro", "churned_at": day(-5)},
        look=day(2),
    ),
    Case(
        "a customer that never paid was deleted in Stripe",
        known(customer(deleted=True)),
        "prospect",
        "none",
        "sub:prospect",
    ),
    Case(
        "on hold: no access and no marketing tag",
        known(
            account(hold_reason="fraud"),
            sub("active", ever_paid=True, cancel_at=day(9), first_paid_at=day(-1)),
            instance(),
        ),
        "blocked",
        "none",
        "sub:blocked",
        {**PRO, "hold_reason": "fraud", "instance_status": "ready", "instance_url": "https://acme.example.com"},
        look=day(9),
        instance="suspended",
        provisioner=True,
    ),
    Case(
        "erased: nothing is sent to Intercom, the instance goes",
        known(account(erased=True), sub("active", ever_paid=True), instance()),
        "erased",
        "none",
        instance="deleted",
        provisioner=True,
        alert="the account is erased, but subscription sub_1 is active",
    ),
]

ADOPTED = [
    Case(
        f"{words} before our time: the tag is true, access stays",
        known(found, born=day(-1)),
        stage,
        None,
        tag,
        attributes,
        look=day(2) if words == "churned" else None,
    )
    for words, found, stage, tag, attributes in (
        (
            "churned",
            sub("canceled", ever_paid=True, ended_at=day(-5)),
            "churned",
            "sub:churned",
            {"last_plan": "pro", "churned_at": day(-5)},
        ),
        (
            "unpaid",
            sub("unpaid", ever_paid=True, open_since=day(-20)),
            "unpaid",
            "sub:unpaid plan:pro",
            {**PRO, "payment_failed_at": day(-20)},
        ),
        (
            "expired",
            sub("canceled", trial=(-30, -16), ended_at=day(-16)),
            "trial_expired",
            "sub:trial-expired",
            {
                "last_plan": "pro",
                "trial_started_at": day(-30),
                "trial_ends_at": day(-16),
                "trial_expired_at": day(-16),
            },
        ),
        (
            "paused",
            sub("paused", ever_paid=True, pause_type="pause_requested", paused_at=day(-20)),
            "paused",
            "sub:paused plan:pro",
            {**PRO, "paused_at": day(-20), "pause_reason": "pause_requested"},
        ),
    )
]

CASES = [*ENDS, *ADOPTED]
