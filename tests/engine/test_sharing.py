"""A person at home elsewhere joins a company whichever way that became known, and whoever died right then."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from test_told import dies_after
from works import Works, ended

from flows.hub import sync
from mappings.model import AccountId


@pytest.fixture
def home(town: Works) -> Works:
    """Ann is at home in one team, which was worked on before the other one has a company."""
    town.team("aaa", ann="owner")
    also = {"user": f"{town.name}-ann", "team": town.team("bbb")}
    town.product.execute("INSERT INTO memberships VALUES (:user, :team, 'member', 0)", also)
    work_on(town, "aaa")
    assert town.person("ann")["companies"] == [town.account("aaa")]
    return town


def work_on(town: Works, short: str) -> None:
    sync(town.open(), [AccountId(town.account(short))])


def assert_joined(town: Works) -> None:
    """One run later; then there is nothing to look at any more."""
    town.sync()
    assert town.person("ann")["companies"] == [town.account("aaa"), town.account("bbb")]
    assert town.sync().tally.visits == 0
    assert town.todo() == {}


def test_made(home: Works) -> None:
    work_on(home, "bbb")
    assert_joined(home)


def test_found_after_a_lost_answer(home: Works) -> None:
    home.vendors.fault("500_after", "intercom", "POST", "^/companies$")
    work_on(home, "bbb")
    assert_joined(home)


def test_found_as_others_have_made_it(home: Works) -> None:
    home.vendors.control("POST", "/intercom/hand/companies", {"company_id": home.account("bbb")})
    work_on(home, "bbb")
    assert_joined(home)


def test_made_by_a_worker_that_dies_right_then(home: Works) -> None:
    def made(lease: Any, link: Any, *_: Any) -> bool:
        return bool(link.target == "intercom.companies")

    other = AccountId(home.account("bbb"))
    work = dies_after("acknowledge", made, lambda instep: sync(instep, [other]))
    assert ended(home.start(work=work)) == -signal.SIGKILL
    assert_joined(home)
