"""Audits: which Links were compared with what their target holds, and which of them differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from mappings.model import AccountId, Link, Subject
from state.agenda import put_mark
from state.cursors import fence
from state.database import Base, reading, writing
from state.links import link_of
from state.schema import links
from state.sql import any_of, filled
from state.types import Cursor


class Audits(Base):
    """One audit of one target is a scan under a cursor of its own; ``number`` is that scan's look."""

    @reading
    def links_named(
        self, connection: Connection, target: str, external_ids: Collection[str]
    ) -> list[tuple[AccountId, Link]]:
        """The Links that these objects of a target have, with the account each was last written for."""
        rows = connection.execute(
            _of(target).where(links.c.external_id.in_(any_of(external_ids)), filled(links.c.external_id))
        )
        return [(row.account_id, link_of(row)) for row in rows]

    @reading
    def links_unmet(
        self, connection: Connection, target: str, number: int, after: str, limit: int
    ) -> list[tuple[AccountId, Link]]:
        """Links with an object that this audit has not met, by subject."""
        unmet = _of(target).where(links.c.audit_no < number, filled(links.c.external_id), links.c.subject > after)
        rows = connection.execute(unmet.order_by(links.c.subject).limit(limit))
        return [(row.account_id, link_of(row)) for row in rows]

    @writing
    def compared(
        self,
        connection: Connection,
        cursor: Cursor,
        target: str,
        found: Mapping[Subject, Mapping[str, Any] | None],
        resume: str | None,
    ) -> None:
        """Subject -> how it differs, None where it is equal; commits together with where to go on. LeaseLost."""
        cursor = fence(connection, cursor, **({} if resume is None else {"scan": resume}))
        for subject, drift in sorted(found.items()):
            this = (links.c.target == target) & (links.c.subject == subject)
            connection.execute(update(links).where(this).values(audit_no=cursor.scan_look, drift=drift))

    @writing
    def finish_audit(self, connection: Connection, cursor: Cursor, now: int) -> None:
        """LeaseLost."""
        fence(connection, cursor, scan=None, scan_look=None, scanned_at=now)

    @reading
    def equal(self, connection: Connection, target: str, number: int) -> int:
        """How many Links this audit found to be as believed."""
        same = select(func.count()).where(links.c.target == target, links.c.audit_no == number, links.c.drift.is_(None))
        return int(connection.scalar(same) or 0)

    @reading
    def drifted(self, connection: Connection, target: str, number: int) -> list[tuple[AccountId, Link, dict[str, Any]]]:
        """Links that this audit found to differ, and how. Whatever is written for one since ends that."""
        rows = connection.execute(_of(target).where(links.c.audit_no == number, links.c.drift.is_not(None)))
        return [(row.account_id, link_of(row), row.drift) for row in rows]

    @reading
    def differing(self, connection: Connection, account: AccountId) -> list[tuple[Link, dict[str, Any]]]:
        """Links of this account that their last audit found to differ, and how, unless they were written since."""
        mine = select(links).where(links.c.account_id == account, links.c.drift.is_not(None))
        rows = connection.execute(mine.order_by(links.c.target, links.c.subject))
        return [(link_of(row), row.drift) for row in rows]

    @writing
    def doubt(self, connection: Connection, pairs: Sequence[tuple[str, Subject]], now: int, reason: str) -> bool:
        """The target is read before anything is sent for these Links; their accounts are due. False where there is no
        such Link, or none that was believed in."""
        accounts: set[AccountId] = set()
        for target, subject in sorted(pairs):
            this = (links.c.target == target) & (links.c.subject == subject)
            doubted = update(links).where(this, links.c.state == "ok").values(state="doubted")
            accounts.update(connection.scalars(doubted.returning(links.c.account_id)))
        put_mark(connection, self.database, sorted(accounts), now, reason)
        return bool(accounts)


def _of(target: str) -> Any:
    mine: ColumnElement[bool] = links.c.target == target
    return select(links).where(mine)
