"""Walks through vendors' lists, page by page: one that leads nowhere fails instead of turning in a circle."""

from __future__ import annotations

from connectors.contract import Transient
from mappings.model import JSONObject


class Walk:
    """One walk through the list ``path`` of ``system``, from ``start`` on. A place is the cursor behind a page, the id
    of its last row or all of its ids; all that were met are kept: as many words as the list has rows at most."""

    def __init__(self, system: str, path: str, start: str | None = None) -> None:
        self._list = f"{system}: the list {path}"
        self._met = {start} if start else set()
        self._gone: set[str] = set()

    def reach(self, place: str | None, more: bool) -> None:
        """To be told of each page before it is used. ``place``: None or empty behind an empty page, or where there is
        no ``more``. Raises Transient for a page that promises more and is empty, and for a place that was met."""
        if (more and not place) or place in self._met:
            raise Transient(f"{self._list} does not go on although it has more")
        if place:
            self._met.add(place)

    def back(self, gone: str) -> None:
        """The row at the place ``gone`` was deleted, so others are read again; that one cannot be."""
        self._gone.add(gone)
        self._met = set(self._gone)


def last_id(rows: list[JSONObject]) -> str | None:
    """The place behind a page of rows that keep their order."""
    return str(rows[-1]["id"]) if rows else None


def ids_of(rows: list[JSONObject]) -> str:
    """The place of a page that only a number names: a row that is active meanwhile may be a last one again."""
    return " ".join(str(row["id"]) for row in rows)
