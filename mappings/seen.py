"""What is remembered of a fact: values whose change no source dates, kept with the look that first saw them."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.model import Account, Customer, Dispute, Person, Seen, Subscription

RUNNING = ("trialing", "active", "past_due")


def paused_by_trial_end(sub: Subscription) -> bool:
    """Whether a paused subscription stopped because its trial ended without a card.

    Stripe API ``status_details.paused.subscription.type``; older objects do not say.
    """
    if sub.pause_type:
        return sub.pause_type == "trial_end_without_payment_method"
    return sub.trial_end is not None and not sub.ever_paid


def states_of(body: Account | Person | Customer | Subscription | Dispute) -> Mapping[str, str]:
    """The values to remember, each a text that is never empty."""
    if isinstance(body, Dispute):
        return {"status": body.status or "none"}
    if isinstance(body, Account | Person):
        trial = {"trial": str(body.trial_ends_at or "none")} if isinstance(body, Account) else {}
        return trial | {f"trait:{name}": "yes" if value else "no" for name, value in body.traits.items()}
    card = {"card": "yes" if body.has_payment_method else "no"}
    if isinstance(body, Customer):
        return card
    # A trial that ended stays one ending, also where the paused subscription is canceled later.
    over = body.status == "canceled" and body.trial_end is not None and not body.ever_paid
    expired = over or (body.status == "paused" and paused_by_trial_end(body))
    invoice = body.invoice
    return {
        **card,
        "status": "expired" if expired else body.status or "none",
        "trial": str(body.trial_end or "none"),
        "cancel": str(body.cancel_at or "none"),
        "paid": "yes" if body.ever_paid else "no",
        "attempt": f"{invoice.invoice_id}#{invoice.attempt_count}" if invoice else "none",
    }


def moved(body: Account | Person | Customer | Subscription, state: str) -> Seen | None:
    """The state, where its value is that of today and we saw it become so."""
    seen = body.seen.get(state)
    return seen if seen and seen.before and states_of(body).get(state) == seen.value else None
