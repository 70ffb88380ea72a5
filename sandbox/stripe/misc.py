"""The small resources: the account itself, events, webhook endpoints."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account import VERSION, Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.metadata import merged
from sandbox.stripe.periods import DAY
from sandbox.stripe.shapes import WEBHOOK, new

Json = dict[str, Any]

ACCOUNT_ID = "acct_1SandboxInstep00"
RETENTION = 30 * DAY


def account(held: Account, id: str, params: Json) -> Json:
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {"name": "Sandbox", "url": None, "support_email": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": held.created_at,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "sandbox@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def list_events(held: Account, id: str, params: Json) -> Json:
    """Stripe docs: newest first, 30 days back, one ``type`` (with ``*`` wildcards at the end) or up to 20 ``types``."""
    types, type = params.get("types"), params.get("type", "*")
    if types is not None and "type" in params:
        raise invalid("You may only specify one of these parameters: type, types.", "types")
    if types is not None and len(types) > 20:
        raise invalid("You may specify up to 20 types.", "types")
    oldest = held.now - RETENTION

    def keep(event: Json) -> bool:
        if not held.listed(event):
            return False
        if types is not None:
            return event["type"] in types
        return bool(event["type"] == type or (type.endswith("*") and event["type"].startswith(type[:-1])))

    return held.events.page(params, "/v1/events", keep, oldest)


def retrieve_event(held: Account, id: str, params: Json) -> Json:
    event = held.events.need(id)
    return held.events.need("" if event["created"] < held.now - RETENTION else id)


def create_webhook(held: Account, id: str, params: Json) -> Json:
    """The signing secret is in this answer and in no later one (Stripe docs: webhook endpoints)."""
    _check_webhook(params)
    endpoint = held.add(
        new(
            "webhook_endpoint",
            WEBHOOK,
            held.world.new_id("we_", 24),
            held.now,
            api_version=params.get("api_version"),
            enabled_events=params["enabled_events"],
            metadata=merged({}, params),
            url=params["url"],
        )
        | {"description": params.get("description") or None}
    )
    return endpoint | {"secret": held.world.new_id("whsec_", 32)}


def _check_webhook(params: Json) -> None:
    if not params.get("url", "https://").startswith(("https://", "http://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")
    if params.get("api_version", VERSION) != VERSION:
        raise invalid(f"Invalid API version: {params['api_version']}", "api_version")


def update_webhook(held: Account, id: str, params: Json) -> Json:
    endpoint = held.webhooks.need(id)
    _check_webhook(params)
    wanted: Json = {name: params[name] for name in ("enabled_events", "url", "description") if name in params}
    wanted |= {"metadata": merged(endpoint["metadata"], params)}
    if "disabled" in params:
        wanted["status"] = "disabled" if params["disabled"] else "enabled"
    if any(endpoint[name] != value for name, value in wanted.items()):
        endpoint |= wanted
        held.touched = "webhook_endpoint"
    return endpoint


def delete_webhook(held: Account, id: str, params: Json) -> Json:
    held.webhooks.need(id)
    held.touched = "webhook_endpoint"
    return held.webhooks.remove(id, {"id": id, "object": "webhook_endpoint", "deleted": True})


def list_webhooks(held: Account, id: str, params: Json) -> Json:
    return held.webhooks.page(params, "/v1/webhook_endpoints")


def retrieve_webhook(held: Account, id: str, params: Json) -> Json:
    return held.webhooks.need(id)
