"""Customers and their cards (Stripe docs: customers, payment methods)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import lifecycle
from sandbox.stripe.account import Account
from sandbox.stripe.errors import NotBegun, invalid, missing
from sandbox.stripe.metadata import merged
from sandbox.stripe.shapes import CARD, CUSTOMER, new

Json = dict[str, Any]

_SETTABLE = (
    "address balance business_name description email individual_name invoice_prefix invoice_settings metadata name "
    "next_invoice_sequence payment_method phone preferred_locales shipping tax_exempt"
)
SETTABLE = _SETTABLE.split()


def create(account: Account, id: str, params: Json) -> Json:
    customer = blank(account, account.now)
    _fill(account, customer, params)
    account.add(customer, "customer.created")
    if "payment_method" in params:
        attach_card(account, params["payment_method"], {"customer": customer["id"]})
    return customer


def blank(account: Account, created: int) -> Json:
    return new(
        "customer",
        CUSTOMER,
        account.world.new_id("cus_"),
        created,
        invoice_prefix=account.world.new_id("", 14)[6:].upper(),
    )


def update(account: Account, id: str, params: Json) -> Json:
    customer = account.customers.get(id)
    if customer is None:
        raise missing("customer", id)
    with account.changing(customer):
        _fill(account, customer, params)
    return customer


def _fill(account: Account, customer: Json, params: Json) -> None:
    for name in SETTABLE:
        if name in params and name not in ("metadata", "invoice_settings", "payment_method"):
            customer[name] = params[name] if params[name] != "" else None
    if len(customer["email"] or "") > 512:
        raise NotBegun(400, "Invalid email address: too long", code="email_invalid", param="email")
    customer["metadata"] = merged(customer["metadata"], params)
    settings = {name: value or None for name, value in params.get("invoice_settings", {}).items()}
    if card := settings.get("default_payment_method"):
        _own_card(account, customer["id"], card)
    customer["invoice_settings"] = customer["invoice_settings"] | settings


def _own_card(account: Account, customer: str, card: str) -> None:
    """Stripe docs: a default payment method must be attached to the customer first."""
    if account.cards.need(card, "invoice_settings[default_payment_method]")["customer"] != customer:
        message = "The customer does not have a payment method with the ID"
        raise invalid(f"{message} {card}.", "invoice_settings[default_payment_method]", "resource_missing")


def retrieve(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: a deleted customer can still be retrieved, as a stub."""
    return account.customers.deleted.get(id) or account.customers.need(id)


def delete(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: deleting a customer immediately cancels its subscriptions and cannot be undone."""
    customer = account.customers.need(id)
    for sub in account.subscriptions.of(id):
        if sub["status"] not in lifecycle.ENDED:
            lifecycle.cancel(account, sub, "cancellation_requested")
    for card in account.cards.of(id):
        account.cards.assign(card, None)
    account.emit("customer.deleted", customer)
    return account.customers.remove(id, {"id": id, "object": "customer", "deleted": True})


def list_all(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: the email filter is case-sensitive. Deleted customers are not listed."""
    email = params.get("email")
    return account.customers.page(params, "/v1/customers", lambda customer: email in (None, customer["email"]))


def new_card(account: Account, outcome: str) -> Json:
    """A card that the browser's form has tokenised; ``outcome`` (ok or decline) is what the bank will say."""
    card = account.add(new("payment_method", CARD, account.world.new_id("pm_", 24), account.now))
    account.outcomes[card["id"]] = outcome
    return card


def attach_card(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: test payment methods such as pm_card_visa make a new card on each use."""
    customer = account.customers.need(params.get("customer", ""), "customer")
    outcome = {"pm_card_visa": "ok", "pm_card_chargeCustomerFail": "decline"}.get(id)
    card = new_card(account, outcome) if outcome else account.cards.need(id, "id")
    if card["customer"] not in (None, customer["id"]):
        raise invalid("The payment method you provided has already been attached to a customer.", "payment_method")
    account.cards.assign(card, customer["id"])
    account.emit("payment_method.attached", card)
    return card


def detach_card(account: Account, id: str, params: Json) -> Json:
    card = account.cards.need(id)
    customer = account.customers.get(card["customer"])
    if customer is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    if customer["invoice_settings"]["default_payment_method"] == id:
        with account.changing(customer):
            customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": None}
    account.cards.assign(card, None)
    account.emit("payment_method.detached", card)
    return card


def list_cards(account: Account, id: str, params: Json) -> Json:
    """Serves both ``/v1/payment_methods?customer=`` and ``/v1/customers/{id}/payment_methods``."""
    params = params | ({"customer": id} if id else {})
    if params.get("customer"):
        account.customers.need(params["customer"], "customer")
    wanted = params.get("type")
    return account.cards.page(params, "/v1/payment_methods", lambda card: wanted in (None, card["type"]))


def retrieve_card(account: Account, id: str, params: Json) -> Json:
    return account.cards.need(id)
