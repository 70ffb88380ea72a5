"""A Store with its tables, on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Postgres
from sqlalchemy import Connection, text

from state.schema import metadata
from state.store import Store


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "state.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_store(postgres: Postgres) -> Iterator[Store]:
    url = postgres.create()
    _upgrade(url)
    store = Store(url)
    yield store
    store.close()


def _upgrade(url: str) -> None:
    store = Store(url)
    store.upgrade()
    store.close()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "state.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "postgresql":
        shared: Store = request.getfixturevalue("postgres_store")
        shared.database.write(_empty)  # much faster than a database for each test
        yield shared
        return
    store = Store(request.getfixturevalue("sqlite_url"))
    yield store
    store.close()


def _empty(connection: Connection) -> None:
    connection.execute(text("; ".join(f"DELETE FROM {table.name}" for table in metadata.tables.values())))
