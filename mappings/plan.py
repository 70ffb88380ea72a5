"""Desired - Link -> the next Step, and what a Step would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mappings.brake import REMOVALS, guarded
from mappings.model import Desired, Held, Later, Link, Operation, Scalar, Step, Subject, Value, fingerprint


def next_step(desired: Desired, link: Link, salt: str = "") -> Step | None:
    """The first thing to send, or None when the target holds what it should.

    Order: create, changed values, members to add, members to take off, occurrences. ``salt`` (the run) keeps
    the keys of updates apart from those of a state that was lost or restored since; create keys hold only what cannot
    change.
    """
    if desired.problem:
        return None
    if link.contested:
        desired = _without(desired, link.contested)
    if not link.external_id and not desired.occurrences:
        return _create(desired, link) if desired.create else None
    return _update(desired, link, salt) or _members(desired, link, salt) or _occurrence(desired, link)


def _create(desired: Desired, link: Link) -> Step:
    born = desired.born_with
    values = {name: value for name, value in desired.values.items() if born is None or name in born}
    if born is None and not desired.whole:
        values = {name: value for name, value in values.items() if value not in (None, "")}
    key = f"{desired.target}:{desired.subject}:create:{link.attempt}"
    step = _step(desired, link, "create", key, values={**values, **desired.beside}, lowers=desired.lowers)
    counted = frozenset(values) if desired.once else desired.guarded & values.keys()
    return replace(step, brake=desired.creates, guarded=counted, whole=True)


def _update(desired: Desired, link: Link, salt: str) -> Step | None:
    if desired.once or desired.occurrences:
        return None
    moved = {n: v for n, v in desired.values.items() if differs(v, link.values.get(n))}
    if not moved:
        return None
    values = desired.values if desired.whole else moved
    step = _step(
        desired, link, "update", _key(desired, link, salt), values={**values, **desired.beside}, lowers=desired.lowers
    )
    counted = guarded(desired, link, moved)
    return replace(step, brake=desired.brake, guarded=counted, whole=desired.whole) if counted else step


def _members(desired: Desired, link: Link, salt: str) -> Step | None:
    for name in sorted(desired.sets):
        wanted, held = desired.sets[name], frozenset(link.sets.get(name, ()))
        operations: tuple[tuple[Operation, frozenset[str]], ...] = (
            ("add", wanted - held),
            ("remove", held - wanted - desired.keep),
        )
        for operation, members in operations:
            for member in sorted(members):
                key = _key(desired, link, salt)
                maker = desired.ids.get(name)
                values: dict[str, Value] = {"member_id": Later(maker, Subject(f"account:{member}"))} if maker else {}
                step = _step(
                    desired, link, operation, key, values=values, member=(name, member), lowers=operation == "remove"
                )
                if operation == "add":
                    return replace(step, why=desired.because.get(member, step.why))
                replaced = bool(maker and wanted)
                return replace(step, brake="" if replaced or member in desired.free else REMOVALS)
    return None


def _occurrence(desired: Desired, link: Link) -> Step | None:
    for occurrence in desired.occurrences:
        if occurrence.key not in link.sent:
            key = f"{desired.target}:{desired.subject}:{occurrence.key}"
            return replace(_step(desired, link, "send", key, values=desired.beside), occurrence=occurrence)
    return None


def leave_out(desired: Desired, step: Step) -> Desired:
    """``desired`` without the member that ``step`` would add or take off, or the fields that it counts for: the others
    go on."""
    name, member = step.member
    if not name:
        return _without(desired, step.guarded)
    if step.operation == "remove":
        return replace(desired, keep=desired.keep | {member})
    return replace(desired, sets={**desired.sets, name: desired.sets[name] - {member}})


def _without(desired: Desired, fields: frozenset[str]) -> Desired:
    left = {name: value for name, value in desired.values.items() if name not in fields}
    return replace(desired, values=left, lowers=desired.lowers and not desired.guarded & fields)


def _key(desired: Desired, link: Link, salt: str) -> str:
    return f"{salt}:{desired.target}:{desired.subject}:{link.sequence}"


def _step(
    desired: Desired,
    link: Link,
    operation: Operation,
    key: str,
    values: Mapping[str, Value] | None = None,
    member: tuple[str, str] = ("", ""),
    lowers: bool = False,
) -> Step:
    return Step(
        desired.target, desired.subject, operation, _header(key), link.external_id, values or {}, member, None, lowers,
        desired.why,
    )  # fmt: skip


def _header(key: str) -> str:
    """A key as an HTTP header can carry it: ASCII, at most 255 characters; any other key by its fingerprint."""
    return key if key.isascii() and len(key) <= 255 else fingerprint(key)


def version_of(desired: Desired) -> str:
    """Moves when what should be held moves: a parked Link is tried again then."""
    sets = {name: sorted(members) for name, members in desired.sets.items()}
    return fingerprint([desired.values, sets, [o.key for o in desired.occurrences], desired.problem])


def differs(wanted: Value, held: object) -> bool:
    """None, an empty text and a missing value are the same nothing; numbers compare by value."""
    if wanted in (None, "") and held in (None, ""):
        return False
    return wanted != held


def fold(link: Link, step: Step, held: Held | None = None) -> Link:
    """The Link after a step: as expected, or with the id that the target answered."""
    values, sets, sent = dict(link.values), dict(link.sets), dict(link.sent)
    if step.operation in ("create", "update"):
        values.update(scalars(step.values))
    elif step.operation in ("add", "remove"):
        name, member = step.member
        members = set(sets.get(name, ())) - {member}
        sets[name] = tuple(sorted(members | ({member} if step.operation == "add" else set())))
    elif step.occurrence:
        sent[step.occurrence.key] = step.occurrence.at
    return replace(
        link,
        external_id=(held.external_id if held else "") or link.external_id or f"({step.target} {step.subject})",
        values=values,
        sets=sets,
        sent=sent,
        state="pending" if held and held.pending else "ok",
        sequence=link.sequence + 1,
        pending_key="",
        pending_body=None,
        pending_since=None,
        parked_for="",
    )


def scalars(values: Mapping[str, Value]) -> dict[str, Scalar]:
    """The values that a Link can hold."""
    return {name: value for name, value in values.items() if value is None or isinstance(value, str | int | float)}
