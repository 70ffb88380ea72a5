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
from flows.reading import Pulled
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
        self.scans = 0

    def changes(self, cursor: str | None) -> Iterator[Page]:
        yield Page(changes=[Change(root("a1"), "young", NOW - 5)] if cursor else (), cursor=cursor or "1")

    def scan(self, resume: str | None) -> Iterator[Page]:
        self.scans += 1
        yield from [
            Page([self._record("a1")], [Change(root("a2"), f"scan:{self.scans}:a2", NOW)], "1"),
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


def read(bench: Bench) -> None:
    reader = bench.reader()
    reader.pull(SourceLine(bench.shop, product.facts))
    reader.look()


def swept(bench: Bench, now: int = NOW) -> Pulled:
    return bench.reader(now=now).pull(SourceLine(bench.shop, product.facts), sweep=True)


def end_lease(bench: Bench) -> None:
    bench.store.database.write(lambda c: c.exec_driver_sql("UPDATE cursors SET lease_until = 0"))


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
        end_lease(bench)
        read(bench)
        assert known(bench) == ({"a1": "one", "a2": "two", "a3": "three"}, ["young"]), f"killed after commit {number}"
        bench.close()
        if not killed:
            break
    assert number > 8


@pytest.mark.parametrize("looked", [False, True])
def test_a_sweep_that_is_gone_on_with_says_all_that_it_found(
    empty: Path, tmp_path: Path, cut: Callable[[Callable[[], object], int], bool], looked: bool
) -> None:
    """An event tells of a3; another worker may have looked, at it and at what the scan could only name."""
    begun, told = False, set()
    for number in count(1):
        bench = Bench(copied(empty, tmp_path / f"{number}.db"), list)
        bench.shop = Told()
        read(bench)
        bench.store.requeue(bench.store.due_hints(NOW + 60, 9), NOW)
        bench.reader().look()
        bench.shop.names = {"a1": "ONE", "a2": "TWO", "a3": "THREE"}
        cut(lambda: swept(bench, NOW + 300), number)  # noqa: B023
        end_lease(bench)
        cursor = bench.store.lease_cursor("product", "us", 0)
        assert cursor
        begun |= cursor.scan_look is not None
        if begun and cursor.scan_look is None:
            break  # The scan had ended, and the next one finds nothing.
        bench.store.take_in(None, [Change(root("a3"), "event", NOW + 200)], None, NOW + 300)
        if looked:
            bench.reader(now=NOW + 400).look()
        compared = swept(bench, NOW + 600).compared
        assert compared
        found = {difference.id: difference.explained for difference in compared.differences}
        told.add(found.pop("account:a3", None))
        assert found == {"account:a1": False, "account:a2": False}, f"killed after commit {number}"
        bench.close()
    assert told == {True, *([None] if looked else [])}, "what was looked at before the scan came to it did not differ"
