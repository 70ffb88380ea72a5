"""The customer portal's settings: one default configuration, as its page in the Dashboard saves it.

Source: Stripe docs "Configure the customer portal"; without saved settings no portal session can be made.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.store import listing

Json = dict[str, Any]
SETTINGS = "https://dashboard.stripe.com/test/settings/billing/portal"


def saved(at: int) -> Json:
    """What somebody saved who wants people to change their card and their plan, and to leave."""
    return {
        "id": "bpc_sandbox",
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
        "created": at,
        "default_return_url": None,
        "features": {
            "customer_update": {"allowed_updates": ["address", "name", "tax_id"], "enabled": True},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True, "payment_method_configuration": None},
            "subscription_cancel": {
                "cancellation_reason": {"enabled": True, "options": ["too_expensive", "unused", "other"]},
                "enabled": True,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_pause": {"duration": {"maximum_days": None}, "enabled": False},
            "subscription_update": {
                "billing_cycle_anchor": None,
                "default_allowed_updates": ["price"],
                "enabled": True,
                "products": [],
                "proration_behavior": "create_prorations",
                "schedule_at_period_end": {"conditions": []},
                "trial_update_behavior": "continue_trial",
            },
        },
        "is_default": True,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": at,
    }


def configurations(account: Account, id: str, params: Json) -> Json:
    held = [account.portal] if account.portal else []
    wanted = [
        one
        for one in held
        if params.get("is_default") in (None, one["is_default"]) and params.get("active") in (None, one["active"])
    ]
    return listing("/v1/billing_portal/configurations", wanted)


def needed(account: Account, flow: str) -> Json:
    """The configuration of a new session. Raises StripeError where there is none, or it does not offer ``flow``."""
    if account.portal is None:
        raise invalid(
            "You can't create a portal session in test mode until you save your customer portal settings in test mode "
            f"at {SETTINGS}."
        )
    if flow and not account.portal["features"][flow]["enabled"]:
        raise invalid(f"The portal configuration does not enable {flow}.", "flow_data[type]")
    return account.portal


def change(account: Account, features: Json | None) -> Json:
    """By hand: fields of some features; null takes the settings away, an empty object saves the usual ones."""
    if features is None:
        account.portal = None
        return {"portal": None}
    held = saved(account.now)
    for feature, fields in features.items():
        if feature not in held["features"] or not fields.keys() <= held["features"][feature].keys():
            raise invalid(f"no feature {feature} of the portal with {', '.join(fields)}")
        held["features"][feature] |= fields
    account.portal = held
    return {"portal": held}
