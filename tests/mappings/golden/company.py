"""Overlays, several subscriptions, several customers."""

from golden.words import Case, account, config, customer, day, instance, known, morning, seen, sub, today

PRO = {"plan": "pro", "last_plan": "pro"}
RUNNING = {**PRO, "trial_started_at": day(-4)}

OVERLAYS = [
    Case(
        "a trial with three days left",
        known(sub("trialing", trial=(-4, 3))),
        "trialing",
        "full",
        "sub:trialing is:ending-soon plan:pro",
        {**RUNNING, "trial_ends_at": day(3)},
        "neared-trial-end",
        look=morning(2),
    ),
    Case(
        "the product's own trial with two days left",
        known(account(trial_ends_at=day(2))),
        "trialing",
        "full",
        "sub:trialing is:ending-soon",
        {"trial_ends_at": day(2)},
        look=morning(1),
        config=config(trials={"mode": "product"}),
    ),
    Case(
        "a trial that will be canceled is not nagged about its end",
        known(sub("trialing", trial=(-4, 2), cancel_at=day(2))),
        "trialing",
        "full",
        "sub:trialing is:canceling plan:pro",
        {**RUNNING, "trial_ends_at": day(2), "cancels_at": day(2)},
        look=day(2),
    ),
    Case(
        "a paying customer that gave notice yesterday",
        known(sub("active", ever_paid=True, cancel_at=day(20), canceled_at=day(-1))),
        "active",
        "full",
        "sub:active is:canceling plan:pro",
        {**PRO, "mrr": 20.0, "cancels_at": day(20)},
        "scheduled-cancellation",
        look=day(20),
    ),
    Case(
        "free of charge, nothing bought",
        known(account(comped=True)),
        "active",
        "full",
        "sub:active is:comped",
    ),
    Case(
        "free of charge, and its old subscription cannot be collected",
        known(account(comped=True), sub("unpaid", ever_paid=True, open_since=day(-30))),
        "active",
        "full",
        "sub:active is:comped plan:pro",
        PRO,
    ),
    Case(
        "free of charge after leaving twice: it pays nothing again",
        known(
            account(comped=True),
            sub("canceled", "sub_a", created=-90, ever_paid=True, ended_at=day(-60)),
            sub("canceled", "sub_b", created=-40, ever_paid=True, ended_at=day(-30)),
        ),
        "active",
        "full",
        "sub:active is:comped",
        {"last_plan": "pro"},
    ),
    Case(
        "free of charge, a trial that ends soon is not nagged about",
        known(account(comped=True), sub("trialing", trial=(-4, 2))),
        "trialing",
        "full",
        "sub:trialing is:comped plan:pro",
        {**RUNNING, "trial_ends_at": day(2)},
        look=day(2),
    ),
]

TEAM = {"price_ids": ("price_team",), "mrr_minor": 5000}
SEVERAL = [
    Case(
        "best access leads",
        known(sub("past_due", "sub_a", ever_paid=True, open_since=day(-9)), sub("active", "sub_b", **TEAM)),
        "active",
        "full",
        "sub:active plan:team",
        {"plan": "team", "last_plan": "team", "mrr": 70.0},
    ),
    Case(
        "equal access: the worst warning leads",
        known(
            sub("paused", "sub_a", ever_paid=True, pause_type="pause_requested", paused_at=day(-5)),
            sub("unpaid", "sub_b", ever_paid=True, open_since=day(-5), created=-60),
        ),
        "unpaid",
        "read_only",
        "sub:unpaid plan:pro",
        {**PRO, "payment_failed_at": day(-5), "read_only_ends_at": day(9)},
        look=day(9),
    ),
    Case(
        "equal in all: the newest leads",
        known(sub("active", "sub_a", created=-9, **TEAM), sub("active", "sub_b", created=-40)),
        "active",
        "full",
        "sub:active plan:team",
        {"plan": "team", "last_plan": "team", "mrr": 70.0},
    ),
    Case(
        "a checkout left open beside a paying subscription changes nothing",
        known(sub("active", "sub_a", ever_paid=True), sub("incomplete", "sub_b", created=0, **TEAM)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
    ),
    Case(
        "a checkout left open after churning changes nothing",
        known(sub("canceled", "sub_a", ever_paid=True, ended_at=day(-9)), sub("incomplete", "sub_b", created=0)),
        "churned",
        "none",
        "sub:churned",
        {"last_plan": "pro", "churned_at": day(-9), "win_back_step": 7},
        look=day(21),
    ),
    Case(
        "bought after the trial ran out, then left: churned, though the paused trial is still there",
        known(
            sub("paused", "sub_a", trial=(-60, -46), paused_at=day(-46)),
            sub("canceled", "sub_b", created=-40, ever_paid=True, ended_at=day(-9)),
        ),
        "churned",
        "none",
        "sub:churned",
        {"last_plan": "pro", "churned_at": day(-9), "win_back_step": 7},
        look=day(21),
    ),
    Case(
        "two currencies: the larger one, never a sum",
        known(sub("active", "sub_a"), sub("active", "sub_b", created=-50, currency="eur", mrr_minor=9000)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 90.0, "mrr_mixed": True},
    ),
    Case(
        "several Stripe customers: the one with the running subscription",
        known(customer("cus_0"), customer("cus_1", 2), sub("active", ever_paid=True)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
        alert="cus_0, cus_1; keep cus_1, which has the subscription",
    ),
    Case(
        "one of several subscriptions has an unknown status: access stays",
        known(sub("active", "sub_a", ever_paid=True), sub("odd", "sub_b"), today("grace", "past_due")),
        "past_due",
        None,
        "sub:past-due plan:pro",
        {**PRO, "mrr": 20.0},
        alert="unknown status 'odd'",
    ),
]

OLD_PLAN = sub("canceled", "sub_a", created=-400, ever_paid=True, ended_at=day(-0.01),
               seen=seen(status=("canceled", -0.005, "active")))  # fmt: skip
ENDED = [
    Case(
        "of two that ended, the one that ended last speaks, not the one bought last",
        known(
            OLD_PLAN,
            sub("canceled", "sub_b", created=-300, ever_paid=True, ended_at=day(-295),
                seen=seen(status=("canceled", -100, "")), **TEAM),
            today("full", "active"),
        ),
        "churned",
        "none",
        "sub:churned",
        {"last_plan": "pro", "churned_at": day(-0.01)},
        "canceled-subscription",
        look=day(6.99),
    ),
    Case(
        "the one bought last ended long ago: retention counts from the other one's end",
        known(
            OLD_PLAN,
            sub("canceled", "sub_b", created=-90, ever_paid=True, ended_at=day(-85),
                seen=seen(status=("canceled", -85, "active"))),
            instance(),
            today("full", "active"),
        ),
        "churned",
        "none",
        "sub:churned",
        {
            "last_plan": "pro",
            "churned_at": day(-0.01),
            "instance_status": "ready",
            "instance_url": "https://acme.example.com",
        },
        "canceled-subscription",
        look=day(6.99),
        instance="suspended",
        provisioner=True,
        config=config(policy={"retention_days": 30}),
    ),
]  # fmt: skip

CASES = [*OVERLAYS, *SEVERAL, *ENDED]
