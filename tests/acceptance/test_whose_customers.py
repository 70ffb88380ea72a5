"""Whose a Stripe customer is that only its subscription's metadata or an e-mail could tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from town import Build, Town
from vendors import HOUR

from flows.hub import sweep


@pytest.fixture
def town(build: Build) -> Iterator[Town]:
    with build("sqlite") as here:
        here.team("acme", ann="owner")
        yield here


def customer(town: Town, person: str) -> str:
    return str(town.vendors.stripe("POST", "/v1/customers", email=town.email(person))["id"])


def subscribe(town: Town, id: str, **more: str) -> None:
    price = {"items[0][price]": "price_pro_monthly", "collection_method": "send_invoice", "days_until_due": "30"}
    town.vendors.stripe("POST", "/v1/subscriptions", customer=id, **price, **more)


def unmatched(town: Town) -> dict[str, str]:
    """Customer -> why it is nobody's."""
    lines = town.open().store.todo(unforced=True)
    return {line.subject.partition(":")[2]: line.reason for line in lines if line.kind == "unmatched"}


@pytest.mark.parametrize("first", [True, False], ids=["at the first import", "by an event"])
def test_metadata_that_names_an_unknown_account_is_believed_more_than_an_e_mail(town: Town, first: bool) -> None:
    if not first:
        town.init().sync()
    id = customer(town, "ann")
    subscribe(town, id, **{"metadata[account_id]": town.account("other")})
    town.vendors.advance(HOUR)
    if first:
        town.init()
    town.sync()
    for _ in range(2):
        assert unmatched(town)[id] == (
            f"its metadata (or Checkout) names account {town.account('other')}, which the product does not know"
        )
        assert town.stage("ann") == "sub:prospect"
        assert town.customers("acme") == []
        town.vendors.advance(HOUR)
        assert sweep(town.open()).ok
    town.vendors.stripe("DELETE", f"/v1/customers/{id}")  # Other towns see it too.
