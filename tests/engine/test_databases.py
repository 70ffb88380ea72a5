"""The state database goes away in the middle of a run: one sentence, nothing half-written, and the next run converges
(faults 84, 85)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from postgres import Postgres, database_of
from works import CREATED, Works, Wrapped, wrapped

from flows.hub import sync
from mappings.model import AccountId, Held, Step
from state import database
from state.store import StateError

CONTACTS = "intercom.contacts"


class Strike(Wrapped):
    """Does something once, right after the first push."""

    def __init__(self, target: Any, strike: Callable[[], object]) -> None:
        super().__init__(target)
        self._strike: Callable[[], object] | None = strike

    def push(self, step: Step) -> Held:
        held = self.inner.push(step)
        if self._strike:
            strike, self._strike = self._strike, None
            strike()
        return held


@contextmanager
def struck(town: Works, strike: Callable[[], object]) -> Iterator[None]:
    before, town.lines = town.lines, wrapped(CONTACTS, lambda target: Strike(target, strike))
    yield
    town.lines = before


def ends_with_one_sentence(town: Works, says: str) -> None:
    with pytest.raises(StateError) as told:
        sync(town.open())
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert "@" not in str(told.value).partition(" cannot be used: ")[2]


def converges(town: Works, account: AccountId, mark: int) -> None:
    """Whoever comes next finds the lease of a process that lives: it runs out first."""
    town.close()
    with town.memory() as store, store.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE agenda SET lease_until = 0")
        connection.exec_driver_sql("UPDATE cursors SET lease_until = 0")
    town.sync()
    town.assert_in_step(account)
    assert town.created(mark) == CREATED


def test_every_backend_is_terminated(shared: Works, postgres: Postgres) -> None:
    """No transaction is open across a push, so the run goes on with new connections."""
    town, mark = shared, shared.vendors.mark
    account = town.trial()
    town.open()
    url = town.settings.instep_state_url.get_secret_value()
    with struck(town, lambda: postgres.disconnect(url)):
        assert sync(town.open()).ok
    converges(town, account, mark)


def test_postgresql_is_stopped(shared: Works, postgres: Postgres) -> None:
    town, mark = shared, shared.vendors.mark
    account = town.trial()
    town.open()
    url = town.settings.instep_state_url.get_secret_value()
    name = database_of(url)

    def stop() -> None:
        postgres.admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres.disconnect(url)

    with struck(town, stop):
        ends_with_one_sentence(town, "Check INSTEP_STATE_URL")
    postgres.admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    converges(town, account, mark)


def test_the_disk_is_full(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many pages as there are now, for every connection."""
    mark, account = town.vendors.mark, town.trial()
    town.open()
    town.close()
    with town.memory() as store, store.database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    prepare = database._prepare_sqlite

    def small(connection: Any, record: Any) -> None:
        prepare(connection, record)
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with monkeypatch.context() as patch:
        patch.setattr(database, "_prepare_sqlite", small)
        database._engine.cache_clear()
        ends_with_one_sentence(town, "Make room")
    database._engine.cache_clear()
    converges(town, account, mark)


def test_somebody_holds_the_sqlite_file(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, account = town.vendors.mark, town.trial()
    town.open()
    path = town.settings.instep_state_url.get_secret_value().removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        with monkeypatch.context() as patch, struck(town, lambda: other.execute("BEGIN IMMEDIATE")):
            patch.setattr(database, "BUSY_SECONDS", 0)
            ends_with_one_sentence(town, "Another program holds it")
        other.execute("ROLLBACK")
    converges(town, account, mark)


def test_somebody_holds_a_table_of_postgresql(shared: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    town, mark = shared, shared.vendors.mark
    account = town.trial()
    town.open()
    url = town.settings.instep_state_url.get_secret_value()
    with closing(psycopg.connect(url)) as other, struck(town, lambda: other.execute("LOCK TABLE journal")):
        ends_with_one_sentence(town, "Another program holds it")
    converges(town, account, mark)
