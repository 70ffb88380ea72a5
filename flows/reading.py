"""Pull and look: hints into the inbox, what was fetched into facts. Never writes to a vendor."""

from __future__ import annotations

import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from connectors.contract import ConnectorError, Page, Source, Stale
from flows.comparing import Compared, Difference
from flows.erasing import heed
from flows.wiring import SourceLine, Systems
from mappings.matching import match, match_surely
from mappings.model import AccountId, Fact, Record, Ref, fingerprint
from mappings.text import identifier
from state.store import Cause, Cursor, Finding, Hint, Landed, Lease, Shrunk, Store, Todo

log = logging.getLogger("instep")

SOURCE_LEASE = 300.0
LOOK_BATCH = 200
CHANGED, ABSENT = "not as it was read before", "not listed any more"
NOBODY = AccountId("")
CAUSES: Sequence[Cause] = ("", "inferred")
# A hint this young may be ahead of what the vendor's reads show.
UNSETTLED = 60


class BadId(ValueError):
    """An id that not every system could carry."""


@dataclass(slots=True)
class Pulled:
    """What one pull of one source did. ``busy``: another worker is reading it. ``moved``: roots that a scan found to
    differ, ``named``: those it could only name, ``absent``: those it did not meet. ``compared``: by a sweep."""

    source: str
    hints: int = 0
    rows: int = 0
    moved: set[Ref] = field(default_factory=set)
    named: set[Ref] = field(default_factory=set)
    absent: list[Ref] = field(default_factory=list)
    busy: bool = False
    scanned: bool = False
    looked: Looked | None = None
    compared: Compared | None = None


@dataclass(slots=True)
class Looked:
    """What one look did: ``changed`` roots are not what they were, ``failed`` systems could not be read."""

    hints: int = 0
    roots: int = 0
    changed: set[Ref] = field(default_factory=set)
    failed: dict[str, ConnectorError] = field(default_factory=dict)


