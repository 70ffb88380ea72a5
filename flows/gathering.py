"""Stored facts -> what is known about one account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from mappings.lifecycle import billing_contact
from mappings.model import (
    AccessRow,
    Account,
    AccountFacts,
    AccountId,
    Customer,
    Fact,
    Instance,
    Person,
    Request,
    Subscription,
    fingerprint,
)
from state.store import Store

T = TypeVar("T")


def gather(store: Store, account: AccountId, born_at: int) -> AccountFacts:
    """Everything the state knows about ``account``, in an order that does not depend on how it came in."""
    facts = assemble(account, store.facts([account]).get(account, []), born_at)
    if not any(r.kind == "trial" and not r.answer for r in facts.requests):
        return facts
    used = store.redeemed([redemption(kind, value) for kind, value in _keys(facts)])
    return replace(facts, redeemed_by=frozenset(used.values()))


def assemble(account: AccountId, facts: Iterable[Fact], born_at: int) -> AccountFacts:
    """Sort bodies by kind; memberships of other accounts go to ``elsewhere``."""
    bodies = [f.body for f in sorted(facts, key=lambda f: (f.kind, f.id))]
    people = _of(bodies, Person)
    return AccountFacts(
        account_id=account,
        account=next(iter(_of(bodies, Account)), None),
        people=tuple(p for p in people if p.account_id == account),
        elsewhere=tuple(p for p in people if p.account_id != account),
        customers=_of(bodies, Customer),
        subscriptions=_of(bodies, Subscription),
        requests=_of(bodies, Request),
        instances=_of(bodies, Instance),
        access=next(iter(_of(bodies, AccessRow)), None),
        born_at=born_at,
    )


def _of(bodies: Iterable[object], cls: type[T]) -> tuple[T, ...]:
    return tuple(body for body in bodies if isinstance(body, cls))


def redemption(kind: str, value: str) -> tuple[str, str]:
    """What is stored of a used trial: a hash, never an address."""
    return kind, fingerprint([kind, value])


def _keys(facts: AccountFacts) -> list[tuple[str, str]]:
    """What the account's people would use up: the requesters and the billing contact."""
    asked = {request.user_id for request in facts.requests}
    contact = billing_contact(facts.people)
    keys = [("account", str(facts.account_id))]
    for person in facts.people:
        if person.user_id in asked or person is contact:
            keys += [("user", person.user_id), ("email", person.email.casefold())]
    return [key for key in keys if key[1]]
