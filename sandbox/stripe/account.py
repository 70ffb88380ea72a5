"""The simulated Stripe account: its shelves, its event log and its settings. Other modules act on one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from sandbox.stripe.store import Shelf
from sandbox.world import World

Json = dict[str, Any]

VERSION = "2026-10-28.endive"
_EVENT_PREFIX = {"subscription": "customer.subscription", "dispute": "charge.dispute"}
KINDS = {
    "customer": "customer",
    "subscription": "subscription",
    "invoice": "invoice",
    "invoiceitem": "invoiceitem",
    "price": "price",
    "product": "product",
    "payment_method": "PaymentMethod",
    "charge": "charge",
    "refund": "refund",
    "dispute": "dispute",
    "coupon": "coupon",
    "discount": "discount",
    "event": "event",
    "webhook_endpoint": "webhook endpoint",
    "billing_portal.session": "portal session",
    "checkout.session": "checkout.session",
}


class Account:
    """``dunning`` is what happens when retries are exhausted: ``canceled``, ``unpaid`` or ``past_due`` (leave it).

    ``pages``: where its hosted pages are. ``asked``: what a Checkout session was asked to make. ``portal``: the
    settings of the customer portal, None until somebody saves them. ``event_lag``: seconds until an event is listed,
    None for never; ``listed_at``: event id -> when, of those that lag."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shelves = {kind: Shelf(name) for kind, name in KINDS.items()}
        self.customers = self.shelves["customer"]
        self.subscriptions = self.shelves["subscription"]
        self.invoices = self.shelves["invoice"]
        self.invoice_items = self.shelves["invoiceitem"]
        self.prices = self.shelves["price"]
        self.products = self.shelves["product"]
        self.cards = self.shelves["payment_method"]
        self.charges = self.shelves["charge"]
        self.refunds = self.shelves["refund"]
        self.disputes = self.shelves["dispute"]
        self.coupons = self.shelves["coupon"]
        self.events = self.shelves["event"]
        self.webhooks = self.shelves["webhook_endpoint"]
        self.portals = self.shelves["billing_portal.session"]
        self.checkouts = self.shelves["checkout.session"]
        self.pages = "https://pay.stripe.test"
        self.asked: dict[str, Json] = {}
        self.portal: Json | None = None
        self.outcomes: dict[str, str] = {}
        self.dunning = "canceled"
        self.event_lag: int | None = 0
        self.listed_at: dict[str, int | None] = {}
        self.timers: set[tuple[str, str, int]] = set()
        self.request: Json = {"id": None, "idempotency_key": None}
        self.touched = ""
        self.created_at = world.now

    @property
    def now(self) -> int:
        return self.world.now

    def add(self, obj: Json, event: str = "") -> Json:
        """Put a new object on its shelf and log ``event`` (``customer.created`` and the like)."""
        self.shelves[obj["object"]].add(obj)
        self.touched = self.touched or obj["object"]
        if event:
            self.emit(event, obj)
        return obj

    def emit(self, type: str, obj: Json, previous: Json | None = None, at: int | None = None) -> None:
        """Stripe docs: an event holds the object as it was then, and what an update changed. ``at``: before now."""
        data = {"object": orjson.loads(orjson.dumps(obj))} | ({"previous_attributes": previous} if previous else {})
        self.touched = self.touched or type
        id = self.world.new_id("evt_", 24)
        if self.event_lag != 0:
            self.listed_at[id] = None if self.event_lag is None else self.now + self.event_lag
        self.events.add(
            {
                "id": id,
                "object": "event",
                "api_version": VERSION,
                "created": self.now if at is None else at,
                "data": data,
                "livemode": False,
                "pending_webhooks": len(self.webhooks),
                "request": dict(self.request),
                "type": type,
            }
        )

    def listed(self, event: Json) -> bool:
        """Whether the list of events shows it by now."""
        at = self.listed_at.get(event["id"], 0)
        return at is not None and at <= self.now

    @contextmanager
    def changing(self, obj: Json, *also: str) -> Iterator[Json]:
        """Log ``<object>.updated`` and ``also`` when the block changed anything."""
        before = orjson.loads(orjson.dumps(obj))
        yield obj
        if previous := changed(before, obj):
            prefix = _EVENT_PREFIX.get(obj["object"], obj["object"])
            self.emit(f"{prefix}.updated", obj, previous)
            for type in also:
                self.emit(type, obj)

    def after(self, kind: str, id: str, at: int, action: Any) -> None:
        """Run ``action(account, id, at)`` when the clock reaches ``at``, once for the same kind, id and moment."""
        timer = (kind, id, at)
        if timer not in self.timers:
            self.timers.add(timer)
            self.world.schedule(at, lambda: self._run(timer, action))

    def _run(self, timer: tuple[str, str, int], action: Any) -> None:
        self.timers.discard(timer)
        action(self, timer[1], timer[2])


def changed(before: Json, after: Json) -> Json:
    """Old values of what differs; in hashes only the differing names, a name that was absent as null."""
    previous: Json = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        previous[name] = (
            changed(old, new) if isinstance(old, dict) and isinstance(new, dict) and name != "items" else old
        )
    return previous
