"""Todo: one line each, told once, and a decision that stays until its reason moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from state_facts import NOW, A, B, account, customer, due, held, land

from mappings.model import Link, Subject
from state.store import Claimed, Decision, Store, Todo

LINE = Todo("parked", "person:ann", "contacts", "no e-mail", "fix it", NOW)
ANN = Subject("person:ann")


def test_a_todo_is_one_line_that_keeps_its_start(store: Store) -> None:
    assert store.todo_add([LINE, replace(LINE, target="companies")]) == 2
    assert store.todo_add([replace(LINE, reason="still\x00", since=NOW + 5), replace(LINE, kind="alert")]) == 1
    lines = {(line.kind, line.target): line for line in store.todo()}
    assert len(lines) == 3
    assert replace(lines["parked", "contacts"], id=0) == replace(LINE, reason="still")


def test_the_oldest_todo_comes_first(store: Store) -> None:
    store.todo_add([LINE])
    store.todo_add([replace(LINE, subject="older", since=NOW - 1)])
    assert [line.subject for line in store.todo()] == ["older", "person:ann"]


def test_a_todo_ends_by_itself(store: Store) -> None:
    store.todo_add([LINE, replace(LINE, kind="conflict"), replace(LINE, subject="person:ben")])
    store.todo_clear(["parked", "held"], "person:ann", "companies")
    assert len(store.todo()) == 3
    store.todo_clear(["parked", "held"], "person:ann", "contacts")
    assert {(line.kind, line.subject) for line in store.todo()} == {
        ("conflict", "person:ann"),
        ("parked", "person:ben"),
    }


def only(store: Store, kind: str = "", unforced: bool = False) -> Todo:
    (line,) = [line for line in store.todo(unforced) if kind in ("", line.kind)]
    return line


def decide(store: Store, line: Todo, text: str, **more: Any) -> str:
    return store.decide(Decision(line, text, "staff:kim", **more), NOW)


def test_a_person_is_told_once_of_each_reason(store: Store) -> None:
    store.todo_add([LINE, replace(LINE, kind="unmatched", subject="customer:cus_1", target="")])
    assert store.todo_told(NOW) == 1
    store.todo_add([LINE])
    assert store.todo_told(NOW) == 0
    store.todo_add([replace(LINE, reason="another")])
    assert store.todo_told(NOW) == 1


def test_what_is_ignored_stays_away_until_its_reason_moves_or_it_comes_again(store: Store) -> None:
    store.todo_add([LINE])
    assert decide(store, only(store), "ignore") == "done"
    assert store.todo_add([replace(LINE, proposal="do something else")]) == 0
    assert (store.todo(), store.todo_told(NOW)) == ([], 0)
    assert store.todo_add([replace(LINE, reason="worse", since=NOW + 5)]) == 1
    assert (only(store).since, only(store).resolved_by) == (NOW + 5, "")
    decide(store, only(store), "ignore")
    store.todo_clear(["parked"], "person:ann", "contacts")
    assert store.todo_add([replace(LINE, reason="worse")]) == 1


def test_what_was_decided_otherwise_is_asked_again_when_it_comes_again(store: Store) -> None:
    store.todo_add([LINE])
    line = only(store)
    assert decide(store, line, "retry") == "done"
    kept = store.todo_lines([line.id])[line.id]
    assert (kept.decided, kept.resolved_by, kept.resolved_at) == ("retry", "staff:kim", NOW)
    assert store.todo_add([LINE]) == 1
    assert store.todo_told(NOW) == 1


def test_the_last_decision_counts_and_another_try_decides_nothing(store: Store) -> None:
    for at, kind, text in ((2, "gone", "create"), (1, "conflict", "link c-1"), (3, "parked", "retry")):
        store.todo_add([replace(LINE, kind=kind)])
        store.decide(Decision(only(store), text, "staff:kim"), NOW + at)
    assert store.decided([ANN], "contacts") == {ANN: "create"}
    store.todo_add([replace(LINE, kind="conflict")])
    store.decide(Decision(only(store), "link c-2", "staff:kim"), NOW + 4)
    assert store.decided([ANN], "contacts") == {ANN: "link c-2"}


def test_deciding_twice_is_deciding_once_and_what_moved_is_not_decided(store: Store) -> None:
    store.todo_add([LINE])
    line = only(store)
    assert decide(store, replace(line, reason="something older"), "ignore") == "moved"
    assert decide(store, replace(line, id=line.id + 1), "ignore") == "moved"
    assert (decide(store, line, "ignore"), decide(store, line, "ignore")) == ("done", "already")
    assert decide(store, line, "retry") == "done"
    assert decide(store, line, "ignore") == "moved"


def test_an_accounts_lines_follow_its_facts(store: Store) -> None:
    old = Todo("parked", "request:r1", "", "old", account_id=A)
    conflict = Todo("conflict", "account:a", "", "two", account_id=A)
    others = [LINE, replace(LINE, account_id=A), replace(old, account_id=B, subject="request:r2")]
    store.todo_add(others)
    store.todo_follow(A, [old, conflict])
    decide(store, next(line for line in store.todo() if line.subject == "request:r1"), "ignore")
    store.todo_follow(A, [conflict])
    assert {line.subject for line in store.todo()} == {"person:ann", "request:r2", "account:a"}
    store.todo_follow(A, [old])
    assert {line.subject for line in store.todo()} == {"person:ann", "request:r2", "request:r1"}


def parked(store: Store, subject: Subject = ANN, external_id: str = "", state: str = "parked") -> Link:
    store.mark([A], NOW, "test")
    (lease,) = store.lease_accounts("w", NOW, 1, 60)
    link = Link("contacts", subject, external_id, state=state, parked_for="v1" if state == "parked" else "")  # type: ignore[arg-type]
    store.adopt(lease, link)
    store.settle(lease, None, "", now=NOW)
    return link


def stored(store: Store, subject: Subject = ANN) -> Link:
    return store.links([subject])["contacts", subject]


def test_a_parked_link_is_taken_as_decided_and_its_account_is_due(store: Store) -> None:
    parked(store)
    store.todo_add([LINE])
    due(store)
    link = Link("contacts", ANN, "c-1", {"external_id": "foreign"})
    assert decide(store, only(store), "link c-1", link=link, wake=(A,)) == "done"
    found = stored(store)
    assert (found.external_id, found.state, found.values, found.attempt) == ("c-1", "ok", {"external_id": "foreign"}, 2)
    assert due(store) == ["a"]


def test_a_decision_ends_all_that_was_told_of_the_parked_link(store: Store) -> None:
    """It was refused first; what it was tried with then met a conflict."""
    parked(store)
    store.todo_add([LINE, replace(LINE, kind="conflict")])
    line = only(store, "conflict")
    assert decide(store, line, "link c-1", link=Link("contacts", ANN, "c-1"), wake=(A,)) == "done"
    assert store.todo() == []
    assert store.decided([ANN], "contacts") == {ANN: "link c-1"}


def test_nothing_is_decided_while_somebody_works_on_the_account(store: Store) -> None:
    parked(store)
    store.todo_add([LINE])
    store.mark([A], NOW, "test")
    (lease,) = store.lease_accounts("w", NOW, 1, 60)
    link = Link("contacts", ANN, "c-1")
    assert decide(store, only(store), "link c-1", link=link, wake=(A,)) == "busy"
    assert (stored(store).external_id, len(store.todo())) == ("", 1)
    store.settle(lease, None, "", now=NOW)
    assert decide(store, only(store), "link c-1", link=link, wake=(A,)) == "done"


def test_a_link_that_is_not_parked_any_more_is_left_alone(store: Store) -> None:
    parked(store, external_id="c-9", state="ok")
    store.todo_add([LINE])
    assert decide(store, only(store), "link c-1", link=Link("contacts", ANN, "c-1"), wake=(A,)) == "moved"
    assert stored(store).external_id == "c-9"


def test_what_belongs_to_another_subject_is_not_taken(store: Store) -> None:
    parked(store)
    parked(store, Subject("person:ben"), "c-1", "ok")
    store.todo_add([LINE])
    with pytest.raises(Claimed, match="person:ben"):
        decide(store, only(store), "link c-1", link=Link("contacts", ANN, "c-1"), wake=(A,))
    assert len(store.todo()) == 1


def test_a_parked_link_is_tried_again(store: Store) -> None:
    parked(store)
    store.todo_add([LINE])
    assert decide(store, only(store), "retry", retry=True, wake=(A,)) == "done"
    assert stored(store).parked_for == ""


def test_a_customer_without_an_account_is_listed_where_asked_for_and_may_be_given_to_one(store: Store) -> None:
    shared = ("email:x@example.com",)
    land(store, customer("cus_1", seeks=shared), customer("cus_2"), account("a"))
    assert store.todo() == []
    line = only(store, unforced=True)
    assert (line.kind, line.subject, line.reason) == ("unmatched", "customer:cus_1", "nobody's")
    root = customer("cus_1").root
    due(store)
    assert decide(store, line, "link a", root=root, owner=A, wake=(A,)) == "done"
    assert (held(store, A), due(store), store.todo(unforced=True)) == (["a", "cus_1"], ["a"], [])
    land(store, customer("cus_1", seeks=shared, name="again"))
    assert (held(store, A), store.todo(unforced=True)) == (["a", "cus_1"], [])


def test_a_customer_that_finds_its_account_is_no_line_any_more(store: Store) -> None:
    shared = ("email:x@example.com",)
    land(store, customer("cus_1", seeks=shared))
    land(store, account("a", offers=shared), account("b", offers=shared))
    assert only(store, unforced=True).kind == "conflict"
    land(store, account("a"), customer("cus_1", seeks=shared))
    assert (store.todo(unforced=True), held(store, B)) == ([], ["b", "cus_1"])
