"""Billing as Stripe tells it: a customer with all its subscriptions and payments, by event, by look and in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from connectors import wire
from connectors.contract import ConnectorError, Gone, Page, Rejected
from connectors.stripe.checkouts import of_customer, unmarked
from connectors.stripe.client import StripeApi, StripeIdentity
from connectors.stripe.events import EventLog
from connectors.stripe.scan import CARD, SUBSCRIPTION, Scan, first_payment_unclear, has_more_items
from mappings.model import JSONObject, Record, Ref

ENDED = ("canceled", "incomplete_expired")
OPEN_INVOICE_STATUSES = ("past_due", "unpaid", "incomplete")
# Four levels are the deepest that Stripe expands.
_OF_CUSTOMER = ("data.customer.invoice_settings.default_payment_method",)


class StripeBilling:
    """Source ``stripe``. A Record's data: ``customer`` (default payment method expanded), ``subscriptions`` (every
    status; latest invoice, coupons and default payment method expanded), ``disputes`` and ``refunds`` of its charges,
    ``open_invoices`` where a subscription waits for money, ``paid_invoices`` of subscriptions whose latest one does not
    tell when they were first paid, ``payment_methods`` (two at most) where one waits for a default, and ``checkouts``
    (see there) where the customer's metadata names no account. A deleted customer is ``{"id", "deleted": true}``, alone
    as a ``customer`` part where its subscriptions are not listed any more; one that Stripe does not know (404) is gone.

    A look is two requests, three without a subscription; one more for each disputed charge, for open invoices, for a
    subscription's paid ones, where there is no default payment method, and where the metadata names no account.
    Bulk pages hold one ``part`` per Record (``subscription``, ``customer``, ``dispute``, ``refund``,
    ``checkout.session``), its data the bare object; an unpaid subscription has its customer's ``open_invoices``.
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
        """Each subscription brings its customer along; only where there is none the customer is read by itself."""
        query = {"customer": ref.id, "status": "all", "expand[]": [*SUBSCRIPTION, *_OF_CUSTOMER]}
        try:
            found = list(self._api.everything("/v1/subscriptions", query))
        except (Gone, Rejected) as refusal:
            return self._without_list(ref, refusal)
        customer = next((s["customer"] for s in found if isinstance(s.get("customer"), dict)), None)
        customer = customer or self._customer(ref)
        if customer is None:
            return Record(ref, None)
        if customer.get("deleted") and not found:
            return Record(ref, _stub(ref), part="customer")
        return Record(ref, self._whole(ref, customer, found))

    def _customer(self, ref: Ref) -> JSONObject | None:
        try:
            return self._api.get("/v1" + wire.path("customers", ref.id), {"expand[]": CARD})
        except Gone:
            return None

    def _without_list(self, ref: Ref, refusal: ConnectorError) -> Record:
        """Subscriptions of a customer that is deleted, or unknown, may not be listed; of any other they are."""
        customer = self._customer(ref)
        if customer is None:
            return Record(ref, None)
        if customer.get("deleted"):
            return Record(ref, _stub(ref), part="customer")
        raise refusal

    def _whole(self, ref: Ref, customer: JSONObject, found: list[JSONObject]) -> JSONObject:
        deleted = bool(customer.get("deleted"))
        record: JSONObject = {
            "customer": _stub(ref) if deleted else customer,
            "subscriptions": [self._with_all_items(item | {"customer": ref.id}) for item in found],
            **self._payments(ref, deleted),
        }
        if any(subscription.get("status") in OPEN_INVOICE_STATUSES for subscription in found):
            invoices = {"customer": ref.id, "status": "open"}
            record["open_invoices"] = list(self._api.everything("/v1/invoices", invoices))
        if unclear := [item["id"] for item in found if first_payment_unclear(item) and not deleted]:
            record["paid_invoices"] = [invoice for id in unclear for invoice in self._paid(id)]
        if _without_default(customer, found):
            query = {"customer": customer["id"], "limit": 2}
            record["payment_methods"] = self._api.get("/v1/payment_methods", query).get("data") or []
        if unmarked(customer):
            record["checkouts"] = of_customer(self._api, ref.id)
        return record

    def _paid(self, subscription: str) -> Iterator[JSONObject]:
        return self._api.everything("/v1/invoices", {"subscription": subscription, "status": "paid"})

    def _payments(self, ref: Ref, deleted: bool) -> JSONObject:
        """Charges say which of them are disputed and bring their ten newest refunds along; disputes are listed by
        charge only."""
        query = {"customer": ref.id, "expand[]": "data.refunds"}
        try:
            charges = list(self._api.everything("/v1/charges", query))
        except (Gone, Rejected):
            if not deleted:
                raise
            charges = []
        disputed = [charge["id"] for charge in charges if charge.get("disputed")]
        return {
            "disputes": [d for charge in disputed for d in self._api.everything("/v1/disputes", {"charge": charge})],
            "refunds": [refund for charge in charges for refund in (charge.get("refunds") or {}).get("data") or ()],
        }

    def _with_all_items(self, subscription: JSONObject) -> JSONObject:
        """A subscription embeds ten of its items at most, and of their coupons only ids."""
        if has_more_items(subscription):
            query = {"subscription": subscription["id"], "expand[]": "data.discounts.source.coupon"}
            every = list(self._api.everything("/v1/subscription_items", query))
            return subscription | {"items": subscription["items"] | {"data": every, "has_more": False}}
        return subscription

    def trialing(self) -> list[JSONObject]:
        """A page of the subscriptions that are in their trial now."""
        return self._api.get("/v1/subscriptions", {"status": "trialing", "limit": 100}).get("data") or []

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


def _stub(ref: Ref) -> JSONObject:
    return {"id": ref.id, "deleted": True}
