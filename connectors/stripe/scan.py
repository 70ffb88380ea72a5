"""The whole of Stripe in bulk pages: every subscription with its open invoices, every customer and dispute, the latest
refunds, and completed Checkout sessions; resumable after any page."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import orjson

from connectors.contract import ConnectorError, Gone, Page, Rejected, Unauthorized
from connectors.lists import Walk, last_id
from connectors.stripe.checkouts import CHECKOUT, COMPLETED, PATH, of_unmarked, withheld
from connectors.stripe.client import PAGE, StripeApi
from mappings.model import Change, JSONObject, Record, Ref

log = logging.getLogger("instep")

UNPAID = ("past_due", "unpaid", "incomplete")
"""Statuses whose open invoices are needed too: one list names those of everybody."""
SUBSCRIPTION = ("data.latest_invoice", "data.discounts.source.coupon", "data.default_payment_method")
CARD = "invoice_settings.default_payment_method"
REFUNDS_SINCE = 4 * 86_400
"""Older refunds are not told any more; a look brings them all."""
STREAMS = ("subscription", "customer", "dispute", "refund", CHECKOUT)


@dataclass(slots=True)
class Place:
    """How far a scan has come: ``stream``, the last id read, when that was created, and when the scan began.

    ``until``: only objects created at or before; set when the object under the cursor was deleted.
    """

    stream: str = "subscription"
    after: str = ""
    created: int = 0
    started: int = 0
    until: int | None = None

    def text(self) -> str:
        return orjson.dumps(asdict(self)).decode()


class Scan:
    """One walk through all lists, from ``resume`` (the cursor of a page) or from the start. Objects without a customer
    (those of an account object, or of nobody) have no root of ours: they are passed over and counted in ``skipped``."""

    def __init__(self, api: StripeApi, resume: str | None, now: int) -> None:
        self._api = api
        self._at = Place(**orjson.loads(resume)) if resume else Place(started=now)
        self.skipped = 0

    def pages(self) -> Iterator[Page]:
        for stream in STREAMS[STREAMS.index(self._at.stream) :]:
            if stream != self._at.stream:
                self._at = Place(stream=stream, started=self._at.started)
            yield from self._stream(PATH if stream == CHECKOUT else f"/v1/{stream}s", self._query(stream))
        if self.skipped:
            log.warning("stripe: %d objects name no customer and are passed over", self.skipped)

    def _query(self, stream: str) -> dict[str, Any]:
        if stream == "subscription":
            return {"status": "all", "expand[]": SUBSCRIPTION}
        if stream == "customer":
            return {"expand[]": f"data.{CARD}"}
        if stream == CHECKOUT:
            return {**COMPLETED, "expand[]": "data.customer"}
        since = {"created[gte]": self._at.started - REFUNDS_SINCE} if stream == "refund" else {}
        return {"expand[]": "data.charge", **since}

    def _stream(self, path: str, params: dict[str, Any]) -> Iterator[Page]:
        walk, more = Walk(self._api.system, path, self._at.after), True
        while more:
            answer = self._read(path, params, walk)
            items: list[JSONObject] = answer.get("data") or []
            more = bool(answer.get("has_more"))
            walk.reach(last_id(items), more)
            if items:
                self._at.after, self._at.created = items[-1]["id"], items[-1]["created"]
            yield self._page(items)

    def _read(self, path: str, params: dict[str, Any], walk: Walk) -> JSONObject:
        try:
            return self._api.get(path, params | self._bounds())
        except Unauthorized as refused:
            if self._at.stream != CHECKOUT or not withheld(refused):
                raise
            log.warning("stripe: the key lacks %s: nobody is recognised by a Checkout session", refused.lacks)
            return {}
        except (Gone, Rejected) as error:
            if not (self._at.after and _cursor_is_gone(error)):
                raise
            # Objects share a second: go on from it inclusively, reading some of them twice.
            walk.back(self._at.after)
            self._at.after, self._at.until = "", self._at.created
            return self._api.get(path, params | self._bounds())

    def _bounds(self) -> dict[str, Any]:
        bounds: dict[str, Any] = {"limit": PAGE}
        if self._at.after:
            bounds["starting_after"] = self._at.after
        if self._at.until is not None:
            bounds["created[lte]"] = self._at.until
        return bounds

    def _page(self, items: list[JSONObject]) -> Page:
        stream = self._at.stream
        items = list(of_unmarked(items)) if stream == CHECKOUT else items
        found = [(Ref("stripe", "customer", root), item) for item in items if (root := _root(stream, item))]
        self.skipped += len(items) - len(found)
        return Page(
            records=[Record(ref, self._bare(item), stream) for ref, item in found if not _needs_a_look(item)],
            changes=[self._hint(ref) for ref, item in found if _needs_a_look(item)],
            cursor=self._at.text(),
        )

    def _bare(self, item: JSONObject) -> JSONObject:
        """As a look has it, without the charge that only names the customer."""
        if self._at.stream == "subscription" and item.get("status") in UNPAID:
            return item | {"open_invoices": self._open_invoices.get(str(item["customer"]), ())}
        charge = item.get("charge")
        return item | {"charge": charge["id"]} if isinstance(charge, dict) else item

    @cached_property
    def _open_invoices(self) -> dict[str, list[JSONObject]]:
        """By customer, without their lines; read when the first one is asked for. What moves later is an event."""
        found: defaultdict[str, list[JSONObject]] = defaultdict(list)
        for invoice in self._api.everything("/v1/invoices", {"status": "open"}):
            found[str(invoice.get("customer"))].append({k: v for k, v in invoice.items() if k != "lines"})
        return found

    def _hint(self, ref: Ref) -> Change:
        return Change(ref, f"scan:{self._at.started}:{ref.id}", self._at.started)


def _root(stream: str, item: JSONObject) -> str:
    """The customer's id; of a dispute that of its charge."""
    if stream == "customer":
        return str(item["id"])
    charge = item.get("charge")
    return str(item.get("customer") or (charge.get("customer") if isinstance(charge, dict) else "") or "")


