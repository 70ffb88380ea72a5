"""The demo's story: what people, banks and the calendar do between two syncs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from instep.example import ask_for_trials
from instep.world import World

TEAMS = 20
WITH_CARD = [f"team_{number:02}" for number in range(1, 13)]
UNLUCKY, LEAVING, LATE = "team_12", "team_03", "team_15"


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
    world.bank(UNLUCKY, "ok")
    world.pay(UNLUCKY)
    world.card(LATE)
    world.resume(LATE)


def _cancel(world: World) -> None:
    world.cancel_at_period_end(LEAVING)


def _come_back(world: World) -> None:
    world.subscribe(LEAVING, "pro")


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
        f"Eleven teams are charged again. {LEAVING} has left. For the seven trials that ended without a card, the two"
        " weeks of reading are over.", _nothing),
    Act("A return", "2026-04-20T10:00:00+00:00",
        f"{LEAVING} subscribes again in the checkout, under the same customer.", _come_back),
)  # fmt: skip
