"""One workspace, one installation; a state that was restored from yesterday (faults 45, 94)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from town import Build, Town
from vendors import DAY, HOUR, MINUTE

from connectors.gate import Gate
from flows import stopping
from flows.house import init, open_instep
from flows.hub import Hub, sync
from flows.report import Report
from flows.settings import Misuse
from flows.switching import go_live


@pytest.fixture(scope="module")
def first(build: Build) -> Iterator[Town]:
    with build("sqlite") as here:
        here.team("acme", ann="owner")
        here.team("beta", bob="owner")
        here.init()
        here.request_trial("acme", "ann")
        here.sync()
        yield here


@pytest.fixture(scope="module")
def second(build: Build, first: Town) -> Iterator[Town]:
    """Another state and another product, with the keys of the first."""
    with build("sqlite") as here:
        here.team("acme", cyd="owner")
        here.init()
        yield here


def run(town: Town) -> Report:
    """Without asking who was there before."""
    instep = open_instep(town.settings, stripe_per_second=1000)
    report = sync(instep)
    instep.store.close()
    return report


def rename(town: Town, person: str, email: str) -> None:
    town.product.execute("UPDATE users SET email = :e WHERE user_id = :u", {"e": email, "u": f"{town.name}-{person}"})


def test_two_installations_never_both_write(first: Town, second: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    second.sync()
    rename(first, "ann", f"new@{first.name}.example")
    mark = first.vendors.mark
    report = run(first)
    assert list(report.troubles) == ["house"]
    assert "is kept by installation" in report.troubles["house"]
    assert "init --take-over" in report.troubles["house"]
    assert (first.vendors.writes(mark), report.writes) == ([], 0)
    instep = open_instep(first.settings, stripe_per_second=1000)
    with pytest.raises(Misuse, match="two must not write there"):
        go_live(instep, "", [], accept_names=True)
    instep.store.close()

    init(first.settings, taking_over=True)
    assert run(first).ok
    assert first.person("ann")["email"] == f"new@{first.name}.example"
    assert list(run(second).troubles) == ["house"]

    # Taken over in the middle of a run.
    instep = open_instep(first.settings, stripe_per_second=1000)
    with Hub(instep, "sync") as hub:
        hub.pull()
        hub.until_idle()
        monkeypatch.setattr(stopping, "LOOK_PAUSE", 0)
        rename(first, "ann", f"late@{first.name}.example")
        hub.pull()
        init(second.settings, taking_over=True)
        hub.until_idle()
    instep.store.close()
    assert (list(hub.report.troubles), hub.report.writes) == (["house"], 0)
    init(first.settings, taking_over=True)
    assert run(first).ok
    assert first.person("ann")["email"] == f"late@{first.name}.example"


def test_nothing_is_sent_after_a_look_that_came_too_early(first: Town, second: Town) -> None:
    """Two first starts at once: whoever's mark was written over finds that before anything else is sent."""
    first.request_trial("acme", "ann", id="early")
    instep = open_instep(first.settings, stripe_per_second=1000)
    assert not instep.other
    init(second.settings, taking_over=True)
    mark = first.vendors.mark
    report = sync(instep)
    instep.store.close()
    assert (list(report.troubles), first.vendors.writes(mark)) == (["house"], [])
    init(first.settings, taking_over=True)
    assert run(first).ok


def test_a_displaced_installation_stays_off_while_intercom_is_away(
    first: Town, second: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gate, "_wait", lambda gate, state: 0.0)
    init(second.settings, taking_over=True)
    assert list(run(first).troubles) == ["house"]
    first.team("gamma", gil="owner")
    first.request_trial("gamma", "gil")
    mark = first.vendors.mark
    first.vendors.fault("500_before", "intercom", times=1_000_000)
    try:
        report = run(first)
    finally:
        first.vendors.heal()
    assert set(report.troubles) == {"house", "intercom"}
    assert (first.vendors.writes(mark), first.access("gamma")) == ([], {})
    with archived(first):  # No name is left that could carry a mark.
        assert "house" in run(first).troubles
    assert (first.vendors.writes(mark), first.access("gamma")) == ([], {})
    init(first.settings, taking_over=True)
    assert run(first).ok
    assert first.access("gamma")["stage"] == "trialing"


