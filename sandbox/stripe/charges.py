"""Charges: what a bank took or refused to pay, one for each attempt on a card (Stripe docs: charges)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.payment_shapes import CHARGE
from sandbox.stripe.shapes import new

Json = dict[str, Any]


def record(account: Account, invoice: Json, card: str, *, paid: bool) -> None:
    """Nothing is charged where nothing is due."""
    due = invoice["amount_due"]
    if not due:
        return
    refused = {"paid": False, "captured": False, "status": "failed", "failure_code": "card_declined"}
    charge = new(
        "charge",
        CHARGE | ({"amount_captured": due} if paid else refused),
        account.world.new_id("ch_", 24),
        account.now,
        amount=due,
        currency=invoice["currency"],
        customer=invoice["customer"],
        payment_method=card,
    )
    account.add(charge, "charge.succeeded" if paid else "charge.failed")


def latest_paid(account: Account, customer: str) -> Json | None:
    return next((charge for charge in account.charges.of(customer)[::-1] if charge["paid"]), None)


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.charges.need(id)


def list_all(account: Account, id: str, params: Json) -> Json:
    if "customer" in params and params["customer"] not in account.customers.deleted:
        account.customers.need(params["customer"], "customer")
    return account.charges.page(params, "/v1/charges")
