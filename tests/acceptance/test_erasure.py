"""Erased people leave Intercom, Stripe and our memory for ever, and a later look proves it (fault 57)."""

from __future__ import annotations

from typing import Any

import pytest
from forgetting import acquainted, assert_forgotten, dump, mark, order
from town import JSON, Town
from vendors import DAY, HOUR

from flows.erasure_orders import erased, prepare
from mappings.model import AccountId


@pytest.fixture
def known(town: Town) -> Town:
    return acquainted(town)


def by_hand(town: Town, method: str, path: str, body: Any = None) -> JSON:
    found: JSON = town.vendors.control(method, f"/intercom/hand{path}", body)
    return found


def test_a_person_is_erased_everywhere(known: Town) -> None:
    town = known
    assert town.email("ann") in dump(town)
    assert town.customer("acme")["email"] == town.email("ann")
    contact, before = town.person("ann")["id"], town.person("bob")
    since = town.vendors.mark
    mark(town, "ann")
    town.sync()
    assert f"contact.deleted {contact}" in town.vendors.effects(since)
    assert [row["external_id"] for row in town.people()] == [f"{town.name}-bob"]
    assert (town.customer("acme")["email"], town.customer("acme")["name"]) == (town.email("bob"), "Acme Ltd")
    assert town.access("acme")["access"] == "full"
    assert town.person("bob")["id"] == before["id"]
    assert_forgotten(town, "ann")
    assert (order(town).subject, order(town).state) == (f"person:{town.name}-ann", "done")

    since = town.vendors.mark
    town.sync()
    assert town.vendors.writes(since) == []
    town.vendors.advance(DAY)
    town.sync()
    found = order(town)
    assert (found.state, found.subject[:8], found.account_id) == ("proved", "person:#", "")
    assert contact in found.places["intercom"]["what"]
    assert found.proved_at == town.vendors.now
    assert town.vendors.writes(since) == []
    assert_forgotten(town, "ann")


def test_nothing_brings_an_erased_person_back(known: Town) -> None:
    """Not the product's row with its e-mail, which has lost the mark; not a sweep; not a new trial of the account."""
    town = known
    mark(town, "ann")
    town.sync()
    town.vendors.advance(DAY)
    town.sync()
    since = town.vendors.mark
    mark(town, "ann", None)
    town.product.execute("UPDATE users SET name = 'Ann Again' WHERE user_id = :id", {"id": f"{town.name}-ann"})
    town.vendors.advance(HOUR)
    town.sync()
    town.sync()
    assert town.vendors.writes(since) == []
    assert [row["external_id"] for row in town.people()] == [f"{town.name}-bob"]
    assert_forgotten(town, "ann")
    assert "Ann Again" not in dump(town)
    # A new user with the old e-mail is somebody new.
    town.join("acme", "ann2", email=town.email("ann"))
    town.sync()
    assert town.person("ann2")["email"] == town.email("ann")


def test_a_lost_state_follows_the_mark(known: Town) -> None:
    town = known
    mark(town, "ann")
    town.sync()
    town.lose_state()
    since = town.vendors.mark
    town.init()
    town.sync()
    assert [e for e in town.vendors.effects(since) if "contact" in e and "updated" not in e] == []
    assert [row["external_id"] for row in town.people()] == [f"{town.name}-bob"]
    assert_forgotten(town, "ann")


@pytest.mark.parametrize("noticed", [False, True])
def test_an_archived_contact_is_erased_too(known: Town, noticed: bool) -> None:
    """Archived by hand. Where a sync has noticed that, no Link names it any more: only a create's 409 does."""
    town = known
    contact = town.person("ann")["id"]
    by_hand(town, "POST", f"/contacts/{contact}/archive")
    if noticed:
        town.product.execute("UPDATE users SET name = 'Anna' WHERE user_id = :id", {"id": f"{town.name}-ann"})
        town.sync()
        assert "archived by hand" in town.todo()[f"person:{town.name}-ann intercom.contacts"]
    mark(town, "ann")
    town.sync()
    assert [row["id"] for row in town.people() if row["external_id"] == f"{town.name}-ann"] == []
    assert contact in order(town).places["intercom"]["what"]
    assert town.todo() == {}


def test_the_last_person_goes_and_the_customer_has_no_address(known: Town) -> None:
    town = known
    town.team("solo", "", eva="owner")
    town.request_trial("solo", "eva")
    town.sync()
    mark(town, "eva")
    town.product.execute("UPDATE teams SET name = '' WHERE team_id = :id", {"id": town.account("solo")})
    town.sync()
    assert (town.customer("solo")["email"], town.customer("solo")["name"]) == (None, None)
    assert town.access("solo")["access"] == "full"
    assert_forgotten(town, "eva")


