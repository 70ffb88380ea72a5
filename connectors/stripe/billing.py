"""Billing as Stripe tells it: a customer with all its subscriptions, by event, by look and in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from connectors import wire
from connectors.contract import Gone, Page, Rejected
from connectors.stripe.client import StripeApi, StripeIdentity
from connectors.stripe.events import EventLog
from connectors.stripe.scan import Scan
from mappings.model import JSONObject, Record, Ref

ENDED = ("canceled", "incomplete_expired")
OPEN_INVOICE_STATUSES = ("past_due", "unpaid", "incomplete")


class StripeBilling:
    """Source ``stripe``. A Record's data: ``customer``, ``subscriptions`` (every status, latest invoice expanded), and
    ``payment_methods`` (two at most) where one waits for a default, and
    ``open_invoices`` where a subscription waits for money. A deleted customer is ``{"id", "deleted": true}``,
    alone as a ``customer`` part where its subscriptions are not listed any more; one that Stripe does not know (404) is
    gone.

    Bulk pages hold one ``part`` per Record (``subscription`` or ``customer``), its data the bare object.
    """

    name = "stripe"
    system = "stripe"
    kinds: tuple[str, ...] = ("customer",)
    feed: Literal["hints", "truth"] = "hints"

    def __init__(self, api: StripeApi, now: Callable[[], int]) -> None:
        self._api, self._now = api, now
        self.events = EventLog(api)

    def identity(self) -> StripeIdentity:
        return self._api.identity()

    def changes(self, cursor: str | None) -> Iterator[Page]:
        return self.events.changes(cursor, self._now())

    def scan(self, resume: str | None) -> Iterator[Page]:
        return Scan(self._api, resume, self._now()).pages()

    def fetch(self, ref: Ref) -> Record:
        try:
            customer = self._api.get("/v1" + wire.path("customers", ref.id))
        except Gone:
            return Record(ref, None)
        if customer.get("deleted"):
            return self._deleted(ref)
        return Record(ref, self._whole(customer))

    def _deleted(self, ref: Ref) -> Record:
        """Its ended subscriptions too, where Stripe still lists them; else only that it is deleted."""
        stub: JSONObject = {"id": ref.id, "deleted": True}
        try:
            record = self._whole(stub)
        except (Gone, Rejected):
            record = {}
        return Record(ref, record) if record.get("subscriptions") else Record(ref, stub, part="customer")

    def _whole(self, customer: JSONObject) -> JSONObject:
        query = {"customer": customer["id"], "status": "all", "expand[]": ["data.latest_invoice"]}
        found = [self._with_all_items(item) for item in self._api.everything("/v1/subscriptions", query)]
        record: JSONObject = {"customer": customer, "subscriptions": found}
        if any(subscription.get("status") in OPEN_INVOICE_STATUSES for subscription in found):
            invoices = {"customer": customer["id"], "status": "open"}
            record["open_invoices"] = list(self._api.everything("/v1/invoices", invoices))
        if _without_default(customer, found):
            query = {"customer": customer["id"], "limit": 2}
            record["payment_methods"] = self._api.get("/v1/payment_methods", query).get("data") or []
        return record

    def _with_all_items(self, subscription: JSONObject) -> JSONObject:
        """A subscription embeds ten of its items at most."""
        items: dict[str, Any] = subscription.get("items") or {}
        if items.get("has_more"):
            every = self._api.everything("/v1/subscription_items", {"subscription": subscription["id"]})
            items |= {"data": list(every), "has_more": False}
        return subscription

    def prices(self) -> list[JSONObject]:
        """Every active recurring price with its product: what plans are resolved against."""
        query = {"active": "true", "type": "recurring", "expand[]": ["data.product"]}
        return list(self._api.everything("/v1/prices", query))


def _without_default(customer: JSONObject, subscriptions: list[JSONObject]) -> bool:
    """Whether a subscription would be charged, were there a default payment method."""
    settings = customer.get("invoice_settings") or {}
    if customer.get("deleted") or settings.get("default_payment_method") or customer.get("default_source"):
        return False
    return any(sub["status"] not in ENDED and not sub.get("default_payment_method") for sub in subscriptions)
