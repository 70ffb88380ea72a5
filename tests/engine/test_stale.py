"""A source whose event log no longer reaches back to its cursor is read whole, also when that is interrupted; and
handled hints are forgotten in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from bench import NOW, Bench, Shop, root
from works import Works

from connectors.contract import Page, Stale, Transient
from flows.hub import sweep
from flows.wiring import SourceLine
from mappings import product
from mappings.model import Change, Record
from state.inbox import LEDGER_SECONDS


class Forgetful(Shop):
    """``log``: the position of its events now. ``breaks`` counts, ``scans`` are where each of them began."""

    def __init__(self) -> None:
        super().__init__()
        self.log, self.breaks = "1", 0
        self.scans: list[str | None] = []

    def changes(self, cursor: str | None) -> Iterator[Page]:
        if cursor not in (None, self.log):
            raise Stale("too old")
        yield Page(cursor=self.log)

    def scan(self, resume: str | None) -> Iterator[Page]:
        self.scans.append(resume)
        for id, name in list(self.names.items())[int(resume or 0) :]:
            yield Page([Record(root(id), {"account_id": id, "name": name})], cursor=str(int(resume or 0) + 1))
            if self.breaks:
                self.breaks -= 1
                raise Transient("broken off")


class Moving(Shop):
    """a1 moves right after the first page of a scan has shown it; ``log`` tells so."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Change] = []

    def changes(self, cursor: str | None) -> Iterator[Page]:
        yield Page(changes=[] if cursor is None else self.log[int(cursor) :], cursor=str(len(self.log)))

    def scan(self, resume: str | None) -> Iterator[Page]:
        for id, name in list(self.names.items()):
            yield Page([Record(root(id), {"account_id": id, "name": name})], cursor=id)
            if not self.log:
                self.names["a1"] = "new"
                self.log.append(Change(root("a1"), "event 1", NOW - 3600))


class Coarse(Shop):
    """Its pages show less than a look, and its events are silent."""

    def changes(self, cursor: str | None) -> Iterator[Page]:
        yield Page(cursor="1")

    def scan(self, resume: str | None) -> Iterator[Page]:
        yield Page([Record(root(id), {"account_id": id, "name": ""}) for id in self.names], cursor="1")


@pytest.fixture
def bench(on_sqlite: Callable[[], str]) -> Iterator[Bench]:
    bench = Bench(on_sqlite(), list)
    yield bench
    bench.close()


@pytest.mark.parametrize("breaks", [0, 1])
def test_a_stale_cursor_means_a_scan(bench: Bench, breaks: int) -> None:
    shop = Forgetful()
    line = SourceLine(shop, product.facts)
    shop.names = {"a1": "old", "a2": "old"}
    assert bench.reader().pull(line).scanned
    assert not bench.reader().pull(line).scanned
    shop.log, shop.names, shop.breaks = "2", {"a1": "new", "a2": "new"}, breaks
    if breaks:
        with pytest.raises(Transient):
            bench.reader().pull(line)
    assert bench.reader().pull(line).scanned
    assert (bench.facts("a1"), bench.facts("a2")) == ("new", "new")
    assert not bench.reader().pull(line).scanned
    assert shop.scans == [None, None, *["1"] * breaks], "it goes on behind the page that was stored"


def test_what_moves_while_everything_is_read_is_replayed(bench: Bench) -> None:
    """The place in the event log is taken before the first page (fault 39)."""
    bench.shop = shop = Moving()
    shop.names = {"a1": "old", "a2": "old"}
    reader = bench.reader()
    assert reader.pull(SourceLine(shop, product.facts)).scanned
    assert bench.facts("a1") == "old"
    reader.look()
    assert bench.facts("a1") == "new"


def test_what_a_page_only_shows_less_of_is_no_difference(bench: Bench) -> None:
    bench.shop = shop = Coarse()
    shop.names = {"a1": "one", "a2": "two"}
    reader, line = bench.reader(), SourceLine(shop, product.facts)
    reader.pull(line)
    bench.hear("a1", "a2")
    reader.look()
    long_ago = f"UPDATE inbox SET handled_at = {NOW - 3600}"
    bench.store.database.write(lambda connection: connection.exec_driver_sql(long_ago))
    compared = reader.pull(line, sweep=True).compared
    assert compared
    assert (compared.equal, compared.differences) == (2, [])
    assert (bench.facts("a1"), bench.facts("a2")) == ("one", "two")


def test_a_sweep_forgets_what_was_handled_long_ago(town: Works) -> None:
    town.open()
    with town.memory() as store:
        now = town.vendors.now
        store.take_in(None, [Change(root("a1"), "event 1", NOW)], None, now)
        store.record(
            store.draw_look(), [], match=lambda *_: None, now=now - LEDGER_SECONDS - 1, reason="",
            hints=store.due_hints(now, 1),
        )  # fmt: skip
        sweep(town.opened or town.open())
        assert store.take_in(None, [Change(root("a1"), "event 1", NOW)], None, now) == 1, "known no more"
