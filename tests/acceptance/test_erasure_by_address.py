"""Whom Intercom knows by an e-mail, as the product says, is erased by it; then nobody knows that e-mail any more."""

from __future__ import annotations

from typing import Any

import pytest
from forgetting import acquainted, assert_forgotten, mark, mark_account, order
from town import JSON, Town
from vendors import DAY

from flows.erasure_orders import prepare

VIEW = (
    "CREATE VIEW instep_users AS SELECT u.user_id, u.email, u.name, u.verified AS email_verified, u.traits, u.erased, "
    "m.team_id AS account_id, m.role, m.joined_at, u.email AS intercom_external_id "
    "FROM users u JOIN memberships m ON m.user_id = u.user_id"
)


@pytest.fixture
def known(town: Town) -> Town:
    town.product.execute("DROP VIEW instep_users")
    town.product.execute(VIEW)
    return acquainted(town)


def contacts(town: Town, *people: str) -> dict[str, str]:
    """Who of them has a contact -> its id."""
    found: JSON = {row["external_id"]: row["id"] for row in town.vendors.control("GET", "/intercom/people")}
    return {person: found[town.email(person)] for person in people if town.email(person) in found}


def by_hand(town: Town, method: str, path: str, body: Any = None) -> JSON:
    found: JSON = town.vendors.control(method, f"/intercom/hand{path}", body)
    return found


def vanish(town: Town) -> None:
    """The product deletes the row before Intercom is there again."""
    for table in ("memberships", "users"):
        town.product.execute(f"DELETE FROM {table} WHERE user_id = :id", {"id": f"{town.name}-ann"})
    town.vendors.heal()
    town.let_retries_pass()
    town.sync()


def assert_proved(town: Town, contact: str) -> None:
    town.vendors.advance(DAY)
    since = town.vendors.mark
    town.sync()
    found = order(town)
    assert (found.state, contact in found.places["intercom"]["what"]) == ("proved", True)
    assert (town.vendors.writes(since), town.todo()) == ([], {})
    assert_forgotten(town, "ann")


def test_a_person_is_erased_everywhere(known: Town) -> None:
    contact = contacts(known, "ann", "bob")["ann"]
    assert known.email("ann") not in str(known.open().store.journal(limit=10_000)), "it holds hashes only"
    since = known.vendors.mark
    mark(known, "ann")
    known.sync()
    assert f"contact.deleted {contact}" in known.vendors.effects(since)
    assert (list(contacts(known, "ann", "bob")), order(known).state) == (["bob"], "done")
    assert_forgotten(known, "ann")
    since = known.vendors.mark
    known.sync()
    assert known.vendors.writes(since) == []
    assert_proved(known, contact)


@pytest.mark.parametrize("noticed", [False, True])
def test_an_archived_contact_is_erased_too(known: Town, noticed: bool) -> None:
    contact = contacts(known, "ann")["ann"]
    by_hand(known, "POST", f"/contacts/{contact}/archive")
    if noticed:
        known.product.execute("UPDATE users SET name = 'Anna' WHERE user_id = :id", {"id": f"{known.name}-ann"})
        known.sync()
    since = known.vendors.mark
    mark(known, "ann")
    known.sync()
    assert f"contact.deleted {contact}" in known.vendors.effects(since)
    assert_forgotten(known, "ann")
    assert_proved(known, contact)


def test_a_state_that_was_lost_since_knows_it_from_the_product(known: Town) -> None:
    contact = contacts(known, "ann")["ann"]
    mark(known, "ann")
    known.lose_state()
    known.init()
    known.sync()
    assert list(contacts(known, "ann", "bob")) == ["bob"]
    assert_forgotten(known, "ann")
    assert_proved(known, contact)


def test_a_row_that_vanishes_after_its_mark(known: Town) -> None:
    contact = contacts(known, "ann")["ann"]
    known.vendors.fault("500_before", "intercom", times=10_000)
    mark(known, "ann")
    assert not known.try_sync().ok
    vanish(known)
    assert list(contacts(known, "ann", "bob")) == ["bob"]
    assert_forgotten(known, "ann")
    assert_proved(known, contact)


def test_an_id_of_old_whose_row_vanishes_after_its_mark(town: Town) -> None:
    town.product.execute("DROP VIEW instep_users")
    town.product.execute(VIEW.replace("u.email AS intercom", "'old-' || u.user_id AS intercom"))
    acquainted(town)
    named = f"old-{town.name}-ann"

    def there() -> list[str]:
        return [row["id"] for row in town.vendors.control("GET", "/intercom/people") if row["external_id"] == named]

    (contact,) = there()
    town.vendors.fault("500_before", "intercom", times=10_000)
    mark(town, "ann")
    assert not town.try_sync().ok
    vanish(town)
    assert (there(), order(town).state) == ([], "done")
    assert_proved(town, contact)


def test_an_account_takes_its_people_along(known: Town) -> None:
    mark_account(known, "acme")
    known.sync()
    assert contacts(known, "ann", "bob") == {}
    assert_forgotten(known, "ann", "bob")


def test_somebody_new_with_the_address_keeps_the_contact(known: Town) -> None:
    """Also where whoever had it before is erased once more."""
    mark(known, "ann")
    known.sync()
    known.join("acme", "ann2", email=known.email("ann"))
    known.sync()
    contact = contacts(known, "ann")["ann"]
    prepare(known.settings, f"{known.name}-ann", "").give()
    known.sync()
    assert contacts(known, "ann") == {"ann": contact}
    known.vendors.advance(DAY)
    known.sync()
    assert (order(known).state, known.todo(), contacts(known, "ann")) == ("proved", {}, {"ann": contact})
