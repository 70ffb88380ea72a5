"""What a person approved is done in the end, whatever happens at its push; once, and nothing else for it."""

from __future__ import annotations

import signal

import pytest
from town import CONFIG
from works import Works, ended, trip

from flows.approval import approve, held
from flows.hub import Hub, sync
from mappings.model import AccountId
from state.store import Hold

DAY = 86_400
BRAKE = "\n[brake]\nbursts = { floor = 0, share = 0.0 }\nremovals = { floor = 0, share = 0.0 }\n"
HELD = {"intercom.contacts", "product.access"}


def approved(town: Works) -> None:
    """One team whose owner has another address, and which is put on hold: both are held, then approved."""
    for limits in ("", BRAKE):
        town._config.write_text(CONFIG.replace('"none"', '"full"') + limits)
        if not limits:
            town.team("acme", ann="owner")
        town.sync()
    town.vendors.advance(2 * DAY)
    town.product.execute("UPDATE users SET email = 'x' || email")
    town.product.execute("UPDATE teams SET hold_reason = 'fraud'")
    town.sync()
    assert waiting(town) == HELD
    instep = town.open()
    with Hub(instep, "approve") as hub:
        hub.pull()
        approve(instep, held(instep, (), (), lambda what, more: None), "dana")
    assert waiting(town) == set()


def waiting(town: Works) -> set[str]:
    """Targets in which something waits for an approval."""
    with town.memory() as store:
        return {hold.target for hold in store.holds() if not hold.approved_by}


def assert_done(town: Works) -> None:
    assert town.person("ann")["email"] == f"x{town.email('ann')}"
    assert town.access("acme")["access"] == "none"
    with town.memory() as store:
        assert (store.holds(), store.todo()) == ([], [])
    town.product.execute("UPDATE users SET email = 'y' || email")
    town.sync()
    assert town.person("ann")["email"] == f"x{town.email('ann')}", "that was approved by nobody"
    assert waiting(town) == {"intercom.contacts"}


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_the_push(town: Works, before: bool) -> None:
    approved(town)
    for target in ("product.access", "intercom.contacts"):
        assert ended(town.start(trip(target, signal.SIGKILL, before))) == -signal.SIGKILL
    town.sync()
    assert_done(town)


@pytest.mark.parametrize("fault", ["500_before", "cut_after"])
def test_a_vendor_that_fails_for_hours(town: Works, fault: str) -> None:
    approved(town)
    town.vendors.fault(fault, "intercom", "PUT", "/contacts", times=1000)
    town.try_sync()
    assert waiting(town) == set()
    town.vendors.heal()
    town.vendors.advance(DAY + 3600)
    town.let_retries_pass()
    town.sync()
    assert_done(town)


def test_what_is_held_anew_while_a_person_reads_is_approved_by_nobody(town: Works) -> None:
    town.team("acme", ann="owner")
    town.team("beta", ben="owner")
    town.sync()
    town.configure(BRAKE)
    town.vendors.advance(2 * DAY)
    address = "UPDATE users SET email = :email WHERE user_id = :user"
    ann, ben = ({"user": f"{town.name}-{short}", "email": town.email(short)} for short in ("ann", "ben"))
    changes = [
        [ann | {"email": "x" + ann["email"]}, ben | {"email": "x" + ben["email"]}],
        [ann],
        [ann | {"email": "z@z.example.com"}],
    ]
    for at, some in enumerate(changes):
        for change in some:
            town.product.execute(address, change)
        town.sync()
        if not at:
            instep = town.open()
            with Hub(instep, "approve"):
                read = held(instep, (), (), lambda what, more: None)
    assert [hold.subject for hold in approve(town.open(), read, "dana")] == [f"person:{ann['user']}"]
    town.sync()
    assert (town.person("ann")["email"], town.person("ben")["email"]) == (ann["email"], "x" + ben["email"])
    assert [(hold.subject, hold.approved_by) for hold in holds(town)] == [(f"person:{ann['user']}", "")]
    assert list(town.todo()) == [f"person:{ann['user']} intercom.contacts"]


@pytest.mark.parametrize("first", ["mid", "new"], ids=["its old home", "its new home"])
def test_whoever_moves_to_another_account_is_held_and_approved_there(town: Works, first: str) -> None:
    town.team("mid", ann="owner")
    town.team("new")
    also = {"user": f"{town.name}-ann", "team": town.account("new")}
    town.product.execute("INSERT INTO memberships VALUES (:user, :team, 'member', 0)", also)
    town.sync()
    town.configure(BRAKE)
    town.vendors.advance(2 * DAY)
    town.product.execute("UPDATE users SET email = 'x' || email")
    town.sync()
    assert [hold.account_id for hold in holds(town)] == [town.account("mid")]
    town.product.execute("UPDATE memberships SET role = CASE role WHEN 'owner' THEN 'member' ELSE 'owner' END")
    for only in ([AccountId(town.account(first))], []):
        sync(town.open(), only)
    assert {hold.account_id for hold in holds(town)} == {town.account("new")}
    assert town.person("ann")["email"] == town.email("ann")
    instep = town.open()
    with Hub(instep, "approve"):
        approve(instep, held(instep, [town.account("new")], (), lambda what, more: None), "dana")
    town.sync()
    assert town.person("ann")["email"] == f"x{town.email('ann')}"
    with town.memory() as store:
        assert (store.holds(), store.todo()) == ([], [])


def holds(town: Works) -> list[Hold]:
    with town.memory() as store:
        return store.holds()
