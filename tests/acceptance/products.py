"""A small SaaS product with users, teams and memberships, and the views it shows to Instep."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

JSON = dict[str, Any]

TABLES = """
CREATE TABLE users
  (user_id TEXT PRIMARY KEY, email TEXT, name TEXT, verified BOOLEAN, traits {json}, erased BOOLEAN);
CREATE TABLE teams (team_id TEXT PRIMARY KEY, name TEXT, hold_reason TEXT, excluded BOOLEAN, erased BOOLEAN,
  instance_name TEXT, timezone TEXT, trial_ends_at BIGINT);
CREATE TABLE memberships (user_id TEXT, team_id TEXT, role TEXT, joined_at {moment}, PRIMARY KEY (user_id, team_id));
CREATE VIEW instep_users AS
  SELECT u.user_id, u.email, u.name, u.verified AS email_verified, u.traits, u.erased, m.team_id AS account_id,
    m.role, m.joined_at
  FROM users u JOIN memberships m ON m.user_id = u.user_id;
CREATE VIEW instep_accounts AS SELECT team_id AS account_id, name, hold_reason, excluded, erased, instance_name,
  timezone, trial_ends_at FROM teams
"""
TYPES = {
    "sqlite": {"json": "TEXT", "moment": "INTEGER"},
    "postgresql": {"json": "JSON", "moment": "TIMESTAMPTZ"},
}
MOMENT = {"sqlite": ":joined_at", "postgresql": "to_timestamp(:joined_at)"}


class Product:
    """The product's database at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        self.dialect = self.engine.dialect.name
        for statement in TABLES.format(**TYPES[self.dialect]).split(";"):
            self.execute(statement)

    def close(self) -> None:
        self.engine.dispose()

    def execute(self, statement: str, *rows: JSON) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), list(rows) or None)

    def rows(self, statement: str, **values: Any) -> list[JSON]:
        with self.engine.begin() as connection:
            return [dict(row) for row in connection.execute(sa.text(statement), values).mappings()]

    def add_teams(self, *teams: JSON) -> None:
        """Rows of team_id and name."""
        self.execute("INSERT INTO teams (team_id, name) VALUES (:team_id, :name)", *teams)

    def add_people(self, *people: JSON) -> None:
        """Rows of user_id, email, name, verified, traits, team_id, role and joined_at (unix seconds)."""
        self.execute(
            "INSERT INTO users (user_id, email, name, verified, traits) "
            "VALUES (:user_id, :email, :name, :verified, :traits)",
            *people,
        )
        self.execute(
            "INSERT INTO memberships (user_id, team_id, role, joined_at) "
            f"VALUES (:user_id, :team_id, :role, {MOMENT[self.dialect]})",
            *people,
        )

    def add_request(self, **row: Any) -> None:
        columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        self.execute(f"INSERT INTO instep_requests ({columns}) VALUES ({values})", row)

    def instep_rows(self) -> JSON:
        """Instep's two tables whole, to compare."""
        return {name: self.rows(f"SELECT * FROM {name} ORDER BY 1") for name in ("instep_access", "instep_requests")}
