"""Subscription items: which prices, how many (Stripe docs: subscription items, change price)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import lifecycle, shapes
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.metadata import merged

Json = dict[str, Any]


def interval(sub: Json) -> Json:
    recurring: Json = sub["items"]["data"][0]["price"]["recurring"]
    return recurring


def lay_out(account: Account, sub: str, held: list[Json], wanted: list[Json], now: int) -> list[Json]:
    """The items after a change; one without an id is added, so a bare price never replaces another."""
    result = {item["id"]: item for item in held}
    for at, change in enumerate(wanted):
        id = change.get("id")
        if id is not None and id not in result:
            raise invalid(f"Invalid subscription_item id: {id}", f"items[{at}][id]", "resource_missing")
        if change.get("deleted"):
            del result[id]
        else:
            item = result.get(id) or {"id": account.world.new_id("si_"), "created": now}
            result[item["id"]] = _item(account, sub, item, change, f"items[{at}][price]")
    return _checked(list(result.values()))


def _item(account: Account, sub: str, held: Json, change: Json, param: str) -> Json:
    price = _price(account, held, change, param)
    item = shapes.item(held["id"], held["created"], sub, price) | held | {"price": price, "plan": shapes.plan(price)}
    return item | {"quantity": change.get("quantity", item["quantity"]), "metadata": merged(item["metadata"], change)}


def _price(account: Account, held: Json, change: Json, param: str) -> Json:
    if "price" not in change and "price" in held:
        price: Json = held["price"]
        return price
    price = account.prices.need(change.get("price", ""), param)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param)
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts `type=recurring`.", param
        )
    return price


def _checked(data: list[Json]) -> list[Json]:
    """Stripe docs: at least one item, at most 20, no price twice, one currency."""
    prices = [item["price"] for item in data]
    if not 1 <= len(data) <= 20:
        raise invalid("A subscription must have at least one active item and at most 20.", "items")
    if len({price["id"] for price in prices}) < len(prices):
        raise invalid("Cannot add multiple subscription items with the same plan.", "items")
    if len({(price["currency"], str(price["recurring"])) for price in prices}) > 1:
        raise invalid("The sandbox bills all items of a subscription in one currency and interval.", "items")
    return data


def arrange(account: Account, sub: Json, wanted: list[Json]) -> bool:
    """Change the items; a new interval outside a trial starts a new period, billed at once (then True)."""
    before = interval(sub)
    start, end = (sub["items"]["data"][0][f"current_period_{edge}"] for edge in ("start", "end"))
    sub["items"] = shapes.items(sub["id"], lay_out(account, sub["id"], sub["items"]["data"], wanted, account.now))
    lifecycle.set_period(sub, start, end)
    if interval(sub) == before or sub["status"] not in lifecycle.RENEWING:
        return False
    sub["billing_cycle_anchor"] = account.now
    lifecycle.bill(account, sub, "subscription_update", at_once=True)
    return True
