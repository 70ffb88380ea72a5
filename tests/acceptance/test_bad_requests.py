"""Requests that cannot be meant: answered or told with a clear reason, and no vendor is written to."""

from __future__ import annotations

from typing import Any

import pytest
from town import CONFIG, JSON, Town
from vendors import DAY, HOUR, MINUTE

LIMIT = 'max_charge_minor = 5000\naccess_without_subscription = "none"'
ROW = (
    "INSERT INTO instep_requests "
    "(request_id, kind, account_id, user_id, plan, days, amount_minor, currency, requested_at) VALUES "
    "(:request_id, :kind, :account_id, :user_id, :plan, :days, :amount_minor, :currency, :requested_at)"
)
# Of an account that pays 20 dollars a month, and of one that never had a trial: the request, the answer, its reason.
PAYING = {
    "another currency": ({"currency": "eur"}, "refused", "the subscription is in usd"),
    "a currency that is none": ({"currency": "dollars"}, "refused", "the subscription is in usd"),
    "a negative amount": ({"amount_minor": -500}, "refused", "amount_minor must be above zero"),
    "no amount": ({"amount_minor": None}, "refused", "amount_minor must be above zero"),
    "a huge amount": ({"amount_minor": 2_000_000_000}, "refused", "more than Stripe takes"),
    "above the limit": ({"amount_minor": 5001}, "held", "more than policy.max_charge_minor (5000)"),
    "days of a cancellation": ({"kind": "cancel", "days": 14}, "refused", "days must be empty"),
    "a second trial": ({"kind": "trial", "plan": "pro"}, "already", "has a trial or a subscription"),
    "back without having left": ({"kind": "reactivate"}, "already", "the subscription is running"),
    "nothing to keep": ({"kind": "keep"}, "refused", "no cancellation is scheduled"),
}
FRESH = {
    "an unknown plan": ({"plan": "gold"}, "refused", "instep.toml has no plan 'gold'"),
    "no plan": ({"plan": None}, "refused", "instep.toml has no plan ''"),
    "no days": ({"days": 0}, "refused", "a trial lasts 1 to 730 days"),
    "negative days": ({"days": -14}, "refused", "a trial lasts 1 to 730 days"),
    "absurd days": ({"days": 2_000_000_000}, "refused", "a trial lasts 1 to 730 days"),
    "nothing to cancel": ({"kind": "cancel"}, "refused", "there is no subscription to cancel"),
    "nothing to charge": (
        {"kind": "charge", "amount_minor": 5, "currency": "usd"},
        "refused",
        "no running subscription",
    ),
    "nothing to come back to": ({"kind": "reactivate"}, "refused", "there is nothing to reactivate"),
    "an unknown account": ({"account_id": "nobody"}, "refused", "the product does not know this account"),
    "no account": ({"kind": "charge", "account_id": "nobody"}, "refused", "the product does not know this account"),
}


@pytest.fixture
def ready(town: Town) -> Town:
    """acme pays, newly never bought anything; nothing is left to send."""
    town._config.write_text(CONFIG.replace('access_without_subscription = "none"', LIMIT))
    town.init()
    town.team("acme", ann="owner")
    town.team("newly", bea="owner")
    town.request_trial("acme", "ann")
    town.sync()
    town.card("acme")
    town.vendors.advance(14 * DAY + 2 * HOUR)
    town.sync()
    assert town.access("acme")["stage"] == "active"
    town.sync()
    return town


def ask(town: Town, id: str, default: JSON, **row: Any) -> str:
    columns = ("user_id", "plan", "days", "amount_minor", "currency")
    request = {"request_id": f"{town.name}-{id}", "requested_at": town.vendors.now, **dict.fromkeys(columns)}
    town.product.execute(ROW, request | default | row)
    return f"{town.name}-{id}"


def test_bad_requests_are_answered_and_nothing_is_written(ready: Town) -> None:
    town, mark = ready, ready.vendors.mark
    charge = {"kind": "charge", "account_id": town.account("acme"), "amount_minor": 500, "currency": "usd"}
    trial = {"kind": "trial", "account_id": town.account("newly"), "user_id": f"{town.name}-bea", "plan": "pro"}
    asked = {name: ask(town, f"p{n}", charge, **row) for n, (name, (row, _, _)) in enumerate(PAYING.items())}
    asked |= {name: ask(town, f"f{n}", trial, **row) for n, (name, (row, _, _)) in enumerate(FRESH.items())}
    odd, lost = ask(town, "odd", trial, kind="party"), ask(town, "lost", trial, account_id="")
    town.sync()
    town.vendors.advance(16 * MINUTE)  # So long a request waits for an account that nobody knows yet.
    town.sync()
    for name, (_, answer, why) in {**PAYING, **FRESH}.items():
        found = town.answer(asked[name])
        assert found[0] == answer, (name, found)
        assert why in str(found[1]), (name, found)
    assert town.answer(odd)[0] is None
    assert "which this version does not handle" in "; ".join(town.todo().values())
    assert town.todo()[f"request:{lost} product"].startswith("its id, or that of its account, is empty")
    assert town.vendors.writes(mark) == []
    assert (town.access("acme")["stage"], town.access("newly")["stage"]) == ("active", "prospect")
    assert town.plan() == []


def test_a_good_request_goes_on_beside_bad_ones(ready: Town) -> None:
    town, mark = ready, ready.vendors.mark
    trial = {"kind": "trial", "account_id": town.account("newly"), "user_id": f"{town.name}-bea", "plan": "pro"}
    bad, good = ask(town, "bad", trial, days=-1), ask(town, "good", trial, requested_at=town.vendors.now + 1)
    town.sync()
    assert (town.answer(bad)[0], town.answer(good)[0]) == ("refused", "accepted")
    assert [e.split()[0] for e in town.vendors.effects(mark) if e.startswith("subscription.")] == [
        "subscription.created"
    ]
