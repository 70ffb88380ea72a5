"""A reader is killed after each of its commits; whoever comes next ends as it would have (fault 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
from mappings.model import Account, AccountId, Change, Customer, Fact, Record, Ref
from state.store import Store

A1 = AccountId("a1")


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


class Listed(Shop):
    """One root that shows, or seeks, an e-mail address; a page of nothing comes after it."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__()
        self.name = self.system = name
        self.kinds = (kind,)
        self.there = True

    def changes(self, cursor: str | None) -> Iterator[Page]:
        yield Page(cursor=cursor or "1")

    def scan(self, resume: str | None) -> Iterator[Page]:
        yield from [Page([Record(self.root, {})] if self.there else [], cursor="1"), Page(cursor="2")][
            int(resume or 0) :
        ]

    @property
    def root(self) -> Ref:
        return Ref(self.name, self.kinds[0], "a1")


def matched(record: Record) -> list[Fact]:
    mail = ("email:ann@example.com",)
    if record.ref.kind == "account":
        return [Fact(record.ref, "account", "a1", Account(A1), A1, mail)]
    return [Fact(record.ref, "customer", "a1", Customer("a1", 1), seeks=mail)]


class Two:
    """The product, and a list of customers of whom one is told by its e-mail only."""

    def __init__(self, url: str) -> None:
        self.bench, self.customers = Bench(url, list), Listed("stripe", "customer")
        self._lines = [SourceLine(shop, matched) for shop in (Listed("product", "account"), self.customers)]

    def read(self, *names: str) -> None:
        reader = self.bench.reader(replace(self.bench.systems(), sources=self._lines))
        for line in self._lines:
            if line.source.name in names:
                reader.pull(line)

    def look(self) -> None:
        self.bench.reader(replace(self.bench.systems(), sources=self._lines)).look()

    def whose(self) -> bool:
        return self.customers.root in self.bench.store.roots(A1)


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


def test_a_scan_that_is_gone_on_with_matches_what_it_had_read_before(
    empty: Path, tmp_path: Path, cut: Callable[[Callable[[], object], int], bool]
) -> None:
    for number in count(1):
        two = Two(copied(empty, tmp_path / f"{number}.db"))
        two.customers.feed, two.customers.there = "truth", False
        two.read("product", "stripe")
        two.customers.there = True
        killed = cut(lambda: two.read("stripe"), number)  # noqa: B023
        end_lease(two.bench)
        two.read("stripe")
        assert two.whose(), f"killed after commit {number}"
        two.bench.close()
        if not killed:
            break


def test_of_two_first_scans_that_end_at_once_the_last_one_matches(
    empty: Path, tmp_path: Path, cut: Callable[[Callable[[], object], int], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The product is read to its end just when the other reader has seen that it was not."""
    unscanned = Store.unscanned
    for number in count(1):
        two, others = Two(copied(empty, tmp_path / f"{number}.db")), [1]

        def meanwhile(store: Store, names: Sequence[str]) -> list[str]:
            found = unscanned(store, names)
            if others and names == ["product"]:  # noqa: B023
                others.pop()  # noqa: B023
                two.read("product")  # noqa: B023
            return found

        monkeypatch.setattr(Store, "unscanned", meanwhile)
        killed = cut(lambda: two.read("stripe"), number)  # noqa: B023
        end_lease(two.bench)
        two.read("product", "stripe")
        assert two.whose(), f"killed after commit {number}"
        two.bench.close()
        if not killed:
            break


@pytest.mark.parametrize("meanwhile", [False, True], ids=["before the last scan", "while it ends"])
def test_a_look_decides_by_no_e_mail_before_everybody_was_read(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: bool
) -> None:
    """A page of the first scan could only name the customer; its namesake may be on the next one."""
    two, record = Two(copied(empty, tmp_path / "state.db")), Store.record
    two.read("product")
    two.bench.store.take_in(None, [Change(two.customers.root, "scan:1:a1", NOW)], None, NOW)
    if meanwhile:

        def late(store: Store, *given: Any, **more: Any) -> Any:
            monkeypatch.setattr(Store, "record", record)
            two.customers.there = False
            two.read("stripe")
            return record(store, *given, **more)

        monkeypatch.setattr(Store, "record", late)
    two.look()
    assert two.whose() == meanwhile
    two.read("stripe")
    assert two.whose()
    two.bench.close()
