"""Requests to cancel, keep, reactivate and charge, and to extend a trial: each gets one answer with a reason, or is
the one to carry out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mappings.catalog import Catalog
from mappings.config import Config
from mappings.consents import LASTS, about, consents
from mappings.disputes import lost
from mappings.exclusion import excluded
from mappings.links import NO_CARD, PAYMENT_OPEN
from mappings.model import AccountFacts, Request, RequestId, Subscription
from mappings.standing import DAY, leading_subscription
from mappings.trials import MAX_DAYS, PATIENCE, UNKNOWN, Answer, extends

Verb = Literal["cancel", "cancel_now", "keep", "resume", "subscribe", "charge", "extend"]
KINDS = ("cancel", "keep", "reactivate", "charge")
# Stripe API: an amount has at most eight digits.
MAX_AMOUNT = 99_999_999
RUNNING = ("trialing", "active", "past_due")
ALIVE = (*RUNNING, "unpaid", "paused", "incomplete")
# Unanswered, or waiting for a person or a setting.
OPEN = ("", "held")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request to carry out now: ``verb`` on ``subscription``; ``price`` for a new one, beside the ended one."""

    request: Request
    verb: Verb
    subscription: Subscription
    price: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """``answers``: request -> (answer, reason). ``accepted``: the oldest one that is still to be carried out; all
    behind it wait for it, because it may change what they ask of. Only who leaves or stays does not wait for a charge
    or a longer trial: such a request comes second. ``next_look_at``: when a request has waited long enough for its
    account, or a consent for its payment method."""

    answers: Mapping[RequestId, Answer] = field(default_factory=dict)
    accepted: tuple[Accepted, ...] = ()
    next_look_at: int | None = None


def changes(request: Request) -> bool:
    """Whether it asks for something to happen to a subscription that is there."""
    return request.kind in KINDS or extends(request)


def asked(facts: AccountFacts, config: Config, catalog: Catalog, trial: Request | None, now: int) -> Asked:
    """Requests before the birth line are known, not acted on. ``trial``: the one being started, which comes first."""
    answers: dict[RequestId, Answer] = {}
    accepted: list[Accepted] = []
    waits: list[int] = []
    for request in sorted(facts.requests, key=_age):
        if not changes(request) or request.answer not in OPEN:
            continue
        if request.requested_at < facts.born_at and not request.problem:
            continue
        if trial is not None and _age(trial) < _age(request):
            break
        if accepted and request.kind not in ("cancel", "keep"):
            continue
        decided = decide(request, facts, config, catalog, now)
        if isinstance(decided, Accepted):
            accepted.append(decided)
            if decided.verb not in ("charge", "extend"):
                break
        elif decided is None:
            waits.append(request.requested_at + (PATIENCE if _unknown(facts) else LASTS + 1))
        else:
            answers[request.request_id] = decided
    return Asked(answers, tuple(accepted), min(waits, default=None))


def decide(
    request: Request, facts: AccountFacts, config: Config, catalog: Catalog, now: int
) -> Answer | Accepted | None:
    """One request alone; None while it waits. What was or may have been sent is not judged again: only its outcome
    counts."""
    sub = leading_subscription(facts, config)
    if request.request_id in facts.made or (request.request_id in facts.begun and _reached(request, sub)):
        return _outcome(request, facts, sub)
    if request.problem:
        return "refused", request.problem
    if _unknown(facts):
        return None if now < request.requested_at + PATIENCE else UNKNOWN
    if request.kind == "charge":
        return _charge(request, facts, sub, config)
    if refusal := _refusal(request, facts, config):
        return "refused", refusal
    if request.kind == "trial":
        return _extend(request, sub, now)
    if request.kind == "cancel":
        return _cancel(request, sub)
    if consents(request):
        return _agreed(request, facts, sub, now)
    return _keep(request, sub) if request.kind == "keep" else _reactivate(request, facts, sub, catalog)


def _age(request: Request) -> tuple[int, RequestId]:
    return request.requested_at, request.request_id


def _alive(sub: Subscription | None) -> bool:
    return sub is not None and sub.status in ALIVE


def _reached(request: Request, sub: Subscription | None) -> bool:
    """Whether what was asked for is so. A charge leaves no trace on the subscription."""
    if request.kind == "charge":
        return False
    if request.kind == "trial":
        return bool(sub and sub.changed_by == request.request_id)
    if request.kind == "cancel":
        return sub is None or not _alive(sub) or bool(sub.cancel_at and request.days is None)
    return bool(sub and sub.status in RUNNING and not sub.cancel_at)


def _outcome(request: Request, facts: AccountFacts, sub: Subscription | None) -> Answer:
    made = facts.made_for(request.request_id)
    if made and made.status in ("incomplete", "incomplete_expired"):
        return "failed", "the first payment of the new subscription failed"
    if request.kind == "reactivate" and not made and sub and sub.status == "past_due":
        return "failed", "the subscription was resumed, but its payment failed"
    if request.kind == "cancel" and _alive(sub):
        return "accepted", "the subscription ends at the end of its period"
    done = {
        "charge": "the amount comes with the next invoice",
        "cancel": "the subscription is cancelled",
        "keep": "the cancellation was taken back",
        "reactivate": "the subscription runs again",
        "trial": "the trial was extended",
    }
    return "accepted", done[request.kind]


def _unknown(facts: AccountFacts) -> bool:
    return not (facts.people or facts.account or facts.customers)


