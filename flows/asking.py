"""Vendor calls at start-up and by hand: any failure ends in one sentence that names the setting to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connectors.contract import ConnectorError, Rejected, Unauthorized
from flows.hooks import PREFIX
from flows.settings import Failed

T = TypeVar("T")
# Where a system's key and its address are set.
KEYS = {
    "Stripe": ("STRIPE_API_KEY", "STRIPE_API_BASE"),
    "Intercom": ("INTERCOM_ACCESS_TOKEN", "INTERCOM_API_BASE"),
    "the product database": ("INSTEP_PRODUCT_URL", "INSTEP_PRODUCT_URL"),
    "the provisioner": ("PROVISIONER_SECRET", "PROVISIONER_URL"),
    "Prefect": ("PREFECT_API_KEY", "PREFECT_API_URL"),
}


# A key that opens a system, but not all that is needed there: what to do about it.
GRANT = {
    "Stripe": "edit the key in Stripe's Dashboard, under API keys",
    "Intercom": "tick it for the app in Intercom's Developer Hub, under Authentication",
}


def refusal(system: str, lacks: str = "") -> str:
    """A vendor does not take its key. ``system`` as here or as a Gate names it; ``lacks`` as in Unauthorized."""
    if system.startswith(PREFIX):
        return f"{system} is refused: give the receiver what `instep after --secrets` shows, or mend PREFECT_API_KEY."
    name = next((name for name in KEYS if system.casefold() in name.casefold()), "")
    if not name:
        return f"{system} refuses the key."
    key, address = KEYS[name]
    if lacks:
        return f"The key in {key} lacks {lacks}: {GRANT.get(name, 'grant it')}."
    what = "secret" if key.endswith("SECRET") else "key"
    region = f", or the address of its own region into {address}" if name == "Intercom" else ""
    return f"{name[0].upper()}{name[1:]} refuses the {what} in {key}. Put a working {what} there{region}."


def ask(system: str, call: Callable[[], T]) -> T:
    """A vendor call of the start-up: any failure ends in one sentence that names the setting to look at."""
    name, (_, address) = system[0].upper() + system[1:], KEYS[system]
    try:
        return call()
    except Unauthorized as refused:
        raise Failed(refusal(system, refused.lacks)) from None
    except ConnectorError as error:
        text = str(error)
        _, unreachable, detail = text.partition(" cannot be reached")
        if unreachable:
            raise Failed(f"{name} cannot be reached{detail}: check {address} and the network.") from None
        if isinstance(error, Rejected) and " has no " in text:
            text = text[0].upper() + text[1:]
            raise Failed(f"{text}: make it (docs/operating.md), or correct {address}.") from None
        if isinstance(error, Rejected) and system in GRANT:
            raise Failed(f"{name} refuses this: {text}.") from None
        raise Failed(f"{name} cannot be used: {text}. Check {address}.") from None
