"""What speaks against a view, proposed or there already: empty, without ids, people twice, indexes that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from mappings.model.tables import At, Measure, Table, View
from mappings.proposing.views import USERS as USERS

Level = Literal["warning", "problem"]
# Above this share of doubled rows a view is joined wrongly, not merely untidy.
TWICE = 0.1


def doubts(name: str, measure: Measure) -> Iterator[tuple[Level, str]]:
    """What is wrong with the rows of a view, worst first; each says what follows from it or what to do."""
    if not measure.rows:
        yield "problem", f"{name} is empty"
    if wrong := twice(name, measure):
        yield "problem", wrong
    elif measure.doubled:
        yield "warning", f"{name} {_doubled(name, measure)}: one of each is used"
    required = ("user_id", "email", "account_id") if name == USERS else ("account_id",)
    for column in required:
        if missing := measure.nulls.get(column, 0):
            yield "warning", f"{_rows(missing)} of {name} {_have(missing)} no {column}{_without(name, column)}"
    if measure.bad:
        rows = f"{_rows(measure.bad)} of {name} {_have(measure.bad)} an email that is no address"
        yield "warning", f"{rows}: nothing is sent about them"
    if measure.shared:
        many = "1 e-mail address belongs" if measure.shared == 1 else f"{measure.shared:,} e-mail addresses belong"
        yield "warning", f"{many} to more than one user: none is linked by them"
    if measure.ownerless:
        many = "1 account has" if measure.ownerless == 1 else f"{measure.ownerless:,} accounts have"
        yield "warning", f"{many} no owner: the earliest person counts"


def twice(name: str, measure: Measure) -> str:
    """What is wrong where people or accounts are listed twice so often that the view must be; else empty."""
    if measure.doubled <= measure.rows * TWICE:
        return ""
    return f"{name} {_doubled(name, measure)}: a join brings them twice, correct it"


def indexes(tables: Mapping[str, Table], view: View) -> list[At]:
    """Columns by which one user or account is looked up and that no index begins with."""
    asked = [At(join.table, join.column) for join in view.joins] + [join.to for join in view.joins]
    asked += [pick.source for name in ("user_id", "account_id") if (pick := view.pick(name))]
    missing = [at for at in asked if at.column not in tables[at.table].indexed]
    return list(dict.fromkeys(missing))


def _doubled(name: str, measure: Measure) -> str:
    what = "people of the same account" if name == USERS else "accounts"
    return f"lists {what} more than once ({measure.doubled:,} of {measure.rows:,} rows are too many)"


def _without(name: str, column: str) -> str:
    if column == "account_id" and name == USERS:
        return ": each is an account of its own"
    return ": left out" if column.endswith("_id") else ": nothing is sent about them"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