def test_a_row_that_vanishes_after_its_mark(known: Town) -> None:
    """Intercom was down when the mark was read; then the product deleted the row."""
    town = known
    town.vendors.fault("500_before", "intercom", times=10_000)
    mark(town, "ann")
    assert not town.try_sync().ok
    assert order(town).state in ("due", "begun")
    (line,) = erased(town.settings)
    assert line.standing in ("waits for intercom", "under way", "waits for the next sync")
    town.product.execute("DELETE FROM memberships WHERE user_id = :id", {"id": f"{town.name}-ann"})
    town.product.execute("DELETE FROM users WHERE user_id = :id", {"id": f"{town.name}-ann"})
    town.vendors.heal()
    town.let_retries_pass()
    town.sync()
    assert [row["external_id"] for row in town.people()] == [f"{town.name}-bob"]
    assert order(town).state == "done"
    assert_forgotten(town, "ann")


def test_somebody_else_brings_the_person_back(known: Town) -> None:
    """The later look finds it and tells; an order erases once more, and is proved in its turn."""
    town = known
    mark(town, "ann")
    town.sync()
    again = by_hand(town, "POST", "/contacts", {"external_id": f"{town.name}-ann", "email": town.email("ann")})["id"]
    town.vendors.advance(DAY)
    town.sync()
    assert order(town).state == "done"
    assert again in town.todo()[f"person:{town.name}-ann intercom.erasures"]
    (line,) = erased(town.settings)
    assert line.standing.startswith("needs a person: Intercom holds this again")
    prepare(town.settings, f"{town.name}-ann", "").give()
    town.sync()
    assert [row["external_id"] for row in town.people()] == [f"{town.name}-bob"]
    assert town.todo() == {}
    town.vendors.advance(DAY)
    town.sync()
    (line,) = erased(town.settings, f"{town.name}-ann")
    assert (line.order.state, line.order.asked_by) == ("proved", "operator")
    assert again in line.order.places["intercom"]["what"]


def test_a_person_of_two_accounts(known: Town) -> None:
    """Both customers lose the address, and the contact goes once."""
    town = known
    town.team("beta", "Beta", dan="member")
    owner = {"user_id": f"{town.name}-ann", "team_id": town.account("beta")}
    town.request_trial("beta", "dan")
    town.sync()
    town.product.execute("INSERT INTO memberships (user_id, team_id, role) VALUES (:user_id, :team_id, 'owner')", owner)
    town.sync()
    assert town.customer("beta")["email"] == town.email("ann")
    since, contact = town.vendors.mark, town.person("ann")["id"]
    mark(town, "ann")
    town.sync()
    assert (town.customer("acme")["email"], town.customer("beta")["email"]) == (town.email("bob"), town.email("dan"))
    assert [e for e in town.vendors.effects(since) if e.startswith("contact.deleted")] == [f"contact.deleted {contact}"]
    assert_forgotten(town, "ann")


def test_a_missing_row_is_no_erasure(known: Town) -> None:
    town = known
    town.product.execute("DELETE FROM memberships WHERE user_id = :id", {"id": f"{town.name}-bob"})
    since = town.vendors.mark
    town.sync()
    assert [e for e in town.vendors.effects(since) if "deleted" in e] == []
    assert len(town.people()) == 2


def test_a_mark_that_is_taken_back_in_time_has_no_effect(known: Town) -> None:
    """It was read, and nothing was sent yet."""
    town = known
    mark(town, "ann")
    town.plan()
    assert order(town).state == "due"
    mark(town, "ann", False)
    since = town.vendors.mark
    town.sync()
    assert town.open().store.orders() == []
    assert town.vendors.writes(since) == []
    assert town.person("ann")["email"] == town.email("ann")


def test_many_marks_at_once_are_held_and_change_nothing(known: Town) -> None:
    town = known
    for number in range(4):
        town.team(f"t{number}", "", **{f"p{number}": "owner"})
    town.sync()
    since = town.vendors.mark
    town.product.execute("UPDATE users SET erased = :yes", {"yes": True})
    town.product.execute("UPDATE teams SET erased = :yes", {"yes": True})
    town.sync()
    assert town.vendors.writes(since) == []
    assert town.access("acme")["access"] == "full"
    assert {o.state for o in town.open().store.orders()} == {"held"}
    assert "marked erased within a day" in town.todo()["erasures"]
    # Time alone frees nothing.
    town.vendors.advance(2 * DAY)
    town.sync()
    assert {o.state for o in town.open().store.orders()} == {"held"}
    # The product corrects its mistake.
    town.product.execute("UPDATE users SET erased = :no WHERE user_id <> :id", {"no": False, "id": f"{town.name}-p0"})
    town.product.execute("UPDATE teams SET erased = :no", {"no": False})
    town.sync()
    assert [o.subject for o in town.open().store.orders()] == [f"person:{town.name}-p0"]
    assert len(town.people()) == 6
    town.open().store.release_orders(town.vendors.now)
    town.sync()
    assert len(town.people()) == 5
    assert "erasures" not in town.todo()


def test_a_plan_shows_what_an_erasure_would_do(known: Town) -> None:
    town = known
    mark(town, "ann")
    since = town.vendors.mark
    planned = {(p.step.target, p.step.subject, p.step.operation) for p in town.plan()}
    assert ("intercom.erasures", f"person:{town.name}-ann", "create") in planned
    assert town.vendors.writes(since) == []
    assert AccountId(town.account("acme")) in {p.account_id for p in town.plan()}
