"""Invoices: made as drafts, finalised, charged, retried (Stripe docs: invoice lifecycle, automatic collection)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import charges, coupons, invoice_items, lifecycle
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, declined, invalid
from sandbox.stripe.periods import DAY, HOUR
from sandbox.stripe.shapes import INVOICE, LINE, new
from sandbox.stripe.store import listing

Json = dict[str, Any]

# Stripe docs: a custom retry schedule counts each retry in days after the attempt before it.
ACTION = "action"
RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)


def draft(account: Account, sub: Json, reason: str, *, free: bool = False) -> Json:
    """A draft for the subscription's current period with its pending invoice items, logged; ``free`` is the zero
    invoice of a trial's start."""
    invoice = build(account, sub, reason, free=free)
    if not free:
        coupons.use(account, sub)
    invoice_items.attach(account, sub, invoice)
    return account.add(invoice, "invoice.created")


def build(account: Account, sub: Json, reason: str, *, free: bool = False) -> Json:
    customer = account.customers.need(sub["customer"])
    id = account.world.new_id("in_", 24)
    lines = [_line(account, id, sub, item, free) for item in sub["items"]["data"]]
    total = sum(line["amount"] for line in lines)
    amounts = dict.fromkeys(invoice_items.TOTALS, coupons.after(account, sub, total))
    amounts |= {"subtotal": total, "subtotal_excluding_tax": total}
    details = {"metadata": sub["metadata"], "subscription": sub["id"], "subscription_proration_date": None}
    return new(
        "invoice",
        INVOICE,
        id,
        account.now,
        **amounts,
        billing_reason=reason,
        collection_method=sub["collection_method"],
        currency=sub["currency"],
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        lines=listing(f"/v1/invoices/{id}/lines", lines),
        parent={"quote_details": None, "subscription_details": details, "type": "subscription_details"},
        period_start=account.now,
        period_end=account.now,
    )


def amount(account: Account, sub: Json) -> int:
    """What one period costs after discounts, in minor units."""
    gross = sum((item["price"]["unit_amount"] or 0) * (item["quantity"] or 0) for item in sub["items"]["data"])
    return coupons.after(account, sub, gross)


def _line(account: Account, invoice: str, sub: Json, item: Json, free: bool) -> Json:
    price = item["price"]
    details = {"invoice_item": None, "proration": False, "proration_details": None}
    details |= {"subscription": sub["id"], "subscription_item": item["id"]}
    amount = 0 if free else (price["unit_amount"] or 0) * (item["quantity"] or 0)
    line = {
        **LINE,
        "id": account.world.new_id("il_", 24),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": "Trial period" if free else "Subscription",
        "invoice": invoice,
        "metadata": sub["metadata"],
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subtotal": amount,
    }
    line["parent"] = {
        "invoice_item_details": None,
        "subscription_item_details": details,
        "type": "subscription_item_details",
    }
    line["pricing"] = {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }
    return line


def subscription_of(account: Account, invoice: Json) -> Json | None:
    return account.subscriptions.get(invoice["parent"]["subscription_details"]["subscription"])


def finalize_later(account: Account, invoice: Json) -> None:
    """Stripe docs: drafts of renewals stay open to edits for about an hour, then finalise and charge."""
    at = account.now + HOUR
    invoice["automatically_finalizes_at"] = at
    account.after("finalize", invoice["id"], at, _finalize_due)


def _finalize_due(account: Account, id: str, at: int) -> None:
    invoice = account.invoices.get(id)
    if invoice is not None and invoice["status"] == "draft" and invoice["auto_advance"]:
        finalize(account, invoice)
        if invoice["collection_method"] == "charge_automatically":
            attempt(account, invoice)


def finalize(account: Account, invoice: Json) -> None:
    """draft to open: it gets its number, its page and, where it is sent, its due date."""
    customer = account.customers.get(invoice["customer"])
    sequence = customer["next_invoice_sequence"] if customer else 1
    with account.changing(invoice, "invoice.finalized"):
        invoice |= {"status": "open", "effective_at": account.now, "automatically_finalizes_at": None}
        invoice["number"] = f"{customer['invoice_prefix'] if customer else 'X'}-{sequence:04d}"
        invoice["hosted_invoice_url"] = f"{account.pages}/invoice/{invoice['id']}"
        invoice["invoice_pdf"] = f"{invoice['hosted_invoice_url']}/pdf"
        _moved(account, invoice, "finalized_at")
    if customer is not None:
        customer["next_invoice_sequence"] = sequence + 1
    sub = subscription_of(account, invoice)
    if sub is not None and invoice["collection_method"] == "send_invoice":
        due = account.now + (sub["days_until_due"] or 0) * DAY
        invoice["due_date"] = due
        account.after("overdue", invoice["id"], due, _overdue)
    if invoice["amount_due"] == 0:
        settle(account, invoice)


def _moved(account: Account, invoice: Json, name: str) -> None:
    invoice["status_transitions"] = invoice["status_transitions"] | {name: account.now}


def card_for(account: Account, sub: Json | None, customer: Json | None) -> str | None:
    """Stripe docs: the subscription's default payment method, else the customer's invoice_settings default."""
    own = sub["default_payment_method"] if sub is not None else None
    return own or (customer["invoice_settings"]["default_payment_method"] if customer is not None else None)


