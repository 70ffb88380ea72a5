"""Matching: facts without an account find one, whichever side comes first, and pass it on under their root."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest
from state_facts import (
    NOW,
    A,
    B,
    account,
    customer,
    customer_ref,
    due,
    first_offer,
    held,
    land,
    part,
    subscription,
    user,
)

from mappings.model import AccountId, Customer, Fact, Ref, Undecided
from state import facts
from state.store import Finding, Store


def test_a_seeker_finds_the_account_that_was_there_first(store: Store) -> None:
    land(store, account("a", "cus_1"))
    due(store)
    land(store, customer("cus_1", subscription("cus_1", "sub_1")))
    assert (held(store, A), due(store)) == (["a", "cus_1", "sub_1"], ["a"])


def test_an_offer_finds_the_seekers_that_were_there_first(store: Store) -> None:
    landed = land(store, customer("cus_1", subscription("cus_1", "sub_1")))
    assert due(store) == []
    assert store.unmatched()[0] == 1
    land(store, account("a", "cus_1"))
    assert (held(store, A), due(store)) == (["a", "cus_1", "sub_1"], ["a"])
    assert store.unmatched() == (0, [])
    assert landed.changed == {customer_ref("cus_1")}


def test_both_sides_may_land_together(store: Store) -> None:
    land(store, customer("cus_1"), account("a", "cus_1"))
    assert held(store, A) == ["a", "cus_1"]


@pytest.mark.parametrize("children_first", [False, True])
def test_children_in_a_page_of_their_own_take_the_account_of_their_root(store: Store, children_first: bool) -> None:
    pages = [customer("cus_1", whole=False)], [part(subscription("cus_1", "sub_1"))]
    land(store, account("a", "cus_1"))
    for page in reversed(pages) if children_first else pages:
        due(store)
        land(store, *page)
    assert (held(store, A), due(store)) == (["a", "cus_1", "sub_1"], ["a"])


def test_children_alone_are_unmatched_even_with_keys(store: Store) -> None:
    land(store, account("a"), part(subscription("cus_1", "sub_1", seeks=("account:a",))))
    assert held(store, A) == ["a"]


def test_the_keys_of_children_count_after_those_of_the_root(store: Store) -> None:
    land(store, account("a"), account("b"))
    land(store, customer("cus_1", subscription("cus_1", "sub_1", seeks=("account:a",))))
    assert held(store, A) == ["a", "cus_1", "sub_1"]
    child = subscription("cus_2", "sub_2", seeks=("account:a",))
    land(store, customer("cus_2", child, seeks=("account:b",)))
    assert held(store, B) == ["b", "cus_2", "sub_2"]


def test_a_matched_fact_keeps_its_account(store: Store) -> None:
    land(store, account("a", "cus_1"), customer("cus_1", subscription("cus_1", "sub_1")))
    land(store, account("a"), account("b", "cus_1"))
    land(store, customer("cus_1", subscription("cus_1", "sub_1", "canceled"), name="new"))
    assert held(store, A) == ["a", "cus_1", "sub_1"]


def test_an_account_that_the_record_names_wins_and_takes_the_children_along(store: Store) -> None:
    land(store, account("a", "cus_1"), customer("cus_1", subscription("cus_1", "sub_1")))
    due(store)
    named = replace(customer("cus_1").facts[0], account_id=B)
    landed = land(store, Finding(named.root, (named,), whole=False))
    assert (held(store, A), held(store, B)) == (["a"], ["cus_1", "sub_1"])
    assert due(store) == ["a", "b"]
    assert landed.rows == 2


def test_a_fact_may_find_its_account_when_only_the_offer_changed(store: Store) -> None:
    land(store, account("a"), customer("cus_1"))
    land(store, account("a", "cus_1"))
    assert held(store, A) == ["a", "cus_1"]


def test_an_offer_that_was_withdrawn_matches_no_more(store: Store) -> None:
    land(store, account("a", "cus_1"))
    land(store, account("a"))
    land(store, customer("cus_1"))
    assert held(store, A) == ["a"]


def test_what_was_matched_may_offer_to_others(store: Store) -> None:
    first, second = Ref("stripe", "customer", "cus_1"), Ref("stripe", "customer", "cus_2")
    chained = Fact(first, "customer", "cus_1", Customer("cus_1", 1), None, ("parent:1",), ("account:a",))
    end = Fact(second, "customer", "cus_2", Customer("cus_2", 1), seeks=("parent:1",))
    land(store, Finding(second, (end,)), Finding(first, (chained,)))
    land(store, account("a"))
    assert held(store, A) == ["a", "cus_1", "cus_2"]


def test_two_candidates_become_a_todo_until_one_is_left(store: Store) -> None:
    shared = ("email:x@example.com",)
    land(store, account("a", offers=shared), account("b", offers=shared), customer("cus_1", seeks=shared))
    (line,) = store.todo()
    assert (line.kind, line.subject, line.since) == ("conflict", "customer:cus_1", NOW)
    assert "a, b" in line.reason
    assert store.unmatched()[0] == 1
    land(store, account("b"))
    land(store, customer("cus_1", seeks=shared))
    assert (store.todo(), held(store, A)) == ([], ["a", "cus_1"])


@pytest.mark.parametrize("deleted", [True, False])
def test_a_conflict_ends_with_its_root(store: Store, deleted: bool) -> None:
    shared = ("email:x@example.com",)
    land(store, account("a", offers=shared), account("b", offers=shared), customer("cus_1", seeks=shared))
    gone = replace(customer("cus_1").facts[0], body=None)
    land(store, Finding(gone.root, () if deleted else (gone,)))
    assert (store.todo(), store.unmatched()) == ([], (0, []))


def test_the_caller_learns_how_many_roots_seek_a_key(store: Store) -> None:
    shared = ("email:x@example.com",)
    land(store, account("a", offers=shared))
    child = subscription("cus_1", "sub_1", seeks=shared)
    land(store, customer("cus_1", child, seeks=shared), customer("cus_2", seeks=shared))
    assert held(store, A) == ["a"]
    land(store, Finding(customer_ref("cus_2"), ()))
    land(store, customer("cus_1", child, seeks=shared))
    assert held(store, A) == ["a", "cus_1", "sub_1"]


def test_the_rest_can_be_matched_again_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.database, "batch", 3)
    customers = [customer(f"cus_{n}", subscription(f"cus_{n}", f"sub_{n}"), seeks=("account:a",)) for n in range(7)]
    land(store, account("a"), *customers, match=lambda *_: None)
    due(store)
    after, rounds = "", 0
    while (following := store.rematch(match=first_offer, now=NOW, after=after)) is not None:
        after, rounds = following, rounds + 1
    assert rounds == 2
    assert len(held(store, A)) == 15
    assert due(store) == ["a"]


def test_memberships_are_not_moved_to_one_account(store: Store) -> None:
    land(store, user("u1", "a"))
    land(store, user("u1", "a", "b"))
    assert (held(store, A), held(store, B)) == (["u1@a"], ["u1@b"])


def test_offers_and_seekers_that_land_at_the_same_time_meet(store: Store) -> None:
    numbers = range(12)
    start = Barrier(2)

    def run(pages: list[Finding]) -> None:
        start.wait()
        for page in pages:
            land(store, page)

    offers = [account(f"a{n}", f"cus_{n}") for n in numbers]
    seekers = [customer(f"cus_{n}") for n in numbers]
    children = [part(subscription(f"cus_{n}", f"sub_{n}")) for n in numbers]
    for sides in ((offers, seekers), (children, [])):
        threads = [Thread(target=run, args=(side,)) for side in sides]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert store.unmatched() == (0, [])
    assert all(len(held(store, AccountId(f"a{n}"))) == 3 for n in numbers)


def test_an_offer_that_lands_while_a_seeker_looks_is_found(store: Store) -> None:
    offer = Thread(target=land, args=(store, account("a", "cus_1")))

    def slow_match(*keys: Any) -> AccountId | Undecided | None:
        offer.start()
        offer.join(0.2)
        return first_offer(*keys)

    land(store, customer("cus_1"), match=slow_match)
    offer.join()
    assert held(store, A) == ["a", "cus_1"]


def test_a_look_at_what_has_not_moved_waits_for_nobody(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = []
    monkeypatch.setattr(facts, "lock_matching", lambda *given: locked.append(given))
    pages = account("a", "cus_1"), customer("cus_1", subscription("cus_1", "sub_1"))
    land(store, *pages)
    land(store, *pages)
    land(store, account("a", "cus_1", name="Another"))
    assert len(locked) == 1
    land(store, account("a", "cus_1", "cus_2"))
    land(store, customer("cus_3"))
    land(store, customer("cus_3"))
    assert len(locked) == 4, "something new, and what has no account yet"


def test_what_moves_right_before_it_lands_is_matched_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looked as if nothing would move, so nobody was waited for at first."""
    monkeypatch.setattr(facts, "match_keys_move", lambda *given: False)
    test_offers_and_seekers_that_land_at_the_same_time_meet(store)
