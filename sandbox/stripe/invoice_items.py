"""Invoice items: charges that wait for a subscription's next invoice (Stripe docs: invoice items)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import NotBegun, invalid
from sandbox.stripe.metadata import merged
from sandbox.stripe.shapes import LINE
from sandbox.stripe.store import listing

Json = dict[str, Any]

TOTALS = ("amount_due", "amount_remaining", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax")
MOST = 99_999_999
BLANK: Json = {
    "customer_account": None,
    "description": None,
    "discountable": True,
    "discounts": [],
    "frozen_fields": None,
    "invoice": None,
    "invoicing_rules": None,
    "livemode": False,
    "metadata": {},
    "net_amount": None,
    "parent": None,
    "proration": False,
    "proration_details": None,
    "quantity": 1,
    "quantity_decimal": "1",
    "tax_rates": [],
    "test_clock": None,
}


def create(account: Account, id: str, params: Json) -> Json:
    """An amount in minor units, at most eight digits, in the currency that the customer is billed in."""
    for name in ("customer", "amount", "currency"):
        if name not in params:
            raise NotBegun(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    customer = account.customers.need(params["customer"], "customer")
    if abs(params["amount"]) > MOST:
        raise invalid(f"Amount must be no more than {MOST}.", "amount", "amount_too_large")
    currency = params["currency"].lower()
    if customer["currency"] not in (None, currency):
        raise invalid("You cannot combine currencies on a single customer.", "currency")
    item = {"id": account.world.new_id("ii_", 24), "object": "invoiceitem", **BLANK, "date": account.now}
    item |= {"amount": params["amount"], "currency": currency, "customer": customer["id"]}
    item |= {"description": params.get("description") or None, "metadata": merged({}, params)}
    item |= {"period": {"start": account.now, "end": account.now}, "parent": _parent(account, customer, params)}
    item["pricing"] = {"price_details": None, "type": "price_details", "unit_amount_decimal": str(params["amount"])}
    return account.add(item, "invoiceitem.created")


def _parent(account: Account, customer: Json, params: Json) -> Json | None:
    if "subscription" not in params:
        return None
    sub = account.subscriptions.need(params["subscription"], "subscription")
    if sub["customer"] != customer["id"]:
        raise invalid(f"Customer {customer['id']} does not have a subscription {sub['id']}.", "subscription")
    if sub["status"] in ("canceled", "incomplete_expired"):
        raise invalid("You cannot add an invoice item to a subscription that has ended.", "subscription")
    details = {"subscription": sub["id"], "subscription_item": None}
    return {"subscription_details": details, "type": "subscription_details"}


def attach(account: Account, sub: Json, invoice: Json) -> None:
    """What waited for this subscription, or for any invoice of its customer, becomes lines of this one."""
    for item in pending(account, sub):
        item |= {"invoice": invoice["id"], "frozen_fields": ["discounts", "pricing", "quantity"]}
        lines = [*invoice["lines"]["data"], _line(account, item)]
        invoice["lines"] = listing(invoice["lines"]["url"], lines)
        invoice |= {name: invoice[name] + item["amount"] for name in TOTALS}


def pending(account: Account, sub: Json) -> list[Json]:
    """What waits for this subscription's next invoice."""
    items = account.invoice_items.of(sub["customer"])
    return [item for item in items if item["invoice"] is None and _subscription_of(item) in ("", sub["id"])]


def _subscription_of(item: Json) -> str:
    return str(item["parent"]["subscription_details"]["subscription"]) if item["parent"] else ""


def _line(account: Account, item: Json) -> Json:
    details = {"invoice_item": item["id"], "proration": False, "proration_details": None}
    details["subscription"] = _subscription_of(item) or None
    same = ("amount", "currency", "description", "invoice", "metadata", "period", "pricing", "quantity")
    return {
        **LINE,
        "id": account.world.new_id("il_", 24),
        "object": "line_item",
        **{name: item[name] for name in (*same, "quantity_decimal")},
        "subtotal": item["amount"],
        "parent": {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
    }


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.invoice_items.need(id)


def delete(account: Account, id: str, params: Json) -> Json:
    """Only while it waits."""
    item = account.invoice_items.need(id)
    if item["invoice"] is not None:
        raise invalid("You cannot delete an invoice item that is attached to an invoice.")
    account.emit("invoiceitem.deleted", item)
    return account.invoice_items.remove(id, {"id": id, "object": "invoiceitem", "deleted": True})


def list_all(account: Account, id: str, params: Json) -> Json:
    if "customer" in params and params["customer"] not in account.customers.deleted:
        account.customers.need(params["customer"], "customer")

    def keep(item: Json) -> bool:
        return params.get("pending") in (None, item["invoice"] is None) and params.get("invoice") in (
            None,
            item["invoice"],
        )

    return account.invoice_items.page(params, "/v1/invoiceitems", keep)
