"""Since when a state that no source dates has been seen: kept by the store, on both databases."""

from __future__ import annotations

from dataclasses import replace

from state_facts import A, account, land

from mappings.model import Account, Seen
from state.store import Finding, Store


def told(name: str = "", **states: str) -> Finding:
    """Account a, under this name, in these states."""
    finding = account("a", name=name)
    return replace(finding, facts=(replace(finding.facts[0], states=states),))


def remembered(store: Store) -> dict[str, Seen]:
    (fact,) = store.facts([A])[A]
    assert isinstance(fact.body, Account)
    return dict(fact.body.seen)


def test_the_look_that_saw_it_first_dates_a_state(store: Store) -> None:
    land(store, told(card="no"), now=100)
    assert remembered(store) == {"card": Seen("no", 100)}
    land(store, told(card="no"), now=200)
    land(store, told("renamed", card="no"), now=300)
    assert remembered(store) == {"card": Seen("no", 100)}


def test_a_state_that_moves_remembers_what_it_was(store: Store) -> None:
    land(store, told(card="no", plan="a"), now=100)
    land(store, told(card="yes", plan="a"), now=200)
    assert remembered(store) == {"card": Seen("yes", 200, "no"), "plan": Seen("a", 100)}
    land(store, told(card="no", plan="a"), now=300)
    assert remembered(store)["card"] == Seen("no", 300, "yes")


def test_an_older_look_changes_nothing(store: Store) -> None:
    late = store.draw_look()
    land(store, told(card="no"), now=100)
    land(store, told(card="yes"), look=late, now=200)
    assert remembered(store) == {"card": Seen("no", 100)}


def test_a_state_of_a_new_version_begins_with_its_first_look(store: Store) -> None:
    land(store, told(), now=100)
    assert remembered(store) == {}
    land(store, told(card="yes"), now=200)
    assert remembered(store) == {"card": Seen("yes", 200)}


def test_what_was_gone_begins_anew(store: Store) -> None:
    land(store, told(card="no"), now=100)
    land(store, Finding(told().root, (), whole=True), now=200)
    land(store, told(card="yes"), now=300)
    assert remembered(store) == {"card": Seen("yes", 300)}
