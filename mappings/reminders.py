"""When the coming end of a trial is announced: on the reminder days of the account's own calendar, once each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from mappings.config import Policy
from mappings.model import Occurrence, Scalar

# Calendars end with the year 9999; what lies beyond is not announced.
FAR = 253_000_000_000


@dataclass(frozen=True, slots=True)
class Reminders:
    """The reminder that is due now, and the moment of the next one."""

    due: tuple[Occurrence, ...] = ()
    next_at: int | None = None


def zone_of(*names: str) -> tzinfo:
    """The first name that is a time zone (IANA, like ``Europe/Berlin``), else UTC."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
    return UTC


def reminders(
    trial: str,
    started: int | None,
    ends: int | None,
    zone: tzinfo,
    policy: Policy,
    now: int,
    details: Mapping[str, Scalar],
) -> Reminders:
    """``trial`` names it; a trial that moved its end is announced anew. ``started``: since when it has ended then.

    A reminder is due from its planned instant to the end of that local date. One planned before ``started`` is skipped.
    """
    if ends is None or not 0 <= now < ends < FAR:
        return Reminders()
    today = datetime.fromtimestamp(now, zone).date()
    last = datetime.fromtimestamp(ends, zone).date()
    due: list[Occurrence] = []
    coming: list[int] = []
    for days in sorted(set(policy.reminder_days)):
        date = last - timedelta(days=days)
        at = int(datetime.combine(date, time(policy.reminder_hour), zone).timestamp())
        if at < (started or 0):
            continue
        if at > now:
            coming.append(at)
        elif date == today:
            told: dict[str, Scalar] = {"days_left": days, "trial_ends_at": ends, **details}
            due.append(Occurrence("neared-trial-end", f"{trial}@{ends}#{days}", at, told, by_clock=True))
    return Reminders(tuple(due), min(coming, default=None))
