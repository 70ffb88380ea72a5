"""What is written down of a step before it is sent, and what a later read shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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


def concerned(link: Link, held: Held) -> Held:
    """What was read for a step whose answer was lost. Its own member apart, members stay as they were believed: one
    that people have taken off meanwhile is not put on again for that. A Link in doubt, or one that stands for another
    object now, is as it was read."""
    if link.unsure or held.external_id != link.external_id:
        return held
    moving = {(name[1:], member) for name, member in (link.pending_body or {}).items() if name[:1] in _SIGNS}
    sets: dict[str, tuple[str, ...]] = {}
    for name, members in held.sets.items():
        mine = {member for moved, member in moving if moved == name}
        sets[name] = tuple(sorted((mine & set(members)) | (set(link.sets.get(name, ())) - mine)))
    return replace(held, sets=sets)


def _sent(link: Link, operation: Operation, values: Mapping[str, Any], member: tuple[str, str] = ("", "")) -> Step:
    return Step(link.target, link.subject, operation, link.pending_key, link.external_id, values, member, why=WHY)
