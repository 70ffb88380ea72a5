"""What only time announces is sent with facts fetched in the same look, or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from bench import NOW, Bench

sys.path.insert(0, str(Path(__file__).parent / "throwaway"))

from chat_target import Chat, Room

from connectors.contract import Transient
from flows.wiring import TargetLine
from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Desired, Occurrence, account_subject


def ending(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """An account whose name is "ending" is told so, by the clock."""
    if facts.account and facts.account.name == "ending":
        told = (Occurrence("ending", "1", NOW, by_clock=True),)
        yield Desired("chat", account_subject(facts.account_id), occurrences=told)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def bench(room: Room, on_sqlite: Callable[[], str]) -> Iterator[Bench]:
    bench = Bench(on_sqlite(), lambda: [TargetLine(Chat(room, "repeat"), ending)])
    bench.shop.names = {"a1": "ending"}
    bench.hear("a1")
    bench.reader().look()
    yield bench
    bench.close()


def test_what_is_still_true_is_announced_once(bench: Bench, room: Room) -> None:
    bench.work()
    bench.hear("a1")
    bench.work()
    assert room.lines == ["account:a1 ending"]


def test_what_a_fresh_look_finds_no_longer_true_is_dropped(bench: Bench, room: Room) -> None:
    bench.shop.names = {"a1": "extended"}
    bench.work()
    assert room.lines == []
    assert bench.facts("a1") == "extended"


def test_what_cannot_be_looked_at_waits(bench: Bench, room: Room) -> None:
    def down() -> None:
        raise Transient("the shop is closed")

    bench.shop.before_answer = down
    bench.work()
    assert room.lines == []
