"""Stripe's form encoding: ``items[0][price]=x&expand[]=y`` to nested dicts (lists stay dicts keyed by position)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]

_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> Json:
    """Raises ValueError when a name is used both as a value and as a container, or brackets do not match."""
    decoded: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="strict"):
        _put(decoded, _parts(name), value)
    return decoded


def _parts(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    parts = _PART.findall(bracket + rest)
    if "".join(f"[{part}]" for part in parts) != bracket + rest:
        raise ValueError(f"Invalid parameter name: {name}")
    return [head, *parts]


def _put(into: Json, parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        into = into.setdefault(part or str(len(into)), {})
        if not isinstance(into, dict):
            raise ValueError(f"Invalid parameter: {parts[0]} is both a value and a hash")
    last = parts[-1] or str(len(into))
    if isinstance(into.get(last), dict):
        raise ValueError(f"Invalid parameter: {parts[0]} is both a value and a hash")
    into[last] = value