def _needs_a_look(item: JSONObject) -> bool:
    """What a page cannot tell. Which periods of an unpaid one were not paid, its open invoices do."""
    unclear = _began_anew(item) or (item.get("status") not in UNPAID and _later_unpaid(item))
    return unclear or has_more_items(item)


def first_payment_unclear(subscription: JSONObject) -> bool:
    """Whether its latest invoice leaves open if, or since when, it was ever paid."""
    return _began_anew(subscription) or _later_unpaid(subscription)


def _later_unpaid(subscription: JSONObject) -> bool:
    """Other periods came before the one whose invoice is not paid."""
    latest = subscription.get("latest_invoice")
    if not isinstance(latest, dict) or _period(subscription) <= subscription.get("billing_cycle_anchor", 0):
        return False
    return latest.get("status") != "paid" or not latest.get("amount_paid")


def _began_anew(subscription: JSONObject) -> bool:
    """A resumption or another interval moved its billing anchor, and this is the first period since."""
    anchor = subscription.get("billing_cycle_anchor")
    known = (subscription.get(name) for name in ("created", "start_date", "trial_end"))
    return anchor is not None and anchor not in known and _period(subscription) <= anchor


def _period(subscription: JSONObject) -> int:
    """When its earliest item's current period started."""
    starts = (item.get("current_period_start") for item in subscription["items"]["data"])
    return min((start for start in starts if start), default=0)


def has_more_items(subscription: JSONObject) -> bool:
    """Whether its items are not all there, or one has coupons of its own, which lie too deep to expand."""
    items = subscription.get("items") or {}
    return bool(items.get("has_more") or any(item.get("discounts") for item in items.get("data") or ()))


def _cursor_is_gone(error: ConnectorError) -> bool:
    return isinstance(error, Gone) or "resource_missing" in str(error)
