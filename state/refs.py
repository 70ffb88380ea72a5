"""How a Ref is written in one column: ``source/kind/id``."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_

from mappings.model import Ref


def root_key(ref: Ref) -> str:
    return f"{ref.source}/{ref.kind}/{ref.id}"


def root_ref(key: str) -> Ref:
    return Ref(*key.split("/", 2))


def under(column: ColumnElement[str], source: str, kinds: Sequence[str]) -> ColumnElement[bool]:
    """The roots of these kinds in this source, as ranges of the column's byte order."""
    return or_(*((column >= f"{source}/{kind}/") & (column < f"{source}/{kind}0") for kind in kinds))
