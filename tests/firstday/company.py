"""A lived-in company in a sandbox of its own, an installation beside it, and everything that others own in it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from instep.vendors import Vendors

from . import page
from .commands import Said, run

JSON = dict[str, Any]

START = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
LISTS = ("customers", "subscriptions", "invoices", "charges", "refunds", "disputes", "prices", "products", "coupons")


class Company:
    """``url`` of the sandbox; commands run in ``folder``, at the sandbox's own moment."""

    def __init__(self, folder: Path, vendors: Vendors, size: float, seed: int, flaw: str) -> None:
        self.folder, self.vendors = folder, vendors
        self.product = folder / "company.db"
        url = f"sqlite:///{self.product}"
        wanted = {"product_url": url, "size": size, "seed": seed, "flaw": flaw}
        self.counts: dict[str, int] = vendors.control("POST", "/company", wanted)
        self.truth: list[JSON] = vendors.control("GET", "/truth")
        self.environment = vendors.environment(url, f"sqlite:///{folder}/state.db") | {
            "INSTEP_CONFIG": str(folder / "instep.toml"), "INSTEP_SECRETS": "of the first day",
            "INSTEP_CONCURRENCY": "2",
        }  # fmt: skip

    def run(self, *arguments: str, kill_at: int = 0) -> Said:
        now = datetime.fromtimestamp(self.now, UTC).isoformat()
        return run(self.folder, self.environment | {"INSTEP_NOW": now}, *arguments, kill_at=kill_at)

    def set_up(self, checked: bool = True) -> None:
        """Up to the adoption, as the page says."""
        for command in page.preparing():
            if checked or command != ("check",):
                said = self.run(*page.agreed(command))
                assert said.code == (1 if command == ("check",) else 0), (command, said.out, said.err)
        self.configure(page.by_hand())

    def ask(self, trials: Sequence[tuple[str, str, int]]) -> None:
        """For trials as the product does it: (request, account, when)."""
        row = "INSERT INTO instep_requests (request_id, kind, account_id, plan, requested_at)"
        with closing(sqlite3.connect(self.product)) as connection, connection:
            connection.executemany(f"{row} VALUES (?, 'trial', ?, 'pro', ?)", trials)

    def configure(self, more: str) -> None:
        with (self.folder / "instep.toml").open("a") as file:
            file.write(more)

    def copy(self, folder: Path, vendors: Vendors) -> Company:
        """An installation and a product that stand where these do. With the same vendors only one may go on."""
        made = copy(self)
        made.folder, made.product, made.vendors = folder, folder / self.product.name, vendors
        for path in (*self.folder.glob("*.db*"), *self.folder.glob("instep.toml")):
            shutil.copy(path, folder)
        made.environment = self.environment | vendors.environment(
            f"sqlite:///{made.product}", f"sqlite:///{folder}/state.db"
        )
        made.environment["INSTEP_CONFIG"] = str(folder / "instep.toml")
        return made

    @property
    def now(self) -> int:
        return int(self.vendors.control("GET", "/state")["now"])

    def advance(self, seconds: int) -> None:
        self.vendors.control("POST", "/clock", {"advance": seconds})

    @property
    def mark(self) -> int:
        """The end of the ledger."""
        return int(self.vendors.control("GET", "/state")["calls"])

    def calls(self, since: int = 0) -> list[JSON]:
        found: list[JSON] = self.vendors.control("GET", f"/ledger?since={since}")
        return found

    def effects(self, since: int = 0) -> list[JSON]:
        return [call for call in self.calls(since) if call["effect"]]

    def rows(self, database: str, query: str, *values: Any) -> list[JSON]:
        with closing(sqlite3.connect(self.folder / database)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def links(self, target: str) -> dict[str, str]:
        """The vendor's id -> the subject that Instep takes it for."""
        query = "SELECT external_id, subject FROM links WHERE target = ? AND external_id <> ''"
        return {row["external_id"]: row["subject"] for row in self.rows("state.db", query, target)}

    def customers(self) -> dict[str, str | None]:
        """Stripe's id -> the account that Instep takes it for."""
        query = "SELECT id, account_id FROM facts WHERE kind = 'customer' AND NOT gone"
        return {row["id"]: row["account_id"] for row in self.rows("state.db", query)}

    def everything(self) -> dict[str, JSON]:
        """All that the vendors and the product hold, ``kind id`` -> object."""
        found: dict[str, JSON] = {}
        for kind in LISTS:
            found |= {f"{kind} {one['id']}": one for one in self._stripe(kind)}
        for kind in ("people", "companies"):
            found |= {f"{kind} {one['id']}": one for one in self.vendors.control("GET", f"/intercom/{kind}")}
        for kind in ("tags", "data_attributes"):
            listed = self.vendors.control("GET", f"/intercom/hand/{kind}?include_archived=true")["data"]
            found |= {f"{kind} {one.get('model', '')} {one['name']}": one for one in listed}
        instances = self.vendors.control("GET", "/provisioner/settings")["instances"]
        found |= {f"instance {one['name']}": one for one in instances}
        for table in ("users", "teams", "memberships", "identities", "projects", "schema_migrations"):
            found |= {f"{table} {n}": row for n, row in enumerate(self.rows("company.db", f"SELECT * FROM {table}"))}
        return found

    def _stripe(self, kind: str) -> Iterator[JSON]:
        more, after = True, ""
        while more:
            status = "&status=all" if kind == "subscriptions" else ""
            page = self.vendors.stripe("GET", f"/v1/{kind}?limit=100{status}{after}")
            yield from page["data"]
            more = page["has_more"]
            after = f"&starting_after={page['data'][-1]['id']}" if more else ""


def moment() -> str:
    """When it begins."""
    return datetime.fromtimestamp(START, UTC).isoformat()


@contextmanager
def company(folder: Path, size: float = 0.02, seed: int = 1, flaw: str = "") -> Iterator[Company]:
    """Nothing of Instep is there yet."""
    with Vendors("--port", "0", "--now", moment(), "--limits", "off") as vendors:
        made = Company(folder, vendors, size, seed, flaw)
        # What it was built with lies before Instep's birth.
        made.advance(3600)
        yield made


def same(one: Any, other: Any) -> bool:
    """Byte for byte, as JSON has it."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
