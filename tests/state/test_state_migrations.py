"""The tables that the revisions make are those the code uses, and an unusable database says so in a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from state.schema import metadata
from state.store import StateError, Store


def test_the_revisions_make_the_tables_of_the_schema(store: Store) -> None:
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": not store.database.sqlite})
        assert compare_metadata(context, metadata) == []


def test_a_checked_store_is_silent_and_upgrading_again_changes_nothing(store: Store) -> None:
    store.draw_look()
    store.upgrade()
    store.check()
    assert store.draw_look() == 2


def test_a_database_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="has no tables yet: run `instep init`"):
        Store(f"sqlite:///{tmp_path}/empty.db").check()


def test_a_database_at_another_revision_is_refused(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    store.database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StateError, match="is at revision 9999"):
        store.check()


def test_upgrade_makes_the_folder_of_a_sqlite_file(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/new/folder/state.db")
    store.upgrade()
    store.check()


def test_an_unreachable_server_is_named_without_its_password() -> None:
    store = Store("postgresql://someone:hunter2@127.0.0.1:1/instep?password=hunter3")
    with pytest.raises(StateError) as caught:
        store.check()
    assert "postgresql+psycopg://someone:***@127.0.0.1:1/instep" in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_opened_is_named() -> None:
    with pytest.raises(StateError, match=r"/nowhere/state\.db cannot be used"):
        Store("sqlite:////nowhere/state.db").draw_look()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("not a database" * 100)
    with pytest.raises(StateError, match="cannot be used: file is not a database"):
        Store(f"sqlite:///{tmp_path}/state.db").draw_look()


def test_missing_tables_are_named_in_a_sentence(postgres_url: str) -> None:
    with pytest.raises(StateError, match="counters"):
        Store(postgres_url).draw_look()


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/instep"])
def test_only_sqlite_and_postgresql_are_taken(url: str) -> None:
    with pytest.raises(StateError):
        Store(url)


def test_the_databases_clock_is_in_unix_seconds(store: Store) -> None:
    assert abs(store.db_now() - time.time()) < 5
