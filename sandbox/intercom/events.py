"""Data events: accepted, dropped when repeated, listed for 90 days.

Source: Intercom "Data events" (submit, metadata behaviour, event de-duplication, list) and the limit of event names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.intercom.errors import invalid, missing, user_not_found
from sandbox.intercom.fields import EVENT, checked
from sandbox.intercom.paging import number_param
from sandbox.intercom.space import Call, Contact, Event, Workspace

MAX_NAMES = 120
MAX_KEYS = 10
LISTED_DAYS = 90
_OBJECTS = ({"url", "value"}, {"amount", "currency"})


def submit(space: Workspace, call: Call) -> None:
    """202 with an empty body. The same person, name and second again is dropped without a word."""
    body = checked(call.body, EVENT)
    for name in ("event_name", "created_at"):
        if not body.get(name):
            raise missing(name)
    metadata = body.get("metadata") or {}
    _check_metadata(metadata)
    contact = _person(space, body, ("id", "user_id", "email"))
    key = (contact.external_id or contact.id, body["event_name"], body["created_at"])
    if key in space.event_keys:
        return
    _check_room(space, body["event_name"])
    kept = dict(list(metadata.items())[:MAX_KEYS])
    event = Event(space.number(), space.uuid(), body["event_name"], body["created_at"], kept)
    space.events[contact.id].append(event)
    space.event_names.add(event.name)
    space.event_keys.add(key)
    call.did("event.created", event.id)


def list_all(space: Workspace, call: Call) -> dict[str, Any]:
    """One person's events, newest first; with ``summary=true`` their counts by name instead."""
    if call.query.get("type") != "user":
        raise invalid("type must be user")
    query = {"id": call.query.get("intercom_user_id"), **{k: call.query.get(k) for k in ("user_id", "email")}}
    contact = _person(space, {name: value for name, value in query.items() if value}, ("user_id", "id", "email"))
    rows = sorted(space.events[contact.id], key=lambda event: (-event.created_at, -event.number))
    person = {"email": contact.fields.get("email"), "intercom_user_id": contact.id, "user_id": contact.external_id}
    if call.query.get("summary") == "true":
        return {"type": "event.summary", "events": _summary(rows), **person}
    return _listed(space, call, rows, person)


def show(event: Event, person: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "event",
        "id": event.id,
        "event_name": event.name,
        "created_at": event.created_at,
        "metadata": event.metadata,
        **person,
    }


def _person(space: Workspace, body: Mapping[str, Any], order: tuple[str, ...]) -> Contact:
    """Who is meant: ``id`` finds users and leads, ``user_id`` and ``email`` users only. Raises ApiError 400, 404."""
    name = next((name for name in order if body.get(name)), None)
    if name is None:
        raise missing("user_id, id or email")
    value = body[name]
    if name == "id":
        contact = space.contacts.get(value)
    elif name == "user_id":
        contact = space.users.get(value)
    else:
        contact = next((row for row in space.order if _has_email(row, value)), None)
    if contact is None or not contact.visible:
        raise user_not_found()
    return contact


def _has_email(contact: Contact, email: str) -> bool:
    held = str(contact.fields.get("email") or "")
    return contact.visible and contact.role == "user" and held.casefold() == email.casefold()


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    """Flat values, or one of two objects: a rich link (url, value) or an amount of money (amount, currency)."""
    for key, value in metadata.items():
        flat = value is None or isinstance(value, str | int | float)
        rich = isinstance(value, dict) and set(value) in _OBJECTS
        if not (flat or rich):
            raise invalid(f"metadata '{key}' is nested")
        if key.endswith("_date") and not isinstance(value, int):
            raise invalid(f"metadata '{key}' must be a unix timestamp")


def _check_room(space: Workspace, name: str) -> None:
    """120 active event names in a workspace; a new one beyond that is refused."""
    if name not in space.event_names and len(space.event_names) >= MAX_NAMES:
        raise invalid(f"You have reached the limit of {MAX_NAMES} active event names")


def _listed(space: Workspace, call: Call, rows: list[Event], person: Mapping[str, Any]) -> dict[str, Any]:
    per_page = number_param(call.query, "per_page", 50, 150)
    since = space.world.now - LISTED_DAYS * 86400
    before = number_param(call.query, "before", 1, 10**12) if "before" in call.query else None
    rows = [event for event in rows if event.created_at >= since]
    if before is not None:
        rows = rows[next((i + 1 for i, event in enumerate(rows) if event.number == before), len(rows)) :]
    shown = rows[:per_page]
    answer = {"type": "event.list", "events": [show(event, person) for event in shown], **person}
    if len(rows) > per_page:
        path = f"/events?type=user&intercom_user_id={person['intercom_user_id']}"
        answer["pages"] = {"next": f"{path}&per_page={per_page}&before={shown[-1].number}"}
    return answer


def _summary(rows: list[Event]) -> list[dict[str, Any]]:
    groups: dict[str, list[Event]] = {}
    for event in reversed(rows):
        groups.setdefault(event.name, []).append(event)
    return [
        {"name": name, "first": str(group[0].created_at), "last": str(group[-1].created_at), "count": len(group)}
        for name, group in groups.items()
    ]
