"""Erased people and accounts leave Intercom, Stripe and our memory for ever, and a later look proves it (fault 57)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from town import JSON, Town
from vendors import DAY, HOUR

from flows.erasure_orders import erased, prepare
from flows.hub import Hub, sweep
from flows.switching import pause
from mappings.model import AccountId
from state.store import Order


@pytest.fixture
def known(town: Town) -> Town:
    """acme is in trial, with an owner, a billing person and a member."""
    town.init()
    town.team("acme", "", ann="owner", bob="member")
    town.request_trial("acme", "ann")
    town.sync()
    return town


def mark(town: Town, person: str, value: bool | None = True) -> None:
    town.product.execute(
        "UPDATE users SET erased = :value WHERE user_id = :id", {"value": value, "id": f"{town.name}-{person}"}
    )


def mark_account(town: Town, short: str) -> None:
    town.product.execute("UPDATE teams SET erased = :yes WHERE team_id = :id", {"yes": True, "id": town.account(short)})


def dump(town: Town) -> str:
    """Every value of every table of the state."""
    engine = sa.create_engine(town._state.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [repr(row) for table in tables for row in connection.execute(sa.text(f"SELECT * FROM {table}"))]
    engine.dispose()
    return "\n".join(rows)


def assert_forgotten(town: Town, *people: str) -> None:
    """Neither e-mail nor name is in any table, nor in the bytes of the file."""
    town.close()
    told = dump(town)
    for person in people:
        assert town.email(person) not in told
        assert f'"{person.title()}"' not in told
    if town._state.startswith("sqlite"):
        file = Path(town._state.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = file.read_bytes()
        for person in people:
            assert town.email(person).encode() not in content


def order(town: Town, place: int = 0) -> Order:
    return town.open().store.orders()[place]


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


@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_an_account_is_erased(known: Town, policy: str) -> None:
    town = known
    if policy == "delete":
        town.configure('erase_in_stripe = "delete"\n')
    customer, subscription = town.customer("acme")["id"], town.subscription("acme")["id"]
    company = town.company("acme")["id"]
    town.team("beta", "Beta", dan="owner")
    membership = {"user_id": f"{town.name}-dan", "team_id": town.account("acme")}
    town.product.execute("INSERT INTO memberships (user_id, team_id, role) VALUES (:user_id, :team_id, 'member')",
                         membership)  # fmt: skip
    town.sync()
    assert town.account("acme") in town.person("dan")["companies"]
    mark_account(town, "acme")
    town.sync()
    assert (town.access("acme")["stage"], town.access("acme")["access"]) == ("erased", "none")
    assert [row["external_id"] for row in town.people()] == [f"{town.name}-dan"]
    assert town.person("dan")["companies"] == [town.account("beta")]
    assert company not in [row["id"] for row in town.vendors.control("GET", "/intercom/companies")]
    found = town.vendors.stripe("GET", f"/v1/customers/{customer}")
    status = town.vendors.stripe("GET", f"/v1/subscriptions/{subscription}")["status"]
    if policy == "delete":
        assert (found.get("deleted"), status) == (True, "canceled")
    else:
        assert (found["email"], status) == (town.email("ann"), "trialing")
        assert f"subscription {subscription} is trialing" in town.todo()[f"account:{town.account('acme')}"]
    assert_forgotten(town, "ann", "bob")
    since = town.vendors.mark
    town.vendors.advance(DAY)
    town.sync()
    (record,) = town.open().store.orders()
    assert (record.state, record.subject[:9]) == ("proved", "account:#")
    assert customer in record.places["stripe"]["what"]
    assert [e for e in town.vendors.effects(since) if "contact" in e or "company" in e] == []
    assert_forgotten(town, "ann", "bob")


def test_a_customer_that_only_its_address_matched_is_forgotten_too(town: Town) -> None:
    """Nothing of ours is in its metadata, and the policy keeps it in Stripe."""
    town.init()
    pause(town.settings, "stripe.customers")
    customer = town.vendors.stripe("POST", "/v1/customers", email=town.email("ann"), name="Ann")["id"]
    town.vendors.advance(HOUR)
    town.team("acme", ann="owner")
    town.sync()
    assert town.access("acme")["stripe_customer_id"] == customer
    mark_account(town, "acme")
    town.sync()
    assert_forgotten(town, "ann")
    town.vendors.advance(DAY)
    assert sweep(town.open()).ok
    assert_forgotten(town, "ann")
    assert order(town).state == "proved"
    found = town.vendors.stripe("GET", f"/v1/customers/{customer}")
    assert (found["email"], found["metadata"]) == (town.email("ann"), {})
    town.vendors.stripe("DELETE", f"/v1/customers/{customer}")  # Other towns see it too.


def test_whom_only_a_link_tells_of_is_looked_for_before_the_contact_goes(known: Town) -> None:
    """Bob left, and joins another account between our reading of the product and the erasure of his old one."""
    town = known
    town.product.execute("DELETE FROM memberships WHERE user_id = :id", {"id": f"{town.name}-bob"})
    town.team("beta", "Beta", dan="owner")
    town.sync()
    mark_account(town, "acme")
    with Hub(town.open(), "sync") as hub:
        hub.pull()
        membership = {"user_id": f"{town.name}-bob", "team_id": town.account("beta")}
        town.product.execute(
            "INSERT INTO memberships (user_id, team_id, role) VALUES (:user_id, :team_id, 'member')", membership
        )
        assert hub.ready()
        hub.until_idle()
    assert [row["external_id"] for row in town.people() if not row["external_id"].endswith("dan")] == [
        f"{town.name}-bob"
    ]
    assert order(town).state == "done"


def test_an_account_and_its_people_are_marked_together(known: Town) -> None:
    town = known
    mark(town, "ann")
    mark_account(town, "acme")
    town.sync()
    assert town.people() == []
    assert [o.state for o in town.open().store.orders()] == ["done", "done"]
    town.vendors.advance(DAY)
    since = town.vendors.mark
    town.sync()
    found = town.open().store.orders()
    assert {(o.state, o.subject.partition("#")[0]) for o in found} == {("proved", "account:"), ("proved", "person:")}
    assert [e for e in town.vendors.effects(since) if "contact" in e] == []
    assert_forgotten(town, "ann", "bob")


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
