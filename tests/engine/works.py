"""A town seen from the engine room: its targets can be wrapped, its workers are real processes that may be stopped."""

from __future__ import annotations

import os
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import get_ident
from typing import Any, NoReturn

import sqlalchemy as sa
from pydantic import SecretStr
from town import Town

from connectors.contract import Target
from flows.house import Instep, TargetLines, open_instep
from flows.hub import sync
from flows.report import Report
from flows.settings import Settings
from flows.systems import Wires, targets
from flows.wiring import TargetLine
from mappings.config import Config
from mappings.model import AccountId, Held, Link, Step
from state.store import Entry, House, Store

CREATED = {
    "customer.created": 1, "subscription.created": 1, "instance.running": 1, "company.created": 1,
    "contact.created": 1, "contact.tagged": 2, "company.attached": 1, "event.created": 2,
}  # fmt: skip
"""What one account with one owner needs for a trial, each once; updates may be more."""
Wrap = Callable[[Target], Any]


class Works(Town):
    """``lines``: the registry that the next opening uses."""

    lines: TargetLines = staticmethod(targets)

    def open(self) -> Instep:
        self.close()
        self.opened = open_instep(self.settings, self.lines)
        return self.opened

    @property
    def settings(self) -> Settings:
        return super().settings.model_copy(update={"instep_secrets": SecretStr("of the works")})

    def trial(self, short: str = "acme", days: int | None = None) -> AccountId:
        """A team with one owner who asks for a trial."""
        account = self.team(short, f"{short} Inc", **{f"{short}owner": "owner"})
        self.request_trial(short, f"{short}owner", days=days)
        return AccountId(account)

    def start(self, lines: TargetLines = targets, work: Callable[[Instep], Any] = sync, **changes: Any) -> int:
        """A worker in a process of its own; returns its pid. ``changes`` are settings."""
        self.close()
        settings = self.settings.model_copy(update={"instep_concurrency": 1} | changes)
        return fork(lambda: run(settings, lines, work))

    def try_sync(self) -> Report:
        """Every run keeps its books: each account's targets each have one outcome, what was sent is in the journal."""
        instep = self.open()
        report = sync(instep)
        active = sum(instep.systems.mode(line.target.name) != "off" for line in instep.systems.targets)
        tally = report.tally
        assert sum(tally.outcomes.values()) == tally.looked == tally.visits * active
        assert report.writes == len(instep.store.journal(limit=10_000, run=report.run))
        (kept,) = [row["counts"] for row in instep.store.runs(10_000) if row["run"] == report.run]
        assert kept == tally.counts() | {"writes": report.writes, "hints": report.looked.hints}
        return report

    def sync_again(self) -> Report:
        """A run that looks at every account, whatever it waits for."""
        with self.memory() as store:
            store.make_all_due(self.vendors.now, "test")
        return self.sync()

    @contextmanager
    def memory(self) -> Iterator[Store]:
        """The state, without opening anything else."""
        store = Store(self._state)
        try:
            yield store
        finally:
            store.close()

    def todo(self) -> dict[str, str]:
        with self.memory() as store:
            return {f"{item.subject} {item.target}".strip(): item.reason for item in store.todo()}

    def journal(self) -> list[Entry]:
        with self.memory() as store:
            return store.journal(limit=10_000)

    def house(self) -> House:
        with self.memory() as store:
            found = store.house()
            assert found
            return found

    def switch_on(self, target: str) -> None:
        """Another line of the registry, from its first use."""
        house = self.house()
        with self.memory() as store:
            store.settle_in(replace(house, modes={**house.modes, target: "on"}))

    def retry_in(self, short: str) -> float:
        """Seconds until the account is tried again."""
        engine = sa.create_engine(self._state)
        with engine.connect() as connection, self.memory() as store:
            found = sa.text("SELECT retry_at FROM agenda WHERE account_id = :a")
            at = connection.execute(found, {"a": self.account(short)}).scalar_one()
            return float(at - store.db_now())

    def told_once(self) -> bool:
        """No line of the journal stands there twice."""
        lines = [(e.target, e.subject, e.operation, str(e.before), str(e.after)) for e in self.journal()]
        return len(lines) == len(set(lines)) > 0

    def links(self, account: AccountId) -> list[Link]:
        with self.memory() as store:
            return store.links_of(account)

    def link(self, account: AccountId, target: str) -> Link:
        (found,) = [link for link in self.links(account) if link.target == target]
        return found

    def created(self, mark: int) -> dict[str, int]:
        """How often what must happen once did happen since ``mark``."""
        return created(call.effect for call in self.vendors.since(mark))

    def assert_in_step(self, account: AccountId, short: str = "acme") -> None:
        """Everything is where it should be, nothing is left over, and another look sends nothing."""
        assert self.answer(f"{self.name}-r-{short}") == ("accepted", "the trial was started")
        row = self.access(short)
        assert (row["stage"], row["access"], row["instance_status"]) == ("trialing", "full", "ready")
        assert self.tags(f"{short}owner") == {"sub:trialing", "plan:pro"}
        assert self.person(f"{short}owner")["companies"] == [account]
        assert sorted(name for name, _ in self.events(f"{short}owner")) == ["provisioned-instance", "started-trial"]
        left = [(link.target, link.pending_key, link.state) for link in self.links(account)]
        assert [link for link in left if link[1] or link[2] != "ok"] == []
        assert self.todo() == {}
        mark = self.vendors.mark
        assert self.sync_again().writes == 0
        assert self.vendors.effects(mark) == []


