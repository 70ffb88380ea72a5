"""Revoked links: how often the links of an account, or of a person, were made useless."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from mappings.model import AccountId, Ref, Subject
from state.agenda import put_mark
from state.database import Base, reading, writing
from state.refs import root_key
from state.schema import counters, facts
from state.sql import any_of

NAME = "revoked "


class Revocations(Base):
    @reading
    def revoked(self, connection: Connection, subjects: Collection[Subject]) -> dict[Subject, int]:
        """Subject -> how often; those never revoked are left out."""
        rows = select(counters).where(counters.c.name.in_(any_of(NAME + subject for subject in subjects)))
        return {Subject(row.name.removeprefix(NAME)): row.value for row in connection.execute(rows)}

    @writing
    def revoke(self, connection: Connection, subject: Subject, accounts: Sequence[AccountId], now: int) -> None:
        """Once more; the accounts whose links change are due in the same transaction."""
        first = self.database.insert(counters).values(name=NAME + subject, value=1)
        connection.execute(first.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}))
        put_mark(connection, self.database, accounts, now, "billing links were revoked")

    @reading
    def accounts_under(self, connection: Connection, root: Ref) -> list[AccountId]:
        """The accounts that have facts under this root."""
        mine = select(facts.c.account_id).where(facts.c.root == root_key(root), facts.c.gone.is_(False))
        return [AccountId(account) for account in connection.scalars(mine.distinct()) if account]
