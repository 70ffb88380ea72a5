"""The brake at ten thousand accounts: two weeks of ordinary life, in which it holds nothing, then the disasters.

``python -m tests.brake.run`` prints what each part took; ``--size 300`` is a smaller company.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from instep.vendors import Vendors

from . import disasters, weeks
from .company import DAY, HOUR, START, Company, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="accounts")
    parser.add_argument("--days", type=int, default=14, help="of ordinary life")
    parser.add_argument("--every", type=int, default=0, help="a sync in so many of these days, not four a day: 1 or 2")
    parser.add_argument("--only", nargs="*", default=list(disasters.ALL), choices=disasters.ALL, help="disasters")
    options = parser.parse_args()
    now = datetime.fromtimestamp(START, UTC).isoformat()
    with (
        TemporaryDirectory(prefix="instep-brake-") as folder,
        Vendors("--port", "0", "--limits", "off", "--now", now) as vendors,
    ):
        company = found(Path(folder), vendors, options.size)
        print(f"{'':<14} {'commands':>8} {'seconds':>8} {'CPU':>7} {'peak MB':>8} {'changes':>8}")
        begin(company)
        with told(company, f"{options.days} days"):
            life = weeks.live(company, options.days, options.every)
        print("  ", ", ".join(f"{count} {what}" for what, count in sorted(life.happened.items())), sep="")
        for name in options.only:
            company.advance(2 * DAY)  # So that nothing that was sent before counts any more.
            company.sync()
            assert company.held() == []
            with told(company, name):
                disasters.ALL[name](company, life)
    return 0


def begin(company: Company) -> None:
    """Instep comes to the company and brings everything in step."""
    with told(company, "first sync"):
        company.advance(HOUR)
        assert company.run("init", "--on").code == 0
        company.sync()


@contextmanager
def told(company: Company, what: str) -> Iterator[None]:
    """A line of what the commands in here took, and how many changes the vendors received."""
    mark, began, before = company.mark, time.monotonic(), len(company.ran)
    yield
    ran, changes = company.ran[before:], len(company.received(mark))
    seconds, cpu = time.monotonic() - began, sum(one.cpu for one in ran)
    peak = max((one.peak for one in ran), default=0)
    print(f"{what:<14} {len(ran):>8} {seconds:>8.0f} {cpu:>7.0f} {peak:>8.0f} {changes:>8,}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
