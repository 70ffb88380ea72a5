"""Look: the roots that are due are fetched, each once, and become facts. Never writes to a vendor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from connectors.contract import ConnectorError, FetchesMany, FindsRoots, Rejected
from flows.erasing import heed
from flows.wiring import SourceLine, Systems
from mappings.matching import match, match_surely
from mappings.model import AccountId, Body, Fact, Record, Ref, Request, fingerprint
from mappings.text import identifier, printable
from state.store import Cause, Finding, Hint, Landed, Lease, Store, Todo

T = TypeVar("T")

LOOK_BATCH = 200
CAUSES: Sequence[Cause] = ("", "inferred")
# A hint this young may be ahead of what the vendor's reads show.
UNSETTLED = 60
Each = Callable[[Callable[[Ref], Record | None], Iterable[Ref]], Iterable[Record | None]]
# What an answer of a shape that nobody knows ends in. One such record stops nothing else.
STRANGE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)


class BadId(ValueError):
    """An id that not every system could carry."""


class Fetched(NamedTuple):
    """``failed``: systems that could not be read. ``whole``: every root was read and could be used."""

    failed: dict[str, ConnectorError]
    whole: bool


@dataclass(slots=True)
class Looked:
    """What one look did: ``changed`` roots are not what they were, ``failed`` systems could not be read."""

    hints: int = 0
    roots: int = 0
    changed: set[Ref] = field(default_factory=set)
    failed: dict[str, ConnectorError] = field(default_factory=dict)


class Looker:
    """Fetches what is due into the state. ``now`` is the mapping clock."""

    def __init__(self, store: Store, systems: Systems, now: Callable[[], int], owner: str, pool: Executor) -> None:
        self._store, self._systems, self._now, self._owner, self._pool = store, systems, now, owner, pool
        self._broken: frozenset[str] = frozenset()
        self._aside: set[str] = set()
        self._all_read = False

    def follow(self, systems: Systems) -> None:
        """From the next request on: what was connected anew."""
        self._systems = systems

    def look(self, limit: int = 5000) -> Looked:
        """Fetch the roots that due hints name, each once, and store what they are now."""
        looked = Looked()
        self._broken = self._store.shrunk()
        while looked.hints < limit and (hints := self._store.due_hints(self._now(), LOOK_BATCH)):
            before = looked.hints
            self._pass_over([hint for hint in hints if not self._systems.source_of(hint.ref.kind)], looked)
            for cause in CAUSES:
                fetched = (hint for hint in hints if self._systems.source_of(hint.ref.kind))
                self._look_at([hint for hint in fetched if _cause(hint) == cause], looked, cause)
            if looked.hints == before:
                break
        return looked

    def _pass_over(self, hints: Sequence[Hint], looked: Looked) -> None:
        """About what no source shows any more, as the instances of a provisioner that is not used now."""
        if hints:
            self._record(self._store.draw_look(), (), hints, None)
            looked.hints += len(hints)

    def _look_at(self, hints: Sequence[Hint], looked: Looked, cause: Cause) -> None:
        if not hints:
            return
        by_ref: defaultdict[Ref, list[Hint]] = defaultdict(list)
        for hint in hints:
            by_ref[hint.ref].append(hint)
        look = self._store.draw_look()
        records = self._fetch(list(by_ref), looked.failed, self._pool.map)
        seen = [hint for record in records for hint in by_ref.pop(record.ref)]
        self._postpone([hint for group in by_ref.values() for hint in group])
        if not records:
            return
        landed = self._record(look, self._usable(records), seen, None, cause)
        looked.hints += len(seen)
        looked.roots += len(records)
        looked.changed |= landed.changed

    def _postpone(self, hints: Sequence[Hint]) -> None:
        """What could not be fetched does not stand in the way of the others; it comes back within two minutes."""
        if hints:
            self._store.requeue(hints, self._now() + min(120, 15 * 2 ** min(hint.attempts for hint in hints)))

    def fetch_roots(self, refs: Sequence[Ref], holder: Lease, unmet: bool = False) -> Fetched:
        """Fetch these roots now, for the account that ``holder`` leases; where it is ``unmet``, all that the sources
        show of it."""
        look, self._broken = self._store.draw_look(), self._store.shrunk()
        failed: dict[str, ConnectorError] = {}
        every = {*refs, *(self._roots_of(holder.account_id, failed) if unmet else ())}
        found = self._usable(self._fetch(sorted(every, key=str), failed, map))
        if found:
            self._record(look, found, (), holder)
        return Fetched(failed, not failed and len(found) == len(every))

    def _roots_of(self, account: AccountId, failed: dict[str, ConnectorError]) -> Iterator[Ref]:
        for line in self._systems.sources:
            if isinstance(line.source, FindsRoots):
                try:
                    self._must_work(line)
                    yield from line.source.roots_of(account)
                except ConnectorError as error:
                    failed[line.source.system] = error

    def _fetch(self, refs: Iterable[Ref], failed: dict[str, ConnectorError], each: Each) -> list[Record]:
        """What can be read: many roots in one request where the source can do that, the others one by one."""
        by_kind: defaultdict[str, list[Ref]] = defaultdict(list)
        for ref in refs:
            by_kind[ref.kind].append(ref)
        records: list[Record] = []
        single: list[Ref] = []
        for kind, group in by_kind.items():
            found = self._attempt_many(kind, group, failed)
            records += found or ()
            single += group if found is None else ()
        return records + [record for record in each(lambda ref: self._attempt(ref, failed), single) if record]

    def _attempt_many(self, kind: str, refs: Sequence[Ref], failed: dict[str, ConnectorError]) -> list[Record] | None:
        """None where they are to be read one by one, so that one that is refused does not stand in their way."""
        line = self._systems.source_of(kind)
        if len(refs) < 2 or not line or line.source.name in self._broken or not isinstance(line.source, FetchesMany):
            return None
        try:
            return line.source.fetch_many(refs)
        except (Rejected, *STRANGE):
            return None
        except ConnectorError as error:
            failed[line.source.system] = error
            return []

    def _attempt(self, ref: Ref, failed: dict[str, ConnectorError]) -> Record | None:
        line = self._systems.source_of(ref.kind)
        if line is None:
            raise LookupError(f"no source fetches {ref.kind}")
        try:
            self._must_work(line)
            return line.source.fetch(ref)
        except ConnectorError as error:
            failed[line.source.system] = error
        except STRANGE as error:
            self._put_aside(ref, error)
        return None

    def _must_work(self, line: SourceLine) -> None:
        if line.source.name in self._broken:
            raise ConnectorError(f"{line.source.name} is taken for broken, see `instep todo`")

    def _record(
        self, look: int, findings: Sequence[Finding], hints: Sequence[Hint], holder: Lease | None, cause: Cause = ""
    ) -> Landed:
        """A young hint whose fact did not move is looked at once more a minute later."""
        now, unread = self._now(), self._unread()
        shown = (hint for hint in hints if self._systems.source_of(hint.ref.kind))
        young = [hint for hint in shown if not hint.attempts and now - hint.occurred_at < UNSETTLED]
        landed = self._store.record(
            look, findings, match=match_surely if unread else match, now=now, reason="looked at", hints=hints,
            unsettled=young, again_at=now + UNSETTLED, holder=holder, cause=cause,
        )  # fmt: skip
        if unread and not self._unread():
            self._rematch()  # The last scan has ended before this landed.
        return landed

    def _unread(self, ending: str = "") -> list[str]:
        """Sources, but the one that is ``ending``, that were never read whole: until then no candidate for an e-mail is
        the only one. What was read whole once stays so: every look asks."""
        if self._all_read:
            return []
        unread = self._store.unscanned([line.source.name for line in self._systems.sources])
        self._all_read = not unread
        return [name for name in unread if name != ending]

    def _rematch(self) -> None:
        after: str | None = ""
        while after is not None:
            after = self._store.rematch(match=match, now=self._now(), after=after)

    def _usable(self, records: Iterable[Record]) -> list[Finding]:
        by_kind: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_kind[record.ref.kind].append(record)
        findings: list[Finding] = []
        for kind, group in by_kind.items():
            line = self._systems.source_of(kind)
            findings += self._findings(line, group) if line else []
        return heed(self._store, self._systems, findings, self._now())

    def _findings(self, line: SourceLine, records: Iterable[Record]) -> list[Finding]:
        """One bad record is put aside with its reason; the others go on."""
        found: list[Finding] = []
        for record in records:
            try:
                found.append(Finding(record.ref, storable(record.ref, line.facts(record)), whole=not record.part))
            except STRANGE as error:
                self._put_aside(record.ref, error)
        return found

    def _put_aside(self, ref: Ref, error: Exception) -> None:
        subject = f"{ref.kind}:{ascii(ref.id)[1:-1][:120]}"
        self._aside.add(subject)
        unusable = "its id, or that of its account, is empty, padded, over 200 characters or holds control characters"
        reason = unusable if isinstance(error, BadId) else f"it cannot be read ({type(error).__name__})"
        self._store.todo_add([Todo("parked", subject, ref.source, reason, since=self._now())])


def readable(pages: Iterator[T]) -> Iterator[T]:
    """The same pages; raises ConnectorError for an answer of a shape that nobody knows."""
    try:
        yield from pages
    except STRANGE as error:
        raise ConnectorError(f"an answer of it is of no known shape ({type(error).__name__})") from None


def _cause(hint: Hint) -> Cause:
    """A hint that no event gave but a scan: of what it did not meet, or could not carry."""
    return "inferred" if hint.event_id.startswith("scan:") else ""


def storable(root: Ref, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Raises BadId, also for a request that waits for an answer and names no account, and TypeError for a text or
    number that cannot be written down."""
    ids = [root.id, *(fact.account_id for fact in facts if fact.account_id or _waits(fact.body))]
    keys = [key for fact in facts for key in (fact.id, *fact.offers, *fact.seeks)]
    if not all(map(identifier, ids)) or not all(map(printable, keys)):
        raise BadId
    fingerprint([fact.body for fact in facts])
    return tuple(facts)


def _waits(body: Body | None) -> bool:
    return isinstance(body, Request) and not body.answer
