"""Disputed payments and refunds: what stops while one is open, what a lost one means, what clears it."""

from golden.words import (
    Case,
    account,
    config,
    customer,
    day,
    dispute,
    instance,
    known,
    paid_invoice,
    refund,
    request,
    sub,
    today,
)

PRO = {"plan": "pro", "last_plan": "pro"}
PAYING = sub("active", ever_paid=True, first_paid_at=day(-1), invoice=paid_invoice(-1))

OPEN = [
    Case(
        f"a dispute that {words}: the tags stay true, no event goes out",
        known(PAYING, dispute(status)),
        "active",
        "full",
        "sub:active plan:pro is:disputed",
        {**PRO, "mrr": 20.0},
    )
    for words, status in (
        ("needs a response", "needs_response"),
        ("is under review", "under_review"),
        ("is an early inquiry", "warning_needs_response"),
        ("is an inquiry under review", "warning_under_review"),
        ("is appealed", "appeal_needs_response"),
        ("is appealed and under review", "appeal_under_review"),
    )
]
OVER = [
    Case(
        f"a dispute that {words} is over",
        known(PAYING, dispute(status, saw=-1, was="under_review")),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
        "converted-trial",
    )
    for words, status in (
        ("was won", "won"),
        ("never became more than an inquiry", "warning_closed"),
        ("was prevented", "prevented"),
    )
]
QUIET = [
    Case(
        "a trial in its last days is not announced while a payment is disputed",
        known(sub("trialing", trial=(-12, 2)), dispute("needs_response")),
        "trialing",
        "full",
        "sub:trialing plan:pro is:disputed",
        {**PRO, "trial_started_at": day(-12), "trial_ends_at": day(2)},
        look=day(2),
    ),
    Case(
        "who left in a dispute is not won back",
        known(sub("canceled", ever_paid=True, ended_at=day(-10)), dispute("under_review")),
        "churned",
        "none",
        "sub:churned is:disputed",
        {"last_plan": "pro", "churned_at": day(-10)},
        look=day(20),
    ),
    Case(
        "a scheduled end is still shown",
        known(sub("active", ever_paid=True, cancel_at=day(9)), dispute("needs_response")),
        "active",
        "full",
        "sub:active plan:pro is:canceling is:disputed",
        {**PRO, "mrr": 20.0, "cancels_at": day(9)},
        look=day(9),
    ),
]
BLOCKED = {**PRO, "hold_reason": "lost dispute", "instance_status": "ready", "instance_url": "https://acme.example.com"}
LOST = [
    Case(
        "a lost dispute blocks: no access, no marketing tag, no event; that money is still collected is said",
        known(PAYING, dispute("lost", saw=-0.5, was="under_review"), instance()),
        "blocked",
        "none",
        "sub:blocked",
        BLOCKED,
        instance="suspended",
        alert="dispute dp_1 was lost and blocks the account until the next payment; sub_1 goes on",
        provisioner=True,
    ),
    Case(
        "a lost dispute of somebody who has left",
        known(sub("canceled", ever_paid=True, ended_at=day(-2)), dispute("lost", saw=-1, was="needs_response")),
        "blocked",
        "none",
        "sub:blocked",
        {"last_plan": "pro", "hold_reason": "lost dispute"},
    ),
    Case(
        "staff's own word comes before the dispute's",
        known(account(hold_reason="fraud"), sub("canceled", ever_paid=True), dispute("lost")),
        "blocked",
        "none",
        "sub:blocked",
        {"last_plan": "pro", "hold_reason": "fraud"},
    ),
    Case(
        "money that came in after a lost dispute ends the block",
        known(PAYING, dispute("lost", opened=-40, saw=-9, was="under_review")),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
        "converted-trial",
    ),
    Case(
        "a lost dispute does not block what is free of charge",
        known(account(comped=True), PAYING, dispute("lost")),
        "active",
        "full",
        "sub:active plan:pro is:comped",
        {**PRO, "mrr": 20.0},
        "converted-trial",
    ),
    Case(
        "a lost dispute changes nothing where the policy keeps the account",
        known(PAYING, dispute("lost"), instance()),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0, "instance_status": "ready", "instance_url": "https://acme.example.com"},
        "converted-trial",
        instance="running",
        provisioner=True,
        config=config(policy={"lost_dispute": "keep"}),
    ),
    Case(
        "lost before our time: known, not acted on",
        known(PAYING, dispute("lost", opened=-30), born=day(-2)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
        "converted-trial",
    ),
    Case(
        "opened before our time, lost before our eyes",
        known(sub("active", ever_paid=True), dispute("lost", opened=-30, saw=-1, was="under_review"), born=day(-2)),
        "blocked",
        "none",
        "sub:blocked",
        {**PRO, "hold_reason": "lost dispute"},
        alert="dp_1 was lost",
    ),
    Case(
        "lost before a state that was lost too: the product's row still tells of the block",
        known(sub("active", ever_paid=True), dispute("lost", opened=-30, saw=0), today("none", "blocked"), born=day(0)),
        "blocked",
        "none",
        "sub:blocked",
        {**PRO, "hold_reason": "lost dispute"},
        alert="dp_1 was lost",
    ),
    Case(
        "a lost dispute earns no trial",
        known(customer(), request(), dispute("lost")),
        "blocked",
        "none",
        "sub:blocked",
        {"hold_reason": "lost dispute"},
        answers={"req_1": "refused"},
    ),
]
UNKNOWN = [
    Case(
        "a dispute in a status that nobody has heard of: everything stays, staff are told",
        known(PAYING, dispute("escalated"), today("read_only", "past_due")),
        "past_due",
        None,
        "sub:past-due plan:pro is:disputed",
        {**PRO, "mrr": 20.0},
        alert="dispute dp_1 has the unknown status 'escalated'",
    ),
    Case(
        "one of before our time in such a status: staff are told",
        known(PAYING, dispute("escalated", opened=-30), born=day(-2)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
        "converted-trial",
        alert="escalated",
    ),
]
REFUNDS = [
    Case(
        "a refund is told, no stage follows from it",
        known(sub("active", ever_paid=True), refund()),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
        "refunded-charge",
    ),
    Case(
        "two refunds in part are told twice",
        known(sub("active", ever_paid=True), refund("re_1", -2, amount=500), refund("re_2", -1, "pending", amount=500)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
        "refunded-charge refunded-charge",
    ),
    Case(
        "a refund that failed, and one of four days ago, are no news",
        known(sub("active", ever_paid=True), refund("re_1", -1, "failed"), refund("re_2", -4)),
        "active",
        "full",
        "sub:active plan:pro",
        {**PRO, "mrr": 20.0},
    ),
]
REMINDED = [
    Case(
        "a dispute that was won: the trial is announced again",
        known(sub("trialing", trial=(-13, 1)), dispute("won")),
        "trialing",
        "full",
        "sub:trialing plan:pro is:ending-soon",
        {**PRO, "trial_started_at": day(-13), "trial_ends_at": day(1)},
        "neared-trial-end",
        look=day(1),
    ),
]

CASES = [*OPEN, *OVER, *QUIET, *LOST, *UNKNOWN, *REFUNDS, *REMINDED]
