"""Stripe's invoices in our words. Shapes: Stripe API 2026-10-28.endive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mappings.model import Invoice

JSON = Mapping[str, Any]


def invoice_from(data: JSON) -> Invoice:
    moved = data.get("status_transitions") or {}
    return Invoice(
        invoice_id=data["id"],
        status=data.get("status") or "",
        amount_due=data.get("amount_due") or 0,
        amount_paid=data.get("amount_paid") or 0,
        attempt_count=data.get("attempt_count") or 0,
        next_attempt_at=data.get("next_payment_attempt"),
        finalized_at=moved.get("finalized_at"),
        paid_at=moved.get("paid_at"),
        due_at=data.get("due_date"),
        period_start=data.get("period_start"),
        url=data.get("hosted_invoice_url") or "",
    )


def open_invoices_of(subscription_id: str, latest: Invoice | None, others: Iterable[JSON]) -> list[Invoice]:
    """The subscription's open invoices among its latest and the customer's ``others``, each once."""
    mine = [invoice_from(i) for i in others if _subscription_of(i) == subscription_id]
    return list({i.invoice_id: i for i in (*mine, latest) if i and i.status == "open"}.values())


def open_since(opened: Iterable[Invoice]) -> int | None:
    """Where grace starts: the oldest open invoice's due date where it was sent, else ``finalized_at`` if attempted."""
    starts = [i.due_at or (i.finalized_at if i.attempt_count else None) for i in opened]
    return min((at for at in starts if at), default=None)


def first_paid_at(subscription_id: str, paid: Iterable[JSON]) -> int | None:
    """When the subscription first brought money, of ``paid`` invoices that may be other ones' too."""
    mine = [invoice_from(i) for i in paid if _subscription_of(i) == subscription_id]
    return min((i.paid_at for i in mine if i.paid_at and i.amount_paid > 0), default=None)


def _subscription_of(invoice: JSON) -> str:
    details = ((invoice.get("parent") or {}).get("subscription_details")) or {}
    found = details.get("subscription")
    return found["id"] if isinstance(found, Mapping) else found or ""
