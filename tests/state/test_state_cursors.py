"""Cursors and the inbox: pages and their position commit together, one reader a source, nothing told twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from state_facts import NOW, A, account, customer, customer_ref, held, land, part, subscription

from mappings.model import Change, Ref
from state.inbox import LEDGER_SECONDS
from state.store import Cursor, LeaseLost, ReadMeanwhile, Shrunk, Store, Todo


def hint(number: int, root: str = "cus_1") -> Change:
    return Change(customer_ref(root), f"evt_{number}", NOW - 5)


@pytest.fixture
def cursor(store: Store) -> Cursor:
    cursor = store.lease_cursor("stripe", "w", 60)
    assert cursor
    return cursor


def position(store: Store, source: str = "stripe") -> str | None:
    """Read by taking the lease over; the caller gives its own back first or has let it expire."""
    cursor = store.lease_cursor(source, "reader", 0)
    assert cursor
    return cursor.position


def test_a_source_has_one_reader(store: Store, cursor: Cursor) -> None:
    assert (cursor.position, cursor.scan, cursor.scan_look, cursor.scanned_at) == (None, None, None, None)
    assert store.lease_cursor("stripe", "other", 60) is None
    assert store.lease_cursor("product", "other", 60)
    store.release_cursor(cursor)
    assert store.lease_cursor("stripe", "other", 60)


def test_one_of_sixteen_reads_a_source(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda n: store.lease_cursor("stripe", f"w{n}", 60), range(16)))
    assert sum(found is not None for found in taken) == 1


def test_a_page_and_its_position_are_stored(store: Store, cursor: Cursor) -> None:
    assert store.take_in(cursor, [hint(1), hint(2)], "evt_2", NOW) == 2
    assert store.take_in(cursor, [], None, NOW) == 0
    store.release_cursor(cursor)
    assert position(store) == "evt_2"
    found = store.due_hints(NOW, 10)
    assert [(h.event_id, h.ref, h.occurred_at, h.attempts) for h in found] == [
        ("evt_1", customer_ref("cus_1"), NOW - 5, 0),
        ("evt_2", customer_ref("cus_1"), NOW - 5, 0),
    ]


def test_a_reader_that_lost_its_lease_stores_nothing(store: Store) -> None:
    ghost = store.lease_cursor("stripe", "ghost", 0)
    assert ghost
    assert store.lease_cursor("stripe", "w", 60)
    for write in (
        lambda: store.take_in(ghost, [hint(1)], "evt_1", NOW),
        lambda: store.start_scan(ghost, "evt_1"),
        lambda: store.finish_scan(ghost, ("customer",), NOW),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert store.due_hints(NOW, 10) == []
    store.release_cursor(ghost)
    assert store.lease_cursor("stripe", "other", 60) is None, "a ghost does not release another's lease"


def test_a_page_that_cannot_be_stored_leaves_the_position(store: Store, cursor: Cursor) -> None:
    broken = Change(customer_ref("cus_1"), "evt_2", None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.take_in(cursor, [hint(1), broken], "evt_2", NOW)
    store.release_cursor(cursor)
    assert position(store) is None
    assert store.due_hints(NOW, 10) == []


def test_every_page_renews_the_lease(store: Store, cursor: Cursor) -> None:
    from state.schema import cursors

    store.database.write(lambda connection: connection.execute(cursors.update().values(lease_until=0)))
    store.take_in(cursor, [], "evt_1", NOW)
    assert store.lease_cursor("stripe", "other", 60) is None


def test_what_was_told_before_is_dropped(store: Store, cursor: Cursor) -> None:
    assert store.take_in(None, [hint(1), hint(1)], None, NOW) == 1
    assert store.take_in(cursor, [hint(1), hint(2)], "evt_2", NOW) == 1
    land(store, customer("cus_1"), hints=store.due_hints(NOW, 10))
    assert store.take_in(cursor, [hint(1), hint(2)], "evt_2", NOW) == 0
    assert store.due_hints(NOW, 10) == []


def test_the_same_id_of_another_source_is_another_event(store: Store) -> None:
    store.take_in(None, [hint(1), Change(Ref("product", "user", "u1"), "evt_1", NOW)], None, NOW)
    assert len(store.due_hints(NOW, 10)) == 2


def test_a_webhook_told_fifty_times_at_once_is_one_hint(store: Store) -> None:
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: store.take_in(None, [hint(1)], None, NOW), range(50)))
    assert len(store.due_hints(NOW, 100)) == 1


def test_only_the_hints_read_before_the_fetch_are_handled(store: Store) -> None:
    store.take_in(None, [hint(1)], None, NOW)
    seen = store.due_hints(NOW, 10)
    store.take_in(None, [hint(2)], None, NOW)
    land(store, customer("cus_1"), hints=seen)
    assert [found.event_id for found in store.due_hints(NOW, 10)] == ["evt_2"]


def test_a_hint_can_be_queued_again_for_later(store: Store) -> None:
    store.take_in(None, [hint(1)], None, NOW)
    seen = store.due_hints(NOW, 10)
    land(store, customer("cus_1"), hints=seen)
    store.requeue(seen, NOW + 60, "no change yet")
    assert store.due_hints(NOW + 59, 10) == []
    assert [found.attempts for found in store.due_hints(NOW + 60, 10)] == [1]


def test_the_oldest_hints_come_first_and_no_more_than_asked(store: Store) -> None:
    store.take_in(None, [hint(1)], None, NOW)
    store.take_in(None, [hint(2), hint(3)], None, NOW - 1)
    assert [found.event_id for found in store.due_hints(NOW, 2)] == ["evt_2", "evt_3"]


def test_lateness_is_from_an_event_to_when_it_was_dealt_with(store: Store) -> None:
    assert store.lateness(NOW) == {}
    store.take_in(None, [hint(1), hint(2)], None, NOW)
    one, _ = store.due_hints(NOW, 10)
    land(store, customer("cus_1"), hints=[one])
    (found,) = store.lateness(NOW + 3600).items()
    assert found == (one.ref.source, (2, NOW + 3600 - one.occurred_at)), "one still waits"
    later = NOW + 90_000
    land(store, customer("cus_1"), hints=store.due_hints(NOW, 10))
    assert store.lateness(later) == {}, "of the last 24 hours"


def test_handled_hints_are_forgotten_after_35_days(store: Store) -> None:
    store.take_in(None, [hint(1), hint(2)], None, NOW)
    one, _ = store.due_hints(NOW, 10)
    land(store, customer("cus_1"), hints=[one])
    assert store.purge(NOW + LEDGER_SECONDS) == 0
    assert store.purge(NOW + LEDGER_SECONDS + 1) == 1
    assert [found.event_id for found in store.due_hints(NOW, 10)] == ["evt_2"]


def test_a_scan_is_resumed_where_it_stood_under_the_same_look(store: Store, cursor: Cursor) -> None:
    scan = store.start_scan(cursor, "evt_9")
    assert (scan.position, scan.scan, scan.scan_look) == ("evt_9", None, 1)
    land(store, customer("cus_1"), look=1, cursor=scan, resume="page 2")
    store.release_cursor(scan)
    again = store.lease_cursor("stripe", "other", 60)
    assert again
    assert (again.position, again.scan, again.scan_look) == ("evt_9", "page 2", 1)
    assert store.unscanned(["product", "stripe"]) == ["product", "stripe"]
    store.finish_scan(again, ("customer",), NOW)
    store.release_cursor(again)
    done = store.lease_cursor("stripe", "other", 60)
    assert done
    assert (done.position, done.scan, done.scan_look, done.scanned_at) == ("evt_9", None, None, NOW)
    assert store.unscanned(["product", "stripe"]) == ["product"]


def test_what_a_scan_did_not_meet_is_looked_at_not_deleted(store: Store, cursor: Cursor) -> None:
    met, missed, childless = (f"cus_{n}" for n in range(3))
    land(store, account("a", met, missed, childless))
    land(store, customer(met, subscription(met, "sub_0")), customer(missed, subscription(missed, "sub_1")))
    land(store, customer(childless, subscription(childless, "sub_2")))
    scan = store.start_scan(cursor, None)
    look = scan.scan_look
    land(store, customer(met, whole=False), customer(childless, whole=False), look=look, cursor=scan, resume="p2")
    land(store, part(subscription(met, "sub_0")), look=look, cursor=scan, resume="p3")
    land(store, customer("cus_new"))
    before = held(store, A)
    assert len(store.finish_scan(scan, ("customer",), NOW)) == 2
    assert {found.ref.id for found in store.due_hints(NOW, 10)} == {missed, childless}
    assert held(store, A) == before


def test_a_scan_asks_only_for_its_own_source_and_kinds(store: Store) -> None:
    land(store, account("a", "cus_1"), customer("cus_1"), customer("cus_2"))
    cursor = store.lease_cursor("product.accounts", "w", 60)
    assert cursor
    (absent,) = store.finish_scan(store.start_scan(cursor, None), ("account", "user"), NOW)
    assert (absent.source, absent.kind) == ("product", "account")
    assert [found.ref for found in store.due_hints(NOW, 10)] == [Ref("product", "account", "a")]


def scanned(store: Store, cursor: Cursor, many: int) -> int:
    """How many a scan that shows so many customers does not meet."""
    scan = store.start_scan(cursor, None)
    land(store, *(customer(f"cus_{n}") for n in range(many)), look=scan.scan_look, cursor=scan)
    return len(store.finish_scan(scan, ("customer",), NOW, ("customer",)))


@pytest.mark.parametrize(("usual", "shown"), [(20, 10), (3, 1), (1, 0)])
def test_half_of_what_was_there_or_a_few_less_is_believed(store: Store, cursor: Cursor, usual: int, shown: int) -> None:
    scanned(store, cursor, usual)
    assert scanned(store, cursor, shown) == usual - shown


@pytest.mark.parametrize("shown", [0, 2, 9])
def test_less_than_half_of_what_was_there_is_no_complete_scan(store: Store, cursor: Cursor, shown: int) -> None:
    scanned(store, cursor, 20)
    with pytest.raises(Shrunk) as caught:
        scanned(store, cursor, shown)
    assert (caught.value.met, caught.value.usual) == (shown, 20)
    assert store.due_hints(NOW, 100) == [], "nothing follows from it"
    assert store.shrunk() == {"stripe"}


def test_what_a_scan_says_of_a_broken_source_ends_with_the_next_that_is_complete(store: Store, cursor: Cursor) -> None:
    store.todo_add([Todo("held", "source:stripe", "", "it shows 1 of 20"), Todo("held", "source:product", "", "too")])
    scanned(store, cursor, 20)
    assert [line.subject for line in store.todo()] == ["source:product"]


def test_a_scan_does_not_end_while_it_counts_on_another_one_that_has_ended(store: Store, cursor: Cursor) -> None:
    scan, other = store.start_scan(cursor, None), store.lease_cursor("product", "me", 60)
    assert other
    store.finish_scan(store.start_scan(other, None), ("account",), NOW, (), ["stripe", "instances"])
    with pytest.raises(ReadMeanwhile):
        store.finish_scan(scan, ("customer",), NOW, (), ["product", "instances"])
    assert store.unscanned(["stripe"]) == ["stripe"]
    store.finish_scan(scan, ("customer",), NOW, (), ["instances"])
    assert store.unscanned(["stripe"]) == []


def test_a_root_known_to_be_gone_is_not_asked_for(store: Store, cursor: Cursor) -> None:
    from dataclasses import replace

    from state.store import Finding

    gone = replace(customer("cus_1").facts[0], body=None)
    land(store, Finding(gone.root, (gone,)))
    assert store.finish_scan(store.start_scan(cursor, None), ("customer",), NOW) == []


def test_look_numbers_rise_and_are_never_drawn_twice(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: store.draw_look(), range(40)))
    assert sorted(drawn) == list(range(1, 41))
