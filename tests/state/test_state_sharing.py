"""Whoever shares people with an account is woken in the commit that makes its own Link known at last, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from state_facts import NOW, A, B, account, land, user

from mappings.model import AccountId, Link, Step, Subject, UserId, account_subject, person_subject
from state.store import Entry, Lease, LeaseLost, Store

LINK = Link("companies", account_subject(A))
KNOWN = replace(LINK, external_id="c1", sequence=1)
STEP = Step("companies", LINK.subject, "create", "key")
ENTRY = Entry("companies", LINK.subject, "create", "new", {}, {}, None, NOW, "run", "req")
Give = Callable[[Store, Lease], object]


def worked_on(store: Store) -> Lease:
    """Ann is in both accounts, Cat is in another one; nothing is due, and a worker has the first one."""
    land(store, *(account(id) for id in "abc"), user("ann", "a", "b"), user("ben", "a"), user("cat", "c"))
    return settled(store)


def settled(store: Store, *held: Lease) -> Lease:
    """Everything is looked at, then a worker has the first account again."""
    for lease in (*held, *store.lease_accounts("w", NOW, 10, 60)):
        store.settle(lease, None, "done", now=NOW)
    store.mark([A], NOW, "test")
    (first,) = store.lease_accounts("w", NOW, 10, 60)
    return first


def woken(store: Store) -> list[AccountId]:
    return [id for id in store.due_accounts(NOW) if id != A]


def acknowledged(store: Store, lease: Lease) -> Link:
    store.intend(lease, LINK, STEP, {}, 10, now=NOW)
    return store.acknowledge(lease, replace(KNOWN, pending_key="key"), [ENTRY], now=NOW)


def found(store: Store, lease: Lease) -> Link:
    return store.adopt(lease, KNOWN, now=NOW)


def found_by_an_adoption(store: Store, lease: Lease) -> int:
    return store.add_links([(A, KNOWN)])


def found_by_an_adoption_when_parked(store: Store, lease: Lease) -> int:
    store.adopt(lease, replace(LINK, state="parked", parked_for="what it should hold"))
    return store.add_links([(A, KNOWN)])


def late(store: Store, lease: Lease) -> None:
    store.settle(lease, None, "done", now=NOW)
    with pytest.raises(LeaseLost):
        store.acknowledge(lease, KNOWN, [ENTRY], now=NOW)


def late_after_an_intent(store: Store, lease: Lease) -> None:
    store.intend(lease, LINK, STEP, {}, 10, now=NOW)
    late(store, lease)


GIVEN = (acknowledged, found, found_by_an_adoption, found_by_an_adoption_when_parked, late, late_after_an_intent)


@pytest.mark.parametrize("give", GIVEN)
def test_the_others_of_its_people_are_woken_once(store: Store, give: Give) -> None:
    lease = worked_on(store)
    give(store, lease)
    assert woken(store) == [B]
    store.adopt(
        settled(store, lease), replace(store.links([LINK.subject])["companies", LINK.subject], values={"name": "A"})
    )
    assert woken(store) == []


def test_an_account_is_not_woken_by_what_it_finds_itself(store: Store) -> None:
    lease = worked_on(store)
    found(store, lease)
    store.settle(lease, None, "done", now=NOW)
    assert store.due_accounts(NOW) == [B]


@pytest.mark.parametrize(
    "link",
    [LINK, Link("contacts", person_subject(UserId("ann")), "c1"), Link("companies", Subject("account:z"), "c1")],
    ids=["without an id", "of a person", "of another account"],
)
def test_nothing_that_others_name(store: Store, link: Link) -> None:
    store.adopt(worked_on(store), link, now=NOW)
    assert woken(store) == []


def test_what_is_made_again_wakes_them_again(store: Store) -> None:
    lease = worked_on(store)
    found(store, lease)
    lease = settled(store, lease)
    store.adopt(lease, replace(LINK, attempt=2), now=NOW)
    assert woken(store) == []
    store.adopt(lease, replace(KNOWN, external_id="c2", attempt=2), now=NOW)
    assert woken(store) == [B]


def test_whoever_has_left_is_not_shared_any_more(store: Store) -> None:
    lease = worked_on(store)
    land(store, user("ann", "a"))
    found(store, settled(store, lease))
    assert woken(store) == []
