"""Moments as a rehearsal writes them: ``day 3``, ``day 3 10:00``, ``+14 days 09:00``, ``2026-03-20 10:00``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
LENGTH = re.compile(r"(\d{1,4}) *(minute|hour|day|week)s?")
CLOCK = r"(?: +(?P<clock>\d{1,2}:\d{2}))?"
DAY = re.compile(rf"day *(?P<day>\d{{1,4}}){CLOCK}")
LATER = re.compile(rf"\+ *(?P<length>\d{{1,4}} *(?:minute|hour|day|week)s?){CLOCK}")
DATE = re.compile(rf"(?P<date>\d{{4}}-\d{{2}}-\d{{2}}){CLOCK}")
FORMS = "`day 3`, `day 3 10:00`, `+14 days 09:00`, `+2 hours` or `2026-03-20 10:00`"


def length(text: str) -> int:
    """Seconds of ``20 minutes``; 0 where it is no length of time."""
    found = LENGTH.fullmatch(text.strip().casefold())
    return int(found[1]) * UNITS[found[2]] if found else 0


def moment(text: str, before: datetime, start: datetime) -> datetime:
    """When ``text`` is: days count from ``start``, ``+`` from ``before``. Raises ValueError, also for a way back."""
    at = _read(" ".join(text.casefold().split()), before, start)
    if at is None:
        raise ValueError(f"{text!r} is no moment: write {FORMS}")
    if at < before:
        raise ValueError(f"{text!r} is before the line above ({before:%Y-%m-%d %H:%M}); time only goes forward")
    return at


def first(text: str, timezone: str) -> datetime:
    """The start: a date, and 09:00 where no time is given. Raises ValueError."""
    morning = datetime(2000, 1, 1, 9, tzinfo=ZoneInfo(timezone))
    if not DATE.fullmatch(text.strip()) or (at := _read(text.strip(), morning, morning)) is None:
        raise ValueError(f"{text!r} is no date: write 2026-03-02 or 2026-03-02 09:00")
    return at


def _read(text: str, before: datetime, start: datetime) -> datetime | None:
    if not text:
        return before
    if found := DAY.fullmatch(text):
        return _at(start + timedelta(days=int(found["day"])), found["clock"])
    if found := LATER.fullmatch(text):
        return _at(_after(before, length(found["length"])), found["clock"])
    if found := DATE.fullmatch(text):
        day = datetime.combine(datetime.fromisoformat(found["date"]), start.timetz())
        return _at(day, found["clock"])
    return None


def _after(at: datetime, seconds: int) -> datetime:
    """Whole days keep the time of day, hours and minutes are real ones, whatever the clocks are set to."""
    days, rest = divmod(seconds, UNITS["day"])
    later = at + timedelta(days=days)
    return datetime.fromtimestamp(later.timestamp() + rest, at.tzinfo) if rest else later


def _at(day: datetime, clock: str | None) -> datetime:
    """Raises ValueError for 25:00."""
    if clock is None:
        return day
    try:
        return day.replace(hour=int(clock[:-3]), minute=int(clock[-2:]), second=0)
    except ValueError:
        raise ValueError(f"{clock} is no time of day") from None
