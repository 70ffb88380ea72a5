"""Views over the product's own tables: proposed with reasons and figures, made on a person's yes, or printed as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from connectors.product import ProductDatabase, inspecting, views
from connectors.product.shapes import ACCOUNTS, KNOWN, USERS
from flows.asking import ask
from flows.house import connect
from flows.settings import Failed, Misuse, Settings
from mappings.model.tables import At, Only, Table
from mappings.model.tables import Measure as Measure
from mappings.model.tables import View as View
from mappings.proposing import Proposal, Unfit, propose
from mappings.proposing.checks import doubts, indexes

PRODUCT = "the product database"


@dataclass(frozen=True, slots=True)
class Offer:
    """What `init --product` found and would make. ``proposal`` is None where the view of users is there already;
    ``measures``: view -> its rows; ``doubts``: (level, sentence); ``sql``: what would be run; ``advice``: SQL that is
    worth running too; ``writable``: whether we may run it."""

    database: ProductDatabase
    proposal: Proposal | None
    there: tuple[str, ...]
    measures: Mapping[str, Measure]
    doubts: Sequence[tuple[str, str]]
    sql: Sequence[str]
    advice: Sequence[str]
    writable: bool

    @property
    def views(self) -> list[View]:
        """The proposed ones that are not there."""
        return [view for view in (self.proposal.views if self.proposal else ()) if view.name not in self.there]

    def as_data(self) -> dict[str, Any]:
        return {
            "there": list(self.there),
            "views": {view.name: [_picked(pick) for pick in view.picks] for view in self.views},
            "figures": {name: _figures(measure) for name, measure in self.measures.items()},
            "notes": list(self.proposal.notes if self.proposal else ()),
            "doubts": [{"level": level, "text": text} for level, text in self.doubts],
            "sql": list(self.sql),
            "advice": list(self.advice),
            "writable": self.writable,
        }


def offer(settings: Settings, columns: Sequence[str] = ()) -> Offer:
    """``columns``: ``user_id=users.uuid`` instead of what is proposed, ``last_seen_at=`` for nothing there.

    Raises Misuse where nothing can be proposed or a wish is wrong, Failed where a view that is there cannot be used;
    writes nothing.
    """
    wanted = dict(_wish(text) for text in columns)
    database = connect(settings).product
    there = tuple(name for name in (USERS, ACCOUNTS) if ask(PRODUCT, partial(database.columns, name)) is not None)
    if USERS in there:
        if wanted:
            raise Misuse(f"{USERS} is there already: drop it first to have another one proposed.")
        ask(PRODUCT, database.check)
        return _offer(database, None, (), there)
    tables = ask(PRODUCT, partial(inspecting.tables, database))
    try:
        proposal = propose(tables, wanted)
    except Unfit as unfit:
        raise Misuse(
            f"No views can be proposed: {unfit}. Make {USERS} yourself (user_id, email), or name columns with "
            f"--column user_id=TABLE.COLUMN."
        ) from None
    return _offer(database, proposal, tables, there)


def make(found: Offer) -> list[str]:
    """The views and the two tables, all or nothing; returns the names of what was made or was there."""
    if bad := [text for level, text in found.doubts if level == "problem" and "more than once" in text]:
        raise Failed(f"Nothing was made: {bad[0]}.")
    ask(PRODUCT, partial(views.make, found.database, found.views))
    ask(PRODUCT, found.database.check)
    return [view.name for view in found.views] + list(found.database.tables)


def _offer(
    database: ProductDatabase, proposal: Proposal | None, tables: Sequence[Table], there: tuple[str, ...]
) -> Offer:
    fresh = [view for view in (proposal.views if proposal else ()) if view.name not in there]
    measures = {name: ask(PRODUCT, partial(views.measure, database, name)) for name in there}
    measures |= {view.name: ask(PRODUCT, partial(views.measure, database, view)) for view in fresh}
    found: list[tuple[str, str]] = [doubt for name, measure in measures.items() for doubt in doubts(name, measure)]
    held = {table.name: table for table in tables}
    missing = list(dict.fromkeys(at for view in fresh for at in indexes(held, view)))
    found += [("warning", f"no index on {at}: looking up one person reads the whole table") for at in missing]
    found += _outside(database, fresh, measures)
    return Offer(
        database, proposal, there, measures, found, views.statements(database, fresh),
        [views.create_index(database, at) for at in missing], ask(PRODUCT, database.writable),
    )  # fmt: skip


def _outside(
    database: ProductDatabase, fresh: Sequence[View], measures: Mapping[str, Measure]
) -> list[tuple[str, str]]:
    """Users whom the joins leave out."""
    view = next((view for view in fresh if view.name == USERS and view.joins), None)
    if view is None:
        return []
    picks = tuple(pick for pick in view.picks if pick.name in ("user_id", "email") and pick.source.table == view.base)
    alone = replace(view, picks=picks, joins=(), only=tuple(only for only in view.only if _is_of(only, view.base)))
    everybody = ask(PRODUCT, partial(views.measure, database, alone)).keys
    left = everybody - measures[USERS].keys
    return [("warning", f"{left:,} of {everybody:,} users are in no account and not listed")] if left else []


def _is_of(only: Only, table: str) -> bool:
    return only.column.table == table


def _wish(text: str) -> tuple[str, At | None]:
    """``user_id=users.uuid``; nothing behind the sign leaves the column out."""
    name, sign, place = (part.strip() for part in text.partition("="))
    table, dot, column = place.rpartition(".")
    if not sign or (place and not (table and dot and column)):
        raise Misuse(f"--column {text} is not of the form user_id=users.uuid.")
    known = dict.fromkeys((*KNOWN[USERS], *KNOWN[ACCOUNTS]))
    if name not in known:
        raise Misuse(f"No view has a column {name or text}: there are {', '.join(known)}.")
    return name, At(table, column) if place else None


def _picked(pick: Any) -> dict[str, Any]:
    return {
        "column": pick.name, "from": str(pick.source), "how": pick.how, "why": pick.why, "confidence": pick.confidence,
        "instead": [str(at) for at in pick.instead],
    }  # fmt: skip


def _figures(measure: Measure) -> dict[str, Any]:
    return {
        "rows": measure.rows, "keys": measure.keys, "accounts": measure.accounts, "nulls": dict(measure.nulls),
        "doubled": measure.doubled, "shared_emails": measure.shared, "without_owner": measure.ownerless,
        "bad_emails": measure.bad,
    }  # fmt: skip
