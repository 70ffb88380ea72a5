"""Amounts: what a Stripe subscription brings in a month in minor units, and an account's revenue in major units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mappings.model import AccountFacts, Stage

# Stripe docs "Supported currencies": those with other than two decimals. UGX has none, but amounts are given with two.
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


# Months in one unit of a price's interval.
MONTHS = {"day": 12 / 365, "week": 12 * 7 / 365, "month": 1.0, "year": 12.0}


def monthly_minor(items: Iterable[Mapping[str, Any]], discounts: Iterable[Any], period_start: int | None = None) -> int:
    """Subscription items' JSON -> per month in minor units, without metered prices, after coupons, without tax.

    ``discounts``: Stripe discounts with ``source.coupon`` expanded; others count as none. A coupon counts where the
    period that began at ``period_start`` was billed with it and it is not for one invoice only. An amount off is spread
    over the first item's interval. An item's own discounts come off that item.
    """
    total, spread = 0.0, 0.0
    for item in items:
        recurring = item["price"].get("recurring") or {}
        if recurring and recurring.get("usage_type") != "metered":
            months = MONTHS.get(recurring.get("interval", "month"), 1.0) * (recurring.get("interval_count") or 1)
            total += _discounted(_amount(item) / months, item.get("discounts") or (), period_start, months)
            spread = spread or months
    return max(0, round(_discounted(total, discounts, period_start, spread or 1)))


def _discounted(monthly: float, discounts: Iterable[Any], period_start: int | None, months: float) -> float:
    for coupon in _coupons(discounts, period_start):
        monthly *= 1 - (coupon.get("percent_off") or 0) / 100
        monthly -= (coupon.get("amount_off") or 0) / months
    return max(0.0, monthly)


def _amount(item: Mapping[str, Any]) -> float:
    unit, quantity = item["price"].get("unit_amount"), item.get("quantity")
    each = float(unit if unit is not None else item["price"].get("unit_amount_decimal") or 0)
    return each * (1 if quantity is None else quantity)


def _coupons(discounts: Iterable[Any], period_start: int | None) -> Iterable[Mapping[str, Any]]:
    """Stripe API ``Discount.end``: when it stops; ``Coupon.duration`` once: the next invoice only."""
    for discount in discounts:
        if not isinstance(discount, Mapping) or (discount.get("end") or 1 << 62) <= (period_start or 0):
            continue
        coupon = (discount.get("source") or {}).get("coupon")
        if isinstance(coupon, Mapping) and coupon.get("duration") != "once":
            yield coupon


def major(minor: int, currency: str) -> float:
    """Minor units -> major units of that currency."""
    return minor / (1 if currency in ZERO_DECIMAL else 1000 if currency in THREE_DECIMAL else 100)


def mrr(facts: AccountFacts, stage: Stage) -> float | None:
    """Per month in major units, summed over running subscriptions; with several currencies the largest."""
    if stage not in ("active", "past_due", "trialing"):
        return None
    sums: dict[str, int] = {}
    for sub in facts.subscriptions:
        if sub.status in ("active", "past_due"):
            sums[sub.currency] = sums.get(sub.currency, 0) + sub.mrr_minor
    best: Sequence[tuple[int, str]] = sorted((amount, currency) for currency, amount in sums.items())
    return major(*best[-1]) if best else None
