"""The state database behind one class: every method is one short transaction, none is open across an HTTP call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from state import migrations
from state.adoption import Adoption
from state.agenda import Agenda
from state.audits import Audits
from state.brake import Brake
from state.bulk import Bulk
from state.cursors import AUDIT, Cursors
from state.database import Database, reading, writing
from state.deciding import Deciding
from state.erasures import Erasures
from state.facts import Facts
from state.house import amended, house_of
from state.inbox import Inbox
from state.landing import content
from state.ledger import Ledger
from state.looks import Looks
from state.revoking import Revocations
from state.schema import house, remembered
from state.sql import clock
from state.todos import Todos
from state.types import (
    AlreadyRedeemed,
    Backlog,
    Braked,
    Cause,
    Claimed,
    Cursor,
    Decision,
    Entry,
    Finding,
    Hint,
    Hold,
    House,
    Landed,
    Lease,
    LeaseLost,
    Limit,
    Match,
    Order,
    ReadMeanwhile,
    Settled,
    Shrunk,
    StateError,
    Todo,
    TodoKind,
)

__all__ = [
    "AUDIT",
    "AlreadyRedeemed",
    "Backlog",
    "Braked",
    "Cause",
    "Claimed",
    "Cursor",
    "Decision",
    "Entry",
    "Finding",
    "Hint",
    "Hold",
    "House",
    "Landed",
    "Lease",
    "LeaseLost",
    "Limit",
    "Match",
    "Order",
    "ReadMeanwhile",
    "Settled",
    "Shrunk",
    "StateError",
    "Store",
    "Todo",
    "TodoKind",
    "content",
]


class Store(
    Cursors, Inbox, Looks, Facts, Agenda, Adoption, Bulk, Ledger, Todos, Deciding, Revocations, Erasures, Audits, Brake
):
    """``now`` parameters are the mapping clock (may be frozen); leases, back-off and retry use the database's clock.

    Threads may share a Store. Every method raises StateError when the database cannot be used."""

    def __init__(self, url: str) -> None:
        """``sqlite:///path`` or ``postgresql://``. Connects with the first call, not here."""
        self.database = Database(url)

    def close(self) -> None:
        self.database.engine.dispose()

    def upgrade(self) -> None:
        """Apply all migrations (``instep init``)."""
        migrations.upgrade(self.database)

    def check(self) -> None:
        """Raises StateError when unreachable, without tables, or at another revision."""
        migrations.check(self.database)

    @reading
    def db_now(self, connection: Connection) -> float:
        """The database's own clock, unix seconds."""
        return connection.execute(select(clock())).scalar_one()

    @reading
    def house(self, connection: Connection) -> House | None:
        """None before ``init``."""
        body = connection.execute(select(house.c.body)).scalar_one_or_none()
        return body and house_of(body)

    @writing
    def settle_in(self, connection: Connection, new_house: House) -> None:
        """Write the one row."""
        new = self.database.insert(house).values(id=1, body=asdict(new_house))
        connection.execute(new.on_conflict_do_update(index_elements=["id"], set_={"body": new.excluded.body}))

    @writing
    def remember(self, connection: Connection, name: str, body: Any) -> None:
        """Plain data, for ``recall``."""
        new = self.database.insert(remembered).values(name=name, body=body)
        connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"body": new.excluded.body}))

    @reading
    def recall(self, connection: Connection, name: str) -> Any:
        """What was remembered last; None where nothing was."""
        return connection.execute(select(remembered.c.body).where(remembered.c.name == name)).scalar_one_or_none()

    @writing
    def amend(self, connection: Connection, changes: Mapping[str, Any]) -> House:
        """Change fields of the one row, whatever others change meanwhile; returns it."""
        return amended(connection, changes)