class Reader:
    """Reads sources into the state. ``now`` is the mapping clock."""

    def __init__(self, store: Store, systems: Systems, now: Callable[[], int], owner: str, pool: Executor) -> None:
        self._store, self._systems, self._now, self._owner, self._pool = store, systems, now, owner, pool
        self._broken: frozenset[str] = frozenset()

    def follow(self, systems: Systems) -> None:
        """From the next request on: what was connected anew."""
        self._systems = systems

    def pull(self, line: SourceLine, sweep: bool = False, progress: Callable[[int], None] | None = None) -> Pulled:
        """Read what is new in one source; the first time, for a ``sweep``, and when its events lie too far back, all
        of it.

        Raises ConnectorError when the source cannot be read; what was stored before stays.
        """
        source = line.source
        cursor = self._store.lease_cursor(source.name, self._owner, SOURCE_LEASE)
        if cursor is None:
            return Pulled(source.name, busy=True)
        pulled, begun, known = Pulled(source.name), self._now(), cursor.scanned_at is not None
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
            pulled.compared = self._compared(source, pulled, begun)
        return pulled

    def _hear(self, source: Source, cursor: Cursor, pulled: Pulled) -> None:
        """What the event log says since the last time. Raises Stale."""
        if source.feed == "hints":
            for page in source.changes(cursor.position):
                pulled.hints += self._store.take_in(cursor, page.changes, page.cursor, self._now())

    def _scan(self, line: SourceLine, cursor: Cursor, pulled: Pulled, progress: Callable[[int], None] | None) -> Cursor:
        """Everything, page by page, each page with its resume point. The event cursor is taken first, so that what
        moves while we scan is replayed."""
        source = line.source
        if cursor.scan is None or cursor.scan_look is None:
            cursor = self._store.start_scan(cursor, cursor.position or self._event_position(source))
        look = cursor.scan_look or self._store.draw_look()
        for page in source.scan(cursor.scan):
            landed = self._land(line, look, page, cursor)
            pulled.rows += landed.rows
            pulled.moved |= landed.changed
            if page.changes:
                pulled.hints += self._store.take_in(cursor, page.changes, None, self._now())
                pulled.named |= {change.ref for change in page.changes}
            if progress:
                progress(len(page.records))
        news = pulled.rows or cursor.scanned_at is None
        if news:  # Before the scan counts as done: a worker that dies here does it again.
            self._match_again(source.name)
        pulled.absent = self._finish(line, cursor)
        if news:
            self._match_again()
        pulled.scanned = True
        return cursor

    def _compared(self, source: Source, pulled: Pulled, begun: int) -> Compared:
        """What a sweep found to differ, and whether an event, or the pull that it was, says why."""
        asked = pulled.named.union(pulled.absent)
        told = self._store.told([*pulled.moved, *asked], begun) if source.feed == "hints" else None
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
            records = [record for record in self._pool.map(lambda ref: self._attempt(ref, {}), some) if record]
            moved |= self._record(look, records, (), None, "inferred").changed if records else set()
        return moved

    def _finish(self, line: SourceLine, cursor: Cursor) -> list[Ref]:
        """Returns the roots that the scan did not meet. Raises ConnectorError where they are too many to be true."""
        name, subject = line.source.name, f"source:{line.source.name}"
        try:
            absent = self._store.finish_scan(cursor, line.source.kinds, self._now(), line.steady)
        except Shrunk as shrunk:
            reason = f"it shows {shrunk.met} {shrunk.kind} rows where {shrunk.usual} were, so it is taken for broken"
            proposal = f"if this is true, `instep approve --source {name}`; until then nothing of it is believed"
            command = f"instep approve --source {name}"
            self._store.todo_add([Todo("held", subject, "", reason, proposal, self._now(), command=command)])
            raise ConnectorError(f"{reason} (see `instep todo`)") from None
        self._store.todo_clear(["held"], subject)
        return absent

    def _match_again(self, ending: str = "") -> None:
        """All candidates for an e-mail are known only when every source, but the one that is ``ending``, was read."""
        names = [line.source.name for line in self._systems.sources]
        if self._store.unscanned([name for name in names if name != ending]):
            return
        after: str | None = ""
        while after is not None:
            after = self._store.rematch(match=match, now=self._now(), after=after)

    def _event_position(self, source: Source) -> str | None:
        if source.feed != "hints":
            return None
        return next((page.cursor for page in source.changes(None)), None)

    def _land(self, line: SourceLine, look: int, page: Page, cursor: Cursor) -> Landed:
        """What the first scan shows was there before us; what a later one finds where events should have told is only
        inferred."""
        findings = self._findings(line, page.records)
        late: Cause = "inferred" if line.source.feed == "hints" else ""
        return self._store.record(
            look, findings, match=match_surely, now=self._now(), reason=f"{line.source.name} changed", cursor=cursor,
            resume=page.cursor, cause="accepted" if cursor.scanned_at is None else late,
        )  # fmt: skip

    def _findings(self, line: SourceLine, records: Iterable[Record]) -> list[Finding]:
        """One bad record is put aside with its reason; the others go on."""
        found: list[Finding] = []
        for record in records:
            try:
                found.append(Finding(record.ref, _storable(record.ref, line.facts(record)), whole=not record.part))
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                self._put_aside(record, error)
        return heed(self._store, self._systems, found, self._now())

    def _put_aside(self, record: Record, error: Exception) -> None:
        subject = f"{record.ref.kind}:{ascii(record.ref.id)[1:-1][:120]}"
        unusable = "its id is empty, padded, over 200 characters or holds control characters"
        reason = unusable if isinstance(error, BadId) else f"it cannot be read ({type(error).__name__})"
        todo = Todo("parked", subject, record.ref.source, reason, since=self._now())
        self._store.todo_add([todo])

    def look(self, limit: int = 5000) -> Looked:
        """Fetch the roots that due hints name, each once, and store what they are now."""
        looked = Looked()
        self._broken = self._store.shrunk()
        while looked.hints < limit and (hints := self._store.due_hints(self._now(), LOOK_BATCH)):
            before = looked.hints
            for cause in CAUSES:
                self._look_at([hint for hint in hints if _cause(hint) == cause], looked, cause)
            if looked.hints == before:
                break
        return looked

    def _look_at(self, hints: Sequence[Hint], looked: Looked, cause: Cause) -> None:
        if not hints:
            return
        by_ref: defaultdict[Ref, list[Hint]] = defaultdict(list)
        for hint in hints:
            by_ref[hint.ref].append(hint)
        look = self._store.draw_look()
        records = [r for r in self._pool.map(lambda ref: self._attempt(ref, looked.failed), by_ref) if r]
        seen = [hint for record in records for hint in by_ref.pop(record.ref)]
        self._postpone([hint for group in by_ref.values() for hint in group])
        if not records:
            return
        landed = self._record(look, records, seen, None, cause)
        self._look_again(seen, landed)
        looked.hints += len(seen)
        looked.roots += len(records)
        looked.changed |= landed.changed

    def _postpone(self, hints: Sequence[Hint]) -> None:
        """What could not be fetched does not stand in the way of the others; it comes back within two minutes."""
        if hints:
            self._store.requeue(hints, self._now() + min(120, 15 * 2 ** min(hint.attempts for hint in hints)))

    def _look_again(self, hints: Iterable[Hint], landed: Landed) -> None:
        """A young hint whose fact did not move is looked at once more a minute later."""
        now = self._now()
        stale = [h for h in hints if not h.attempts and now - h.occurred_at < UNSETTLED and h.ref not in landed.changed]
        if stale:
            self._store.requeue(stale, now + UNSETTLED)

    def fetch_roots(self, refs: Sequence[Ref], holder: Lease) -> dict[str, ConnectorError]:
        """Fetch these roots now, for the account that ``holder`` leases; returns the systems that could not be read."""
        look, self._broken = self._store.draw_look(), self._store.shrunk()
        failed: dict[str, ConnectorError] = {}
        records = [record for ref in refs if (record := self._attempt(ref, failed))]
        if records:
            self._record(look, records, (), holder)
        return failed

    def _attempt(self, ref: Ref, failed: dict[str, ConnectorError]) -> Record | None:
        line = self._systems.source_of(ref.kind)
        if line is None:
            raise LookupError(f"no source fetches {ref.kind}")
        try:
            if line.source.name in self._broken:
                raise ConnectorError(f"{line.source.name} is taken for broken, see `instep todo`")
            return line.source.fetch(ref)
        except ConnectorError as error:
            failed[line.source.system] = error
            return None

    def _record(
        self, look: int, records: Sequence[Record], hints: Sequence[Hint], holder: Lease | None, cause: Cause = ""
    ) -> Landed:
        by_kind: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_kind[record.ref.kind].append(record)
        findings: list[Finding] = []
        for kind, group in by_kind.items():
            line = self._systems.source_of(kind)
            findings += self._findings(line, group) if line else []
        return self._store.record(
            look, findings, match=match, now=self._now(), reason="looked at", hints=hints, holder=holder, cause=cause
        )


def _cause(hint: Hint) -> Cause:
    """A hint that no event gave but a scan: of what it did not meet, or could not carry."""
    return "inferred" if hint.event_id.startswith("scan:") else ""


def _storable(root: Ref, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Raises BadId, and TypeError for a text or number that cannot be written down."""
    ids = [root.id, *(fact.account_id for fact in facts if fact.account_id)]
    if not all(map(identifier, ids)):
        raise BadId
    fingerprint([fact.body for fact in facts])
    return tuple(facts)
