"""What `check` finds about plans: the price that each starts trials at, and who is on a price that no plan names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from connectors.stripe import StripeBilling
from flows.asking import ask
from flows.checks.finding import Finding, Findings
from flows.settings import Settings
from flows.systems import Wires
from flows.wording import counted
from mappings.catalog import catalog
from mappings.config import Config
from mappings.model import JSONObject, Subscription
from mappings.money import major
from mappings.selling import Offer, Stake, offer, stakes, unsold
from mappings.stripe import subscription_from

ABOUT = "plans"
# Of subscriptions, a hundred each.
MOST_PAGES = 50
MOST_LINES = 10


def plans(settings: Settings, w: Wires, config: Config) -> Findings:
    """Reads prices and running subscriptions, in pages."""
    prices = ask("Stripe", StripeBilling(w.stripe, settings.clock()).prices)
    found = catalog(config, prices)
    for key, plan in config.plans.items():
        yield from _plan(key, offer(plan, found.prices.get(key, ""), prices))
    running = ask("Stripe", lambda: list(_running(w)))
    lost = stakes(running, found)
    yield from _at_stake(lost, len(running))
    yield from _unsold([price for price in unsold(config, found, prices) if price not in lost])


def _plan(key: str, offered: Offer) -> Findings:
    if not offered.price:
        yield Finding(ABOUT, "problem", f"{key} has no active recurring price in Stripe: correct [plans.{key}]")
        return
    if offered.chosen_from > 1:
        many = f"{key} names {offered.chosen_from} active prices by their product, and trials start at {offered.price}"
        yield Finding(ABOUT, "warning", f"{many}: name the one for trials in prices or lookup_keys of [plans.{key}]")
    else:
        yield Finding(ABOUT, "ok", f"{key} starts trials at {offered.price}")
    for name in offered.unknown:
        none = f"{name} of [plans.{key}] is no active recurring price"
        yield Finding(ABOUT, "warning", f"{none}: fine for one that is sold no longer, else correct it")


def _running(w: Wires) -> Iterator[Subscription]:
    """Those that have not ended, newest first, with the coupons that lower what they bring."""
    pages = w.stripe.pages("/v1/subscriptions", {"expand[]": "data.discounts.source.coupon"})
    for page in islice(pages, MOST_PAGES):
        yield from (subscription_from(_small(subscription)) for subscription in page)


def _small(subscription: JSONObject) -> JSONObject:
    """Only what its price and its money follow from."""
    return {**subscription, "latest_invoice": None}


def _at_stake(lost: Mapping[str, Stake], read: int) -> Findings:
    if not lost:
        yield Finding(
            ABOUT, "ok", f"all {counted(read, 'running subscription')} are on a price of a plan{_partly(read)}"
        )
    ordered = sorted(lost.items(), key=lambda line: (-sum(line[1].monthly.values()), -len(line[1].customers), line[0]))
    for price, stake in ordered[:MOST_LINES]:
        who = f"{counted(len(stake.customers), 'customer', 'is', 'are')} on it{_money(stake)}{_partly(read)}"
        keep = "they keep their last tag and get no plan; name it in prices of a plan"
        yield Finding(ABOUT, "warning", f"price {price} is in no plan of instep.toml: {who}; {keep}")
    if len(ordered) > MOST_LINES:
        rest = ordered[MOST_LINES:]
        people = counted(len(set().union(*(stake.customers for _, stake in rest))), "customer", "is", "are")
        yield Finding(ABOUT, "warning", f"{people} on {len(rest)} more prices in no plan: name them too")


def _money(stake: Stake) -> str:
    sums = [f"{major(minor, currency):,.2f} {currency}" for currency, minor in sorted(stake.monthly.items()) if minor]
    return f", with {' and '.join(sums)} a month at stake" if sums else ""


def _partly(read: int) -> str:
    return f" (of the {read:,} newest subscriptions)" if read >= MOST_PAGES * 100 else ""


def _unsold(prices: list[str]) -> Findings:
    for price in prices[:MOST_LINES]:
        text = f"price {price} is in no plan of instep.toml: nobody is on it; name it before it is sold"
        yield Finding(ABOUT, "warning", text)
    if len(prices) > MOST_LINES:
        yield Finding(ABOUT, "warning", f"{len(prices) - MOST_LINES} more prices without customers are in no plan")
