"""What a person decided about a line of todo, with all that follows from it, in one transaction."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from mappings.deciding import IGNORE
from mappings.model import AccountId, Link, Ref
from state.agenda import put_mark, working
from state.brake import take_up
from state.database import Base, writing
from state.links import IS_LINK, end_parking, key_of, link_values, refuse_claimed, stored_link
from state.refs import root_key
from state.schema import facts, links, todo
from state.types import Decision, Settled


class Deciding(Base):
    @writing
    def decide(self, connection: Connection, decision: Decision, now: int) -> Settled:
        """Nothing is sent by this. Raises Claimed where the Link's external id is another subject's."""
        line = decision.line
        row = connection.execute(select(todo).where(todo.c.id == line.id).with_for_update()).one_or_none()
        if row is None or row.reason != line.reason:
            return "moved"
        if row.resolved_at is not None and row.decided == decision.text:
            return "already"
        if row.resolved_at is not None and row.decided != IGNORE:
            return "moved"
        if working(connection, decision.wake):
            return "busy"
        if decision.link and not _take(connection, decision.link, decision.wake[0]):
            return "moved"
        if decision.retry:
            parked = (links.c.target == line.target) & (links.c.subject == line.subject)
            connection.execute(update(links).where(parked, links.c.state == "parked").values(parked_for=""))
        if decision.field:
            take_up(connection, line.target, line.subject, decision.field)
        if decision.root and decision.owner:
            _own(connection, decision.root, decision.owner)
        resolved = {"resolved_at": now, "resolved_by": decision.by, "decided": decision.text}
        connection.execute(update(todo).where(todo.c.id == line.id).values(resolved))
        if decision.link:
            end_parking(connection, decision.link)
        put_mark(connection, self.database, decision.wake, now, "decided")
        return "done"


def _take(connection: Connection, link: Link, account: AccountId) -> bool:
    """The parked Link as decided; False where it is parked no more. Whoever parked it has read that nothing was made,
    so a create is a new attempt."""
    refuse_claimed(connection, link)
    stored = stored_link(connection, link)
    if stored is None:
        connection.execute(insert(links).values(link_values(link) | {"account_id": account}))
        return True
    if stored.state != "parked":
        return False
    moved = replace(link, attempt=stored.attempt + 1, sequence=stored.sequence + 1)
    connection.execute(update(links).where(IS_LINK).values(link_values(moved)), key_of(link))
    return True


def _own(connection: Connection, root: Ref, owner: AccountId) -> None:
    """All facts of the root are the account's from now on; what a later look finds under it inherits that."""
    mine = (facts.c.root == root_key(root)) & facts.c.account_id.is_(None)
    connection.execute(update(facts).where(mine).values(account_id=owner))
