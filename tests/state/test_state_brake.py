"""The brake: so many a day over all workers, each counted once, and none of what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event
from state_facts import NOW

from mappings.model import AccountId, Link, Step, Subject
from state.brake import forget_holds, spend
from state.store import Braked, Hold, House, Lease, LeaseLost, Limit, Store, Todo

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
        assert sum(pool.map(attempt, leases)) == LIMIT.floor


def rename(
    store: Store, name: str, mark: str = "m", now: int = NOW, limit: Limit | None = None, lost: bool = False
) -> Link:
    lease = held(store, name)
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
        lease, subject = held(store, name), Subject(f"person:{name}")
        hold = Hold("contacts", subject, "field:plan", "contested", lease.account_id, "")
        store.hold(lease, hold, Todo("held", "field:plan", "contacts", "theirs", since=NOW))
    for name, left in (("a", ["field:plan"]), ("b", [])):
        store.database.write(lambda connection, name=name: forget_holds(connection, [f"person:{name}"]))  # type: ignore[misc]
        assert [line.subject for line in store.todo()] == left


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    found: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        found.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield found
    event.remove(store.database.engine, "before_cursor_execute", note)


def hold_many(store: Store, many: int, *whats: str) -> list[Hold]:
    for n in range(many):
        lease, subject = held(store, f"m{n}"), Subject(f"person:m{n}")
        for what in whats:
            hold = Hold("contacts", subject, what, "changes", lease.account_id, "m", since=NOW)
            store.hold(lease, hold, Todo("held", subject, "contacts", "held", since=NOW))
        store.settle(lease, None, "done", now=NOW)
    return store.holds()


def test_many_are_decided_with_as_many_statements_as_a_few(store: Store) -> None:
    took: dict[tuple[str, int], int] = {}
    for many in (2, 40):
        found = hold_many(store, many, "update")
        third = many // 2
        with statements(store) as sent:
            store.approve(found[third:], [(hold, replace(hold, mark="n")) for hold in found[:third]], [], "dana", NOW)
        took["approve", many] = len(sent)
        assert [hold.mark for hold in store.holds()] == ["n"] * third + ["m"] * (many - third)
        assert {line.subject for line in store.todo()} == {hold.subject for hold in found[:third]}
        with statements(store) as sent:
            store.drop_holds(store.holds())
        took["drop", many] = len(sent)
        assert (store.holds(), store.todo()) == ([], [])
    assert [took[what, 40] for what in ("approve", "drop")] == [took[what, 2] for what in ("approve", "drop")]


@pytest.mark.parametrize("approved", [False, True])
def test_what_changed_since_it_was_read_is_decided_by_nobody(store: Store, approved: bool) -> None:
    """Held as another step by now, or approved by somebody else."""
    (read,) = hold_many(store, 1, "update")
    if approved:
        store.approve([read], [], [], "rosa", NOW)
    else:
        store.drop_holds([read])
        store.hold(
            held(store, "m0"), replace(read, mark="n"), Todo("held", read.subject, "contacts", "held", since=NOW)
        )
    before = store.holds(), store.todo()
    lists: list[tuple[list[Hold], list[tuple[Hold, Hold]], list[Hold]]]
    lists = [([read], [], []), ([], [(read, replace(read, mark="o"))], []), ([], [], [read])]
    for same, moved, gone in lists:
        assert store.approve(same, moved, gone, "dana", NOW) == []
        assert (store.holds(), store.todo()) == before


def worn(store: Store, many: int, leased: int) -> list[tuple[Lease, Link]]:
    """Contacts that wear two tags; the first ``leased`` are being worked on."""
    store.settle_in(House("i", NOW, "acct", False, "w", "us", {}, ""))
    found = []
    for n in range(many):
        lease = held(store, f"{many}-{n}")
        link = Link("contacts", Subject(f"person:{many}-{n}"), f"c{many}-{n}", sets={"tags": ("vip", "x")}, sequence=1)
        found.append((lease, store.adopt(lease, link)))
        if n >= leased:
            store.settle(lease, None, "done", now=NOW)
    return found


def test_a_name_made_again_is_read_where_a_worker_may_write_what_it_believed(store: Store) -> None:
    (mine, link), (parked, refused), _ = worn(store, 3, leased=2)
    store.adopt(parked, replace(refused, state="parked", parked_for="mark"))
    assert store.end_name("contacts", ("tags", "x"), True, "dana", NOW, {}) == 3
    left = [link for n in range(3) for link in store.links_of(AccountId(f"3-{n}"))]
    assert [link.sets["tags"] for link in left] == [("vip",)] * 3
    assert [link.state for link in left] == ["suspect", "parked", "ok"]
    with pytest.raises(LeaseLost):
        store.adopt(mine, link)
    step = Step("contacts", link.subject, "update", "k", link.external_id)
    sent = store.intend(mine, link, step, {}, 10, now=NOW)
    told = store.acknowledge(mine, replace(sent, sequence=2, state="ok"), [], now=NOW)
    assert (told.state, store.links_of(mine.account_id)[0].state) == ("suspect", "suspect")
    assert store.adopt(mine, replace(told, sets={"tags": ("vip",)}, state="ok", sequence=3)).state == "ok"


def test_a_name_worn_by_many_is_made_again_with_as_many_statements_as_by_a_few(store: Store) -> None:
    took = []
    for many in (2, 40):
        worn(store, many, leased=many)
        with statements(store) as sent:
            assert store.end_name("contacts", ("tags", "x"), True, "dana", NOW, {}) == many
        took.append(len(sent))
    assert took[0] == took[1]


def test_a_line_stays_while_something_else_of_it_is_held(store: Store) -> None:
    update, tag = sorted(hold_many(store, 1, "update", "tags vip"), key=lambda hold: hold.what, reverse=True)
    store.approve([update], [], [], "dana", NOW)
    assert len(store.todo()) == 1
    store.approve([tag], [], [], "dana", NOW)
    assert store.todo() == []


@pytest.mark.parametrize("read_before", [True, False])
def test_what_is_held_of_a_person_goes_with_it_to_another_account(store: Store, read_before: bool) -> None:
    """The account that it was held of wants nothing of it any more, whether it read that before or after."""
    (before,) = hold_many(store, 1, "update")
    lease = held(store, "new-home")
    store.hold(lease, replace(before, account_id=lease.account_id), Todo("held", before.subject, "contacts", "held"))
    mine = store.holds(before.account_id) if not read_before else [before]
    store.drop_holds(mine)
    assert store.approve(mine, [(hold, hold) for hold in mine], mine, "dana", NOW) == []
    assert store.holds() == [replace(before, account_id=lease.account_id)]
    assert len(store.todo()) == 1


@pytest.mark.parametrize(
    ("what", "kind", "line"), [("tags x", "names", "tag:x"), ("field:plan", "contested", "field:plan")]
)
@pytest.mark.parametrize("how", ["approve", "drop"])
def test_what_has_a_line_of_its_own_keeps_no_other_one(store: Store, what: str, kind: str, line: str, how: str) -> None:
    (found,) = hold_many(store, 1, "update")
    lease = held(store, "m0")
    store.hold(lease, replace(found, what=what, kind=kind), Todo("held", line, "contacts", "all"))
    assert {told.subject for told in store.todo()} == {found.subject, line}
    if how == "approve":
        store.approve([found], [], [], "dana", NOW)
    else:
        store.drop_holds([found])
    assert {told.subject for told in store.todo()} == {line}


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
