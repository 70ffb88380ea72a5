"""Intercom's two ways of paging: by cursor (contacts) and by page number (companies).

Source: Intercom "Pagination" (cursor and page based), default 50 and at most 150 contacts a page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sandbox.intercom.errors import invalid
from sandbox.intercom.space import Company, Contact

T = TypeVar("T", Contact, Company)
MAX_PER_PAGE = 150


def number_param(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1 to ``most`` in the query. Raises ApiError 400 otherwise."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise invalid(f"{name} must be a whole number")
    return in_range(int(text), name, most)


def in_range(value: int, name: str, most: int) -> int:
    if not 1 <= value <= most:
        raise invalid(f"{name} must be between 1 and {most}")
    return value


def cursor_page(
    rows: Sequence[Contact], per_page: int, cursor: str | None, render: Callable[[Contact], dict[str, Any]]
) -> dict[str, Any]:
    """A page of ``rows`` (in order of ``number``) after ``cursor``; no ``next`` means the end."""
    start = bisect_right(rows, _decode(cursor), key=lambda row: row.number)
    shown = rows[start : start + per_page]
    pages: dict[str, Any] = {
        "type": "pages",
        "page": start // per_page + 1,
        "per_page": per_page,
        "total_pages": -(-len(rows) // per_page),
    }
    if start + per_page < len(rows):
        pages["next"] = {"per_page": per_page, "starting_after": _encode(shown[-1].number)}
    return {"type": "list", "data": [render(row) for row in shown], "total_count": len(rows), "pages": pages}


def numbered_page(rows: Sequence[T], page: int, per_page: int, render: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    """Page ``page`` of ``rows``, counted from 1; past the end it is empty. ``next`` is null on the last page."""
    total_pages = -(-len(rows) // per_page)
    shown = rows[(page - 1) * per_page : page * per_page]
    following = {"page": page + 1, "per_page": per_page} if page < total_pages else None
    pages = {"type": "pages", "next": following, "page": page, "per_page": per_page, "total_pages": total_pages}
    return {"type": "list", "data": [render(row) for row in shown], "total_count": len(rows), "pages": pages}


def _encode(number: int) -> str:
    return f"WzE3M{number:x}"


def _decode(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        return int(cursor.removeprefix("WzE3M"), 16) if cursor.startswith("WzE3M") else _bad()
    except ValueError:
        return _bad()


def _bad() -> int:
    raise invalid("starting_after is not a cursor of this list")
