"""Weeks of a company at natural rates under the brake that ships: nothing may be held."""

from __future__ import annotations

from datetime import UTC, datetime

from .company import HOUR, Company
from .life import Life

A_DAY = (6, 6, 6, 6)
# The day on which one in five accounts renews in one hour.
FIRST = (1,) * 24


def live(company: Company, days: int) -> Life:
    """Four syncs a day, one an hour on the first of the month, a sweep every seven days."""
    life = Life(company)
    for day in range(days):
        for hours in FIRST if datetime.fromtimestamp(company.now, UTC).day == 1 else A_DAY:
            life.live(hours / 24)
            company.advance(hours * HOUR)
            found = company.sync()
            assert not found.data["new_todo"] or not company.held(), company.held()[:3]
        if day % 7 == 6:
            assert company.run("sweep").code in (0, 3)
            assert not company.held(), company.held()[:3]
    return life
