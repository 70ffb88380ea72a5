"""Payment disputes: what an open one stops, what a lost one means, and what nobody knows yet.

Statuses: Stripe API ``Dispute.status``. Early inquiries (``warning_*``) and appeals count like disputes.
"""

from __future__ import annotations

from collections.abc import Iterator

from mappings.config import Config
from mappings.model import AccountFacts, Dispute, Subscription

OPEN = (
    "needs_response", "under_review", "warning_needs_response", "warning_under_review",
    "appeal_needs_response", "appeal_under_review",
)  # fmt: skip
OVER = ("won", "warning_closed", "prevented")
LOST = "lost"
HOLD = "lost dispute"
_COLLECTING = ("trialing", "active", "past_due", "unpaid")


def disputed(facts: AccountFacts) -> str:
    """Why nothing may be advertised to the account now; empty where no dispute is open."""
    found = sorted(d.status for d in facts.disputes if d.status in OPEN)
    if not found and not unknown(facts):
        return ""
    inquiry = found and all(status.startswith("warning_") for status in found)
    return "the bank inquires about a payment" if inquiry else "a payment is disputed"


def lost(facts: AccountFacts, config: Config) -> Dispute | None:
    """The lost dispute that blocks the account, by ``policy.lost_dispute``. It ends with the next payment after it; an
    account that is free of charge is never blocked by one."""
    if config.policy.lost_dispute == "keep" or (facts.account and facts.account.comped):
        return None
    blocking = (d for d in facts.disputes if d.status == LOST and _ours(facts, d) and not _paid_since(facts, d))
    return min(blocking, key=lambda d: (d.created, d.dispute_id), default=None)


def unknown(facts: AccountFacts) -> list[Dispute]:
    """Disputes in a status that this version does not know; one of before our time changes nothing."""
    return [d for d in facts.disputes if d.status not in (*OPEN, *OVER, LOST) and _ours(facts, d)]


def dispute_alerts(facts: AccountFacts, config: Config) -> Iterator[str]:
    for dispute in facts.disputes:
        if dispute.status not in (*OPEN, *OVER, LOST):
            yield f"dispute {dispute.dispute_id} has the unknown status {dispute.status!r}"
    found, running = lost(facts, config), [s for s in facts.subscriptions if s.status in _COLLECTING]
    if found and running:
        names = ", ".join(sorted(s.subscription_id for s in running))
        blocks = f"dispute {found.dispute_id} was lost and blocks the account until the next payment"
        yield f"{blocks}; {names} goes on: cancel it in Stripe if it should not"


def _ours(facts: AccountFacts, dispute: Dispute) -> bool:
    """Whether it may change something: it began after we were born, or we saw it move, or it blocks the account today
    (after a lost state only the product's row still tells)."""
    seen = dispute.seen.get("status")
    today = facts.access.stage if facts.access else ""
    return dispute.created >= facts.born_at or bool(seen and seen.before) or today == "blocked"


def _paid_since(facts: AccountFacts, dispute: Dispute) -> bool:
    """Whether money came in after the look that first saw it lost; Stripe does not date the loss."""
    seen = dispute.seen.get("status")
    since = seen.since if seen else dispute.created
    invoices = (s.invoice for s in facts.subscriptions if s.invoice)
    paid = any(i.status == "paid" and i.amount_paid > 0 and (i.paid_at or 0) > since for i in invoices)
    return paid or any(_settled_since(sub, since) for sub in facts.subscriptions)


def _settled_since(sub: Subscription, since: int) -> bool:
    """A whole period began after it and is over: its invoice was paid, though the latest one is another."""
    if sub.status not in ("active", "past_due") or sub.period_start is None or sub.period_end is None:
        return False
    before = sub.period_start - (sub.period_end - sub.period_start)
    return before > since and (sub.open_since is None or sub.open_since >= sub.period_start)
