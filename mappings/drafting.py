"""Plans drafted from what Stripe sells: one product is one plan, whatever it costs in which currency."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.money import major

Price = Mapping[str, Any]

TRIAL_DAYS = 14
INTERVALS = ("month", "year", "week", "day")


@dataclass(frozen=True, slots=True)
class Draft:
    """One ``[plans.KEY]``. The first of ``prices``, else of ``lookup_keys``, is for new trials; ``products`` catches
    what was sold before. ``notes``: what each price costs."""

    key: str
    label: str
    prices: tuple[str, ...]
    lookup_keys: tuple[str, ...]
    products: tuple[str, ...]
    trial_days: int
    notes: tuple[str, ...]


def drafts(prices: Iterable[Price]) -> list[Draft]:
    """``prices``: Stripe's active recurring ones, their product expanded. The plan with most prices comes first."""
    held = list(prices)
    usual = Counter(price["currency"] for price in held)
    by_product: dict[str, list[Price]] = {}
    for price in sorted(held, key=lambda price: _rank(price, usual)):
        by_product.setdefault(_product(price)["id"], []).append(price)
    made: dict[str, Draft] = {}
    for sold in sorted(by_product.values(), key=lambda sold: (-len(sold), _product(sold[0])["id"])):
        draft = _draft(sold, set(made))
        made[draft.key] = draft
    return list(made.values())


def toml(drafted: Sequence[Draft]) -> str:
    """As it goes into instep.toml."""
    return "\n".join(_table(draft) for draft in drafted)


def _rank(price: Price, usual: Counter[str]) -> tuple[int, int, bool, int, str]:
    """Monthly before yearly, the currency that most prices have, the cheapest; then by name."""
    interval = price["recurring"]["interval"]
    order = INTERVALS.index(interval) if interval in INTERVALS else len(INTERVALS)
    amount = price.get("unit_amount")
    return order, -usual[price["currency"]], amount is None, amount or 0, str(price.get("lookup_key") or price["id"])


def _draft(sold: Sequence[Price], taken: set[str]) -> Draft:
    product = _product(sold[0])
    keys = tuple(price["lookup_key"] for price in sold if price.get("lookup_key"))
    days = next((d for price in sold if (d := price["recurring"].get("trial_period_days"))), TRIAL_DAYS)
    name = str(product.get("name") or product["id"])
    return Draft(
        key=_key(name, taken),
        label=name,
        prices=() if keys else (sold[0]["id"],),
        lookup_keys=keys,
        products=(product["id"],),
        trial_days=days,
        notes=tuple(_cost(price) for price in sold),
    )


def _product(price: Price) -> Mapping[str, Any]:
    product = price["product"]
    return product if isinstance(product, Mapping) else {"id": product}


def _key(name: str, taken: set[str]) -> str:
    """``Pro plan`` -> pro-plan; a second one gets a number."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "plan"
    numbered = (plain if n == 1 else f"{plain}-{n}" for n in range(1, len(taken) + 2))
    return next(key for key in numbered if key not in taken)


def _cost(price: Price) -> str:
    amount, recurring = price.get("unit_amount"), price["recurring"]
    cost = f"{major(amount, price['currency']):,.2f} {price['currency']}" if amount is not None else "by tiers or usage"
    count = recurring.get("interval_count") or 1
    every = f"a {recurring['interval']}" if count == 1 else f"every {count} {recurring['interval']}s"
    return f"{price.get('lookup_key') or price['id']}: {cost} {every}"


def _table(draft: Draft) -> str:
    lines = [f"[plans.{draft.key}]", f"label = {_text(draft.label)}"]
    lines += [f"# {_plain(note)}" for note in draft.notes]
    if draft.prices:
        lines.append(f"prices = {_texts(draft.prices)}")
    if draft.lookup_keys:
        lines.append(f"lookup_keys = {_texts(draft.lookup_keys)}")
    lines.append(f"products = {_texts(draft.products)}")
    lines += [f"trial_days = {draft.trial_days}", f"tag = {_text(f'plan:{draft.key}')}", ""]
    return "\n".join(lines)


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    """A TOML basic string: as JSON escapes it, and the one control character that JSON lets be."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(note: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", note)
