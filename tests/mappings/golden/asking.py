"""Who asks for a trial, and what each request is told."""

from dataclasses import replace

from golden.words import Case, account, config, day, known, minutes, morning, person, request, sub, today

PRO = {"plan": "pro", "last_plan": "pro"}
RUNNING = {**PRO, "trial_started_at": day(-4)}

ASKED = {"stage": "prospect", "access": "none", "tags": "sub:prospect"}
CASES = [
    Case(
        "one request starts a trial, the later one is told so",
        known(request("req_b", -0.5), request("req_a", -0.1)),
        "trial_requested",
        "none",
        "sub:trial-requested",
        answers={"req_a": "already"},
        starts="price_pro",
    ),
    Case(
        "the trial that a request asked for is there",
        known(request(), sub("trialing", trial=(-4, 10), request_id="req_1")),
        "trialing",
        "full",
        "sub:trialing plan:pro",
        {**RUNNING, "trial_ends_at": day(10)},
        look=morning(3),
        answers={"req_1": "accepted"},
    ),
    Case(
        "asked again during the trial",
        known(request(), sub("trialing", trial=(-4, 10))),
        "trialing",
        "full",
        "sub:trialing plan:pro",
        {**RUNNING, "trial_ends_at": day(10)},
        look=morning(3),
        answers={"req_1": "already"},
    ),
    Case(
        "asked again after the trial",
        known(request(), sub("paused", trial=(-30, -16), paused_at=day(-16))),
        "trial_expired",
        "none",
        "sub:trial-expired",
        {
            "last_plan": "pro",
            "trial_started_at": day(-30),
            "trial_ends_at": day(-16),
            "trial_expired_at": day(-16),
        },
        answers={"req_1": "refused"},
    ),
    Case(
        "the trial was used by another account of hers",
        known(request(), redeemed=("req_0",)),
        **ASKED,
        answers={"req_1": "refused"},
    ),
    Case(
        "the request's own redemption does not refuse it",
        known(request(), redeemed=("req_1",)),
        "trial_requested",
        "none",
        "sub:trial-requested",
        starts="price_pro",
    ),
    Case(
        "churned without ever having had a trial: may have one",
        known(request(), sub("canceled", ever_paid=True, ended_at=day(-9))),
        "trial_requested",
        "none",
        "sub:trial-requested",
        {"last_plan": "pro"},
        starts="price_pro",
    ),
    Case(
        "asked before our time", known(request(asked=-101)), **ASKED, alert="1 request is older than this installation"
    ),
    Case("answered already", known(request(answer="refused")), **ASKED),
    Case("not a request for a trial", known(request(kind="party")), **ASKED, alert="of kind 'party'"),
    Case("no such plan", known(request(plan="gold")), **ASKED, answers={"req_1": "refused"}),
    Case("a plan without a price in Stripe", known(request(plan="gone")), **ASKED, answers={"req_1": "refused"}),
    Case("too many days", known(request(days=731)), **ASKED, answers={"req_1": "refused"}),
    Case("no days at all", known(request(days=0)), **ASKED, answers={"req_1": "refused"}),
    Case(
        "a request that cannot be read",
        known(request(problem="days is not a number")),
        **ASKED,
        answers={"req_1": "refused"},
    ),
    Case(
        "others start trials here",
        known(request()),
        **ASKED,
        answers={"req_1": "refused"},
        config=config(trials={"mode": "observe"}),
    ),
    Case(
        "the product may still tell of this account",
        known(request("req_1", -10 / 1440), request("req_2", -9 / 1440), people=()),
        "prospect",
        None,
        look=minutes(5),
    ),
    Case(
        "nobody knows this account",
        known(request("req_1", -15 / 1440), people=()),
        "prospect",
        None,
        answers={"req_1": "refused"},
    ),
    Case(
        "Stripe did not accept the first one's trial: the next one starts",
        replace(known(request("req_1", -0.2), request("req_2", -0.1)), rejected=frozenset({"req_1"})),
        "trial_requested",
        "none",
        "sub:trial-requested",
        answers={"req_1": "failed"},
        starts="price_pro",
        alert="request req_1 failed: Stripe did not accept the trial",
    ),
    Case(
        "asked before our time, unreadable",
        known(request(asked=-101, problem="days is not a number")),
        **ASKED,
        alert="1 request is older",
    ),
    Case(
        "it cannot be read when it was asked",
        known(replace(request(problem="requested_at is missing"), requested_at=0)),
        **ASKED,
        answers={"req_1": "refused"},
    ),
    Case(
        "an account left alone",
        known(account(excluded=True), request()),
        "prospect",
        "none",
        answers={"req_1": "refused"},
    ),
    Case(
        "an account on hold",
        known(account(hold_reason="fraud"), request()),
        "blocked",
        "none",
        "sub:blocked",
        {"hold_reason": "fraud"},
        answers={"req_1": "refused"},
    ),
    Case(
        "beside a subscription whose status is unknown",
        known(request(), sub("odd"), today("full", "active")),
        "active",
        None,
        "sub:active",
        answers={"req_1": "already"},
        alert="unknown status 'odd'",
    ),
    Case(
        "a new member of a comped firm asks: she gets her trial",
        known(account(comped=True), request(), people=(person("olga"), person("mia", "member"))),
        "active",
        "full",
        "sub:active is:comped",
        starts="price_pro",
    ),
]
