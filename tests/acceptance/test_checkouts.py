"""Customers that came through the product's own Checkout are known by the account that it named there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from town import Build, Town
from vendors import DAY, HOUR

CARD = {"number": "4242424242424242", "expiry": "12/40", "cvc": "123"}


@pytest.fixture
def town(build: Build) -> Iterator[Town]:
    with build("sqlite") as here:
        yield here


def bought(town: Town, short: str, **more: str) -> str:
    """By whom the product does not know the address of; returns the customer."""
    session = town.vendors.stripe(
        "POST", "/v1/checkout/sessions", mode="subscription", success_url="https://app.example.com/",
        client_reference_id=town.account(short),
        **{"line_items[0][price]": "price_pro_monthly", "line_items[0][quantity]": "1", **more},
    )  # fmt: skip
    payer = {"email": f"{short}-books@example.com"}
    requests.post(session["url"], data=CARD | payer, allow_redirects=False, timeout=30)
    return str(town.vendors.stripe("GET", f"/v1/checkout/sessions/{session['id']}")["customer"])


def test_before_us_and_while_we_run(town: Town) -> None:
    """In bulk with the first scan, and by the event; from then on the metadata says it."""
    for name in ("acme", "beta"):
        town.team(name, **{f"{name}owner": "owner"})
    early = bought(town, "acme")
    abandoned = bought(town, "nobody")
    town.vendors.advance(HOUR)
    town.init()
    town.sync()
    assert (town.access("acme")["stage"], town.access("acme")["stripe_customer_id"]) == ("active", early)
    assert (town.stage("betaowner"), town.stage("acmeowner")) == ("sub:prospect", "sub:active")

    late = bought(town, "beta")
    town.vendors.advance(5 * 60)
    town.sync()
    assert (town.access("beta")["stage"], town.access("beta")["stripe_customer_id"]) == ("active", late)
    assert [town.customer(name)["id"] for name in ("acme", "beta")] == [early, late]
    assert town.vendors.stripe("GET", f"/v1/customers/{abandoned}")["metadata"] == {}
    town.vendors.advance(DAY)
    town.sync()
    assert town.plan() == []


def test_what_metadata_says_comes_first(town: Town) -> None:
    for name in ("acme", "beta"):
        town.team(name, **{f"{name}owner": "owner"})
    bought(town, "acme", **{"subscription_data[metadata][account_id]": town.account("beta")})
    town.vendors.advance(HOUR)
    town.init()
    town.sync()
    assert [town.stage(f"{name}owner") for name in ("acme", "beta")] == ["sub:prospect", "sub:active"]
