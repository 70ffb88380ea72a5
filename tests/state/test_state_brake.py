"""The brake: so many a day over all workers, each counted once, and none of what was refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from state_facts import NOW

from mappings.model import AccountId, Link, Step, Subject
from state.store import Braked, Lease, Limit, Store

DAY = 86_400
LIMIT = Limit("instance_deletions", 2)


def held(store: Store, name: str) -> Lease:
    account = AccountId(name)
    store.mark([account], NOW, "test")
    (lease,) = store.lease_accounts("w", NOW, 1, 60, only=[account])
    return lease


def delete(store: Store, lease: Lease, key: str = "k", now: int = NOW, limit: Limit | None = LIMIT) -> Link:
    subject = Subject(f"instance:{lease.account_id}#1")
    link = store.links([subject]).get(("instances", subject)) or Link("instances", subject)
    return store.intend(lease, link, Step("instances", subject, "update", key), {}, 10, now=now, limit=limit)


def test_no_more_than_the_limit_until_the_first_is_a_day_old(store: Store) -> None:
    for number, name in enumerate("ab"):
        delete(store, held(store, name), now=NOW + number * 60)
    late = held(store, "c")
    for now in (NOW + 60, NOW + DAY - 1):
        with pytest.raises(Braked) as caught:
            delete(store, late, now=now)
        assert caught.value.until == NOW + DAY
    assert store.links_of(AccountId("c")) == []
    assert delete(store, late, now=NOW + DAY).pending_key == "k"


def test_the_same_one_is_counted_once(store: Store) -> None:
    first = held(store, "a")
    for _ in range(3):
        delete(store, first)
    assert delete(store, held(store, "b")).pending_key == "k"


def test_what_counts_against_nothing_or_against_another_limit_goes_on(store: Store) -> None:
    for name in "ab":
        delete(store, held(store, name))
    assert delete(store, held(store, "c"), limit=None)
    assert delete(store, held(store, "d"), limit=Limit("others", 1))


def test_none_where_none_is_allowed(store: Store) -> None:
    with pytest.raises(Braked) as caught:
        delete(store, held(store, "a"), limit=Limit("instance_deletions", 0))
    assert caught.value.until == NOW + DAY


def test_workers_at_the_same_time_share_one_limit(store: Store) -> None:
    leases = [held(store, f"a{number}") for number in range(8)]

    def attempt(lease: Lease) -> bool:
        try:
            return bool(delete(store, lease))
        except Braked:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, leases)) == LIMIT.most
