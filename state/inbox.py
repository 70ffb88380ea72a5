"""The inbox: what we were told. Handled rows stay for 35 days as the ledger of seen events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, func, insert, or_, select, update

from mappings.model import Change, Ref
from state.database import Base, Database, reading, writing
from state.refs import root_key, root_ref
from state.schema import agenda, inbox
from state.sql import any_of, clock
from state.types import Hint, Lease

LEDGER_SECONDS: Final = 35 * 86_400
DAY_SECONDS: Final = 86_400
PUSHED: Final = "pushed:"
SCAN: Final = "scan:"
"""How the hints that a scan leaves begin: they say where to look, not that something happened."""


class Inbox(Base):
    @writing
    def tell(self, connection: Connection, changes: Sequence[Change], now: int) -> int:
        """Hints from within the house, due ``now``; those told before are dropped. Returns how many are new."""
        return put(connection, self.database, changes, now)

    @reading
    def due_hints(self, connection: Connection, now: int, limit: int) -> list[Hint]:
        """Oldest first. What a living lease has pushed is left to its worker, which is about to look at it."""
        due = (inbox.c.handled_at.is_(None)) & (inbox.c.due_at <= now) & ~_left_to_its_worker()
        rows = connection.execute(select(inbox).where(due).order_by(inbox.c.due_at, inbox.c.id).limit(limit))
        return [Hint(r.id, r.source, r.event_id, root_ref(r.root), r.occurred_at, r.attempts) for r in rows]

    @reading
    def told(self, connection: Connection, refs: Collection[Ref], since: int) -> set[Ref]:
        """Those of these roots that somebody has told us of, and that were not dealt with before ``since``."""
        about = inbox.c.root.in_(any_of(map(root_key, refs))) & ~inbox.c.event_id.startswith(SCAN)
        fresh = inbox.c.handled_at.is_(None) | (inbox.c.handled_at >= since)
        return set(map(root_ref, connection.scalars(select(inbox.c.root).where(about, fresh))))

    @reading
    def lateness(self, connection: Connection, now: int) -> dict[str, tuple[int, int]]:
        """Source -> how many events were dealt with in the last 24 hours or still wait, and the most seconds from an
        event to then. What we told ourselves is no event."""
        events = ~or_(inbox.c.event_id.startswith(SCAN), inbox.c.event_id.startswith(PUSHED))
        recent = or_(inbox.c.handled_at.is_(None), inbox.c.handled_at >= now - DAY_SECONDS)
        late = func.max(func.coalesce(inbox.c.handled_at, now) - inbox.c.occurred_at)
        rows = select(inbox.c.source, func.count(), late).where(events, recent).group_by(inbox.c.source)
        return {source: (count, max(0, most)) for source, count, most in connection.execute(rows).tuples()}

    @writing
    def requeue(self, connection: Connection, hints: Sequence[Hint], due_at: int, error: str = "") -> None:
        """Look again at ``due_at``, also where it was handled already; attempts + 1."""
        wait(connection, hints, due_at, error)

    @writing
    def purge(self, connection: Connection, now: int) -> int:
        """Forget up to one batch of the rows handled more than 35 days ago; call again until it returns 0."""
        old = select(inbox.c.id).where(inbox.c.handled_at < now - LEDGER_SECONDS).limit(self.database.batch)
        return connection.execute(delete(inbox).where(inbox.c.id.in_(old))).rowcount


def put(connection: Connection, database: Database, changes: Sequence[Change], now: int, reason: str = "") -> int:
    """Insert what the ledger does not know; returns how many."""
    told = {(change.ref.source, change.event_id): change for change in changes}
    if not told:
        return 0
    sources, events = any_of({source for source, _ in told}), any_of(event_id for _, event_id in told)
    seen = select(inbox.c.source, inbox.c.event_id).where(inbox.c.source.in_(sources), inbox.c.event_id.in_(events))
    known = {(row.source, row.event_id) for row in connection.execute(seen)}
    rows = [_row(change, now, reason) for key, change in told.items() if key not in known]
    if rows:
        connection.execute(database.insert(inbox).on_conflict_do_nothing(), rows)
    return len(rows)


def _row(change: Change, now: int, reason: str) -> dict[str, Any]:
    return {
        "source": change.ref.source, "event_id": change.event_id, "root": root_key(change.ref), "reason": reason,
        "occurred_at": change.occurred_at, "due_at": now,
    }  # fmt: skip


def put_pushed(connection: Connection, lease: Lease, changed: Iterable[Ref | None], now: int) -> None:
    """Pushes under this lease changed these roots, which its worker is about to look at."""
    told = [Change(ref, f"{_pushed(lease)}:{uuid4().hex}", now) for ref in changed if ref]
    if told:
        connection.execute(insert(inbox), [_row(change, now, "pushed") for change in told])


def handle_pushed(connection: Connection, lease: Lease, roots: Collection[Ref], now: int) -> None:
    """The worker has looked: what others push meanwhile has another lease and stays due."""
    begin = _pushed(lease)
    ours = (inbox.c.event_id > f"{begin}:") & (inbox.c.event_id < f"{begin};")
    about = inbox.c.source.in_({ref.source for ref in roots}) & inbox.c.root.in_(any_of(map(root_key, roots)))
    connection.execute(update(inbox).where(about, ours, inbox.c.handled_at.is_(None)).values(handled_at=now))


def _pushed(lease: Lease) -> str:
    return f"{PUSHED}{lease.account_id}:{lease.token}"


def _left_to_its_worker() -> ColumnElement[bool]:
    live = select(agenda.c.account_id + ":" + cast(agenda.c.lease_token, Text))
    live = live.where(agenda.c.lease_owner.is_not(None), agenda.c.lease_until > clock())
    named = func.length(inbox.c.event_id) - len(PUSHED) - len(f":{uuid4().hex}")
    lease = func.substr(inbox.c.event_id, len(PUSHED) + 1, named)
    return inbox.c.event_id.startswith(PUSHED) & lease.in_(live)


def wait(connection: Connection, hints: Sequence[Hint], due_at: int, error: str = "") -> None:
    if hints:
        values = {"due_at": due_at, "attempts": inbox.c.attempts + 1, "error": error, "handled_at": None}
        connection.execute(update(inbox).where(_these(hints)).values(values))


def handle(connection: Connection, hints: Sequence[Hint], now: int) -> None:
    """Exactly these rows, which were read before the fetch; a later hint for the same root stays due."""
    if hints:
        connection.execute(update(inbox).where(_these(hints)).values(handled_at=now))


def _these(hints: Sequence[Hint]) -> ColumnElement[bool]:
    return inbox.c.id.in_([hint.id for hint in hints])
