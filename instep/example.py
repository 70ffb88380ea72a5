"""An example product: a SQLite database with users and teams of invented people, and the two views over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

DAY = 86400

SCHEMA = """
CREATE TABLE teams (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, timezone TEXT, comped INTEGER NOT NULL DEFAULT 0, hold_reason TEXT,
  excluded INTEGER NOT NULL DEFAULT 0, traits TEXT
);
CREATE TABLE users (
  id TEXT PRIMARY KEY, team_id TEXT NOT NULL REFERENCES teams, email TEXT NOT NULL, name TEXT NOT NULL,
  role TEXT NOT NULL, confirmed INTEGER NOT NULL DEFAULT 1, created_at INTEGER NOT NULL, traits TEXT
);
CREATE VIEW instep_users AS
  SELECT id AS user_id, team_id AS account_id, email, name, role, confirmed AS email_verified, created_at AS joined_at,
    traits
  FROM users;
CREATE VIEW instep_accounts AS
  SELECT id AS account_id, name, timezone, comped, hold_reason, excluded, traits FROM teams;
"""

USER = "id, team_id, email, name, role, confirmed, created_at"
NAMES = (
    "Ada Example", "Ben Sample", "Cleo Model", "Dara Mock", "Eli Pattern", "Fay Trial", "Gus Draft", "Hana Proof",
    "Ivo Figure", "Juno Sketch", "Kai Specimen", "Lea Outline",
)  # fmt: skip


class Team(NamedTuple):
    """A team and the addresses of its people: the first is the owner, the second billing, the others members."""

    id: str
    name: str
    addresses: tuple[str, ...]


def teams(count: int) -> list[Team]:
    """``team_01`` and on, with one to three people each."""
    return [_team(number) for number in range(1, count + 1)]


def _team(number: int) -> Team:
    domain = f"team-{number:02}.example.com"
    people = 1 + number % 3
    return Team(f"team_{number:02}", f"Team {number:02}", tuple(f"{_first(number, k)}@{domain}" for k in range(people)))


def customers(count: int) -> list[Team]:
    """Teams that go with the customers a sandbox starts with (``acct_0001`` and on)."""
    return [_customer(f"acct_{number:04}", f"Company {number}") for number in range(1, count + 1)]


def _customer(id: str, name: str) -> Team:
    return Team(id, name, (f"owner@{id.replace('_', '-')}.example",))


def _first(number: int, member: int) -> str:
    return _name(number, member).split()[0].casefold()


def _name(number: int, member: int) -> str:
    return NAMES[(number * 3 + member) % len(NAMES)]


def make(path: Path, found: Iterable[Team], now: int) -> str:
    """A new database at ``path``, replacing what is there; returns its URL. People joined a day before ``now``."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SCHEMA)
        for number, team in enumerate(found, 1):
            database.execute("INSERT INTO teams (id, name) VALUES (?, ?)", (team.id, team.name))
            rows = [
                (f"{team.id}_user_{k + 1}", team.id, address, _name(number, k), _role(k), 1, now - DAY)
                for k, address in enumerate(team.addresses)
            ]
            database.executemany(f"INSERT INTO users ({USER}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return f"sqlite:///{path}"


def _role(member: int) -> str:
    return ("owner", "billing", "member")[member]


def ask_for_trials(
    path: Path, accounts: Iterable[str], plan: str, now: int, user: str = "user_1", days: int | None = None
) -> None:
    """What the product does when somebody presses its button: a row in instep_requests."""
    rows = [(account, account, f"{account}_{user}", plan, days, now) for account in accounts]
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(
            "INSERT INTO instep_requests (request_id, kind, account_id, user_id, plan, days, requested_at)"
            " SELECT 'req_' || ? || '_' || (count(*) + 1), 'trial', ?, ?, ?, ?, ? FROM instep_requests",
            rows,
        )


def ask_for_change(path: Path, account: str, kind: str, now: int, days: int | None = None) -> None:
    """The same for a request of another kind: cancel (``days=0``: at once), keep or reactivate."""
    row = (account, kind, account, days, now)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "INSERT INTO instep_requests (request_id, kind, account_id, days, requested_at)"
            " SELECT 'req_' || ? || '_' || (count(*) + 1), ?, ?, ?, ? FROM instep_requests",
            row,
        )


def account_of(id: str) -> str:
    """The team of a person, request or instance by the way their ids are made here."""
    return id.removeprefix("req_").partition("_user_")[0].partition("#")[0]


def access(path: Path) -> dict[str, int]:
    """How many accounts have which access, as the product reads it: ``full`` -> 12."""
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT access, count(*) FROM instep_access GROUP BY access ORDER BY 2 DESC"))
