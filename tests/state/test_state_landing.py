"""Landing what a look found: look numbers, whole roots and parts of them, and bulk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier, Thread

import pytest
from sqlalchemy import event
from state_facts import NOW, A, B, account, body, customer, customer_ref, due, held, land, part, subscription, user

from mappings.model import Account, Fact, Invoice, Person, Ref, Subscription, UserId
from state.store import Finding, LeaseLost, Store


def test_what_is_landed_is_read_back_as_it_was(store: Store) -> None:
    paid = Subscription("sub_1", "cus_1", "active", 1, ("price_1",), invoice=Invoice("in_1", "paid", 100))
    fact = Fact(customer_ref("cus_1"), "subscription", "sub_1", paid, A, ("x:1",), ("y:2", "y:1"))
    land(store, part(fact))
    assert store.facts([A, B]) == {A: [fact], B: []}


def test_unchanged_facts_move_nothing(store: Store) -> None:
    land(store, account("a"))
    due(store)
    landed = land(store, account("a"))
    assert (landed.changed, landed.rows, due(store)) == (frozenset(), 0, [])


def test_a_changed_fact_is_stored_and_its_account_is_due(store: Store) -> None:
    land(store, account("a"), account("b"))
    due(store)
    landed = land(store, account("a", name="new"), account("b"))
    assert landed.changed == {Ref("product", "account", "a")}
    assert landed.rows == 1
    assert body(store, A, "a") == Account(A, "new")
    assert due(store) == ["a"]


def test_changed_keys_alone_are_a_change(store: Store) -> None:
    land(store, customer("cus_1"), account("a"))
    land(store, account("a", "cus_1"))
    assert held(store, A) == ["a", "cus_1"]


def test_an_older_look_does_not_overwrite(store: Store) -> None:
    older, newer = store.draw_look(), store.draw_look()
    land(store, account("a", name="new"), look=newer)
    due(store)
    landed = land(store, account("a", name="old"), look=older)
    assert body(store, A, "a") == Account(A, "new")
    assert (landed.rows, due(store)) == (0, [])


def test_an_older_look_does_not_bring_back_a_child(store: Store) -> None:
    older, newer = store.draw_look(), store.draw_look()
    gone = subscription("cus_1", "sub_1")
    land(store, account("a", "cus_1"), customer("cus_1"), look=newer)
    land(store, customer("cus_1", gone), look=older)
    land(store, part(gone), look=older)
    assert held(store, A) == ["a", "cus_1"]


def test_an_older_look_does_not_delete_a_child(store: Store) -> None:
    older, newer = store.draw_look(), store.draw_look()
    land(store, account("a", "cus_1"), customer("cus_1", subscription("cus_1", "sub_1")), look=newer)
    land(store, customer("cus_1"), look=older)
    assert "sub_1" in held(store, A)


def test_an_older_whole_look_leaves_a_newer_part_alone(store: Store) -> None:
    older, newer = store.draw_look(), store.draw_look()
    land(store, account("a", "cus_1"), look=older)
    land(store, part(subscription("cus_1", "sub_1", "canceled")), look=newer)
    land(store, customer("cus_1", subscription("cus_1", "sub_1")), look=older)
    found = body(store, A, "sub_1")
    assert isinstance(found, Subscription)
    assert found.status == "canceled"
    land(store, customer("cus_1"), look=older)
    assert "sub_1" in held(store, A)


def test_a_root_without_anything_left_is_guarded_too(store: Store) -> None:
    older, newer = store.draw_look(), store.draw_look()
    land(store, Finding(Ref("product", "user", "u1"), ()), look=newer)
    land(store, user("u1", "a"), look=older)
    assert held(store, A) == []


def test_an_unchanged_root_is_guarded_by_its_last_look(store: Store) -> None:
    land(store, user("u1", "a"))
    older, newer = store.draw_look(), store.draw_look()
    land(store, user("u1", "a"), look=newer)
    land(store, user("u1", "a", "b"), look=older)
    assert held(store, B) == []


def test_a_whole_look_replaces_all_rows_of_the_root(store: Store) -> None:
    land(store, user("u1", "a", "b"), user("u2", "a"))
    due(store)
    land(store, user("u1", "b"))
    assert (held(store, A), held(store, B)) == (["u2@a"], ["u1@b"])
    assert due(store) == ["a", "b"]


def test_a_part_leaves_the_other_rows_alone(store: Store) -> None:
    land(store, account("a", "cus_1"), customer("cus_1", subscription("cus_1", "sub_1")))
    land(store, part(subscription("cus_1", "sub_2")))
    assert held(store, A) == ["a", "cus_1", "sub_1", "sub_2"]


def test_two_parts_of_one_root_may_land_together(store: Store) -> None:
    parts = part(subscription("cus_1", "sub_1")), part(subscription("cus_1", "sub_2"))
    land(store, account("a", "cus_1"), customer("cus_1", whole=False), *parts)
    assert held(store, A) == ["a", "cus_1", "sub_1", "sub_2"]


def test_the_same_look_may_land_twice(store: Store) -> None:
    look = store.draw_look()
    land(store, account("a", name="one"), look=look)
    land(store, account("a", name="two"), look=look)
    assert body(store, A, "a") == Account(A, "two")


def test_a_gone_root_keeps_its_account_and_is_no_live_fact(store: Store) -> None:
    land(store, account("a"))
    due(store)
    root = Ref("product", "account", "a")
    land(store, Finding(root, (Fact(root, "account", "a", None),)))
    assert (held(store, A), store.roots(A), list(store.accounts()), due(store)) == ([], [], [], ["a"])
    land(store, Finding(root, (Fact(root, "account", "a", Account(A)),)))
    assert held(store, A) == ["a"]


def test_memberships_elsewhere_come_with_an_account(store: Store) -> None:
    land(store, user("u1", "a", "b"), user("u2", "b"))
    people = {fact.id: fact.account_id for fact in store.facts([A])[A]}
    assert people == {"u1@a": A, "u1@b": B}
    assert len(store.facts([A, B])[B]) == 3


def test_a_membership_elsewhere_wakes_every_account_of_the_person(store: Store) -> None:
    land(store, user("u1", "a", "b"))
    due(store)
    root = Ref("product", "user", "u1")
    people = Person(UserId("u1"), A), Person(UserId("u1"), B, role="member")
    land(store, Finding(root, tuple(Fact(root, "person", f"u1@{p.account_id}", p, p.account_id) for p in people)))
    assert due(store) == ["a", "b"]


def test_a_fact_that_changes_its_account_wakes_both(store: Store) -> None:
    land(store, account("a"))
    due(store)
    moved = account("a").facts[0]
    land(store, Finding(moved.root, (replace(moved, account_id=B),)))
    assert (held(store, A), held(store, B), due(store)) == ([], ["a"], ["a", "b"])


def test_the_holder_is_not_woken_by_its_own_look(store: Store) -> None:
    store.mark([A], NOW, "test")
    (lease,) = store.lease_accounts("w", NOW, 1, 60)
    land(store, account("a"), account("b"), holder=lease)
    assert store.settle(lease, None, "done", now=NOW)
    assert due(store) == ["b"]


def test_a_holder_that_lost_its_lease_wakes_the_account(store: Store) -> None:
    store.mark([A], NOW, "test")
    (lost,) = store.lease_accounts("w1", NOW, 1, 0)
    (lease,) = store.lease_accounts("w2", NOW, 1, 60)
    land(store, account("a"), holder=lost)
    store.settle(lease, None, "done", now=NOW)
    assert due(store) == ["a"]


def test_text_with_nul_can_be_stored(store: Store) -> None:
    land(store, account("a", name="x\x00y"), reason="be\x00cause")
    assert body(store, A, "a") == Account(A, "x\x00y")
    assert store.lease_accounts("w", NOW, 1, 60)[0].reason == "because"


def test_a_kind_that_a_newer_version_wrote_is_left_out(store: Store) -> None:
    root = Ref("stripe", "customer", "cus_1")
    land(store, Finding(root, (Fact(root, "from_the_future", "x_1", Account(A), A),)))
    assert store.facts([A]) == {A: []}


def test_accounts_are_listed_in_order_over_many_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.database, "batch", 3)
    land(store, *(account(f"a{n}") for n in range(10)), user("u1", "Z", "a3"))
    assert list(store.accounts()) == ["Z", *(f"a{n}" for n in range(10))]


def test_a_page_and_its_scan_position_commit_together(store: Store) -> None:
    cursor = store.lease_cursor("product", "w1", 0)
    assert cursor
    land(store, account("a"), cursor=cursor, resume="page 2")
    taken = store.lease_cursor("product", "w2", 60)
    assert taken
    assert taken.scan == "page 2"
    with pytest.raises(LeaseLost):
        land(store, account("b"), cursor=cursor, resume="page 3")
    assert held(store, B) == []


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("again", [False, True], ids=["first", "unchanged"])
def test_a_page_takes_the_same_statements_however_long_it_is(store: Store, again: bool) -> None:
    counts = []
    for size, name in ((100, "s"), (1000, "l")):
        page = [customer(f"{name}{n}", subscription(f"{name}{n}", f"sub_{name}{n}"), whole=False) for n in range(size)]
        land(store, *(account(f"{name}{n}", f"{name}{n}") for n in range(size)))
        if again:
            land(store, *page)
        with statements(store) as seen:
            landed = land(store, *page)
        assert landed.rows == (0 if again else 2 * size)
        counts.append(len(seen))
    assert counts[0] == counts[1] < 30


def test_parallel_landings_of_one_root_leave_the_newest(store: Store) -> None:
    looks = [store.draw_look() for _ in range(8)]
    start = Barrier(len(looks))

    def run(look: int) -> None:
        start.wait()
        land(store, user("u1", "a", *(f"b{look}" for _ in range(look % 2))), account("a", name=str(look)), look=look)

    threads = [Thread(target=run, args=(look,)) for look in reversed(looks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert body(store, A, "a") == Account(A, str(looks[-1]))
    assert store.facts([A])[A][-1].id == "u1@a"
    assert len(store.facts([A])[A]) == 2 + looks[-1] % 2


def test_a_newer_look_waits_for_an_older_one_that_is_landing(store: Store) -> None:
    land(store, user("u1", "a"))
    older, newer = store.draw_look(), store.draw_look()
    threads = [Thread(target=land, args=(store, user("u1", "a", role="member")), kwargs={"look": newer})]
    waiting = list(threads)

    def meanwhile(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("INSERT INTO facts") and waiting:
            thread = waiting.pop()
            thread.start()
            thread.join(0.2)

    event.listen(store.database.engine, "before_cursor_execute", meanwhile)
    land(store, user("u1", "a", "b", role="billing"), look=older)
    threads[0].join()
    event.remove(store.database.engine, "before_cursor_execute", meanwhile)
    found = body(store, A, "u1@a")
    assert isinstance(found, Person)
    assert (found.role, held(store, B)) == ("member", [])
