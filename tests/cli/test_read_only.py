"""A product's database that Instep may only read; and what one account may do, by `instep status --account`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from home import Home
from installation import vendors


@pytest.fixture(scope="module")
def vendors_url() -> Iterator[str]:
    """A workspace of its own: contacts of other tests would be strangers to this product."""
    with vendors() as url:
        yield url


def read_only(home: Home) -> None:
    home.set("INSTEP_PRODUCT_URL", f"sqlite:///file:{home.folder / 'product.db'}?mode=ro&uri=true")


@pytest.fixture
def reading(home: Home) -> Home:
    read_only(home)
    said = home.run("init")
    assert said.code == 0
    assert "product.access and product.requests are off" in said.err
    return home


def test_nothing_is_written_there_and_everything_else_works(reading: Home) -> None:
    before = reading.tables("product.db")
    assert reading.run("adopt").code == 0
    live = reading.run("go-live", "--yes", "--accept-names", "--json").data["modes"]
    assert {name for name, mode in live.items() if mode == "off"} == {"product.access", "product.requests"}
    assert set(live.values()) == {"on", "off"}
    assert reading.run("sync").code == 0
    assert reading.tables("product.db") == before
    assert "instep_access" not in reading.run("todo").out
    refused = reading.run("go-live", "product", "--yes")
    assert refused.code == 2
    assert "the product's database takes no rows" in refused.sentence
    assert set(reading.run("pause", "--json").data["modes"].values()) == {"watch", "off"}


def test_access_is_shown_by_status(reading: Home) -> None:
    reading.run("sync")
    found = reading.run("status", "--account", reading.account, "--json").data
    assert (found["should_be"]["stage"], found["should_be"]["access"]) == ("prospect", "full")
    assert found["instep_access"] is None
    said = reading.run("status", "--account", reading.account)
    assert said.code == 0
    assert "There is no row in instep_access" in said.out
    assert reading.run("status", "--account", "nobody").code == 2


def test_a_request_says_why_it_cannot_be_made(reading: Home) -> None:
    reading.run("sync")
    said = reading.run("request", "trial", reading.account, "--plan", "pro")
    assert said.code == 1
    assert "the product's database takes none" in said.sentence


def test_tables_that_may_not_be_written_are_found_out_too(home: Home) -> None:
    assert home.run("init").code == 0
    read_only(home)
    assert "are off" in home.run("init").err
    home.set("INSTEP_PRODUCT_URL", f"sqlite:///{home.folder / 'product.db'}")
    assert "are off" not in home.run("init").err
    assert home.run("status", "--json").data["installation"]["modes"]["product.access"] == "watch"


def test_status_shows_what_is_and_what_should_be(on: Home) -> None:
    on.run("sync")
    with closing(sqlite3.connect(on.folder / "product.db")) as connection, connection:
        connection.execute("UPDATE instep_access SET stage = 'unpaid'")
    on.run("pause")
    on.run("sync")
    found = on.run("status", "--account", on.account, "--json").data
    assert (found["should_be"]["stage"], found["instep_access"]["stage"]) == ("prospect", "unpaid")
