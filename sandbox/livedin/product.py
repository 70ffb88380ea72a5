"""The company's product database as its developers left it: users, teams and memberships, and no views for anybody."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from sandbox.livedin.firm import Firm, Team, User

Rows = Iterable[Sequence[Any]]
Execute = Callable[[str, Rows | None], None]

SCHEMA = """
CREATE TABLE lived_in_sandbox (made_at TIMESTAMP);
CREATE TABLE schema_migrations (version TEXT PRIMARY KEY);
CREATE TABLE users (
  id BIGINT PRIMARY KEY, legacy_uuid TEXT, email TEXT NOT NULL, full_name TEXT, encrypted_password TEXT,
  confirmed_at TIMESTAMP, last_sign_in_at TIMESTAMP, locale TEXT, created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL, deleted_at TIMESTAMP
);
CREATE TABLE teams (
  id BIGINT PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL UNIQUE, website_domain TEXT, plan TEXT NOT NULL,
  stripe_customer_id TEXT, trial_ends_at TIMESTAMP, comped BOOLEAN NOT NULL, time_zone TEXT,
  created_at TIMESTAMP NOT NULL, updated_at TIMESTAMP NOT NULL, deleted_at TIMESTAMP
);
CREATE TABLE memberships (
  id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (id), team_id BIGINT NOT NULL REFERENCES teams (id),
  role TEXT NOT NULL, created_at TIMESTAMP NOT NULL
);
CREATE INDEX index_memberships_on_team_id ON memberships (team_id);
CREATE TABLE identities (
  id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (id), provider TEXT NOT NULL
);
CREATE TABLE projects (id BIGINT PRIMARY KEY, team_id BIGINT NOT NULL REFERENCES teams (id), name TEXT NOT NULL)
"""
# What a bad company's own view looks like: a user with two ways to sign in is listed twice.
TWICE = """
CREATE VIEW instep_users AS
  SELECT u.id AS user_id, u.email AS email, m.team_id AS account_id, m.role AS role
  FROM users u JOIN memberships m ON m.user_id = u.id JOIN identities i ON i.user_id = u.id
  WHERE u.deleted_at IS NULL
"""
MARK = "lived_in_sandbox"


def prepare(url: str) -> None:
    """Empty a database that an earlier sandbox made. Raises ValueError for any other that holds something."""
    if url.startswith("sqlite:///"):
        _prepare_file(Path(url.removeprefix("sqlite:///")))
        return
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        found = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        tables = {name for (name,) in connection.execute(found)}
        _refuse_foreign(tables)
        if tables:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def _prepare_file(path: Path) -> None:
    if path.exists():
        with closing(sqlite3.connect(path)) as connection:
            _refuse_foreign({name for (name,) in connection.execute("SELECT name FROM sqlite_master")})
        path.unlink()


def _refuse_foreign(tables: set[str]) -> None:
    if tables and MARK not in tables:
        raise ValueError("the product database holds tables that no sandbox made: give an empty one")


def write(url: str, firm: Firm) -> None:
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            _fill(lambda statement, rows: _sqlite(connection, statement, rows), firm, str)
        return
    with psycopg.connect(_libpq(url)) as server:
        _fill(lambda statement, rows: _postgres(server, statement, rows), firm, lambda at: at)


def _libpq(url: str) -> str:
    return "postgresql" + url[url.index(":") :]


def _sqlite(connection: sqlite3.Connection, statement: str, rows: Rows | None) -> None:
    if rows is None:
        connection.executescript(statement)
    else:
        connection.executemany(statement, rows)


def _postgres(connection: psycopg.Connection[Any], statement: str, rows: Rows | None) -> None:
    with connection.cursor() as cursor:
        if rows is None:
            cursor.execute(statement)
        else:
            cursor.executemany(statement.replace("?", "%s"), rows)


def _fill(execute: Execute, firm: Firm, spell: Callable[[datetime], Any]) -> None:
    """``spell`` writes a moment as the database's own Python driver takes it."""

    def at(moment: int | None) -> Any:
        return None if moment is None else spell(datetime.fromtimestamp(moment, UTC).replace(tzinfo=None))

    execute(SCHEMA, None)
    users = [user for user in firm.users if not user.gone]
    _insert(execute, "lived_in_sandbox", [(at(firm.now),)])
    _insert(execute, "schema_migrations", [("20181102093000",), ("20260114120000",)])
    _insert(execute, "users", [_user(user, at) for user in users])
    _insert(execute, "teams", [_team(team, at) for team in firm.teams])
    joined = [(number, *row) for number, row in enumerate(_memberships(firm, at), 1)]
    _insert(execute, "memberships", joined)
    ways = [(user.id, way) for user in users for way in ("password", "google")[: 1 + user.id % 2]]
    _insert(execute, "identities", [(number, *row) for number, row in enumerate(ways, 1)])
    projects = [(team.id, f"Project {team.id % 7}") for team in firm.teams[::2]]
    _insert(execute, "projects", [(number, *row) for number, row in enumerate(projects, 1)])
    if firm.flaw == "twice":
        execute(TWICE, None)


def _insert(execute: Execute, table: str, rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    execute(f"INSERT INTO {table} VALUES ({marks})", rows)


def _user(user: User, at: Callable[[int | None], Any]) -> tuple[Any, ...]:
    changed = max(filter(None, (user.created_at, user.seen_at, user.deleted_at)))
    locale = ("en", "de", "ja")[user.id % 3]
    return (
        user.id, user.legacy_uuid, user.email, user.name, "not a password", at(user.verified_at), at(user.seen_at),
        locale, at(user.created_at), at(changed), at(user.deleted_at),
    )  # fmt: skip


def _team(team: Team, at: Callable[[int | None], Any]) -> tuple[Any, ...]:
    changed = at(team.deleted_at or team.created_at)
    return (
        team.id, team.name, f"team-{team.id}", team.domain, team.plan, team.customer or None, at(team.trial_ends_at),
        team.comped, team.zone, at(team.created_at), changed, at(team.deleted_at),
    )  # fmt: skip


def _memberships(firm: Firm, at: Callable[[int | None], Any]) -> list[tuple[Any, ...]]:
    return [
        (user.id, team.id, role, at(max(user.created_at, team.created_at))) for user, team, role in firm.memberships()
    ]
