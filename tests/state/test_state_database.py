"""The connection to the state database: who writes locks the file from the beginning; a deadlock is nobody's error."""

from __future__ import annotations

import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event

import psycopg
import pytest
from sqlalchemy import Connection

from state import database as database_module
from state.database import Database
from state.types import StateError


def test_a_writer_locks_a_sqlite_file_when_it_begins(tmp_path: Path) -> None:
    """Else another process could write between its reading and its writing."""
    path = tmp_path / "state.db"
    database = Database(f"sqlite:///{path}")
    database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE slips (number INTEGER)"))

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT count(*) FROM slips")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO slips VALUES (1)")
        connection.exec_driver_sql("INSERT INTO slips VALUES (2)")

    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        database.write(work)
        assert other.execute("SELECT number FROM slips").fetchall() == [(2,)]
    database.engine.dispose()


def test_who_loses_a_deadlock_begins_again(postgres_url: str) -> None:
    """Each of two workers has the row that the other one wants; both get through, and each counts once."""
    database = Database(postgres_url)
    database.write(
        lambda connection: connection.exec_driver_sql(
            "CREATE TABLE slips AS SELECT * FROM (VALUES ('a', 0), ('b', 0)) AS s (name, number)"
        )
    )
    both, begun = Barrier(2), list[str]()

    def count(rows: str) -> None:
        def work(connection: Connection) -> None:
            order = rows[::-1] if rows in begun else rows  # Else they might meet like that again.
            begun.append(rows)
            for row in order:
                connection.exec_driver_sql("UPDATE slips SET number = number + 1 WHERE name = %s", (row,))
                with suppress(BrokenBarrierError):
                    both.wait(5)
                both.abort()

        database.write(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(count, ("ab", "ba")))
    numbers = database.read(lambda connection: connection.exec_driver_sql("SELECT number FROM slips").scalars().all())
    assert (sorted(numbers), len(begun)) == ([2, 2], 3)
    database.engine.dispose()


def test_a_worker_asleep_in_its_transaction_keeps_nobody_waiting(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had locked is free before others give up; when it wakes up it begins again."""
    monkeypatch.setattr(database_module, "IDLE_SECONDS", 1)
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 5)
    database = Database(postgres_url)
    database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE slips AS SELECT 0 AS number"))
    asleep, begun = Event(), list[int]()

    def count(connection: Connection) -> int:
        number: int = connection.exec_driver_sql("UPDATE slips SET number = number + 1 RETURNING number").scalar_one()
        return number

    def sleeper(connection: Connection) -> int:
        begun.append(count(connection))
        if len(begun) == 1:
            asleep.set()
            assert others.result(30) == 1
        return count(connection)

    with ThreadPoolExecutor(2) as pool:
        others = pool.submit(lambda: asleep.wait(30) and database.write(count))
        assert database.write(sleeper) == 3
    assert begun == [1, 2]
    database.engine.dispose()


def test_a_reader_asleep_in_its_transaction_begins_again(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "IDLE_SECONDS", 1)
    database = Database(postgres_url)
    database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE slips AS SELECT 0 AS number"))
    asleep, begun = Event(), list[int]()

    def reader(connection: Connection) -> int:
        begun.append(connection.exec_driver_sql("SELECT count(*) FROM slips").scalar_one())
        if len(begun) == 1:
            asleep.set()
            others.result(30)
        return begun[-1]

    with ThreadPoolExecutor(1) as pool:
        # Who locks the whole table waits for its readers too.
        others = pool.submit(
            lambda: asleep.wait(30) and database.write(lambda connection: connection.exec_driver_sql("TRUNCATE slips"))
        )
        assert database.read(reader) == 0
    assert begun == [1, 0]
    database.engine.dispose()


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
        database = Database(f"postgresql://instep:hunter2@127.0.0.1:{silent.getsockname()[1]}/instep")
        asked = pool.submit(database.read, lambda connection: connection.exec_driver_sql("SELECT 1"))
        with suppress(TimeoutError):
            asked.exception(20)
        silent.close()
        with pytest.raises(StateError, match=r"postgresql\+psycopg://instep:\*\*\*@.* timeout"):
            asked.result(200)


@pytest.mark.parametrize(("query", "milliseconds"), [("", "30000"), ("&tcp_user_timeout=7000", "7000")])
def test_a_server_that_vanishes_is_given_up(postgres_url: str, query: str, milliseconds: str) -> None:
    """By libpq, as it says itself: the server of the tests listens on a Unix socket, which cannot be cut."""
    database = Database(postgres_url + query)
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        waits = raw.info.get_parameters()
    assert (waits["keepalives_idle"], waits["keepalives_interval"], waits["keepalives_count"]) == ("15", "5", "3")
    assert waits["tcp_user_timeout"] == milliseconds
    database.engine.dispose()
