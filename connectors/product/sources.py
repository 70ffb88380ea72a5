"""The product's people and accounts, streamed in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Literal

import sqlalchemy as sa

from connectors.contract import Page
from connectors.product.database import ProductDatabase
from connectors.product.inspecting import holders
from connectors.product.shapes import ACCOUNTS, KNOWN, USERS, plain
from connectors.product.views import measure
from mappings.model import AccountId, JSONObject, Record, Ref
from mappings.model.tables import At, Measure

PAGE = 1000


class Rows:
    """One relation read by its key, ``key`` being the column that names the root."""

    def __init__(self, database: ProductDatabase, relation: str, key: str) -> None:
        self.database, self._relation, self._key = database, relation, key

    @property
    def present(self) -> bool:
        return self.database.columns(self._relation) is not None

    def of(self, root: str) -> list[JSONObject]:
        """The rows of one root."""
        if not self.present:
            return []
        return [plain(row) for row in self.database.rows(self._select().where(self._among([root])))]

    def of_many(self, roots: Sequence[str]) -> dict[str, list[JSONObject]]:
        """The rows of each root, empty for one that has none."""
        if not self.present:
            return {root: [] for root in roots}
        found: dict[str, list[JSONObject]] = {root: [] for root in roots}
        for start in range(0, len(roots), PAGE):
            some = self._select().where(self._among(roots[start : start + PAGE]))
            for row in map(plain, self.database.rows(some)):
                found.setdefault(str(row[self._key]), []).append(row)
        # The database may take two spellings for one key, so only a read of its own says that there is nothing.
        return {root: found[root] or self.of(root) for root in roots}

    def naming(self, account: str) -> list[str]:
        """The roots with this id, and those with a row that names this account. As text: whatever the columns' types
        are, an id that they cannot hold is one that is not there."""
        named = {self._key, "account_id"} & (self.database.columns(self._relation) or {}).keys()
        if not named:
            return []
        whose = sa.or_(*(sa.cast(sa.column(name), sa.Text) == account for name in sorted(named)))
        query = sa.select(self._column).select_from(sa.table(self._relation)).where(self._column.isnot(None), whose)
        return sorted({str(row[self._key]) for row in map(plain, self.database.rows(query))})

    def raw(self) -> Iterator[dict[str, Any]]:
        """Every row as the database gives it, in no order."""
        return self.database.stream(self._select(), PAGE) if self.present else iter(())

    def after(self, root: str | None) -> Iterator[tuple[str, list[JSONObject]]]:
        """Every root behind ``root`` with its rows, by the bytes of the key; rows without a key are left out."""
        if not self.present:
            return
        key = self._ordered()
        query = self._select().where(self._column.isnot(None)).order_by(key)
        if root is not None:
            query = query.where(key > root)
        rows = (plain(row) for row in self.database.stream(query, PAGE))
        for found, members in groupby(rows, key=lambda row: str(row[self._key])):
            yield found, list(members)

    @property
    def _column(self) -> sa.ColumnClause[Any]:
        return sa.column(self._key)

    def _ordered(self) -> sa.ColumnElement[str]:
        """The key as text in byte order, whatever the database's collation, as every other part compares it."""
        text = sa.cast(self._column, sa.Text)
        return text.collate("C" if self.database.dialect == "postgresql" else "BINARY")

    def _among(self, roots: Sequence[str]) -> sa.ColumnElement[bool]:
        """Compared in the column's own type, not as text, so that the database can use its index."""
        keys: list[Any] = list(roots)
        # PostgreSQL reads an untyped parameter as the column's type; SQLite keeps text and numbers apart.
        if self.database.dialect == "sqlite":
            keys += [int(root) for root in roots if root.isdecimal()]
        return self._column.in_(sa.bindparam("keys", keys, type_=sa.types.NullType(), expanding=True))

    def _select(self) -> sa.Select[Any]:
        present = self.database.columns(self._relation) or {}
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in KNOWN[self._relation] if name in present]
        return sa.select(*columns).select_from(sa.table(self._relation))


class Truth:
    """A Source whose every pull is a scan of Records."""

    system = "product"
    feed: Literal["hints", "truth"] = "truth"
    name: str
    kinds: tuple[str, ...]

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    @property
    def present(self) -> bool:
        """False when the product has no such view or table: then there is nothing to read."""
        return self._rows.present

    def changes(self, cursor: str | None) -> Iterator[Page]:
        return self.scan(None)

    def scan(self, resume: str | None) -> Iterator[Page]:
        """Pages of about a thousand rows, never cutting a root in two; a cursor is the last key of its page."""
        records: list[Record] = []
        weight = 0
        for root, rows in self._rows.after(resume):
            records.append(Record(self._ref(root), self._data(rows)))
            weight += len(rows)
            if weight >= PAGE:
                yield Page(records=records, cursor=root)
                records, weight = [], 0
        if records:
            yield Page(records=records, cursor=records[-1].ref.id)

    def fetch(self, ref: Ref) -> Record:
        rows = self._rows.of(ref.id)
        return Record(ref, self._data(rows) if rows else None)

    def fetch_many(self, refs: Sequence[Ref]) -> list[Record]:
        found = self._rows.of_many([ref.id for ref in refs])
        return [Record(ref, self._data(found[ref.id]) if found[ref.id] else None) for ref in refs]

    def _ref(self, root: str) -> Ref:
        return Ref("product", self.kinds[0], root)

    def _data(self, rows: Iterable[JSONObject]) -> JSONObject:
        return next(iter(rows))


class View(Truth):
    """The product's own, that says who there is."""

    def roots_of(self, account: AccountId) -> list[Ref]:
        return [self._ref(root) for root in self._rows.naming(account)]


class ProductUsers(View):
    """Source ``product.users``: a Record per user, its data ``{"rows": [a row of instep_users per membership]}``."""

    name = "product.users"
    kinds: tuple[str, ...] = ("user",)

    def __init__(self, database: ProductDatabase) -> None:
        super().__init__(Rows(database, USERS, "user_id"))

    def measure(self) -> Measure:
        """How many rows and people there are, and what is doubled or missing."""
        return measure(self._rows.database, USERS)

    def holders(self, values: Sequence[str]) -> list[At]:
        """The product's own columns that hold most of these values, the fullest first."""
        return holders(self._rows.database, values)

    def _data(self, rows: Iterable[JSONObject]) -> JSONObject:
        return {"rows": sorted(rows, key=lambda row: str(row.get("account_id")))}


class ProductAccounts(View):
    """Source ``product.accounts``: a Record per row of ``instep_accounts``; see ``present``."""

    name = "product.accounts"
    kinds: tuple[str, ...] = ("account",)

    def __init__(self, database: ProductDatabase) -> None:
        super().__init__(Rows(database, ACCOUNTS, "account_id"))
