"""Which Stripe price means which plan, resolved once from ``instep.toml`` and Stripe's price list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.config import Config
from mappings.model import Subscription


@dataclass(frozen=True, slots=True)
class Catalog:
    """``plans``: price id, lookup key or product id -> plan. ``prices``: plan -> price id for new trials."""

    plans: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, str] = field(default_factory=dict)

    def plan_of(self, sub: Subscription) -> str | None:
        """The plan of a subscription's first mapped price; None when no plan maps any of them."""
        for name in (*sub.price_ids, *sub.lookup_keys, *sub.product_ids):
            if name in self.plans:
                return self.plans[name]
        return None


def catalog(config: Config, prices: Iterable[Mapping[str, Any]]) -> Catalog:
    """Resolve ``config`` against Stripe's active recurring prices (their JSON).

    A plan's price for new trials is the first that exists of its prices, then lookup keys, then products.
    """
    by_name: dict[str, str] = {}
    for price in sorted(prices, key=lambda p: (p["created"], p["id"])):
        product = price["product"] if isinstance(price["product"], str) else price["product"]["id"]
        for name in (price["id"], price.get("lookup_key"), product):
            if name:
                by_name.setdefault(name, price["id"])
    plans = {
        name: key for key, plan in config.plans.items() for name in (*plan.prices, *plan.lookup_keys, *plan.products)
    }
    for name, price_id in list(by_name.items()):
        if name in plans:
            plans.setdefault(price_id, plans[name])
    chosen: dict[str, str] = {}
    for key, plan in config.plans.items():
        for name in (*plan.prices, *plan.lookup_keys, *plan.products):
            if name in by_name:
                chosen.setdefault(key, by_name[name])
    return Catalog(plans, chosen)
