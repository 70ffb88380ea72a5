"""Data attributes: what may be declared, and which values the declared ones take.

Source: Intercom "Data attributes" (list, create, update) and "Custom attributes" limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.intercom.errors import ApiError, invalid, missing
from sandbox.intercom.fields import ATTRIBUTE, ATTRIBUTE_UPDATE, NULL, checked, is_kind
from sandbox.intercom.space import Attribute, Call, Workspace

LIMIT = 250
MAX_STRING = 255
TYPES = {"string", "integer", "float", "boolean", "date", "datetime", "options"}
KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str, NULL),
    "integer": (int, NULL),
    "float": (int, float, NULL),
    "boolean": (bool, NULL),
    "date": (int, NULL),
}
STANDARD: Mapping[str, Mapping[str, str]] = {
    "contact": {
        "name": "string",
        "email": "string",
        "phone": "string",
        "external_id": "string",
        "role": "string",
        "owner_id": "integer",
        "unsubscribed_from_emails": "boolean",
        "created_at": "date",
        "updated_at": "date",
        "signed_up_at": "date",
        "last_seen_at": "date",
    },
    "company": {
        "name": "string",
        "company_id": "string",
        "plan": "string",
        "size": "integer",
        "website": "string",
        "industry": "string",
        "monthly_spend": "integer",
        "remote_created_at": "date",
        "created_at": "date",
        "last_request_at": "date",
    },
}
_READ_ONLY = {"created_at", "updated_at", "last_request_at", "company_id"}
# Letters, digits, underscores, spaces, hyphens and currency symbols; no dots, no dollar sign.
_NAME = re.compile(r"[\w \-€£¥¢₹]+")
_PEOPLE = {"contact": "people", "company": "company"}


def list_all(space: Workspace, call: Call) -> dict[str, Any]:
    """Standard and custom attributes; archived ones only with ``include_archived=true``."""
    model = call.query.get("model")
    if model not in (None, "contact", "company", "conversation"):
        raise invalid("model must be contact, company or conversation")
    archived = call.query.get("include_archived") == "true"
    standard = [_standard(kind, name) for kind in STANDARD for name in STANDARD[kind] if model in (None, kind)]
    custom = [
        show(row) for row in space.attributes.values() if model in (None, row.model) and (archived or not row.archived)
    ]
    return {"type": "list", "data": standard + custom}


def create(space: Workspace, call: Call) -> dict[str, Any]:
    body = checked(call.body, ATTRIBUTE)
    if body.get("model") not in STANDARD:
        raise invalid("The Data Attribute model field must be either contact or company")
    if not body.get("name"):
        raise missing("name")
    if body.get("data_type") not in TYPES:
        raise invalid("Data Type isn't an option")
    _check_name(space, body["model"], body["name"])
    _check_room(space)
    row = Attribute(
        id=space.number(),
        model=body["model"],
        name=body["name"],
        data_type={"options": "string", "datetime": "date"}.get(body["data_type"], body["data_type"]),
        created_at=space.world.now,
        updated_at=space.world.now,
        description=body.get("description"),
        options=_options(body.get("options")) if body["data_type"] == "options" else None,
        messenger_writable=body.get("messenger_writable", False),
    )
    space.attributes[row.name] = row
    call.did("attribute.created", str(row.id))
    return show(row)


def update(space: Workspace, call: Call) -> dict[str, Any]:
    """Description, options and archiving. The type is not among the fields: it cannot be changed by API."""
    number = call.path["data_attribute_id"]
    row = next((row for row in space.attributes.values() if str(row.id) == number), None)
    if row is None:
        raise ApiError(404, "field_not_found", "We couldn't find that data attribute to update")
    changes = checked(call.body, ATTRIBUTE_UPDATE)
    if "options" in changes:
        changes["options"] = _options(changes["options"])
    if changes.get("archived") and row.used_by:
        raise ApiError(422, "data_invalid", "The Data Attribute you are trying to archive has a dependant object")
    if row.archived and changes.get("archived") is False:
        _check_room(space)
    moved = {name: value for name, value in changes.items() if getattr(row, name) != value}
    for name, value in moved.items():
        setattr(row, name, value)
    if moved:
        row.updated_at = space.world.now
        call.did("attribute.updated", str(row.id))
    return show(row)


def checked_values(space: Workspace, model: str, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The given custom values. Raises ApiError 400 for an undeclared or archived name and for a value of another type.

    ``null`` clears. A date is any integer: milliseconds are stored as they are and lie in the far future.
    """
    for name, value in (values or {}).items():
        row = declared(space, model, name)
        if row is None:
            raise invalid(f"Custom attribute '{name}' does not exist")
        _check_value(row, value)
    return dict(values or {})


