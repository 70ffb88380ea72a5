"""House, journal and runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from state_facts import NOW, A

from mappings.model import Link, Subject
from state.store import Entry, House, Store, Todo

HOUSE = House("i1", NOW, "acct_1", False, "ws", "eu", {"contacts": "watch"}, "f1")
LINE = Todo("parked", "person:ann", "contacts", "no e-mail", "fix it", NOW)


def test_the_house_is_one_row(store: Store) -> None:
    assert store.house() is None
    store.settle_in(HOUSE)
    store.settle_in(replace(HOUSE, modes={"contacts": "on"}))
    assert store.house() == replace(HOUSE, modes={"contacts": "on"})


def test_what_a_newer_version_keeps_in_the_house_is_left_alone(store: Store) -> None:
    store.settle_in(HOUSE)
    newer = text("""UPDATE house SET body = replace(body, '"born_at"', '"of_tomorrow": 1, "born_at"')""")
    store.database.write(lambda connection: connection.execute(newer))
    assert store.amend({"retired": ["x"]}) == store.house()
    house = store.house()
    assert house
    assert (house.installation_id, house.retired) == ("i1", ["x"])
    kept = text("SELECT count(*) FROM house WHERE body LIKE '%of_tomorrow%'")
    assert store.database.read(lambda connection: connection.execute(kept).scalar()) == 1


def test_the_journal_is_read_backwards_by_run_or_subject(store: Store) -> None:
    store.mark([A], NOW, "test")
    (lease,) = store.lease_accounts("w", NOW, 1, 60)
    entries = [
        Entry("contacts", Subject(f"person:{n}"), "update", "why", {"a": 1}, {"a": n}, NOW - n, NOW + n, f"run-{n % 2}")
        for n in range(5)
    ]
    for entry in entries:
        store.acknowledge(lease, Link("contacts", entry.subject), [entry])
    assert store.journal() == entries[::-1]
    assert store.journal(limit=2) == [entries[4], entries[3]]
    assert store.journal(run="run-1") == [entries[3], entries[1]]
    assert store.journal(subject="person:2") == [entries[2]]


def test_a_run_has_a_start_counts_and_an_end(store: Store) -> None:
    store.start_run("r1", "pull", NOW)
    store.start_run("r2", "sync", NOW + 1)
    store.end_run("r1", {"looked": 2}, "done", NOW + 2)
    assert store.runs() == [
        {"run": "r2", "purpose": "sync", "started_at": NOW + 1, "ended_at": None, "counts": None, "ended_by": ""},
        {
            "run": "r1",
            "purpose": "pull",
            "started_at": NOW,
            "ended_at": NOW + 2,
            "counts": {"looked": 2},
            "ended_by": "done",
        },
    ]
    assert len(store.runs(limit=1)) == 1
    # One that was killed has no end, and is forgotten like the others.
    store.purge_journal(NOW + 2)
    assert store.runs() == []


def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    store.todo_add([LINE])

    def read_meanwhile(connection: object) -> int:
        connection.execute(text("DELETE FROM todo"))  # type: ignore[attr-defined]
        return len(store.todo())

    assert store.database.write(read_meanwhile) == 1
    assert store.todo() == []


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def fail(connection: object) -> None:
        connection.execute(text("DELETE FROM todo"))  # type: ignore[attr-defined]
        raise RuntimeError("midway")

    store.todo_add([LINE])
    with pytest.raises(RuntimeError, match="midway"):
        store.database.write(fail)
    assert len(store.todo()) == 1
