"""A place where a schedule is played: cloned vendors, copied databases, Instep in this process and in forks of it."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors import gate, wire
from flows.house import Instep, init, open_instep
from flows.report import Report
from flows.settings import load_settings
from instep.example import make
from state import database
from tests.lives.life import GROUPS, Group
from tests.lives.model import Facts
from tests.lives.scene import CONFIG, READY_AFTER, START, Scene
from tests.postgres import Postgres

from .states import PostgresqlState, State
from .worlds import Worlds

JSON = dict[str, Any]
EXPANDED = {"expand[]": "data.invoice_settings.default_payment_method"}
# Long enough for this machine at its busiest; a call that hangs costs so much real time.
READ_TIMEOUT = 1.0


class Stage(Scene):
    """``skew``: seconds that Instep's clock is ahead of the vendors'. ``born``: when its ``memory`` began, if lost."""

    skew = born = 0
    memory: State
    instep: Instep | None = None  # type: ignore[assignment]

    @classmethod
    def first(cls, folder: Path, group: Group, server: Postgres | None = None) -> Stage:
        """Set up, with nobody in it; its memory is in a database of ``server``, if given."""
        folder.mkdir(parents=True, exist_ok=True)
        stage = cls(Worlds.start(datetime.fromtimestamp(START, UTC).isoformat()), folder, [])  # type: ignore[arg-type]
        stage.memory = PostgresqlState(server, folder) if server else State(folder)
        (folder / "instep.toml").write_text(CONFIG.format(without=group.without))
        make(stage.product, [], START)
        stage._connect()
        init(stage.settings, on=True)
        stage.control("PUT", "/stripe/settings", {"dunning": group.dunning})
        stage.control("PUT", "/provisioner/settings", {"ready_after": READY_AFTER})
        return stage

    def clone(self, folder: Path) -> Stage:
        """The same again, to be played on without touching this one."""
        self.rest()
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            shutil.copyfile(path, folder / path.name)
        stage = type(self)(self.vendors.clone(), folder, [], now=self.now)  # type: ignore[attr-defined]
        stage.born, stage.memory = self.born, self.memory.clone(folder)
        stage._connect()
        return stage

    def _connect(self) -> None:
        self._database = sqlite3.connect(self.product, timeout=30, isolation_level=None)
        self._database.execute("PRAGMA synchronous=OFF")

    @cached_property
    def settings(self) -> Any:
        environment = self.vendors.environment(f"sqlite:///{self.product}", self.memory.url)
        given = {name.lower(): value for name, value in environment.items()}
        neutral = {"stripe_webhook_secrets": "", "instep_public_url": "", "instep_secrets": "of the faults"}
        return load_settings(
            _env_file=None, instep_config=self.folder / "instep.toml", instep_timezone="UTC", instep_concurrency=1,
            instep_now=datetime.fromtimestamp(self.now, UTC).isoformat(), **neutral, **given,
        )  # fmt: skip

    def state(self, statement: str) -> list[JSON]:
        return self.memory.rows(statement)

    # What the sources hold

    def read(self) -> None:
        """All of it, whatever the list of events says."""
        customers = {row["id"]: row for row in self._all("/v1/customers", **EXPANDED)}
        subscriptions, invoices = self._all("/v1/subscriptions", status="all"), self._all("/v1/invoices")
        made = self.control("GET", "/provisioner/settings")["instances"]
        people = self.rows("SELECT * FROM users ORDER BY id")
        asked = self.rows("SELECT * FROM instep_requests ORDER BY requested_at, request_id")
        for team in self.rows("SELECT * FROM teams"):
            id = team["id"]
            mine = [row for row in customers.values() if row["metadata"].get("account_id") == id]
            self.facts[id] = Facts(
                team, [row for row in people if row["team_id"] == id], mine[0] if mine else {},
                [row for row in subscriptions if mine and row["customer"] == mine[0]["id"]],
                [row for row in invoices if mine and row["customer"] == mine[0]["id"]],
                [row for row in made if row["account_id"] == id], [row for row in asked if row["account_id"] == id],
            )  # fmt: skip

    def _all(self, path: str, **fields: Any) -> list[JSON]:
        found: list[JSON] = []
        after: JSON = {}
        while True:
            page = self.stripe("GET", path, limit=100, **fields, **after)
            found += page["data"]
            if not page["has_more"]:
                return found
            after = {"starting_after": found[-1]["id"]}

    # Instep

    def wake(self) -> Instep:
        """As a new process would: nothing is kept from the run before but the databases."""
        self.rest()
        self.instep = open_instep(self.settings, stripe_per_second=5000, now=lambda: self.now + self.skew)
        return self.instep

    def rest(self) -> None:
        if self.instep:
            self.instep.store.close()
            self.instep = None

    def run(self, work: Callable[[Instep], Report]) -> Report:
        return work(self.wake())

    def fork(self, work: Callable[[Stage], None]) -> int:
        """A process of its own; returns its pid. It ends with 0, or with 70 where ``work`` raised."""
        self.rest()
        pid = os.fork()
        if pid:
            return pid
        try:
            # The parent's connections stay the parent's: nothing of them is used or closed here.
            self._kept = (self._http, self._database)
            work(self)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
        os._exit(0)

    def let_retries_pass(self) -> None:
        """As if the back-off, which runs on the database's own clock, were over."""
        self.memory.write("UPDATE agenda SET retry_at = NULL")

    def end_leases(self) -> None:
        """As if time had passed that no worker renewed them in."""
        ends = "SET lease_until = 0 WHERE lease_owner IS NOT NULL"
        self.memory.write(f"UPDATE agenda {ends}", f"UPDATE cursors {ends}")

    def close(self) -> None:
        self.rest()
        self._database.close()
        self._http.close()
        self.vendors.stop()  # type: ignore[attr-defined]
        self.memory.drop()
        shutil.rmtree(self.folder, ignore_errors=True)


def ended(pid: int) -> int:
    """How it ended: 0, a positive exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@contextmanager
def impatient(read_timeout: float = READ_TIMEOUT) -> Iterator[None]:
    """No pauses between tries, none for rate limits; vendors that hang are given up soon, as are workers that sleep in
    a transaction."""
    kept = gate.Pace.wait, gate.Gate._wait, wire.READ_TIMEOUT, database.IDLE_SECONDS, logging.getLogger("instep").level
    gate.Pace.wait = lambda self, deadline: True  # type: ignore[method-assign]
    gate.Gate._wait = lambda self, state: 0.0  # type: ignore[method-assign]
    wire.READ_TIMEOUT, database.IDLE_SECONDS = read_timeout, 3  # type: ignore[misc]
    logging.getLogger("instep").setLevel(logging.CRITICAL)
    gc.freeze()
    try:
        yield
    finally:
        gate.Pace.wait, gate.Gate._wait, wire.READ_TIMEOUT, database.IDLE_SECONDS = kept[:4]  # type: ignore[method-assign, misc]
        logging.getLogger("instep").setLevel(kept[4])


def group_of(seed: int) -> Group:
    return GROUPS[seed % len(GROUPS)]
