"""Tags that a person restores or retires while a worker is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tagging import CANCELING, PROSPECT, ask, hand, tag, two_trials, waiting
from town import Build, Town

from flows.house import Instep, open_instep
from flows.hub import Hub, sync
from flows.retiring import restore, retire
from flows.systems import Wires, targets
from flows.wiring import TargetLine
from mappings.config import Config
from mappings.model import Held, Step


@pytest.fixture
def town(build: Build) -> Iterator[Town]:
    with two_trials(build) as here:
        yield here


class Meanwhile:
    """Contacts of Intercom; something happens once while one is pushed."""

    def __init__(self, target: Any, happen: Callable[[], object]) -> None:
        self._target, self._happen = target, [happen]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def push(self, step: Step) -> Held:
        held: Held = self._target.push(step)
        if self._happen:
            self._happen.pop()()
        return held


def beside(town: Town, work: Callable[[Instep], object]) -> None:
    """With an installation that somebody else has opened."""
    other = open_instep(town.settings, stripe_per_second=1000)
    work(other)
    other.store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def lasting(request: pytest.FixtureRequest, build: Build) -> Iterator[Town]:
    with build(request.param) as here:
        here.init()
        for name in ("acme", "beta"):
            here.team(name, **{f"{name}owner": "owner"})
        here.sync()
        yield here


def test_a_tag_made_again_while_a_contact_is_pushed_is_worn(lasting: Town) -> None:
    """The worker writes down what it believed before; nobody who is not worked on is read for it."""
    town = lasting
    hand(town, "DELETE", f"/tags/{tag(town, PROSPECT)}")
    town.product.execute("UPDATE users SET name = 'Other' WHERE user_id = :u", {"u": f"{town.name}-acmeowner"})

    def lines(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        found = targets(w, config, now)
        at = [line.target.name for line in found].index("intercom.contacts")
        made: Any = Meanwhile(found[at].target, lambda: beside(town, lambda other: restore(other, PROSPECT, "dana")))
        return [*found[:at], replace(found[at], target=made), *found[at + 1 :]]

    town.close()
    town.opened, mark = open_instep(town.settings, lines, stripe_per_second=1000), town.vendors.mark
    assert sync(town.opened).ok
    assert town.person("acmeowner")["name"] == "Other"
    assert PROSPECT in town.tags("acmeowner") & town.tags("betaowner")
    read = [call.path for call in town.vendors.since(mark) if call.method == "GET" and "/contacts" in call.path]
    assert not [path for path in read if town.person("betaowner")["id"] in path]
    assert (town.todo(), town.plan()) == ({}, [])


def test_a_tag_made_again_beside_a_worker_that_missed_it_is_worn(town: Town) -> None:
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    ask(town, "acme", "cancel")
    with Hub(town.open(), "reconcile") as hub:
        hub.pull()
        assert hub.ready()
        hub.until_idle()
        beside(town, lambda other: restore(other, CANCELING, "dana"))
        hub.until_idle()
        assert CANCELING in town.tags("acmeowner")
    assert (town.todo(), waiting(town), town.plan()) == ({}, [], [])


def test_a_tag_that_is_used_again_beside_a_worker_is_worn(town: Town) -> None:
    """By those too who never waited for it."""
    retire(town.open(), CANCELING, "dana")
    ask(town, "acme", "cancel")
    town.sync()
    assert CANCELING not in town.tags("acmeowner")
    with Hub(town.open(), "reconcile") as hub:
        hub.pull()
        assert hub.ready()
        beside(town, lambda other: restore(other, CANCELING, "dana"))
        hub.until_idle()
    assert CANCELING in town.tags("acmeowner")


def test_a_tag_retired_beside_a_worker_is_waited_for_no_more(town: Town) -> None:
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    ask(town, "acme", "cancel")
    town.sync()
    assert waiting(town) == [f"tags {CANCELING}"]
    with Hub(town.open(), "reconcile") as hub:
        hub.pull()
        assert hub.ready()
        beside(town, lambda other: retire(other, CANCELING, "dana"))
        hub.until_idle()
    assert (town.todo(), waiting(town), town.plan()) == ({}, [], [])
