"""Of several Stripe customers of one account the one that a person kept, or that is left, is the one that is used."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import sqlalchemy as sa
from doors import House, trial
from town import Build, Town
from vendors import DAY, HOUR

from flows.deciding import choose, decider


@pytest.fixture
def house(build: Build) -> Iterator[House]:
    with build("sqlite") as town:
        here = House(town)
        town.init()
        town.team("acme", ann="owner")
        here.open()
        yield here
        here.close()


def over(house: House, **more: str) -> tuple[str, str]:
    """A trial that has ended at the first customer; the second one is made by hand."""
    town = house.town
    trial(house)
    first = town.customer("acme")["id"]
    town.vendors.stripe("DELETE", f"/v1/subscriptions/{town.subscription('acme')['id']}")
    town.vendors.advance(DAY)
    mine = {"metadata[account_id]": town.account("acme"), "email": town.email("ann"), "name": "Acme Ltd"}
    return first, town.vendors.stripe("POST", "/v1/customers", **mine | more)["id"]


def keep(town: Town, customer: str) -> None:
    found, store = decider(town.settings)
    (line,) = [line for line in store.todo() if line.kind == "conflict"]
    chosen, wrong = choose(store, [(line.id, f"link {customer}", None)])
    assert (wrong, found.run(chosen, lambda what, more: None).left) == ({}, {})
    store.close()


def moved(town: Town, mark: int) -> list[str]:
    """The customers that Instep has written to."""
    return [call.path.rpartition("/")[2] for call in town.vendors.writes(mark) if "/v1/customers/" in call.path]


def ask(town: Town) -> str:
    """Staff grant one more trial."""
    request = f"{town.name}-again"
    town.product.add_request(
        request_id=request, kind="trial", account_id=town.account("acme"), user_id=f"{town.name}-ann", plan="pro",
        requested_at=town.vendors.now, requested_by="staff:eva", description="a lost week",
    )  # fmt: skip
    return request


@pytest.mark.parametrize("way", ["kept", "deleted"])
def test_what_follows_is_of_the_customer_that_is_left(house: House, way: str) -> None:
    town = house.town
    first, second = over(house)
    town.sync()
    assert "several Stripe customers" in town.todo()[f"account:{town.account('acme')}"]
    if way == "kept":
        keep(town, second)
    else:
        town.vendors.stripe("DELETE", f"/v1/customers/{first}")
        town.vendors.advance(HOUR)
    mark = town.vendors.mark
    email = {"email": f"new@{town.name}.example", "id": f"{town.name}-ann"}
    town.product.execute("UPDATE users SET email = :email WHERE user_id = :id", email)
    town.sync()
    assert moved(town, mark) == [second]
    assert town.vendors.stripe("GET", f"/v1/customers/{second}")["email"] == email["email"]
    assert town.access("acme")["stripe_customer_id"] == second

    request = ask(town)
    town.sync()
    assert town.answer(request)[0] == "accepted"
    (running,) = [sub for sub in town.subscriptions("acme") if sub["status"] == "trialing"]
    assert running["customer"] == second
    assert moved(town, mark) == [second]
    assert "customer.created" not in town.vendors.effects(mark)
    assert town.plan() == []


def test_a_plan_shows_the_customer_that_is_kept(house: House) -> None:
    town = house.town
    _, second = over(house, email="books@example.com")
    town.sync()
    keep(town, second)
    assert [(one.step.external_id, one.step.values) for one in town.plan() if "customers" in one.step.target] == [
        (second, {"email": town.email("ann")})
    ]


def test_a_checkout_makes_no_third_customer(house: House) -> None:
    town = house.town
    first, second = over(house)
    town.sync()
    keep(town, second)
    town.sync()
    mark = town.vendors.mark
    form = {"number": "4242424242424242", "expiry": "12/40", "cvc": "123"}
    requests.post(house.press(house.look()), data=form, allow_redirects=False, timeout=30)
    town.vendors.advance(HOUR)
    town.sync()
    assert town.access("acme")["stage"] == "active"
    assert {customer["id"] for customer in town.customers("acme")} == {first, second}
    assert town.subscriptions("acme")[0]["customer"] == second
    assert "customer.created" not in town.vendors.effects(mark)


def test_a_customer_that_another_account_has_is_told_and_not_taken(house: House) -> None:
    town = house.town
    _, second = over(house)
    town.team("beta", ben="owner")
    town.request_trial("beta", "ben")
    town.sync()
    keep(town, second)
    town.close()
    engine = sa.create_engine(town._state)
    with engine.begin() as connection:
        theirs = "UPDATE links SET external_id = :id WHERE target = 'stripe.customers' AND account_id = :account"
        connection.execute(sa.text(theirs), {"id": second, "account": town.account("beta")})
    engine.dispose()
    mark = town.vendors.mark
    town.product.execute("UPDATE users SET email = 'new-' || email WHERE user_id = :id", {"id": f"{town.name}-ann"})
    report = town.try_sync([town.account("acme")])
    assert (report.tally.bugs, moved(town, mark)) == ([], [])
    assert second in town.todo()[f"account:{town.account('acme')} stripe.customers"]
