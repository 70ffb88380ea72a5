"""``expand[]``: ids replaced by their objects in a copy of the answer (Stripe docs: expanding responses)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import NotBegun
from sandbox.stripe.store import listing

Json = dict[str, Any]

DEEPEST = 4

# What each object lets expand, and the kind of object it becomes; "" is expandable but always null here.
EXPANDABLE: dict[str, dict[str, str]] = {
    "customer": {
        "default_source": "",
        "invoice_settings.default_payment_method": "payment_method",
        "subscriptions": "subscription",
        "test_clock": "",
    },
    "subscription": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "default_source": "",
        "discounts": "discount",
        "items.data.price.product": "product",
        "latest_invoice": "invoice",
        "pending_setup_intent": "",
        "schedule": "",
        "test_clock": "",
    },
    "invoice": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "parent.subscription_details.subscription": "subscription",
        "test_clock": "",
    },
    "invoiceitem": {"customer": "customer", "invoice": "invoice", "test_clock": ""},
    "checkout.session": {"customer": "customer", "invoice": "invoice", "subscription": "subscription"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "payment_method": {"customer": "customer"},
    "charge": {"customer": "customer", "payment_intent": "", "refunds": "refund"},
    "refund": {"charge": "charge", "customer": "customer", "payment_intent": ""},
    "dispute": {"charge": "charge", "payment_intent": ""},
    "discount": {"customer": "customer", "promotion_code": "", "source.coupon": "coupon"},
}


def expanded(account: Account, answer: Json, paths: list[str]) -> Json:
    for path in paths:
        answer = _expand(account, answer, path)
    return answer


def check(kind: str, paths: list[str], *, listed: bool) -> None:
    """Refuse a path before anything is done. ``kind`` is what the call answers with, or lists."""
    for path in paths:
        if path.count(".") >= DEEPEST:
            message = f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
            raise NotBegun(400, message, param="expand")
        inner = path.removeprefix("data.") if listed else path
        if (listed and inner == path) or not _allowed(kind, inner):
            raise NotBegun(400, f"This property cannot be expanded ({path}).", param="expand")


def _allowed(kind: str, path: str) -> bool:
    for name, target in EXPANDABLE.get(kind, {}).items():
        if path == name:
            return True
        if path.startswith(f"{name}."):
            rest = path[len(name) + 1 :]
            return _allowed(target, rest.removeprefix("data.") if name == "subscriptions" else rest)
    return False


def _expand(account: Account, node: Any, path: str) -> Any:
    if isinstance(node, list):
        return [_expand(account, each, path) for each in node]
    if not isinstance(node, dict) or node.get("deleted"):
        return node
    if node.get("object") == "list" and path.startswith("data."):
        return node | {"data": _expand(account, node["data"], path.removeprefix("data."))}
    head, _, rest = path.partition(".")
    value = _resolve(account, node, head, node.get(head))
    return node | {head: _expand(account, value, rest) if rest else value}


def _resolve(account: Account, node: Json, head: str, value: Any) -> Any:
    if node.get("object") == "customer" and head == "subscriptions":
        live = [sub for sub in account.subscriptions.of(node["id"]) if sub["status"] != "canceled"]
        return listing(f"/v1/customers/{node['id']}/subscriptions", live[::-1][:10], len(live) > 10)
    if node.get("object") == "charge" and head == "refunds":
        mine = [refund for refund in account.refunds.of(node["customer"]) if refund["charge"] == node["id"]]
        return listing(f"/v1/charges/{node['id']}/refunds", mine[::-1][:10], len(mine) > 10)
    if isinstance(value, list):
        return [_resolve(account, node, head, each) for each in value]
    if not isinstance(value, str):
        return value
    for shelf in account.shelves.values():
        if found := shelf.get(value) or shelf.deleted.get(value):
            return found
    return value
