"""Links of one target written together: the two commits around a push of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, select, update

from mappings.model import Link, Ref, Step, Subject
from state.agenda import renew, seconds_left
from state.database import writing
from state.inbox import put_pushed
from state.ledger import write_journal
from state.links import IS_LINK, SPARE, Links, answered, doubted, foreign, link_of, link_values, moved_on
from state.schema import links
from state.sql import any_of, filled
from state.types import Entry, Lease, LeaseLost


class Bulk(Links):
    @writing
    def intend_many(
        self,
        connection: Connection,
        lease: Lease,
        intents: Sequence[tuple[Link, Step, Mapping[str, Any]]],
        margin: float,
        *,
        now: int,
    ) -> list[Link]:
        """``intend`` for several subjects of one target (Link, Step, body), none of which has a key pending, uses
        anything up or counts against a limit. LeaseLost as there."""
        if not renew(connection, lease, margin + SPARE):
            raise LeaseLost(f"someone else holds {lease.account_id} now")
        stored = _stored(connection, [link for link, _, _ in intents])
        saved: list[Link] = []
        for link, step, body in intents:
            known = stored.get(link.subject)
            if known and moved_on(known, link):
                raise LeaseLost(f"someone else has written {link.target} {link.subject} meanwhile")
            intent = replace(link, pending_key=step.key, pending_body=dict(body), pending_since=now)
            saved.append(doubted(known, intent))
        _save(connection, lease, stored, saved)
        return saved

    def acknowledge_many(
        self, lease: Lease, pushed: Sequence[tuple[Link, Entry, Ref | None]], *, now: int
    ) -> dict[Subject, Link]:
        """``acknowledge`` for several subjects of one target: each Link with its journal line and the root that its
        push changed. Returns the Links that are ours; one whose external id is another subject's is suspect and not
        among them. LeaseLost as there, when all of it is written."""
        saved = self._acknowledge_many(lease, pushed, now)
        if isinstance(saved, LeaseLost):
            raise saved
        return saved

    @writing
    def _acknowledge_many(
        self, connection: Connection, lease: Lease, pushed: Sequence[tuple[Link, Entry, Ref | None]], now: int
    ) -> dict[Subject, Link] | LeaseLost:
        left = seconds_left(connection, lease)
        stored = _stored(connection, [link for link, _, _ in pushed])
        put_pushed(connection, lease, [changed for _, _, changed in pushed], now)
        others = _claimed(connection, [link for link, _, _ in pushed])
        lost = {link.subject for link, _, _ in pushed if left is None or foreign(stored.get(link.subject), link)}
        ours = [(link, line) for link, line, _ in pushed if link.subject not in lost | others]
        write_journal(connection, [line for _, line in ours])
        saved = [doubted(stored.get(link.subject), answered(link)) for link, _ in ours]
        _save(connection, lease, stored, saved)
        for link, line, _ in pushed:
            if link.subject in lost | others:
                write_journal(connection, [line], once=True)
                named = replace(link, external_id="") if link.subject in others else link
                self._suspect(connection, lease, stored.get(link.subject), named)
        return (
            LeaseLost(f"someone else holds {lease.account_id} now") if lost else {link.subject: link for link in saved}
        )


def _stored(connection: Connection, given: Sequence[Link]) -> dict[Subject, Link]:
    """Locked in key order, so that two workers never wait for each other."""
    mine = (links.c.target == given[0].target) & links.c.subject.in_(any_of(link.subject for link in given))
    rows = connection.execute(select(links).where(mine).order_by(links.c.subject).with_for_update())
    return {row.subject: link_of(row) for row in rows}


def _claimed(connection: Connection, given: Sequence[Link]) -> set[Subject]:
    """Those whose external id is another subject's."""
    names = {link.external_id: link.subject for link in given if link.external_id}
    same = (links.c.target == given[0].target) & links.c.external_id.in_(any_of(names)) & filled(links.c.external_id)
    rows = connection.execute(select(links.c.external_id, links.c.subject).where(same))
    return {names[row.external_id] for row in rows if row.subject != names[row.external_id]}


def _save(connection: Connection, lease: Lease, stored: Mapping[Subject, Link], given: Sequence[Link]) -> None:
    """An insert that meets a row someone else has just made fails, and the whole transaction is done again."""
    rows = [link_values(link) | {"account_id": lease.account_id} for link in given]
    if new := [row for row in rows if row["subject"] not in stored]:
        connection.execute(insert(links), new)
    if known := [row for row in rows if row["subject"] in stored]:
        named = [row | {"_target": row["target"], "_subject": row["subject"]} for row in known]
        connection.execute(update(links).where(IS_LINK), named)
