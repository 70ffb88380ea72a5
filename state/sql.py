"""The few expressions that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Dialect,
    Double,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class clock(FunctionElement[float]):
    """The database's own clock in unix seconds; leases and back-off know no other."""

    type = Double()
    inherit_cache = True


@compiles(clock, "sqlite")
def _sqlite_clock(element: clock, compiler: SQLCompiler, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(clock, "postgresql")
def _postgresql_clock(element: clock, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


class _Document(TypeDecorator[Any]):
    """Rows of text as a JSON array of arrays."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return orjson.dumps([[text.replace("\x00", "") for text in row] for row in value]).decode()


class _Texts(TypeDecorator[Any]):
    """A text array of PostgreSQL, which has no NUL."""

    impl = ARRAY(Text)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> list[str]:
        return [text.replace("\x00", "") for text in value]


class _rows(FunctionElement[Any]):
    """Rows of text: on SQLite from the document that comes first, on PostgreSQL from an array a column, of which the
    planner knows how many there are."""

    inherit_cache = True


@compiles(_rows, "sqlite")
def _sqlite_rows(element: _rows, compiler: SQLCompiler, **options: Any) -> str:
    document, *_ = element.clauses
    return f"json_each({compiler.process(document, **options)})"


@compiles(_rows, "postgresql")
def _postgresql_rows(element: _rows, compiler: SQLCompiler, **options: Any) -> str:
    _, *arrays = element.clauses
    columns = (f"unnest({compiler.process(array, **options)}) AS item_{at}" for at, array in enumerate(arrays))
    return f"(SELECT {', '.join(columns)})"


class _item(FunctionElement[str]):
    """One text of a row."""

    type = Text()
    inherit_cache = True


@compiles(_item, "sqlite")
def _sqlite_item(element: _item, compiler: SQLCompiler, **options: Any) -> str:
    row, _, at = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({row}, '$[' || {at} || ']')"


@compiles(_item, "postgresql")
def _postgresql_item(element: _item, compiler: SQLCompiler, **options: Any) -> str:
    _, column, _ = element.clauses
    return compiler.process(column, **options)


def _table(rows: Iterable[Sequence[str]], width: int) -> Select[Any]:
    texts = list(rows)
    return _selected(
        literal(texts, _Document()), [literal([row[at] for row in texts], _Texts()) for at in range(width)]
    )


def _selected(document: ColumnElement[Any], arrays: Sequence[ColumnElement[Any]]) -> Select[Any]:
    names = [f"item_{at}" for at in range(len(arrays))]
    found = _rows(document, *arrays).table_valued("value", *names)
    return select(*(_item(found.c.value, found.c[name], at).label(name) for at, name in enumerate(names)))


def filled(column: ColumnElement[str]) -> ColumnElement[bool]:
    """Not empty: in words that let SQLite use an index of only those, as it does not where the "" is a parameter."""
    return column != literal_column("''")


def any_of(values: Iterable[str]) -> Select[Any]:
    """For ``column.in_(any_of(values))``: one statement and one parameter however many the values are."""
    return _table([(value,) for value in values], 1)


def any_given(name: str, width: int = 1) -> Select[Any]:
    """``any_of`` the values, or rows of so many, that are ``given`` when the statement is executed. What every push or
    look needs is built once, at import: to build a statement takes longer than to run it."""
    arrays = [bindparam(f"{name}_{at}", type_=_Texts()) for at in range(width)]
    return _selected(bindparam(name, type_=_Document()), arrays)


def given(name: str, *columns: Sequence[str]) -> dict[str, Any]:
    """The parameters of ``any_given``, column by column."""
    arrays = {f"{name}_{at}": column for at, column in enumerate(columns)}
    return {name: list(zip(*columns, strict=True)), **arrays}


def among(table: Table, names: Sequence[str], keys: Iterable[tuple[str, ...]]) -> ColumnElement[bool]:
    """The rows where the columns of these ``names`` are one of ``keys``, in the same way."""
    return tuple_(*(table.c[name] for name in names)).in_(_table(sorted(keys), len(names)))


class least(FunctionElement[Any]):
    """The smallest of several values that are not null: ``min`` on SQLite, ``least`` on PostgreSQL."""

    inherit_cache = True


@compiles(least, "sqlite")
def _sqlite_least(element: least, compiler: SQLCompiler, **options: Any) -> str:
    return f"min({compiler.process(element.clauses, **options)})"


@compiles(least, "postgresql")
def _postgresql_least(element: least, compiler: SQLCompiler, **options: Any) -> str:
    return f"least({compiler.process(element.clauses, **options)})"
