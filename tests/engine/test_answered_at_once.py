"""Many requests of one account are answered together, and whatever goes wrong between, each is answered once."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Any

import pytest
from works import CREATED, Works, ended

from connectors.contract import Transient, Unknown
from connectors.product import ProductDatabase, ProductRequests
from flows.house import Instep
from flows.hub import sync
from mappings.model import Step
from state.store import Store

TIMES = 12


def asked(town: Works) -> str:
    """An account with one owner who asks for a trial many times within a second."""
    account = town.trial()
    for number in range(TIMES - 1):
        town.request_trial("acme", "acmeowner", id=f"s{number:02}")
    return account


def assert_each_answered_once(town: Works, mark: int) -> None:
    assert town.created(mark) == CREATED
    answers = Counter(row["answer"] for row in town.product.rows("SELECT answer FROM instep_requests"))
    assert answers == {"accepted": 1, "already": TIMES - 1}
    lines = Counter(entry.subject for entry in town.journal() if entry.target == "product.requests")
    assert len(lines) == TIMES
    assert set(lines.values()) == {1}
    left = [(link.subject, link.pending_key, link.state) for link in town.links(town.account("acme"))]
    assert [link for link in left if link[1] or link[2] != "ok"] == []
    assert town.todo() == {}
    mark = town.vendors.mark
    assert town.sync_again().writes == 0
    assert town.vendors.effects(mark) == []


def test_in_few_statements(both: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(both)
    mark, writes = both.vendors.mark, Counter[str]()
    for name in ("write", "write_many"):
        inner = getattr(ProductDatabase, name)

        def counted(self: ProductDatabase, given: Any, inner: Any = inner, name: str = name) -> Any:
            writes[name] += 1
            return inner(self, given)

        monkeypatch.setattr(ProductDatabase, name, counted)
    both.sync()
    assert writes["write_many"] == 1
    assert writes["write"] <= 4, "only the row of instep_access by itself"
    assert_each_answered_once(both, mark)


PLACES = ("intended", "pushed", "acknowledged")


def dies(place: str) -> Any:
    def work(instep: Instep) -> None:
        cls: Any = ProductRequests if place == "pushed" else Store
        name = {"intended": "intend_many", "pushed": "push_many", "acknowledged": "acknowledge_many"}[place]
        inner = getattr(cls, name)

        def last(*args: Any, **named: Any) -> Any:
            inner(*args, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(cls, name, last)
        sync(instep)

    return work


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_dies_right_after_they_were(town: Works, place: str) -> None:
    asked(town)
    mark = town.vendors.mark
    assert ended(town.start(work=dies(place))) == -signal.SIGKILL
    town.sync()
    assert_each_answered_once(town, mark)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("error", [Transient("busy"), Unknown("cut")])
def test_nobody_knows_whether_they_were_written(
    town: Works, monkeypatch: pytest.MonkeyPatch, error: Exception, done: bool
) -> None:
    asked(town)
    mark, inner = town.vendors.mark, ProductRequests.push_many

    def fails(self: ProductRequests, steps: list[Step]) -> Any:
        if done:
            inner(self, steps)
        raise error

    monkeypatch.setattr(ProductRequests, "push_many", fails)
    town.sync()
    assert_each_answered_once(town, mark)


def test_what_was_not_written_is_sent_by_itself(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(town)
    mark, inner = town.vendors.mark, ProductRequests.push_many
    monkeypatch.setattr(ProductRequests, "push_many", lambda self, steps: inner(self, steps[: TIMES // 2]))
    town.sync()
    assert_each_answered_once(town, mark)


def test_what_the_product_answered_meanwhile_stays(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(town)
    inner, theirs = ProductRequests.push_many, f"{town.name}-s05"

    def late(self: ProductRequests, steps: list[Step]) -> Any:
        town.product.execute("UPDATE instep_requests SET answer = 'ours' WHERE request_id = :id", {"id": theirs})
        return inner(self, steps)

    monkeypatch.setattr(ProductRequests, "push_many", late)
    town.try_sync()
    assert town.answer(theirs)[0] == "ours"
    answers = Counter(row["answer"] for row in town.product.rows("SELECT answer FROM instep_requests"))
    assert answers == {"accepted": 1, "already": TIMES - 2, "ours": 1}
