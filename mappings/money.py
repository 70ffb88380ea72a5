"""Amounts: Stripe's minor units, and an account's monthly revenue in major units."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.model import AccountFacts, Stage

# Stripe docs "Zero-decimal currencies": amounts already are in major units.
ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".lower().split())


def major(minor: int, currency: str) -> float:
    """Minor units -> major units of that currency."""
    return float(minor) if currency in ZERO_DECIMAL else minor / 100


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
