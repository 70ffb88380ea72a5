"""The first day at full size, with the commands of docs/first-day.md as anybody would type them, measured.

``python -m tests.firstday.run`` prints what each command took and who was taken for somebody else; ``--size 0.1`` is a
smaller company. It ends with 1 where anybody was, or anything was written before going live.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from instep.vendors import Vendors
from tests.measured import run

from . import page
from .truth import mistakes

JSON = dict[str, Any]
INSTEP = Path(sys.executable).parent / "instep"
LIST_PATHS = (
    "/v1/customers", "/v1/subscriptions", "/v1/invoices", "/v1/disputes", "/v1/refunds", "/contacts", "/companies/list",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder, Vendors("--port", "0") as vendors:
        return FirstDay(Path(folder), vendors, options.size, options.seed).live()


class FirstDay:
    """The vendors keep their documented limits, and the clock is the real one."""

    def __init__(self, folder: Path, vendors: Vendors, size: float, seed: int) -> None:
        self._folder, self._vendors = folder, vendors
        self._config = folder / "instep.toml"
        product = f"sqlite:///{folder}/company.db"
        wanted = {"product_url": product, "size": size, "seed": seed}
        held = vendors.control("POST", "/company", wanted)
        _say(", ".join(f"{count:,} {what}" for what, count in held.items()))
        settings = {"INSTEP_CONFIG": str(self._config), "INSTEP_SECRETS": "of the first day"}
        state = f"sqlite:///{folder}/state.db"
        self._environment = {**vendors.environment(product, state), **settings}

    def live(self) -> int:
        """Ten commands, and a hand in instep.toml where `check` asks for one."""
        _say(f"{'command':<44} {'seconds':>8} {'CPU':>7} {'peak MB':>8} {'calls':>7} {'lists':>6} {'effects':>8}")
        began = time.monotonic()
        written, extra = 0, 0
        for command in page.commands():
            if command[0] == "adopt":
                self._config.write_text(self._config.read_text() + page.by_hand())
            mark = self._mark
            self._run(*page.agreed(command), wants=(1,) if command == ("check",) else (0, 3))
            if command[0] == "adopt":
                written, extra = sum(bool(call["effect"]) for call in self._calls(0)), self._beyond_pages(mark)
        _say(f"{time.monotonic() - began:.0f} seconds in all; {written} writes before going live.")
        _say(f"adopt: {extra} requests beyond one for each page.")
        truth = self._vendors.control("GET", "/truth")
        wrong, matchable = mistakes(self._folder / "state.db", truth), sum(row["matchable"] for row in truth)
        _say(f"Who is who: {matchable:,} of {len(truth):,} can be known; {len(wrong)} are not as they are in truth.")
        for found, row in wrong[:20]:
            _say(f"  {row['kind']} {row['id']} is taken for {found}: {row}")
        return int(bool(written or wrong))

    def _run(self, *words: str, wants: Sequence[int] = (0, 3)) -> None:
        mark = self._mark
        ran = run([INSTEP, *words], self._folder, self._environment)
        if ran.code not in wants:
            raise SystemExit(f"{' '.join(words)} ended with {ran.code}\n{ran.out}{ran.err}")
        sys.stderr.write(ran.err)
        calls = self._calls(mark)
        lists, effects = len(_lists(calls)), sum(bool(call["effect"]) for call in calls)
        took = f"{ran.seconds:8.1f} {ran.cpu:7.1f} {ran.peak:8.0f}"
        _say(f"{' '.join(words)[:44]:<44} {took} {len(calls):7,} {lists:6,} {effects:8,}")

    def _beyond_pages(self, mark: int) -> int:
        """Requests of the adoption less the pages of whole lists."""
        calls = self._calls(mark)
        return len(calls) - len(_lists(calls))

    @property
    def _mark(self) -> int:
        return int(self._vendors.control("GET", "/state")["calls"])

    def _calls(self, since: int) -> list[JSON]:
        found: list[JSON] = self._vendors.control("GET", f"/ledger?since={since}")
        return found


def _lists(calls: Sequence[JSON]) -> list[JSON]:
    """Pages of whole lists, not those of one customer."""
    return [c for c in calls if c["path"] in LIST_PATHS and "customer" not in (c["params"] or {}) and _reads(c)]


def _reads(call: JSON) -> bool:
    return call["method"] == "GET" or call["path"] == "/companies/list"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
