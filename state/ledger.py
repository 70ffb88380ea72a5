"""What is kept for the record: redemptions, todo, journal and runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from mappings.model import RequestId
from state.database import Base, Database, reading, writing
from state.schema import journal, redemptions, runs, todo
from state.sql import any_of
from state.types import AlreadyRedeemed, Entry, Todo, TodoKind


class Ledger(Base):
    @reading
    def redeemed(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], RequestId]:
        """(kind, key hash) -> the request that used it."""
        return used(connection, keys)

    @writing
    def redeem(self, connection: Connection, uses: Mapping[tuple[str, str], RequestId]) -> int:
        """Past trials and erased persons, kept for ever; a key used before stays with its first request."""
        rows = [{"kind": kind, "key_hash": key, "request_id": by} for (kind, key), by in sorted(uses.items())]
        if rows:
            connection.execute(self.database.insert(redemptions).on_conflict_do_nothing(), rows)
        return len(rows)

    @writing
    def todo_add(self, connection: Connection, items: Sequence[Todo]) -> int:
        """Upsert by (kind, subject, target); ``since`` stays that of the first; returns how many are new."""
        return put_todo(connection, self.database, items)

    @writing
    def todo_clear(self, connection: Connection, kinds: Sequence[TodoKind], subject: str, target: str = "") -> None:
        """Ended by itself."""
        clear_todo(connection, kinds, [subject], target)

    @reading
    def todo(self, connection: Connection) -> list[Todo]:
        """Open lines, oldest first."""
        lines = select(todo).where(todo.c.resolved_at.is_(None)).order_by(todo.c.since, todo.c.id)
        return [_todo(row) for row in connection.execute(lines)]

    @reading
    def journal(self, connection: Connection, limit: int = 100, run: str = "", subject: str = "") -> list[Entry]:
        """Newest first."""
        lines = select(journal).order_by(journal.c.id.desc()).limit(limit)
        lines = lines.where(journal.c.run == run) if run else lines
        lines = lines.where(journal.c.subject == subject) if subject else lines
        return [_entry(row) for row in connection.execute(lines)]

    @writing
    def start_run(self, connection: Connection, run: str, purpose: str, now: int) -> None:
        connection.execute(insert(runs).values(run=run, purpose=purpose, started_at=now))

    @writing
    def end_run(self, connection: Connection, run: str, counts: Mapping[str, int], end: str, now: int) -> None:
        connection.execute(update(runs).where(runs.c.run == run).values(counts=counts, ended_by=end, ended_at=now))

    @reading
    def runs(self, connection: Connection, limit: int = 10) -> list[dict[str, Any]]:
        """Newest first: run, purpose, started_at, ended_at, counts, ended_by."""
        newest = select(runs).order_by(runs.c.started_at.desc(), runs.c.run.desc()).limit(limit)
        return [dict(row._mapping) for row in connection.execute(newest)]

    @writing
    def purge_journal(self, connection: Connection, before: int) -> int:
        """Forget up to one batch of journal lines sent, and of runs ended, before that second; call again until it
        returns 0. What was used up, and what was erased, is kept elsewhere and for ever."""
        batch = self.database.batch
        lines = select(journal.c.id).where(journal.c.sent_at < before).limit(batch)
        ended = select(runs.c.run).where(runs.c.started_at < before, runs.c.ended_at.is_not(None)).limit(batch)
        gone = connection.execute(delete(journal).where(journal.c.id.in_(lines))).rowcount
        return gone + connection.execute(delete(runs).where(runs.c.run.in_(ended))).rowcount


def used(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], RequestId]:
    wanted = select(redemptions).where(redemptions.c.key_hash.in_(any_of(key for _, key in keys)))
    rows = connection.execute(wanted.where(redemptions.c.kind.in_(any_of({kind for kind, _ in keys}))))
    found = {(row.kind, row.key_hash): RequestId(row.request_id) for row in rows}
    return {key: found[key] for key in keys if key in found}


def redeem_keys(
    connection: Connection, database: Database, keys: Sequence[tuple[str, str]], request: RequestId
) -> None:
    """All or none; AlreadyRedeemed. The insert waits for a parallel one (PostgreSQL), so the read after it is final."""
    if not keys:
        return
    rows = [{"kind": kind, "key_hash": key, "request_id": request} for kind, key in sorted(keys)]
    connection.execute(database.insert(redemptions).on_conflict_do_nothing(), rows)
    for other in used(connection, keys).values():
        if other != request:
            raise AlreadyRedeemed(other)


def release_keys(connection: Connection, request: RequestId) -> None:
    """What a request used up is free again: nothing came of it."""
    connection.execute(delete(redemptions).where(redemptions.c.request_id == request))


def write_journal(connection: Connection, entries: Sequence[Entry]) -> None:
    if entries:
        connection.execute(insert(journal), [{name: getattr(entry, name) for name in _ENTRY} for entry in entries])


def put_todo(connection: Connection, database: Database, items: Sequence[Todo]) -> int:
    lines = {(item.kind, item.subject, item.target): item for item in items}
    if not lines:
        return 0
    same = todo.c.subject.in_(any_of({subject for _, subject, _ in lines})) & todo.c.resolved_at.is_(None)
    opened = {(row.kind, row.subject, row.target): row.since for row in connection.execute(select(todo).where(same))}
    rows = [
        {
            **{name: getattr(item, name) for name in ("kind", "subject", "target", "reason", "proposal")},
            "since": opened.get(key, item.since),
            "resolved_at": None,
            "resolved_by": "",
        }
        for key, item in sorted(lines.items())
    ]
    new = database.insert(todo)
    fields = {name: new.excluded[name] for name in ("reason", "proposal", "since", "resolved_at", "resolved_by")}
    connection.execute(new.on_conflict_do_update(index_elements=["kind", "subject", "target"], set_=fields), rows)
    return len(lines.keys() - opened.keys())


def clear_todo(connection: Connection, kinds: Sequence[TodoKind], subjects: Iterable[str], target: str = "") -> None:
    over = todo.c.kind.in_(kinds) & todo.c.subject.in_(any_of(subjects)) & (todo.c.target == target)
    connection.execute(delete(todo).where(over, todo.c.resolved_at.is_(None)))


_ENTRY = tuple(Entry.__dataclass_fields__)


def _entry(row: Row[Any]) -> Entry:
    return Entry(**{name: getattr(row, name) for name in _ENTRY})


def _todo(row: Row[Any]) -> Todo:
    return Todo(row.kind, row.subject, row.target, row.reason, row.proposal, row.since, row.id)
