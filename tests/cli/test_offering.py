"""`instep init --product`: what it shows of a product's tables, what it makes and when, what it leaves to others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from home import Home

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, uuid TEXT, email TEXT, name TEXT, confirmed_at TIMESTAMP, deleted_at TIMESTAMP);
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT, stripe_customer_id TEXT);
CREATE TABLE memberships (user_id INTEGER REFERENCES users, team_id INTEGER REFERENCES teams, role TEXT);
INSERT INTO users VALUES (1, 'u1', 'wilhelmina@example.org', 'Wilhelmina', '2026-01-01', NULL), (2, 'u2', 'x', 'B', NULL, NULL);
INSERT INTO users VALUES (3, 'u3', 'c@example.org', 'C', NULL, NULL), (4, 'u4', 'd@example.org', 'D', NULL, '2026-01-01');
INSERT INTO teams VALUES (7, 'Seven', 'cus_1'), (8, 'Eight', NULL);
INSERT INTO memberships VALUES (1, 7, 'owner'), (2, 7, 'member'), (2, 8, 'member'), (4, 7, 'member');
"""  # noqa: E501


@pytest.fixture
def fresh(home: Home) -> Home:
    """A product with tables of its own and no views."""
    script(home, "DROP VIEW instep_users; DROP TABLE members;" + SCHEMA)
    return home


def script(home: Home, text: str) -> None:
    with closing(sqlite3.connect(home.folder / "product.db")) as connection, connection:
        connection.executescript(text)


def read(home: Home, text: str) -> list[Any]:
    with closing(sqlite3.connect(home.folder / "product.db")) as connection:
        return connection.execute(text).fetchall()


def views(home: Home) -> list[str]:
    return [name for (name,) in read(home, "SELECT name FROM sqlite_master WHERE name LIKE 'instep%' ORDER BY name")]


def test_it_is_shown_and_nothing_is_made_without_a_yes(fresh: Home) -> None:
    said = fresh.run("init", "--product")
    assert said.code == 2
    assert "Add --yes to agree" in said.sentence
    assert "3 rows, 2 people in 2 accounts" in said.out
    for words in ("users.uuid", "memberships.role", "CREATE VIEW instep_accounts", "holds member, owner"):
        assert words in said.out
    assert views(fresh) == []


def test_a_yes_makes_views_and_tables(fresh: Home) -> None:
    before = fresh.vendor_writes()
    assert fresh.run("init", "--product", "--yes").code == 0
    assert views(fresh) == ["instep_access", "instep_accounts", "instep_requests", "instep_users"]
    assert read(fresh, "SELECT user_id, account_id, role FROM instep_users ORDER BY 1, 2") == [
        (1, 7, "owner"), (2, 7, "member"), (2, 8, "member"),
    ]  # fmt: skip
    assert fresh.vendor_writes() == before
    again = fresh.run("init", "--product")
    assert (again.code, "instep_users is there already" in again.out) == (0, True)


def test_what_speaks_against_it_is_said(fresh: Home) -> None:
    said = fresh.run("init", "--product", "--json").data
    told = " | ".join(doubt["text"] for doubt in said["doubts"])
    for words in ("1 of 3 users are in no account", "no address", "1 account has no owner", "memberships.user_id"):
        assert words in told
    assert said["made"] == []
    assert any("CREATE INDEX" in sql for sql in said["advice"])
    assert views(fresh) == []


def test_another_column_is_taken(fresh: Home) -> None:
    assert fresh.run("init", "--product", "--yes", "--column", "user_id=users.uuid", "--column", "name=").code == 0
    assert read(fresh, "SELECT * FROM instep_users ORDER BY 1")[0][0] == "u1"
    assert "name" not in fresh.run("init", "--product", "--json").data["figures"]["instep_users"]["nulls"]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("user_id", "is not of the form"),
        ("user_id=users", "is not of the form"),
        ("colour=users.id", "No view has a column colour"),
        ("user_id=users.nothing", "users has no column nothing"),
        ("email=teams.name", "does not reach"),
    ],
)
def test_a_wish_that_cannot_be_is_wrong_use(fresh: Home, column: str, words: str) -> None:
    if words == "does not reach":
        script(fresh, "DROP TABLE memberships")
    said = fresh.run("init", "--product", "--yes", "--column", column)
    assert said.code == 2
    assert words in said.sentence
    assert views(fresh) == []


def test_columns_are_for_the_product(fresh: Home) -> None:
    assert fresh.run("init", "--column", "user_id=users.uuid").code == 2


def test_a_product_without_users_is_refused(fresh: Home) -> None:
    script(fresh, "DROP TABLE memberships; DROP TABLE users")
    said = fresh.run("init", "--product", "--yes")
    assert said.code == 2
    assert "no table looks like users" in said.sentence
    assert views(fresh) == []


def test_a_view_that_lists_people_twice_is_refused(fresh: Home) -> None:
    script(fresh, "CREATE VIEW instep_users AS SELECT id AS user_id, email FROM users, (SELECT 1 UNION SELECT 2)")
    said = fresh.run("init", "--product", "--yes")
    assert said.code == 1
    assert "more than once" in said.sentence
    assert views(fresh) == ["instep_users"]
    found = fresh.run("check", "--json").data
    assert [line["level"] for line in found if "more than once" in line["text"]] == ["problem"]
    assert fresh.run("init", "--product", "--column", "user_id=users.uuid").code == 2


def test_a_read_only_product_gets_its_sql_printed(fresh: Home) -> None:
    path = fresh.folder / "product.db"
    fresh.set("INSTEP_PRODUCT_URL", f"sqlite:///file:{path}?mode=ro&uri=true")
    said = fresh.run("init", "--product", "--yes")
    assert said.code == 3
    for words in ("CREATE VIEW instep_users", "CREATE TABLE instep_access", "CREATE INDEX", "Without instep_access"):
        assert words in said.out
    assert views(fresh) == []
    script(fresh, ";".join(fresh.run("init", "--product", "--json").data["sql"]))
    done = fresh.run("init", "--product")
    assert (done.code, "nothing is missing" in done.out) == (0, True)
