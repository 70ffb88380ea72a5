"""Requests to cancel, keep, reactivate and charge, over the wire: done once, answered once, and everybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from town import CONFIG, JSON, Town
from vendors import DAY, HOUR

from flows.switching import pause

Build = Callable[[str], AbstractContextManager[Town]]
LIMIT = 'max_charge_minor = 5000\naccess_without_subscription = "none"'
STATEMENT = (
    "INSERT INTO instep_requests (request_id, kind, account_id, plan, days, amount_minor, currency, description, "
    "requested_at) VALUES (:request_id, :kind, :account_id, :plan, :days, :amount_minor, :currency, :description, :at)"
)
FORGET = (
    "UPDATE links SET external_id = '', sequence = 0, acknowledged_at = NULL, pending_since = acknowledged_at, "
    "pending_key = target || ':' || subject || ':create:1' WHERE subject = :subject AND target = :target"
)
PSYCOPG = "postgresql+psycopg:"
WRITES = ("subscription.", "invoiceitem.", "customer.", "instance.")


def configure(town: Town, text: str) -> None:
    town._config.write_text(text)


@pytest.fixture
def town(request: pytest.FixtureRequest, build: Build) -> Iterator[Town]:
    """On SQLite, where a test does not say otherwise."""
    with build(getattr(request, "param", "sqlite")) as here:
        yield here


@pytest.fixture
def paying(town: Town) -> Town:
    """One account whose trial has become a paid subscription."""
    configure(town, CONFIG.replace('access_without_subscription = "none"', LIMIT))
    town.init()
    town.team("acme", ann="owner")
    town.request_trial("acme", "ann")
    town.sync()
    town.card("acme")
    town.vendors.advance(14 * DAY + 2 * HOUR)
    town.sync()
    assert town.access("acme")["stage"] == "active"
    return town


def ask(town: Town, id: str, kind: str, short: str = "acme", after: int = 0, **row: Any) -> str:
    request: JSON = dict.fromkeys(("plan", "days", "amount_minor", "currency", "description"))
    request |= {"request_id": f"{town.name}-{id}", "kind": kind, "account_id": town.account(short)}
    town.product.execute(STATEMENT, request | {"at": town.vendors.now + after} | row)
    return f"{town.name}-{id}"


def done(town: Town, mark: int) -> list[str]:
    """Effects on money and instances since then, in order."""
    return [e.split()[0] for e in town.vendors.effects(mark) if e.startswith(WRITES)]


def follow(town: Town, id: str, kind: str, **row: Any) -> tuple[str | None, list[str]]:
    """Ask, sync once, and see that a second sync does nothing more."""
    request, mark = ask(town, id, kind, **row), town.vendors.mark
    town.sync()
    effects = done(town, mark)
    after = town.vendors.mark
    town.sync()
    assert done(town, after) == []
    assert town.plan() == []
    return town.answer(request)[0], effects


def test_leaving_staying_leaving_and_coming_back(paying: Town) -> None:
    town, (sub,) = paying, paying.subscriptions("acme")
    name, url = town.instance("acme")["name"], town.access("acme")["instance_url"]

    assert follow(town, "c1", "cancel", description="Too dear") == ("accepted", ["subscription.updated"])
    assert town.subscription("acme")["cancellation_details"]["comment"] == "Too dear"
    assert town.tags("ann") == {"sub:active", "is:canceling", "plan:pro"}
    assert ("scheduled-cancellation", town.vendors.now) in town.events("ann")
    assert (town.access("acme")["access"], town.instance("acme")["status"]) == ("full", "ready")
    assert follow(town, "c2", "cancel") == ("already", [])

    assert follow(town, "k1", "keep") == ("accepted", ["subscription.updated"])
    assert town.tags("ann") == {"sub:active", "plan:pro"}
    assert "cancels_at" not in town.attributes("ann")
    assert follow(town, "k2", "keep") == ("refused", [])

    assert follow(town, "c3", "cancel") == ("accepted", ["subscription.updated"])
    assert follow(town, "r1", "reactivate") == ("accepted", ["subscription.updated"])
    assert town.subscription("acme")["cancel_at"] is None

    assert follow(town, "c4", "cancel", days=0) == (
        "accepted", ["subscription.updated", "subscription.deleted", "instance.suspended"],
    )  # fmt: skip
    assert (town.stage("ann"), town.access("acme")["access"]) == ("sub:churned", "none")

    town.vendors.advance(DAY)
    assert follow(town, "r2", "reactivate") == ("accepted", ["subscription.created", "instance.running"])
    new, old = town.subscriptions("acme")
    assert (old["id"], old["status"], new["status"], new["trial_end"]) == (sub["id"], "canceled", "active", None)
    assert new["metadata"] == {"account_id": town.account("acme"), "request_id": f"{town.name}-r2"}
    assert (town.stage("ann"), town.access("acme")["access"]) == ("sub:active", "full")
    assert (town.instance("acme")["name"], town.access("acme")["instance_url"]) == (name, url)
    assert "reactivated-subscription" in {event for event, _ in town.events("ann")}
    assert follow(town, "r3", "reactivate") == ("already", [])


def test_a_paused_trial_is_resumed_once_and_only_with_a_card(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner")
    town.request_trial("acme", "ann")
    town.sync()
    town.vendors.advance(14 * DAY + HOUR)
    town.sync()
    assert town.instance("acme")["status"] == "suspended"
    assert follow(town, "r1", "reactivate") == ("refused", [])
    assert town.subscription("acme")["status"] == "paused"

    town.card("acme")
    assert follow(town, "r2", "reactivate") == ("accepted", ["subscription.resumed", "instance.running"])
    assert (town.subscription("acme")["status"], town.instance("acme")["status"]) == ("active", "ready")
    assert (town.stage("ann"), town.access("acme")["access"]) == ("sub:active", "full")


def test_a_cancellation_while_a_payment_is_open_is_immediate(paying: Town) -> None:
    town = paying
    town.card("acme", "decline", method="PUT")
    town.vendors.advance(31 * DAY)
    town.sync()
    assert town.access("acme")["stage"] == "past_due"
    answer, effects = follow(town, "c1", "cancel")
    assert (answer, effects[:2]) == ("accepted", ["subscription.updated", "subscription.deleted"])
    assert town.access("acme")["stage"] == "churned"


@pytest.mark.parametrize("town", ["sqlite", "postgresql"], indirect=True)
def test_several_requests_are_carried_out_in_their_order(paying: Town) -> None:
    town, mark = paying, paying.vendors.mark
    kinds = {"a": "cancel", "b": "keep", "c": "charge", "d": "cancel", "e": "reactivate"}
    made = [
        ask(town, id, kind, after=n - 10, amount_minor=500, currency="usd")
        for n, (id, kind) in enumerate(kinds.items())
    ]
    plan = [item.step for item in town.plan()]
    assert [step.subject for step in plan if step.target.startswith("stripe.")] == [f"request:{id}" for id in made]
    assert done(town, mark) == []
    town.sync()
    assert [town.answer(request)[0] for request in made] == ["accepted"] * 5
    assert done(town, mark) == [*["subscription.updated"] * 2, "invoiceitem.created", *["subscription.updated"] * 2]
    assert town.subscription("acme")["cancel_at"] is None
    assert town.plan() == []


def items(town: Town) -> list[JSON]:
    found: list[JSON] = town.vendors.stripe("GET", "/v1/invoiceitems", customer=town.customer("acme")["id"])["data"]
    return found


def test_a_charge_comes_with_the_next_invoice(paying: Town) -> None:
    town = paying
    wanted = {"amount_minor": 500, "currency": "USD", "description": "Setup"}
    assert follow(town, "p1", "charge", **wanted) == ("accepted", ["invoiceitem.created"])
    (item,) = items(town)
    assert (item["amount"], item["currency"], item["description"]) == (500, "usd", "Setup")
    assert item["metadata"] == {"account_id": town.account("acme"), "request_id": f"{town.name}-p1"}
    town.vendors.advance(31 * DAY + 2 * HOUR)
    town.sync()
    invoice = town.vendors.stripe("GET", f"/v1/invoices/{town.subscription('acme')['latest_invoice']}")
    assert invoice["amount_paid"] == 4900 + 500
    assert len(items(town)) == 1


CASES = [("charge", "invoiceitem.created", "/invoiceitems"), ("cancel", "subscription.updated", "/subscriptions")]


@pytest.mark.parametrize("action", ["500_after", "500_before", "cut_after", "html_200", "truncated"])
@pytest.mark.parametrize(("kind", "effect", "path"), CASES, ids=["charge", "cancel"])
def test_exactly_once_whatever_becomes_of_the_answer(
    paying: Town, kind: str, effect: str, path: str, action: str
) -> None:
    town, mark = paying, paying.vendors.mark
    request = ask(town, "x", kind, amount_minor=500, currency="usd")
    town.vendors.fault(action, "stripe", "POST", path, times=1)
    for _ in range(3):
        town.try_sync()
        town.let_retries_pass()
    assert town.answer(request)[0] == "accepted"
    assert done(town, mark) == [effect]
    assert town.plan() == []


def forget(town: Town, target: str, request: str) -> None:
    """The Link as it was while the request was on its way."""
    town.close()
    engine = sa.create_engine(town.settings.instep_state_url.get_secret_value().replace("postgresql:", PSYCOPG))
    with engine.begin() as connection:
        found = connection.execute(sa.text(FORGET), {"subject": f"request:{request}", "target": target})
        assert found.rowcount == 1
    engine.dispose()


@pytest.mark.parametrize("kind", ["charge", "cancel", "reactivate"])
def test_exactly_once_when_our_memory_of_the_answer_is_lost(paying: Town, kind: str) -> None:
    """As if killed between the vendor's answer and our note of it: the key is there, the outcome is not."""
    town = paying
    if kind == "reactivate":
        follow(town, "gone", "cancel", days=0)
    mark, request = town.vendors.mark, ask(town, "x", kind, amount_minor=500, currency="usd")
    town.sync()
    before = done(town, mark)
    assert len(before) == (2 if kind == "reactivate" else 1)
    forget(town, "stripe.charges" if kind == "charge" else "stripe.cancellations", request)
    town.product.execute(
        "UPDATE instep_requests SET answer = NULL, reason = NULL WHERE request_id = :id", {"id": request}
    )
    town.sync()
    assert done(town, mark) == before
    assert town.answer(request)[0] == "accepted"
    assert town.plan() == []


