"""What a fresh sandbox holds: three prices, and accounts in mixed states when asked for."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import catalog, seeding
from sandbox.stripe.account import Account
from sandbox.stripe.http import service
from sandbox.stripe.periods import DAY
from sandbox.world import World

Json = dict[str, Any]

PRODUCTS = {"prod_pro": "Pro", "prod_team": "Team"}
PRICES = [
    ("pro_monthly", "prod_pro", 4900, "month"),
    ("pro_yearly", "prod_pro", 49000, "year"),
    ("team_monthly", "prod_team", 9900, "month"),
]
# One in ten of each; two thirds of real accounts pay, the rest are on their way in or out.
STATES: list[Json | None] = [
    {"status": "active", "price": "price_pro_monthly"},
    {"status": "active", "price": "price_team_monthly"},
    {"status": "active", "price": "price_pro_yearly"},
    {"status": "trialing", "price": "price_pro_monthly"},
    {"status": "active", "price": "price_pro_monthly"},
    {"status": "paused", "price": "price_pro_monthly"},
    {"status": "canceled", "price": "price_team_monthly"},
    {"status": "active", "price": "price_pro_monthly"},
    {"status": "past_due", "price": "price_pro_monthly"},
    None,
]


def seed(world: World, accounts: int = 0) -> None:
    """Prices ``price_<lookup_key>``, and ``accounts`` customers with metadata.account_id acct_0001 and on."""
    account = service(world).account
    for id, name in PRODUCTS.items():
        catalog.create_product(account, "", {"id": id, "name": name})
    for key, product, amount, interval in PRICES:
        recurring = {"interval": interval}
        fields = {
            "currency": "usd",
            "lookup_key": key,
            "product": product,
            "recurring": recurring,
            "unit_amount": amount,
        }
        catalog.add_price(account, f"price_{key}", fields)
    for number in range(1, accounts + 1):
        seeding.add(account, row(account, number))


def row(account: Account, number: int) -> Json:
    """Account ``number`` as an import row: created one after the other over the last 300 days."""
    name = f"acct_{number:04d}"
    created = account.now - 300 * DAY + number * 60 % (290 * DAY)
    metadata = {"account_id": name}
    customer: Json = {
        "email": f"owner@{name.replace('_', '-')}.example",
        "name": f"Company {number}",
        "metadata": metadata,
    }
    customer["created"] = created
    state = STATES[(number - 1) % len(STATES)]
    if state is not None:
        customer["subscription"] = state | {"metadata": metadata}
        if state["status"] == "trialing":
            customer["subscription"] |= {"created": account.now - 7 * DAY}
        if state["status"] == "active":
            customer["card"] = "ok"
    return customer