def _refusal(request: Request, facts: AccountFacts, config: Config) -> str:
    account = facts.account
    if excluded(facts, config):
        return "the account is excluded"
    if account and request.kind != "cancel" and (account.erased or account.hold_reason):
        return "the account is on hold or erased"
    if request.kind != "cancel" and lost(facts, config):
        return "a payment dispute was lost"
    if sum(s.status in RUNNING for s in facts.subscriptions) > 1:
        return "several subscriptions are running: change the one that is meant in Stripe"
    return ""


def _cancel(request: Request, sub: Subscription | None) -> Answer | Accepted:
    if sub is None or not _alive(sub):
        return "refused", "there is no subscription to cancel"
    if request.days not in (None, 0):
        return "refused", "days must be empty (at the end of the period) or 0 (at once)"
    if request.days == 0 or sub.status not in ("trialing", "active"):
        return Accepted(request, "cancel_now", sub)
    if sub.cancel_at:
        return "already", "the cancellation is scheduled"
    return Accepted(request, "cancel", sub)


def _extend(request: Request, sub: Subscription | None, now: int) -> Answer | Accepted:
    """Stripe API: a trial ends at most 730 days from now."""
    if not request.description:
        return "refused", "staff give a reason in description"
    if sub is None or sub.status != "trialing" or sub.trial_end is None or sub.trial_end <= now:
        return "refused", "no trial is running that could be extended"
    if sub.cancel_at:
        return "refused", "a cancellation is scheduled: keep the subscription first"
    if request.days is None or request.days < 1 or sub.trial_end + request.days * DAY > now + MAX_DAYS * DAY:
        return "refused", f"a trial is extended by 1 day or more and ends at most {MAX_DAYS} days from now"
    return Accepted(request, "extend", sub)


def _keep(request: Request, sub: Subscription | None) -> Answer | Accepted:
    if sub is None or not _alive(sub):
        return "refused", "there is no running subscription to keep"
    if not sub.cancel_at:
        return "refused", "no cancellation is scheduled"
    return Accepted(request, "keep", sub)


def _reactivate(request: Request, facts: AccountFacts, sub: Subscription | None, catalog: Catalog) -> Answer | Accepted:
    if sub is None or sub.status == "incomplete_expired":
        return "refused", "there is nothing to reactivate"
    if sub.status == "paused":
        return Accepted(request, "resume", sub) if _has_card(facts, sub) else _NO_CARD
    if sub.status in ("unpaid", "past_due", "incomplete"):
        return "refused", PAYMENT_OPEN
    if sub.status != "canceled":
        return Accepted(request, "keep", sub) if sub.cancel_at else ("already", "the subscription is running")
    if not facts.made_for(request.request_id) and any(s.status == "incomplete" for s in facts.subscriptions):
        return "refused", PAYMENT_OPEN  # Of a Checkout or another request: a second one would be paid for beside it.
    price = _price(request, sub, catalog)
    if not price:
        return "refused", "it is not clear at which price: name a plan that Stripe has an active price for"
    return Accepted(request, "subscribe", sub, price) if _has_card(facts) else _NO_CARD


def _agreed(request: Request, facts: AccountFacts, sub: Subscription | None, now: int) -> Answer | Accepted | None:
    """A consent is for one pause: nothing else is started with it."""
    if sub is None or sub.status != "paused" or not about(request, sub):
        running = sub is not None and sub.status in RUNNING
        return ("already", "the subscription is running") if running else ("refused", "the subscription has moved on")
    if request.request_id in facts.rejected:
        return "failed", "it was not carried out at the amount that was agreed to: the billing link asks again"
    if request.request_id in facts.begun:
        return Accepted(request, "resume", sub)
    if now > request.requested_at + LASTS:
        return "refused", "no payment method came within a day: the billing link asks again"
    return Accepted(request, "resume", sub) if _has_card(facts, sub) else None


_NO_CARD: Answer = ("refused", NO_CARD)


def _has_card(facts: AccountFacts, sub: Subscription | None = None) -> bool:
    """For a new subscription only the customer's own default counts, and only where there is one customer."""
    customer = facts.living_customer
    return bool((customer and customer.has_payment_method) or (sub and sub.has_payment_method))


def _price(request: Request, ended: Subscription, catalog: Catalog) -> str:
    """That of the plan asked for; else what was paid before, where that was one price of a plan."""
    if request.plan:
        return catalog.prices.get(request.plan, "")
    return ended.price_ids[0] if len(ended.price_ids) == 1 and catalog.plan_of(ended) else ""


def _charge(request: Request, facts: AccountFacts, sub: Subscription | None, config: Config) -> Answer | Accepted:
    if request.request_id in facts.begun and sub:
        return Accepted(request, "charge", sub)
    if refusal := _refusal(request, facts, config) or _wrong_amount(request):
        return "refused", refusal
    if sub is None or sub.status not in RUNNING:
        return "refused", "there is no running subscription"
    if sub.cancel_at:
        return "refused", "the subscription ends: no further invoice would carry the charge"
    if request.currency.casefold() != sub.currency:
        return "refused", f"the subscription is in {sub.currency}"
    if config.policy.max_charge_minor is None:
        return "held", "charges are held until policy.max_charge_minor is set"
    if (request.amount_minor or 0) > config.policy.max_charge_minor:
        return "held", f"more than policy.max_charge_minor ({config.policy.max_charge_minor})"
    return Accepted(request, "charge", sub)


def _wrong_amount(request: Request) -> str:
    if request.amount_minor is None or request.amount_minor <= 0:
        return "amount_minor must be above zero"
    if request.amount_minor > MAX_AMOUNT:
        return f"amount_minor is more than Stripe takes ({MAX_AMOUNT})"
    return ""
