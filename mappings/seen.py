"""What is remembered of a fact: values whose change no source dates, kept with the look that first saw them."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.model import AccessRow, Account, Customer, Dispute, Person, Seen, Subscription

RUNNING = ("trialing", "active", "past_due")


def paused_by_trial_end(sub: Subscription) -> bool:
    """Whether a paused subscription stopped because its trial ended without a card.

    Stripe API ``status_details.paused.subscription.type``; older objects do not say.
    """
    if sub.pause_type:
        return sub.pause_type == "trial_end_without_payment_method"
    return sub.trial_end is not None and not sub.ever_paid


def states_of(body: Account | Person | AccessRow | Customer | Subscription | Dispute) -> Mapping[str, str]:
    """The values to remember, each a text that is never empty."""
    if isinstance(body, Dispute):
        return {"status": body.status or "none"}
    if isinstance(body, AccessRow):
        return {"access": body.access or "full"}
    if isinstance(body, Account | Person):
        own = _of_account(body) if isinstance(body, Account) else {}
        return own | {f"trait:{name}": "yes" if value else "no" for name, value in body.traits.items()}
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


def _of_account(account: Account) -> dict[str, str]:
    return {"trial": str(account.trial_ends_at or "none"), "comped": "yes" if account.comped else "no"}


def moved(body: Account | Person | AccessRow | Customer | Subscription | None, state: str) -> Seen | None:
    """The state, where its value is that of today and we saw it become so."""
    seen = body.seen.get(state) if body else None
    return seen if body and seen and seen.before and states_of(body).get(state) == seen.value else None
