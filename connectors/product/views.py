"""Proposed views as SQL of the database's own dialect: measured before they are made, made in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from connectors.product.database import ProductDatabase
from connectors.product.shapes import TABLES
from mappings.model.tables import At, Measure, Only, Pick, View

# Names and literals are quoted by SQLAlchemy; this style leaves a percent sign in a name as it is.
DIALECTS: dict[str, sa.Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
}


def make(database: ProductDatabase, views: Sequence[View]) -> None:
    """The views and the two tables that are missing, all or nothing. Raises Rejected where the database refuses."""
    database.execute(statements(database, views))


def statements(database: ProductDatabase, views: Sequence[View]) -> list[str]:
    """The SQL that ``make`` runs, for somebody else to run."""
    missing = [table for name, table in TABLES.items() if database.columns(name) is None]
    made = [_text(database, CreateTable(table)).strip() for table in missing]
    return [*(create_view(database, view) for view in views), *made]


def create_view(database: ProductDatabase, view: View) -> str:
    """In lines, for people to read before they say yes."""
    over = Over(view)
    columns = ",\n".join(f"  {_text(database, over.expression(pick))} AS {pick.name}" for pick in view.picks)
    lines = [
        f"CREATE VIEW {view.name} AS",
        "SELECT",
        columns,
        f"FROM {_text(database, over.every()).partition('FROM ')[2]}",
    ]
    if view.only:
        lines.append(f"WHERE {_text(database, over.kept())}")
    return "\n".join(lines)


def create_index(database: ProductDatabase, at: At) -> str:
    column: sa.Column[Any] = sa.Column(at.column)
    sa.Table(at.table, sa.MetaData(), column)
    return _text(database, CreateIndex(sa.Index(f"{at.table}_{at.column}_idx", column)))


def measure(database: ProductDatabase, view: View | str) -> Measure:
    """``view``: a proposed one, or the name of one that is there."""
    if isinstance(view, str):
        names = list(database.columns(view) or ())
        rows: sa.FromClause = sa.table(view, *(sa.column(name) for name in names))
    else:
        names, rows = [pick.name for pick in view.picks], Over(view).select().subquery()
    return _people(database, rows, names) if "user_id" in names else _accounts(database, rows, names)


def _people(database: ProductDatabase, rows: sa.FromClause, names: Sequence[str]) -> Measure:
    user, email = rows.c.user_id, sa.func.lower(rows.c.email)
    account = rows.c.account_id if "account_id" in names else user
    pairs = sa.select(user.label("u"), account.label("a")).distinct().subquery()
    shared = sa.select(email.label("e")).where(email.isnot(None)).group_by(email)
    shared = shared.having(sa.func.count(sa.distinct(user)) > 1)
    owned = sa.select(account).where(sa.func.lower(rows.c.role) == "owner") if "role" in names else sa.select(account)
    found = _one(
        database,
        _count(rows).label("rows"),
        sa.select(sa.func.count(sa.distinct(user))).scalar_subquery().label("keys"),
        sa.select(sa.func.count(sa.distinct(account))).scalar_subquery().label("accounts"),
        sa.select(sa.func.count(sa.distinct(account))).where(account.in_(owned)).scalar_subquery().label("owned"),
        _count(pairs).label("pairs"),
        _count(shared.subquery()).label("shared"),
        sa.select(sa.func.count()).where(email.not_like("%_@_%")).scalar_subquery().label("bad"),
        *_nulls(rows, [name for name in ("user_id", "email", "account_id") if name in names]),
    )
    return Measure(
        found["rows"], found["keys"], found["accounts"], _missing(found), found["rows"] - found["pairs"],
        found["shared"], found["accounts"] - found["owned"], found["bad"],
    )  # fmt: skip


def _accounts(database: ProductDatabase, rows: sa.FromClause, names: Sequence[str]) -> Measure:
    keys = sa.select(sa.func.count(sa.distinct(rows.c.account_id))).scalar_subquery().label("keys")
    found = _one(database, _count(rows).label("rows"), keys, *_nulls(rows, names))
    return Measure(found["rows"], found["keys"], found["keys"], _missing(found), found["rows"] - found["keys"])


def _one(database: ProductDatabase, *wanted: sa.ColumnElement[Any]) -> dict[str, Any]:
    (row,) = database.rows(sa.select(*wanted))
    return row


def _count(rows: sa.FromClause) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(rows).scalar_subquery()


def _nulls(rows: sa.FromClause, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    counted = ((name, sa.select(sa.func.count()).where(rows.c[name].is_(None))) for name in names)
    return [query.scalar_subquery().label(f"null {name}") for name, query in counted]


def _missing(found: dict[str, Any]) -> dict[str, int]:
    return {name.removeprefix("null "): count for name, count in found.items() if name.startswith("null ") and count}


class Over:
    """A view's parts as SQLAlchemy has them, over one object for each table."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._tables: dict[str, sa.TableClause] = {}
        self.source: sa.FromClause = self._table(view.base)
        for join in view.joins:
            on = self._column(At(join.table, join.column)) == self._column(join.to)
            self.source = self.source.join(self._table(join.table), on)

    def select(self) -> sa.Select[Any]:
        """What the view reads."""
        wanted = [self.expression(pick).label(pick.name) for pick in self._view.picks]
        return sa.select(*wanted).select_from(self.source).where(self.kept())

    def every(self) -> sa.Select[Any]:
        """All rows that are joined."""
        return sa.select(sa.literal_column("1")).select_from(self.source)

    def kept(self) -> sa.ColumnElement[bool]:
        """Which rows it shows."""
        return sa.and_(sa.true(), *(self._kept(only) for only in self._view.only))

    def expression(self, pick: Pick) -> sa.ColumnElement[Any]:
        column = self._column(pick.source)
        other = self._column(pick.other) if pick.other else column
        if pick.how == "given":
            return column.isnot(None)
        if pick.how == "joined":
            empty = sa.literal("", sa.Text)
            return sa.func.trim(sa.func.coalesce(column, empty).concat(" ").concat(sa.func.coalesce(other, empty)))
        if pick.how == "cases":
            lower = sa.func.lower(column)
            return sa.case(*((lower == value, sa.literal(word, sa.Text)) for value, word in pick.cases), else_=column)
        if pick.how in ("flag", "same"):
            owner = _true(column) if pick.how == "flag" else column == other
            return sa.case((owner, sa.literal("owner", sa.Text)), else_=sa.literal("member", sa.Text))
        return column

    def _kept(self, only: Only) -> sa.ColumnElement[bool]:
        column = self._column(only.column)
        kept = sa.or_(column.is_(None), sa.not_(_true(column))) if only.boolean else column.is_(None)
        return sa.or_(kept, self._column(only.but).isnot(None)) if only.but else kept

    def _table(self, name: str) -> sa.TableClause:
        return self._tables.setdefault(name, sa.table(name))

    def _column(self, at: At) -> sa.ColumnElement[Any]:
        table = self._table(at.table)
        if at.column not in table.c:
            table.append_column(sa.column(at.column))
        return table.c[at.column]


def _true(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The column itself: SQLite takes a number for a truth, PostgreSQL has booleans."""
    return sa.type_coerce(column, sa.Boolean)


def _text(database: ProductDatabase, element: Any) -> str:
    compiled = element.compile(dialect=DIALECTS[database.dialect], compile_kwargs={"literal_binds": True})
    return str(compiled).strip()
