"""A thousand accounts that exist already are read by the page, never one by one."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from town import Town
from vendors import DAY

from flows.hub import Hub

MANY = 1000
STATES = ("active", "active", "trialing", "paused", "canceled")


def thousand(town: Town) -> None:
    """Each with one owner, a customer and a subscription in one of the states."""
    now, rows, teams, people = town.vendors.now, [], [], []
    for n in range(MANY):
        account, user, created = town.account(f"a{n}"), f"{town.name}-u{n}", now - 100 * DAY + n
        metadata = {"account_id": account}
        subscription = {"price": "price_pro_monthly", "status": STATES[n % len(STATES)], "metadata": metadata}
        rows.append({"email": town.email(f"u{n}"), "metadata": metadata, "created": created, "card": "ok",
                     "subscription": subscription})  # fmt: skip
        teams.append({"team_id": account, "name": f"Team {n}"})
        people.append({"user_id": user, "email": town.email(f"u{n}"), "name": f"User {n}", "verified": True,
                       "traits": None, "team_id": account, "role": "owner", "joined_at": created})  # fmt: skip
    town.product.add_teams(*teams)
    town.product.add_people(*people)
    town.vendors.control("POST", "/stripe/import", rows)


def test_a_thousand_accounts_are_read_in_bulk(town: Town) -> None:
    thousand(town)
    town.init(on=False)
    instep, statements, mark = town.open(), Counter[str](), town.vendors.mark

    @sa.event.listens_for(instep.store.database.engine, "before_cursor_execute")
    def count(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements[statement.split()[0]] += 1

    with Hub(instep, "first import") as hub:
        hub.pull()
        statements_read = sum(statements.values())
        assert hub.report.ok, hub.report.troubles
        calls = Counter(call.line for call in town.vendors.since(mark))
        sample = hub.plan([town.account(f"a{n}") for n in range(5)])

    pages = MANY // 100
    others = max(0, others_of(town) // 100 + 2)
    lists = ("subscriptions", "customers", "disputes", "refunds", "checkout/sessions", "events")
    assert calls.keys() == {f"stripe GET /v1/{name}" for name in lists}
    assert calls["stripe GET /v1/disputes"] == calls["stripe GET /v1/refunds"] == 1
    assert calls["stripe GET /v1/subscriptions"] <= pages + others
    assert calls["stripe GET /v1/customers"] <= pages + others
    assert calls["stripe GET /v1/events"] <= 2
    # Five pages of the product and twenty of Stripe, each with a bounded number of statements.
    assert statements_read <= 18 * (2 * pages + 2 * others + 5), statements
    assert len(instep.store.due_accounts(instep.now())) == MANY

    stages = {item.step.subject: item.step.values["stage"] for item in sample if item.step.target == "product.access"}
    assert {key.rsplit("-", 1)[1]: stage for key, stage in stages.items()} == {
        "a0": "active", "a1": "active", "a2": "trialing",
    }  # fmt: skip
    # What had ended before keeps the access it has; the tag tells the true stage.
    tags = {item.account_id.rsplit("-", 1)[1]: item.step.member[1] for item in sample if item.step.member[0] == "tags"}
    assert (tags["a3"], tags["a4"]) == ("sub:trial-expired", "sub:churned")
    assert town.vendors.writes(mark) == []


def others_of(town: Town) -> int:
    """Customers of other towns on the same vendors."""
    return 0 if town.product.dialect == "sqlite" else MANY
