"""Lines of todo picked by ``FIELD=VALUE``: texts are compared, nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

FIELDS: Final = ("id", "kind", "subject", "account", "target", "reason", "decision")
Row = Mapping[str, str]


def picking(conditions: Sequence[str]) -> Callable[[Row], bool]:
    """All of ``conditions`` have to hold. ``FIELD=VALUE`` or ``FIELD!=VALUE``; ``*`` stands for any text.
    Raises ValueError with a sentence."""
    tests = [_condition(text) for text in conditions]
    return lambda row: all(bool(pattern.fullmatch(row[field])) == wanted for field, pattern, wanted in tests)


def _condition(text: str) -> tuple[str, re.Pattern[str], bool]:
    name, equals, value = text.partition("=")
    field = name.removesuffix("!").strip()
    if not equals or field not in FIELDS:
        raise ValueError(f"{text} is no filter: write FIELD=VALUE, with a FIELD of {', '.join(FIELDS)}.")
    pattern = ".*".join(map(re.escape, value.split("*")))
    return field, re.compile(pattern, re.DOTALL), not name.endswith("!")
