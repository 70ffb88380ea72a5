"""What the key may read, and how the account is set up for billing links; nothing that belongs to a customer."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.contract import Rejected, Unauthorized
from connectors.stripe.checkouts import PATH, withheld
from connectors.stripe.client import StripeApi
from connectors.stripe.rights import RIGHTS, spelled
from mappings.model import JSONObject


def lacking(api: StripeApi, linked: bool) -> Iterator[str]:
    """The permissions that the key lacks for reading, as ``spelled``: one request each. What it may write cannot be
    seen without writing."""
    for right in RIGHTS:
        if right.path and (linked or not right.linked):
            try:
                api.get(right.path, {"limit": "1"})
            except Unauthorized as refused:
                yield refused.lacks or spelled(right.key, "read")
            except Rejected:
                continue  # It may, though not like this.


def checkouts_withheld(api: StripeApi) -> bool:
    """Whether the key may not read Checkout sessions, so that nobody is recognised by one."""
    try:
        api.get(PATH, {"limit": "1"})
    except Unauthorized as refused:
        if not withheld(refused):
            raise
        return True
    return False


def portal(api: StripeApi) -> JSONObject | None:
    """The customer portal's default configuration; None until its settings are saved, without which no portal opens.

    https://docs.stripe.com/api/customer_portal/configurations"""
    wanted = {"is_default": "true", "active": "true", "limit": "1"}
    return next(iter(api.get("/v1/billing_portal/configurations", wanted).get("data") or []), None)


def webhooks(api: StripeApi) -> list[JSONObject]:
    """Webhook endpoints, a hundred at most; none where the key may not list them, which nothing else needs."""
    try:
        return list(api.get("/v1/webhook_endpoints", {"limit": "100"}).get("data") or [])
    except Unauthorized:
        return []
