"""Products and prices (Stripe docs: products and prices)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.metadata import merged
from sandbox.stripe.shapes import PRICE, PRODUCT, new

Json = dict[str, Any]


def create_product(account: Account, id: str, params: Json) -> Json:
    given = params.get("id") or account.world.new_id("prod_")
    if account.products.get(given):
        raise invalid(f"Product already exists: '{given}'", "id", "resource_already_exists")
    fields = {name: value for name, value in params.items() if name not in ("id", "metadata")}
    fields |= {"metadata": merged({}, params), "updated": account.now}
    return account.add(new("product", PRODUCT, given, account.now, **fields), "product.created")


def list_products(account: Account, id: str, params: Json) -> Json:
    ids, active = params.get("ids"), params.get("active")
    return account.products.page(
        params,
        "/v1/products",
        lambda product: (ids is None or product["id"] in ids) and active in (None, product["active"]),
    )


def create_price(account: Account, id: str, params: Json) -> Json:
    return add_price(account, account.world.new_id("price_", 20), params)


def add_price(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: lookup keys are unique; currency is lower-case ISO; amounts are in minor units."""
    account.products.need(params.get("product", ""), "product")
    key = params.get("lookup_key")
    if key and any(price["lookup_key"] == key for price in account.prices):
        raise invalid(f"A price already uses the lookup key '{key}'.", "lookup_key")
    recurring = params.get("recurring")
    if recurring is not None:
        blank = {"interval_count": 1, "meter": None, "trial_period_days": None, "usage_type": "licensed"}
        recurring = blank | recurring
    fields = {
        name: value for name, value in params.items() if name in ("active", "nickname", "lookup_key", "tax_behavior")
    }
    price = new(
        "price",
        PRICE,
        id,
        account.now,
        **fields,
        currency=params["currency"].lower(),
        metadata=merged({}, params),
        product=params["product"],
        recurring=recurring,
        type="recurring" if recurring else "one_time",
        unit_amount=params.get("unit_amount"),
        unit_amount_decimal=str(params["unit_amount"]) if "unit_amount" in params else None,
    )
    return account.add(price, "price.created")


def update_price(account: Account, id: str, params: Json) -> Json:
    price = account.prices.need(id)
    with account.changing(price):
        price |= {name: params[name] for name in ("active", "nickname", "lookup_key") if name in params}
        price["metadata"] = merged(price["metadata"], params)
    return price


def list_prices(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: at most 10 lookup_keys a call."""
    keys = params.get("lookup_keys")
    if keys is not None and len(keys) > 10:
        raise invalid("You may only specify up to 10 lookup_keys.", "lookup_keys")

    def keep(price: Json) -> bool:
        return (
            (keys is None or price["lookup_key"] in keys)
            and params.get("active") in (None, price["active"])
            and params.get("product") in (None, price["product"])
            and params.get("type") in (None, price["type"])
            and params.get("currency") in (None, price["currency"])
        )

    return account.prices.page(params, "/v1/prices", keep)


def retrieve_price(account: Account, id: str, params: Json) -> Json:
    return account.prices.need(id)


def retrieve_product(account: Account, id: str, params: Json) -> Json:
    return account.products.need(id)
