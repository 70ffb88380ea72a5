"""The connection to the state database: one engine, short transactions, the same behaviour on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, wraps
from pathlib import Path
from threading import Lock
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError

from state.types import StateError

BUSY_SECONDS: Final = 30
CONNECT_SECONDS: Final = 10
# A server that vanishes without a word (a lost host, a cut network) is given up after half a minute. What the URL says
# itself comes first. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
VANISHED: Final = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
# PostgreSQL ends a transaction whose worker sleeps, so that what it has locked is free before others give up.
IDLE_SECONDS: Final = 15
TRIES: Final = 5
ASLEEP: Final = "25P03"
NO_TABLE: Final = "42P01"
# Serialisation failure, deadlock, a unique key that a parallel transaction took between our read and our write, and a
# transaction that was ended because we slept in it.
RETRIED: Final = frozenset({"40001", "40P01", "23505", ASLEEP})

UNREACHABLE: Final = "Check INSTEP_STATE_URL and that this database can be reached."
HELP: Final = {
    "full": "Make room, then run the command again: it goes on where this one stopped.",
    "No space left": "Make room, then run the command again: it goes on where this one stopped.",
    "statement timeout": "Another program holds it, or it is very busy: wait for that, then run the command again.",
    "is locked": "Another program holds it: end that, or wait for it, then run the command again.",
}
UNUSABLE: Final = (OperationalError, InterfaceError, DatabaseError)

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """One engine. ``batch``: rows a caller should put into one transaction at most."""

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.batch = 500 if self.sqlite else 5_000
        self.engine = _engine(self.url, self.sqlite)
        self._writing = self.engine.execution_options(writes=True)
        # SQLite has one writer at a time; queueing here is fairer and cheaper than its polling for the lock.
        self._writer: AbstractContextManager[Any] = Lock() if self.sqlite else nullcontext()

    @property
    def insert(self) -> Any:
        """The dialect's ``insert``, for ``on_conflict_do_...``."""
        from sqlalchemy.dialects import postgresql, sqlite

        return sqlite.insert if self.sqlite else postgresql.insert

    def read(self, work: Callable[[Connection], T]) -> T:
        """One read-only transaction; never waits for a writer. Done again as ``write`` is. Raises StateError."""
        return self._tried(self.engine, nullcontext(), work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """One writing transaction, done again from its start when the database asks for that. Raises StateError."""
        return self._tried(self._writing, self._writer, work)

    def _tried(self, engine: Engine, turn: AbstractContextManager[Any], work: Callable[[Connection], T]) -> T:
        for left in reversed(range(TRIES)):
            try:
                with turn, engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not (_sqlstate(error) in RETRIED and left):
                    raise self._explained(error) from error
        raise AssertionError("unreachable")

    def _explained(self, error: DBAPIError) -> Exception:
        """A StateError where the database is at fault, else the error as it is: ours."""
        if type(error) not in UNUSABLE and _sqlstate(error) not in (ASLEEP, NO_TABLE):
            return error
        cause = str(error.orig).strip().split("\n")[0]
        help = next((help for word, help in HELP.items() if word in cause), UNREACHABLE)
        return StateError(f"The state database {self.name} cannot be used: {cause.rstrip('.')}. {help}")

    @property
    def missing(self) -> bool:
        """Whether this is a SQLite file that does not exist; connecting would make an empty one."""
        file = self.url.database or ":memory:"
        return self.sqlite and not file.startswith((":memory:", "file:")) and not Path(file).exists()

    @property
    def name(self) -> str:
        """The URL as people may see it: without password and options."""
        return self.url.set(query={}).render_as_string(hide_password=True)


class Base(Protocol):
    """What the parts of the Store share."""

    database: Database


S = TypeVar("S", bound=Base)


def writing(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a method one writing transaction; callers leave the connection out."""

    @wraps(method)
    def wrapped(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.write(lambda connection: method(self, connection, *args, **kwargs))

    return wrapped  # type: ignore[return-value]


def reading(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a method one read-only transaction; callers leave the connection out."""

    @wraps(method)
    def wrapped(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.read(lambda connection: method(self, connection, *args, **kwargs))

    return wrapped  # type: ignore[return-value]


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StateError("INSTEP_STATE_URL is not a database URL such as sqlite:///instep.db.") from None
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StateError(f"The state database may be SQLite or PostgreSQL, not {parsed.get_backend_name()}.")
    return parsed


# A process that opens the same state again finds its statements compiled; closing it ends the connections only.
@cache
def _engine(url: URL, sqlite: bool) -> Engine:
    # Parameters stay out of error texts: they hold people's data.
    if not sqlite:
        given, idle = url.query.get("options", ""), f"idle_in_transaction_session_timeout={IDLE_SECONDS * 1000}"
        waits = {"connect_timeout": CONNECT_SECONDS} | VANISHED
        wanted = f"{given} -c statement_timeout={BUSY_SECONDS * 1000} -c {idle}"
        return create_engine(
            url.difference_update_query(["options"]),
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_size=10,
            max_overflow=30,
            pool_pre_ping=True,
            connect_args={"options": wanted.strip()} | {name: url.query.get(name, waits[name]) for name in waits},
        )
    engine = create_engine(url, hide_parameters=True, pool_size=10, max_overflow=30)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    # What is erased is overwritten in the file too.
    erasing = ("secure_delete=ON", "journal_mode=WAL", "synchronous=NORMAL")
    for pragma in (*erasing, "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write fails at once with "database is locked"; so writers lock when they begin.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
