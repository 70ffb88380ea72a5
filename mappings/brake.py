"""What a step counts against in 24 hours, and how a step that was held is known again."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.model import Desired, Link, Step, Value, fingerprint

REMOVALS, INFERRED, CHANGES, CREATES, DELETIONS = "removals", "inferred", "changes", "creates", "instance_deletions"
NAMES = "names"
"""What is held because a name that it needs was deleted; it counts against nothing."""
CONTESTED = "contested"
"""A field that is held because others keep overwriting it; it counts against nothing either."""
FIELD = "field:"
"""What of a Link a contested field is, and the subject of its line of todo: this and its name."""
SAYS = {
    REMOVALS: "removals",
    INFERRED: "removals that a sweep or a new configuration asks for",
    CHANGES: "changes of e-mail, name or role",
    CREATES: "creates",
    DELETIONS: "instance deletions",
}
"""Kind -> what is counted, in the words of a report."""
KINDS = (REMOVALS, INFERRED, CHANGES, CREATES)
"""What a person approves; deletions go on by themselves."""


def guarded(desired: Desired, link: Link, moved: Iterable[str]) -> frozenset[str]:
    """Those of the ``moved`` fields that count. A first value where there was none is no change."""
    touched = desired.guarded & set(moved)
    if desired.brake != CHANGES:
        return touched if desired.brake else frozenset()
    return frozenset(name for name in touched if link.values.get(name) not in (None, ""))


def what_of(step: Step) -> str:
    """What of its subject a step changes: there is one hold for each. ``create``, ``update``, ``tags sub:active``."""
    return " ".join(step.member) if step.member[0] else step.operation


def mark_of(step: Step) -> str:
    """Equal for the same step later, whatever else has moved meanwhile: only the fields that count are compared."""
    values = {name: _plain(value) for name, value in step.values.items() if name in step.guarded}
    return fingerprint([step.operation, step.member, values])


def told(step: Step) -> str:
    """For a list of what is held; names no value that could be personal."""
    if step.member[0]:
        return f"{'take off' if step.operation == 'remove' else 'add'} {' '.join(step.member)}"
    fields = sorted(name.removeprefix("custom.") for name in step.guarded)
    if step.operation != "update":
        return step.operation
    return ", ".join(f"{n} {step.values[n]}" if n in ("access", "desired") else n for n in fields)


def _plain(value: Value) -> object:
    """An id that is known only later is no part of it."""
    return value if value is None or isinstance(value, str | int | float | dict) else ""
