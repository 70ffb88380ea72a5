"""What people read of an account beside its stage and dates: reasons, revenue, where to pay, winning back."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.disputes import HOLD, disputed
from mappings.model import AccountFacts, Scalar, Stage, Subscription
from mappings.money import major, mrr
from mappings.occurrences import bought
from mappings.seen import RUNNING
from mappings.standing import DAY, Verdict

# Days after churn: each step stands until the next one, the last one for thirty days.
WIN_BACK = (7, 30, 90)
WIN_BACK_ENDS = 120
_TO_PAY = ("past_due", "unpaid", "awaiting_payment")
# Stages in which an open invoice is still asked for.
OWING = ("active", *_TO_PAY)
# A cut address leads nowhere, and Intercom takes 255 characters.
LONGEST = 255


def details(facts: AccountFacts, leading: Subscription | None, verdict: Verdict, now: int) -> Mapping[str, Scalar]:
    """By attribute name; None clears. ``last_mrr`` is left out where nothing was ever paid: it stays."""
    stage = verdict.stage
    found: dict[str, Scalar] = {
        "cancel_reason": _cancel_reason(leading, stage),
        "pause_reason": (leading.pause_type or None) if leading and stage == "paused" else None,
        "hold_reason": _hold_reason(facts) if stage == "blocked" else None,
        "payment_action_url": _pay_url(leading, stage),
        "overdue_invoices": _overdue(leading, stage, now),
        "win_back_step": None if disputed(facts) else _win_back(verdict, now),
        "mrr_mixed": _mixed(facts, stage),
        "reactivated_at": _reactivated_at(facts, leading, stage),
    }
    paid = max((s for s in facts.subscriptions if s.ever_paid), key=_age, default=None)
    if paid is None:
        return found
    revenue = mrr(facts, stage)
    return {**found, "last_mrr": major(paid.mrr_minor, paid.currency) if revenue is None else revenue}


def _age(sub: Subscription) -> tuple[int, str]:
    return sub.created, sub.subscription_id


def support_tier(stage: Stage) -> str:
    """``full`` for a trial as for a paying customer, and while a payment is retried; else ``basic``."""
    return "full" if stage in RUNNING else "basic"


def next_win_back(verdict: Verdict, now: int) -> int | None:
    """When the next step is reached, or the last one ends."""
    if verdict.stage != "churned" or verdict.since is None:
        return None
    steps = (verdict.since + days * DAY for days in (*WIN_BACK, WIN_BACK_ENDS))
    return min((at for at in steps if at > now), default=None)


def _win_back(verdict: Verdict, now: int) -> int | None:
    if verdict.stage != "churned" or verdict.since is None:
        return None
    passed = now - verdict.since
    reached = [days for days in WIN_BACK if passed >= days * DAY]
    return max(reached, default=None) if passed < WIN_BACK_ENDS * DAY else None


def _hold_reason(facts: AccountFacts) -> str:
    return (facts.account.hold_reason if facts.account else "") or HOLD


def _overdue(leading: Subscription | None, stage: Stage, now: int) -> int | None:
    """How many sent invoices are past their date; None where none is sent."""
    if leading is None or not leading.sends_invoices or stage not in OWING:
        return None
    return sum(at <= now for at in leading.due_at)


def _cancel_reason(leading: Subscription | None, stage: Stage) -> str | None:
    """What the customer said, else what Stripe says."""
    if leading is None or not (stage == "churned" or (leading.cancel_at and stage in RUNNING)):
        return None
    return leading.cancel_feedback or leading.cancel_reason or None


def _reactivated_at(facts: AccountFacts, leading: Subscription | None, stage: Stage) -> int | None:
    """Since when a subscription runs that was paid after an earlier one had been: the start of its first paid period,
    which later payments do not hide."""
    if leading is None or not leading.ever_paid or stage not in RUNNING:
        return None
    again = bought(leading, facts) == "reactivated-subscription"
    return max(leading.created, leading.trial_end or 0) if again else None


def _pay_url(leading: Subscription | None, stage: Stage) -> str | None:
    """The hosted page of the oldest open invoice."""
    owing = OWING if leading and leading.sends_invoices else _TO_PAY
    if leading is None or stage not in owing or len(leading.pay_url) > LONGEST:
        return None
    return leading.pay_url or None


def _mixed(facts: AccountFacts, stage: Stage) -> bool:
    running = {s.currency for s in facts.subscriptions if s.status in ("active", "past_due")}
    return stage in RUNNING and len(running) > 1
