"""How long it takes to be in step again after an outage, beside what the vendors' limits alone would take.

``python -m benchmarks.outage`` lets Intercom be away for three hours and then everybody for twenty, while people ask
for trials and change their names, and runs `instep sync` as soon as all is back. It ends with 1 where that took longer
than the backlog at the vendors' rates and two minutes, or left something undone.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from instep.example import ask_for_trials, make, teams
from instep.vendors import Vendors

INSTEP = Path(sys.executable).parent / "instep"
START, HOUR = int(datetime(2026, 2, 3, 9, tzinfo=UTC).timestamp()), 3600
CONFIG = """
[plans.pro]
lookup_keys = ["pro_monthly"]
tag = "plan:pro"

[policy]
access_without_subscription = "none"

# What comes in one day here would otherwise wait for a person.
[brake]
removals = {floor = 100000, share = 1}
inferred = {floor = 100000, share = 1}
bursts = {floor = 100000, share = 1}
"""
# Writes a second that each system takes: Stripe in test mode, Intercom, and a provisioner as Instep paces it.
RATES = {"stripe": 25.0, "intercom": 166.6, "provisioner": 10.0}
ALLOWANCE = 120
BROKEN = "SELECT (SELECT count(*) FROM links WHERE state <> 'ok' OR pending_key <> '') + (SELECT count(*) FROM holds)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1000)
    count = parser.parse_args().accounts
    now = datetime.fromtimestamp(START, UTC).isoformat()
    with TemporaryDirectory() as folder, Vendors("--port", "0", "--now", now) as vendors:
        company = Company(Path(folder), vendors, count)
        late = [company.outage(["intercom"], 3), company.outage(list(RATES), 20)]
    return int(any(late))


class Company:
    """Teams on trial or not, all in step; the vendors keep their documented limits."""

    def __init__(self, folder: Path, vendors: Vendors, count: int) -> None:
        self._folder, self._vendors, self._now = folder, vendors, START
        self._teams = [team.id for team in teams(count)]
        self._asking = iter(self._teams)
        (folder / "instep.toml").write_text(CONFIG)
        product = make(folder / "product.db", teams(count), START)
        settings = {"INSTEP_CONFIG": str(folder / "instep.toml"), "INSTEP_SECRETS": "of the outages"}
        self._environment = {**os.environ, **vendors.environment(product, f"sqlite:///{folder}/state.db"), **settings}
        self._instep("init", "--on")
        _say(f"{count:,} accounts in step after {self._until_in_step():.0f} s")

    def outage(self, away: list[str], hours: int) -> bool:
        """Whether it took too long, or left something. A tenth of the teams asks for a trial meanwhile, all others
        rename their owner; Instep tries every
        four hours."""
        self._vendors.control(
            "POST", "/faults", [{"action": "500_before", "system": system, "times": 10**6} for system in away]
        )
        for hour in range(hours):
            self._change(hour, hours)
            if hour % 4 == 0:
                self._instep("sync")
            self._now += HOUR
            self._vendors.control("POST", "/clock", {"now": self._now})
        mark = self._vendors.control("GET", "/state")["calls"]
        self._vendors.control("DELETE", "/faults")
        took = self._until_in_step()
        sent = Counter(str(call["system"]) for call in self._vendors.control("GET", f"/ledger?since={mark}&writes=1"))
        alone = max(sent[system] / rate for system, rate in RATES.items())
        left = self._left()
        wrote = ", ".join(f"{n:,} to {system}" for system, n in sorted(sent.items()))
        _say(f"{', '.join(away)} away for {hours} h: writes afterwards {wrote}; in step after {took:.0f} s,")
        _say(f"  the limits alone would take {alone:.0f} s; {left} links left parked, in doubt, under way or held")
        return bool(left) or took > alone + ALLOWANCE

    def _change(self, hour: int, hours: int) -> None:
        some = self._teams[hour::hours]
        asking = [next(self._asking, "") for _ in range(len(some) // 10)]
        ask_for_trials(self._folder / "product.db", filter(None, asking), "pro", self._now)
        with closing(sqlite3.connect(self._folder / "product.db")) as product, product:
            rename = "UPDATE users SET name = ? WHERE team_id = ? AND role = 'owner'"
            product.executemany(rename, [(f"Person {hours} {hour}", team) for team in some])

    def _until_in_step(self) -> float:
        """Runs until there is nothing to send; returns how long they took."""
        took = 0.0
        while True:
            began = time.monotonic()
            self._instep("sync")
            took += time.monotonic() - began
            if "Nothing to send" in self._instep("plan"):
                return took

    def _left(self) -> int:
        """Links that are parked, in doubt, under way or held."""
        with closing(sqlite3.connect(self._folder / "state.db")) as state:
            return int(state.execute(BROKEN).fetchone()[0])

    def _instep(self, *words: str) -> str:
        """A run of the command; what it prints."""
        clock = {"INSTEP_NOW": datetime.fromtimestamp(self._now, UTC).isoformat()}
        done = subprocess.run(
            [INSTEP, *words],
            env=self._environment | clock,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1, 3):
            raise SystemExit(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
