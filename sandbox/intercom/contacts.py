"""Contacts: create, update, read, list; who counts as the same person.

Source: Intercom "Contacts" (the contact model, create, update, get, get by external id, list).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.intercom import attributes
from sandbox.intercom.contact_view import show
from sandbox.intercom.errors import ApiError, invalid, missing, user_not_found
from sandbox.intercom.fields import CONTACT, checked
from sandbox.intercom.paging import MAX_PER_PAGE, cursor_page, number_param
from sandbox.intercom.search import before_change
from sandbox.intercom.space import Call, Contact, Workspace

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NOT_STANDARD = {"role", "custom_attributes"}


def find(space: Workspace, call: Call) -> Contact:
    """The contact named in the path."""
    return by_id(space, call.path["contact_id"], call.version)


def by_id(space: Workspace, contact_id: str, version: str) -> Contact:
    """A living contact by Intercom id.

    Raises ApiError 404, for archived ones too; from version 2.16 a merged one answers 410 with the canonical Link.
    """
    contact = space.contacts.get(contact_id)
    if contact is None:
        raise user_not_found()
    if contact.merged_into and version == "2.16":
        link = {"Link": f'</contacts/{contact.merged_into}>; rel="canonical"'}
        raise ApiError(410, "contact_merged", "Contact has been merged into another contact", link)
    if not contact.visible:
        raise user_not_found()
    return contact


def get(space: Workspace, call: Call) -> dict[str, Any]:
    return show(space, find(space, call))


def get_by_external_id(space: Workspace, call: Call) -> dict[str, Any]:
    """Users only, never leads; not subject to the search lag."""
    contact = space.users.get(call.path["external_id"])
    if contact is None or not contact.visible:
        raise user_not_found()
    return show(space, contact)


def list_all(space: Workspace, call: Call) -> dict[str, Any]:
    """Archived and merged contacts are left out."""
    per_page = number_param(call.query, "per_page", 50, MAX_PER_PAGE)
    rows = [contact for contact in space.order if contact.visible]
    return cursor_page(rows, per_page, call.query.get("starting_after"), lambda row: show(space, row))


def create(space: Workspace, call: Call) -> dict[str, Any]:
    """``external_id`` is unique among users (409 names the holder's id); an email may be shared."""
    body = _body(call)
    if not body.keys() & {"email", "external_id", "role"}:
        raise missing("email, external_id or role")
    role = body.get("role", "user")
    if role == "user":
        _check_free(space, body.get("external_id"), None)
    values = attributes.checked_values(space, "contact", body.get("custom_attributes"))
    now = space.world.now
    contact = Contact(
        number=len(space.order) + 1,
        id=space.object_id(),
        role=role,
        created_at=now,
        updated_at=now,
        fields=_standard(body),
        fresh_at=now + space.search_lag,
    )
    attributes.apply_values(contact.custom, values)
    space.order.append(contact)
    space.contacts[contact.id] = contact
    index(space, contact)
    call.did("contact.created", contact.id)
    return show(space, contact)


def update(space: Workspace, call: Call) -> dict[str, Any]:
    """Only the fields sent change. A lead can become a user, a user never a lead."""
    contact = find(space, call)
    body = _body(call)
    role = body.get("role", contact.role)
    fields = contact.fields | _standard(body)
    if contact.role == "user" and role == "lead":
        raise ApiError(400, "client_error", "A user cannot become a lead")
    if role == "user":
        _check_free(space, fields.get("external_id"), contact)
    if role != contact.role and not (fields.get("external_id") or fields.get("email")):
        raise missing("email or external_id")
    values = attributes.checked_values(space, "contact", body.get("custom_attributes"))
    before_change(space, contact)
    changed = attributes.apply_values(contact.custom, values) or (role, fields) != (contact.role, contact.fields)
    if changed:
        unindex(space, contact)
        contact.role, contact.fields, contact.updated_at = role, fields, space.world.now
        index(space, contact)
        call.did("contact.updated", contact.id)
    return show(space, contact)


def index(space: Workspace, contact: Contact) -> None:
    if contact.role == "user" and contact.external_id:
        space.users[contact.external_id] = contact


def unindex(space: Workspace, contact: Contact) -> None:
    if contact.external_id and space.users.get(contact.external_id) is contact:
        del space.users[contact.external_id]


def _body(call: Call) -> dict[str, Any]:
    body = checked(call.body, CONTACT)
    if body.get("role", "user") not in ("user", "lead"):
        raise invalid("role must be user or lead")
    if "email" in body and not _EMAIL.fullmatch(body["email"]):
        raise invalid("email is invalid")
    if body.get("external_id") == "":
        raise invalid("external_id is blank")
    return body


def _standard(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _NOT_STANDARD}


def _check_free(space: Workspace, external_id: str | None, me: Contact | None) -> None:
    holder = space.users.get(external_id) if external_id else None
    if holder is None or holder is me:
        return
    article = "An archived" if holder.archived else "A"
    raise ApiError(409, "conflict", f"{article} contact matching those details already exists with id={holder.id}")
