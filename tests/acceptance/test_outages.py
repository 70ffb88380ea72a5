"""Vendors that are away for hours, and keys that do not work: the others go on, and afterwards all is as it should be
(faults 22, 23, 51, 53, 54)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from town import Build, Town
from vendors import HOUR, KEY, MINUTE, TOKEN

from connectors.gate import Gate
from flows import stopping
from flows.house import open_instep
from flows.hub import Hub

VENDORS = ("stripe", "intercom", "provisioner")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gate, "_wait", lambda gate, state: 0.0)


@pytest.fixture(scope="module")
def shared(build: Build) -> Iterator[Town]:
    """A team that pays, two whose trial is over, and three that have neither."""
    with build("sqlite") as here:
        here.team("pays", ann="owner", bob="member")
        for short, person in (("over", "cyd"), ("past", "eve"), ("one", "dan"), ("two", "fay"), ("three", "gil")):
            here.team(short, **{person: "owner"})
        here.init()
        for short, person in (("pays", "ann"), ("over", "cyd"), ("past", "eve")):
            here.request_trial(short, person)
        here.sync()
        here.card("pays")
        here.vendors.advance(15 * 24 * HOUR)
        here.sync()
        yield here


@pytest.fixture
def town(shared: Town) -> Iterator[Town]:
    """Shared: each test has its own accounts to ask with."""
    yield shared
    shared.vendors.heal()
    shared.vendors.control("PUT", "/stripe/settings", {"key": KEY})
    shared.vendors.control("PUT", "/intercom/settings", {"token": TOKEN})


def rename(town: Town, person: str, email: str) -> None:
    town.product.execute("UPDATE users SET email = :e WHERE user_id = :u", {"e": email, "u": f"{town.name}-{person}"})


def hold(town: Town, short: str) -> None:
    town.product.execute("UPDATE teams SET hold_reason = 'fraud' WHERE team_id = :t", {"t": town.account(short)})


def broken(town: Town) -> list[str]:
    """Links that need a person, or that somebody is still sending."""
    with town.open().store.database.engine.begin() as connection:
        left = "SELECT target || ' ' || subject FROM links WHERE state <> 'ok' OR pending_key <> ''"
        return [str(row[0]) for row in connection.exec_driver_sql(left)]


@pytest.mark.parametrize(
    ("away", "hours", "asks", "held"),
    [(["stripe"], 3, ("one", "dan"), ("over", "cyd")), (VENDORS, 20, ("two", "fay"), ("past", "eve"))],
    ids=["stripe for 3 hours", "all for 20 hours"],
)
def test_an_outage_ends_in_step(
    town: Town, away: list[str], hours: int, asks: tuple[str, str], held: tuple[str, str]
) -> None:
    mark = town.vendors.mark
    for system in away:
        town.vendors.fault("500_before", system, times=1_000_000)
    asked = town.request_trial(*asks)
    for hour in range(hours):
        if hour == 1:
            rename(town, "bob", f"bob{hours}@{town.name}.example")
            hold(town, held[0])
        if hour % 4 == 0 or hours < 4:
            report = town.try_sync()
            assert report.tally.bugs == []
            assert set(away) & set(report.troubles)
        town.vendors.advance(HOUR)
        town.let_retries_pass()
    # The others did not wait; but nothing is taken away on what Stripe said before it went.
    assert (town.access(held[0])["stage"], town.access(held[0])["access"]) == ("trial_expired", "read_only")
    assert (town.person("bob")["email"] == f"bob{hours}@{town.name}.example") == ("intercom" not in away)

    town.vendors.heal()
    town.sync()
    town.vendors.advance(5 * MINUTE)
    town.let_retries_pass()
    town.sync()
    assert (broken(town), town.plan(), town.todo()) == ([], [], {})
    assert town.answer(asked)[0] == "accepted"
    assert (town.access(asks[0])["stage"], town.stage(asks[1])) == ("trialing", "sub:trialing")
    assert (town.access("pays")["stage"], town.stage("ann")) == ("active", "sub:active")
    assert (town.access(held[0])["access"], town.stage(held[1])) == ("none", "sub:blocked")
    assert town.person("bob")["email"] == f"bob{hours}@{town.name}.example"
    made = [effect.split()[0] for effect in town.vendors.effects(mark)]
    assert [made.count(one) for one in ("customer.created", "subscription.created", "instance.running")] == [1, 1, 1]


def test_trials_come_first_when_a_vendor_is_back(town: Town) -> None:
    town.vendors.advance(4 * 24 * HOUR)
    town.sync()
    town.vendors.fault("500_before", "intercom", times=1_000_000)
    for person in ("ann", "cyd", "dan", "eve", "fay"):
        rename(town, person, f"first-{person}@{town.name}.example")
    town.request_trial("three", "gil")
    town.try_sync()
    town.vendors.heal()
    store = town.open().store
    assert store.backlog(town.vendors.now).waiting["intercom"] > 1
    store.wake_waiting("intercom")
    leases = store.lease_accounts("test", town.vendors.now, 20, 0)
    assert len(leases) > 1
    assert leases[0].account_id == town.account("three")
    town.let_retries_pass()
    town.sync()


@pytest.mark.parametrize(("system", "settings"), [("stripe", {"key": "sk_test_new"}), ("intercom", {"token": "new"})])
def test_a_refused_key_stops_its_system_from_the_start(town: Town, system: str, settings: dict[str, str]) -> None:
    rename(town, "ann", f"{system}@{town.name}.example")
    town.vendors.control("PUT", f"/{system}/settings", settings)
    report = town.try_sync()
    assert (report.tally.bugs, list(report.troubles)) == ([], [system])
    assert "Put a working key there" in report.troubles[system]
    assert (town.person("ann")["email"] == f"{system}@{town.name}.example") == (system == "stripe")

    town.vendors.control("PUT", f"/{system}/settings", {"key": KEY} if system == "stripe" else {"token": TOKEN})
    town.sync()
    assert town.person("ann")["email"] == f"{system}@{town.name}.example"


def test_a_new_key_is_taken_up_by_a_run_that_lasts(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "RENEW_PAUSE", 0)
    old = town.settings
    new = old.model_copy(update={"intercom_access_token": type(old.intercom_access_token)("tok_new")})
    town.close()
    now = [old]
    town.opened = open_instep(old, stripe_per_second=1000, reread=lambda: now[0])
    rename(town, "ann", f"new@{town.name}.example")
    with Hub(town.opened, "reconcile") as hub:
        town.vendors.control("PUT", "/intercom/settings", {"token": "tok_new"})
        hub.pull()
        hub.until_idle()
        assert list(hub.report.troubles) == ["intercom"]
        assert town.person("ann")["email"] != f"new@{town.name}.example"
        now[0] = new
        hub.until_idle()
    assert hub.report.ok
    assert town.person("ann")["email"] == f"new@{town.name}.example"
