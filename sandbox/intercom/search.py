"""Contact search: which filters are accepted, how they match, and how late the index is.

Source: Intercom "Search contacts" (accepted fields and operators, nesting and limitations, searching for timestamp
fields, contact creation delay).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from sandbox.intercom import attributes
from sandbox.intercom.contact_view import show
from sandbox.intercom.errors import invalid, missing
from sandbox.intercom.fields import PAGINATION, SEARCH, checked, is_kind
from sandbox.intercom.paging import MAX_PER_PAGE, cursor_page, in_range
from sandbox.intercom.space import Call, Contact, Document, Workspace

Match = Callable[[Document], bool]

OPERATORS = {
    "string": {"=", "!=", "IN", "NIN", "~", "!~", "^", "$"},
    "integer": {"=", "!=", "IN", "NIN", "<", ">", "<=", ">="},
    "float": {"=", "!=", "IN", "NIN", "<", ">", "<=", ">="},
    "boolean": {"=", "!=", "IN", "NIN"},
    "date": {"=", "<", ">"},
    "tag_id": {"=", "!="},
}
STANDARD = {
    **dict.fromkeys(("id", "role", "name", "avatar", "email", "email_domain", "phone", "external_id"), "string"),
    **dict.fromkeys(("language_override", "browser", "browser_language", "os", "segment_id"), "string"),
    **dict.fromkeys(("created_at", "updated_at", "signed_up_at", "last_seen_at", "last_contacted_at"), "date"),
    **dict.fromkeys(("last_replied_at", "last_email_opened_at", "last_email_clicked_at"), "date"),
    **dict.fromkeys(("unsubscribed_from_emails", "marked_email_as_spam", "has_hard_bounced"), "boolean"),
    "owner_id": "integer",
    "tag_id": "tag_id",
}
MAX_DEPTH = 2
MAX_FILTERS = 15
_CUSTOM = "custom_attributes."
_UNSAID = dict.fromkeys(("unsubscribed_from_emails", "marked_email_as_spam", "has_hard_bounced"), False)
_VALUE_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "tag_id": (str,),
    "integer": (int,),
    "float": (int, float),
    "boolean": (bool,),
}


def search(space: Workspace, call: Call) -> dict[str, Any]:
    """Archived and merged contacts never match, whatever the index still holds of them."""
    body = checked(call.body, SEARCH)
    if "query" not in body:
        raise missing("query")
    paging = checked(body.get("pagination") or {}, PAGINATION)
    per_page = in_range(paging.get("per_page", 50), "per_page", MAX_PER_PAGE)
    matches = _compile(space, body["query"], 0)
    rows = [row for row in space.order if row.visible and (seen := _indexed(space, row)) and matches(seen)]
    return cursor_page(rows, per_page, paging.get("starting_after"), lambda row: show(space, row))


def before_change(space: Workspace, contact: Contact) -> None:
    """Keep what the index shows of a contact that is about to change, until the lag has passed."""
    if not space.search_lag:
        return
    if space.world.now >= contact.fresh_at:
        contact.stale = _kept(contact)
    contact.fresh_at = space.world.now + space.search_lag


def _indexed(space: Workspace, contact: Contact) -> Document | None:
    """A document is made field by field, as a query asks: most contacts differ in the first."""
    return partial(_value, contact) if space.world.now >= contact.fresh_at else contact.stale


def _kept(contact: Contact) -> Document:
    """As it is now, whatever becomes of the contact."""
    custom = (_CUSTOM + name for name in contact.custom)
    return {name: _value(contact, name) for name in (*STANDARD, *custom)}.get


def _value(contact: Contact, name: str) -> Any:
    if name.startswith(_CUSTOM):
        return contact.custom.get(name.removeprefix(_CUSTOM))
    if name == "tag_id":
        return frozenset(contact.tags)
    if name == "email_domain":
        return str(contact.fields.get("email") or "").rpartition("@")[2] or None
    if name in ("id", "role", "created_at", "updated_at"):
        return getattr(contact, name)
    return contact.fields.get(name, _UNSAID.get(name))


def _compile(space: Workspace, query: Any, depth: int) -> Match:
    """A test for one filter, or for a group of at most 15 filters nested at most twice."""
    if not isinstance(query, dict):
        raise invalid("a filter must be an object")
    if query.get("operator") not in ("AND", "OR"):
        return _filter(space, query)
    parts = query.get("value")
    if depth >= MAX_DEPTH or set(query) != {"operator", "value"}:
        raise invalid(f"at most {MAX_DEPTH} levels of AND and OR groups are supported")
    if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_FILTERS:
        raise invalid(f"a group holds 1 to {MAX_FILTERS} filters")
    tests = [_compile(space, part, depth + 1) for part in parts]
    if query["operator"] == "AND":
        return lambda seen: all(test(seen) for test in tests)
    return lambda seen: any(test(seen) for test in tests)


def _filter(space: Workspace, query: dict[str, Any]) -> Match:
    if set(query) != {"field", "operator", "value"}:
        raise invalid("a filter needs field, operator and value")
    field, operator, value = query["field"], query["operator"], query["value"]
    kind = _kind(space, field)
    if operator not in OPERATORS[kind]:
        raise invalid(f"operator {operator} is not supported on {kind} field '{field}'")
    if kind == "date":
        return _day_filter(space, field, operator, value)
    _check_value(kind, field, operator, value)
    if kind == "tag_id":
        return lambda seen: (value in seen("tag_id")) == (operator == "=")
    fold = field == "email"
    wanted = _fold(value) if fold else value
    return lambda seen: _compare(operator, _fold(seen(field)) if fold else seen(field), wanted)


def _kind(space: Workspace, field: Any) -> str:
    if isinstance(field, str) and field.startswith(_CUSTOM):
        row = attributes.declared(space, "contact", field.removeprefix(_CUSTOM))
        if row:
            return row.data_type
    elif field in STANDARD:
        return STANDARD[field]
    raise invalid(f"'{field}' is not a searchable field")


def _check_value(kind: str, field: str, operator: str, value: Any) -> None:
    """IN and NIN take a list; null asks for an empty field with = and !=."""
    kinds = _VALUE_KINDS[kind]
    if operator in ("IN", "NIN"):
        fits = isinstance(value, list) and all(is_kind(item, kinds) for item in value)
    else:
        fits = is_kind(value, kinds) or (value is None and operator in ("=", "!="))
    if not fits:
        raise invalid(f"the value for '{field}' has the wrong type")


def _compare(operator: str, held: Any, wanted: Any) -> bool:
    if operator in ("=", "!="):
        return bool((held == wanted) == (operator == "="))
    if operator in ("IN", "NIN"):
        return (held in wanted) == (operator == "IN")
    if held is None:
        return operator == "!~"
    comparisons: dict[str, Callable[[], bool]] = {
        "<": lambda: held < wanted,
        ">": lambda: held > wanted,
        "<=": lambda: held <= wanted,
        ">=": lambda: held >= wanted,
        "~": lambda: wanted in held,
        "!~": lambda: wanted not in held,
        "^": lambda: held.startswith(wanted),
        "$": lambda: held.endswith(wanted),
    }
    return comparisons[operator]()


def _day_filter(space: Workspace, field: str, operator: str, value: Any) -> Match:
    """Dates match by calendar day in the workspace's zone: ``>`` starts with the next, ``<`` ends before the day."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not is_kind(value, (int,)):
        raise invalid(f"the value for '{field}' must be a unix timestamp")
    wanted = _day(space, value)

    def test(seen: Document) -> bool:
        held = seen(field)
        return held is not None and _compare(operator, _day(space, held), wanted)

    return test


def _day(space: Workspace, seconds: int) -> date:
    """The day of an instant; one past the calendar's end (milliseconds) counts as its last day."""
    try:
        return datetime.fromtimestamp(seconds, space.zone).date()
    except (ValueError, OverflowError, OSError):
        return date.max if seconds > 0 else date.min


def _fold(value: Any) -> Any:
    """E-mail addresses are compared without regard to case."""
    if isinstance(value, list):
        return [item.casefold() for item in value]
    return value.casefold() if isinstance(value, str) else value
