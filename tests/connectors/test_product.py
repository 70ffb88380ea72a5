"""The product's database on SQLite and PostgreSQL: reading in key order, spellings of time, the two tables."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from product_world import opened
from pydantic import SecretStr
from vendor_world import NOW, gate

from connectors.contract import Rejected, Source, Transient
from connectors.product import (
    ProductAccess,
    ProductAccounts,
    ProductDatabase,
    ProductRequests,
    ProductSettings,
    ProductUsers,
)
from connectors.product import sources as sources_module
from connectors.product.shapes import plain, unix_seconds
from mappings.model import AccountId, Ref

COLUMNS = "id as user_id, mail as email, team as account_id, since as joined_at"
USERS = f"create view instep_users as select {COLUMNS} from people"


@pytest.fixture
def people(run) -> None:
    run("create table people (id integer, mail text, team integer, since timestamp)", USERS)


def user(id: str) -> Ref:
    return Ref("product", "user", id)


def add(run, *people: tuple) -> None:
    run(*(f"insert into people values ({id}, 'p@example.com', {team}, '2026-11-10 12:00:00')" for id, team in people))


def scanned(source: Source, resume: str | None = None) -> list[str]:
    return [record.ref.id for page in source.scan(resume) for record in page.records]


def test_sources_are_sources(database):
    made = [ProductUsers(database), ProductAccounts(database)]
    made += [ProductRequests(database, lambda: NOW), ProductAccess(database, lambda: NOW)]
    assert all(isinstance(source, Source) and source.feed == "truth" for source in made)


# Reading


def test_a_user_comes_with_all_memberships(database, run, people):
    add(run, (1, 20), (1, 10), (2, 10))
    page = next(ProductUsers(database).changes(None))
    first = page.records[0]
    assert first.ref == user("1")
    assert first.data == {
        "rows": [
            {"user_id": "1", "email": "p@example.com", "account_id": team, "joined_at": NOW} for team in ("10", "20")
        ]
    }
    assert ProductUsers(database).fetch(user("1")) == first
    assert len(page.records) == 2


def test_a_user_who_is_not_there_is_gone(database, run, people):
    add(run, (1, 10))
    assert ProductUsers(database).fetch(user("3")).gone


def test_many_are_read_as_each_would_be(database, run, people, monkeypatch):
    monkeypatch.setattr(sources_module, "PAGE", 2)
    add(run, *[(id, team) for id in range(1, 6) for team in (10, 20)])
    users, refs = ProductUsers(database), [user(id) for id in ("5", "3", "9", "1", "4")]
    assert users.fetch_many(refs) == [users.fetch(ref) for ref in refs]
    assert [record.gone for record in users.fetch_many(refs)] == [False, False, True, False, False]


def test_many_are_read_in_one_statement(database, run, people):
    add(run, (1, 10), (2, 10), (3, 10))
    before = database.gate.reads
    assert len(ProductUsers(database).fetch_many([user("1"), user("2"), user("3")])) == 3
    assert database.gate.reads == before + 2  # One of them looks at the schema.


def test_another_spelling_of_a_key_is_no_absence(database, run):
    if database.dialect == "postgresql":
        return
    run(
        "create table instep_users (user_id text collate nocase, email text)",
        "insert into instep_users values ('A', 'x')",
    )
    users = ProductUsers(database)
    assert not any(record.gone for record in users.fetch_many([user("a"), user("A")]))


def test_keys_are_read_in_the_order_of_their_bytes(database, run):
    # The PostgreSQL of the tests knows no other collation than the one of bytes.
    collation = "collate nocase" if database.dialect == "sqlite" else ""
    run(f"create table instep_users (user_id text {collation}, email text)")
    keys = ["a", "B", "ab", "é", "Z", "10", "9", "a b", "a-b", "aB"]
    run(*(f"insert into instep_users values ('{key}', 'p@example.com')" for key in keys))
    assert scanned(ProductUsers(database)) == sorted(keys, key=str.encode)


def test_a_scan_goes_on_after_any_page_and_cuts_no_user(database, run, people, monkeypatch):
    monkeypatch.setattr(sources_module, "PAGE", 3)
    add(run, *[(id, team) for id in range(1, 6) for team in (10, 20)])
    pages = list(ProductUsers(database).scan(None))
    assert [len(record.data["rows"]) for page in pages for record in page.records] == [2] * 5
    assert len(pages) == 3
    for position, page in enumerate(pages):
        rest = [record.ref.id for left in pages[position + 1 :] for record in left.records]
        assert scanned(ProductUsers(database), page.cursor) == rest


def test_what_there_is_of_an_account(database, run, people):
    """Whatever the types of the columns, and whatever an account is called."""
    run("create view instep_accounts as select distinct team as account_id from people")
    add(run, (1, 10), (2, 10), (3, 20), (10, 30), ("null", 10))
    users, accounts = ProductUsers(database), ProductAccounts(database)
    assert users.roots_of(AccountId("10")) == [user("1"), user("10"), user("2")]
    assert accounts.roots_of(AccountId("10")) == [Ref("product", "account", "10")]
    assert users.roots_of(AccountId("nobody' --")) == accounts.roots_of(AccountId("nobody' --")) == []


def test_without_teams_a_user_is_what_there_is_of_an_account(database, run):
    assert ProductUsers(database).roots_of(AccountId("1")) == []
    database.forget()
    run("create table instep_users (user_id text, email text)", "insert into instep_users values ('1', 'x')")
    assert ProductUsers(database).roots_of(AccountId("1")) == [user("1")]
    assert ProductAccounts(database).roots_of(AccountId("1")) == []


def test_rows_without_a_key_are_left_out(database, run, people):
    add(run, (1, 10), ("null", 10))
    assert scanned(ProductUsers(database)) == ["1"]


@pytest.mark.parametrize("kind", ["text", "uuid"])
def test_keys_of_any_type_are_found(database, run, kind):
    if database.dialect == "sqlite" and kind == "uuid":
        return
    key = "6f1c9f1e-95a4-4a08-9d35-5d9cf0f9d7a3"
    run(f"create table instep_users (user_id {kind}, email text)", f"insert into instep_users values ('{key}', 'x')")
    assert scanned(ProductUsers(database)) == [key]
    assert not ProductUsers(database).fetch(user(key)).gone
    assert not any(record.gone for record in ProductUsers(database).fetch_many([user(key), user(key)]))


def test_computed_number_keys_are_found(database, run, people):
    run("drop view instep_users", "create view instep_users as select id + 0 as user_id, mail as email from people")
    add(run, (7, 10))
    assert not ProductUsers(database).fetch(user("7")).gone


def test_other_columns_stay_in_the_database(database, run):
    run("create table instep_users (user_id text, email text, password text, traits text)")
    run("insert into instep_users values ('1', 'p@example.com', 'secret', '{\"seats\": 3}')")
    assert ProductUsers(database).fetch(user("1")).data["rows"] == [
        {"user_id": "1", "email": "p@example.com", "traits": {"seats": 3}}
    ]


def test_without_a_view_of_accounts_there_are_none(database):
    accounts = ProductAccounts(database)
    assert not accounts.present
    assert scanned(accounts) == []
    assert accounts.fetch(Ref("product", "account", "a1")).gone


def test_accounts(database, run):
    run("create table instep_accounts (account_id text, name text, comped boolean, trial_ends_at timestamp)")
    run("insert into instep_accounts values ('a1', 'Team', true, '2026-11-10 12:00:00')")
    accounts = ProductAccounts(database)
    assert accounts.present
    data = accounts.fetch(Ref("product", "account", "a1")).data
    assert (data["trial_ends_at"], data["name"], bool(data["comped"])) == (NOW, "Team", True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (NOW, NOW),
        (float(NOW), NOW),
        (Decimal(NOW), NOW),
        (str(NOW), NOW),
        (datetime(2026, 11, 10, 12), NOW),
        (datetime(2026, 11, 10, 12, tzinfo=UTC), NOW),
        ("2026-11-10T12:00:00", NOW),
        ("2026-11-10 14:00:00+02:00", NOW),
        ("2026-11-10T12:00:00Z", NOW),
        (date(2026, 11, 10), NOW - 43_200),
        ("2026-11-10", NOW - 43_200),
        ("", None),
        ("tomorrow", "tomorrow"),
        (float("nan"), None),
        (10**30, 10**30),
    ],
)
def test_times(value, seconds):
    assert plain({"joined_at": value}) == {"joined_at": seconds}
    assert unix_seconds(value) == seconds


def test_rows_are_json(database):
    row = {"mrr": Decimal("1.5"), "user_id": 7, "blob": b"x", "ok": True, "traits": "{bad"}
    assert plain(row) == {"mrr": 1.5, "user_id": "7", "blob": "b'x'", "ok": True, "traits": "{bad"}


# Checking


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("select 1", "the product database has no view instep_users"),
        ("create table instep_users (user_id text)", "view instep_users has no column email"),
    ],
)
def test_check_names_what_is_missing(database, run, statement, problem):
    run(statement)
    with pytest.raises(Rejected, match=problem):
        database.check()


def test_check_names_a_missing_column_of_a_table(database, run, people):
    run("create table instep_access (account_id text)")
    with pytest.raises(Rejected, match="table instep_access has no column stage"):
        database.check()


def test_tables_are_made_once(database, people):
    for _ in range(2):
        database.make_tables()
        database.check()


@pytest.mark.parametrize("address", ["postgresql://jane:hunter2@127.0.0.1:1/product", "sqlite:////nowhere/at/all.db"])
def test_an_unreachable_database_is_one_sentence(address):
    database = ProductDatabase(ProductSettings(SecretStr(address)), gate("product"))
    with pytest.raises(Transient, match="cannot be reached") as caught:
        database.check()
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(ProductSettings(SecretStr(address)))


@pytest.mark.parametrize("address", ["no url", "nosuch://x", "mysql+nosuch://x"])
def test_a_bad_url_is_rejected(address):
    with pytest.raises(Rejected, match="SQLAlchemy"):
        ProductDatabase(ProductSettings(SecretStr(address)))


def test_a_refused_statement_shows_neither_itself_nor_values(database, run, people):
    with pytest.raises(Rejected) as caught:
        run("insert into people values ('secret', 'secret', 1, 'secret', 'secret')")
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_server_that_vanishes_is_given_up(postgres_url):
    raw = []

    def keep(connection, record):
        raw.append(connection)

    sa.event.listen(sa.pool.Pool, "connect", keep)
    opened(postgres_url).columns("instep_accounts")
    sa.event.remove(sa.pool.Pool, "connect", keep)
    waits = raw[0].info.get_parameters()
    assert (waits["keepalives_idle"], waits["keepalives_interval"], waits["keepalives_count"]) == ("15", "5", "3")
    assert waits["tcp_user_timeout"] == "30000"


def test_options_in_the_url_are_kept(postgres_url):
    opened(postgres_url).execute(["create schema shop", "create table shop.instep_accounts (account_id text)"])
    assert opened(postgres_url).columns("instep_accounts") is None
    assert opened(f"{postgres_url}&options=-csearch_path%3Dshop").columns("instep_accounts")
