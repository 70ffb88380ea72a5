"""What people do in Stripe's pages: they type a card and press a button. Not booked in the ledger."""

from __future__ import annotations

import re
from typing import Any

from sandbox.stripe import customers, invoices, subscriptions
from sandbox.stripe.account import Account
from sandbox.stripe.errors import declined, invalid
from sandbox.stripe.metadata import merged

Json = dict[str, Any]

# Stripe docs: testing. Number -> brand, what the bank says when it is saved, what it says to a charge.
NUMBERS = {
    "4242424242424242": ("visa", True, "ok"),
    "5555555555554444": ("mastercard", True, "ok"),
    "4000000000000002": ("visa", False, "decline"),
    "4000000000000341": ("visa", True, "decline"),
}


def typed_card(account: Account, form: Json) -> Json:
    """A new card from what was typed. Raises StripeError as the page would say it."""
    number = re.sub(r"\s", "", form.get("number", ""))
    if number not in NUMBERS:
        raise invalid("Your card number is invalid.", "number", "invalid_number")
    if not re.fullmatch(r"(0[1-9]|1[0-2])\s*/\s*\d\d", form.get("expiry", "")):
        raise invalid("Your card's expiration date is incomplete.", "expiry", "invalid_expiry")
    if not re.fullmatch(r"\d{3,4}", form.get("cvc", "")):
        raise invalid("Your card's security code is incomplete.", "cvc", "invalid_cvc")
    brand, saved, outcome = NUMBERS[number]
    if not saved:
        raise declined()
    card = customers.new_card(account, outcome)
    card["card"] = card["card"] | {"brand": brand, "display_brand": brand, "last4": number[-4:]}
    return card


def update_method(account: Account, session: Json, form: Json) -> None:
    """Stripe docs: the payment_method_update flow makes the new method the customer's default."""
    customer = account.customers.need(session["customer"])
    card = typed_card(account, form)
    customers.attach_card(account, card["id"], {"customer": customer["id"]})
    with account.changing(customer):
        customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": card["id"]}


def pay_invoice(account: Account, invoice: Json, form: Json) -> None:
    """Stripe docs: hosted invoice page. The card is kept as the subscription's only where its settings say so."""
    card = typed_card(account, form)
    customers.attach_card(account, card["id"], {"customer": invoice["customer"]})
    if not invoices.attempt(account, invoice, card=card["id"], manual=True):
        raise declined()
    sub = invoices.subscription_of(account, invoice)
    if sub is not None and sub["payment_settings"]["save_default_payment_method"] == "on_subscription":
        with account.changing(sub):
            sub["default_payment_method"] = card["id"]


def complete(account: Account, session: Json, form: Json) -> None:
    """Stripe docs: how Checkout works. Nothing is made where the card is declined; a setup makes no default."""
    card = typed_card(account, form)
    if session["mode"] == "subscription" and account.outcomes[card["id"]] != "ok":
        raise declined()
    email = session["customer_email"] or form.get("email") or None
    if session["customer"] is None:
        if not email:
            raise invalid("Your email is incomplete.", "email", "email_invalid")
        made = customers.create(account, "", {"email": email})
        account.checkouts.assign(session, made["id"])
    customers.attach_card(account, card["id"], {"customer": session["customer"]})
    if session["mode"] == "subscription":
        _subscribe(account, session, card)
    session |= {"status": "complete", "url": None}
    session["customer_details"] = dict.fromkeys(
        ("address", "business_name", "individual_name", "name", "phone", "tax_exempt", "tax_ids")
    ) | {"email": email or account.customers.need(session["customer"])["email"]}
    account.emit("checkout.session.completed", session)


def _subscribe(account: Account, session: Json, card: Json) -> None:
    asked = account.asked[session["id"]]
    wanted = asked["subscription"]
    items = [{"price": line["price"]["id"], "quantity": line["quantity"]} for line in asked["lines"]]
    fields = {"customer": session["customer"], "items": items, "default_payment_method": card["id"]}
    fields |= {"metadata": merged({}, wanted)}
    fields |= {name: wanted[name] for name in ("trial_period_days", "trial_end", "description") if name in wanted}
    sub = subscriptions.create(account, "", fields)
    paid = account.invoices.need(sub["latest_invoice"])["amount_paid"]
    session |= {"subscription": sub["id"], "invoice": sub["latest_invoice"]}
    session["payment_status"] = "paid" if paid else "no_payment_required"
