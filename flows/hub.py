"""One run over the whole house: pull every source, look, work on due accounts until idle, keep the books."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

from connectors.contract import ConnectorError
from flows.braking import Foresight
from flows.engine import LEASE, Engine
from flows.erasing import weigh
from flows.house import Instep, configuration_changed, follow_configuration
from flows.looking import LOOK_BATCH, Looked
from flows.owner import gone, this_worker
from flows.preview import Planned, preview
from flows.reading import Pulled, Reader
from flows.redeeming import learn_past_trials
from flows.report import Report
from flows.retiring import tell_deleted
from flows.stopping import Stopping
from flows.wiring import SourceLine, Systems
from flows.wording import counted, tried_again
from mappings.brake import KINDS
from mappings.model import AccountId
from state.store import Entry, Lease, LeaseLost, StateError

log = logging.getLogger("instep")
Progress = Callable[[str, int], None]

# How long a sync waits for what other workers hold, and for instances that are about to be ready.
PATIENCE = 60
# Accounts a thread takes with one batch at most, and with its first; all of it is to be done in a third of a lease.
BATCH, FIRST_BATCH = 12, 2
# A system that cannot be read is asked again no sooner than this.
LOOK_PAUSE = 10


class Hub:
    """A worker for one run. Use as a context manager: leases and threads end with it."""

    def __init__(self, instep: Instep, purpose: str, progress: Progress = lambda what, n: None) -> None:
        self.instep, self._progress = instep, progress
        self.report = Report(uuid4().hex[:12], purpose)
        self._stopping = Stopping(instep, self.report.tally.stopped, self.report.troubles)
        self.owner = this_worker()
        self._look_after = self._leased_at = 0.0
        # Whoever reads one source of a system reads the rest of them too, in their order: an account is not to be known
        # before its requests.
        self._read_by_others: set[str] = set()
        self._size, self._batch = instep.settings.instep_concurrency, FIRST_BATCH
        self._pool = ThreadPoolExecutor(self._size, "instep")
        self._reader = Reader(instep.store, instep.systems, instep.now, self.owner, self._pool)
        self._engine = Engine(
            instep.store, instep.systems, self._reader, instep.now, self.report.run, instep.house.born_at,
            self.report.run, self.report.tally,
        )  # fmt: skip

    def __enter__(self) -> Hub:
        store, now = self.instep.store, self.instep.now()
        store.expire(gone)
        store.start_run(self.report.run, self.report.purpose, now)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        try:
            self._end(error)
        except StateError:
            if error is None:
                raise  # Else what stopped the run says it already.

    def _end(self, error: BaseException | None) -> None:
        store, report = self.instep.store, self.report
        report.backlog = store.backlog(self.instep.now())
        report.braked = {kind: many for kind, many in store.held_kinds().items() if kind in KINDS}
        report.new_todo = store.todo_told(self.instep.now())
        counts = report.tally.counts() | {"writes": report.writes, "hints": report.looked.hints}
        store.end_run(report.run, counts, report.ending(error), self.instep.now())

    def _follow(self, systems: Systems) -> None:
        self._engine.follow(systems)
        self._reader.follow(systems)

    def pull(self, sweep: bool = False) -> None:
        """Every source that is not being read by someone else; one that fails does not stop the others."""
        for line in self.instep.systems.sources:
            self.read(line, sweep)
        self.look()

    def read(self, line: SourceLine, sweep: bool = False, patience: float = 0) -> Pulled | None:
        """One source; None, and a trouble, when it cannot be read. Waits ``patience`` seconds for another reader."""
        name, give_up = line.source.name, time.monotonic() + patience
        if line.source.system in self.instep.unreachable:
            return None
        if line.source.system in self._read_by_others:
            return self._note_pulled(Pulled(name, busy=True))
        try:
            with self._told(f"reading {name}") as tell:
                while (pulled := self._reader.pull(line, sweep, tell)).busy and time.monotonic() < give_up:
                    time.sleep(1)
        except LeaseLost:
            pulled = Pulled(name, busy=True)
        except ConnectorError as error:
            self._stopping.could_not_read(name, line.source.system, error)
            return None
        if pulled.busy:
            self._read_by_others.add(line.source.system)
        return self._note_pulled(pulled)

    def _note_pulled(self, pulled: Pulled) -> Pulled:
        self.report.pulled.append(pulled)
        if pulled.compared:
            self.report.compared.append(pulled.compared)
        if pulled.looked:
            self._note(pulled.looked)
        return pulled

    @contextmanager
    def _told(self, what: str) -> Iterator[Callable[[int], None]]:
        yield lambda n: self._progress(what, n)

    def look(self, limit: int = 5000) -> int:
        """Fetch what due hints name, about ``limit`` of them at most; returns how many were dealt with."""
        if time.monotonic() < self._look_after:
            return 0
        looked = self._reader.look(limit)
        self._note(looked)
        return looked.hints

    def _note(self, looked: Looked) -> None:
        self.report.looked.hints += looked.hints
        self.report.looked.roots += looked.roots
        for system, why in looked.failed.items():
            self._stopping.could_not_read(system, system, why)
            self._look_after = time.monotonic() + LOOK_PAUSE

    def scanned(self) -> bool:
        """Nothing that could already exist is created before every source was read once, whole."""
        missing = self.instep.store.unscanned([line.source.name for line in self.instep.systems.sources])
        if missing:
            self.report.troubles["first scan"] = (
                f"not read completely yet: {', '.join(missing)}; nothing is sent before"
            )
        return not missing

    def ready(self) -> bool:
        """Every source was read once, past trials are known, and a changed instep.toml is followed."""
        if not self.scanned():
            return False
        instep = self.instep
        systems, domains = instep.systems, instep.systems.config.trials.one_per_domain
        if not learn_past_trials(instep.store, systems.pseudonyms, self.owner, instep.now(), domains):
            self.report.troubles["first scan"] = "another worker is learning of past trials; nothing is sent before"
            return False
        follow_configuration(instep)
        tell_deleted(instep)
        return True

    def due(self, only: Sequence[AccountId] = ()) -> list[Lease]:
        """Lease the next batch of accounts to work on, by the switches as they are now; empty when nothing is due."""
        self._stopping.renew(self._follow)
        store = self.instep.store
        weigh(store, self.instep.systems.config, self.instep.now())
        self._leased_at = time.monotonic()
        leases = store.lease_accounts(self.owner, self.instep.now(), self._size * self._batch, LEASE, tuple(only))
        # Read after the lease: a switch marks the accounts after it, so those that were leased before it come back.
        if (house := store.house()) and house != self.instep.house:
            self.instep.follow(house)
            self._follow(self.instep.systems)
        if leases:
            self._stopping.look_whose(self._follow)
        return leases

    def work(self, leases: Iterable[Lease]) -> int:
        """The batch that ``due`` gave, in threads; returns how many. What cannot be begun well before its lease ends is
        given back, and the next batch is as large as could be done in time."""
        count, begun = 0, time.monotonic()

        def in_time(lease: Lease) -> bool:
            if time.monotonic() - self._leased_at > LEASE / 2 and not lease.taken_over:
                self.instep.store.give_back(lease)
                return False
            self._engine.work(lease)
            return True

        for worked in self._pool.map(in_time, leases):
            count += worked
            self._progress("working on accounts", worked)
        each = (time.monotonic() - begun) / max(1, math.ceil(count / self._size))
        self._batch = max(1, min(BATCH, 2 * self._batch, int(LEASE / 3 / max(each, 0.001))))
        self._stopping.note()
        return count

    def until_idle(self, only: Sequence[AccountId] = (), patience: float = PATIENCE) -> None:
        """Work until nothing is due; wait a while for foreign leases and for what falls due within ``patience``."""
        for leases in self.batches(only, patience):
            self.work(leases)

    def batches(
        self, only: Sequence[AccountId] = (), patience: float = PATIENCE, watch: bool = False
    ) -> Iterator[list[Lease]]:
        """What to work on, batch by batch, until nothing is due and nothing will be within ``patience`` seconds.

        ``watch``: as it falls due, for ``patience`` seconds and no longer; what is left is for the next run.
        """
        give_up = time.monotonic() + patience
        if only and not watch:
            self.instep.store.mark(only, self.instep.now(), "ordered")
        while True:
            looked = self.look(LOOK_BATCH)
            if leases := self.due(only):
                yield leases
            if watch and time.monotonic() >= give_up:
                break
            if not looked and not leases:
                if watch or self._worth_waiting(give_up):
                    time.sleep(0.5)
                elif leases := self.due(only):  # A lease of somebody else has ended in between.
                    yield leases
                else:
                    break
        self._count_waiting(watch)

    def _worth_waiting(self, give_up: float) -> bool:
        left = give_up - time.monotonic()
        backlog = self.instep.store.backlog(self.instep.now())
        frozen = bool(self.instep.settings.instep_now)
        soon = backlog.next_at is not None and backlog.next_at - time.time() <= left and not frozen
        return left > 0 and not backlog.waiting and (backlog.leased > 0 or soon)

    def _count_waiting(self, others_welcome: bool) -> None:
        backlog = self.instep.store.backlog(self.instep.now())
        for system, count in backlog.waiting.items():
            self.report.troubles.setdefault(
                system, f"{system} is failing: {counted(count, 'account', 'waits', 'wait')} for it"
            )
        for system in (gate.system for gate in self.instep.gates if gate.breaker.open):
            self.report.troubles.setdefault(system, f"{system} is failing: it is asked again once a minute")
        if backlog.retrying and not others_welcome:
            self.report.troubles["retries"] = tried_again(backlog.retrying)
        if backlog.leased and not others_welcome:
            self.report.troubles["leases"] = (
                f"{counted(backlog.leased, 'account', 'is', 'are')} being worked on by another worker"
            )

    def plan(self, only: Sequence[AccountId] = ()) -> list[Planned]:
        """What a sync would send for every due account (or for ``only``), without sending it."""
        instep = self.instep
        weigh(instep.store, instep.systems.config, instep.now())
        everyone = configuration_changed(instep)
        accounts = only or (instep.store.accounts() if everyone else instep.store.due_accounts(instep.now()))
        salt = instep.house.installation_id[:8]
        foresight = Foresight(instep.store, instep.systems.config.brake, instep.now(), everyone)
        planned: list[Planned] = []
        for account in accounts:
            planned += preview(
                instep.store, instep.systems, account, instep.now(), instep.house.born_at, salt, foresight
            )
        return planned

    def forget(self) -> None:
        """Hints that were dealt with long ago, and the journal and runs by ``policy.journal_days``."""
        store, now, days = self.instep.store, self.instep.now(), self.instep.systems.config.policy.journal_days
        while store.purge(now) or (days and store.purge_journal(now - days * 86_400)):
            pass

    def sent(self) -> list[Entry]:
        """The journal of this run, oldest first."""
        return self.instep.store.journal(limit=100_000, run=self.report.run)[::-1]


def sync(instep: Instep, only: Sequence[AccountId] = (), progress: Progress = lambda what, n: None) -> Report:
    """Pull, then reconcile until idle."""
    with Hub(instep, "sync", progress) as hub:
        hub.pull()
        if hub.ready():
            hub.until_idle(only)
        hub.forget()
    return hub.report


def sweep(instep: Instep, only: Sequence[AccountId] = (), progress: Progress = lambda what, n: None) -> Report:
    """Read every source whole, then reconcile until idle."""
    with Hub(instep, "sweep", progress) as hub:
        hub.pull(sweep=True)
        if hub.ready():
            hub.until_idle(only)
        hub.forget()
    return hub.report
