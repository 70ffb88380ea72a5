"""What an account's subscriptions say of it, each alone and all together; without any, what the product says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from mappings.config import Config
from mappings.disputes import lost, unknown
from mappings.model import Access, AccountFacts, Seen, Stage, Subscription
from mappings.seen import paused_by_trial_end

DAY = 86400
Wanted = Literal["not_managed", "none", "running", "suspended", "deleted", "unchanged"]

# What each stage means for access and for the instance; "keep" leaves what the account has today.
RULES: Mapping[Stage, tuple[Access | Literal["keep"], Wanted]] = {
    "prospect": ("keep", "unchanged"),
    "trial_requested": ("none", "running"),
    "trialing": ("full", "running"),
    "trial_expired": ("read_only", "suspended"),
    "awaiting_payment": ("keep", "unchanged"),
    "active": ("full", "running"),
    "past_due": ("grace", "running"),
    "unpaid": ("read_only", "suspended"),
    "paused": ("read_only", "suspended"),
    "churned": ("none", "suspended"),
    "blocked": ("none", "suspended"),
    "erased": ("none", "deleted"),
}
_WORTH: Mapping[str, int] = {"full": 3, "grace": 2, "read_only": 1, "none": 0, "keep": 0}
# Among subscriptions of equal access the worst warning leads.
_WARNING: Mapping[str, int] = {"past_due": 3, "unpaid": 2, "paused": 1}
# An ended subscription leads only where none is alive, an incomplete or never started one only where nothing else is.
_ENDED, _NEVER_STARTED = ("trial_expired", "churned"), ("awaiting_payment", "prospect")
# Stripe's subscription statuses. Anything else is unknown and keeps what the account has.
STATUS = ("trialing", "active", "past_due", "unpaid", "paused", "canceled", "incomplete", "incomplete_expired")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one subscription, or the product alone, says. ``since`` is the source's date; ``seen`` what our looks saw of
    it: a read-only clock starts there. ``product``: it is the product's own trial."""

    stage: Stage
    reason: str
    since: int | None = None
    ends: tuple[int | None, ...] = ()
    seen: Seen | None = None
    product: bool = False


def leading_subscription(facts: AccountFacts, config: Config) -> Subscription | None:
    """The subscription that gives the stage: best access, then worst warning, then newest; where none is alive, the one
    that ended last, whenever it was bought."""
    known = [s for s in facts.subscriptions if s.status in STATUS]

    def rank(sub: Subscription) -> tuple[int, int, int, int, int, str]:
        judged = _judge(sub, config)
        stage = judged.stage
        alive = 0 if stage in _NEVER_STARTED else 1 if stage in _ENDED else 2
        worth = _WORTH[RULES[stage][0]] if alive == 2 else 0
        ended = judged.since or 0 if alive == 1 else 0
        return (alive, worth, _WARNING.get(stage, 0), ended, sub.created, sub.subscription_id)

    return max(known, key=rank, default=None)


def verdict_of(facts: AccountFacts, leading: Subscription | None, config: Config, now: int) -> Verdict:
    """The stage and why: what the product decides, then an unknown status, then the leading subscription."""
    account = facts.account
    if account and account.erased:
        return Verdict("erased", "the account is erased")
    if account and account.hold_reason:
        return Verdict("blocked", "the account is on hold")
    if lost(facts, config):
        return Verdict("blocked", "a payment dispute was lost")
    if any(s.status not in STATUS for s in facts.subscriptions):
        return Verdict(_stage_today(facts), "a subscription has a status that this version does not know")
    if unknown(facts):
        return Verdict(_stage_today(facts), "a payment dispute has a status that this version does not know")
    verdict = _judge(leading, config) if leading else Verdict("prospect", "there is no subscription")
    if leading:
        verdict = replace(verdict, seen=leading.seen.get("status"))
    if leading and facts.customers and all(c.deleted for c in facts.customers):
        verdict = _without_customer(facts, leading)
    if config.trials.mode == "product" and account and account.trial_ends_at is not None:
        verdict = _with_product_trial(verdict, account.trial_ends_at, now)
    if account and account.comped and verdict.stage not in ("trialing", "active"):
        return Verdict("active", "the account is free of charge")
    return verdict


def _without_customer(facts: AccountFacts, leading: Subscription) -> Verdict:
    """A deleted Stripe customer: what is known of its subscriptions may be from before. We saw it alive, so it ended
    after we were born."""
    since = leading.ended_at or facts.born_at
    if leading.ever_paid:
        return Verdict("churned", "the Stripe customer was deleted", since)
    if leading.trial_end:
        return Verdict("trial_expired", "the Stripe customer was deleted during or after the trial", since)
    return Verdict("prospect", "the Stripe customer was deleted")


def _with_product_trial(verdict: Verdict, ends: int, now: int) -> Verdict:
    """A running trial of the product counts beside ended subscriptions, an ended one beside none that ever started."""
    if ends > now and verdict.stage in (*_ENDED, *_NEVER_STARTED):
        return Verdict("trialing", "the product's trial is running", ends=(ends,), product=True)
    if ends <= now and verdict.stage in _NEVER_STARTED:
        return Verdict("trial_expired", "the product's trial has ended", ends, product=True)
    return verdict


def _stage_today(facts: AccountFacts) -> Stage:
    today = facts.access.stage if facts.access else ""
    return next((stage for stage in RULES if stage == today), "prospect")


def _judge(sub: Subscription, config: Config) -> Verdict:
    """One subscription on its own."""
    grace = (sub.open_since or sub.period_start or sub.created) + config.policy.grace_days * DAY
    match sub.status:
        case "trialing":
            return Verdict("trialing", "the trial is running", ends=(sub.trial_end,))
        case "active" if _between_trial_and_payment(sub):
            return Verdict("trialing", "the trial has ended and the first payment is on its way")
        case "active":
            return Verdict("active", "the subscription is active")
        case "past_due":
            return Verdict("past_due", "a payment failed and is being retried", sub.open_since, (grace,))
        case "unpaid":
            return Verdict("unpaid", "every payment retry failed", sub.open_since)
        case "paused" if paused_by_trial_end(sub):
            return Verdict("trial_expired", "the trial ended without a card", sub.paused_at or sub.trial_end)
        case "paused":
            return Verdict("paused", "the subscription is paused", sub.paused_at)
        case "canceled" if sub.ever_paid:
            return Verdict("churned", "the subscription ended", sub.ended_at)
        case "canceled" if sub.trial_end:
            return Verdict("trial_expired", "the trial ended without converting", sub.ended_at)
        case "incomplete":
            return Verdict("awaiting_payment", "the first payment is open")
        case _:
            return Verdict("prospect", "there is no running subscription")


def _between_trial_and_payment(sub: Subscription) -> bool:
    """Only a charge is on its way: a sent invoice takes weeks, and paused collection never ends by itself."""
    invoice = sub.invoice
    return bool(
        sub.trial_end
        and not (sub.ever_paid or sub.sends_invoices or sub.collection_paused)
        and invoice
        and invoice.status in ("draft", "open")
        and invoice.amount_due > 0
        and not invoice.attempt_count
    )
