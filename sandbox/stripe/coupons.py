"""Coupons, and the discounts that they make on a subscription (Stripe docs: coupons and promotion codes)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.metadata import merged
from sandbox.stripe.payment_shapes import COUPON, DISCOUNT
from sandbox.stripe.periods import plus
from sandbox.stripe.shapes import new

Json = dict[str, Any]

_GIVEN = ("amount_off", "currency", "duration", "duration_in_months", "name", "percent_off")


def create(account: Account, id: str, params: Json) -> Json:
    """Either percent_off or amount_off with its currency; duration_in_months for repeating ones only."""
    given = {name: params[name] for name in _GIVEN if name in params}
    if ("percent_off" in given) == ("amount_off" in given):
        raise invalid("You must pass either percent_off or amount_off.", "percent_off")
    if "amount_off" in given and "currency" not in given:
        raise invalid("You must pass currency when passing amount_off.", "currency")
    if (given.get("duration") == "repeating") != ("duration_in_months" in given):
        raise invalid("duration_in_months goes with duration=repeating.", "duration_in_months")
    if "percent_off" in given:
        given["percent_off"] = float(given["percent_off"])
    named = params.get("id") or account.world.new_id("co_", 8)
    if account.coupons.get(named):
        raise invalid(f"Coupon already exists: {named}", "id", "resource_already_exists")
    coupon = new("coupon", COUPON | given, named, account.now, metadata=merged({}, params))
    return account.add(coupon, "coupon.created")


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.coupons.need(id)


def list_all(account: Account, id: str, params: Json) -> Json:
    return account.coupons.page(params, "/v1/coupons")


def redeem(account: Account, sub: Json, wanted: Any) -> None:
    """``discounts`` of a subscription call: ``[{"coupon": id}]`` replaces all; empty takes all off."""
    found = [account.coupons.need(one.get("coupon", ""), "discounts[0][coupon]") for one in wanted or ()]
    sub["discounts"] = [_discount(account, sub, coupon)["id"] for coupon in found]


def _discount(account: Account, sub: Json, coupon: Json) -> Json:
    monthly = {"interval": "month", "interval_count": 1}
    end = plus(account.now, monthly, coupon["duration_in_months"]) if coupon["duration"] == "repeating" else None
    discount = {
        "id": account.world.new_id("di_", 24),
        "object": "discount",
        **DISCOUNT,
        "start": account.now,
        "end": end,
    }
    discount |= {"customer": sub["customer"], "subscription": sub["id"]}
    coupon["times_redeemed"] += 1
    return account.shelves["discount"].add(discount | {"source": {"coupon": coupon["id"], "type": "coupon"}})


def after(account: Account, sub: Json, total: int) -> int:
    """What is left of ``total`` (minor units) after the discounts that run now."""
    for discount in _running(account, sub):
        coupon = account.coupons.need(discount["source"]["coupon"])
        total = round(total * (100 - (coupon["percent_off"] or 0)) / 100) - (coupon["amount_off"] or 0)
    return max(0, total)


def use(account: Account, sub: Json) -> None:
    """After an invoice: what was for one invoice only is used up, what has ended goes."""
    running = (d for d in _running(account, sub) if account.coupons.need(d["source"]["coupon"])["duration"] != "once")
    left = [discount["id"] for discount in running]
    if left != sub["discounts"]:
        sub["discounts"] = left


def _running(account: Account, sub: Json) -> list[Json]:
    held = (account.shelves["discount"].need(id) for id in sub["discounts"])
    return [discount for discount in held if discount["end"] is None or discount["end"] > account.now]
