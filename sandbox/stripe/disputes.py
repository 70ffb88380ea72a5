"""Disputes: a bank takes a payment back, or asks about it first (Stripe docs: disputes, early fraud and inquiries)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import charges
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.payment_shapes import DISPUTE
from sandbox.stripe.shapes import new

Json = dict[str, Any]

CLOSED = ("won", "lost", "warning_closed", "prevented")


def open_one(account: Account, customer: str, status: str, reason: str) -> Json:
    """The customer's bank disputes their latest payment. Any status may be given, one that no version knows too."""
    account.customers.need(customer)
    charge = charges.latest_paid(account, customer)
    if charge is None:
        raise invalid("This customer has paid nothing that could be disputed.")
    if charge["disputed"]:
        raise invalid(f"The charge {charge['id']} is disputed already.")
    charge["disputed"] = True
    dispute = new(
        "dispute",
        DISPUTE,
        account.world.new_id("dp_", 24),
        account.now,
        amount=charge["amount"],
        charge=charge["id"],
        currency=charge["currency"],
        reason=reason,
        status=status,
    )
    return account.add(dispute, "charge.dispute.created")


def move(account: Account, customer: str, status: str) -> Json:
    """The customer's latest dispute goes on or ends."""
    mine = [d for d in account.disputes if account.charges.need(d["charge"])["customer"] == customer]
    if not mine:
        raise invalid("This customer has no dispute.")
    dispute = mine[-1]
    with account.changing(dispute, *(["charge.dispute.closed"] if status in CLOSED else [])):
        dispute["status"] = status
    return dispute


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.disputes.need(id)


def list_all(account: Account, id: str, params: Json) -> Json:
    return account.disputes.page(
        params, "/v1/disputes", lambda dispute: params.get("charge") in (None, dispute["charge"])
    )
