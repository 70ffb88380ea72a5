"""Stripe's own pages for one person for a while: the portal and Checkout; and what would be charged next.

https://docs.stripe.com/api/customer_portal/sessions, https://docs.stripe.com/api/checkout/sessions
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from connectors import wire
from connectors.contract import Gone
from connectors.stripe.client import StripeApi
from mappings.model import JSONObject, fingerprint

# A Checkout page lives until an hour after the end of the span that it was made in.
SPAN, SPARE = 6 * 3600, 3600
MOST_ATTEMPTS = 20


class CheckoutDone(Exception):
    """This very Checkout page was completed already."""


class StripeSessions:
    """Nothing here charges anybody: people do, on the pages that it opens. A restricted key suffices, which may write
    portal and Checkout sessions and read what billing is about."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def portal(self, customer: str, back: str, method: bool) -> str:
        """The address of a fresh portal page. ``method``: only to change the payment method, then ``back``."""
        params: JSONObject = {"customer": customer, "return_url": back}
        if method:
            after = {"type": "redirect", "redirect": {"return_url": back}}
            params["flow_data"] = {"type": "payment_method_update", "after_completion": after}
        session, _ = self._api.post("/v1/billing_portal/sessions", params, uuid4().hex)
        return str(session["url"])

    def checkout(self, account: str, customer: str, email: str, price: str, back: str, now: int) -> str:
        """The address of the one open Checkout page of this account; others of its are closed.

        The same wish within a few hours leads to the same page, so nobody pays twice. Raises CheckoutDone."""
        mine = {"metadata": {"account_id": account}}
        wanted: JSONObject = {
            "mode": "subscription",
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": back,
            "cancel_url": back,
            "client_reference_id": account,
            "subscription_data": mine,
            "expires_at": (now // SPAN + 1) * SPAN + SPARE,
            **mine,
            **({"customer": customer} if customer else {"customer_email": email} if email else {}),
        }
        session = self._open(wanted)
        for other in self.recent(account, customer, now):
            if other["status"] == "open" and other["id"] != session["id"]:
                self._api.post(f"/v1/checkout/sessions/{other['id']}/expire", {}, f"expire:{other['id']}")
        return str(session["url"])

    def _open(self, wanted: JSONObject) -> JSONObject:
        """A key brings its first answer again, also when that page has been closed since: then the next one."""
        for attempt in range(MOST_ATTEMPTS):
            made, _ = self._api.post("/v1/checkout/sessions", wanted, f"{fingerprint(wanted)}:{attempt}")
            session = self._api.get("/v1/checkout" + wire.path("sessions", made["id"]))
            if session["status"] == "open":
                return session
            if session["status"] == "complete":
                raise CheckoutDone
        raise CheckoutDone

    def recent(self, account: str, customer: str, now: int) -> Iterator[JSONObject]:
        """Checkout sessions of this account that may still matter."""
        query: JSONObject = {"created[gte]": now - 2 * SPAN} | ({"customer": customer} if customer else {})
        for session in self._api.everything("/v1/checkout/sessions", query):
            if session.get("client_reference_id") == account:
                yield session

    def next_charge(self, subscription: str, resumed: bool) -> JSONObject | None:
        """The invoice that would come next, or come now if it were ``resumed``; None where none will."""
        params: JSONObject = {"subscription": subscription}
        if resumed:
            params["subscription_details"] = {"resume_at": "now"}
        try:
            return self._api.preview(params)
        except Gone:
            return None
