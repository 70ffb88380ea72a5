"""A reader is killed after each of its commits; whoever comes next ends as it would have (fault 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from bench import NOW, Bench, Shop, copied, root
from sqlalchemy.engine.default import DefaultDialect

from connectors.contract import Page
from flows.reading import Reader
from flows.wiring import SourceLine
from mappings import product
from mappings.model import Change, Record
from state.store import Store


class Killed(BaseException):
    """Nothing handles it, and nothing is committed any more."""


class Told(Shop):
    """A scan carries a1 and a3 and can only name a2; an event, a moment old, tells of a1 and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.names = {"a1": "one", "a2": "two", "a3": "three"}

    def changes(self, cursor: str | None) -> Iterator[Page]:
        yield Page(changes=[Change(root("a1"), "young", NOW - 5)] if cursor else (), cursor=cursor or "1")

    def scan(self, resume: str | None) -> Iterator[Page]:
        yield from [
            Page([self._record("a1")], [Change(root("a2"), "scan:1:a2", NOW)], "1"),
            Page([self._record("a3")], cursor="2"),
        ][int(resume or 0) :]

    def _record(self, id: str) -> Record:
        return Record(root(id), {"account_id": id, "name": self.names[id]})


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cut") / "state.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object], int], bool]:
    """``cut(work, n)``: whether ``work`` was killed right after its ``n``th commit."""
    commit, left = DefaultDialect.do_commit, [0]

    def commits(dialect: DefaultDialect, connection: Any) -> None:
        if left[0] == 1:
            raise Killed
        commit(dialect, connection)  # type: ignore[no-untyped-call]
        left[0] -= 1
        if left[0] == 1:
            raise Killed

    monkeypatch.setattr(DefaultDialect, "do_commit", commits)

    def killed(work: Callable[[], object], after: int) -> bool:
        left[0] = after + 1
        try:
            work()
        except Killed:
            return True
        finally:
            left[0] = 0
        return False

    return killed


def read(bench: Bench, sweep: bool = False) -> Reader:
    reader = bench.reader()
    reader.pull(SourceLine(bench.shop, product.facts), sweep)
    reader.look()
    return reader


def known(bench: Bench) -> tuple[dict[str, str | None], list[str]]:
    """What is stored, and which hints are due a minute later."""
    return {id: bench.facts(id) for id in bench.shop.names}, [h.event_id for h in bench.store.due_hints(NOW + 60, 9)]


def test_a_reader_killed_after_any_commit_loses_nothing(
    empty: Path, tmp_path: Path, cut: Callable[[Callable[[], object], int], bool]
) -> None:
    for number in count(1):
        bench = Bench(copied(empty, tmp_path / f"{number}.db"), list)
        bench.shop = Told()
        killed = cut(lambda: read(bench), number)  # noqa: B023
        bench.store.database.write(lambda c: c.exec_driver_sql("UPDATE cursors SET lease_until = 0"))
        read(bench)
        assert known(bench) == ({"a1": "one", "a2": "two", "a3": "three"}, ["young"]), f"killed after commit {number}"
        bench.close()
        if not killed:
            break
    assert number > 8
