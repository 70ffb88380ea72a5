"""The connection to the state database: who writes locks the file from the beginning."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from state.database import Database


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
