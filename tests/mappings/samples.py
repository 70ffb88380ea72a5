"""Stripe objects as API 2026-10-28.endive spells them, made by hand, with the fields that Instep reads."""

from __future__ import annotations

from typing import Any

JSON = dict[str, Any]
T0 = 1_770_000_000


def customer(**more: Any) -> JSON:
    return {
        "id": "cus_1",
        "object": "customer",
        "created": T0,
        "default_source": None,
        "email": "olga@example.com",
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
        "livemode": False,
        "metadata": {"account_id": "acme"},
        "name": "Olga",
        **more,
    }


def deleted_customer() -> JSON:
    return {"id": "cus_1", "object": "customer", "deleted": True}


def price(**more: Any) -> JSON:
    recurring = {"interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None}
    recurring |= {"usage_type": "licensed", **more.pop("recurring", {})}
    return {
        "id": "price_pro",
        "object": "price",
        "active": True,
        "created": T0,
        "currency": "usd",
        "lookup_key": "pro_monthly",
        "product": "prod_1",
        "recurring": recurring,
        "type": "recurring",
        "unit_amount": 2000,
        "unit_amount_decimal": "2000",
        **more,
    }


def item(quantity: int | None = 1, start: int = T0, end: int = T0 + 30 * 86400, **of_price: Any) -> JSON:
    return {
        "id": "si_1",
        "object": "subscription_item",
        "created": T0,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "price": price(**of_price),
        "quantity": quantity,
        "subscription": "sub_1",
    }


def discount(**coupon: Any) -> JSON:
    full = {"id": "co_1", "object": "coupon", "amount_off": None, "percent_off": None, "duration": "forever", **coupon}
    return {"id": "di_1", "object": "discount", "source": {"coupon": full, "type": "coupon"}}


def payment_method(**card: Any) -> JSON:
    of_card = {"brand": "visa", "exp_month": 2, "exp_year": 2028, "last4": "4242", **card}
    return {"id": "pm_1", "object": "payment_method", "type": "card", "card": of_card}


def dispute(**more: Any) -> JSON:
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 2000,
        "charge": "ch_1",
        "created": T0,
        "currency": "usd",
        "reason": "fraudulent",
        "status": "needs_response",
        **more,
    }


def refund(**more: Any) -> JSON:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 500,
        "charge": "ch_1",
        "created": T0,
        "currency": "usd",
        "customer": "cus_1",
        "status": "succeeded",
        **more,
    }


def invoice(**more: Any) -> JSON:
    parent = {"type": "subscription_details", "subscription_details": {"metadata": {}, "subscription": "sub_1"}}
    moved = {"finalized_at": T0, "marked_uncollectible_at": None, "paid_at": T0 + 60, "voided_at": None}
    return {
        "id": "in_1",
        "object": "invoice",
        "amount_due": 2000,
        "amount_paid": 2000,
        "attempt_count": 1,
        "collection_method": "charge_automatically",
        "due_date": None,
        "hosted_invoice_url": "https://pay.example.com/in_1",
        "next_payment_attempt": None,
        "parent": parent,
        "period_start": T0,
        "status": "paid",
        "total": 2000,
        **more,
        "status_transitions": {**moved, **more.get("status_transitions", {})},
    }


def open_invoice(**more: Any) -> JSON:
    given = {"id": "in_2", "status": "open", "amount_paid": 0, "status_transitions": {"paid_at": None}}
    return invoice(**{**given, **more})


def subscription(*items: JSON, **more: Any) -> JSON:
    listed = {"object": "list", "data": list(items) or [item()], "has_more": False, "url": "/v1/subscription_items"}
    return {
        "id": "sub_1",
        "object": "subscription",
        "billing_cycle_anchor": T0,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": T0,
        "currency": "usd",
        "customer": "cus_1",
        "default_payment_method": None,
        "default_source": None,
        "discounts": [],
        "ended_at": None,
        "items": listed,
        "latest_invoice": invoice(),
        "metadata": {},
        "pause_collection": None,
        "status": "active",
        "status_details": None,
        "trial_end": None,
        "trial_start": None,
        **more,
    }


def paused(kind: str = "trial_end_without_payment_method") -> JSON:
    reason = {"transitioned_at": T0 + 5, "type": "subscription", "subscription": {"type": kind}}
    return subscription(status="paused", status_details={"paused": reason})


def root(*subscriptions: JSON, open_invoices: tuple[JSON, ...] = ()) -> JSON:
    """A whole customer as the connector reads it."""
    return {"customer": customer(), "subscriptions": list(subscriptions), "open_invoices": list(open_invoices)}


def user_row(**more: Any) -> JSON:
    return {
        "user_id": "olga",
        "account_id": "acme",
        "email": "olga@example.com",
        "role": "owner",
        "name": "Olga",
        "email_verified": True,
        "joined_at": T0,
        "signed_up_at": T0,
        "last_seen_at": T0 + 5000,
        "erased": False,
        "traits": {"has_project": True},
        **more,
    }


def account_row(**more: Any) -> JSON:
    return {
        "account_id": "acme",
        "name": "Acme",
        "stripe_customer_id": "cus_1",
        "trial_ends_at": T0,
        "comped": 0,
        **more,
    }


def request_row(**more: Any) -> JSON:
    return {
        "request_id": "req_1",
        "kind": "trial",
        "account_id": "acme",
        "user_id": "olga",
        "plan": "pro",
        "days": 14,
        "requested_at": T0,
        **more,
    }


def access_row(**more: Any) -> JSON:
    return {"account_id": "acme", "stage": "active", "access": "full", "trial_ends_at": None, **more}


def instance_answer(**more: Any) -> JSON:
    return {
        "name": "acme-1",
        "account_id": "acme",
        "status": "ready",
        "url": "https://a.example.com",
        "ready_at": T0,
        **more,
    }
