"""No lost wake-up: what is stored for an account while it is being worked on makes it due again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from works import Works, Wrapped, wrapped

from connectors.contract import Target
from flows.house import open_instep
from flows.hub import Hub
from mappings.model import Held, Step
from state.schema import agenda
from state.store import Lease, Store


class Meanwhile(Wrapped):
    """Something happens during the first push."""

    def __init__(self, target: Target, happen: Callable[[], None]) -> None:
        super().__init__(target)
        self._happen: Callable[[], None] | None = happen

    def push(self, step: Step) -> Held:
        if happen := self._happen:
            self._happen = None
            happen()
        return self.inner.push(step)


def renamed_while_pushing(town: Works) -> None:
    """The account is renamed, and that is stored, when its company was sent and its events are on their way."""

    def rename() -> None:
        town.product.execute("UPDATE teams SET name = 'New name'")
        other = open_instep(town.settings)
        with Hub(other, "another worker") as hub:
            hub.pull()
        other.store.close()

    town.trial()
    town.lines = wrapped("intercom.events", lambda target: Meanwhile(target, rename))
    town.sync()


def test_a_change_during_the_work_is_looked_at(both: Works) -> None:
    renamed_while_pushing(both)
    assert both.company("acme")["name"] == "New name"
    assert both.customer("acme")["name"] == "New name"


def test_what_becomes_free_as_a_run_is_about_to_end_is_taken_up(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the lease of a worker that sleeps: it was held when we asked for accounts, and not when for the backlog."""
    account, worth = town.trial(), Hub._worth_waiting

    def ends_meanwhile(self: Hub, give_up: float) -> bool:
        if self.report.tally.visits == 1:
            self.instep.store.mark([account], self.instep.now(), "free now")
        return worth(self, give_up)

    monkeypatch.setattr(Hub, "_worth_waiting", ends_meanwhile)
    assert town.sync().tally.visits == 2
    with town.memory() as store:
        assert store.backlog(town.vendors.now).due == 0


def test_without_the_counter_it_would_be_forgotten(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Store.settle

    def careless(self: Store, lease: Lease, *args: Any, **more: Any) -> bool:
        mine = select(agenda.c.wake).where(agenda.c.account_id == lease.account_id)
        wake = self.database.read(lambda connection: connection.execute(mine).scalar_one())
        return settle(self, replace(lease, wake=wake), *args, **more)

    monkeypatch.setattr(Store, "settle", careless)
    renamed_while_pushing(town)
    town.sync()
    assert town.company("acme")["name"] == "acme Inc"
