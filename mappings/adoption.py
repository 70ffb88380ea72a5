"""Who is who on the first day: which contact is which person, and whether a workspace's ids are ours at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.model import Person, Record

# Fewer known external_ids than this, and the workspace was filled from somewhere else.
KNOWN_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Contact:
    """What matching needs of an Intercom contact. ``role``: user or lead."""

    id: str
    role: str
    external_id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """``how``: e-mail or lead, for ``contact``; conflict, with the ``candidates``; or nothing."""

    how: str = ""
    contact: Contact | None = None
    candidates: tuple[str, ...] = ()


def contact_of(record: Record) -> Contact:
    """``{"id", "role", "external_id", "email"}`` of a contact in Intercom's JSON; e-mails are compared case-folded."""
    data = record.data or {}
    fields = (str(data.get(name) or "") for name in ("id", "role", "external_id", "email"))
    id, role, external_id, email = fields
    return Contact(id, role, external_id, email.casefold())


def match(person: Person, same_email: Sequence[Contact], sharers: int) -> Match:
    """A person whom no contact names by external_id.

    ``same_email``: contacts with the person's e-mail; ``sharers``: users of the product who have it verified. Exactly
    one user without an external_id on each side is taken over; else exactly one lead. A user with that e-mail who is
    not surely this person is a conflict, never a create.
    """
    users = [contact for contact in same_email if contact.role == "user"]
    surely = person.email_verified and sharers == 1
    if len(users) == 1 and not users[0].external_id and surely:
        return Match("e-mail", users[0])
    if users:
        return Match("conflict", candidates=tuple(sorted(contact.id for contact in users)))
    if len(same_email) == 1 and surely:
        return Match("lead", same_email[0])
    return Match()


def strangers(known: int, unknown: int, emails: int) -> str:
    """Why a workspace's external_ids are not the product's user ids, in one sentence; empty when most of them are.

    ``known``: contacts whose external_id is a user id; ``unknown``: users with another, ``emails`` of them an address.
    """
    every = known + unknown
    if not unknown or known >= KNOWN_SHARE * every:
        return ""
    source = "most are e-mail addresses" if emails * 2 > unknown else "they come from another column or product"
    return (
        f"{unknown} of {every} contacts have an external_id that is no user_id of instep_users: {source}. Give "
        "what Intercom knows a user by as user_id, or as the column intercom_external_id of instep_users"
    )
