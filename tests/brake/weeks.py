"""Weeks of a company at natural rates under the brake that ships: nothing may be held."""

from __future__ import annotations

from datetime import UTC, datetime

from .company import HOUR, Company
from .life import Life

A_DAY = (6, 6, 6, 6)
# The day on which one in five accounts renews in one hour.
FIRST = (1,) * 24


def live(company: Company, days: int, every: int = 0) -> Life:
    """Four syncs a day, one an hour on the first of the month, a sweep every seven days. ``every``: a sync in so many
    days instead, so that the brake meets at once what happened in all of them, and a sweep with every seventh. In three
    days more trials are asked for than it lets through in one."""
    life = Life(company)
    for day in range(1, days + 1):
        for hours in FIRST if datetime.fromtimestamp(company.now, UTC).day == 1 else A_DAY:
            life.live(hours / 24)
            company.advance(hours * HOUR)
            if not every:
                _sync(company)
        if every and day % every == 0:
            _sync(company)
        if day % (7 * max(1, every)) == 0:
            assert company.run("sweep").code in (0, 3)
            assert not company.held(), company.held()[:3]
            print(f"  nothing held in {day} days", flush=True)
    return life


def _sync(company: Company) -> None:
    found = company.sync()
    assert not found.data["new_todo"] or not company.held(), company.held()[:3]
