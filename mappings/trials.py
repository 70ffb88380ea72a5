"""Who may start a trial: each unanswered request gets one answer with a reason, or is the one to start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.catalog import Catalog
from mappings.config import Config
from mappings.disputes import lost
from mappings.exclusion import excluded
from mappings.links import PAID_LATE, PAID_OPEN, TRIAL_USED
from mappings.model import AccountFacts, Request, RequestId, Subscription
from mappings.seen import paused_by_trial_end

Answer = tuple[str, str]
_USED: Answer = ("refused", TRIAL_USED)
# For good, so it is given only with what the product shows in the same look.
UNKNOWN: Answer = ("refused", "the product does not know this account")
MAX_DAYS = 730
# How long a request waits for the product to tell of its account.
PATIENCE = 15 * 60
STAFF = "staff:"
# Statuses that hold no place any more: a trial beside any other, an unknown one too, makes no sense.
OVER = ("canceled", "incomplete_expired")


@dataclass(frozen=True, slots=True)
class Decision:
    """``answers``: request -> (answer, reason). ``start``: the accepted request still without a trial, at ``price``;
    ``paid``: the one that gets a paid subscription instead. ``next_look_at``: when a request has waited long enough for
    its account."""

    answers: Mapping[RequestId, Answer] = field(default_factory=dict)
    start: Request | None = None
    paid: Request | None = None
    price: str = ""
    next_look_at: int | None = None


def decide(facts: AccountFacts, config: Config, catalog: Catalog, now: int) -> Decision:
    """Requests before the birth line are known, not acted on; the oldest unanswered one wins."""
    answers: dict[RequestId, Answer] = {}
    start: Request | None = None
    paid = False
    waits: list[int] = []
    for request in sorted(facts.requests, key=_age):
        if request.answer or too_old(request, facts.born_at) or request.kind != "trial" or extends(request):
            continue
        if made := facts.made_for(request.request_id):
            answers[request.request_id] = _started(made)
        elif request.request_id in facts.rejected:
            answers[request.request_id] = ("failed", "Stripe did not accept the trial")
        elif not facts.people and not facts.account and now < request.requested_at + PATIENCE:
            waits.append(request.requested_at + PATIENCE)
        elif start is not None:
            answers[request.request_id] = ("already", f"request {start.request_id} came first")
        elif (answer := _refusal(request, facts, config, catalog)) is None:
            start = request
        elif answer == _USED and _starts_paid(facts, config):
            start, paid = request, True
        else:
            answers[request.request_id] = answer
    price = catalog.prices[start.plan] if start else ""
    trial, bought = (None, start) if paid else (start, None)
    return Decision(answers, trial, bought, price, min(waits, default=None))


def _starts_paid(facts: AccountFacts, config: Config) -> bool:
    """Whether who had a trial may buy at once: not beside an own one that is paused, which its billing link resumes."""
    return config.trials.refused_starts_paid and all(s.status in OVER for s in facts.subscriptions)


def _started(sub: Subscription) -> Answer:
    """What became of a request: its trial, or the paid subscription that it got instead."""
    if sub.trial_start:
        return "accepted", "the trial was started"
    if sub.status == "incomplete":
        return "refused", PAID_OPEN
    if sub.status == "incomplete_expired":
        return "refused", PAID_LATE
    return "refused", f"{TRIAL_USED}: a paid subscription was started instead"


def too_old(request: Request, born_at: int) -> bool:
    """Asked before the birth line. A request whose time cannot be read is not old: it is refused with that reason."""
    return request.requested_at < born_at and not (request.problem and not request.requested_at)


def by_staff(request: Request) -> bool:
    """Whether a person of ours asks, by name: ``requested_by`` is ``staff:`` and who it is."""
    return len(request.requested_by) > len(STAFF) and request.requested_by.startswith(STAFF)


def extends(request: Request) -> bool:
    """Whether staff ask for a longer trial instead of a new one: they name no plan."""
    return request.kind == "trial" and by_staff(request) and not request.plan


def had_trial(facts: AccountFacts, request: Request) -> bool:
    """Whether a trial of the account, of who asks or of the billing contact was used before this request."""
    used = facts.redeemed_by.get(request.request_id, frozenset())
    return bool(used - {request.request_id}) or any(s.trial_start for s in facts.subscriptions)


def overrides(request: Request) -> bool:
    """Whether staff grant a trial to somebody who has had one; the reason is in ``description``."""
    return request.kind == "trial" and by_staff(request) and bool(request.plan and request.description)


def _refusal(request: Request, facts: AccountFacts, config: Config, catalog: Catalog) -> Answer | None:
    account = facts.account
    if request.problem:
        return "refused", request.problem
    if config.trials.mode != "stripe":
        return "refused", f"trials are not started by Instep (trials.mode is {config.trials.mode})"
    if not facts.people and not account:
        return UNKNOWN
    if excluded(facts, config) or (account and (account.erased or account.hold_reason)):
        return "refused", "the account is excluded, on hold or erased"
    if lost(facts, config):
        return "refused", "a payment dispute was lost"
    if request.plan not in config.plans:
        return "refused", f"instep.toml has no plan {request.plan!r}"
    if request.plan not in catalog.prices:
        return "refused", f"Stripe has no active price for plan {request.plan!r}"
    if request.days is not None and not 1 <= request.days <= MAX_DAYS:
        return "refused", f"a trial lasts 1 to {MAX_DAYS} days"
    if any(s.status not in OVER and not _expired(s) for s in facts.subscriptions):
        return "already", "the account has a trial or a subscription"
    if _overtaken(request, facts):
        return "already", "the account had a subscription, which a later request has cancelled"
    if had_trial(facts, request) and not overrides(request):
        return ("refused", "staff give a reason in description") if by_staff(request) else _USED
    return None


def _overtaken(request: Request, facts: AccountFacts) -> bool:
    """Whether a later cancellation is, or may be, carried out. It would have waited for a trial that was to be started:
    the answer stays what it was then."""
    done = facts.made | facts.begun
    later = (r for r in facts.requests if r.kind == "cancel" and _age(r) > _age(request))
    return any(r.answer == "accepted" or r.request_id in done for r in later)


def _age(request: Request) -> tuple[int, RequestId]:
    return request.requested_at, request.request_id


def _expired(sub: Subscription) -> bool:
    return sub.status == "paused" and paused_by_trial_end(sub)
