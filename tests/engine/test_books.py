"""The books balance, one system's failure is nobody else's, and its recovery wakes who waited (faults 51, 53)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from works import CREATED, Works, Wrapped

from flows.engine import Engine, Visit
from flows.house import Instep
from flows.hub import Hub, sync
from flows.systems import Wires, targets
from flows.wiring import TargetLine
from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Desired, Held, Ref, Step
from state.store import LeaseLost

TEAMS = [f"t{number}" for number in range(7)]
FAILING = {
    "intercom": ("customer.created", "subscription.created", "instance.running"),
    "provisioner": ("customer.created", "subscription.created", "company.created", "contact.created"),
}
"""System -> what is made all the same."""


@pytest.fixture
def busy(town: Works) -> Works:
    """Enough accounts to open a breaker and to have some left over."""
    for name in TEAMS:
        town.trial(name)
    return town


def test_every_pair_of_account_and_target_is_looked_at(busy: Works) -> None:
    """Counted beside the engine: each target is asked what it wants, at least once an account."""
    asked: Counter[tuple[str, str]] = Counter()

    def counting(line: TargetLine) -> TargetLine:
        def desired(facts: AccountFacts, life: Life, config: Config) -> list[Desired]:
            asked[line.target.name, facts.account_id] += 1
            return list(line.desired(facts, life, config))

        return replace(line, desired=desired)

    def lines(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        return [counting(line) for line in targets(w, config, now)]

    busy.lines = lines
    report = busy.sync()
    assert report.tally.accounts == len(TEAMS)
    assert len(asked) == report.tally.looked == sum(report.tally.outcomes.values())
    idle = 4 * len(TEAMS)  # Nobody asks to change or to charge a subscription, nobody is erased.
    assert +report.tally.outcomes == {"applied": report.tally.looked - idle, "unchanged": idle}
    assert set(asked.values()) <= {1, 2}  # A second time where the first wanted fresh facts.


def test_what_is_told_is_what_the_vendors_saw(busy: Works) -> None:
    mark = busy.vendors.mark
    report = busy.sync()
    inside = sum(report.tally.writes[name] for name in ("product.access", "product.requests"))
    assert report.writes - inside == len(busy.vendors.writes(mark))


@pytest.mark.parametrize("system", FAILING)
def test_a_failing_system_delays_nobody_else(busy: Works, system: str) -> None:
    town, mark, made = busy, busy.vendors.mark, FAILING[system]
    instep = town.open()
    town.vendors.fault("500_before", system, times=1000)
    report = sync(instep)
    assert not report.ok
    assert report.tally.balanced
    assert system in report.troubles
    assert {e: n for e, n in town.created(mark).items() if e in made} == {e: len(TEAMS) for e in made}
    assert report.backlog
    assert report.backlog.waiting[system] > 0
    assert town.answer(f"{town.name}-r-t0")[0] == "accepted"


def let_one_try(town: Works, instep: Instep) -> None:
    """A minute later: one account is due again, and the breaker lets a probe through."""
    for line in instep.systems.targets:
        if line.target.system == "intercom":
            for circuit in line.target._api.gate.breaker._circuits.values():  # type: ignore[attr-defined]
                circuit.next_probe = 0.0 if circuit.next_probe is not None else None
    instep.store.let_probe(["intercom"])


def test_recovery_wakes_all_who_waited(busy: Works) -> None:
    town, mark = busy, busy.vendors.mark
    instep = town.open()
    town.vendors.fault("500_before", "intercom", times=1000)
    with Hub(instep, "sync") as hub:
        hub.pull()
        hub.until_idle()
        waiting = instep.store.backlog(instep.now()).waiting["intercom"]
        assert waiting > 1
        town.vendors.heal()
        let_one_try(town, instep)
        hub.until_idle()
        assert instep.store.backlog(instep.now()).waiting == {}
    with town.memory() as store:
        store.make_all_due(town.vendors.now, "test")  # Those who met the first failures back off by themselves.
    town.sync()
    assert town.created(mark) == {effect: n * len(TEAMS) for effect, n in CREATED.items()}


def test_one_who_fails_for_hours_is_tried_again_within_two_minutes(town: Works) -> None:
    """Too few for a breaker: runs that each begin anew, so nobody's success wakes them."""
    town.trial()
    town.sync()
    town.product.execute("UPDATE users SET name = 'Another'")
    town.vendors.fault("500_before", "intercom", "PUT", times=1000)
    for _ in range(7):
        town.let_retries_pass()
        assert not town.try_sync().ok
    assert 0 < town.retry_in("acme") <= 120
    town.vendors.heal()
    town.let_retries_pass()
    town.sync()
    assert town.person("acmeowner")["name"] == "Another"


def test_a_refused_key_stops_its_system_only(busy: Works) -> None:
    town, mark = busy, busy.vendors.mark
    instep = town.open()
    town.vendors.control("PUT", "/intercom/settings", {"token": "another"})
    try:
        with Hub(instep, "sync") as hub:
            hub.pull()
            hub.until_idle()
    finally:
        town.vendors.control("PUT", "/intercom/settings", {"token": "tok_sandbox"})
    assert not hub.report.ok
    assert "intercom" in hub.report.troubles
    assert town.created(mark) == {
        effect: len(TEAMS) for effect in ("customer.created", "subscription.created", "instance.running")
    }


def test_a_lost_account_waits_with_all_that_was_left(busy: Works) -> None:
    """Whoever loses an account in the middle of a target has dealt with those before it, and with no other."""

    def lines(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        found = targets(w, config, now)
        return [replace(f, target=Robbed(f.target)) if f.target.name == "instances" else f for f in found]  # type: ignore[arg-type]

    class Robbed(Wrapped):
        def push(self, step: Step) -> Held:
            raise LeaseLost("someone else has it")

    busy.lines = lines
    with Hub(busy.open(), "sync") as hub:
        hub.pull()
        assert hub.ready()
        hub.until_idle(patience=0)  # What is lost is leased, which a run would wait for.
    report = hub.report
    assert report.tally.balanced
    left = len(TEAMS) * (report.tally.looked // report.tally.visits - 4)  # Before it: a customer, a trial, two idle.
    assert report.tally.outcomes == {"applied": 2 * len(TEAMS), "unchanged": 2 * len(TEAMS), "waiting": left}


def test_a_target_that_nobody_dealt_with_shows(busy: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Engine._line

    def forgetful(self: Engine, visit: Visit, line: TargetLine, *given: Any) -> set[Ref]:
        changed = whole(self, visit, line, *given)
        visit.pairs[line.target.name].done = line.target.name != "intercom.events"
        return changed

    monkeypatch.setattr(Engine, "_line", forgetful)
    report = sync(busy.open())
    assert report.tally.looked - report.tally.outcomes.total() == len(TEAMS)
    assert not report.ok
