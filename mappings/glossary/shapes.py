"""What has to be said of a tag, an attribute and an event before it can be used: nothing may be left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeVar

Audience = Literal["billing", "everyone"]
Type = Literal["boolean", "integer", "float", "string", "date"]
# Intercom's own limit for an attribute's description is not documented; its strings end here.
LONGEST = 255


@dataclass(frozen=True, slots=True)
class _Described:
    """Raises ValueError for an empty or overlong text."""

    def __post_init__(self) -> None:
        for field in fields(self):
            text = getattr(self, field.name)
            if isinstance(text, str) and not 0 < len(text) <= LONGEST:
                raise ValueError(f"{self!r}: {field.name} must have 1 to {LONGEST} characters")


@dataclass(frozen=True, slots=True)
class Tag(_Described):
    """A stage or an overlay. ``name`` is ours; ``[names]`` says how the tag is spelled."""

    name: str
    says: str
    comes: str
    goes: str


@dataclass(frozen=True, slots=True)
class Attribute(_Described):
    """An attribute of contacts or companies. ``says`` is its description in Intercom. ``audience``: who has it unless
    ``[audience]`` says otherwise. ``standard``: a field of Intercom's own, which is neither made nor renamed."""

    name: str
    type: Type
    says: str
    comes: str
    goes: str
    audience: Audience = "billing"
    standard: bool = False


@dataclass(frozen=True, slots=True)
class Event(_Described):
    """Something that happened, sent once. ``at``: the moment it is dated with. ``details``: its metadata beside
    ``plan``."""

    name: str
    says: str
    at: str
    details: tuple[str, ...] = ()


Named = TypeVar("Named", Tag, Attribute, Event)


def by_name(lines: Iterable[Named]) -> Mapping[str, Named]:
    """Raises ValueError for a name given twice."""
    found: dict[str, Named] = {}
    for line in lines:
        if found.setdefault(line.name, line) is not line:
            raise ValueError(f"{line.name} is defined twice")
    return found
