"""What `check` finds in the product's views, and the shape of everything it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from connectors.product import ProductAccounts, ProductUsers
from connectors.product.views import measure
from flows.asking import ask
from flows.systems import Wires
from flows.wording import counted
from mappings.model import Person
from mappings.product import facts
from mappings.proposing.checks import USERS, doubts

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``text`` says what is wrong and what to do; ids only."""

    about: str
    level: Level
    text: str


Findings = Iterator[Finding]


def views(w: Wires) -> Findings:
    """Whether the views are there, and how well people and accounts fit together."""
    ask("the product database", w.product.check)
    measured = ask("the product database", lambda: measure(w.product, USERS))
    if measured.doubled:
        yield Finding("product", *next(doubt for doubt in doubts(USERS, measured) if "more than once" in doubt[1]))
    people, addresses, owners, members, problems = 0, Counter[str](), set[str](), set[str](), 0
    for person, rows in _memberships(w):
        people += rows
        members.add(str(person.account_id))
        problems += bool(person.problem)
        addresses[person.email.casefold()] += rows
        if person.bills:
            owners.add(str(person.account_id))
    persons = "1 person" if people == 1 else f"{people} people"
    yield Finding("product", "ok", f"instep_users has {persons} in {counted(len(members), 'account')}")
    shared = [address for address, count in addresses.items() if address and count > 1]
    if shared:
        many = counted(len(shared), "e-mail address", "belongs", "belong")
        yield Finding("product", "warning", f"{many} to more than one user: Intercom may join them")
    if problems:
        some = f"{counted(problems, 'row')} of instep_users cannot be used"
        yield Finding("product", "warning", f"{some}: `instep todo` names them after a sync")
    if members - owners:
        some = ", ".join(sorted(members - owners)[:3])
        many = counted(len(members - owners), "account", "has", "have")
        yield Finding("product", "warning", f"{many} no owner (like {some}): the earliest person counts")
    yield from _accounts(w, members)


def _memberships(w: Wires) -> Iterator[tuple[Person, int]]:
    """Each membership, and 1 with a user's first one, else 0."""
    source = ProductUsers(w.product)
    for page in ask("the product database", lambda: list(source.scan(None))):
        for record in page.records:
            for number, fact in enumerate(facts(record)):
                if isinstance(fact.body, Person):
                    yield fact.body, int(number == 0)


def _accounts(w: Wires, members: set[str]) -> Findings:
    source = ProductAccounts(w.product)
    if not source.present:
        yield Finding("product", "ok", "there is no view instep_accounts: accounts are known by their people only")
        return
    pages = ask("the product database", lambda: list(source.scan(None)))
    known = {record.ref.id for page in pages for record in page.records}
    yield Finding("product", "ok", f"instep_accounts has {counted(len(known), 'account')}")
    if known - members:
        some = counted(len(known - members), "account", "has", "have")
        yield Finding("product", "warning", f"{some} no people in instep_users, but a row in instep_accounts")
    if members - known:
        some = counted(len(members - known), "account", "has", "have")
        yield Finding("product", "warning", f"{some} people in instep_users, but no row in instep_accounts")
