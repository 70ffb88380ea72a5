"""What the brake holds: decided as it was read, with lines of todo that end with it; and names that are made again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event
from state_facts import NOW, leased

from mappings.model import AccountId, Link, Step, Subject
from state.store import Hold, House, Lease, LeaseLost, Store, Todo


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
        lease, subject = leased(store, f"m{n}"), Subject(f"person:m{n}")
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
            leased(store, "m0"), replace(read, mark="n"), Todo("held", read.subject, "contacts", "held", since=NOW)
        )
    before = store.holds(), store.todo()
    lists: list[tuple[list[Hold], list[tuple[Hold, Hold]], list[Hold]]]
    lists = [([read], [], []), ([], [(read, replace(read, mark="o"))], []), ([], [], [read])]
    for same, moved, gone in lists:
        assert store.approve(same, moved, gone, "dana", NOW) == []
        assert (store.holds(), store.todo()) == before


def worn(store: Store, many: int, busy: int) -> list[tuple[Lease, Link]]:
    """Contacts that wear two tags; the first ``busy`` ones are being worked on."""
    store.settle_in(House("i", NOW, "acct", False, "w", "us", {}, ""))
    found = []
    for n in range(many):
        lease = leased(store, f"{many}-{n}")
        link = Link("contacts", Subject(f"person:{many}-{n}"), f"c{many}-{n}", sets={"tags": ("vip", "x")}, sequence=1)
        found.append((lease, store.adopt(lease, link)))
        if n >= busy:
            store.settle(lease, None, "done", now=NOW)
    return found


def test_a_name_made_again_is_read_where_a_worker_may_write_what_it_believed(store: Store) -> None:
    (mine, link), (parked, refused), _ = worn(store, 3, busy=2)
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
        worn(store, many, busy=many)
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
    lease = leased(store, "new-home")
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
    lease = leased(store, "m0")
    store.hold(lease, replace(found, what=what, kind=kind), Todo("held", line, "contacts", "all"))
    assert {told.subject for told in store.todo()} == {found.subject, line}
    if how == "approve":
        store.approve([found], [], [], "dana", NOW)
    else:
        store.drop_holds([found])
    assert {told.subject for told in store.todo()} == {line}
