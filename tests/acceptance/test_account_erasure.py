"""An erased account takes its people along, its company and, where the policy says so, its customers."""

from __future__ import annotations

import pytest
from forgetting import acquainted, assert_forgotten, mark, mark_account, order
from town import Town
from vendors import DAY, HOUR

from flows.hub import Hub, sweep
from flows.switching import pause


@pytest.fixture
def known(town: Town) -> Town:
    return acquainted(town)


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