@contextmanager
def archived(town: Town) -> Iterator[None]:
    path = "/intercom/hand/data_attributes"
    ids = [row["id"] for row in town.vendors.control("GET", path)["data"] if row.get("custom")]
    for gone in (True, False):
        for id in ids:
            town.vendors.control("PUT", f"{path}/{id}", {"archived": gone})
        if gone:
            yield


def everything(town: Town) -> dict[str, Any]:
    """What there is; people without when they were touched and what they were told."""
    shorts, untold = ("acme", "beta"), {"updated_at": 0, "events": []}
    return {
        "people": {person["id"]: person | untold for person in town.people()},
        "customers": [len(town.customers(short)) for short in shorts],
        "subscriptions": [len(town.subscriptions(short)) for short in shorts],
        "instances": [town.instance(short) | {"revision": 0} for short in shorts],
        "rows": town.product.instep_rows(),
    }


def test_a_state_of_yesterday_does_nothing_twice(first: Town, tmp_path: Path) -> None:
    town = first
    town.vendors.advance(HOUR)
    town.open()
    town.sync()
    state = town.settings.instep_state_url.get_secret_value().removeprefix("sqlite:///")
    town.close()
    with closing(sqlite3.connect(state)) as now, closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        now.backup(copy)

    # A day goes by: a trial, a payment, a new person, another e-mail, a tag by hand.
    asked = town.request_trial("beta", "bob")
    town.join("acme", "dan", "member")
    rename(town, "ann", f"again@{town.name}.example")
    town.sync()
    town.card("beta")
    town.vendors.stripe("POST", f"/v1/subscriptions/{town.subscription('acme')['id']}", cancel_at_period_end="true")
    town.vendors.advance(DAY)
    town.sync()
    town.vendors.advance(15 * MINUTE)
    town.sync()
    before = everything(town)
    town.close()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy, closing(sqlite3.connect(state)) as now:
        copy.backup(now)
    mark = town.vendors.mark
    town.sync()
    town.vendors.advance(15 * MINUTE)
    town.sync()
    # The provisioner cannot be asked whom it knows as owner, so it is told its desired state again; and what no source
    # dates is dated by the look that sees it first, which was forgotten.
    done = [(call.effect, call.params.get("event_name")) for call in town.vendors.since(mark) if call.effect]
    assert done == [("instance.updated", None), ("event.created", "added-payment-method")]
    after = everything(town)
    for what in before:
        assert after[what] == before[what], what
    assert town.answer(asked)[0] == "accepted"
    assert (town.plan(), town.todo()) == ([], {})


def test_what_is_old_is_forgotten_by_policy(first: Town) -> None:
    """Hints after 35 days, journal and runs after ``policy.journal_days``; what counts for ever is kept."""
    town = first

    def held() -> dict[str, int]:
        with town.open().store.database.engine.begin() as connection:
            tables = ("inbox", "journal", "runs", "redemptions", "links")
            return {t: int(connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar_one()) for t in tables}

    town.configure("journal_days = 60\n")
    town.sync()
    before = held()
    town.vendors.advance(36 * DAY)
    town.sync()
    later = held()
    assert later["inbox"] < before["inbox"]
    assert later["journal"] >= before["journal"]
    town.vendors.advance(25 * DAY)
    town.sync()
    last = held()
    assert last["journal"] < before["journal"]
    assert last["runs"] < later["runs"]
    assert (last["redemptions"], last["links"]) == (later["redemptions"], later["links"])
    assert town.sync().writes == 0
