"""Where Instep's memory lies on a stage: in a SQLite file of its folder, or in a PostgreSQL database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.postgres import Postgres, database_of, started

JSON = dict[str, Any]


class State:
    """A SQLite file, which is copied and ends with its folder."""

    one_writer = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def url(self) -> str:
        return f"sqlite:///{self._folder}/state.db"

    def clone(self, folder: Path) -> State:
        return State(folder)

    def lose(self) -> None:
        for path in self._folder.glob("state.db*"):
            path.unlink()

    def drop(self) -> None:
        pass

    def rows(self, statement: str) -> list[JSON]:
        with self._connected() as connection:
            return [dict(row) for row in connection.exec_driver_sql(statement).mappings()]

    def write(self, *statements: str) -> None:
        with self._connected() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        url = self.url.replace("postgresql:", "postgresql+psycopg:")
        waiting = {"timeout": 30} if url.startswith("sqlite:") else {}
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=waiting)
        with engine.begin() as connection:
            yield connection


class PostgresqlState(State):
    """``server``: whose databases are named after the stage's folder. Nobody stays connected to one that is cloned."""

    one_writer = False

    def __init__(self, server: Postgres, folder: Path, template: str = "template0") -> None:
        super().__init__(folder)
        self._server = server
        self._url = server.create(template, folder.name.replace("-", "_"))

    @property
    def url(self) -> str:
        return self._url

    def clone(self, folder: Path) -> State:
        self._server.disconnect(self.url)
        return PostgresqlState(self._server, folder, database_of(self.url))

    def lose(self) -> None:
        self.drop()
        self._server.create(name=database_of(self.url))

    def drop(self) -> None:
        self._server.drop(self.url)


@contextmanager
def server_if(wanted: bool) -> Iterator[Postgres | None]:
    """A PostgreSQL server of one's own."""
    with started() if wanted else nullcontext() as server:
        yield server
