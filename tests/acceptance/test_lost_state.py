"""The state database is lost: a new one learns everything from the systems, and does nothing twice."""

from __future__ import annotations

import pytest
from town import JSON, Town
from vendors import DAY, HOUR


@pytest.fixture
def season(town: Town) -> Town:
    """Accounts in many stages: trialing, active, expired, churned, without a subscription, and past due."""
    town.init()
    shorts = {"trial": "ann", "pays": "bob", "cold": "cyd", "left": "dan", "late": "eve"}
    for short, person in shorts.items():
        town.team(short, **{person: "owner"})
        if short != "trial":
            town.request_trial(short, person)
    town.team("none", fay="owner")
    town.sync()
    for short in ("pays", "left", "late"):
        town.card(short)
    town.vendors.advance(14 * DAY + 2 * HOUR)
    town.request_trial("trial", "ann", days=60)
    town.card("late", "decline", method="PUT")
    town.sync()
    town.vendors.stripe("DELETE", f"/v1/subscriptions/{town.subscription('left')['id']}")
    town.sync()
    town.vendors.advance(31 * DAY + 2 * HOUR)
    town.sync()
    town.vendors.advance(HOUR)
    return town


def counts(town: Town) -> JSON:
    """How many there are of everything that could be made twice."""
    shorts = ("trial", "pays", "cold", "left", "late", "none")
    return {
        "customers": {short: len(town.customers(short)) for short in shorts},
        "subscriptions": {short: len(town.subscriptions(short)) for short in shorts},
        "contacts": sorted(person["id"] for person in town.people()),
        "companies": {short: town.company(short)["id"] for short in shorts},
        "events": {person["external_id"]: len(person["events"]) for person in town.people()},
        "instances": {short: town.instance(short).get("revision") for short in shorts},
    }


def test_nothing_is_done_twice(season: Town) -> None:
    """But for the grace of a failed payment, which starts at the new birth line at the earliest."""
    town = season
    before, rows = counts(town), town.product.instep_rows()
    people = {person["id"]: person for person in town.people()}
    eve = people[town.person("eve")["id"]]
    stages = {"trialing", "past_due", "trial_expired", "churned", "prospect", "active"}
    assert {row["stage"] for row in rows["instep_access"]} == stages
    town.lose_state()
    mark = town.vendors.mark
    town.init()
    (kept,) = town.vendors.effects(mark)
    assert kept.startswith("attribute.updated"), "the new installation keeps the workspace"
    mark = town.vendors.mark
    town.sync()
    assert town.vendors.effects(mark) == [f"contact.updated {eve['id']}"]
    assert [call.path for call in town.vendors.writes(mark)] == [f"/contacts/{eve['id']}"]
    assert counts(town) == before
    assert town.product.instep_rows() == rows
    eve["custom_attributes"]["grace_ends_at"] = town.vendors.now + 7 * DAY
    eve["updated_at"] = town.vendors.now
    assert {person["id"]: person for person in town.people()} == people

    mark = town.vendors.mark
    town.vendors.advance(HOUR)
    town.sync()
    assert town.vendors.writes(mark) == []
    for name in ("ann", "bob", "cyd", "dan", "eve", "fay"):
        town.stage(name)

    # The rebuilt state goes on, and a used trial stays used.
    second = town.request_trial("cold", "cyd", id="again")
    town.vendors.stripe("DELETE", f"/v1/subscriptions/{town.subscription('pays')['id']}")
    town.card("late", "ok", method="PUT")
    town.pay("late")
    town.sync()
    assert town.answer(second) == ("refused", "the trial was already used")
    assert len(town.subscriptions("cold")) == 1
    assert (town.access("pays")["stage"], town.stage("bob")) == ("churned", "sub:churned")
    assert town.instance("pays")["status"] == "suspended"
    assert (town.access("late")["stage"], town.stage("eve")) == ("active", "sub:active")
