"""What is written down of a step before it is sent, and what of it a later read shows to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.model import Desired, Held, JSONObject, Link, Operation, Step, Value
from mappings.plan import differs

_SIGNS: Mapping[str, Operation] = {"+": "add", "-": "remove"}
WHY = "sent before, its answer was lost"


def body_of(step: Step, values: Mapping[str, Value]) -> JSONObject:
    """The values; of a member also ``+tags`` or ``-tags`` with its name."""
    name, member = step.member
    signed = {f"{sign}{name}": member for sign, operation in _SIGNS.items() if operation == step.operation}
    return {**values, **signed}


def done(link: Link, held: Held, desired: Desired) -> Step | None:
    """The step that was under way, as it was sent; None where nothing was, or where ``held``, as just read, does not
    show it."""
    if not link.pending_key:
        return None
    body = dict(link.pending_body or {})
    for name, member in body.items():
        if operation := _SIGNS.get(name[:1]):
            there = member in held.sets.get(name[1:], ())
            unread = name[1:] in desired.ids and operation == "remove"
            return None if unread or there != (operation == "add") else _sent(link, operation, {}, (name[1:], member))
    if not link.external_id:
        return _sent(link, "create", body)
    moved = body.keys() & held.values.keys()
    if not moved or any(differs(body[name], held.values[name]) for name in moved):
        return None
    return _sent(link, "update", body)


def _sent(link: Link, operation: Operation, values: Mapping[str, Any], member: tuple[str, str] = ("", "")) -> Step:
    return Step(link.target, link.subject, operation, link.pending_key, link.external_id, values, member, why=WHY)
