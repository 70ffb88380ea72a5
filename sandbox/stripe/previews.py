"""The next invoice before it exists (Stripe docs: preview an invoice)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import invoice_items, invoices, lifecycle
from sandbox.stripe.account import Account
from sandbox.stripe.errors import NotBegun, StripeError, invalid
from sandbox.stripe.periods import HOUR

Json = dict[str, Any]


def create(account: Account, id: str, params: Json) -> Json:
    """What a subscription is charged next: at the end of its trial or period, or now if it were resumed."""
    sub = account.subscriptions.need(params.get("subscription", ""), "subscription")
    details = params.get("subscription_details", {})
    if beyond := details.keys() - {"resume_at"}:
        name = f"subscription_details[{min(beyond)}]"
        raise NotBegun(400, f"The sandbox does not simulate {name}.", code="sandbox_unsupported", param=name)
    if "resume_at" in details and sub["status"] != "paused":
        raise invalid("resume_at is only for paused subscriptions.", "subscription_details[resume_at]")
    if not _continues(sub, details):
        raise StripeError(404, "No upcoming invoices for this subscription.", code="invoice_upcoming_none")
    at = account.now if sub["status"] == "paused" else lifecycle.period_end(sub)
    reason = "subscription_update" if sub["status"] == "paused" else "subscription_cycle"
    invoice = invoices.build(account, sub, reason)
    waiting = [item["amount"] for item in invoice_items.pending(account, sub)]
    invoice |= {name: invoice[name] + sum(waiting) for name in invoice_items.TOTALS}
    return invoice | {
        "id": f"upcoming_{invoice['id']}",
        "created": at,
        "period_end": at,
        "next_payment_attempt": at if sub["status"] == "paused" else at + HOUR,
    }


def _continues(sub: Json, details: Json) -> bool:
    if sub["status"] == "paused":
        return "resume_at" in details
    return sub["status"] not in lifecycle.ENDED and not sub["cancel_at"]
