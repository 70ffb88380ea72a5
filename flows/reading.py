"""Pull: what is new in a source, or all of it, as hints into the inbox and as facts. Never writes to a vendor."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from connectors.contract import ConnectorError, Page, Source, Stale
from flows.comparing import Compared, Difference
from flows.looking import LOOK_BATCH, Looked, Looker, readable
from flows.wiring import SourceLine
from mappings.matching import match_surely
from mappings.model import AccountId, Ref
from mappings.text import printable
from state.store import Cause, Cursor, Landed, ReadMeanwhile, Shrunk, Todo

SOURCE_LEASE = 300.0
CHANGED, ABSENT = "not as it was read before", "not listed any more"
NOBODY = AccountId("")


@dataclass(slots=True)
class Pulled:
    """What one pull of one source did. ``busy``: another worker is reading it. ``moved``: roots that a scan found to
    differ, ``named``: those it could only name, ``absent``: those it did not meet; ``begun``: when, also where it was
    another worker that began it. ``compared``: by a sweep."""

    source: str
    begun: int = 0
    hints: int = 0
    rows: int = 0
    moved: set[Ref] = field(default_factory=set)
    named: set[Ref] = field(default_factory=set)
    absent: list[Ref] = field(default_factory=list)
    busy: bool = False
    scanned: bool = False
    looked: Looked | None = None
    compared: Compared | None = None


class Reader(Looker):
    """Reads whole sources too."""

    def pull(self, line: SourceLine, sweep: bool = False, progress: Callable[[int], None] | None = None) -> Pulled:
        """Read what is new in one source; the first time, for a ``sweep``, and when its events lie too far back, all
        of it.

        Raises ConnectorError when the source cannot be read; what was stored before stays.
        """
        source = line.source
        cursor = self._store.lease_cursor(source.name, self._owner, SOURCE_LEASE)
        if cursor is None:
            return Pulled(source.name, busy=True)
        pulled, known = Pulled(source.name, begun=self._now()), cursor.scanned_at is not None
        try:
            unread = cursor.scanned_at is None or cursor.scan_look is not None or cursor.shrunk
            if sweep or source.feed == "truth" or unread:
                cursor = self._scan(line, cursor, pulled, progress)
            try:
                self._hear(source, cursor, pulled)
            except Stale:
                cursor = self._scan(line, replace(cursor, position=None, scan=None), pulled, progress)
                self._hear(source, cursor, pulled)
        finally:
            self._store.release_cursor(cursor)
        if sweep and known:
            pulled.compared = self._compared(source, pulled)
        return pulled

    def _hear(self, source: Source, cursor: Cursor, pulled: Pulled) -> None:
        """What the event log says since the last time. Raises Stale."""
        if source.feed == "hints":
            for page in readable(source.changes(cursor.position)):
                pulled.hints += self._store.take_in(cursor, page.changes, page.cursor, self._now())

    def _scan(self, line: SourceLine, cursor: Cursor, pulled: Pulled, progress: Callable[[int], None] | None) -> Cursor:
        """Everything, page by page, each page with its resume point. The event cursor is taken first, so that what
        moves while we scan is replayed."""
        source = line.source
        fresh, unfinished = cursor.scan is None or cursor.scan_look is None, cursor.scan_look is not None
        if fresh:
            self._aside.clear()
            position = cursor.position or self._event_position(source)
            cursor = self._store.start_scan(cursor, position, pulled.begun)
        else:
            pulled.moved = self._store.scan_found(cursor, source.kinds)
            pulled.begun = cursor.scan_begun_at or pulled.begun
        look = cursor.scan_look or self._store.draw_look()
        for page in readable(source.scan(cursor.scan)):
            landed = self._land(line, look, page, cursor)
            pulled.rows += landed.rows
            pulled.moved |= landed.changed
            pulled.hints += landed.hints
            pulled.named |= {change.ref for change in page.changes}
            if progress:
                progress(len(page.records))
        news = bool(pulled.rows or cursor.scanned_at is None or unfinished)
        pulled.absent = self._finish(line, cursor, news)
        if fresh:
            self._mended(source)
        pulled.scanned = True
        return cursor

    def _mended(self, source: Source) -> None:
        """What was put aside once could be used by the scan that has just ended, or is there no more."""
        for line in self._store.todo():
            ours = line.kind == "parked" and line.target == source.name.partition(".")[0]
            if ours and line.subject.partition(":")[0] in source.kinds and line.subject not in self._aside:
                self._store.todo_clear(["parked"], line.subject, line.target)

    def _compared(self, source: Source, pulled: Pulled) -> Compared:
        """What a sweep found to differ, and whether an event, or the pull that it was, says why."""
        asked = pulled.named.union(pulled.absent)
        told = self._store.told([*pulled.moved, *asked], pulled.begun) if source.feed == "hints" else None
        pulled.looked = self.look(sys.maxsize)
        moved = pulled.moved | (asked & pulled.looked.changed)
        if told is not None:
            # A bulk page shows less than a look: what a look finds as it was before did not move.
            moved -= self._looked_at(moved - asked - told)
        differences = [
            Difference(
                f"{ref.kind}:{ref.id}",
                NOBODY,
                ABSENT if ref in pulled.absent else CHANGED,
                explained=told is None or ref in told,
            )
            for ref in sorted(moved, key=str)
        ]
        every = self._store.count_roots(source.name.partition(".")[0], source.kinds)
        return Compared(source.name, max(0, every - len(differences)), differences, self._now())

    def _looked_at(self, refs: Collection[Ref]) -> set[Ref]:
        """Those whose facts move when they are fetched by themselves."""
        every, moved = sorted(refs, key=str), set[Ref]()
        for start in range(0, len(every), LOOK_BATCH):
            look, some = self._store.draw_look(), every[start : start + LOOK_BATCH]
            records = self._fetch(some, {}, self._pool.map)
            moved |= self._record(look, self._usable(records), (), None, "inferred").changed if records else set()
        return moved

    def _finish(self, line: SourceLine, cursor: Cursor, news: bool) -> list[Ref]:
        """Returns the roots that the scan did not meet. Raises ConnectorError where they are too many to be true."""
        name = line.source.name
        # Before the scan counts as done: a worker that dies here does it again.
        unread = self._match_again(name) if news else []
        try:
            return self._store.finish_scan(cursor, line.source.kinds, self._now(), line.steady, unread)
        except ReadMeanwhile:
            return self._finish(line, cursor, news)
        except Shrunk as shrunk:
            reason = f"it shows {shrunk.met} {shrunk.kind} rows where {shrunk.usual} were, so it is taken for broken"
            proposal = f"if this is true, `instep approve --source {name}`; until then nothing of it is believed"
            command = f"instep approve --source {name}"
            self._store.todo_add([Todo("held", f"source:{name}", "", reason, proposal, self._now(), command=command)])
            raise ConnectorError(f"{reason} (see `instep todo`)") from None

    def _match_again(self, ending: str) -> list[str]:
        """Unless sources, but the one that is ``ending``, were never read whole: these it returns."""
        if not (unread := self._unread(ending)):
            self._rematch()
        return unread

    def _event_position(self, source: Source) -> str | None:
        if source.feed != "hints":
            return None
        return next((page.cursor for page in source.changes(None)), None)

    def _land(self, line: SourceLine, look: int, page: Page, cursor: Cursor) -> Landed:
        """What the first scan shows was there before us; what a later one finds where events should have told is only
        inferred. A page's hints, the only word of what it could but name, commit with its resume point, which stays
        where it was after an id that no system can carry."""
        findings = self._usable(page.records)
        late: Cause = "inferred" if line.source.feed == "hints" else ""
        return self._store.record(
            look, findings, match=match_surely, now=self._now(), reason=f"{line.source.name} changed", cursor=cursor,
            resume=page.cursor if printable(page.cursor or "") else None, changes=page.changes,
            cause="accepted" if cursor.scanned_at is None else late,
        )  # fmt: skip
