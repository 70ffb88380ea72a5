"""The whole of Stripe in bulk pages: every subscription, then every customer, resumable after any page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from connectors.contract import ConnectorError, Gone, Page, Rejected, Transient
from connectors.stripe.client import PAGE, StripeApi
from mappings.model import Change, JSONObject, Record, Ref

NEEDS_A_LOOK = ("past_due", "unpaid", "incomplete")
"""Statuses whose open invoices are needed too: a bulk page cannot carry them."""


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
    """One walk through both lists, from ``resume`` (the cursor of a page) or from the start."""

    def __init__(self, api: StripeApi, resume: str | None, now: int) -> None:
        self._api = api
        self._at = Place(**orjson.loads(resume)) if resume else Place(started=now)

    def pages(self) -> Iterator[Page]:
        if self._at.stream == "subscription":
            yield from self._stream("/v1/subscriptions", {"status": "all", "expand[]": ["data.latest_invoice"]})
            self._at = Place(stream="customer", started=self._at.started)
        yield from self._stream("/v1/customers", {})

    def _stream(self, path: str, params: dict[str, Any]) -> Iterator[Page]:
        more = True
        while more:
            answer = self._read(path, params)
            items: list[JSONObject] = answer.get("data") or []
            more = bool(answer.get("has_more"))
            if more and (not items or items[-1]["id"] == self._at.after):
                raise Transient(f"stripe: the list {path} does not go on although it has more")
            if items:
                self._at.after, self._at.created = items[-1]["id"], items[-1]["created"]
            yield self._page(items)

    def _read(self, path: str, params: dict[str, Any]) -> JSONObject:
        try:
            return self._api.get(path, params | self._bounds())
        except (Gone, Rejected) as error:
            if not (self._at.after and _cursor_is_gone(error)):
                raise
            # Objects share a second: go on from it inclusively, reading some of them twice.
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
        roots = [item.get("customer") if stream == "subscription" else item["id"] for item in items]
        # A subscription may belong to an account object instead of a customer: no root of ours.
        found = [(Ref("stripe", "customer", root), item) for root, item in zip(roots, items, strict=True) if root]
        return Page(
            records=[Record(ref, item, stream) for ref, item in found if not _needs_a_look(item)],
            changes=[self._hint(ref) for ref, item in found if _needs_a_look(item)],
            cursor=self._at.text(),
        )

    def _hint(self, ref: Ref) -> Change:
        return Change(ref, f"scan:{self._at.started}:{ref.id}", self._at.started)


def _needs_a_look(item: JSONObject) -> bool:
    return item.get("status") in NEEDS_A_LOOK or bool((item.get("items") or {}).get("has_more"))


def _cursor_is_gone(error: ConnectorError) -> bool:
    return isinstance(error, Gone) or "resource_missing" in str(error)
