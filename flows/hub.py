"""One run over the whole house: pull every source, look, work on due accounts until idle, keep the books."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from connectors.contract import ConnectorError
from flows.engine import LEASE, Engine, Tally
from flows.house import Instep
from flows.owner import gone, this_worker
from flows.preview import Planned, preview
from flows.reading import Looked, Pulled, Reader
from mappings.model import AccountId
from state.store import Backlog, Entry, Lease

log = logging.getLogger("instep")
Progress = Callable[[str, int], None]

# How long a sync waits for what other workers hold, and for instances that are about to be ready.
PATIENCE = 60


@dataclass(slots=True)
class Report:
    """What one run did. ``troubles``: system -> what is wrong, one sentence each."""

    run: str
    purpose: str
    pulled: list[Pulled] = field(default_factory=list)
    looked: Looked = field(default_factory=Looked)
    tally: Tally = field(default_factory=Tally)
    troubles: dict[str, str] = field(default_factory=dict)
    backlog: Backlog | None = None
    new_todo: int = 0

    @property
    def ok(self) -> bool:
        return not self.troubles and not self.tally.bugs and self.tally.balanced

    @property
    def writes(self) -> int:
        return sum(self.tally.writes.values())


class Hub:
    """A worker for one run. Use as a context manager: leases and threads end with it."""

    def __init__(self, instep: Instep, purpose: str, progress: Progress = lambda what, n: None) -> None:
        self.instep, self._progress = instep, progress
        self.report = Report(uuid4().hex[:12], purpose)
        self._owner = this_worker()
        self._size = instep.settings.instep_concurrency
        self._pool = ThreadPoolExecutor(self._size, "instep")
        self._reader = Reader(instep.store, instep.systems, instep.now, self._owner, self._pool)
        self._engine = Engine(
            instep.store, instep.systems, self._reader, instep.now, self.report.run, instep.house.born_at,
            instep.house.installation_id[:8], self.report.tally,
        )  # fmt: skip

    def __enter__(self) -> Hub:
        store, now = self.instep.store, self.instep.now()
        store.expire(gone)
        store.start_run(self.report.run, self.report.purpose, now)
        self._todo_before = len(store.todo())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        store, report = self.instep.store, self.report
        report.backlog = store.backlog(self.instep.now())
        report.new_todo = max(0, len(store.todo()) - self._todo_before)
        counts = report.tally.counts() | {"writes": report.writes, "hints": report.looked.hints}
        store.end_run(report.run, counts, _ending(report, error), self.instep.now())

    def pull(self, sweep: bool = False) -> None:
        """Every source that is not being read by someone else; one that fails does not stop the others."""
        for line in self.instep.systems.sources:
            name = line.source.name
            try:
                with self._told(f"reading {name}") as tell:
                    self.report.pulled.append(self._reader.pull(line, sweep, tell))
            except ConnectorError as error:
                self.report.troubles[name] = f"{name} could not be read: {error}"
        self._look()

    @contextmanager
    def _told(self, what: str) -> Iterator[Callable[[int], None]]:
        yield lambda n: self._progress(what, n)

    def _look(self) -> int:
        looked = self._reader.look()
        self.report.looked.hints += looked.hints
        self.report.looked.roots += looked.roots
        for system, why in looked.failed.items():
            self.report.troubles[system] = f"{system} could not be read: {why}"
        return looked.hints

    def ready(self) -> bool:
        """Nothing that could already exist is created before every source was read once, whole."""
        missing = self.instep.store.unscanned([line.source.name for line in self.instep.systems.sources])
        if missing:
            self.report.troubles["first scan"] = (
                f"{', '.join(missing)} was never read completely: nothing is sent before it was"
            )
        return not missing

    def due(self, only: Sequence[AccountId] = ()) -> list[Lease]:
        """Lease the next batch of accounts to work on; empty when nothing is due."""
        store = self.instep.store
        return store.lease_accounts(self._owner, self.instep.now(), self._size * 2, LEASE, tuple(only))

    def work(self, leases: Iterable[Lease]) -> int:
        """One batch, in threads; returns how many."""
        count = 0
        for _ in self._pool.map(self._engine.work, leases):
            count += 1
            self._progress("working on accounts", 1)
        for system, why in self.report.tally.stopped.items():
            self.report.troubles[system] = f"{system} refuses the key: {why}"
        return count

    def until_idle(self, only: Sequence[AccountId] = (), patience: float = PATIENCE) -> None:
        """Work until nothing is due; wait a while for foreign leases and for what falls due within ``patience``."""
        give_up = time.monotonic() + patience
        while True:
            while leases := self.due(only):
                self.work(leases)
            if not self._look():
                if not self._worth_waiting(give_up):
                    break
                time.sleep(0.5)
        self._count_waiting()

    def _worth_waiting(self, give_up: float) -> bool:
        left = give_up - time.monotonic()
        backlog = self.instep.store.backlog(self.instep.now())
        frozen = bool(self.instep.settings.instep_now)
        soon = backlog.next_at is not None and backlog.next_at - time.time() <= left and not frozen
        return left > 0 and not backlog.waiting and (backlog.leased > 0 or soon)

    def _count_waiting(self) -> None:
        backlog = self.instep.store.backlog(self.instep.now())
        for system, count in backlog.waiting.items():
            self.report.troubles.setdefault(system, f"{system} is failing: {count} accounts wait for it")
        if backlog.leased:
            self.report.troubles["leases"] = f"{backlog.leased} accounts are being worked on by another worker"

    def plan(self, only: Sequence[AccountId] = ()) -> list[Planned]:
        """What a sync would send for every due account (or for ``only``), without sending it."""
        instep = self.instep
        accounts = list(only) or instep.store.due_accounts(instep.now())
        salt = instep.house.installation_id[:8]
        planned: list[Planned] = []
        for account in accounts:
            planned += preview(instep.store, instep.systems, account, instep.now(), instep.house.born_at, salt)
        return planned

    def sent(self) -> list[Entry]:
        """The journal of this run, oldest first."""
        return self.instep.store.journal(limit=100_000, run=self.report.run)


def _ending(report: Report, error: BaseException | None) -> str:
    if error is not None:
        return f"failed: {type(error).__name__}"
    if not report.tally.balanced:
        return "failed: the books do not balance"
    return "done" if report.ok else "failed: " + "; ".join([*report.troubles.values(), *report.tally.bugs])[:500]


def sync(instep: Instep, only: Sequence[AccountId] = (), progress: Progress = lambda what, n: None) -> Report:
    """Pull, then reconcile until idle."""
    with Hub(instep, "sync", progress) as hub:
        hub.pull()
        if hub.ready():
            hub.until_idle(only)
    return hub.report
