"""Stripe's disputes, refunds and cards in our words. Shapes: Stripe API 2026-10-28.endive."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mappings.model import Dispute, Fact, Ref, Refund
from mappings.seen import states_of
from mappings.text import clean

JSON = Mapping[str, Any]
PAYMENTS = ("dispute", "refund")


def payment_fact(root: Ref, kind: str, data: JSON) -> Fact:
    """``kind``: one of PAYMENTS. ``root``: the customer."""
    if kind == "refund":
        return Fact(root, kind, data["id"], refund_from(data))
    found = dispute_from(data)
    return Fact(root, kind, data["id"], found, states=states_of(found))


def dispute_from(data: JSON) -> Dispute:
    return Dispute(
        dispute_id=data["id"],
        status=data.get("status") or "",
        created=data["created"],
        reason=clean(data.get("reason")),
        amount=data.get("amount") or 0,
        currency=data.get("currency") or "",
    )


def refund_from(data: JSON) -> Refund:
    return Refund(
        refund_id=data["id"],
        status=data.get("status") or "",
        created=data["created"],
        amount=data.get("amount") or 0,
        currency=data.get("currency") or "",
    )


def card_expires_at(method: Any) -> int | None:
    """Noon UTC on the last day that the card is good for, the same date in nearly every zone; None for another
    payment method, and for one that is not expanded."""
    card = method.get("card") if isinstance(method, Mapping) else None
    year, month = ((card or {}).get(f"exp_{part}") for part in ("year", "month"))
    if not isinstance(year, int) or not isinstance(month, int) or not (1 <= month <= 12 and 1970 <= year <= 9999):
        return None
    return int(datetime(year, month, monthrange(year, month)[1], 12, tzinfo=UTC).timestamp())
