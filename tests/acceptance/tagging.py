"""Tags of ours in Intercom's pages, and two trials that wear them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from town import Build, Town
from vendors import TOKEN

TRIALING, CANCELING, PROSPECT = "sub:trialing", "is:canceling", "sub:prospect"


@contextmanager
def two_trials(build: Build) -> Iterator[Town]:
    with build("sqlite") as here:
        here.init()
        for name in ("acme", "beta"):
            here.team(name, **{f"{name}owner": "owner"})
            here.request_trial(name, f"{name}owner")
        here.sync()
        assert here.stage("acmeowner") == TRIALING
        yield here


def hand(town: Town, method: str, path: str, body: object = None) -> dict[str, object]:
    """In Intercom's pages."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.14"}
    answer = requests.request(method, f"{town.vendors.url}/intercom{path}", json=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json() if answer.text else {}
    return found


def tag(town: Town, name: str) -> str:
    listed = hand(town, "GET", "/tags")["data"]
    assert isinstance(listed, list)
    return next((row["id"] for row in listed if row["name"] == name), "")


def ask(town: Town, short: str, kind: str) -> None:
    town.product.add_request(
        request_id=f"{town.name}-{kind}-{short}-{town.vendors.now}", kind=kind, account_id=town.account(short),
        user_id="", plan=None, days=None, requested_at=town.vendors.now,
    )  # fmt: skip


def waiting(town: Town) -> list[str]:
    return [held.what for held in town.open().store.holds()]
