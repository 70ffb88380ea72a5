"""Many Links of one target in two commits: what one push is refused or doubted for, each of many is too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from state_facts import NOW, A, B, customer_ref

from mappings.model import AccountId, Link, Step, Subject
from state.store import Entry, Lease, LeaseLost, Store

NAMES = tuple(f"person:p{number}" for number in range(3))


def lease(store: Store, account: AccountId = A) -> Lease:
    store.mark([account], NOW, "test")
    (held,) = store.lease_accounts("w", NOW, 1, 60, only=[account])
    return held


def intended(store: Store, held: Lease, run: str = "run-1") -> list[Link]:
    known = store.links([Subject(name) for name in NAMES])
    links = [known.get(("contacts", Subject(name))) or Link("contacts", Subject(name), f"c-{name}") for name in NAMES]
    steps = [Step("contacts", link.subject, "update", f"{run}:{link.subject}") for link in links]
    given = [(link, step, {"stage": run}) for link, step in zip(links, steps, strict=True)]
    return store.intend_many(held, given, 10, now=NOW)


def pushed(links: list[Link]) -> list[tuple[Link, Entry, None]]:
    lines = [Entry("contacts", x.subject, "update", "", {}, {}, None, NOW, "r", "", x.pending_key) for x in links]
    folded = [replace(link, values={"stage": "done"}, sequence=link.sequence + 1) for link in links]
    return [(link, line, None) for link, line in zip(folded, lines, strict=True)]


def stored(store: Store) -> dict[str, Link]:
    return {subject: link for (_, subject), link in store.links([Subject(name) for name in NAMES]).items()}


def test_all_are_intended_then_all_acknowledged(store: Store) -> None:
    held = lease(store)
    for run in ("run-1", "run-2"):
        links = intended(store, held, run)
        assert stored(store) == {link.subject: link for link in links}
        assert [link.pending_body for link in links] == [{"stage": run}] * 3
        done = [(link, line, customer_ref(link.subject)) for link, line, _ in pushed(links)]
        assert store.acknowledge_many(held, done, now=NOW) == stored(store)
        assert all(not link.pending_key and link.values == {"stage": "done"} for link in stored(store).values())
    assert sorted(line.key for line in store.journal()) == sorted(f"{r}:{n}" for r in ("run-1", "run-2") for n in NAMES)
    store.settle(held, None, "done", now=NOW)
    assert sorted(hint.ref.id for hint in store.due_hints(NOW, 10)) == sorted(2 * NAMES)


def test_nothing_is_intended_without_the_lease(store: Store) -> None:
    held = lease(store)
    store.settle(held, NOW, "over", now=NOW)
    with pytest.raises(LeaseLost):
        intended(store, held)
    assert stored(store) == {}


def test_nothing_is_intended_beside_a_foreign_key(store: Store) -> None:
    held, other = lease(store), lease(store, B)
    one = Link("contacts", Subject(NAMES[1]), f"c-{NAMES[1]}")
    store.intend(other, one, Step("contacts", one.subject, "update", "theirs"), {}, 10, now=NOW)
    links = [replace(one, subject=Subject(name), external_id=f"c-{name}") for name in NAMES]
    given = [(link, Step("contacts", link.subject, "update", f"ours:{link.subject}"), {}) for link in links]
    with pytest.raises(LeaseLost):
        store.intend_many(held, given, 10, now=NOW)
    assert {link.pending_key for link in stored(store).values()} == {"theirs"}


def test_who_comes_back_without_the_lease_leaves_doubt(store: Store) -> None:
    held = lease(store)
    links = intended(store, held)
    store.settle(held, NOW, "taken away", now=NOW)
    for _ in range(2):
        with pytest.raises(LeaseLost):
            store.acknowledge_many(held, pushed(links), now=NOW)
    assert {(link.state, link.pending_key) for link in stored(store).values()} == {
        ("suspect", link.pending_key) for link in links
    }
    assert len(store.journal()) == 3, "each push is written down once"


def test_one_that_somebody_else_wrote_is_doubted_and_the_others_are_ours(store: Store) -> None:
    held, other = lease(store), lease(store, B)
    links = intended(store, held)
    store.adopt(other, replace(links[1], attempt=2))
    with pytest.raises(LeaseLost):
        store.acknowledge_many(held, pushed(links), now=NOW)
    states = {link.subject: link.state for link in stored(store).values()}
    assert states == {NAMES[0]: "ok", NAMES[1]: "suspect", NAMES[2]: "ok"}


def test_an_external_id_of_somebody_else_is_not_taken(store: Store) -> None:
    held = lease(store)
    links = intended(store, held)
    store.adopt(held, Link("contacts", Subject("person:other"), "c-taken"))
    done = pushed(links)
    done[0] = (replace(done[0][0], external_id="c-taken"), *done[0][1:])
    assert set(store.acknowledge_many(held, done, now=NOW)) == set(NAMES[1:])
    assert stored(store)[NAMES[0]].state == "suspect"
    assert stored(store)[NAMES[0]].external_id == f"c-{NAMES[0]}"
