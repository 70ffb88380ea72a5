"""Findings to land, in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mappings.model import (
    Account,
    AccountId,
    Customer,
    Fact,
    Person,
    Ref,
    Subscription,
    Undecided,
    UserId,
)
from state.agenda import seconds_left
from state.store import Finding, Landed, Lease, Store

NOW = 1_800_000_000
A, B = AccountId("a"), AccountId("b")


def first_offer(
    seeks: Sequence[str], offers: Mapping[str, frozenset[AccountId]], seekers: Mapping[str, int]
) -> AccountId | Undecided | None:
    """The first key that somebody offers decides; an e-mail only when one root seeks it."""
    for key in seeks:
        found = sorted(offers.get(key, ()))
        if len(found) == 1 and (not key.startswith("email:") or seekers[key] == 1):
            return found[0]
        if len(found) > 1:
            return Undecided(", ".join(found), conflict=True)
    return Undecided("nobody's") if any(key.startswith("email:") for key in seeks) else None


def land(store: Store, *findings: Finding, look: int | None = None, **options: object) -> Landed:
    look_no = store.draw_look() if look is None else look
    settings = {"match": first_offer, "now": NOW, "reason": "test"} | options
    return store.record(look_no, findings, **settings)  # type: ignore[arg-type]


def account(id: str, *customers: str, name: str = "", offers: tuple[str, ...] = ()) -> Finding:
    root = Ref("product", "account", id)
    keys = (f"account:{id}", *(f"customer:{customer}" for customer in customers), *offers)
    return Finding(root, (Fact(root, "account", id, Account(AccountId(id), name), AccountId(id), keys),))


def user(id: str, *accounts: str, role: str = "owner") -> Finding:
    root = Ref("product", "user", id)
    people = [Person(UserId(id), AccountId(member), role=role) for member in accounts]
    return Finding(root, tuple(Fact(root, "person", f"{id}@{p.account_id}", p, p.account_id) for p in people))


def customer_ref(id: str) -> Ref:
    return Ref("stripe", "customer", id)


def customer(id: str, *subscriptions: Fact, name: str = "", seeks: tuple[str, ...] = (), whole: bool = True) -> Finding:
    fact = Fact(customer_ref(id), "customer", id, Customer(id, 1, name=name), seeks=(f"customer:{id}", *seeks))
    return Finding(fact.root, (fact, *subscriptions), whole)


def subscription(of: str, id: str, status: str = "active", seeks: tuple[str, ...] = ()) -> Fact:
    return Fact(customer_ref(of), "subscription", id, Subscription(id, of, status, 1), seeks=seeks)


def part(*facts: Fact) -> Finding:
    return Finding(facts[0].root, facts, whole=False)


def held(store: Store, id: AccountId) -> list[str]:
    """The ids of the account's own facts."""
    return sorted(fact.id for fact in store.facts([id])[id] if fact.account_id == id)


def body(store: Store, id: AccountId, fact_id: str) -> object:
    return next(fact.body for fact in store.facts([id])[id] if fact.id == fact_id)


def leased(store: Store, name: str) -> Lease:
    account = AccountId(name)
    store.mark([account], NOW, "test")
    (lease,) = store.lease_accounts("w", NOW, 1, 60, only=[account])
    return lease


def remaining(store: Store, lease: Lease) -> float:
    """Seconds left of a lease; 0 when it has expired or the token is lost."""
    return max(0.0, store.database.write(lambda connection: seconds_left(connection, lease)) or 0.0)


def due(store: Store) -> list[str]:
    """The accounts that are due, leased and settled so that the next call starts afresh."""
    leases = store.lease_accounts("test", NOW, 100, 60)
    for lease in leases:
        store.settle(lease, None, "test", now=NOW)
    return sorted(lease.account_id for lease in leases)
