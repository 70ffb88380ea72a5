"""What a visit asks of the state reads no table whole: with ten thousand Links, that took longer than the push."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from state_facts import NOW, A, account, customer, customer_ref, land, user

from mappings.model import Link, Step, Subject, account_subject
from state.schema import metadata
from state.store import Entry, Limit, Store

ANN, BEN = Subject("person:ann"), Subject("person:ben")
SMALL = {"house", "cursors", "counters"}
TABLES = "|".join(metadata.tables.keys() - SMALL)
WHOLE = re.compile(rf"SCAN ({TABLES})(_\d)?$|SEARCH links .*\(target=\?\)$")


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """PostgreSQL reads a table of a few rows whole, whatever its indexes are."""
    opened = Store(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def whole(store: Store) -> Iterator[set[str]]:
    """How SQLite reads what it reads whole, with the statement."""
    found: set[str] = set()

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters)
            found.update(f"{line}: {statement}" for *_, line in plan if WHOLE.match(line))

    event.listen(store.database.engine, "before_cursor_execute", explain)
    yield found
    event.remove(store.database.engine, "before_cursor_execute", explain)


def visit(store: Store) -> None:
    land(store, account("a", "cus_1"), user("ann", "a"), customer("cus_1"))
    (lease,) = store.lease_accounts("w", NOW, 10, 60)
    land(store, customer("cus_1", name="New"), holder=lease)
    store.facts([A])
    store.links([ANN])
    step = Step("contacts", ANN, "create", "key")
    entry = Entry("contacts", ANN, "create", "new", {}, {}, None, NOW, "run", "req")
    intent = store.intend(lease, Link("contacts", ANN), step, {}, 10, now=NOW, limit=Limit("creates", 5))
    made = replace(intent, external_id="c1", sequence=1)
    store.acknowledge(lease, made, [entry], customer_ref("cus_1"), now=NOW)
    links = [Link("contacts", BEN, "c2")]
    intents = store.intend_many(lease, [(link, replace(step, subject=BEN), {}) for link in links], 10, now=NOW)
    store.acknowledge_many(lease, [(replace(intent, sequence=1), entry, None) for intent in intents], now=NOW)
    store.adopt(lease, replace(made, pending_key="", state="ok"))
    store.adopt(lease, Link("companies", account_subject(A), "co1"), now=NOW)
    store.settle(lease, None, "done", now=NOW)


def test_a_visit(store: Store, whole: set[str]) -> None:
    visit(store)
    assert whole == set()


def test_who_an_id_of_a_target_is(store: Store, whole: set[str]) -> None:
    store.linked("contacts", ["c1"])
    store.links_named("contacts", ["c1"])
    assert whole == set()
