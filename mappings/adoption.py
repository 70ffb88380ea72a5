"""Who is who on the first day: which contact is which person, and whether a workspace's ids are ours at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.deciding import CREATE, LINK
from mappings.model import Person, Record, Undecided

# Fewer known external_ids than this, and the workspace was filled from somewhere else.
KNOWN_SHARE = 0.9


MATCH_EMAIL = "match.email"
"""In ``Desired.beside``: whether a contact with the person's e-mail and no external_id is surely this person."""
ANOTHER = "Intercom has this e-mail under another external_id"
SHARED = "another user of the product has this e-mail and gets a contact with it"
TO_BE_MADE = "("
"""How the id of a contact begins that is not there yet."""
UNSURE = "Intercom has a contact with this e-mail and no external_id, which is not surely this person"


@dataclass(frozen=True, slots=True)
class Contact:
    """What matching needs of an Intercom contact. ``role``: user or lead. ``seen_at``: unix seconds."""

    id: str
    role: str
    external_id: str = ""
    email: str = ""
    seen_at: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """``how``: e-mail or lead, for ``contact``; conflict, with what a person is ``asked``; or nothing."""

    how: str = ""
    contact: Contact | None = None
    asked: Undecided | None = None


def contact_of(record: Record) -> Contact:
    """``{"id", "role", "external_id", "email"}`` of a contact in Intercom's JSON; e-mails are compared case-folded."""
    data = record.data or {}
    fields = (str(data.get(name) or "") for name in ("id", "role", "external_id", "email"))
    id, role, external_id, email = fields
    return Contact(id, role, external_id, email.casefold(), int(data.get("last_seen_at") or 0))


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
        free = [contact for contact in users if not contact.external_id] if surely else []
        best = min(free, key=lambda contact: (-contact.seen_at, contact.id), default=None)
        reason = UNSURE if len(users) == 1 and not users[0].external_id else ANOTHER
        return Match("conflict", asked=conflict(reason, [contact.id for contact in users], best.id if best else ""))
    if len(same_email) == 1 and surely:
        return Match("lead", same_email[0])
    return Match()


def conflict(reason: str, candidates: Sequence[str], best: str = "") -> Undecided:
    """What a person is asked about contacts with a person's e-mail: to take one of them, ``best`` where that is likely,
    or to leave them to others and make one for the person. Only a person gives a contact another external_id."""
    ids = sorted(id for id in candidates if not id.startswith(TO_BE_MADE))
    told = f"{reason}: {', '.join(ids)}" if ids else SHARED if candidates else reason
    if best:
        return Undecided(told, f"take {best}, seen last; or `{CREATE}` one of its own", f"{LINK} {best}", True)
    either = f"; or `{LINK} {ids[0]}`, which gives that one our external_id" if ids else ""
    return Undecided(told, f"make a contact of its own{either}", CREATE, True)


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
