"""Names and e-mails of those whom lines of todo are about, for a person at a terminal; they are stored nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.intercom.contacts import IntercomContacts
from flows.asking import ask
from flows.house import connect, open_store
from flows.settings import Settings
from mappings.dashboards import spans
from mappings.deciding import CONTACTS
from mappings.model import AccountId, Customer, Fact, Person, Ref
from mappings.people import billing_contact
from state.store import Store, Todo


def people_of(settings: Settings, shown: Sequence[Todo]) -> dict[int, str]:
    """Line -> who it is about: people as the product, customers as Stripe and candidates as Intercom knows them."""
    store = open_store(settings)
    contacts = IntercomContacts(connect(settings).intercom, lambda name: False)
    return {todo.id: "\n".join(filter(None, _who(store, contacts, todo))) for todo in shown}


def _who(store: Store, contacts: IntercomContacts, todo: Todo) -> list[str]:
    kind, _, id = todo.subject.partition(":")
    known = _facts(store, todo, kind, id)
    people = [fact.body for fact in known if isinstance(fact.body, Person)]
    if kind == "person":
        found = [person for person in people if person.user_id == id]
        told = [_named(person.name, person.email) for person in found[:1]]
    else:
        contact = billing_contact(people)
        told = [_named(contact.name, contact.email)] if contact else []
    named = set(spans(f"{id} {todo.reason}"))
    told += [
        f"{body.customer_id}: {_named(body.name, body.email)}"
        for body in (fact.body for fact in known)
        if isinstance(body, Customer) and body.customer_id in named
    ]
    candidates = spans(todo.reason) if todo.target == CONTACTS else []
    return told + [f"{contact}: {_contact(contacts, contact)}" for contact in candidates]


def _facts(store: Store, todo: Todo, kind: str, id: str) -> Sequence[Fact]:
    if kind == "customer":
        return store.root_facts(Ref("stripe", "customer", id))
    account = AccountId(todo.account_id)
    return store.facts([account])[account] if account else ()


def _contact(contacts: IntercomContacts, id: str) -> str:
    found: Mapping[str, object] = ask("Intercom", lambda: contacts.shown(id))
    return _named(str(found.get("name") or ""), str(found.get("email") or "")) if found else "gone"


def _named(name: str, email: str) -> str:
    return f"{name} <{email}>".strip() if email else name or "(no name)"
