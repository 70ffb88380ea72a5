"""The product's database: its engine, which of its relations and columns exist, errors in our classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import exc

from connectors.contract import Rejected, Transient
from connectors.gate import Gate
from connectors.product.shapes import OPTIONAL, REQUIRED, TABLES, metadata

T = TypeVar("T")
STATEMENT_TIMEOUT = 30
# Seconds until a connection is given up that is not made, or (the last in ms) whose server has vanished without a word.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
MAY_CREATE = """
SELECT has_schema_privilege(current_schema(), 'CREATE') AND current_setting('transaction_read_only') = 'off'
"""
UNREACHABLE = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
# SQLite calls wrong statements operational errors too.
SQLITE_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL")


@dataclass(frozen=True, slots=True)
class ProductSettings:
    """``url``: an SQLAlchemy URL of SQLite or PostgreSQL (through psycopg)."""

    url: SecretStr


class ProductDatabase:
    """Shared by the product's connectors. Errors: Transient when it cannot be reached or was busy (everything rolled
    back, unless the answer to a commit was lost: what is written here may be written again), Rejected when it refuses a
    statement. No message holds a URL, a statement or a value."""

    system = "product"

    def __init__(self, settings: ProductSettings, gate: Gate | None = None) -> None:
        self.gate = gate or Gate(self.system, try_timeout=STATEMENT_TIMEOUT + 5)
        self._engine = _engine(settings.url.get_secret_value())

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that Instep makes there."""
        return tuple(TABLES)

    @property
    def dialect(self) -> str:
        return self._engine.dialect.name

    def check(self) -> None:
        """Raises Rejected with one sentence naming a missing relation or column; Transient when unreachable."""
        for name, required in REQUIRED.items():
            found = self.columns(name)
            if found is None and name not in OPTIONAL:
                raise Rejected(f"the product database has no view {name}")
            for column in required if found is not None else ():
                if column not in (found or {}):
                    raise Rejected(f"{'table' if name in TABLES else 'view'} {name} has no column {column}")

    def make_tables(self) -> None:
        """Create ``instep_requests`` and ``instep_access`` where they are missing."""
        self._work(lambda: metadata.create_all(self._engine), write=True)
        self.forget()

    def forget(self) -> None:
        """Look at the schema again."""
        self.__dict__.pop("_relations", None)

    def columns(self, name: str) -> dict[str, sa.types.TypeEngine[Any]] | None:
        """The columns of a table or view with their types; None when there is no such relation."""
        return self._relations.get(name)

    def write(self, statement: sa.Executable) -> int:
        """Execute in its own transaction; the number of rows."""

        def run() -> int:
            with self._engine.begin() as connection:
                return connection.execute(statement).rowcount

        return self._work(run, write=True)

    def write_many(self, statements: Sequence[sa.Executable]) -> list[dict[str, Any]]:
        """Execute in one transaction, all of them or none; the rows that they return."""

        def run() -> list[dict[str, Any]]:
            with self._engine.begin() as connection:
                return [dict(row) for statement in statements for row in connection.execute(statement).mappings()]

        return self._work(run, write=True)

    def execute(self, statements: Sequence[str]) -> None:
        """Statements as they are, in one transaction: all of them or none."""

        def run() -> None:
            with self._engine.connect() as connection:
                # Python's SQLite driver begins no transaction before what defines a schema.
                if self.dialect == "sqlite":
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                for statement in statements:
                    connection.execution_options(no_parameters=True).exec_driver_sql(statement)
                connection.commit()

        self._work(run, write=True)
        self.forget()

    def writable(self) -> bool:
        """Whether views and tables can be made. Raises Transient."""

        def run() -> bool:
            with self._engine.connect() as connection:
                if self.dialect == "sqlite":
                    # Never committed; to begin a transaction says nothing yet.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                    connection.exec_driver_sql("CREATE TABLE instep_probe (id INTEGER)")
                    return True
                return bool(connection.execute(sa.text(MAY_CREATE)).scalar())

        try:
            return self._work(run, write=False)
        except Rejected:
            return False

    def takes_rows(self) -> bool:
        """Whether the two tables are there and may be written. Raises Transient."""
        if any(self.columns(name) is None for name in TABLES):
            return False
        try:
            self._work(self._write_nothing, write=False)
        except Rejected:
            return False
        return True

    def _write_nothing(self) -> None:
        with self._engine.connect() as connection:
            for table in TABLES.values():
                (key,) = table.primary_key
                nothing = sa.select(key).where(sa.false())
                connection.execute(sa.insert(table).from_select([key], nothing))
                connection.execute(sa.update(table).values({key: key}).where(sa.false()))

    def inspect(self, look: Callable[[sa.Engine], T]) -> T:
        """What ``look`` finds in the schema."""
        return self._work(lambda: look(self._engine), write=False)

    def rows(self, statement: sa.Executable) -> list[dict[str, Any]]:
        def run() -> list[dict[str, Any]]:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(statement).mappings()]

        return self._work(run, write=False)

    def stream(self, statement: sa.Executable, size: int) -> Iterator[dict[str, Any]]:
        """Rows through a server-side cursor, ``size`` at a time. Not tried again: the caller resumes."""
        with _ours(), self._engine.connect() as connection:
            result = connection.execution_options(yield_per=size).execute(statement)
            for row in result.mappings():
                yield dict(row)

    @cached_property
    def _relations(self) -> dict[str, dict[str, sa.types.TypeEngine[Any]]]:
        return self._work(self._inspect, write=False)

    def _inspect(self) -> dict[str, dict[str, sa.types.TypeEngine[Any]]]:
        inspector = sa.inspect(self._engine)
        present = {*inspector.get_table_names(), *inspector.get_view_names()}
        if self.dialect == "postgresql":
            present |= set(inspector.get_materialized_view_names())
        names = present & set(REQUIRED)
        return {name: {c["name"]: c["type"] for c in inspector.get_columns(name)} for name in names}

    def _work(self, run: Callable[[], T], write: bool) -> T:
        def translated() -> T:
            with _ours():
                return run()

        return self.gate.call(translated, write=write)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(parsed, pool_pre_ping=True, hide_parameters=True, connect_args=_patience(parsed))
        if parsed.get_backend_name() == "sqlite":
            sa.event.listen(engine, "do_connect", _must_exist)
            sa.event.listen(engine, "connect", _read_any_text)
        return engine
    except (exc.ArgumentError, ImportError):
        raise Rejected("the product database's URL is not one that SQLAlchemy understands") from None


