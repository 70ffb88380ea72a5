"""Proposed views on SQLite and PostgreSQL: the schema as it is read, SQL for any name, all made or nothing."""

import sqlite3
from contextlib import closing

import psycopg
import pytest
from product_world import opened

from connectors.contract import Rejected
from connectors.product import ProductDatabase, ProductUsers, inspecting, views
from connectors.product.sources import ProductAccounts
from mappings.model.tables import At
from mappings.proposing import propose

SCHEMA = (
    "create table users (id integer primary key, email text not null, first_name text, last_name text,"
    " is_verified boolean, created_at timestamp, deleted_at timestamp)",
    "create table teams (id integer primary key, name text, plan text, deleted boolean)",
    "create table memberships (id integer primary key, user_id integer references users (id),"
    " team_id integer references teams (id), role text, created_at timestamp)",
    "create index by_team on memberships (team_id, user_id)",
)


@pytest.fixture
def company(database) -> ProductDatabase:
    """Two people of team 7; one of them deleted, one in team 8 too, which was deleted."""
    database.execute(SCHEMA)
    database.execute(
        [
            "insert into users values (1, 'Ada@example.com', 'Ada', null, true, '2026-01-02 03:04:05', null)",
            "insert into users values (2, 'ben@example.com', 'Ben', 'Sample', false, '2026-01-02', '2026-05-01')",
            "insert into users values (3, 'nothing', null, null, null, '2026-01-02', null)",
            "insert into teams values (7, 'Seven', 'pro', false), (8, 'Eight', 'team', true), (9, 'Nine', null, null)",
            "insert into memberships values (1, 1, 7, 'admin', '2026-02-01'), (2, 2, 7, 'editor', '2026-02-01'),"
            " (3, 3, 7, 'editor', '2026-02-01'), (4, 1, 8, 'editor', '2026-02-01'), (5, 1, 7, 'editor', '2026-03-01')",
        ]
    )
    return database


def rows(source) -> list[dict]:
    return [
        row for page in source.scan(None) for record in page.records for row in record.data.get("rows", [record.data])
    ]


def test_the_schema_is_read(company):
    memberships, teams, users = inspecting.tables(company)
    assert [column.kind for column in users.columns] == ["integer", *["text"] * 3, "boolean", "time", "time"]
    assert memberships.points == {"user_id": At("users", "id"), "team_id": At("teams", "id")}
    assert memberships.indexed == {"id", "team_id"}
    assert memberships.values == {"role": ("editor", "admin")}
    assert (teams.key, set(teams.values["plan"])) == (("id",), {"pro", "team"})


def test_proposed_views_can_be_made_and_read(company):
    proposal = propose(inspecting.tables(company))
    views.make(company, proposal.views)
    company.check()
    first, second, _ = sorted(rows(ProductUsers(company)), key=lambda row: (row["user_id"], row["joined_at"]))
    assert (first["user_id"], first["account_id"], first["email"], first["role"]) == (
        "1",
        "7",
        "Ada@example.com",
        "owner",
    )
    assert (first["name"], bool(first["email_verified"]), first["signed_up_at"]) == ("Ada", True, 1767323045)
    assert second["role"] == "editor"
    assert [row["account_id"] for row in rows(ProductAccounts(company))] == ["7", "9"]
    assert company.columns("instep_requests")
    assert company.columns("instep_access")


def test_what_is_measured_before_is_what_is_there_after(company):
    proposal = propose(inspecting.tables(company))
    before = {view.name: views.measure(company, view) for view in proposal.views}
    views.make(company, proposal.views)
    assert {name: views.measure(company, name) for name in before} == before
    people = before["instep_users"]
    assert (people.rows, people.keys, people.accounts, people.doubled, people.bad) == (3, 2, 1, 1, 1)
    assert before["instep_accounts"].nulls == {"plan": 1}


def test_shared_addresses_and_missing_owners_are_counted(company):
    company.execute(
        [
            "update users set email = 'ADA@example.com' where id = 3",
            "update memberships set role = case when team_id = 8 then 'owner' else 'editor' end",
        ]
    )
    measure = views.measure(company, propose(inspecting.tables(company)).users)
    assert (measure.shared, measure.ownerless) == (1, 1)


def test_any_name_is_quoted(database):
    database.execute(
        [
            'create table "user" (id integer primary key, "e-mail" text, "at; drop" timestamp, "100% name" text)',
            "insert into \"user\" values (1, 'a@example.com', null, 'Ada')",
        ]
    )
    wanted = {"user_id": At("user", "id"), "email": At("user", "e-mail"), "name": At("user", "100% name")}
    views.make(database, propose(inspecting.tables(database), wanted).views)
    assert rows(ProductUsers(database)) == [{"user_id": "1", "email": "a@example.com", "name": "Ada"}]


@pytest.mark.parametrize("how", ["is_owner boolean", "owner_id"])
def test_owners_by_flag_and_by_the_team(database, how):
    owner = "owner_id integer references users (id)" if how == "owner_id" else "name text"
    flag = how if how != "owner_id" else "note text"
    people, teams = "integer references users (id)", "integer references teams (id)"
    database.execute(
        [
            "create table users (id integer primary key, email text)",
            f"create table teams (id integer primary key, {owner})",
            f"create table memberships (user_id {people}, team_id {teams}, {flag})",
            "insert into users values (1, 'a@example.com'), (2, 'b@example.com')",
            f"insert into teams values (7, {'1' if how == 'owner_id' else 'null'})",
            f"insert into memberships values (1, 7, {'null' if how == 'owner_id' else 'true'}), (2, 7, null)",
        ]
    )
    views.make(database, propose(inspecting.tables(database)).views)
    assert {row["user_id"]: row["role"] for row in rows(ProductUsers(database))} == {"1": "owner", "2": "member"}


def test_all_or_nothing(company):
    proposal = propose(inspecting.tables(company))
    with pytest.raises(Rejected):
        company.execute([*views.statements(company, proposal.views), "create table users (id integer)"])
    assert [company.columns(name) for name in ("instep_users", "instep_requests")] == [None, None]


def test_an_index_is_offered_in_sql_that_runs(company):
    company.execute([views.create_index(company, At("memberships", "user_id"))])
    assert "user_id" in inspecting.tables(company)[0].indexed


def test_a_read_only_database_is_known(company, url):
    assert company.writable()
    if company.dialect == "sqlite":
        reader = opened(f"sqlite:///file:{url.removeprefix('sqlite:///')}?mode=ro&uri=true")
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        reader = opened(url)
    assert not reader.writable()
    proposal = propose(inspecting.tables(reader))
    with pytest.raises(Rejected):
        views.make(reader, proposal.views)


def test_values_of_many_words_are_not_read(database, url):
    database.execute(["create table users (id integer primary key, email text, role text)"])
    database.execute([f"insert into users values ({n}, 'p{n}@example.com', 'role {n}')" for n in range(20)])
    assert inspecting.tables(database)[0].values == {}


def test_the_printed_sql_runs_elsewhere(company, url):
    statements = views.statements(company, propose(inspecting.tables(company)).views)
    if company.dialect == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(";\n".join(statements))
    else:
        with psycopg.connect(url) as connection:
            connection.execute(";\n".join(statements))
    company.forget()
    company.check()
    assert views.statements(company, ()) == []
