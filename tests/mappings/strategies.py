"""Any account that could be: every status, missing dates, unknown words, people and subscriptions in any number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from golden.words import ACME, CATALOG, NOW, config, day
from hypothesis import strategies as st

from mappings.disputes import OPEN, OVER
from mappings.model import (
    AccessRow,
    Account,
    AccountFacts,
    AccountId,
    Customer,
    Desired,
    Dispute,
    Instance,
    Invoice,
    Occurrence,
    Person,
    Refund,
    Request,
    RequestId,
    Seen,
    Subject,
    Subscription,
    UserId,
)
from mappings.standing import RULES, STATUS

instants = st.none() | st.sampled_from([0, NOW, day(-100), 2**40]) | st.integers(-40, 40).map(day)
booleans = st.booleans()
ids = st.sampled_from(["a", "b", "c"])

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "x", "yes", "false", "7"])
traits = st.dictionaries(st.sampled_from(["x", "y", "secret"]), scalars, max_size=2)
states = ["", "none", "yes", "no", "lost", "active", "paused", "expired", "unpaid", "past_due", "a#1", "a#2"]
seen = st.dictionaries(
    st.sampled_from(["status", "cancel", "attempt", "card", "paid", "trial", "comped", "access", "trait:x"]),
    st.builds(Seen, st.sampled_from(states), st.integers(-40, 0).map(day), st.sampled_from(states)),
)
invoices = st.builds(
    Invoice,
    ids,
    st.sampled_from(["draft", "open", "paid", "void", "uncollectible", "odd"]),
    amount_due=st.integers(0, 2),
    amount_paid=st.integers(0, 2),
    attempt_count=st.integers(0, 3),
    next_attempt_at=instants,
    due_at=instants,
    finalized_at=instants,
    paid_at=instants,
)
subscriptions = st.builds(
    Subscription,
    subscription_id=ids,
    customer_id=ids,
    status=st.sampled_from([*STATUS, "odd", ""]),
    created=st.integers(-3, 0).map(day),
    price_ids=st.sampled_from([(), ("price_pro",), ("price_team",), ("price_old",), ("price_old", "price_free")]),
    currency=st.sampled_from(["", "usd", "eur", "jpy"]),
    mrr_minor=st.integers(0, 5000),
    trial_start=instants,
    trial_end=instants,
    period_start=instants,
    cancel_at=instants,
    canceled_at=instants,
    ended_at=instants,
    pause_type=st.sampled_from(["", "odd", "pause_requested", "trial_end_without_payment_method"]),
    paused_at=instants,
    request_id=st.sampled_from(["", "a", "b"]),
    has_payment_method=booleans,
    sends_invoices=booleans,
    collection_paused=booleans,
    due_at=st.lists(st.integers(-40, 40).map(day), max_size=2).map(tuple),
    open_since=instants,
    ever_paid=booleans,
    first_paid_at=instants,
    invoice=st.none() | invoices,
    seen=seen,
)
disputes = st.builds(
    Dispute,
    ids,
    st.sampled_from([*OPEN, *OVER, "lost", "lost", "odd", ""]),
    st.integers(-120, 0).map(day),
    seen=seen,
)
refunds = st.builds(
    Refund, ids, st.sampled_from(["succeeded", "pending", "failed", "odd"]), st.integers(-9, 0).map(day)
)
accounts = st.builds(
    Account,
    st.just(ACME),
    name=st.sampled_from(["", "Acme"]),
    trial_ends_at=instants,
    comped=booleans,
    hold_reason=st.sampled_from(["", "", "fraud"]),
    excluded=booleans,
    erased=st.sampled_from([False, False, True]),
    traits=traits,
    timezone=st.sampled_from(["", "Pacific/Auckland", "nowhere"]),
    seen=seen,
)
people = st.builds(
    Person,
    st.sampled_from([UserId(user) for user in "abc"]),
    st.sampled_from([ACME, AccountId("beta"), AccountId("a")]),
    email=st.sampled_from(["", "a@example.com", "b@example.com"]),
    role=st.sampled_from(["owner", "billing", "member"]),
    name=st.sampled_from(["", "Olga"]),
    joined_at=instants,
    signed_up_at=instants,
    erased=booleans,
    last_seen_at=instants,
    traits=traits,
    seen=seen,
    problem=st.sampled_from(["", "", "there is no e-mail"]),
)
requests = st.builds(
    Request,
    ids.map(RequestId),
    st.just(ACME),
    st.sampled_from(["trial", "trial", "cancel", "keep", "reactivate", "charge", "odd"]),
    st.integers(-101, 0).map(day),
    user_id=ids,
    plan=st.sampled_from(["pro", "team", "gone", "gold", ""]),
    days=st.none() | st.integers(-1, 800),
    amount_minor=st.none() | st.sampled_from([-1, 0, 1, 10**12]),
    currency=st.sampled_from(["", "usd", "EUR"]),
    answer=st.sampled_from(["", "", "accepted", "refused", "held"]),
    problem=st.sampled_from(["", "", "days is not a number"]),
)
instances = st.builds(
    lambda generation, **rest: Instance(f"acme-{generation}", ACME, generation, **rest),
    st.integers(1, 3),
    status=st.sampled_from(["provisioning", "ready", "suspended", "deleted", "failed"]),
    ready_at=instants,
    revision=st.integers(0, NOW * 2),
)
rows = st.builds(
    AccessRow,
    st.just(ACME),
    stage=st.sampled_from([*RULES, "odd", ""]),
    access=st.sampled_from(["full", "grace", "read_only", "none", "odd", ""]),
    seen=seen,
)


def several(strategy: st.SearchStrategy[Any], key: Any, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most, unique_by=key).map(tuple)


@st.composite
def facts(draw: st.DrawFn) -> AccountFacts:
    known = draw(several(people, lambda p: (p.user_id, p.account_id), 5))
    return AccountFacts(
        ACME,
        account=draw(st.none() | accounts),
        people=tuple(p for p in known if p.account_id == ACME),
        elsewhere=tuple(p for p in known if p.account_id != ACME),
        customers=draw(
            several(
                st.builds(Customer, ids, st.integers(0, 2), deleted=booleans, has_payment_method=booleans, seen=seen),
                lambda c: c.customer_id,
            )
        ),
        subscriptions=draw(several(subscriptions, lambda s: s.subscription_id)),
        disputes=draw(several(disputes, lambda d: d.dispute_id)),
        refunds=draw(several(refunds, lambda r: r.refund_id)),
        requests=draw(several(requests, lambda r: r.request_id)),
        instances=draw(several(instances, lambda i: i.name)),
        access=draw(st.none() | rows),
        redeemed_by=draw(st.dictionaries(ids, st.frozensets(ids, max_size=1), max_size=2)),
        rejected=frozenset(draw(st.sets(ids, max_size=1))),
        made=frozenset(draw(st.sets(ids, max_size=1))),
        begun=frozenset(draw(st.sets(ids, max_size=1))),
        born_at=draw(st.sampled_from([0, day(-100), day(-1), NOW])),
    )


configs = st.builds(
    lambda mode, access, instances, lost, traits, steps: config(
        trials={"mode": mode},
        policy={"access_without_subscription": access, "instances": instances, "lost_dispute": lost},
        traits=dict.fromkeys("xyz", traits),
        journey={"steps": steps},
    ),
    st.sampled_from(["stripe", "stripe", "product", "observe"]),
    st.sampled_from(["full", "none"]),
    st.sampled_from(["requests", "all"]),
    st.sampled_from(["block", "block", "keep"]),
    st.builds(
        lambda kind, level: {"type": kind, "level": level},
        st.sampled_from(["boolean", "integer", "float", "string", "date"]),
        st.sampled_from(["person", "account"]),
    ),
    st.lists(st.sampled_from("xyz"), max_size=2, unique=True),
)
catalogs = st.just(CATALOG)


@st.composite
def shuffled(draw: st.DrawFn, given: AccountFacts) -> AccountFacts:
    """The same facts, told in another order."""
    parts = ("people", "elsewhere", "customers", "subscriptions", "disputes", "refunds", "requests", "instances")
    return replace(given, **{name: tuple(draw(st.permutations(getattr(given, name)))) for name in parts})


@st.composite
def twice(draw: st.DrawFn) -> tuple[AccountFacts, AccountFacts]:
    given = draw(facts())
    return given, draw(shuffled(given))


words = st.text(st.sampled_from("ab é:#\U0001f600"), min_size=1, max_size=4)
values = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "1"]) | st.floats(-1, 1)
occurrences = st.builds(Occurrence, words, words, st.integers(0, 5))


@st.composite
def desires(draw: st.DrawFn) -> Desired:
    """Anything that a mapping could want of a target."""
    wanted = draw(st.dictionaries(words, values, max_size=4))
    return Desired(
        draw(words),
        Subject("person:" + draw(words | st.just("x" * 200))),
        wanted,
        sets=draw(st.dictionaries(words, st.frozensets(words, max_size=3), max_size=2)),
        beside=draw(st.dictionaries(words.map(lambda w: "match." + w), values, max_size=1)),
        occurrences=draw(st.lists(occurrences, max_size=3, unique_by=lambda o: o.key).map(tuple)),
        born_with=draw(st.none() | st.frozensets(st.sampled_from(sorted(wanted)), max_size=2) if wanted else st.none()),
        whole=draw(booleans),
        once=draw(booleans),
        create=draw(st.sampled_from([True, True, False])),
        problem=draw(st.sampled_from(["", "", "", "unusable"])),
        lowers=draw(booleans),
        keep=draw(st.frozensets(words, max_size=2)),
    )