def _must_exist(dialect: object, record: object, arguments: Any, parameters: object) -> None:
    """SQLite would make an empty file for a mistyped name."""
    file = str(arguments[0])
    if not file.startswith((":memory:", "file:")) and not Path(file).exists():
        raise Transient(f"the product database cannot be reached (there is no file {file})")


def _read_any_text(connection: Any, record: object) -> None:
    """SQLite takes any bytes for text; one bad row must not make the others unreadable. The mapping drops the rest."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


def _patience(url: sa.URL) -> dict[str, Any]:
    """How long to wait for a connection, or for a lock on SQLite. The URL may say otherwise, but for a statement."""
    if url.get_backend_name() == "postgresql":
        options = f"{url.query.get('options', '')} -c statement_timeout={STATEMENT_TIMEOUT}s"
        return {name: url.query.get(name, value) for name, value in PATIENCE.items()} | {"options": options.strip()}
    return {"timeout": 5} if url.get_backend_name() == "sqlite" else {}


@contextmanager
def _ours() -> Iterator[None]:
    """SQLAlchemy's errors in our classes. "from None": their texts hold statements, addresses and values."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        _translate(error)


def _translate(error: exc.SQLAlchemyError) -> NoReturn:
    original = getattr(error, "orig", None)
    word = getattr(original, "sqlite_errorname", None) or type(original or error).__name__
    refused = word.startswith("SQLITE_") and not word.startswith(SQLITE_BUSY)
    if isinstance(error, UNREACHABLE) and not refused:
        raise Transient(f"the product database cannot be reached or is busy ({word})") from None
    raise Rejected(f"the product database refused ({word})") from None
