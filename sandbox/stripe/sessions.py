"""Pages for a while: portal sessions and Checkout sessions (Stripe docs: customer portal, Checkout Sessions)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import portal as settings
from sandbox.stripe.account import Account
from sandbox.stripe.errors import NotBegun, invalid
from sandbox.stripe.metadata import merged
from sandbox.stripe.periods import HOUR
from sandbox.stripe.store import listing

Json = dict[str, Any]

# Stripe docs: expires_at is 30 minutes to 24 hours after creation. How long a portal session lives is assumed.
SHORTEST, LONGEST, PORTAL = HOUR // 2, 24 * HOUR, HOUR
FLOWS = ("customer_update", "subscription_cancel", "subscription_pause", "subscription_update")
_EMPTY = (
    "adaptive_pricing", "after_expiration", "allow_promotion_codes", "amount_subtotal", "amount_total",
    "billing_address_collection", "branding_settings", "client_secret", "collected_information", "consent",
    "consent_collection", "currency_conversion", "customer_account", "customer_details", "discounts",
    "integration_identifier", "invoice", "invoice_creation", "name_collection", "optional_items", "origin_context",
    "payment_intent", "payment_link", "payment_method_configuration_details", "permissions", "presentment_details",
    "recovered_from", "return_url", "saved_payment_method_options", "setup_intent", "shipping_address_collection",
    "shipping_cost", "submit_type", "subscription", "tax_id_collection", "total_details", "wallet_options",
)  # fmt: skip
_GIVEN = ("cancel_url", "client_reference_id", "currency", "customer", "customer_email", "locale", "success_url")


def portal(account: Account, id: str, params: Json) -> Json:
    """A short-lived page for one customer; of the flows only payment_method_update is simulated."""
    account.customers.need(params.get("customer", ""), "customer")
    flow = params.get("flow_data")
    if flow and flow["type"] != "payment_method_update":
        raise NotBegun(400, "The sandbox does not simulate this flow.", code="sandbox_unsupported", param="flow_data")
    session = account.world.new_id("bps_", 24)
    blanks = dict.fromkeys((*FLOWS, "subscription_update_confirm"))
    after = {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"}
    after |= (flow or {}).get("after_completion", {})
    made = {
        "id": session,
        "object": "billing_portal.session",
        "configuration": settings.needed(account, flow["type"] if flow else "")["id"],
        "created": account.now,
        "customer": params["customer"],
        "customer_account": None,
        "flow": blanks | {"type": flow["type"], "after_completion": after} if flow else None,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": f"{account.pages}/portal/{session}",
    }
    return account.add(made)


def create(account: Account, id: str, params: Json) -> Json:
    """A Checkout page on Stripe's side, to subscribe or to leave a card."""
    mode = params.get("mode")
    if mode not in ("subscription", "setup"):
        raise NotBegun(400, "The sandbox simulates the modes subscription and setup.", code="sandbox_unsupported")
    if not params.get("success_url"):
        raise NotBegun(400, "Missing required param: success_url.", code="parameter_missing", param="success_url")
    if params.get("customer") and params.get("customer_email"):
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer_email")
    if params.get("customer"):
        account.customers.need(params["customer"], "customer")
    lines = [_line(account, line) for line in params.get("line_items", [])]
    if bool(lines) is not (mode == "subscription"):
        raise invalid("line_items are required to subscribe and refused to set up.", "line_items")
    session = account.world.new_id("cs_test_", 24)
    made: Json = {"id": session, "object": "checkout.session", **dict.fromkeys(_EMPTY), "created": account.now}
    made |= {name: params.get(name) or None for name in _GIVEN}
    made |= {
        "allowed_payment_method_types": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer_creation": None if params.get("customer") else "always",
        "excluded_payment_method_types": None,
        "expires_at": _expiry(account, params),
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": merged({}, params),
        "mode": mode,
        "payment_method_collection": "always",
        "payment_method_options": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if lines else "no_payment_required",
        "phone_number_collection": {"enabled": False},
        "redirect_on_completion": "always",
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
        "url": f"{account.pages}/checkout/{session}",
    }
    if lines:
        total = sum(line["price"]["unit_amount"] * line["quantity"] for line in lines)
        made |= {"amount_subtotal": total, "amount_total": total, "currency": lines[0]["price"]["currency"]}
    account.asked[session] = {"lines": lines, "subscription": params.get("subscription_data", {})}
    account.after("checkout", session, made["expires_at"], _expire_due)
    return account.add(made)


def _line(account: Account, line: Json) -> Json:
    price = account.prices.need(line.get("price", ""), "line_items[0][price]")
    if not price["active"] or price["recurring"] is None:
        raise invalid("You must provide an active recurring price in subscription mode.", "line_items[0][price]")
    return {"price": price, "quantity": line.get("quantity", 1)}


def _expiry(account: Account, params: Json) -> int:
    at = int(params.get("expires_at", account.now + LONGEST))
    if not SHORTEST <= at - account.now <= LONGEST:
        raise invalid("expires_at must be between 30 minutes and 24 hours from now.", "expires_at")
    return at


def _expire_due(account: Account, id: str, at: int) -> None:
    session = account.checkouts.need(id)
    if session["status"] == "open":
        _end(account, session)


def _end(account: Account, session: Json) -> None:
    session |= {"status": "expired", "url": None}
    account.emit("checkout.session.expired", session)


def expire(account: Account, id: str, params: Json) -> Json:
    session = account.checkouts.need(id)
    if session["status"] != "open":
        raise invalid(f"Only Checkout Sessions with a status of open can be expired; this one is {session['status']}.")
    _end(account, session)
    return session


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.checkouts.need(id)


def list_all(account: Account, id: str, params: Json) -> Json:
    wanted, sub = params.get("status"), params.get("subscription")
    return account.checkouts.page(
        params,
        "/v1/checkout/sessions",
        lambda session: wanted in (None, session["status"]) and sub in (None, session["subscription"]),
    )


def line_items(account: Account, session: Json) -> Json:
    """What is bought, as its page shows it."""
    return listing(f"/v1/checkout/sessions/{session['id']}/line_items", account.asked[session["id"]]["lines"])
