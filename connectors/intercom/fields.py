"""Flat value names to Intercom's JSON and back: ``custom.x`` is a custom attribute, everything else a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mappings.model import JSONObject, Scalar

CUSTOM = "custom."


def to_json(values: Mapping[str, Any]) -> JSONObject:
    """Only what is given, so that an update leaves the rest alone; None clears."""
    body = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
    custom = {name.removeprefix(CUSTOM): value for name, value in values.items() if name.startswith(CUSTOM)}
    return body | ({"custom_attributes": custom} if custom else {})


def from_json(found: JSONObject, names: Iterable[str]) -> dict[str, Scalar]:
    """The values held under ``names``; None where there is nothing."""
    custom = found.get("custom_attributes") or {}
    return {n: custom.get(n.removeprefix(CUSTOM)) if n.startswith(CUSTOM) else found.get(n) for n in names}
