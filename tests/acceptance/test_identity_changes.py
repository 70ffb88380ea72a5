"""People and accounts are known by the product's ids: new e-mails and names follow, nobody is made twice."""

from __future__ import annotations

import pytest
from town import JSON, Town
from vendors import DAY, HOUR, MINUTE


@pytest.fixture
def known(town: Town) -> Town:
    town.init()
    town.team("acme", "Acme Inc", ann="owner", bob="member")
    town.request_trial("acme", "ann")
    town.sync()
    return town


def change(town: Town, person: str, **values: str) -> None:
    for column, value in values.items():
        statement = f"UPDATE users SET {column} = :value WHERE user_id = :id"
        town.product.execute(statement, {"value": value, "id": f"{town.name}-{person}"})


def test_new_emails_and_names_follow_by_id(known: Town) -> None:
    town, mark = known, known.vendors.mark
    customer, contact = town.customer("acme")["id"], town.person("ann")["id"]
    change(town, "ann", email=f"ann.new@{town.name}.example", name="Ann New")
    rename = "UPDATE teams SET name = 'Acme SE' WHERE team_id = :id"
    town.product.execute(rename, {"id": town.account("acme")})
    town.sync()
    assert town.customer("acme")["id"] == customer
    assert town.customer("acme")["email"] == f"ann.new@{town.name}.example"
    assert town.customer("acme")["name"] == town.company("acme")["name"] == "Acme SE"
    person = town.person("ann")
    assert (person["id"], person["email"], person["name"]) == (contact, f"ann.new@{town.name}.example", "Ann New")
    assert len(town.people()) == 2
    assert town.vendors.effects(mark).count(f"contact.updated {contact}") == 1
    made = [effect for effect in town.vendors.effects(mark) if "created" in effect]
    assert made == []


def make_another(town: Town, person: str) -> JSON:
    """As after a merge or an import: another contact has this person's external_id. Returns the one before."""
    before = town.person(person)
    town.vendors.control("DELETE", f"/intercom/hand/contacts/{before['id']}", {})
    town.vendors.control("POST", "/intercom/hand/contacts", {name: before[name] for name in ("external_id", "email")})
    return before


def hears_of_the_trial(town: Town) -> bool:
    """Where there is nothing to send but what has happened."""
    last_day = town.subscription("acme")["trial_end"] // DAY * DAY
    town.vendors.move_to(last_day - 7 * DAY + 12 * HOUR)
    town.sync()
    town.vendors.advance(5 * MINUTE)
    town.sync()
    return "neared-trial-end" in dict(town.events("ann"))


def test_another_contact_under_the_same_id_gets_all_that_is_ours(known: Town) -> None:
    """What the one before had was never sent to this one (fault 55). Nobody overwrote anything, however often."""
    town, first = known, known.person("ann")
    for name in ("Ann New", "Ann Newer", "Ann Newest"):
        before = make_another(town, "ann")
        change(town, "ann", name=name)
        town.sync()
        after = town.person("ann")
        assert (after["id"] != before["id"], after["name"]) == (True, name)
        for what in ("tags", "companies", "custom_attributes"):
            assert after[what] == first[what], what
        assert town.todo() == {}


def test_who_is_another_contact_now_is_told_all_the_same(known: Town) -> None:
    town = known
    before = make_another(town, "ann")
    assert hears_of_the_trial(town)
    assert set(town.person("ann")["tags"]) == set(before["tags"])
    assert [line for line in town.todo() if "events" in line] == []


def test_who_came_from_another_account_is_told_too(known: Town) -> None:
    """The contact was last written for the account that was this person's home before."""
    moved = "UPDATE links SET account_id = 'before' WHERE target = 'intercom.contacts'"
    known.open().store.database.write(lambda connection: connection.exec_driver_sql(moved))
    make_another(known, "ann")
    assert hears_of_the_trial(known)


def test_two_people_swap_their_emails(known: Town) -> None:
    town = known
    before = {name: town.person(name)["id"] for name in ("ann", "bob")}
    change(town, "ann", email=town.email("bob"))
    change(town, "bob", email=town.email("ann"))
    town.sync()
    assert {name: town.person(name)["id"] for name in ("ann", "bob")} == before
    assert town.person("ann")["email"] == town.email("bob")
    assert town.person("bob")["email"] == town.email("ann")
    assert town.customer("acme")["email"] == town.email("bob")
    assert len(town.people()) == 2
    assert town.todo() == {}


def test_an_email_changed_in_stripe_is_told_and_left_as_it_is(known: Town) -> None:
    town, customer = known, known.customer("acme")["id"]
    town.vendors.stripe("POST", f"/v1/customers/{customer}", email="hand@x.example")
    town.sync()
    assert town.customer("acme")["email"] == "hand@x.example"
    (reason,) = town.todo().values()
    assert reason == f"Stripe customer {customer} has another e-mail than the billing contact: it is left as it is"
    change(town, "ann", email="hand@x.example")
    town.sync()
    assert town.todo() == {}


def test_an_email_that_the_brake_holds_is_nobody_else_s(known: Town) -> None:
    town = known
    town.configure("[brake]\nbursts = { floor = 0, share = 0 }")
    change(town, "ann", email=f"ann.new@{town.name}.example")
    assert town.sync().braked == {"changes": 2}
    assert town.customer("acme")["email"] == town.email("ann")
    assert all("held by the brake" in reason for reason in town.todo().values()), town.todo()


def test_roles_follow(known: Town) -> None:
    """bob becomes the owner and gets the stage; ann becomes a member and loses it."""
    town = known
    for person, role in (("ann", "member"), ("bob", "owner")):
        statement = "UPDATE memberships SET role = :role WHERE user_id = :id"
        town.product.execute(statement, {"role": role, "id": f"{town.name}-{person}"})
    town.sync()
    assert town.tags("bob") == {"sub:trialing", "plan:pro"}
    assert town.tags("ann") == set()
    assert town.customer("acme")["email"] == town.email("bob")


def test_a_person_moves_to_another_account(known: Town) -> None:
    town = known
    town.team("beta", dan="owner")
    statement = "UPDATE memberships SET team_id = :team WHERE user_id = :id"
    town.product.execute(statement, {"team": town.account("beta"), "id": f"{town.name}-bob"})
    town.sync()
    assert town.person("bob")["companies"] == [town.account("beta")]
    assert town.person("ann")["companies"] == [town.account("acme")]
