"""Links: the commit before a push, the commit after it, and what happens to those who lost their lease between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from state_facts import NOW, A, B, remaining

from mappings.model import AccountId, Link, RequestId, Step, Subject
from state.store import AlreadyRedeemed, Claimed, Entry, Hold, Lease, LeaseLost, Store, Todo, TodoKind

ANN, BEN = Subject("person:ann"), Subject("person:ben")
LINK = Link("contacts", ANN)
STEP = Step("contacts", ANN, "create", "key-1")
ENTRY = Entry("contacts", ANN, "create", "new", {}, {"stage": "active"}, None, NOW, "run-1", "req_1")


def lease(store: Store, account: AccountId = A, owner: str = "w", seconds: float = 60) -> Lease:
    store.mark([account], NOW, "test")
    (held,) = store.lease_accounts(owner, NOW, 1, seconds, only=[account])
    return held


def stored(store: Store, subject: Subject = ANN) -> Link | None:
    return store.links([subject]).get(("contacts", subject))


def intend(store: Store, held: Lease, link: Link = LINK, step: Step = STEP, margin: float = 10) -> Link:
    return store.intend(held, link, step, {"email": "x"}, margin, now=NOW)


def test_a_link_is_read_back_as_it_was_written(store: Store) -> None:
    link = Link(
        "contacts", ANN, "c1", {"stage": "active", "n": 1}, {"tags": ("a", "b")}, {"trial:1": NOW}, "suspect",
        2, 7, parked_for="reason", acknowledged_at=NOW,
    )  # fmt: skip
    store.adopt(lease(store), link)
    store.adopt(lease(store, B), Link("companies", ANN, "c1"))
    assert stored(store) == link
    assert store.links([ANN, BEN]).keys() == {("contacts", ANN), ("companies", ANN)}
    assert store.links_of(A) == [link]


def test_an_intent_is_committed_before_the_push(store: Store) -> None:
    intent = intend(store, lease(store))
    assert intent == replace(LINK, pending_key="key-1", pending_body={"email": "x"}, pending_since=NOW)
    assert stored(store) == intent


def test_the_time_of_the_first_intent_stays_with_its_key(store: Store) -> None:
    held = lease(store)
    intent = intend(store, held)
    again = store.intend(held, intent, STEP, {}, 10, now=NOW + 60)
    assert again.pending_since == NOW
    other = store.intend(held, again, replace(STEP, key="key-2"), {}, 10, now=NOW + 60)
    assert other.pending_since == NOW + 60


def test_an_intent_makes_the_lease_last_longer_than_the_call_may_take(store: Store) -> None:
    held = lease(store, seconds=5)
    intent = intend(store, held, margin=30)
    renewed = remaining(store, held)
    assert renewed > 30
    intend(store, held, intent, margin=1)
    assert renewed - 2 < remaining(store, held) <= renewed, "a longer lease is not cut"


def test_nobody_writes_with_a_lost_token(store: Store) -> None:
    held = lease(store, seconds=0)
    intent = Link("contacts", ANN, "c1")
    taken = lease(store, owner="other")
    for write in (
        lambda: intend(store, held),
        lambda: store.adopt(held, intent),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert stored(store) is None
    assert remaining(store, taken) > 0


def test_an_acknowledged_push_clears_the_intent_and_is_in_the_journal(store: Store) -> None:
    held = lease(store)
    done = replace(intend(store, held), external_id="c1", values={"stage": "active"}, sequence=1)
    saved = store.acknowledge(held, done, [ENTRY])
    assert saved == replace(done, pending_key="", pending_body=None, pending_since=None)
    assert stored(store) == saved
    assert store.journal() == [ENTRY]


def test_an_accepted_but_unfinished_request_stays_pending(store: Store) -> None:
    held = lease(store)
    store.acknowledge(held, replace(intend(store, held), external_id="i1", state="pending"), [])
    assert stored(store) == Link("contacts", ANN, "i1", state="pending")


def test_a_push_without_the_lease_makes_the_link_suspect_and_wakes_the_account(store: Store) -> None:
    ghost = lease(store, seconds=0)
    store.adopt(ghost, Link("contacts", ANN, "c1", {"stage": "trialing"}))
    holder = lease(store, owner="other")
    with pytest.raises(LeaseLost):
        store.acknowledge(ghost, Link("contacts", ANN, "c1", {"stage": "active"}), [ENTRY])
    assert stored(store) == Link("contacts", ANN, "c1", {"stage": "trialing"}, state="suspect")
    assert store.journal() == [ENTRY]
    store.settle(holder, None, "done", now=NOW)
    assert store.backlog(NOW).due == 1


def test_what_a_ghost_created_is_remembered(store: Store) -> None:
    ghost = lease(store, seconds=0)
    lease(store, owner="other")
    with pytest.raises(LeaseLost):
        store.acknowledge(ghost, Link("contacts", ANN, "c1"), [])
    assert stored(store) == Link("contacts", ANN, "c1", state="suspect")


def test_a_foreign_intent_is_respected(store: Store) -> None:
    intend(store, lease(store, A))
    moved = lease(store, B)
    with pytest.raises(LeaseLost):
        intend(store, moved, LINK, replace(STEP, key="key-2"))
    seen = stored(store)
    assert seen
    assert intend(store, moved, seen)
    assert store.links_of(B) != []


def test_what_was_made_meanwhile_is_respected_until_the_next_attempt(store: Store) -> None:
    store.adopt(lease(store, A), Link("contacts", ANN, "c1"))
    moved = lease(store, B)
    with pytest.raises(LeaseLost):
        intend(store, moved, LINK)
    assert intend(store, moved, replace(LINK, attempt=2)).external_id == ""


def test_one_of_many_intents_for_a_person_goes_through(store: Store) -> None:
    leases = [lease(store, AccountId(f"a{n}")) for n in range(8)]

    def attempt(held: Lease) -> bool:
        try:
            intend(store, held, step=replace(STEP, key=held.account_id))
        except LeaseLost:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, leases)) == 1


def test_an_external_id_has_one_subject_in_a_target(store: Store) -> None:
    held = lease(store)
    store.adopt(held, Link("contacts", ANN, "c1"))
    with pytest.raises(Claimed) as caught:
        store.adopt(held, Link("contacts", BEN, "c1"))
    assert caught.value.subject == ANN
    assert stored(store, BEN) is None
    with pytest.raises(Claimed):
        store.acknowledge(held, Link("contacts", BEN, "c1"), [ENTRY])
    assert stored(store, BEN) == Link("contacts", BEN, state="suspect")
    assert len(store.journal()) == 1
    assert store.adopt(held, Link("companies", BEN, "c1"))


def test_an_intent_redeems_and_another_request_cannot(store: Store) -> None:
    held, keys = lease(store), [("email", "h1"), ("card", "h2")]
    first = Step("trials", Subject("request:r1"), "create", "k1")
    link = store.intend(held, Link("trials", first.subject), first, {}, 10, keys, now=NOW)
    assert store.redeemed([*keys, ("email", "h2")]) == {keys[0]: "r1", keys[1]: "r1"}
    assert store.intend(held, link, first, {}, 10, keys, now=NOW)
    second = Step("trials", Subject("request:r2"), "create", "k2")
    with pytest.raises(AlreadyRedeemed) as caught:
        store.intend(held, Link("trials", second.subject), second, {}, 10, [("email", "h9"), keys[1]], now=NOW)
    assert caught.value.request_id == "r1"
    assert store.links([second.subject]) == {}
    assert store.redeemed([("email", "h9")]) == {}


def test_one_of_many_requests_redeems_a_key(store: Store) -> None:
    leases = [lease(store, AccountId(f"a{n}")) for n in range(8)]

    def attempt(held: Lease) -> bool:
        step = Step("trials", Subject(f"request:{held.account_id}"), "create", held.account_id)
        try:
            store.intend(held, Link("trials", step.subject), step, {}, 10, [("email", "h1")], now=NOW)
        except AlreadyRedeemed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, leases)) == 1


def test_past_trials_are_kept_with_their_first_request(store: Store) -> None:
    store.redeem({("email", "h1"): RequestId("r1")})
    store.redeem({("email", "h1"): RequestId("r2"), ("email", "h2"): RequestId("r2")})
    assert store.redeemed([("email", "h1"), ("email", "h2")]) == {("email", "h1"): "r1", ("email", "h2"): "r2"}


def parked(store: Store, kind: TodoKind = "parked", held: Lease | None = None) -> Lease:
    held = held or lease(store)
    store.adopt(held, replace(LINK, state="parked"), line=Todo(kind, ANN, "contacts", "why", since=NOW))
    return held


def told(store: Store) -> set[str]:
    return {line.kind for line in store.todo() if line.subject == ANN}


@pytest.mark.parametrize("kind", ["parked", "conflict", "gone", "held"])
def test_what_was_told_of_a_parked_link_ends_with_it(store: Store, kind: TodoKind) -> None:
    held = parked(store, kind=kind)
    intent = intend(store, held, replace(LINK, state="parked"))
    assert told(store) == {kind}
    store.acknowledge(held, replace(intent, state="ok"), [ENTRY])
    assert told(store) == set()


@pytest.mark.parametrize(("kind", "left"), [("changes", {"held"}), ("names", set()), ("contested", set())])
def test_what_is_still_held_of_a_link_says_so(store: Store, kind: str, left: set[str]) -> None:
    """A deleted name and a contested field have lines of their own."""
    held = parked(store, kind="held")
    line = Todo("held", ANN if left else "tag:x", "contacts", "why", since=NOW)
    store.hold(held, Hold("contacts", ANN, "update", kind, A, "m", since=NOW), line)
    store.adopt(held, replace(LINK, state="ok"))
    assert told(store) == left


def test_what_was_told_of_a_parked_link_ends_with_a_push_beside_the_lease(store: Store) -> None:
    lost = replace(parked(store), token=0)
    with pytest.raises(LeaseLost):
        store.acknowledge(lost, replace(LINK, external_id="c1"), [])
    assert told(store) == set()


@pytest.mark.parametrize("before", ["parked", "conflict", "gone", "held"])
@pytest.mark.parametrize("after", ["parked", "conflict", "gone", "held"])
def test_a_link_is_parked_for_one_thing_at_a_time(store: Store, before: TodoKind, after: TodoKind) -> None:
    made = replace(LINK, external_id="c1", state="parked")
    held = lease(store)
    for kind in (before, after):
        store.adopt(held, made, line=Todo(kind, ANN, "contacts", "why", since=NOW))
    assert told(store) == {after}


def test_one_that_was_made_again_and_is_parked_later_is_still_said_to_be(store: Store) -> None:
    held = lease(store)
    store.adopt(held, LINK, line=Todo("gone", ANN, "contacts", "made again once", since=NOW))
    store.adopt(held, replace(LINK, external_id="c1"))
    refused = Todo("parked", ANN, "contacts", "no such e-mail", since=NOW)
    store.adopt(held, replace(LINK, external_id="c1", state="parked"), line=refused)
    assert told(store) == {"gone", "parked"}


def test_what_is_not_made_again_is_not_said_to_be(store: Store) -> None:
    held = lease(store)
    store.adopt(held, LINK, line=Todo("gone", ANN, "contacts", "made again once", since=NOW))
    assert told(store) == {"gone"}
    parked(store, held=held)
    assert told(store) == {"parked"}


def test_an_adoption_ends_what_was_told_of_those_it_found(store: Store) -> None:
    parked(store, kind="conflict")
    store.add_links([(A, replace(LINK, external_id="c1"))])
    assert told(store) == set()


def test_an_adoption_leaves_what_was_told_of_one_whose_id_is_taken(store: Store) -> None:
    parked(store, kind="conflict")
    store.add_links([(B, Link("contacts", BEN, "c1"))])
    store.add_links([(A, replace(LINK, external_id="c1"))])
    assert told(store) == {"conflict"}


def test_an_adoption_tells_of_those_that_it_parks_and_of_nobody_else(store: Store) -> None:
    """Ben's contact is being made: nobody has to say who it is."""
    parked(store)
    with_ben = lease(store, B)
    intend(store, with_ben, Link("contacts", BEN), replace(STEP, subject=BEN))
    asked = [Todo("conflict", subject, "contacts", "who?", since=NOW) for subject in (ANN, BEN)]
    store.add_links([(A, replace(LINK, state="parked")), (B, Link("contacts", BEN, state="parked"))], asked)
    assert [(line.kind, line.subject) for line in store.todo()] == [("conflict", ANN)]


def test_an_adoption_leaves_what_was_told_of_one_that_is_not_parked(store: Store) -> None:
    store.adopt(lease(store), LINK, line=Todo("gone", ANN, "contacts", "made again once", since=NOW))
    store.add_links([(A, replace(LINK, external_id="c1"))])
    assert told(store) == {"gone"}
