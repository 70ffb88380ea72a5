"""A database's tables as they are found, and a view over them as it is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["integer", "text", "uuid", "boolean", "time", "number", "other"]
Confidence = Literal["sure", "likely", "guess"]
How = Literal["plain", "given", "joined", "cases", "flag", "same"]


@dataclass(frozen=True, slots=True)
class At:
    """A column of a table."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """``key``: the primary key. ``points``: column -> what its foreign key names. ``indexed``: columns that an index
    or key begins with. ``values``: text column that holds few values -> these."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    points: Mapping[str, At] = field(default_factory=dict)
    indexed: frozenset[str] = frozenset()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Pick:
    """One column of a view and where it comes from.

    ``how``: ``plain``, the column as it is; ``given``, whether it holds anything; ``joined``, with ``other`` behind it;
    ``cases``, each of ``cases`` replaced; ``flag``, owner where it is true; ``same``, owner where it equals ``other``.
    ``instead``: columns that it could be as well.
    """

    name: str
    source: At
    why: str
    confidence: Confidence = "sure"
    how: How = "plain"
    other: At | None = None
    cases: tuple[tuple[str, str], ...] = ()
    instead: tuple[At, ...] = ()


@dataclass(frozen=True, slots=True)
class Only:
    """Rows are left out where ``column`` holds a moment (or is true, for a boolean); not where ``but`` does."""

    column: At
    boolean: bool = False
    but: At | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """``table`` joined where ``column`` of it equals ``to``."""

    table: str
    column: str
    to: At


@dataclass(frozen=True, slots=True)
class View:
    """A view as it is proposed: its columns over ``base`` and what is joined to it."""

    name: str
    base: str
    picks: tuple[Pick, ...]
    joins: tuple[Join, ...] = ()
    only: tuple[Only, ...] = ()

    def pick(self, name: str) -> Pick | None:
        return next((pick for pick in self.picks if pick.name == name), None)


@dataclass(frozen=True, slots=True)
class Measure:
    """How many rows a view has, and how many of them are in order.

    ``keys``: distinct users or accounts; ``nulls``: column -> rows without it; ``doubled``: rows beyond the
    first of the same user and account; ``shared``: e-mail addresses of more than one user; ``ownerless``: accounts
    without an owner; ``bad``: e-mails that are no addresses.
    """

    rows: int
    keys: int
    accounts: int = 0
    nulls: Mapping[str, int] = field(default_factory=dict)
    doubled: int = 0
    shared: int = 0
    ownerless: int = 0
    bad: int = 0
