"""The few expressions that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Double, Table, Text, select, tuple_
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


class _rows(FunctionElement[Any]):
    """A JSON array as rows of one column, ``value``."""

    inherit_cache = True


@compiles(_rows, "sqlite")
def _sqlite_rows(element: _rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_rows, "postgresql")
def _postgresql_rows(element: _rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS json))"


class _item(FunctionElement[str]):
    """One text of a JSON array."""

    type = Text()
    inherit_cache = True


@compiles(_item, "sqlite")
def _sqlite_item(element: _item, compiler: SQLCompiler, **options: Any) -> str:
    array, index = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({array}, '$[' || {index} || ']')"


@compiles(_item, "postgresql")
def _postgresql_item(element: _item, compiler: SQLCompiler, **options: Any) -> str:
    array, index = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({array} ->> CAST({index} AS integer))"


def _table(rows: Iterable[Sequence[str]], width: int) -> Select[Any]:
    document = orjson.dumps(list(rows)).decode().replace("\\u0000", "")
    value = _rows(document).table_valued("value").c.value
    return select(*(_item(value, index).label(f"item_{index}") for index in range(width)))


def any_of(values: Iterable[str]) -> Select[Any]:
    """For ``column.in_(any_of(values))``: one statement and one parameter however many the values are."""
    return _table([(value,) for value in values], 1)


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
