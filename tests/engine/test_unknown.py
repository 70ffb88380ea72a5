"""Nobody knows whether it happened: read first, then the same key; one object in the end (faults 2, 6 to 9)."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from test_contested import resolve
from test_kills import assert_written_down
from works import CREATED, Works, ended, trip

from flows.report import Report

CREATES = (
    ("stripe", "POST", "/v1/customers$"),
    ("stripe", "POST", "/v1/subscriptions$"),
    ("provisioner", "PUT", "/instances/"),
    ("intercom", "POST", "/companies$"),
    ("intercom", "POST", "/contacts$"),
    ("intercom", "POST", "/contacts/.*/tags$"),
    ("intercom", "POST", "/events$"),
)
DAY_AND_AN_HOUR = 25 * 3600


def spoil(town: Works, action: str, **more: Any) -> None:
    """The next call of every kind that makes something goes wrong in this way."""
    rules = [{"action": action, "system": s, "method": m, "path": p, "arg": 30, **more} for s, m, p in CREATES]
    town.vendors.control("POST", "/faults", rules)


def until_calm(town: Works) -> Report:
    """Syncs as long as something is being retried, six times at most."""
    for _ in range(6):
        town.let_retries_pass()
        report = town.try_sync()
        if report.ok:
            break
    return report


@pytest.mark.parametrize(
    "action",
    ["500_before", "500_after", "hang_after", "cut_after", "truncated", "html_200", "html_200_after", "junk_502_after",
     "redirect_302_after"],
)  # fmt: skip
def test_every_create_answers_wrongly_once(town: Works, action: str) -> None:
    account, mark = town.trial(), town.vendors.mark
    spoil(town, action)
    assert until_calm(town).ok
    assert [call.fault for call in town.vendors.since(mark) if call.fault] == [action] * len(CREATES)
    assert town.created(mark) == CREATED
    town.assert_in_step(account)
    assert_written_down(town, mark)


@pytest.mark.parametrize("target", ["stripe.customers", "stripe.trials"])
def test_a_key_that_stripe_has_forgotten_is_not_needed(town: Works, target: str) -> None:
    account, mark = town.trial(), town.vendors.mark
    assert ended(town.start(trip(target, signal.SIGKILL, before=False))) == -signal.SIGKILL
    town.vendors.advance(DAY_AND_AN_HOUR)
    town.sync()
    assert town.created(mark) == CREATED
    path = {"stripe.customers": "/v1/customers", "stripe.trials": "/v1/subscriptions"}[target]
    assert [call.path for call in town.vendors.writes(mark)].count(path) == 1
    town.assert_in_step(account)


def test_a_changed_address_does_not_hide_what_was_made(town: Works) -> None:
    account, mark = town.trial(), town.vendors.mark
    assert ended(town.start(trip("stripe.customers", signal.SIGKILL, before=False))) == -signal.SIGKILL
    town.vendors.advance(DAY_AND_AN_HOUR)
    town.product.execute("UPDATE users SET email = 'moved-' || email")
    town.sync()
    assert town.created(mark) == CREATED
    town.assert_in_step(account)


def test_a_trial_on_its_way_is_looked_for_at_the_customer_that_it_was_sent_to(town: Works) -> None:
    """Though a person has decided for another one meanwhile."""
    account, mark = town.trial(), town.vendors.mark
    assert ended(town.start(trip("stripe.trials", signal.SIGKILL, before=True))) == -signal.SIGKILL
    second = town.vendors.stripe("POST", "/v1/customers", **{"metadata[account_id]": account})["id"]
    town.vendors.advance(3600)
    town.vendors.fault("lock_timeout", "stripe", "POST", "/v1/subscriptions$")
    assert not town.try_sync().ok
    assert resolve(town, f"link {second}") == []
    town.vendors.fault("500_after", "stripe", "POST", "/v1/subscriptions$")
    assert until_calm(town).ok
    assert town.created(mark)["subscription.created"] == 1
    assert town.answer(f"{town.name}-r-acme")[0] == "accepted"


@pytest.mark.parametrize("action", ["500_before", "cut_after"])
def test_a_lost_answer_does_not_put_on_what_people_took_off(town: Works, action: str) -> None:
    account = town.trial()
    town.sync()
    contact = town.person("acmeowner")["id"]
    tags = {tag["name"]: tag["id"] for tag in town.vendors.control("GET", "/intercom/hand/tags")["data"]}
    town.vendors.control("DELETE", f"/intercom/hand/contacts/{contact}/tags/{tags['plan:pro']}", {})
    town.product.execute("UPDATE users SET name = 'Another'")
    town.vendors.fault(action, "intercom", "PUT", "/contacts/")
    assert until_calm(town).ok
    assert (town.person("acmeowner")["name"], town.tags("acmeowner")) == ("Another", {"sub:trialing"})
    assert town.link(account, "intercom.contacts").pending_key == ""
