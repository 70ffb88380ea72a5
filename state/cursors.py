"""Cursors: how far each source has been read, and who is reading. One row a source, leased by compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from mappings.model import Change, Ref
from state.database import Base, reading, writing
from state.inbox import SCAN, put
from state.looks import next_look
from state.matching import lock_matching
from state.refs import root_ref, under
from state.schema import cursors, facts, roots, todo
from state.sql import clock
from state.todos import clear_todo
from state.types import Cursor, LeaseLost, ReadMeanwhile, Shrunk

# So many objects of a source may be gone at once, however few there were.
FEW: Final = 3

AUDIT = "audit "
"""What the cursor of an audit is named after, before its target."""


class Cursors(Base):
    @writing
    def lease_cursor(self, connection: Connection, source: str, owner: str, seconds: float) -> Cursor | None:
        """None when someone else is reading. Every page stored under the lease renews it for ``seconds``."""
        free = cursors.c.lease_owner.is_(None) | (cursors.c.lease_until <= clock())
        lease = (
            update(cursors)
            .where(cursors.c.source == source, free)
            .values(
                lease_owner=owner,
                lease_token=cursors.c.lease_token + 1,
                lease_until=clock() + seconds,
                lease_seconds=seconds,
            )
            .returning(cursors)
        )
        row = connection.execute(lease).one_or_none()
        if row is None:
            new = self.database.insert(cursors).values(source=source).on_conflict_do_nothing()
            row = connection.execute(lease).one_or_none() if connection.execute(new).rowcount else None
        return _cursor(row) if row else None

    @writing
    def release_cursor(self, connection: Connection, cursor: Cursor) -> None:
        """Nothing happens when the lease was lost."""
        connection.execute(_held(cursor).values(lease_owner=None, lease_until=None))

    @writing
    def take_in(
        self, connection: Connection, cursor: Cursor | None, changes: Sequence[Change], position: str | None, now: int
    ) -> int:
        """Changes and cursor commit together; ids already in the ledger are dropped; returns the new ones.

        ``position`` None leaves the cursor where it is; ``cursor`` None is for hints that come by themselves (a
        webhook). LeaseLost when fenced."""
        if cursor:
            fence(connection, cursor, **({} if position is None else {"position": position}))
        return put(connection, self.database, changes, now)

    @writing
    def start_scan(
        self, connection: Connection, cursor: Cursor, position: str | None, begun_at: int | None = None
    ) -> Cursor:
        """Begin a scan under a new look; ``position`` is the event cursor taken before it. LeaseLost when fenced."""
        look_no = next_look(connection, self.database)
        return fence(connection, cursor, position=position, scan=None, scan_look=look_no, scan_begun_at=begun_at)

    @reading
    def scan_found(self, connection: Connection, cursor: Cursor, kinds: Sequence[str]) -> set[Ref]:
        """The roots of these kinds that the scan under way, or looks at what it could only name, found to differ. A
        first scan, to which all is new, does not count."""
        ours = under(roots.c.root, cursor.source.partition(".")[0], kinds)
        moved = select(roots.c.root).where(ours, roots.c.scan_moved >= cursor.scan_look)
        return set(map(root_ref, connection.scalars(moved)))

    def finish_scan(
        self, cursor: Cursor, kinds: Sequence[str], now: int, steady: Sequence[str] = (), unread: Sequence[str] = ()
    ) -> list[Ref]:
        """Mark the scan complete. Roots of these root kinds with a live row that the scan did not meet become hints for
        a direct look (absence is not deletion), and are returned. The roots' ``Ref.source`` is the cursor's source up
        to its first dot. LeaseLost when fenced.

        Shrunk when it met less than half of the facts of a ``steady`` kind that the last one met: then nothing follows
        from it, and the next one begins anew. ReadMeanwhile when a source of ``unread`` has a completed scan by now:
        the last scan to end is to match what all of them brought."""
        ended = self._finish_scan(cursor, kinds, now, steady, unread)
        if isinstance(ended, Shrunk):
            raise ended
        return ended

    @writing
    def _finish_scan(
        self,
        connection: Connection,
        cursor: Cursor,
        kinds: Sequence[str],
        now: int,
        steady: Sequence[str],
        unread: Sequence[str],
    ) -> list[Ref] | Shrunk:
        if unread:
            lock_matching(connection, self.database)  # Of two scans that end at once the second sees the first.
            if _unscanned(connection, unread) != list(unread):
                raise ReadMeanwhile
        look_no = fence(connection, cursor).scan_look or 0
        living = under(facts.c.root, cursor.source.partition(".")[0], kinds) & facts.c.gone.is_(False)
        counted = living & facts.c.kind.in_(steady) & (facts.c.look_no >= look_no)
        per_kind = select(facts.c.kind, func.count()).where(counted)
        met = dict.fromkeys(steady, 0) | dict(connection.execute(per_kind.group_by(facts.c.kind)).tuples().all())
        usual = connection.scalar(select(cursors.c.met).where(cursors.c.source == cursor.source)) or {}
        for kind, before in sorted(usual.items()):
            if _collapsed(met.get(kind, before), before):
                fence(connection, cursor, scan=None, scan_look=None, shrunk_to=met)
                return Shrunk(kind, met[kind], before)
        absent = connection.execute(select(facts.c.root).where(living, facts.c.look_no < look_no).distinct())
        changes = [Change(root_ref(key), f"{SCAN}{look_no}:{key}", now) for key in absent.scalars()]
        put(connection, self.database, changes, now, "not met by a scan")
        clear_todo(connection, ["held"], [_subject(cursor.source)])
        fence(connection, cursor, scan=None, scan_look=None, scanned_at=now, met=met, shrunk_to=None)
        return [change.ref for change in changes]

    @reading
    def shrunk(self, connection: Connection) -> frozenset[str]:
        """Sources that are taken for broken since their last scan."""
        return frozenset(connection.scalars(select(cursors.c.source).where(cursors.c.shrunk_to.is_not(None))))

    @writing
    def believe(self, connection: Connection, source: str, by: str, now: int) -> bool:
        """What the last scan of a shrunk source met is what it holds; False where it is not shrunk."""
        shrunk = (cursors.c.source == source) & cursors.c.shrunk_to.is_not(None)
        found = update(cursors).where(shrunk).values(met=cursors.c.shrunk_to, shrunk_to=None)
        if not connection.execute(found).rowcount:
            return False
        line = (todo.c.kind == "held") & (todo.c.subject == _subject(source))
        connection.execute(update(todo).where(line).values(resolved_at=now, resolved_by=by))
        return True

    @reading
    def read_at(self, connection: Connection) -> dict[str, int | None]:
        """When each source was last read whole, unix seconds; None where that has not ended yet."""
        rows = select(cursors.c.source, cursors.c.scanned_at).where(~cursors.c.source.startswith(AUDIT))
        return dict(connection.execute(rows.order_by(cursors.c.source)).tuples().all())

    @reading
    def unscanned(self, connection: Connection, sources: Sequence[str]) -> list[str]:
        """Those of ``sources`` without a completed scan, in the order given."""
        return _unscanned(connection, sources)


def _subject(source: str) -> str:
    """What the line of todo about a shrunk source is about."""
    return f"source:{source}"


def _unscanned(connection: Connection, sources: Sequence[str]) -> list[str]:
    done = set(connection.scalars(select(cursors.c.source).where(cursors.c.scanned_at.is_not(None))))
    return [source for source in sources if source not in done]


def _collapsed(met: int, usual: int) -> bool:
    """A few may go at once, and the only one."""
    lost = usual - met
    return lost > max(FEW, usual / 2) or (met == 0 and lost > 1)


def fence(connection: Connection, cursor: Cursor, **values: Any) -> Cursor:
    """Write ``values`` and renew the lease; LeaseLost when the token is no longer the current one."""
    renewed = clock() + cursors.c.lease_seconds
    row = connection.execute(_held(cursor).values(lease_until=renewed, **values).returning(cursors)).one_or_none()
    if row is None:
        raise LeaseLost(f"someone else reads {cursor.source} now")
    return _cursor(row)


def _held(cursor: Cursor) -> Any:
    mine = (cursors.c.lease_token == cursor.token) & (cursors.c.lease_owner == cursor.owner)
    return update(cursors).where(cursors.c.source == cursor.source, mine)


def _cursor(row: Row[Any]) -> Cursor:
    return Cursor(
        row.source, row.position, row.scan, row.scan_look, row.scanned_at, row.lease_token, row.lease_owner,
        row.shrunk_to is not None, row.scan_begun_at,
    )  # fmt: skip
