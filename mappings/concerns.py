"""What an account asks of a person: which of its customers to keep, old requests, and whatever else to know."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from mappings.alerts import alerts
from mappings.config import Config
from mappings.deciding import IGNORE, LINK, START
from mappings.exclusion import excluded
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Request, RequestId, Subject, account_subject, request_subject
from mappings.requests import KINDS
from mappings.trials import OVER, too_old


@dataclass(frozen=True, slots=True)
class Concern:
    """``decision``: what is proposed, as `instep resolve` takes it."""

    kind: Literal["alert", "conflict", "parked"]
    subject: Subject
    reason: str
    proposal: str = ""
    decision: str = ""


def concerns(facts: AccountFacts, life: Life, config: Config, unsent: bool = False) -> list[Concern]:
    """In a fixed order, so that the same facts ask the same. Nothing is asked of an account that is left alone.
    ``unsent``: what its customer should hold has not been sent."""
    if excluded(facts, config):
        return []
    return [*_customers(facts), *_requests(facts), *_alerts(facts, life, unsent)]


def _alerts(facts: AccountFacts, life: Life, unsent: bool) -> Iterator[Concern]:
    if told := alerts(facts, life, unsent):
        yield Concern("alert", account_subject(facts.account_id), "; ".join(told))


def _customers(facts: AccountFacts) -> Iterator[Concern]:
    live = sorted(c.customer_id for c in facts.customers if not c.deleted)
    if len(live) > 1:
        best, why = survivor(facts)
        reason = f"several Stripe customers belong to this account: {', '.join(live)}"
        proposal = f"keep {best}, which {why}; the others stay in Stripe and are left out here"
        yield Concern("conflict", account_subject(facts.account_id), reason, proposal, f"{LINK} {best}")


def survivor(facts: AccountFacts) -> tuple[str, str]:
    """Of several Stripe customers the one to keep, and why: a living subscription, then a card, then the oldest."""
    alive = {s.customer_id for s in facts.subscriptions if s.status not in OVER}
    living = [c for c in facts.customers if not c.deleted]
    best = min(living, key=lambda c: (c.customer_id not in alive, not c.has_payment_method, c.created, c.customer_id))
    if best.customer_id in alive:
        return best.customer_id, "has the subscription"
    return best.customer_id, "has a payment method" if best.has_payment_method else "is the oldest"


def with_kept(facts: AccountFacts, kept: str) -> AccountFacts:
    """The other customers count as deleted ones: known, and nothing is done with them. That stands as long as ``kept``
    lives and no other one has a living subscription: money that moves is asked about again."""
    if running_elsewhere(facts, kept) or not any(c.customer_id == kept and not c.deleted for c in facts.customers):
        return facts
    others = (c if c.customer_id == kept else replace(c, deleted=True) for c in facts.customers)
    return replace(facts, customers=tuple(others))


def running_elsewhere(facts: AccountFacts, kept: str) -> str:
    """A living subscription that is not of ``kept``, or an empty text."""
    found = (s for s in facts.subscriptions if s.customer_id != kept and s.status not in OVER)
    return next((s.subscription_id for s in found), "")


def _requests(facts: AccountFacts) -> Iterator[Concern]:
    for request in waiting_since_before(facts):
        kind = request.kind if request.kind in ("trial", *KINDS) else "something unknown"
        reason = f"a request for {kind} is older than this installation and not acted on"
        proposal = f"ignore it, or `{START}` it as if it came now"
        yield Concern("parked", request_subject(request.request_id), reason, proposal, IGNORE)


def waiting_since_before(facts: AccountFacts) -> list[Request]:
    """Unanswered requests from before our time."""
    return [request for request in facts.requests if not request.answer and too_old(request, facts.born_at)]


def with_started(facts: AccountFacts, started: Collection[RequestId]) -> AccountFacts:
    """Old requests that a person started count as asked at our birth."""
    asked = (replace(r, requested_at=facts.born_at) if r.request_id in started else r for r in facts.requests)
    return replace(facts, requests=tuple(asked))