def attempt(
    account: Account, invoice: Json, *, card: str | None = None, manual: bool = False, retry: bool = True
) -> bool:
    """Charge an open invoice once; a card that asks for 3-D Secure pays only where its customer is there. A manual
    attempt after the first does not count (Stripe docs: attempt_count)."""
    if invoice["status"] != "open":
        return bool(invoice["status"] == "paid")
    card = card or card_for(account, subscription_of(account, invoice), account.customers.get(invoice["customer"]))
    counted = 0 if manual and invoice["attempt_count"] else 1
    said = account.outcomes.get(card or "")
    if card and (said == "ok" or (said == ACTION and manual)):
        charges.record(account, invoice, card, paid=True)
        settle(account, invoice, counted)
        return True
    if card and said == "decline":
        charges.record(account, invoice, card, paid=False)
    with account.changing(invoice, "invoice.payment_failed"):
        invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + counted}
        if counted:
            _plan_retry(account, invoice, retry)
    if said == ACTION:
        account.emit("invoice.payment_action_required", invoice)
    lifecycle.payment_failed(account, invoice, last=bool(counted) and retry and not invoice["next_payment_attempt"])
    return False


def _plan_retry(account: Account, invoice: Json, wanted: bool) -> None:
    invoice["next_payment_attempt"] = None
    if wanted and invoice["billing_reason"] != "subscription_create" and invoice["attempt_count"] <= len(RETRIES):
        retry_at(account, invoice, account.now + RETRIES[invoice["attempt_count"] - 1])


def retry_at(account: Account, invoice: Json, at: int) -> None:
    invoice["next_payment_attempt"] = at
    account.after("retry", invoice["id"], at, _retry_due)


def _retry_due(account: Account, id: str, at: int) -> None:
    invoice = account.invoices.get(id)
    if invoice is not None and invoice["next_payment_attempt"] == at and invoice["auto_advance"]:
        attempt(account, invoice)


def _overdue(account: Account, id: str, at: int) -> None:
    invoice = account.invoices.get(id)
    if invoice is not None and invoice["status"] == "open":
        account.emit("invoice.overdue", invoice)
        lifecycle.payment_failed(account, invoice, last=False)


def settle(account: Account, invoice: Json, counted: int = 1) -> None:
    """open to paid."""
    with account.changing(invoice, "invoice.paid", "invoice.payment_succeeded"):
        invoice |= {"status": "paid", "attempted": True, "auto_advance": False, "next_payment_attempt": None}
        invoice |= {"amount_paid": invoice["amount_due"], "amount_remaining": 0}
        invoice["attempt_count"] += counted if invoice["amount_due"] else 0
        _moved(account, invoice, "paid_at")
    lifecycle.paid(account, invoice)


def void(account: Account, invoice: Json) -> None:
    with account.changing(invoice, "invoice.voided"):
        invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None}
        _moved(account, invoice, "voided_at")


def stop_collecting(account: Account, invoice: Json) -> None:
    """Stripe docs: cancelling a subscription stops automatic collection of its draft and open invoices."""
    if invoice["status"] in ("draft", "open"):
        with account.changing(invoice):
            invoice |= {"auto_advance": False, "next_payment_attempt": None, "automatically_finalizes_at": None}


def pay(account: Account, id: str, params: Json) -> Json:
    """Raises StripeError 402 when the bank declines, 400 when there is nothing to pay or to pay with."""
    invoice = account.invoices.need(id)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] not in ("draft", "open"):
        raise invalid(f"You can only pay an open invoice; this invoice is {invoice['status']}.")
    if invoice["status"] == "draft":
        finalize(account, invoice)
    if params.get("paid_out_of_band"):
        settle(account, invoice, 0)
        return invoice
    card = params.get("payment_method")
    if card is not None and account.cards.need(card, "payment_method")["customer"] != invoice["customer"]:
        raise invalid("The payment method must be attached to the invoice's customer.", "payment_method")
    if (
        card is None
        and card_for(account, subscription_of(account, invoice), account.customers.get(invoice["customer"])) is None
    ):
        raise StripeError(400, "There is no default payment method for this customer.", code="resource_missing")
    chosen = card or card_for(account, subscription_of(account, invoice), account.customers.get(invoice["customer"]))
    if account.outcomes.get(chosen or "") == ACTION:
        message = "This payment requires additional user action before it can be completed successfully."
        raise StripeError(402, message, type="card_error", code="invoice_payment_intent_requires_action")
    if not attempt(account, invoice, card=card, manual=True):
        raise declined()
    return invoice


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.invoices.need(id)


def list_all(account: Account, id: str, params: Json) -> Json:
    def keep(invoice: Json) -> bool:
        return (
            params.get("status") in (None, invoice["status"])
            and params.get("collection_method") in (None, invoice["collection_method"])
            and params.get("subscription") in (None, invoice["parent"]["subscription_details"]["subscription"])
        )

    return account.invoices.page(params, "/v1/invoices", keep)


def void_invoice(account: Account, id: str, params: Json) -> Json:
    invoice = account.invoices.need(id)
    if invoice["status"] != "open":
        raise invalid(f"You can only void open invoices; this invoice is {invoice['status']}.")
    void(account, invoice)
    return invoice
