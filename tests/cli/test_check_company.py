"""`instep check`: what the product's views and the plans hold, each weak spot with what to do."""

from __future__ import annotations

import json
import time

import pytest
from home import Home

DAY = 86400
WIDE = """
CREATE TABLE people (user_id TEXT, account_id TEXT, email TEXT, role TEXT, joined_at, last_seen_at, traits, updated_at);
CREATE TABLE teams (account_id TEXT, name TEXT, stripe_customer_id TEXT, plan TEXT, trial_ends_at, comped, timezone);
DROP VIEW instep_users;
CREATE VIEW instep_users AS SELECT * FROM people;
CREATE VIEW instep_accounts AS SELECT * FROM teams;
"""
TRAITS = '\n[traits.seats]\ntype = "integer"\n[traits.city]\ntype = "string"\n'


def told(home: Home, about: str, level: str = "warning") -> list[str]:
    lines = home.run("check", "--json").data
    return [line["text"] for line in lines if (line["about"], line["level"]) == (about, level)]


@pytest.fixture
def wide(home: Home) -> Home:
    """A product with both views and every kind of column; switched on, with one good account."""
    for statement in filter(str.strip, WIDE.split(";")):
        home.write(statement)
    person(home, "u1", "a1", "owner")
    home.write("INSERT INTO teams VALUES ('a1', 'One', 'cus_1', 'pro', NULL, 0, 'Europe/Vienna')")
    home.configure((home.folder / "instep.toml").read_text() + TRAITS)
    assert home.run("init", "--on").code == 0
    return home


def person(home: Home, user: str, account: str, role: str, **more: object) -> None:
    usual = {"joined_at": 1_700_000_000, "last_seen_at": None, "updated_at": 1_700_000_000}
    values = usual | {"traits": json.dumps({"seats": 3, "city": "Linz"})} | more
    home.write(
        "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        f"{home.account}-{user}", account, f"{user}@example.com", role, values["joined_at"], values["last_seen_at"],
        values["traits"], values["updated_at"],
    )  # fmt: skip


def test_a_good_product_gives_no_warning(wide: Home) -> None:
    assert told(wide, "product") == []


def test_values_that_do_not_fit_are_told_by_column(wide: Home) -> None:
    person(wide, "u2", "a1", "captain", joined_at="2026-01-01 10:00:00", last_seen_at=1_700_000_000_000)
    person(wide, "u3", "a1", "owner", joined_at="soon", traits="seats: 3", updated_at=int(time.time()) + 9 * DAY)
    person(wide, "u4", "a1", "member", last_seen_at="2026-01-01T10:00:00Z", traits=json.dumps({"seats": "many"}))
    wide.write("INSERT INTO teams VALUES ('a2', 'Two', 'two', 'gold', 'never', 'maybe', 'Linz')")
    warnings = "\n".join(told(wide, "product"))
    for part in (
        "role (1 row) is none of owner, billing and member (like captain): taken for a member",
        "joined_at (1 row) is without a zone",
        "last_seen_at (1 row) is in milliseconds",
        "joined_at (1 row) is no time",
        "traits (1 row) is no JSON object",
        "updated_at (1 row) is in the future",
        "traits.seats (1 row) is of another type",
        "1 account has several owners (like a1)",
        "comped (1 row) is neither true nor false",
        "plan (1 row) is no plan of instep.toml (like gold)",
        "stripe_customer_id (1 row) is no Stripe customer",
        "timezone (1 row) is no time zone (like Linz)",
        "trial_ends_at (1 row) is no time (like a2): left out; give timestamps",
    ):
        assert part in warnings, part
    assert "last_seen_at (2 rows)" not in warnings


def test_accounts_that_do_not_fit_their_people(wide: Home) -> None:
    person(wide, "u2", "a3", "member")
    wide.write("INSERT INTO teams VALUES ('a2', 'Two', 'cus_1', NULL, NULL, 0, NULL)")
    wide.write("UPDATE people SET traits = '{\"seats\": 3}'")
    warnings = "\n".join(told(wide, "product"))
    assert "1 account has no people in instep_users (like a2)" in warnings
    assert "1 account has people in instep_users, but no row in instep_accounts (like a3)" in warnings
    assert "2 accounts share a stripe_customer_id (like a1, a2)" in warnings
    assert "1 account has no owner" in warnings
    assert "city of [traits] is given for nobody" in warnings


def test_rows_that_changed_while_updated_at_stood_still(wide: Home) -> None:
    person(wide, "u2", "a1", "member")
    assert wide.run("sync").code == 0
    assert told(wide, "product") == []
    wide.write("UPDATE people SET role = 'billing' WHERE user_id LIKE '%u2'")
    (warning,) = told(wide, "product")
    assert "1 row of instep_users changed since the last read while updated_at stood still" in warning
    wide.write("UPDATE people SET updated_at = ? WHERE user_id LIKE '%u2'", int(time.time()) + 5)
    assert told(wide, "product") == []


def test_what_is_wrong_with_plans_is_told_with_customers_and_money(on: Home) -> None:
    row = {
        "email": "p@example.com",
        "metadata": {},
        "subscription": {"price": "price_team_monthly", "status": "active"},
    }
    on.control("POST", "/stripe/import", [row, row])
    text = (on.folder / "instep.toml").read_text()
    on.configure(text.replace('["pro_monthly"]', '["pro_monthly", "pro_gone"]'))
    lost, unknown = "price price_team_monthly is in no plan", "pro_gone of [plans.pro] is no active recurring price"
    warnings = told(on, "plans")
    (found,) = (line for line in warnings if line.startswith(lost))
    assert " customers are on it, with " in found
    assert " usd a month at stake; they keep their last tag" in found
    assert [line for line in warnings if line.startswith(unknown)]
    assert [line for line in warnings if line.startswith("price price_pro_yearly") and "nobody is on it" in line]
    on.configure(text.replace('lookup_keys = ["pro_monthly"]', 'products = ["prod_pro", "prod_team"]'))
    assert any("pro names 3 active prices by their product" in line for line in told(on, "plans"))
    assert any("running subscriptions are on a price of a plan" in line for line in told(on, "plans", "ok"))
