"""The brake: so many a day over all workers, each counted once, and none of what was refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection
from state_facts import NOW, leased

from mappings.model import AccountId, Link, Step, Subject
from state.brake import forget_holds, spend
from state.store import Braked, Hold, Lease, Limit, Store, Todo

DAY = 86_400
LIMIT = Limit("instance_deletions", 2)


def delete(store: Store, lease: Lease, key: str = "k", now: int = NOW, limit: Limit | None = LIMIT) -> Link:
    subject = Subject(f"instance:{lease.account_id}#1")
    link = store.links([subject]).get(("instances", subject)) or Link("instances", subject)
    return store.intend(lease, link, Step("instances", subject, "update", key), {}, 10, now=now, limit=limit)


def test_no_more_than_the_limit_until_the_first_is_a_day_old(store: Store) -> None:
    for number, name in enumerate("ab"):
        delete(store, leased(store, name), now=NOW + number * 60)
    late = leased(store, "c")
    for now in (NOW + 60, NOW + DAY - 1):
        with pytest.raises(Braked) as caught:
            delete(store, late, now=now)
        assert caught.value.until == NOW + DAY
    assert store.links_of(AccountId("c")) == []
    assert delete(store, late, now=NOW + DAY).pending_key == "k"


def test_the_same_one_is_counted_once(store: Store) -> None:
    first = leased(store, "a")
    for _ in range(3):
        delete(store, first)
    assert delete(store, leased(store, "b")).pending_key == "k"


def test_what_counts_against_nothing_or_against_another_limit_goes_on(store: Store) -> None:
    for name in "ab":
        delete(store, leased(store, name))
    assert delete(store, leased(store, "c"), limit=None)
    assert delete(store, leased(store, "d"), limit=Limit("others", 1))


def test_none_where_none_is_allowed(store: Store) -> None:
    with pytest.raises(Braked) as caught:
        delete(store, leased(store, "a"), limit=Limit("instance_deletions", 0))
    assert caught.value.until == NOW + DAY


def test_workers_at_the_same_time_share_one_limit(store: Store) -> None:
    leases = [leased(store, f"a{number}") for number in range(8)]

    def attempt(lease: Lease) -> bool:
        try:
            return bool(delete(store, lease))
        except Braked:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, leases)) == LIMIT.floor


def rename(
    store: Store, name: str, mark: str = "m", now: int = NOW, limit: Limit | None = None, lost: bool = False
) -> Link:
    lease = leased(store, name)
    subject = Subject(f"person:{name}")
    hold = Hold("contacts", subject, "update", "changes", lease.account_id, mark)
    link = store.links([subject]).get(("contacts", subject)) or Link("contacts", subject, f"c-{name}")
    try:
        step = Step("contacts", subject, "update", f"k{link.sequence}")
        intent = store.intend(lease, link, step, {}, 10, now=now, limit=limit or Limit("changes", 1), hold=hold)
        if lost:
            return store.adopt(lease, intent)
        return store.acknowledge(lease, replace(intent, sequence=link.sequence + 1), [], now=now, hold=hold)
    except Braked as error:
        line = Todo("held", subject, "contacts", "held", since=now)
        store.hold(lease, replace(hold, kind=error.kind, since=now), line)
        raise
    finally:
        store.settle(lease, None, "done", now=now)


def stops(store: Store, name: str, **how: Any) -> bool:
    try:
        rename(store, name, **how)
    except Braked as error:
        return error.until is None
    return False


def test_what_is_held_stays_so_until_just_that_is_approved(store: Store) -> None:
    rename(store, "a")
    assert stops(store, "b")
    assert stops(store, "b", now=NOW + 9 * DAY), "it does not trickle through"
    assert not stops(store, "c", now=NOW + 9 * DAY)
    (hold,) = store.holds()
    assert (hold.kind, hold.since) == ("changes", NOW)

    store.approve([hold], [], [], "dana", NOW + 9 * DAY)
    assert store.todo() == []
    assert stops(store, "b", mark="another", now=NOW + 9 * DAY), "that is not what was approved"
    (moved,) = store.holds(AccountId("b"))
    assert (moved.mark, moved.approved_by) == ("another", "")
    assert [line.subject for line in store.todo()] == ["person:b"]

    store.approve([moved], [], [], "dana", NOW + 9 * DAY)
    for later in (9, 10):
        assert not stops(store, "b", mark="another", now=NOW + later * DAY, lost=True), "it holds until that is done"
    assert not stops(store, "b", mark="another", now=NOW + 10 * DAY)
    assert store.holds() == []
    assert not stops(store, "d", now=NOW + 10 * DAY), "what was approved counts against nothing"
    assert stops(store, "b", mark="another", now=NOW + 10 * DAY), "one approval, one step"


def test_another_step_of_another_kind_is_judged_anew(store: Store) -> None:
    rename(store, "a")
    assert stops(store, "b")
    assert stops(store, "b", limit=Limit("others", 1)), "it is the step that is held"
    assert not stops(store, "b", mark="another", limit=Limit("others", 1))


def test_what_is_wanted_no_more_is_dropped_with_its_line(store: Store) -> None:
    rename(store, "a")
    assert stops(store, "b")
    store.drop_holds(store.holds())
    assert (store.holds(), store.todo()) == ([], [])


def test_the_line_of_a_field_goes_with_the_last_who_is_forgotten(store: Store) -> None:
    for name in "ab":
        lease, subject = leased(store, name), Subject(f"person:{name}")
        hold = Hold("contacts", subject, "field:plan", "contested", lease.account_id, "")
        store.hold(lease, hold, Todo("held", "field:plan", "contacts", "theirs", since=NOW))
    for name, left in (("a", ["field:plan"]), ("b", [])):
        store.database.write(lambda connection, name=name: forget_holds(connection, [f"person:{name}"]))  # type: ignore[misc]
        assert [line.subject for line in store.todo()] == left


def test_of_ten_thousand_a_share(store: Store) -> None:
    """And the first beyond it is not sent."""
    everyone = [
        (AccountId(f"n{n}"), Link("contacts", Subject(f"person:n{n}"), f"c-n{n}", {"email": "a"}))
        for n in range(10_000)
    ]
    for start in range(0, len(everyone), 500):
        store.add_links(everyone[start : start + 500])
    limit, hold = Limit("changes", 50, 0.05), Hold("contacts", "", "update", "changes", "", "m")
    assert store.allowed(limit, "contacts") == 500

    def count(connection: Connection) -> int:
        for sent, (_, link) in enumerate(everyone):
            try:
                spend(connection, store.database, limit, "contacts", link.subject, hold, NOW)
            except Braked:
                return sent
        return -1

    assert store.database.write(count) == 500
