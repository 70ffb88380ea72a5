"""Answers of a shape that nobody knows: each is put aside by itself, stops nothing else, proves nothing (fault 68)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from bench import NOW, Bench, Shop, root
from works import Works

from connectors.contract import ConnectorError, Page
from connectors.stripe import StripeBilling
from flows.wiring import SourceLine
from mappings import product
from mappings.model import Change, Record, Ref

SHAPELESS = Record(root("a1"), {"name": "One"})
ASIDE = "account:a1"


class Odd(Shop):
    """What it says of a1 cannot be used; asked for everything, it does not get that far while it is ``broken``."""

    odd = broken = True

    def fetch(self, ref: Ref) -> Record:
        return self.of(ref) if self.odd and ref.id == "a1" else super().fetch(ref)

    def of(self, ref: Ref) -> Record:
        return SHAPELESS

    def scan(self, resume: str | None) -> Iterator[Page]:
        yield Page([Record(root(id), {"account_id": id, "name": name}) for id, name in self.names.items()], cursor="1")
        if self.broken:
            raise KeyError("items")


class Odder(Odd):
    """Its connector cannot even read it."""

    def of(self, ref: Ref) -> Record:
        raise KeyError("id")


@pytest.fixture
def bench(on_sqlite: Callable[[], str]) -> Iterator[Bench]:
    bench = Bench(on_sqlite(), list)
    yield bench
    bench.close()


def todo(bench: Bench) -> list[str]:
    return [line.subject for line in bench.store.todo()]


@pytest.mark.parametrize("kind", [Odd, Odder])
def test_one_record_of_no_known_shape_stops_nobody(bench: Bench, kind: type[Odd]) -> None:
    bench.shop = shop = kind()
    shop.names = {"a1": "one", "a2": "two"}
    bench.hear("a1", "a2")
    assert bench.reader().look().failed == {}
    assert (bench.facts("a1"), bench.facts("a2"), todo(bench)) == (None, "two", [ASIDE])
    (lease,) = bench.lease()
    assert bench.reader().fetch_roots([root("a2")], lease) == ({}, True)
    assert bench.reader().fetch_roots([root("a1"), root("a2")], lease) == ({}, False), "that proves nothing"


def test_what_no_source_shows_any_more_is_passed_over(bench: Bench) -> None:
    """A provisioner is used no more, and somebody still asks for a look at an instance of it."""
    bench.shop.names = {"a1": "one"}
    bench.store.take_in(None, [Change(Ref("instances", "instance", "a1-1"), "event", NOW - 5)], None, NOW)
    bench.hear("a1")
    assert (bench.reader().look().hints, bench.facts("a1")) == (2, "one")
    assert bench.store.due_hints(NOW + 3600, 10) == []


def test_a_list_of_no_known_shape_is_a_source_that_cannot_be_read(bench: Bench) -> None:
    bench.shop = shop = Odd()
    shop.names = {"a1": "one"}
    line = SourceLine(shop, product.facts)
    with pytest.raises(ConnectorError, match=r"no known shape \(KeyError\)"):
        bench.reader().pull(line)
    bench.hear("a1")
    bench.reader().look()
    assert todo(bench) == [ASIDE]
    shop.odd = shop.broken = False
    assert bench.reader().pull(line).scanned, "goes on where it broke off"
    bench.reader().pull(line, sweep=True)
    assert todo(bench) == [], "it could be used"


def test_nothing_is_taken_away_on_an_answer_that_cannot_be_used(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    account, fetch = town.trial(), StripeBilling.fetch
    town.sync()
    with monkeypatch.context() as odd:
        odd.setattr(StripeBilling, "fetch", lambda self, ref: Record(ref, {"customer": {}, "subscriptions": "none"}))
        town.product.execute("UPDATE teams SET hold_reason = 'unpaid' WHERE team_id = :t", {"t": account})
        town.try_sync()
        assert town.access("acme")["access"] == "full"
        assert [key for key in town.todo() if key.startswith("customer:cus_")]
    assert StripeBilling.fetch is fetch
    town.let_retries_pass()
    town.sync()
    assert town.access("acme")["access"] == "none"
