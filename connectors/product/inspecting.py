"""What a product database looks like: its tables, keys, indexes, and the few values that a column of text holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import Inspector

from connectors.product.database import ProductDatabase
from connectors.product.shapes import KNOWN
from mappings.model.tables import At, Column, Kind, Table

KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
    (sa.Boolean, "boolean"),
    (sa.Integer, "integer"),
    (sa.Uuid, "uuid"),
    (sa.String, "text"),
    (sa.DateTime, "time"),
    (sa.Date, "time"),
    (sa.Numeric, "number"),
)
# Columns by these names are asked for their values: a few words, no person's data.
WORDS = ("role", "plan", "tier", "status", "kind", "type", "level", "code")
FEW = 12
LONGEST = 40


def tables(database: ProductDatabase) -> list[Table]:
    """Every table of the default schema but those that Instep makes. Raises Transient, Rejected."""

    def inspect(engine: sa.Engine) -> list[Table]:
        inspector = sa.inspect(engine)
        return [_table(inspector, name) for name in sorted(set(inspector.get_table_names()) - set(KNOWN))]

    found = database.inspect(inspect)
    return [_with_values(database, table) for table in found]


def holders(database: ProductDatabase, values: Sequence[str]) -> list[At]:
    """Columns that hold most of these values, the fullest first; looked for where there are e-mail addresses."""
    held: Counter[At] = Counter()
    for table in tables(database):
        if any("email" in column.name.casefold() for column in table.columns):
            asked = (At(table.name, c.name) for c in table.columns if c.kind in ("text", "uuid", "integer"))
            held.update({at: _held(database, at, values) for at in asked})
    return [at for at, count in held.most_common() if count * 2 > len(values)]


def _held(database: ProductDatabase, at: At, values: Sequence[str]) -> int:
    text = sa.cast(sa.column(at.column), sa.Text)
    count = sa.func.count(sa.distinct(text)).label("count")
    (row,) = database.rows(sa.select(count).select_from(sa.table(at.table)).where(text.in_(values)))
    return int(row["count"])


def _table(inspector: Inspector, name: str) -> Table:
    key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    points = {
        each["constrained_columns"][0]: At(each["referred_table"], each["referred_columns"][0])
        for each in inspector.get_foreign_keys(name)
        if len(each["constrained_columns"]) == 1 and len(each["referred_columns"]) == 1
    }
    first = {each["column_names"][0] for each in inspector.get_indexes(name) if each["column_names"]}
    first |= {each["column_names"][0] for each in inspector.get_unique_constraints(name)} | {*key[:1]}
    columns = tuple(Column(each["name"], _kind(each["type"])) for each in inspector.get_columns(name))
    return Table(name, columns, key, points, frozenset(filter(None, first)))


def _kind(type: sa.types.TypeEngine[Any]) -> Kind:
    return next((kind for known, kind in KINDS if isinstance(type, known)), "other")


def _with_values(database: ProductDatabase, table: Table) -> Table:
    """With the values of the columns that hold words."""
    asked = [c.name for c in table.columns if c.kind == "text" and c.name.casefold().rpartition("_")[2] in WORDS]
    held = {name: _values(database, table.name, name) for name in asked}
    few = {name: values for name, values in held.items() if values}
    return Table(table.name, table.columns, table.key, table.points, table.indexed, few)


def _values(database: ProductDatabase, table: str, column: str) -> tuple[str, ...]:
    """Nothing where there are many, or long ones: then they are no words."""
    col: sa.ColumnElement[Any] = sa.column(column)
    query = sa.select(col.label("value"), sa.func.count().label("often")).select_from(sa.table(table))
    query = query.where(col.isnot(None)).group_by(col).order_by(sa.desc("often"), col).limit(FEW + 1)
    values = tuple(str(row["value"]) for row in database.rows(query))
    return values if len(values) <= FEW and all(len(value) <= LONGEST for value in values) else ()
