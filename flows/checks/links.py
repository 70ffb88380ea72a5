"""What `check` finds about billing links: their secret and address, and what Stripe's portal offers behind them."""

from __future__ import annotations

from connectors.stripe import standing as stripe
from flows.asking import ask
from flows.checks.finding import Finding, Findings
from flows.settings import Settings
from flows.systems import Wires
from flows.tickets import PATH, tickets
from mappings.model import JSONObject

ABOUT = "billing links"
SHORT = 32
PORTAL = "in the customer portal's settings (Stripe's Dashboard, Settings, Billing)"


def secrets(settings: Settings) -> Findings:
    """Whether links can be made, and only by us."""
    sealing, public = tickets(settings), settings.instep_public_url
    if not public:
        yield Finding(ABOUT, "ok", "none: INSTEP_PUBLIC_URL is not set")
    elif not sealing.on:
        text = "none: INSTEP_PUBLIC_URL is set without INSTEP_SECRETS: put at least 32 random characters there"
        yield Finding(ABOUT, "warning", text)
    elif len(sealing.secrets[0]) < SHORT:
        text = f"the first of INSTEP_SECRETS has under {SHORT} characters and may be guessed: put a longer one in front"
        yield Finding(ABOUT, "warning", text)
    else:
        open_to_all = not public.startswith("https://")
        yield Finding(ABOUT, "ok", f"they begin with {sealing.base}/{PATH}/; `instep door` answers them")
        if open_to_all:
            text = "INSTEP_PUBLIC_URL is not https: links can be read on their way; put a proxy with https there"
            yield Finding(ABOUT, "warning", text)


def pages(w: Wires, settings: Settings) -> Findings:
    """Whether the portal does what the links lead there for, and Stripe posts nothing to where nobody takes it."""
    configuration = ask("Stripe", lambda: stripe.portal(w.stripe))
    if configuration is None:
        yield Finding(ABOUT, "problem", f"Stripe opens no portal before its settings are saved: save them {PORTAL}")
        return
    features: JSONObject = configuration["features"]
    if not features["payment_method_update"]["enabled"]:
        text = "the portal lets nobody change a payment method, for which most links lead there: allow it"
        yield Finding(ABOUT, "problem", f"{text} {PORTAL}")
    plan = features["subscription_update"]
    if plan["enabled"] and plan.get("trial_update_behavior", "end_trial") != "continue_trial":
        text = "a plan change in the portal ends a trial and charges at once: let it continue the trial"
        yield Finding(ABOUT, "warning", f"{text} {PORTAL}")
    yield Finding(ABOUT, "ok", f"the portal's settings {configuration['id']} are saved")
    yield from _webhooks(w, settings)


def _webhooks(w: Wires, settings: Settings) -> Findings:
    base = settings.instep_public_url.rstrip("/")
    for endpoint in ask("Stripe", lambda: stripe.webhooks(w.stripe)):
        if str(endpoint["url"]).startswith(base) and endpoint["status"] == "enabled":
            nobody = f"the webhook endpoint {endpoint['id']} leads to `instep door`, which takes none"
            yield Finding(ABOUT, "warning", f"{nobody}: disable it; Instep reads Stripe's event log")