@pytest.mark.parametrize("town", ["sqlite", "postgresql"], indirect=True)
def test_a_held_charge_is_made_once_the_limit_allows_it(paying: Town) -> None:
    town = paying
    request = ask(town, "h", "charge", amount_minor=9000, currency="usd")
    town.sync()
    assert town.answer(request)[0] == "held"
    assert any("is held" in reason for reason in town.todo().values())
    configure(town, CONFIG.replace('access_without_subscription = "none"', LIMIT.replace("5000", "9000")))
    ask(town, "wake", "keep")
    town.sync()
    assert town.answer(request)[0] == "accepted"
    assert [item["amount"] for item in items(town)] == [9000]


def test_a_cancellation_does_not_wait_for_a_charge_that_is_only_watched(paying: Town) -> None:
    town, mark = paying, paying.vendors.mark
    pause(town.settings, "stripe.charges")
    charge = ask(town, "p", "charge", after=-10, amount_minor=500, currency="usd")
    cancel = ask(town, "c", "cancel")
    town.sync()
    assert town.answer(cancel)[0] == "accepted"
    assert town.answer(charge) == ("refused", "the subscription ends: no further invoice would carry the charge")
    assert done(town, mark) == ["subscription.updated"]
    assert town.subscription("acme")["cancel_at_period_end"]


