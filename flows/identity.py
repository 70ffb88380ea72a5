"""Who is behind the keys, and what vendors said that is needed where they do not answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from connectors.contract import Transient, Unauthorized
from connectors.stripe import StripeBilling
from flows.asking import ask
from flows.settings import Failed, Settings
from flows.systems import Wires
from state.store import House, Store

IDENTITY = {
    "stripe_account": "Stripe account",
    "livemode": "Stripe live mode",
    "intercom_workspace": "Intercom workspace",
    "intercom_region": "Intercom region",
}
PRICES, ZONE = "prices", "zone"
# What a plan is recognised by.
OF_A_PRICE = ("id", "created", "lookup_key")
Found = dict[str, str | bool]
T = TypeVar("T")


def identify_stripe(w: Wires) -> Found:
    """Who is behind the Stripe key."""
    billing = ask("Stripe", w.stripe.identity)
    return {"stripe_account": billing.account_id, "livemode": billing.livemode}


def identify_intercom(w: Wires) -> Found:
    """Who is behind the Intercom token."""
    talking = ask("Intercom", w.intercom.identity)
    return {"intercom_workspace": talking.workspace, "intercom_region": talking.region, ZONE: talking.timezone}


def identify(w: Wires, unreachable: dict[str, str] | None = None) -> Found:
    """Who is behind the keys, under the names of IDENTITY, and the workspace's ZONE. A vendor that does not answer, or
    refuses its key, is put into ``unreachable``, where that is given, and left out: nothing else waits for it."""
    found: Found = {}
    for system, who in (("stripe", identify_stripe), ("intercom", identify_intercom)):
        found |= (who(w) if unreachable is None else tolerant(system, partial(who, w), unreachable)) or {}
    return found


def tolerant(system: str, call: Callable[[], T], unreachable: dict[str, str]) -> T | None:
    """None, and the reason in ``unreachable``, where the system does not answer or refuses its key."""
    try:
        return call()
    except Failed as failed:
        if not isinstance(failed.__context__, Transient | Unauthorized):
            raise
        unreachable[system] = str(failed)
        return None


def same_house(house: House, found: Mapping[str, str | bool]) -> None:
    """Raises Failed when other accounts are behind the keys than the state was built for."""
    for name, what in IDENTITY.items():
        if name in found and getattr(house, name) != found[name]:
            raise Failed(
                f"Nothing was written: the state was built for {what} {getattr(house, name)}, but the key opens "
                f"{found[name]}. Use the right key, or another INSTEP_STATE_URL with `instep init`."
            )


def prices(w: Wires, store: Store, now: Callable[[], int], unreachable: dict[str, str]) -> list[dict[str, Any]]:
    """Stripe's prices, as far as plans are recognised by them; the last ones known where Stripe does not answer. Raises
    Failed where there are none."""
    known: list[dict[str, Any]] | None = store.recall(PRICES)
    listed = None
    if "stripe" not in unreachable:
        listed = tolerant("stripe", lambda: ask("Stripe", StripeBilling(w.stripe, now).prices), unreachable)
    if listed is not None:
        found = [_kept(price) for price in listed]
        if found != known:
            store.remember(PRICES, found)
        return found
    if known is None:
        raise Failed(unreachable["stripe"])
    return known


def calendar(settings: Settings, store: Store, found: Mapping[str, str | bool]) -> str:
    """The time zone of accounts that name none: INSTEP_TIMEZONE, else the Intercom workspace's, which is remembered for
    when Intercom does not answer."""
    known = store.recall(ZONE)
    zone = found.get(ZONE) or known
    if zone != known:
        store.remember(ZONE, zone)
    return settings.instep_timezone or str(zone or "UTC")


def _kept(price: Mapping[str, Any]) -> dict[str, Any]:
    product = price["product"] if isinstance(price["product"], str) else price["product"]["id"]
    return {name: price.get(name) for name in OF_A_PRICE} | {"product": product}
