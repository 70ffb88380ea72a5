"""How the plans of instep.toml fit what Stripe sells: the price each starts trials at, what no plan names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.catalog import Catalog
from mappings.config import Config, Plan
from mappings.model import Subscription

Price = Mapping[str, Any]
PAYING = ("active", "past_due")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a plan sells. ``price``: that of new trials, empty where there is none. ``chosen_from``: how many prices of
    its products it was picked from, unless instep.toml names it. ``unknown``: lookup keys, prices and products without
    an active recurring price."""

    price: str
    chosen_from: int = 1
    unknown: tuple[str, ...] = ()


def offer(plan: Plan, price: str, prices: Sequence[Price]) -> Offer:
    """``price``: as the catalog resolved it; ``prices``: Stripe's active recurring ones."""
    names = {name for one in prices for name in _names(one)}
    unknown = tuple(n for n in (*plan.prices, *plan.lookup_keys, *plan.products) if n not in names)
    named = {*plan.prices, *plan.lookup_keys} & names
    of_products = sum(product_of(one) in plan.products for one in prices)
    return Offer(price, 1 if named else max(1, of_products), unknown)


@dataclass(slots=True)
class Stake:
    """Who is on a price. ``monthly``: currency -> minor units a month, of those that pay."""

    customers: set[str] = field(default_factory=set)
    monthly: Counter[str] = field(default_factory=Counter)


def stakes(subscriptions: Iterable[Subscription], plans: Catalog) -> dict[str, Stake]:
    """Price -> who is on it, for subscriptions that no plan maps; where one has several prices, under its first."""
    found: dict[str, Stake] = {}
    for sub in subscriptions:
        if sub.price_ids and plans.plan_of(sub) is None:
            stake = found.setdefault(sub.price_ids[0], Stake())
            stake.customers.add(sub.customer_id)
            if sub.status in PAYING:
                stake.monthly[sub.currency] += sub.mrr_minor
    return found


def unsold(config: Config, plans: Catalog, prices: Iterable[Price]) -> list[str]:
    """Active prices that no plan maps, neither by themselves nor by their product."""
    products = {product for plan in config.plans.values() for product in plan.products}
    return sorted(p["id"] for p in prices if p["id"] not in plans.plans and product_of(p) not in products)


def product_of(price: Price) -> str:
    product = price["product"]
    return str(product if isinstance(product, str) else product["id"])


def _names(price: Price) -> Iterable[str]:
    return filter(None, (price["id"], price.get("lookup_key"), product_of(price)))
