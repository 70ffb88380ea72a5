"""What the billing page of one account offers: one thing to do, with its amount and date, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mappings.catalog import Catalog
from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Stage, Subscription
from mappings.seen import paused_by_trial_end
from mappings.standing import leading_subscription
from mappings.trials import OVER

Way = Literal["card", "resume", "invoice", "checkout", "portal", "nothing"]


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a plan costs: ``amount`` in minor units every ``count`` ``interval``s."""

    plan: str
    label: str
    price_id: str
    amount: int
    currency: str
    interval: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Offer:
    """``way``: where the button leads. ``amount`` (minor units) and ``due_at``: what is charged and when; 0: now.
    ``on_file``: there is a payment method. ``agreed``: the consent to resume is given. ``subscription``: what it is
    about."""

    way: Way
    stage: Stage
    customer: str = ""
    subscription: Subscription | None = None
    plan: str = ""
    on_file: bool = False
    amount: int | None = None
    currency: str = ""
    due_at: int | None = None
    url: str = ""
    tariffs: tuple[Tariff, ...] = ()
    agreed: bool = False
    why: str = ""
    ends_at: int | None = None
    cancels: bool = False


def offer_of(facts: AccountFacts, life: Life, config: Config) -> Offer:
    """The way for where the account stands. Amounts of what is not invoiced yet are asked of Stripe."""
    sub = _to_pay(facts, leading_subscription(facts, config))
    customer = _customer(facts, life)
    plan = config.plans[life.last_plan].label if life.last_plan in config.plans else ""
    told = Offer("nothing", life.stage, customer, sub, plan or life.last_plan, life.has_payment_method)
    if life.stage in ("blocked", "erased"):
        return _with(told, why="This account is on hold. Please contact us.")
    if life.paid:
        return _with(told, why="Your subscription is being set up. Please come back in a few minutes.")
    if life.start or (life.stage == "trial_requested" and sub is None):
        return _with(told, why="Your trial is being prepared. There is nothing to pay.")
    if "comped" in life.overlays:
        return _with(told, why="This account is free of charge. There is nothing to pay.")
    return _of(sub, told) if sub else _with(told, way="checkout")


def _to_pay(facts: AccountFacts, leading: Subscription | None) -> Subscription | None:
    """A first payment that is open comes before buying anew."""
    if leading is not None and leading.status not in OVER:
        return leading
    opened = [s for s in facts.subscriptions if s.status == "incomplete" and s.pay_url]
    return max(opened, key=lambda s: (s.created, s.subscription_id), default=leading)


def _of(sub: Subscription, told: Offer) -> Offer:
    invoice = sub.invoice
    if sub.status == "trialing":
        return _with(told, way="card", ends_at=sub.trial_end, cancels=bool(sub.cancel_at))
    if sub.status == "paused" and paused_by_trial_end(sub):
        return _with(told, way="resume")
    if sub.pay_url and sub.status in ("past_due", "unpaid", "incomplete", "active"):
        return _with(told, way="invoice", url=sub.pay_url, amount=sub.pay_amount, currency=sub.currency)
    if sub.status in OVER:
        return _with(told, way="checkout")
    if sub.status == "active" and told.stage == "trialing" and invoice:
        return _with(told, way="card", amount=invoice.amount_due, currency=sub.currency, due_at=0)
    return _with(told, way="portal")


def _with(offer: Offer, **more: Any) -> Offer:
    return replace(offer, **more)


def _customer(facts: AccountFacts, life: Life) -> str:
    living = {c.customer_id for c in facts.customers if not c.deleted}
    return life.customer_id if life.customer_id in living else ""


def tariffs(config: Config, catalog: Catalog, prices: Iterable[Mapping[str, Any]], first: str) -> tuple[Tariff, ...]:
    """What can be bought: the plans with an active fixed price, ``first`` before the others."""
    by_id = {price["id"]: price for price in prices}
    found = []
    for key, plan in config.plans.items():
        price = by_id.get(catalog.prices.get(key, ""))
        if price and price.get("unit_amount") is not None:
            every = price["recurring"]
            cost = (price["unit_amount"], price["currency"], every["interval"], every.get("interval_count") or 1)
            found.append(Tariff(key, plan.label or key, price["id"], *cost))
    return tuple(sorted(found, key=lambda tariff: tariff.plan != first))
