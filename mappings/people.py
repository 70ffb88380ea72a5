"""Who counts first among an account's people: whom billing concerns, and where a person is at home."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.model import Person


def billing_contact(people: Iterable[Person]) -> Person | None:
    """Role billing, else the earliest owner, else the earliest person; only people whose row can be used."""
    usable = sorted((p for p in people if not p.problem and not p.erased), key=seniority)
    for role in ("billing", "owner"):
        for person in usable:
            if person.role == role:
                return person
    return usable[0] if usable else None


def seniority(person: Person) -> tuple[int, str, str]:
    """The order in which people and memberships count: by joined_at (unknown last), then ids."""
    return (person.joined_at if person.joined_at is not None else 1 << 62, person.account_id, person.user_id)


def home(memberships: Iterable[Person]) -> Person:
    """The membership that plans this person's contact: owner or billing before member, the earliest first."""
    return min(memberships, key=lambda person: (not person.bills, *seniority(person)))


def contact_id(person: Person) -> str:
    """The external_id of a person's contact: the user id, unless the product says that Intercom knows another."""
    return person.intercom_external_id or person.user_id
