"""Billing periods: months and years counted from the billing cycle anchor, short months clamped to their last day."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

HOUR = 3600
DAY = 24 * HOUR

_SECONDS = {"day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "year": 12}


def plus(anchor: int, recurring: Json, count: int) -> int:
    """The moment ``count`` intervals after the anchor (Stripe docs: billing cycle anchor)."""
    steps = recurring["interval_count"] * count
    if recurring["interval"] in _SECONDS:
        return int(anchor + _SECONDS[recurring["interval"]] * steps)
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.year * 12 + start.month - 1 + _MONTHS[recurring["interval"]] * steps
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def current(anchor: int, recurring: Json, moment: int) -> tuple[int, int]:
    """The period (start, end) that holds ``moment``, which is not before the anchor."""
    count = max(0, (moment - anchor) // plus(0, recurring, 1) - 1)
    while plus(anchor, recurring, count + 1) <= moment:
        count += 1
    return plus(anchor, recurring, count), plus(anchor, recurring, count + 1)