def created(effects: Any) -> dict[str, int]:
    return {effect: n for effect, n in Counter(effects).items() if effect in CREATED}


def run(settings: Settings, lines: TargetLines, work: Callable[[Instep], Any]) -> None:
    instep = open_instep(settings, lines)
    work(instep)


workers: set[int] = set()


def fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if not pid:
        _child(work)
    workers.add(pid)
    return pid


def _child(work: Callable[[], None]) -> NoReturn:
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(70)
    os._exit(0)


def ended(pid: int) -> int:
    """How the worker ended: 0, a positive exit code, or minus the signal that ended it."""
    status = os.waitpid(pid, 0)[1]
    workers.discard(pid)
    return os.waitstatus_to_exitcode(status)


def end_all() -> None:
    """No worker outlives a test that failed."""
    for pid in list(workers):
        os.kill(pid, signal.SIGKILL)
        ended(pid)


def stopped(pid: int) -> bool:
    """Waits until the worker stands still (True) or has ended."""
    stands = os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
    workers.difference_update(() if stands else (pid,))
    return stands


def wrapped(name: str, wrap: Wrap) -> TargetLines:
    """The registry with one target wrapped."""

    def lines(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        found = targets(w, config, now)
        return [replace(line, target=wrap(line.target)) if line.target.name == name else line for line in found]

    return lines


class Wrapped:
    """A target that does something around its pushes."""

    def __init__(self, target: Target) -> None:
        self.inner = target

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Tripwire(Wrapped):
    """Sends its own process a signal right before or right after the first push, of members of ``set`` if given."""

    def __init__(self, target: Target, number: signal.Signals, before: bool, set: str = "") -> None:
        super().__init__(target)
        self._signal, self._before, self._set, self._armed = number, before, set, True

    def push(self, step: Step) -> Held:
        here = self._armed and step.member[0] == self._set
        if here and self._before:
            self._trip()
        held = self.inner.push(step)
        if here and not self._before:
            self._trip()
        return held

    def _trip(self) -> None:
        self._armed = False
        # To this thread: the process as a whole would let it run on for a moment.
        signal.pthread_kill(get_ident(), self._signal)


def trip(target: str, number: signal.Signals, before: bool, **which: str) -> TargetLines:
    return wrapped(target, lambda inner: Tripwire(inner, number, before, **which))