def test_an_extension_that_was_on_its_way_does_not_take_back_what_was_given_meanwhile(town: Town) -> None:
    """As if killed between our note of it and the request, and looked at again after staff were more generous."""
    town.init()
    town.team("acme", ann="owner")
    town.request_trial("acme", "ann")
    town.sync()
    trial = town.subscription("acme")
    extend = f"{town.name}-e"
    town.product.add_request(
        request_id=extend, kind="trial", account_id=town.account("acme"), user_id="", plan=None, days=7,
        description="slow start", requested_by="staff:sam", requested_at=town.vendors.now,
    )  # fmt: skip
    town.vendors.fault("500_before", "stripe", "POST", f"/subscriptions/{trial['id']}", times=99)
    town.try_sync()
    town.vendors.heal()
    given = trial["trial_end"] + 20 * DAY
    town.vendors.stripe("POST", f"/v1/subscriptions/{trial['id']}", trial_end=given)
    town.let_retries_pass()
    town.sync()
    assert town.subscription("acme")["trial_end"] == given
    assert town.answer(extend)[0] == "accepted"
    assert town.plan() == []


def test_nothing_is_done_while_we_only_watch(town: Town) -> None:
    town.init(on=False)
    town.team("acme", ann="owner")
    town.sync()
    request, mark = ask(town, "w", "cancel"), town.vendors.mark
    town.sync()
    assert (done(town, mark), town.answer(request)[0]) == ([], None)
