"""Plans drafted from Stripe's prices: which product is which plan, which price is for new trials, TOML of any name."""

from __future__ import annotations

import tomllib
from typing import Any

from mappings.config import Config
from mappings.drafting import drafts, toml


def price(
    id: str, product: str, amount: int | None = 4900, *, key: str | None = None, every: str = "month", **more: Any
):
    recurring = {"interval": every, "interval_count": 1, "trial_period_days": None} | more.pop("recurring", {})
    named = {"id": product, "name": more.pop("name", product)}
    return {"id": id, "product": named, "unit_amount": amount, "currency": "usd", "lookup_key": key,
            "recurring": recurring} | more  # fmt: skip


def test_monthly_in_the_usual_currency_comes_first() -> None:
    (draft,) = drafts(
        [
            price("p1", "pro", key="yearly", every="year"),
            price("p2", "pro", 100, key="euro", currency="eur"),
            price("p3", "pro", key="dollars"),
        ]
    )
    assert draft.lookup_keys == ("dollars", "euro", "yearly")
    assert (draft.prices, draft.products) == ((), ("pro",))


def test_without_lookup_keys_the_price_is_named() -> None:
    (draft,) = drafts([price("p1", "pro", 9900), price("p2", "pro", 4900)])
    assert (draft.prices, draft.lookup_keys) == (("p2",), ())


def test_trial_days_of_the_price() -> None:
    (draft,) = drafts([price("p1", "pro", recurring={"trial_period_days": 30})])
    assert draft.trial_days == 30


def test_two_products_of_one_name_are_two_plans() -> None:
    found = drafts([price("p1", "a", name="Pro!"), price("p2", "b", name="pro"), price("p3", "c", name="日本")])
    assert [draft.key for draft in found] == ["pro", "pro-2", "plan"]


def test_any_name_is_valid_toml_and_a_valid_configuration() -> None:
    name = 'Pro "big"\n[x] \\ \x7f 😀'
    held = tomllib.loads(toml(drafts([price("p1", "pro", None, name=name, key='k"\n')])))
    plan = Config.model_validate(held | {"policy": {"access_without_subscription": "full"}}).plans["pro-big-x"]
    assert (plan.label, plan.lookup_keys) == (name, ['k"\n'])
