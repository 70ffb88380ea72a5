"""The demo's story: what people, banks and the calendar do between two syncs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from instep.example import ask_for_trials
from instep.vendors import Vendors

TEAMS = 20
WITH_CARD = [f"team_{number:02}" for number in range(1, 13)]
UNLUCKY, LEAVING, LATE = "team_12", "team_03", "team_15"


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside Instep: the vendors and the product's database."""

    vendors: Vendors
    product: Path

    def customer(self, account: str) -> str:
        """The Stripe customer, as the product finds it in its own database."""
        with closing(sqlite3.connect(self.product)) as database:
            row = database.execute("SELECT stripe_customer_id FROM instep_access WHERE account_id = ?", (account,))
            return str(row.fetchone()[0])

    def subscription(self, account: str) -> Any:
        """The team's newest subscription."""
        found = self.vendors.stripe("GET", f"/v1/subscriptions?status=all&customer={self.customer(account)}")
        return found["data"][0]

    def card(self, account: str, outcome: str = "ok", method: str = "POST") -> None:
        self.vendors.control(method, f"/stripe/customers/{self.customer(account)}/card", {"outcome": outcome})


@dataclass(frozen=True, slots=True)
class Act:
    """``now``: the clock when Instep syncs, an ISO instant. ``happens`` gets the world at that moment."""

    title: str
    now: str
    told: str
    happens: Callable[[World], None]

    @property
    def at(self) -> int:
        return int(datetime.fromisoformat(self.now).timestamp())


def _ask(world: World) -> None:
    ask_for_trials(world.product, [f"team_{n:02}" for n in range(1, TEAMS + 1)], "pro", ACTS[0].at)


def _add_cards(world: World) -> None:
    for account in WITH_CARD:
        world.card(account, "decline" if account == UNLUCKY else "ok")


def _nothing(world: World) -> None:
    """Only time passes."""


def _second_thoughts(world: World) -> None:
    world.card(UNLUCKY, "ok", method="PUT")
    world.vendors.control("POST", f"/stripe/customers/{world.customer(UNLUCKY)}/pay", {})
    world.card(LATE)
    subscription = world.subscription(LATE)["id"]
    world.vendors.stripe("POST", f"/v1/subscriptions/{subscription}/resume")


def _cancel(world: World) -> None:
    subscription = world.subscription(LEAVING)["id"]
    world.vendors.stripe("POST", f"/v1/subscriptions/{subscription}", {"cancel_at_period_end": "true"})


def _come_back(world: World) -> None:
    fields = {"customer": world.customer(LEAVING), "items[0][price]": "price_pro_monthly"}
    world.vendors.stripe("POST", "/v1/subscriptions", fields)


ACTS: Sequence[Act] = (
    Act("Trials", "2026-03-02T09:00:00+00:00",
        "Twenty teams press the button for a 14-day trial. Each needs a Stripe customer, a subscription, a product"
        " instance, and people in Intercom that marketing can talk to.", _ask),
    Act("Cards", "2026-03-13T10:00:00+00:00",
        "Three days are left. Twelve teams add a card; one of the cards has no money on it.", _add_cards),
    Act("The last day", "2026-03-16T12:00:00+00:00",
        "All trials end. Eleven teams pay, one payment fails, eight teams never gave a card.", _nothing),
    Act("Second thoughts", "2026-03-18T10:00:00+00:00",
        f"{UNLUCKY} puts money on its card and pays. {LATE} adds a card after all and resumes.", _second_thoughts),
    Act("A goodbye", "2026-03-20T10:00:00+00:00",
        f"{LEAVING} cancels for the end of the month it has paid for, and keeps its access until then.", _cancel),
    Act("A month later", "2026-04-16T12:00:00+00:00",
        f"Twelve teams are charged again. {LEAVING} has left. For the seven trials that ended without a card, the two"
        " weeks of reading are over.", _nothing),
    Act("A return", "2026-04-20T10:00:00+00:00",
        f"{LEAVING} subscribes again in the checkout, under the same customer.", _come_back),
)  # fmt: skip
