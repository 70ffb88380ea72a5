"""Who is erased: the keyed hashes that remember it, and the erasures that an account's facts carry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from flows.pseudonyms import Pseudonyms
from mappings.erasure import OPERATOR, PROOF_AFTER, WHY
from mappings.model import (
    Account,
    AccountFacts,
    AccountId,
    Erasure,
    Person,
    Ref,
    Subject,
    UserId,
    account_subject,
    person_subject,
    subject_id,
)  # fmt: skip
from mappings.redemption import Key
from state.refs import root_key
from state.store import Order, Store

BEGUN = ("begun", "done")


def key_of(subject: str) -> Key:
    """``person:u1`` -> (``erased:person``, ``u1``): what is kept for ever, hashed."""
    kind, _, id = subject.partition(":")
    return f"erased:{kind}", id


def is_erased(pseudonyms: Pseudonyms, erased: Collection[Key], subject: str) -> bool:
    return any(key in erased for key in pseudonyms.redeemed(key_of(subject)))


def with_erasures(store: Store, pseudonyms: Pseudonyms, facts: AccountFacts, planned: bool = False) -> AccountFacts:
    """``facts`` as erasures stand: a mark counts once its erasure has begun. ``planned``: those that may begin count as
    begun, for a dry run."""
    everyone = (*facts.people, *facts.elsewhere)
    marked = [person for person in everyone if person.erased]
    orders = store.orders_of(facts.account_id, [person_subject(p.user_id) for p in marked])
    if not (marked or orders or (facts.account and facts.account.erased)):
        return facts
    states = (*BEGUN, "due") if planned else BEGUN
    current = [order for order in orders if order.state in states]
    gone = _gone(store, pseudonyms, facts, marked) | {Subject(order.subject) for order in current}
    facts = replace(
        facts,
        people=tuple(_as_erased(p, gone, everyone) for p in facts.people),
        elsewhere=tuple(_as_erased(p, gone, everyone) for p in facts.elsewhere),
        account=_account(facts, account_subject(facts.account_id) in gone),
    )
    mine = [order for order in current if order.account_id == facts.account_id]
    return replace(facts, erasures=tuple(_erasure(store, facts, order) for order in mine))


def _account(facts: AccountFacts, erased: bool) -> Account | None:
    """An erased account needs no row of its own."""
    known = facts.account or (Account(facts.account_id) if erased else None)
    return replace(known, erased=erased) if known else None


def _gone(store: Store, pseudonyms: Pseudonyms, facts: AccountFacts, marked: Iterable[Person]) -> set[Subject]:
    """Whose erasure has begun at any time."""
    asked = {account_subject(facts.account_id)}
    for person in marked:
        asked |= {person_subject(person.user_id), account_subject(person.account_id)}
    keys = {subject: pseudonyms.redeemed(key_of(subject)) for subject in asked}
    erased = store.redeemed([key for stored in keys.values() for key in stored])
    return {subject for subject, stored in keys.items() if any(key in erased for key in stored)}


def _as_erased(person: Person, gone: Collection[Subject], everyone: Collection[Person]) -> Person:
    """A mark on some of a person's memberships ends these; one on all of them waits for the erasure to begin."""
    if {person_subject(person.user_id), account_subject(person.account_id)} & set(gone):
        return replace(person, erased=True)
    return replace(person, erased=person.erased and not wholly(person.user_id, everyone))


def wholly(user: UserId, everyone: Collection[Person]) -> bool:
    """Whether each of this user's memberships is erased."""
    return all(person.erased for person in everyone if person.user_id == user)


def _erasure(store: Store, facts: AccountFacts, order: Order) -> Erasure:
    prove_at = order.done_at + PROOF_AFTER if order.done_at is not None else None
    subject = Subject(order.subject)
    company = store.links([subject]).get(("intercom.companies", subject))
    contacts = contacts_of(store, facts, order)
    names = known_as(store, facts, contacts)
    offered = store.offering([f"contact:{name}" for name in names.values()]) if names else {}
    shared = frozenset(user for user, name in names.items() if {*offered.get(f"contact:{name}", ())} - {_root(user)})
    return Erasure(
        subject, contacts, company.external_id if company else "", names, shared, prove_at, WHY[order.asked_by]
    )


def known_as(store: Store, facts: AccountFacts, users: Iterable[UserId]) -> dict[UserId, str]:
    """Whom Intercom knows by another external_id than the user id: as their Links say, else as the product does."""
    names = {p.user_id: p.intercom_external_id for p in facts.people}
    people = {user: person_subject(user) for user in users}
    links = store.links(list(people.values()))
    found: dict[UserId, str] = {}
    for user, subject in people.items():
        held = [links.get((target, subject)) for target in ("intercom.contacts", "intercom.erasures")]
        said = [str(link.values.get("external_id") or "") for link in held if link]
        found[user] = next(filter(None, (*said, names.get(user, ""))), user)
    return {user: name for user, name in found.items() if name != user}


def _root(user: UserId) -> str:
    return root_key(Ref("product", "user", user))


def linked_only(store: Store, account: AccountId) -> set[UserId]:
    """People of this account whom only their Links tell of: as far as we know the product shows them nowhere."""
    linked = {UserId(subject_id(x.subject)) for x in store.links_of(account) if x.subject.startswith("person:")}
    return {user for user in linked if not store.known("user", user)}


def contacts_of(store: Store, facts: AccountFacts, order: Order) -> dict[UserId, str | None]:
    """The people that are erased with the order's subject, each with the id of its contact: None where there never was
    one as far as we know, empty where its id was lost. Those of an account who have another account stay; those whose
    rows are away are known by their Links, and were looked for in the product (see Erasing.also)."""
    subject = Subject(order.subject)
    if subject.startswith("person:"):
        users = {UserId(subject_id(subject))}
    else:
        everyone = (*facts.people, *facts.elsewhere)
        users = {p.user_id for p in facts.people if wholly(p.user_id, everyone)}
        users |= linked_only(store, facts.account_id) - {p.user_id for p in everyone}
    links = store.links([person_subject(user) for user in users])
    contacts = {user: links.get(("intercom.contacts", person_subject(user))) for user in users}
    unknown = "" if order.asked_by == OPERATOR and subject.startswith("person:") else None
    return {user: link.external_id if link else unknown for user, link in contacts.items()}
