"""Refunds: money given back for a charge, whole or in part (Stripe docs: refunds)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import NotBegun, invalid
from sandbox.stripe.metadata import merged
from sandbox.stripe.payment_shapes import REFUND
from sandbox.stripe.shapes import new

Json = dict[str, Any]


def create(account: Account, id: str, params: Json) -> Json:
    """All that is left of the charge, or ``amount`` of it."""
    if "charge" not in params:
        raise NotBegun(400, "Missing required param: charge.", code="parameter_missing", param="charge")
    charge = account.charges.need(params["charge"], "charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not left:
        raise invalid(f"Charge {charge['id']} has already been refunded.", "charge", "charge_already_refunded")
    amount = params.get("amount", left)
    if not 0 < amount <= left:
        raise invalid(f"Refund amount ({amount}) must be above zero and at most {left}.", "amount")
    refund = new(
        "refund",
        REFUND,
        account.world.new_id("re_", 24),
        account.now,
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        metadata=merged({}, params),
    )
    refund |= {"reason": params.get("reason"), "payment_method": charge["payment_method"]}
    account.add(refund, "refund.created")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    account.emit("charge.refunded", charge)
    return refund


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.refunds.need(id)


def list_all(account: Account, id: str, params: Json) -> Json:
    return account.refunds.page(params, "/v1/refunds", lambda refund: params.get("charge") in (None, refund["charge"]))
