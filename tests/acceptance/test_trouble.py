"""A system in trouble holds up nobody else, and a lost answer makes nothing twice."""

from __future__ import annotations

import logging

import pytest
from town import Town
from vendors import HOUR, KEY, TOKEN

from connectors import wire
from sandbox.provisioner import SECRET

CREATES = [
    ("stripe", "POST", "^/v1/customers$"),
    ("stripe", "POST", "^/v1/subscriptions$"),
    ("provisioner", "PUT", "^/instances/"),
    ("intercom", "POST", "^/contacts$"),
]
WRITES = [
    *CREATES,
    ("stripe", "POST", "^/v1/customers/cus_"),
    ("intercom", "POST", "^/companies$"),
    ("intercom", "PUT", "^/contacts/"),
    ("intercom", "POST", "^/contacts/[^/]+/tags$"),
    ("intercom", "POST", "^/contacts/[^/]+/companies$"),
    ("intercom", "POST", "^/events$"),
]


@pytest.fixture(autouse=True)
def _impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that does not come is given up soon, where that is what happens."""
    if "hang_after" in request.node.name:
        monkeypatch.setattr(wire, "READ_TIMEOUT", 0.8)


@pytest.fixture
def requested(town: Town) -> Town:
    town.init()
    town.team("acme", ann="owner", bob="member")
    town.request_trial("acme", "ann")
    return town


def assert_all_there_once(town: Town, mark: int) -> None:
    """One of everything, however often it was asked for."""
    made = [effect.split()[0] for effect in town.vendors.effects(mark)]
    assert {name: made.count(name) for name in made if "updated" not in name} == {
        "customer.created": 1, "subscription.created": 1, "instance.running": 1, "company.created": 1,
        "contact.created": 2, "contact.tagged": 2, "company.attached": 2, "event.created": 2,
    }  # fmt: skip
    row = town.access("acme")
    assert (row["stage"], row["access"], row["instance_status"]) == ("trialing", "full", "ready")
    assert town.answer(f"{town.name}-r-acme")[0] == "accepted"
    assert town.tags("ann") == {"sub:trialing", "plan:pro"}
    assert {name for name, _ in town.events("ann")} == {"started-trial", "provisioned-instance"}
    assert town.person("ann")["companies"] == town.person("bob")["companies"] == [town.account("acme")]
    assert town.todo() == {}


def run_until_settled(town: Town) -> int:
    """How many runs it took until one went well and had nothing left to do."""
    for runs in range(1, 8):
        report = town.try_sync()
        assert report.tally.bugs == []
        if report.ok and not town.plan():
            return runs
        town.let_retries_pass()
    raise AssertionError("never settled")


@pytest.mark.parametrize("action", ["500_after", "cut_after", "hang_after"])
def test_lost_answers_make_nothing_twice(requested: Town, action: str) -> None:
    mark = requested.vendors.mark
    # Waiting takes time: there the ones that must never happen twice have to do.
    for system, method, path in WRITES if action != "hang_after" else CREATES:
        requested.vendors.fault(action, system, method, path, arg=1)
    run_until_settled(requested)
    assert_all_there_once(requested, mark)


@pytest.mark.parametrize("action", ["500_before", "cut_after"])
def test_intercom_is_down(requested: Town, action: str) -> None:
    """The trial, the instance and the access do not wait for it."""
    town, mark = requested, requested.vendors.mark
    town.vendors.fault(action, "intercom", path="^/(contacts|companies|tags|events)", times=10_000)
    report = town.try_sync()
    assert not report.ok
    row = town.access("acme")
    assert (row["stage"], row["access"]) == ("trialing", "full")
    assert town.answer(f"{town.name}-r-acme")[0] == "accepted"
    assert town.instance("acme")["status"] == "ready"

    town.vendors.heal()
    town.vendors.advance(HOUR)
    town.let_retries_pass()
    town.sync()
    assert_all_there_once(town, mark)


def test_no_log_names_a_person_or_holds_a_key(requested: Town, caplog: pytest.LogCaptureFixture) -> None:
    """Of ours and of every library, at their most talkative, while everything fails once (fault 102)."""
    town = requested
    for action in ("500_after", "cut_after", "html_200"):
        for system, method, path in WRITES:
            town.vendors.fault(action, system, method, path)
    with caplog.at_level(logging.DEBUG):
        run_until_settled(town)
    told = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records).casefold()
    assert told
    private = (f"@{town.name}.example", f"%40{town.name}.example", "acme ltd", KEY, TOKEN, SECRET)
    assert not [word for word in private if word.casefold() in told]


def test_intercom_is_down_from_the_start_of_the_run(requested: Town) -> None:
    town, mark = requested, requested.vendors.mark
    town.vendors.fault("500_before", "intercom", times=10_000)
    report = town.try_sync()
    assert not report.ok
    assert town.access("acme")["access"] == "full"
    town.vendors.heal()
    town.let_retries_pass()
    town.sync()
    assert_all_there_once(town, mark)


def test_the_provisioner_is_down(requested: Town) -> None:
    """The trial begins; until the instance is ready the account waits, and Intercom says so."""
    town, mark = requested, requested.vendors.mark
    town.vendors.fault("500_before", "provisioner", times=10_000)
    report = town.try_sync()
    assert not report.ok
    assert town.subscription("acme")["status"] == "trialing"
    assert (town.access("acme")["stage"], town.stage("ann")) == ("trial_requested", "sub:trial-requested")

    town.vendors.heal()
    town.let_retries_pass()
    town.sync()
    assert town.access("acme")["stage"] == "trialing"
    assert town.stage("ann") == "sub:trialing"
    assert town.vendors.effects(mark).count(f"instance.running {town.name}-acme-1") == 1
