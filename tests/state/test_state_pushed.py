"""What a push leaves behind: a hint for the root it changed, and doubt where two accounts wrote for one subject."""

from __future__ import annotations

from dataclasses import replace

import pytest
from state_facts import NOW, A, B, customer, customer_ref, due, land

from mappings.model import AccountId, Link, Step, Subject
from state.store import Entry, Lease, LeaseLost, Store

ANN = Subject("person:ann")
LINK = Link("contacts", ANN)
ENTRY = Entry("contacts", ANN, "create", "new", {}, {"stage": "active"}, None, NOW, "run-1", "req_1")
CHANGED = customer_ref("cus_1")


def lease(store: Store, account: AccountId = A) -> Lease:
    store.mark([account], NOW, "test")
    (held,) = store.lease_accounts("w", NOW, 1, 60, only=[account])
    return held


def stored(store: Store) -> Link:
    return store.links([ANN])["contacts", ANN]


def intend(store: Store, held: Lease, link: Link, key: str) -> Link:
    return store.intend(held, link, Step("contacts", ANN, "create", key), {}, 10, now=NOW)


def hints(store: Store) -> list[str]:
    """What is due once no lease lives any more."""
    store.expire(lambda owner: True)
    return [hint.ref.id for hint in store.due_hints(NOW, 10)]


@pytest.mark.parametrize("found", [False, True])
def test_a_root_that_a_push_changed_is_a_hint(store: Store, found: bool) -> None:
    held = lease(store)
    intent = intend(store, held, LINK, "key-1")
    if found:
        store.adopt(held, replace(intent, external_id="c1"), CHANGED, now=NOW)
    else:
        store.acknowledge(held, replace(intent, external_id="c1"), [ENTRY], CHANGED, now=NOW)
    assert hints(store) == ["cus_1"]
    assert store.due_hints(NOW - 1, 10) == []


def test_what_a_living_lease_has_pushed_is_left_to_its_worker(store: Store) -> None:
    held = lease(store)
    store.acknowledge(held, LINK, [], CHANGED, now=NOW)
    assert store.due_hints(NOW, 10) == []
    store.settle(held, NOW, "settled without a look", now=NOW)
    assert len(store.due_hints(NOW, 10)) == 1
    again = lease(store)
    assert len(store.due_hints(NOW, 10)) == 1, "it was another lease that pushed"
    assert again.token != held.token


def test_the_look_right_after_the_push_is_that_look(store: Store) -> None:
    held = lease(store)
    store.acknowledge(held, LINK, [], CHANGED, now=NOW)
    store.acknowledge(held, replace(LINK, subject=Subject("person:ben")), [], customer_ref("cus_2"), now=NOW)
    land(store, customer("cus_1"), holder=held)
    assert hints(store) == ["cus_2"]
    land(store, customer("cus_2"))
    assert hints(store) == ["cus_2"], "nobody looked because of the push"


def test_a_look_under_another_lease_may_have_been_before_the_push(store: Store) -> None:
    held, other = lease(store), lease(store, B)
    store.acknowledge(held, LINK, [], CHANGED, now=NOW)
    land(store, customer("cus_1"), holder=other)
    assert hints(store) == ["cus_1"]
    store.settle(held, NOW, "again", now=NOW)
    land(store, customer("cus_1"), holder=lease(store))
    assert hints(store) == ["cus_1"]


def two_homes(store: Store) -> tuple[Lease, Link, Lease, Link]:
    """Account A has pushed for Ann, and before it can say so account B does likewise."""
    first, second = lease(store), lease(store, B)
    ours = intend(store, first, LINK, "key-1")
    return first, ours, second, intend(store, second, stored(store), "key-2")


def test_a_foreign_intent_is_not_overwritten_by_an_acknowledgement(store: Store) -> None:
    first, ours, second, theirs = two_homes(store)
    with pytest.raises(LeaseLost):
        store.acknowledge(first, replace(ours, external_id="c1", sequence=1), [ENTRY], CHANGED, now=NOW)
    assert stored(store) == replace(theirs, external_id="c1", state="suspect")
    assert store.journal() == [ENTRY]
    assert hints(store) == ["cus_1"]
    for held in (first, second):
        store.settle(held, None, "done", now=NOW)
    assert due(store) == [A, B]


def test_a_foreign_acknowledgement_is_not_overwritten(store: Store) -> None:
    first, ours, second, theirs = two_homes(store)
    done = store.acknowledge(second, replace(theirs, external_id="c1", values={"name": "B"}, sequence=1), [])
    with pytest.raises(LeaseLost):
        store.acknowledge(first, replace(ours, external_id="c1", values={"name": "A"}, sequence=1), [])
    assert stored(store) == replace(done, state="suspect")


def test_a_push_is_written_down_once_whoever_hears_of_it(store: Store) -> None:
    """A read found it done before its own worker, which has lost its lease, comes back to say so."""
    line = replace(ENTRY, key="key-1")
    first, ours, second, _ = two_homes(store)
    found = replace(stored(store), external_id="c1", sequence=1)
    for _ in range(2):
        found = store.adopt(second, found, journal=[line])
    with pytest.raises(LeaseLost):
        store.acknowledge(first, replace(ours, external_id="c1"), [line])
    assert store.journal() == [line]
    store.acknowledge(second, found, [line])
    assert store.journal() == [line, line], "a key of another time is no reason to keep silent"


def test_doubt_is_ended_by_a_read_only(store: Store) -> None:
    first, ours, second, theirs = two_homes(store)
    with pytest.raises(LeaseLost):
        store.acknowledge(first, ours, [])
    done = store.acknowledge(second, replace(theirs, external_id="c1", sequence=1), [])
    assert done.state == stored(store).state == "suspect"
    again = intend(store, second, replace(done, state="ok"), "key-3")
    assert again.state == stored(store).state == "suspect"
    assert store.adopt(second, replace(again, state="ok")).state == stored(store).state == "ok"


def test_what_was_read_before_a_foreign_write_is_not_adopted(store: Store) -> None:
    first, second = lease(store), lease(store, B)
    read = store.adopt(first, replace(LINK, external_id="c1"))
    theirs = intend(store, second, read, "key-2")
    with pytest.raises(LeaseLost):
        store.adopt(first, replace(read, values={"name": "A"}))
    assert stored(store) == theirs
    done = store.acknowledge(second, replace(theirs, sequence=1), [])
    with pytest.raises(LeaseLost):
        store.adopt(first, replace(read, values={"name": "A"}))
    assert stored(store) == done
    assert store.adopt(first, Link("contacts", ANN, attempt=2)).external_id == "", "proved to be gone"
