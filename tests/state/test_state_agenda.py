"""The agenda: no wake-up is lost, no account has two holders, back-off runs on the database's clock."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from state_facts import NOW, A, B, remaining

from mappings.model import AccountId, Change, Ref
from state.store import Backlog, Lease, Store


def lease(store: Store, owner: str = "w", seconds: float = 60, now: int = NOW) -> Lease | None:
    return next(iter(store.lease_accounts(owner, now, 1, seconds)), None)


def marked(store: Store, *accounts: AccountId, at: int = NOW) -> None:
    store.mark(accounts or [A], at, "test")


def test_a_marked_account_is_leased_once(store: Store) -> None:
    marked(store)
    assert lease(store) == Lease(A, "w", token=1, wake=1, reason="test", attempts=0, taken_over=False)
    assert lease(store, "other") is None


def test_an_account_is_due_at_its_time_and_the_oldest_first(store: Store) -> None:
    marked(store, A, at=NOW)
    marked(store, B, at=NOW - 1)
    assert lease(store, now=NOW - 2) is None
    assert [found.account_id for found in store.lease_accounts("w", NOW, 10, 60)] == [B, A]


def test_a_mark_moves_the_time_only_earlier(store: Store) -> None:
    marked(store, at=NOW)
    marked(store, at=NOW + 100)
    assert store.backlog(NOW).due == 1
    marked(store, at=NOW - 100)
    assert store.backlog(NOW - 100).due == 1


def test_a_lease_may_be_asked_for_some_accounts_only(store: Store) -> None:
    marked(store, A, B)
    (found,) = store.lease_accounts("w", NOW, 10, 60, only=[B, AccountId("unknown")])
    assert found.account_id == B


def test_settling_sets_the_next_time(store: Store) -> None:
    marked(store)
    held = lease(store)
    assert held
    assert store.settle(held, NOW + 10, "timer", now=NOW)
    assert lease(store, now=NOW + 9) is None
    again = lease(store, now=NOW + 10)
    assert again
    assert (again.reason, again.token, again.taken_over) == ("timer", 2, False)
    assert store.settle(again, None, "done", now=NOW)
    assert lease(store, now=NOW * 2) is None


def test_a_mark_during_a_lease_is_not_lost(store: Store) -> None:
    marked(store)
    held = lease(store)
    assert held
    store.mark([A], NOW, "news")
    assert store.settle(held, NOW + 1000, "timer", now=NOW)
    again = lease(store)
    assert again
    assert (again.reason, again.wake) == ("news", 2)


def test_a_mark_during_a_lease_outdoes_a_back_off(store: Store) -> None:
    marked(store)
    held = lease(store)
    assert held
    store.mark([A], NOW, "news")
    store.settle(held, None, "failed", now=NOW, retry_in=1000)
    assert lease(store)


def test_a_settled_lease_is_no_lease(store: Store) -> None:
    marked(store)
    held = lease(store)
    assert held
    assert 59 < remaining(store, held) <= 60
    assert store.settle(held, None, "done", now=NOW)
    assert remaining(store, held) == 0
    assert not store.settle(held, NOW, "again", now=NOW)
    assert lease(store) is None


def test_an_expired_lease_is_taken_over_and_its_token_is_worthless(store: Store) -> None:
    marked(store)
    ghost = lease(store, "ghost", seconds=0)
    taken = lease(store, "w")
    assert ghost
    assert taken
    assert (taken.taken_over, taken.token) == (True, ghost.token + 1)
    assert remaining(store, ghost) == 0
    assert not store.settle(ghost, None, "done", now=NOW)
    assert remaining(store, taken) > 0


def test_an_expired_lease_nobody_took_can_still_be_settled(store: Store) -> None:
    marked(store)
    late = lease(store, seconds=0)
    assert late
    assert store.settle(late, None, "done", now=NOW)


def test_a_back_off_counts_attempts_and_a_mark_ends_it(store: Store) -> None:
    marked(store)
    held = lease(store)
    assert held
    store.settle(held, None, "failed", now=NOW, retry_in=1000)
    assert lease(store) is None
    assert lease(store, now=NOW + 100_000) is None, "the mapping clock does not shorten a back-off"
    marked(store)
    again = lease(store)
    assert again
    assert again.attempts == 1
    store.settle(again, None, "done", now=NOW)
    marked(store)
    assert lease(store).attempts == 0  # type: ignore[union-attr]


def test_a_back_off_that_is_over_makes_due_again(store: Store) -> None:
    marked(store)
    held = lease(store)
    assert held
    store.settle(held, None, "failed", now=NOW, retry_in=0)
    assert lease(store)


def test_waiting_for_a_system_uses_no_attempts_and_ends_with_it(store: Store) -> None:
    marked(store, A, B)
    for held in store.lease_accounts("w", NOW, 10, 60):
        system = "intercom" if held.account_id == A else "stripe"
        store.settle(held, NOW + 500, "waiting", now=NOW, waiting=system)
    assert lease(store) is None
    assert store.backlog(NOW).waiting == {"intercom": 1, "stripe": 1}
    assert store.wake_waiting("intercom") == 1
    (found,) = store.lease_accounts("w", NOW, 10, 60)
    assert (found.account_id, found.attempts) == (A, 0)
    assert store.backlog(NOW).waiting == {"stripe": 1}


def test_of_those_who_wait_one_at_a_time_tries_whether_the_system_works_again(store: Store) -> None:
    marked(store, A, B)
    for held in store.lease_accounts("w", NOW, 10, 60):
        store.settle(held, None, "waiting", now=NOW, waiting="intercom", first=held.account_id == B)
    assert store.lease_accounts("w", NOW, 10, 60) == [], "somebody tried within the last minute"
    store.let_probe(["stripe"])
    assert store.lease_accounts("w", NOW, 10, 60) == []
    store.let_probe(["intercom"])
    (probe,) = store.lease_accounts("w", NOW, 10, 60)
    assert (probe.account_id, probe.waiting) == (A, "intercom")
    assert store.lease_accounts("w", NOW, 10, 60) == [], "somebody is trying now"
    store.settle(probe, None, "waiting", now=NOW, waiting="intercom")
    assert store.lease_accounts("w", NOW, 10, 60) == []
    store.wake_waiting("intercom")
    assert [held.account_id for held in store.lease_accounts("w", NOW, 10, 60)] == [B, A], "trials come first"


def test_who_waits_hears_its_timer_and_what_is_new(store: Store) -> None:
    marked(store, A, B)
    for held in store.lease_accounts("w", NOW, 10, 60):
        store.settle(held, NOW + 100, "waiting", now=NOW, waiting="intercom")
    store.mark([B], NOW, "new")
    (found,) = store.lease_accounts("w", NOW, 10, 60)
    assert (found.account_id, found.waiting) == (B, "")
    assert store.backlog(NOW).next_at == NOW + 100


def test_whoever_failed_with_a_system_is_tried_when_it_recovers(store: Store) -> None:
    marked(store)
    held = lease(store)
    assert held
    store.settle(held, None, "retry", now=NOW, retry_in=1800, failed="intercom")
    assert store.wake_waiting("stripe") == 0
    assert lease(store) is None
    assert store.wake_waiting("intercom") == 1
    again = lease(store)
    assert again
    assert again.attempts == 1


def test_the_backlog_counts_what_is_due_and_names_what_comes_next(store: Store) -> None:
    assert store.backlog(NOW) == Backlog(0, 0, 0)
    marked(store, A, B)
    marked(store, AccountId("later"), at=NOW + 50)
    lease(store)
    store.take_in(None, [Change(Ref("s", "k", n), n, NOW) for n in ("1", "2")], None, NOW)
    assert store.backlog(NOW) == Backlog(due=1, hints=2, leased=1, waiting={}, next_at=NOW + 50)
    store.requeue(store.due_hints(NOW, 1), NOW + 40)
    assert store.backlog(NOW) == Backlog(due=1, hints=1, leased=1, waiting={}, next_at=NOW + 50)


def test_everything_can_be_made_due(store: Store) -> None:
    marked(store, A, B)
    for held in store.lease_accounts("w", NOW, 10, 60):
        if held.account_id == A:
            store.settle(held, NOW + 1000, "timer", now=NOW)
        else:
            running = held
    assert store.make_all_due(NOW, "new configuration") == 2
    assert [found.account_id for found in store.lease_accounts("w", NOW, 10, 60)] == [A]
    store.settle(running, None, "done", now=NOW)
    assert store.lease_accounts("w", NOW, 10, 60)[0].account_id == B


def test_sixteen_threads_share_the_accounts_without_an_overlap(store: Store) -> None:
    marked(store, *(AccountId(f"a{n:03}") for n in range(96)))

    def work(worker: int) -> list[str]:
        mine: list[str] = []
        while leases := store.lease_accounts(f"w{worker}", NOW, 4, 60):
            mine += [held.account_id for held in leases]
        return mine

    with ThreadPoolExecutor(16) as pool:
        taken = Counter(account for mine in pool.map(work, range(16)) for account in mine)
    assert len(taken) == 96
    assert set(taken.values()) == {1}


def test_an_expired_lease_is_taken_over_by_one_of_sixteen(store: Store) -> None:
    for account in (AccountId(f"a{n}") for n in range(8)):
        store.mark([account], NOW, "test")
        assert store.lease_accounts("ghost", NOW, 1, 0)
        with ThreadPoolExecutor(16) as pool:
            taken = list(pool.map(lambda n: store.lease_accounts(f"w{n}", NOW, 1, 60), range(16)))
        assert sum(map(len, taken)) == 1


def test_marks_of_many_threads_are_all_counted(store: Store) -> None:
    def mark(_: int) -> None:
        store.mark([A, B], NOW, "test")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(mark, range(40)))
    assert [held.wake for held in store.lease_accounts("w", NOW, 2, 60)] == [40, 40]


def _lease_all(url: str, worker: int) -> list[str]:
    store = Store(url)
    mine: list[str] = []
    while leases := store.lease_accounts(f"p{worker}", NOW, 2, 60):
        mine += [held.account_id for held in leases]
    store.close()
    return mine


def test_processes_share_a_sqlite_file_without_an_overlap(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    marked(store, *(AccountId(f"a{n:03}") for n in range(24)))
    store.close()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        parts = pool.starmap(_lease_all, [(sqlite_url, worker) for worker in range(4)])
    assert sorted(account for part in parts for account in part) == [f"a{n:03}" for n in range(24)]


@pytest.mark.parametrize("count", [0, 3])
def test_no_accounts_or_doubled_ones_can_be_marked(store: Store, count: int) -> None:
    store.mark([A] * count, NOW, "test")
    assert [held.wake for held in store.lease_accounts("w", NOW, 10, 60)] == [1] * min(count, 1)


def test_the_backlog_names_who_is_to_blame_for_what_is_tried_again(store: Store) -> None:
    marked(store, A, B, AccountId("c"), AccountId("d"))
    for lease, failed in zip(store.lease_accounts("w", NOW, 4, 60), ("product", "product", "stripe", ""), strict=True):
        store.settle(lease, NOW, "retry", now=NOW, retry_in=30, failed=failed)
    assert store.backlog(NOW).retrying == {"product": 2, "stripe": 1, "": 1}
