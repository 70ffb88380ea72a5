"""What accepted requests make Stripe hold: a changed, resumed or new subscription, or a charge on a running one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mappings.config import Config
from mappings.consents import consents
from mappings.fairness import Shift
from mappings.lifecycle import Life
from mappings.model import (
    AccountFacts,
    Desired,
    Held,
    RequestId,
    Step,
    Subscription,
    Value,
    request_subject,
    subject_id,
)  # fmt: skip
from mappings.requests import ALIVE, RUNNING, Accepted
from mappings.standing import DAY

CANCELLATIONS, CHARGES = "stripe.cancellations", "stripe.charges"


def desired_changes(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The changes of a subscription that accepted requests ask for; before them, a trial end that moves, which only
    who leaves does not wait for."""
    if life.shift is not None:
        yield _shifted(facts, life.shift)
    for accepted in life.accepted:
        if accepted.verb != "charge" and (life.shift is None or accepted.verb in ("cancel", "cancel_now")):
            yield _change(facts, accepted)


def _change(facts: AccountFacts, accepted: Accepted) -> Desired:
    sub, request = accepted.subscription, accepted.request
    values = _common(facts, accepted) | {"do": accepted.verb}
    if accepted.verb == "extend":
        values["trial_end"] = (sub.trial_end or 0) + (request.days or 0) * DAY
    if accepted.verb == "keep":
        values["clear"] = "cancel_at_period_end" if sub.cancel_at_period_end else "cancel_at"
    if accepted.verb == "resume":
        values["paused_at"] = sub.paused_at
        if consents(request):
            values |= {"agreed": request.amount_minor, "currency": request.currency}
    if accepted.verb == "subscribe":
        values["price"] = accepted.price
        del values["subscription"]
        if customer := facts.living_customer:  # Whose card pays; the ended subscription may be another one's.
            values["customer"] = customer.customer_id
    if accepted.verb in ("cancel", "cancel_now"):
        values["comment"] = request.description
    return _once(CANCELLATIONS, accepted, values)


def desired_charges(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The one invoice item of an accepted charge, on the next invoice of its subscription."""
    for accepted in life.accepted:
        if accepted.verb == "charge":
            request = accepted.request
            values = _common(facts, accepted) | {
                "amount": request.amount_minor,
                "currency": request.currency.casefold(),
                "description": request.description,
            }
            yield _once(CHARGES, accepted, values)


def _shifted(facts: AccountFacts, shift: Shift) -> Desired:
    values: dict[str, Value] = {
        "do": "shift",
        "customer": shift.subscription.customer_id,
        "subscription": shift.subscription.subscription_id,
        "metadata.account_id": facts.account_id,
        "metadata.request_id": shift.request_id,
        "trial_end": shift.until,
    }
    why = "the instance was late: the trial ends later by as much"
    return Desired(CANCELLATIONS, request_subject(shift.request_id), values, once=True, lowers=True, why=why)


def _common(facts: AccountFacts, accepted: Accepted) -> dict[str, Value]:
    return {
        "customer": accepted.subscription.customer_id,
        "subscription": accepted.subscription.subscription_id,
        "metadata.account_id": facts.account_id,
        "metadata.request_id": accepted.request.request_id,
    }


def _once(target: str, accepted: Accepted, values: dict[str, Value]) -> Desired:
    """``lowers``: whatever a request makes Stripe do, it does on facts fetched in the same look."""
    request = accepted.request
    given = {name: value for name, value in values.items() if value not in (None, "")}
    why = f"{request.kind} request {request.request_id}"
    return Desired(target, request_subject(request.request_id), given, once=True, lowers=True, why=why)


def held_change(facts: AccountFacts, desired: Desired) -> Held | None:
    """The subscription that is as the request wanted it, where the facts can tell whose doing it was."""
    request, wanted, verb = subject_id(desired.subject), desired.values, str(desired.values.get("do"))
    if verb == "subscribe" and (made := facts.made_for(request)):
        return Held(made.subscription_id)
    for sub in facts.subscriptions:
        mine = sub.subscription_id == wanted.get("subscription")
        sent = mine and (request in facts.begun or verb in ("extend", "shift"))
        if sent and _is_so(verb, sub, request):
            return Held(f"{sub.subscription_id}/{request}")
    return None


def _is_so(verb: str, sub: Subscription, request: str) -> bool:
    if verb in ("extend", "shift"):
        return request == (sub.changed_by if verb == "extend" else sub.shifted_for)
    if verb == "cancel_now":
        return sub.status not in ALIVE
    if verb == "cancel":
        return bool(sub.cancel_at)
    return sub.status in RUNNING and not sub.cancel_at


def expect_change(facts: AccountFacts, step: Step, now: int) -> AccountFacts:
    """The facts once Stripe has done it."""
    made = facts.made | {subject_id(step.subject)}
    if step.values["do"] == "subscribe":
        return replace(facts, made=made, subscriptions=(*facts.subscriptions, _new(facts, step, now)))
    changed = tuple(
        _after(step, sub, now) if sub.subscription_id == step.values["subscription"] else sub
        for sub in facts.subscriptions
    )
    return replace(facts, made=made, subscriptions=changed)


def _after(step: Step, sub: Subscription, now: int) -> Subscription:
    verb, until = step.values["do"], step.values.get("trial_end")
    if isinstance(until, int):
        moved = replace(sub, trial_end=until, period_end=until)
        request = subject_id(step.subject)
        return replace(moved, shifted_for=request) if verb == "shift" else replace(moved, changed_by=request)
    if verb == "cancel":
        return replace(sub, cancel_at=sub.period_end, cancel_at_period_end=True, canceled_at=now)
    if verb == "cancel_now":
        return replace(sub, status="canceled", canceled_at=now, ended_at=now)
    if verb == "keep":
        return replace(sub, cancel_at=None, cancel_at_period_end=False, canceled_at=None)
    return replace(sub, status="active", pause_type="", paused_at=None, ever_paid=True, first_paid_at=now)


def _new(facts: AccountFacts, step: Step, now: int) -> Subscription:
    request = subject_id(step.subject)
    ended = [s for s in facts.subscriptions if str(step.values["price"]) in s.price_ids]
    return Subscription(
        subscription_id="(new subscription)",
        customer_id=str(step.values["customer"]),
        status="active",
        created=now,
        price_ids=(str(step.values["price"]),),
        currency=ended[-1].currency if ended else "",
        mrr_minor=ended[-1].mrr_minor if ended else 0,
        period_start=now,
        account_id=facts.account_id,
        request_id=RequestId(request),
        ever_paid=True,
        first_paid_at=now,
    )


def expect_charge(facts: AccountFacts, step: Step, now: int) -> AccountFacts:
    return replace(facts, made=facts.made | {subject_id(step.subject)})
