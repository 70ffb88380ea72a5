"""A company that others have run for years: its customers in Stripe, its product, and Instep beside them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from instep import example
from instep.vendors import Vendors
from tests.measured import Ran, run

JSON = dict[str, Any]

START = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
# One in five accounts renews with these, in one hour.
FIRST_OF_MONTH = int(datetime(2026, 2, 1, 9, tzinfo=UTC).timestamp())
ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tests.brake.unpaced")
HOUR, DAY = 3600, 86_400
CHUNK = 1000
PRICES = ("price_pro_monthly", "price_pro_monthly", "price_team_monthly", "price_pro_yearly")
CONFIG = """
[plans.pro]
lookup_keys = ["pro_monthly", "pro_yearly"]
trial_days = 14
tag = "plan:pro"

[plans.team]
lookup_keys = ["team_monthly"]
tag = "plan:team"

[policy]
access_without_subscription = "full"
"""


@dataclass
class Company:
    """``subscriptions``: account -> (customer, subscription), as it began. ``ran``: every command so far."""

    folder: Path
    vendors: Vendors
    size: int
    subscriptions: dict[str, tuple[str, str]] = field(default_factory=dict)
    ran: list[Ran] = field(default_factory=list)

    # Time

    @property
    def now(self) -> int:
        return int(self.vendors.control("GET", "/state")["now"])

    def advance(self, seconds: int) -> None:
        """In hours: the sandbox answers nobody while its timers ring."""
        for _ in range(seconds // HOUR):
            self.vendors.control("POST", "/clock", {"advance": HOUR})

    # The product

    def write(self, statement: str, rows: Iterable[tuple[Any, ...]] = ((),)) -> None:
        with closing(sqlite3.connect(self.folder / "product.db", timeout=60)) as database, database:
            database.executemany(statement, rows)

    def count(self, query: str) -> int:
        return int(next(iter(self.rows(query)[0].values())))

    def rows(self, query: str, *values: Any) -> list[JSON]:
        with closing(sqlite3.connect(self.folder / "product.db", timeout=60)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    @contextmanager
    def showing(self, view: str, query: str) -> Iterator[None]:
        """For as long as this lasts a view is another query, in which {usual} is what it usually is."""
        (usual,) = (row["sql"] for row in self.rows("SELECT sql FROM sqlite_master WHERE name = ?", view))
        shown = usual.partition(" AS")[2].strip().rstrip(";")
        self.write(f"DROP VIEW {view}")
        self.write(f"CREATE VIEW {view} AS {query.format(usual=f'({shown})')}")
        yield
        self.write(f"DROP VIEW {view}")
        self.write(usual)

    # Instep

    def run(self, *words: str) -> Ran:
        """A command at the sandbox's moment."""
        moment = datetime.fromtimestamp(self.now, UTC).isoformat()
        self.ran.append(run([*COMMAND, *words], self.folder, self._environment | {"INSTEP_NOW": moment}))
        return self.ran[-1]

    def sync(self) -> Ran:
        """One that goes well; exit 3 tells of what needs a person."""
        ran = self.run("sync", "--json")
        assert ran.code in (0, 3), (ran.code, ran.err)
        return ran

    def let_retries_pass(self) -> None:
        """As if the back-off, which runs in real seconds, were over."""
        with closing(sqlite3.connect(self.folder / "state.db", timeout=60)) as database, database:
            database.execute("UPDATE agenda SET retry_at = NULL")

    def held(self) -> list[JSON]:
        return [line for line in self.run("todo", "--json").data if line["kind"] == "held"]

    @property
    def _environment(self) -> dict[str, str]:
        databases = (f"sqlite:///{self.folder}/{name}.db" for name in ("product", "state"))
        return self.vendors.environment(*databases) | {
            "INSTEP_CONFIG": str(self.folder / "instep.toml"), "INSTEP_CONCURRENCY": "4", "INSTEP_SECRETS": "ours",
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    # What the vendors saw

    @property
    def mark(self) -> int:
        """The end of the ledger."""
        return int(self.vendors.control("GET", "/state")["calls"])

    def received(self, mark: int) -> list[JSON]:
        """What has changed something since."""
        return [call for call in self.vendors.control("GET", f"/ledger?since={mark}&writes=1") if call["effect"]]


def found(folder: Path, vendors: Vendors, size: int) -> Company:
    """Before Instep."""
    made = Company(folder, vendors, size)
    teams = example.customers(size)
    example.make(folder / "product.db", teams, START)
    (folder / "instep.toml").write_text(CONFIG)
    rows = [_row(number, team) for number, team in enumerate(teams)]
    for first in range(0, size, CHUNK):
        ids = vendors.control("POST", "/stripe/import", [row for row in rows[first : first + CHUNK] if row])
        paying = [row for row in rows[first : first + CHUNK] if row]
        for row, one in zip(paying, ids, strict=True):
            made.subscriptions[row["metadata"]["account_id"]] = (one["customer"], one["subscription"])
    members = [(f"{team.id}_user_2", team.id, f"second@{team.id.replace('_', '-')}.example") for team in teams[::4]]
    made.write(
        f"INSERT INTO users ({example.USER}) VALUES (?, ?, ?, 'Second Example', 'member', 1, {START - DAY})", members
    )
    return made


def _row(number: int, team: example.Team) -> JSON | None:
    """How Stripe knows it: of a hundred 65 pay, 3 are in trial, 15 have left, 15 never came."""
    of_hundred, metadata = number % 100, {"account_id": team.id}
    created = START - 300 * DAY + number * 7919 % (270 * DAY)
    row: JSON = {"email": team.addresses[0], "name": team.name, "metadata": metadata, "created": created}
    subscription: JSON = {"price": PRICES[number // 5 % len(PRICES)], "metadata": metadata, "created": created}
    if of_hundred < 65:
        card = "decline" if number % 40 == 7 else "ok"
        dated = {"created": FIRST_OF_MONTH} if of_hundred < 20 else {}
        return row | dated | {"card": card, "subscription": subscription | dated | {"status": "active"}}
    if of_hundred < 68:
        end = START + HOUR + number * 7919 % (14 * DAY)
        return row | {
            "subscription": subscription | {"status": "trialing", "created": end - 14 * DAY, "trial_end": end}
        }
    if of_hundred < 85:
        status = {68: "past_due", 69: "paused"}.get(of_hundred, "canceled")
        return row | {"subscription": subscription | {"status": status}}
    return None
