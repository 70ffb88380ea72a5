"""Looks are ordered by the number they drew before their first request, whenever they land (faults 19 to 21)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest
from bench import NOW, Bench, root

from connectors.contract import Transient
from mappings.model import Change, Record, Ref


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    new_state: Callable[[], str] = request.getfixturevalue(request.param)
    bench = Bench(new_state(), list)
    bench.shop.names = {"a1": "old"}
    yield bench
    bench.close()


def slowly(bench: Bench, look: Callable[[], object], meanwhile: Callable[[], object]) -> None:
    """``look`` has read the old name and is still on its way while ``meanwhile`` happens."""
    reading, go_on = Event(), Event()

    def hold() -> None:
        bench.shop.before_answer = lambda: None
        reading.set()
        assert go_on.wait(20)

    bench.shop.before_answer = hold
    slow = Thread(target=look)
    slow.start()
    assert reading.wait(20)
    meanwhile()
    go_on.set()
    slow.join()


def test_an_older_look_that_lands_late_changes_nothing(bench: Bench) -> None:
    def newer() -> None:
        bench.shop.names["a1"] = "new"
        (lease,) = bench.lease()
        assert bench.reader().fetch_roots([root("a1")], lease).whole
        assert bench.facts("a1") == "new"

    bench.hear("a1")
    bench.reader().look()
    bench.hear("a1")
    slowly(bench, bench.reader().look, newer)
    assert bench.facts("a1") == "new"


def test_a_hint_that_comes_during_a_look_is_looked_at_after_it(bench: Bench) -> None:
    def changes() -> None:
        bench.shop.names["a1"] = "new"
        bench.hear("a1")

    bench.hear("a1")
    slowly(bench, bench.reader().look, changes)
    assert bench.facts("a1") == "new"


def test_what_cannot_be_fetched_lets_the_others_pass_and_comes_back_within_two_minutes(bench: Bench) -> None:
    fetch = bench.shop.fetch

    def fails(ref: Ref) -> Record:
        if ref.id == "a1":
            raise Transient("not now")
        return fetch(ref)

    bench.shop.fetch = fails  # type: ignore[method-assign]
    bench.shop.names["a2"] = "two"
    bench.hear("a1", "a2")
    for wait in (15, 30, 60, 120, 120):
        assert list(bench.reader().look().failed) == ["product"]
        assert bench.facts("a2") == "two"
        assert bench.store.due_hints(NOW + wait - 1, 10) == []
        (hint,) = bench.store.due_hints(NOW + wait, 10)
        bench.store.database.write(
            lambda c: c.exec_driver_sql(f"UPDATE inbox SET due_at = {NOW} WHERE handled_at IS NULL")
        )
    bench.shop.fetch = fetch  # type: ignore[method-assign]
    bench.reader().look()
    assert bench.facts("a1") == "old"
    assert hint.ref == root("a1")


def test_a_look_during_the_work_wakes_the_account(bench: Bench) -> None:
    bench.hear("a1")
    bench.reader().look()
    (lease,) = bench.lease()
    bench.shop.names["a1"] = "new"
    bench.hear("a1")
    bench.reader().look()
    bench.store.settle(lease, None, "done", now=0)
    assert [lease.account_id for lease in bench.lease()] == ["a1"]


def test_an_older_look_of_something_that_is_gone_does_not_bring_it_back(bench: Bench) -> None:
    bench.hear("a1")
    bench.reader().look()
    bench.hear("a1")

    def removed() -> None:
        bench.shop.names.clear()
        (lease,) = bench.lease()
        bench.reader().fetch_roots([root("a1")], lease)
        assert bench.facts("a1") is None

    slowly(bench, bench.reader().look, removed)
    assert bench.facts("a1") is None


def test_a_young_hint_whose_fact_did_not_move_is_looked_at_once_more(bench: Bench) -> None:
    """The vendor's reads may not show yet what its event tells."""

    def due(at: int) -> int:
        return len(bench.store.due_hints(at, 10))

    bench.hear("a1")
    bench.reader().look()
    bench.store.take_in(None, [Change(root("a1"), "young", NOW - 5)], None, NOW)
    bench.reader().look()
    assert (due(NOW), due(NOW + 60)) == (0, 1)
    bench.shop.names["a2"] = "new"
    bench.store.take_in(None, [Change(root("a2"), "young too", NOW - 5)], None, NOW)
    bench.reader().look()
    assert (bench.facts("a2"), due(NOW + 60)) == ("new", 1)
