"""Everything the simulated account holds: shelves of objects, and their lists in Stripe's order and paging."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.stripe.errors import NotBegun, missing

Json = dict[str, Any]
Key = tuple[int, int, str]

_FIRST, _LAST = -(2**62), 2**62


class Shelf:
    """Objects of one kind by id, in order of ``created`` and then of arrival; ``deleted`` keeps the stubs."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.deleted: dict[str, Json] = {}
        self._objects: dict[str, Json] = {}
        self._keys: dict[str, Key] = {}
        self._order: list[Key] = []
        self._by_customer: defaultdict[str, list[Key]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[Json]:
        return iter(self._objects.values())

    def add(self, obj: Json) -> Json:
        # Invoice items call their moment ``date``, discounts ``start``.
        moment = next(obj[name] for name in ("created", "date", "start") if name in obj)
        key = (moment, len(self._keys), obj["id"])
        self._objects[obj["id"]], self._keys[obj["id"]] = obj, key
        bisect.insort(self._order, key)
        if customer := obj.get("customer"):
            bisect.insort(self._by_customer[customer], key)
        return obj

    def get(self, id: str | None) -> Json | None:
        return self._objects.get(id or "")

    def need(self, id: str, param: str = "id") -> Json:
        """Raises StripeError resource_missing."""
        obj = self._objects.get(id)
        if obj is None:
            raise missing(self.kind, id, param)
        return obj

    def remove(self, id: str, stub: Json) -> Json:
        self._objects.pop(id)
        del self._order[bisect.bisect_left(self._order, self._keys[id])]
        self.deleted[id] = stub
        return stub

    def assign(self, obj: Json, customer: str | None) -> None:
        """Give the object another owner, keeping it findable by customer."""
        key = self._keys[obj["id"]]
        if obj["customer"]:
            self._by_customer[obj["customer"]].remove(key)
        obj["customer"] = customer
        if customer:
            bisect.insort(self._by_customer[customer], key)

    def of(self, customer: str) -> list[Json]:
        """Oldest first."""
        return [self._objects[id] for _, _, id in self._by_customer.get(customer, ()) if id in self._objects]

    def page(
        self, params: Json, url: str, keep: Callable[[Json], bool] = lambda obj: True, oldest: int = _FIRST
    ) -> Json:
        """One page (Stripe docs: pagination): newest first, ``starting_after`` goes older, ``ending_before`` newer."""
        order = self._by_customer.get(params["customer"], []) if "customer" in params else self._order
        newer = "ending_before" in params
        start, end = self._span(order, params, oldest)
        limit = _limit(params)
        found: list[Json] = []
        for at in range(start, end) if newer else range(end - 1, start - 1, -1):
            obj = self._objects.get(order[at][2])
            if obj is not None and keep(obj):
                found.append(obj)
                if len(found) > limit:
                    break
        data = found[:limit]
        return listing(url, data[::-1] if newer else data, len(found) > limit)

    def _span(self, order: list[Key], params: Json, oldest: int) -> tuple[int, int]:
        if "starting_after" in params and "ending_before" in params:
            raise NotBegun(400, "You cannot parameterize both starting_after and ending_before.")
        low, high = _window(params.get("created", {}))
        low = max(low, oldest)
        start, end = bisect.bisect_left(order, (low, -1, "")), bisect.bisect_left(order, (high, -1, ""))
        if "starting_after" in params:
            end = min(end, bisect.bisect_left(order, self._cursor(params, "starting_after")))
        if "ending_before" in params:
            start = max(start, bisect.bisect_right(order, self._cursor(params, "ending_before")))
        return start, end

    def _cursor(self, params: Json, name: str) -> Key:
        self.need(params[name], name)
        return self._keys[params[name]]


def _window(created: int | Json) -> tuple[int, int]:
    """The half-open span of seconds that ``created`` (a second or gt, gte, lt, lte) leaves."""
    if isinstance(created, int):
        return created, created + 1
    low = max(created.get("gte", _FIRST), created.get("gt", _FIRST - 1) + 1)
    return low, min(created.get("lt", _LAST), created.get("lte", _LAST) + 1)


def _limit(params: Json) -> int:
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        message = "This value must be less than or equal to 100 and greater than or equal to 1."
        raise NotBegun(400, message, code="parameter_invalid_integer", param="limit")
    return limit


def listing(url: str, data: list[Json], has_more: bool = False) -> Json:
    return {"object": "list", "url": url, "has_more": has_more, "data": data}
