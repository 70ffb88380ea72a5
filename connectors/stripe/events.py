"""Stripe's event log read as hints: which customer each event is about, oldest first.

Events are listed for 30 days, newest first, dated by the second, and may show up late: https://docs.stripe.com/api/events
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors import wire
from connectors.contract import Gone, Page, Stale
from connectors.stripe.client import PAGE, StripeApi
from mappings.model import Change, JSONObject, Ref

OVERLAP = 600
"""Seconds read again before the cursor: events that were listed late."""
HOLD_BACK = 120
"""The cursor stays this far behind now: events that are not listed yet."""
WINDOW = 3600
REACH = 25 * 86_400
"""How old a cursor may be: well within what is listed."""
CHANGES_PER_PAGE = 500

# The API takes twenty types at most. ``customer.subscription.updated`` comes with every pause and resumption too; our
# own timers see the end of a trial coming.
TYPES = [
    "customer.created", "customer.updated", "customer.deleted",
    "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted",
    "invoice.finalized", "invoice.updated", "invoice.paid", "invoice.payment_failed", "invoice.payment_action_required",
    "invoice.voided", "invoice.marked_uncollectible",
    "checkout.session.completed", "payment_method.attached", "payment_method.automatically_updated",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "refund.created",
]  # fmt: skip


class EventLog:
    """``skipped`` counts events whose customer cannot be named."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api
        self.skipped = 0

    def changes(self, cursor: str | None, now: int) -> Iterator[Page]:
        """Pages of Changes from ``cursor`` (a unix second as text) on; see Source.changes.

        Going backwards from now would need the whole gap in memory before its oldest event is known, so the gap is
        read in windows of an hour (after a quiet one twice as long): each is listed to its end, then handed on oldest
        first. Events that arrive meanwhile land in the last window's hold-back or in the next call.
        """
        if cursor is None:
            yield Page(cursor=str(now - HOLD_BACK))
            return
        done, window = int(cursor), WINDOW
        if now - done > REACH:
            raise Stale("stripe: the event log no longer reaches back to where it was read")
        if done > now + OVERLAP:
            raise Stale("stripe: the event log was read with a clock that was ahead, which passes over events")
        start = done - OVERLAP
        while True:
            end = start + window
            found = self._window(start, None if end > now else end)
            done = max(done, min(end, now - HOLD_BACK))
            yield from _paged(found, str(done))
            if end > now:
                return
            start, window = end, window * 2 if len(found) < PAGE else WINDOW

    def _window(self, start: int, end: int | None) -> list[Change]:
        """The changes in [start, end), oldest first."""
        params: dict[str, Any] = {"types[]": TYPES, "created[gte]": start}
        if end is not None:
            params["created[lt]"] = end
        changes = [self._change(event) for event in self._api.everything("/v1/events", params)]
        found = [change for change in changes if change]
        self.skipped += len(changes) - len(found)
        return found[::-1]

    def _change(self, event: JSONObject) -> Change | None:
        customer = self._customer(event["data"])
        return Change(Ref("stripe", "customer", customer), event["id"], event["created"]) if customer else None

    def _customer(self, data: JSONObject) -> str:
        subject = data["object"]
        if subject.get("object") == "customer":
            return str(subject["id"])
        named = _id(subject.get("customer")) or _id((data.get("previous_attributes") or {}).get("customer"))
        return named or self._payer(subject.get("charge"))

    def _payer(self, charge: Any) -> str:
        """A dispute, and a refund of before API version endive, name their charge only: one read."""
        if not _id(charge):
            return ""
        try:
            return _id(self._api.get("/v1" + wire.path("charges", _id(charge))).get("customer"))
        except Gone:
            return ""


def _paged(changes: list[Change], cursor: str) -> Iterator[Page]:
    """The cursor travels with the last page only: it must not pass what is not stored."""
    for start in range(0, max(1, len(changes)), CHANGES_PER_PAGE):
        end = start + CHANGES_PER_PAGE
        yield Page(changes=changes[start:end], cursor=cursor if end >= len(changes) else None)


def _id(value: Any) -> str:
    """The id of a field that may be expanded."""
    return str(value.get("id") or "") if isinstance(value, dict) else str(value or "")
