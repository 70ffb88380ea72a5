"""The audit: what the targets hold against what we believe. Reads only; resumable after any page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from connectors.contract import Ambiguous, ConnectorError, Gone, Observes, Page, Rejected, Target
from flows.believing import Beliefs
from flows.comparing import Compared, Difference
from flows.gathering import gather
from flows.house import Instep
from flows.hub import Hub, Progress
from flows.looking import STRANGE, readable
from flows.wiring import TargetLine
from mappings.audit import IN_WORK, NOT_THERE, UNCLEAR, Drift, drift, settled
from mappings.lifecycle import life
from mappings.model import AccountId, Desired, Held, Link, Record, Ref, Subject, subject_id
from state.store import AUDIT, Cursor, LeaseLost, Store

# Long enough for the slowest page: a hundred and fifty contacts of whom all differ, read one by one.
LEASE = 600.0
PAGE = 100
# What was compared longer ago says nothing about now: an audit that was left in the middle begins again.
STALE = 86_400
# Subjects that live on after nobody wants anything of them.
LASTING = "request:"
Found = dict[Subject, tuple[AccountId, Desired]]


def audit(hub: Hub, repair: bool, tell: Progress) -> None:
    """Every target, into the report. ``repair``: what differs is read once more under its account's lease, and what is
    ours is sent again, by the way that every change takes."""
    auditor, report = Auditor(hub.instep, hub.owner, tell), hub.report
    for line in auditor.lines:
        name = line.target.name
        if line.target.system in hub.instep.unreachable:
            continue
        try:
            found = auditor.compare(line)
        except (ConnectorError, LeaseLost) as error:
            report.troubles[name] = f"{name} could not be compared: {error}"
            continue
        if found:
            report.compared.append(found)
        else:
            report.troubles[name] = f"{name} is being compared by another worker"
    broken = [(one.of, difference) for one in report.compared for difference in one.unexplained]
    if repair and broken:
        hub.pull()
        now = hub.instep.now()
        hub.instep.store.doubt([(of, Subject(d.id)) for of, d in broken], now, "an audit found a difference")
        if hub.ready():
            hub.until_idle(sorted({difference.account_id for _, difference in broken}))
        report.compared = [auditor.again(one) for one in report.compared]


class Auditor:
    """One audit of everything that we write. ``owner`` is the worker, ``tell`` hears of progress."""

    def __init__(self, instep: Instep, owner: str, tell: Callable[[str, int], None]) -> None:
        self._instep, self._owner, self._tell = instep, owner, tell
        self._store: Store = instep.store
        self._beliefs = Beliefs(instep.store, instep.now)

    @property
    def lines(self) -> list[TargetLine]:
        """Targets that are on and can be compared: in bulk, or because what they hold is fetched anyway."""
        lines = [line for line in self._instep.systems.targets if self._instep.systems.mode(line.target.name) == "on"]
        return [line for line in lines if isinstance(line.target, Observes) or line.fetched]

    def compare(self, line: TargetLine) -> Compared | None:
        """One target, from where it was left; None while another worker compares it. Raises ConnectorError; what was
        compared until then stays."""
        name, now = line.target.name, self._instep.now()
        cursor = self._store.lease_cursor(f"{AUDIT}{name}", self._owner, LEASE)
        if cursor is None:
            return None
        try:
            if cursor.scan_look is None or now - int(cursor.position or 0) > STALE:
                cursor = self._store.start_scan(cursor, str(now))
            for found, resume in self._pages(line, cursor):
                self._store.compared(cursor, name, {s: _stored(d) for s, d in found.items()}, resume)
                self._tell(f"comparing {name}", len(found))
            self._store.finish_audit(cursor, self._instep.now())
        finally:
            self._store.release_cursor(cursor)
        return self._result(name, cursor)

    def again(self, compared: Compared) -> Compared:
        """The differences of ``compared`` as they are now."""
        line = next(line for line in self.lines if line.target.name == compared.of)
        subjects = [Subject(difference.id) for difference in compared.differences]
        links = [link for link in self._store.links(subjects).values() if link.target == compared.of]
        known = {d.id: d.account_id for d in compared.differences}
        wanted = self._wanted(line, [(known[link.subject], link) for link in links])
        left = [
            _difference(known[link.subject], link.subject, found)
            for link in links
            if link.subject in wanted and (found := self._read(line.target, link, wanted[link.subject][1]))
        ]
        mended = len(compared.differences) - len(left)
        return Compared(compared.of, compared.equal + mended, left, self._instep.now())

    def _result(self, name: str, cursor: Cursor) -> Compared:
        number = cursor.scan_look or 0
        drifted = self._store.drifted(name, number)
        differences = [_difference(account, link.subject, Drift(**stored)) for account, link, stored in drifted]
        return Compared(name, self._store.equal(name, number), differences, self._instep.now())

    def _pages(self, line: TargetLine, cursor: Cursor) -> Iterator[tuple[dict[Subject, Drift | None], str | None]]:
        """Subjects and how they differ; with each page where to go on."""
        if isinstance(line.target, Observes):
            for page in readable(line.target.observe(cursor.scan)):
                yield self._observed(line, page), page.cursor
        after: str | None = ""
        while after is not None:
            links = self._store.links_unmet(line.target.name, cursor.scan_look or 0, after, PAGE)
            wanted = self._wanted(line, links)
            met = [link for _, link in links if link.subject in wanted]
            yield {link.subject: self._read(line.target, link, wanted[link.subject][1]) for link in met}, None
            after = links[-1][1].subject if len(links) == PAGE else None

    def _observed(self, line: TargetLine, page: Page) -> dict[Subject, Drift | None]:
        records = {record.ref.id: record for record in page.records}
        links = self._store.links_named(line.target.name, records.keys())
        wanted = self._wanted(line, links)
        return {
            link.subject: self._judged(line.target, link, wanted[link.subject][1], records[link.external_id])
            for _, link in links
            if link.subject in wanted
        }

    def _judged(self, target: Target, link: Link, desired: Desired, record: Record) -> Drift | None:
        """What a page shows to differ may have moved since: it is read once more by itself."""
        assert isinstance(target, Observes)  # noqa: S101
        try:
            seen = drift(link, self._translated(target.holds(record, desired), desired), desired)
        except STRANGE as error:
            seen = _unclear(error)
        return self._read(target, link, desired, seen) if seen else None

    def _read(self, target: Target, link: Link, desired: Desired, seen: Drift | None = None) -> Drift | None:
        """By a direct read; ``seen``: what a page shows, where that read is not clear."""
        link = self._beliefs.latest(replace(desired, subject=link.subject))
        try:
            held = self._beliefs.find(target, desired, link, None)
        except (Ambiguous, Rejected, Gone, *STRANGE) as error:
            return seen or _unclear(error)
        if self._beliefs.latest(desired) != link or not settled(link):
            return Drift(IN_WORK)
        if held is None:
            return seen or Drift(NOT_THERE, (link.external_id,) if link.external_id else ())
        return drift(link, held, desired)

    def _wanted(self, line: TargetLine, links: Iterable[tuple[AccountId, Link]]) -> Found:
        """What these subjects should hold, where the target is on for their account; nothing for those that should hold
        nothing any more. A person may have moved to another account since its Link was written."""
        known = {link.subject: (account, link) for account, link in links}
        people = [Ref("product", "user", subject_id(subject)) for subject in known if subject.startswith("person:")]
        accounts = {account for account, _ in known.values()}.union(*self._store.accounts_of(people).values())
        name, systems = line.target.name, self._instep.systems
        found: Found = {}
        for account in sorted(account for account in accounts if systems.mode(name, account) == "on"):
            found |= {desired.subject: (account, desired) for desired in self._desired(line, account)}
        for subject, (account, link) in known.items():
            if subject.startswith(LASTING) and systems.mode(name, account) == "on":
                found.setdefault(subject, (account, Desired(name, subject, link.values)))
        return {subject: wanted for subject, wanted in found.items() if subject in known}

    def _desired(self, line: TargetLine, account: AccountId) -> Sequence[Desired]:
        systems = self._instep.systems
        domains = systems.config.trials.one_per_domain
        facts = gather(self._store, account, self._instep.house.born_at, systems.pseudonyms, domains, systems.tickets)
        current = life(facts, systems.config, systems.catalog, self._instep.now(), systems.managed, systems.zone)
        return line.wanted(facts, current, systems.config)

    def _translated(self, held: Held, desired: Desired) -> Held:
        """Members that are accounts, by our ids."""
        sets = dict(held.sets)
        for name, maker in desired.ids.items():
            ours = {subject_id(subject) for subject in self._store.linked(maker, held.sets.get(name, ())).values()}
            sets[name] = tuple(sorted(ours))
        return replace(held, sets=sets)


def _unclear(error: Exception) -> Drift:
    return Drift(UNCLEAR, (str(error) if isinstance(error, ConnectorError) else type(error).__name__,))


def _stored(found: Drift | None) -> dict[str, Any] | None:
    return asdict(found) if found else None


def _difference(account: AccountId, subject: Subject, found: Drift) -> Difference:
    return Difference(subject, account, found.reason, tuple(found.what), found.explained)
