"""The ends of a contact: archive, unarchive, permanent deletion, and merging a lead into a user.

Source: Intercom "Contacts" (archive, unarchive, delete, merge).
"""

from __future__ import annotations

from typing import Any

from sandbox.intercom import contacts
from sandbox.intercom.contact_view import reference, show
from sandbox.intercom.errors import ApiError, missing, user_not_found
from sandbox.intercom.fields import MERGE, checked
from sandbox.intercom.search import before_change
from sandbox.intercom.space import Call, Contact, Workspace


def archive(space: Workspace, call: Call) -> dict[str, Any]:
    """The contact vanishes from get, list and search but keeps its ``external_id``."""
    return _archive(space, call, archived=True)


def unarchive(space: Workspace, call: Call) -> dict[str, Any]:
    return _archive(space, call, archived=False)


def delete(space: Workspace, call: Call) -> dict[str, Any]:
    """Permanent, for archived contacts too; the ``external_id`` is free again."""
    contact = _existing(space, call)
    contact.deleted = True
    del space.contacts[contact.id]
    _leave_companies(space, contact)
    contacts.unindex(space, contact)
    space.events.pop(contact.id, None)
    call.did("contact.deleted", contact.id)
    return reference(contact, deleted=True)


def merge(space: Workspace, call: Call) -> dict[str, Any]:
    """A lead into a user only. What the user lacks is copied; the lead's id is gone."""
    body = checked(call.body, MERGE)
    for name in MERGE:
        if name not in body:
            raise missing(name)
    lead = contacts.by_id(space, body["from"], call.version)
    user = contacts.by_id(space, body["into"], call.version)
    if (lead.role, user.role) != ("lead", "user"):
        raise ApiError(400, "invalid_merge", "Only a lead can be merged, and only into a user")
    before_change(space, user)
    _copy_missing(lead, user)
    for company_id in lead.companies:
        space.companies[company_id].people.setdefault(user.id, space.world.now)
    _leave_companies(space, lead)
    space.events[user.id] += space.events.pop(lead.id, [])
    lead.merged_into = user.id
    user.updated_at = space.world.now
    call.did("contact.merged", user.id)
    return show(space, user)


def _existing(space: Workspace, call: Call) -> Contact:
    """The contact of the path, archived or not."""
    contact = space.contacts.get(call.path["contact_id"])
    if contact is None or contact.merged_into:
        raise user_not_found()
    return contact


def _archive(space: Workspace, call: Call, archived: bool) -> dict[str, Any]:
    contact = _existing(space, call)
    if contact.archived != archived:
        contact.archived, contact.updated_at = archived, space.world.now
        call.did("contact.archived" if archived else "contact.unarchived", contact.id)
    return reference(contact, archived=archived)


def _copy_missing(lead: Contact, user: Contact) -> None:
    extra = {name: value for name, value in lead.fields.items() if name != "external_id"}
    user.fields = extra | {name: value for name, value in user.fields.items() if value is not None}
    user.custom = lead.custom | user.custom
    user.tags = lead.tags | user.tags
    user.companies = lead.companies | user.companies


def _leave_companies(space: Workspace, contact: Contact) -> None:
    for company_id in contact.companies:
        space.companies[company_id].people.pop(contact.id)
    contact.companies = {}
