"""Adoption: Links of what was there before Instep."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, exists, select, update

from mappings.model import AccountId, Link, Subject, account_subject
from state.agenda import put_mark
from state.database import Base, reading, writing
from state.links import IS_LINK, end_parking, link_values
from state.schema import links
from state.sharing import NEWS, sharing
from state.sql import any_of, filled
from state.todos import put_todo
from state.types import Todo


class Adoption(Base):
    @reading
    def linked(self, connection: Connection, target: str, external_ids: Collection[str]) -> dict[str, Subject]:
        """Who these ids of a target are."""
        known = select(links.c.external_id, links.c.subject).where(links.c.target == target)
        rows = connection.execute(
            known.where(links.c.external_id.in_(any_of(external_ids)), filled(links.c.external_id))
        )
        return {row.external_id: Subject(row.subject) for row in rows}

    @writing
    def add_links(
        self, connection: Connection, new: Sequence[tuple[AccountId, Link]], lines: Sequence[Todo] = ()
    ) -> int:
        """Links of subjects that have none, or a parked one because nobody was found, as an adoption found them; one
        that stays parked is parked for what is wanted now. A subject or an external id that has another one keeps it.
        ``lines``: what a person is told of those that are parked by this; what they were told before ends. A first
        external id of an account: see ``Links.adopt``. Returns how many were new."""
        rows = [link_values(link) | {"account_id": account} for account, link in new]
        if not rows:
            return 0
        added = self.database.insert(links).on_conflict_do_nothing().returning(links.c.subject)
        inserted = set(connection.scalars(added, rows))
        told, taken = {line.subject: line for line in lines}, set(inserted)
        known = [(link, row) for (_, link), row in zip(new, rows, strict=True) if link.subject not in inserted]
        for link, row in known:
            if connection.execute(_TAKE, {f"_{name}": value for name, value in row.items()}).rowcount:
                taken.add(link.subject)
                end_parking(connection, link, told[link.subject].kind if link.subject in told else None)
        put_todo(connection, self.database, [line for line in lines if line.subject in taken])
        own = [account for account, link in new if link.subject in taken and link.subject == account_subject(account)]
        put_mark(connection, self.database, sharing(connection, own), 0, NEWS)
        return len(inserted)


_nobody = (links.c.state == "parked") & (links.c.external_id == "") & (links.c.pending_key == "")
_other = links.alias()
_claimed = (_other.c.target == bindparam("_target")) & (_other.c.external_id == bindparam("_external_id"))
_unclaimed = ~exists(select(_other.c.subject).where(_claimed, filled(_other.c.external_id)))
_taken = ("external_id", "held", "sets", "state", "parked_for")
_TAKE = (
    update(links)
    .where(IS_LINK, _nobody, _unclaimed)
    .values({name: bindparam(f"_{name}", type_=links.c[name].type) for name in _taken})
)
