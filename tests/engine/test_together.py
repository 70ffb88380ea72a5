"""Several workers on one state: each account is worked on by one, and nothing is made twice (faults 69, 71)."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import BrokenBarrierError
from typing import Literal

import pytest
from sqlalchemy import true
from works import CREATED, Works, ended

from flows.house import TargetLines
from flows.hub import Hub
from flows.systems import Wires, targets
from flows.wiring import TargetLine
from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Desired, Held, Step, account_subject
from state import agenda, links

WORKERS = 4


class Slips:
    """A vendor without keys or unique ids: whoever asks twice has two. Its pushes wait for company before they act."""

    name, system = "slips", "slips"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"
    timeout = 10.0

    def __init__(self, folder: Path, workers: int, patience: float) -> None:
        self._path, self._patience = folder / "slips.db", patience
        self._together = multiprocessing.get_context("fork").Barrier(workers)
        self._run("CREATE TABLE slips (account)")

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return Held(desired.subject) if desired.subject in self.made() else None

    def push(self, step: Step) -> Held:
        with suppress(BrokenBarrierError):
            self._together.wait(self._patience)
        self._run("INSERT INTO slips VALUES (?)", step.subject)
        return Held(step.subject)

    def made(self) -> list[str]:
        return [row[0] for row in self._run("SELECT account FROM slips ORDER BY account")]

    def _run(self, statement: str, *values: str) -> list[tuple[str]]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            return connection.execute(statement, values).fetchall()


def desired_slip(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    yield Desired("slips", account_subject(facts.account_id), {"account_id": facts.account_id})


def with_slips(slips: Slips) -> TargetLines:
    def lines(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        return [TargetLine(slips, desired_slip), *targets(w, config, now)]

    return lines


def due_everywhere(town: Works, accounts: int) -> list[str]:
    """Accounts that ask for a trial, pulled and due, with every target on."""
    short = [f"t{number}" for number in range(accounts)]
    for name in short:
        town.trial(name)
    town.switch_on("slips")
    with Hub(town.open(), "pull") as hub:
        hub.pull()
        assert hub.ready()
    return short


def work_together(town: Works, slips: Slips, workers: int) -> None:
    started = [town.start(with_slips(slips)) for _ in range(workers)]
    assert [ended(pid) for pid in started] == [0] * workers


def test_workers_at_once_make_everything_once(shared: Works, tmp_path: Path) -> None:
    town = shared
    mark, short = town.vendors.mark, due_everywhere(town, 6)
    slips = Slips(tmp_path, WORKERS, patience=0.3)
    work_together(town, slips, WORKERS)
    assert town.created(mark) == {effect: n * len(short) for effect, n in CREATED.items()}
    assert slips.made() == [f"account:{town.account(name)}" for name in short]
    for name in short:
        assert town.access(name)["stage"] == "trialing"
        assert [link for link in town.links(town.account(name)) if link.pending_key or link.state != "ok"] == []


def test_without_the_lease_there_would_be_two(shared: Works, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    due_everywhere(shared, 1)
    slips = Slips(tmp_path, workers=2, patience=20)
    monkeypatch.setattr(agenda, "_unheld", true())
    monkeypatch.setattr(links, "renew", lambda *_: True)
    monkeypatch.setattr(links, "seconds_left", lambda *_: 60.0)
    monkeypatch.setattr(links, "moved_on", lambda stored, link: False)
    monkeypatch.setattr(links, "foreign", lambda stored, link: False)
    work_together(shared, slips, 2)
    assert len(slips.made()) == 2
