"""Tags: the list, create or rename, tagging in bulk, and the tags of one contact.

Source: Intercom "Tags" (list, find, create or update, tag companies, tag users, delete, tag and untag a contact).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.intercom import contacts
from sandbox.intercom.errors import ApiError, company_not_found, invalid, resource_not_found
from sandbox.intercom.fields import REFERENCE, checked
from sandbox.intercom.search import before_change
from sandbox.intercom.space import Call, Company, Contact, Tag, Workspace


def list_all(space: Workspace, call: Call) -> dict[str, Any]:
    return {"type": "list", "data": [show(tag) for tag in space.tags.values()]}


def get(space: Workspace, call: Call) -> dict[str, Any]:
    return show(_by_id(space, call.path["tag_id"]))


def post(space: Workspace, call: Call) -> dict[str, Any]:
    """Create or return by name (case does not matter), rename by id, or tag companies or users by name."""
    keys = set(call.body)
    name = call.body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid("invalid tag parameters")
    if keys == {"name"}:
        return show(_by_name(space, call, name))
    if keys == {"name", "id"}:
        return show(_rename(space, call, name))
    if keys == {"name", "companies"}:
        return show(_tag_companies(space, call, name))
    if keys == {"name", "users"}:
        return show(_tag_users(space, call, name))
    raise invalid("invalid tag parameters")


def delete(space: Workspace, call: Call) -> None:
    """Refused while a segment depends on the tag; otherwise it comes off everything."""
    tag = _by_id(space, call.path["tag_id"])
    if tag.segment:
        message = f"Unable to delete Tag with dependent objects. Segments: {tag.segment}."
        raise ApiError(400, "tag_has_dependent_objects", message)
    del space.tags[tag.id]
    holders: list[Contact | Company] = [*space.contacts.values(), *space.companies.values()]
    for holder in holders:
        holder.tags.pop(tag.id, None)
    call.did("tag.deleted", tag.id)


def list_of_contact(space: Workspace, call: Call) -> dict[str, Any]:
    """All tags of a contact, beyond the ten embedded in it."""
    contact = contacts.find(space, call)
    return {"type": "list", "data": [_applied(space.tags[id_], at) for id_, at in contact.tags.items()]}


def attach(space: Workspace, call: Call) -> dict[str, Any]:
    """By tag id; attaching again changes nothing. 404 says "User" for the contact and "Resource" for the tag."""
    contact = contacts.find(space, call)
    tag = _by_id(space, str(checked(call.body, REFERENCE).get("id", "")))
    if _add(space, contact, tag):
        call.did("contact.tagged", contact.id)
    return _applied(tag, contact.tags[tag.id])


def detach(space: Workspace, call: Call) -> dict[str, Any]:
    """404 "Resource Not Found" when the contact does not wear the tag."""
    contact = contacts.find(space, call)
    tag = _by_id(space, call.path["tag_id"])
    if tag.id not in contact.tags:
        raise resource_not_found()
    before_change(space, contact)
    applied_at = contact.tags.pop(tag.id)
    call.did("contact.untagged", contact.id)
    return _applied(tag, applied_at)


def show(tag: Tag) -> dict[str, Any]:
    return {"type": "tag", "id": tag.id, "name": tag.name}


def _applied(tag: Tag, at: int) -> dict[str, Any]:
    return show(tag) | {"applied_at": at, "applied_by": {"type": "admin", "id": "1"}}


def _by_id(space: Workspace, tag_id: str) -> Tag:
    if tag_id not in space.tags:
        raise resource_not_found()
    return space.tags[tag_id]


def _named(space: Workspace, name: str) -> Tag | None:
    return next((tag for tag in space.tags.values() if tag.name.casefold() == name.strip().casefold()), None)


def _by_name(space: Workspace, call: Call, name: str) -> Tag:
    tag = _named(space, name)
    if tag is None:
        tag = Tag(str(space.number()), name.strip())
        space.tags[tag.id] = tag
        call.did("tag.created", tag.id)
    return tag


def _rename(space: Workspace, call: Call, name: str) -> Tag:
    tag = _by_id(space, str(call.body["id"]))
    if _named(space, name) not in (None, tag):
        raise invalid("A tag with this name already exists")
    if tag.name != name.strip():
        tag.name = name.strip()
        call.did("tag.renamed", tag.id)
    return tag


def _tag_companies(space: Workspace, call: Call, name: str) -> Tag:
    """Items name a company by ``id`` or ``company_id``; ``untag: true`` takes the tag off."""
    items = _items(call.body["companies"], {"id", "company_id", "untag"})
    rows = [(_company(space, item), item.get("untag") is True) for item in items]
    tag = _by_name(space, call, name)
    for company, untag in rows:
        if untag == (tag.id in company.tags):
            if untag:
                del company.tags[tag.id]
            else:
                company.tags[tag.id] = space.world.now
            call.did("company.untagged" if untag else "company.tagged", company.id)
    return tag


def _tag_users(space: Workspace, call: Call, name: str) -> Tag:
    """Items name a user by Intercom id. There is no bulk untag for users."""
    items = _items(call.body["users"], {"id"})
    people = [contacts.by_id(space, str(item.get("id")), call.version) for item in items]
    tag = _by_name(space, call, name)
    for contact in people:
        if _add(space, contact, tag):
            call.did("contact.tagged", contact.id)
    return tag


def _items(items: Any, allowed: set[str]) -> list[Mapping[str, Any]]:
    if not isinstance(items, list) or not all(isinstance(item, dict) and set(item) <= allowed for item in items):
        raise invalid("invalid tag parameters")
    return items


def _company(space: Workspace, item: Mapping[str, Any]) -> Company:
    company = space.companies.get(item.get("id", "")) or space.company_ids.get(item.get("company_id", ""))
    if company is None:
        raise company_not_found()
    return company


def _add(space: Workspace, contact: Contact, tag: Tag) -> bool:
    if tag.id in contact.tags:
        return False
    before_change(space, contact)
    contact.tags[tag.id] = space.world.now
    return True