def declared(space: Workspace, model: str, name: str) -> Attribute | None:
    """The active custom attribute of that name, whose case matters."""
    row = space.attributes.get(name)
    return row if row and row.model == model and not row.archived else None


def shown_values(space: Workspace, model: str, custom: Mapping[str, Any]) -> dict[str, Any]:
    """Custom values as an answer holds them: those of archived attributes stay hidden until unarchived."""
    return {name: value for name, value in custom.items() if declared(space, model, name)}


def apply_values(custom: dict[str, Any], values: Mapping[str, Any]) -> bool:
    """Merge ``values`` into ``custom``; null removes. True when something changed."""
    before = dict(custom)
    custom.update(values)
    for name in [name for name, value in custom.items() if value is None]:
        del custom[name]
    return custom != before


def show(row: Attribute) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": row.id,
        "type": "data_attribute",
        "name": row.name,
        "full_name": f"custom_attributes.{row.name}",
        "label": row.name,
        "data_type": row.data_type,
        "api_writable": True,
        "ui_writable": False,
        "messenger_writable": row.messenger_writable,
        "custom": True,
        "archived": row.archived,
        "admin_id": "1",
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "model": row.model,
    }
    optional = {"description": row.description, "options": row.options}
    return answer | {name: value for name, value in optional.items() if value is not None}


def _standard(model: str, name: str) -> dict[str, Any]:
    return {
        "type": "data_attribute",
        "name": name,
        "full_name": name,
        "label": name.replace("_", " ").capitalize(),
        "data_type": STANDARD[model][name],
        "api_writable": name not in _READ_ONLY,
        "ui_writable": False,
        "messenger_writable": False,
        "custom": False,
        "archived": False,
        "model": model,
    }


def _check_name(space: Workspace, model: str, name: str) -> None:
    """A name serves one model only, once, archived or not."""
    if not _NAME.fullmatch(name):
        raise invalid(
            "Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens"
        )
    held = space.attributes.get(name)
    holder = held.model if held else model if name in STANDARD[model] else None
    if holder:
        raise invalid(
            f"You already have '{name}' in your {_PEOPLE[holder]} data. "
            f"To save this as new {_PEOPLE[model]} data, use a different name."
        )


def _check_room(space: Workspace) -> None:
    """250 active custom attributes in a workspace; archived ones do not count."""
    if sum(not row.archived for row in space.attributes.values()) >= LIMIT:
        raise invalid(f"You have reached the limit of {LIMIT} custom data attributes")


def _options(options: Any) -> list[str]:
    if not isinstance(options, list):
        raise invalid("Options isn't an array")
    values = [item.get("value") if isinstance(item, dict) else None for item in options]
    if len(values) < 2 or not all(isinstance(value, str) and value for value in values):
        raise invalid("A list needs two or more options")
    return [str(value) for value in values]


def _check_value(row: Attribute, value: Any) -> None:
    if not is_kind(value, KINDS[row.data_type]):
        raise ApiError(400, "type_mismatch", f"Custom attribute '{row.name}' must be of type {row.data_type}")
    if isinstance(value, str) and len(value) > MAX_STRING:
        raise invalid(f"Custom attribute '{row.name}' is longer than {MAX_STRING} characters")
    if value is not None and row.options is not None and value not in row.options:
        raise invalid(f"Custom attribute '{row.name}' has no such option")
