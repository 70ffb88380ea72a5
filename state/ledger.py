"""What is kept for the record: redemptions, journal and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from mappings.model import RequestId
from state.database import Base, Database, reading, writing
from state.schema import journal, redemptions, runs
from state.sql import any_of
from state.types import AlreadyRedeemed, Entry


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

    @reading
    def journal(self, connection: Connection, limit: int = 100, run: str = "", subject: str = "") -> list[Entry]:
        """Newest first."""
        lines = select(journal).order_by(journal.c.id.desc()).limit(limit)
        lines = lines.where(journal.c.run == run) if run else lines
        lines = lines.where(journal.c.subject == subject) if subject else lines
        return [_entry(row) for row in connection.execute(lines)]

    @reading
    def journaled(self, connection: Connection, key: str) -> bool:
        """Whether somebody has written down that the push with this key was done."""
        return connection.execute(select(journal.c.id).where(journal.c.key == key)).first() is not None

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
        """Forget up to one batch of journal lines sent, and of runs begun, before that second, oldest lines first; call
        again until it returns 0. What was used up, and what was erased, is kept elsewhere and for ever."""
        batch = self.database.batch
        first = select(journal.c.id, journal.c.sent_at).order_by(journal.c.id).limit(batch).subquery()
        lines = select(first.c.id).where(first.c.sent_at < before)
        old = select(runs.c.run).where(runs.c.started_at < before).limit(batch)
        gone = connection.execute(delete(journal).where(journal.c.id.in_(lines))).rowcount
        return gone + connection.execute(delete(runs).where(runs.c.run.in_(old))).rowcount


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


def write_journal(connection: Connection, entries: Sequence[Entry], once: bool = False) -> None:
    """``once``: nothing where somebody has written down the same push already."""
    if once and entries:
        keys = any_of(entry.key for entry in entries)
        known = set(connection.scalars(select(journal.c.key).where(journal.c.key.in_(keys), journal.c.key != "")))
        entries = [entry for entry in entries if entry.key not in known]
    if entries:
        connection.execute(insert(journal), [{name: getattr(entry, name) for name in _ENTRY} for entry in entries])


_ENTRY = tuple(Entry.__dataclass_fields__)


def _entry(row: Row[Any]) -> Entry:
    return Entry(**{name: getattr(row, name) for name in _ENTRY})
