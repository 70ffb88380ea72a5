"""How an act happens: in Stripe's pages, at a bank, or in the product's own database."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .life import DAY, Act, Life
from .model import Facts
from .scene import Scene

JSON = dict[str, Any]
ENDED = ("canceled", "incomplete_expired")
RUNNING = ("trialing", "active", "past_due")


def act(scene: Scene, life: Life, deed: Act) -> None:
    """Nothing happens where it makes no sense."""
    if deed.what == "arrive":
        return _arrive(scene, life, deed)
    facts = _now(scene, life.account)
    if facts.people:
        DEEDS[deed.what](scene, life.account, facts, deed.value)
    return None


def _now(scene: Scene, account: str) -> Facts:
    """What Stripe holds at this moment; another act may have changed it just now."""
    facts = scene.facts.get(account, Facts())
    people = scene.rows("SELECT * FROM users WHERE team_id = ? ORDER BY created_at, id", account)
    if not facts.customer:
        return Facts(people=people)
    id = facts.customer["id"]
    subs = scene.stripe("GET", "/v1/subscriptions", customer=id, status="all", limit=100)["data"]
    return Facts(people=people, customer=scene.stripe("GET", f"/v1/customers/{id}"), subscriptions=subs)


def _arrive(scene: Scene, life: Life, deed: Act) -> None:
    scene.write("INSERT INTO teams (id, name, timezone) VALUES (?, ?, ?)", life.account, f"Team {life.seed}", life.zone)
    for role in deed.value.split():
        _join(scene, life.account, Facts(), role)


def _join(scene: Scene, account: str, facts: Facts, role: str) -> None:
    number = len(scene.rows("SELECT id FROM users WHERE team_id = ?", account)) + 1
    id = f"{account}_{number}_{scene.now}"
    scene.write(
        "INSERT INTO users (id, team_id, email, name, role, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        id, account, f"{id}@example.com", f"Person {number}", role, scene.now,
    )  # fmt: skip


def _leave(scene: Scene, account: str, facts: Facts, value: str) -> None:
    if len(facts.people) > 1:
        scene.write("DELETE FROM users WHERE id = ?", facts.people[-1]["id"])


def _role(scene: Scene, account: str, facts: Facts, role: str) -> None:
    if len(facts.people) > 1:
        scene.write("UPDATE users SET role = ? WHERE id = ?", role, facts.people[-1]["id"])


def _column(name: str, value: object = None) -> Callable[[Scene, str, Facts, str], None]:
    def set_it(scene: Scene, account: str, facts: Facts, given: str) -> None:
        scene.write(f"UPDATE teams SET {name} = ? WHERE id = ?", given or value, account)

    return set_it


def _trait(name: str) -> Callable[[Scene, str, Facts, str], None]:
    def set_it(scene: Scene, account: str, facts: Facts, value: str) -> None:
        person = facts.people[0]
        traits = json.loads(person["traits"] or "{}") | {name: True}
        scene.write("UPDATE users SET traits = ? WHERE id = ?", json.dumps(traits), person["id"])

    return set_it


def _ask(kind: str) -> Callable[[Scene, str, Facts, str], None]:
    def insert(scene: Scene, account: str, facts: Facts, value: str) -> None:
        count = len(scene.rows("SELECT 1 FROM instep_requests WHERE account_id = ?", account))
        plan, _, days = value.partition(" ") if kind == "trial" else ("", "", value)
        amount = (500, "usd") if kind == "charge" else (None, None)
        scene.write(
            "INSERT INTO instep_requests (request_id, kind, account_id, user_id, plan, days, amount_minor, currency,"
            " requested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            f"{account}_r{count + 1}", kind, account, facts.people[0]["id"], plan, int(days) if days else None, *amount,
            scene.now,
        )  # fmt: skip

    return insert


def _customer(scene: Scene, account: str, facts: Facts) -> str:
    if not facts.customer:
        fields = {"email": facts.people[0]["email"], "metadata[account_id]": account}
        facts.customer = scene.stripe("POST", "/v1/customers", **fields)
        scene.facts.setdefault(account, Facts()).customer = facts.customer
    return str(facts.customer["id"])


def _alive(facts: Facts) -> JSON:
    return next((sub for sub in facts.subscriptions if sub["status"] not in ENDED), {})


def _card(outcome: str) -> Callable[[Scene, str, Facts, str], None]:
    def add(scene: Scene, account: str, facts: Facts, value: str) -> None:
        if facts.customer:
            scene.control("POST", f"/stripe/customers/{facts.customer['id']}/card", {"outcome": outcome})

    return add


def _has_card(facts: Facts) -> bool:
    return bool(facts.customer and facts.customer["invoice_settings"]["default_payment_method"])


def _bank(outcome: str) -> Callable[[Scene, str, Facts, str], None]:
    def change(scene: Scene, account: str, facts: Facts, value: str) -> None:
        if _has_card(facts):
            scene.control("PUT", f"/stripe/customers/{facts.customer['id']}/card", {"outcome": outcome})

    return change


def _pay(scene: Scene, account: str, facts: Facts, value: str) -> None:
    if _has_card(facts):
        scene.control("POST", f"/stripe/customers/{facts.customer['id']}/pay", {})


def _charge_again(scene: Scene, account: str, facts: Facts, value: str) -> None:
    """The bank has its day, and the customer pays at once."""
    _bank("ok")(scene, account, facts, value)
    _pay(scene, account, facts, value)


def _trial(scene: Scene, account: str, facts: Facts, value: str) -> None:
    if not _alive(facts):
        days, end = value.split()
        fields = {
            "customer": _customer(scene, account, facts), "items[0][price]": "price_pro_monthly",
            "trial_period_days": days, "trial_settings[end_behavior][missing_payment_method]": end,
        }  # fmt: skip
        scene.stripe("POST", "/v1/subscriptions", **fields)


def _buy(scene: Scene, account: str, facts: Facts, price: str) -> None:
    """A checkout takes a card and makes a customer where there is none; what is paused is resumed."""
    sub = _alive(facts)
    if not sub or sub["status"] == "paused":
        customer = _customer(scene, account, facts)
        if not _has_card(facts):
            scene.control("POST", f"/stripe/customers/{customer}/card", {"outcome": "ok"})
    if sub and sub["status"] == "paused":
        scene.stripe("POST", f"/v1/subscriptions/{sub['id']}/resume")
    if not sub:
        scene.stripe("POST", "/v1/subscriptions", customer=customer, **{"items[0][price]": f"price_{price}"})


def _change_plan(scene: Scene, account: str, facts: Facts, price: str) -> None:
    sub = _alive(facts)
    if sub and sub["status"] in ("trialing", "active"):
        fields = {"items[0][id]": sub["items"]["data"][0]["id"], "items[0][price]": f"price_{price}"}
        scene.stripe("POST", f"/v1/subscriptions/{sub['id']}", **fields)


def _move_trial(scene: Scene, account: str, facts: Facts, days: str) -> None:
    sub = _alive(facts)
    if sub and sub["status"] == "trialing" and (end := sub["trial_end"] + int(days) * DAY) > scene.now:
        scene.stripe("POST", f"/v1/subscriptions/{sub['id']}", trial_end=end)


def _at_end(yes: str) -> Callable[[Scene, str, Facts, str], None]:
    def update(scene: Scene, account: str, facts: Facts, value: str) -> None:
        sub = _alive(facts)
        if sub and sub["status"] in RUNNING and sub["cancel_at_period_end"] != (yes == "true"):
            scene.stripe("POST", f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=yes)

    return update


def _cancel(scene: Scene, account: str, facts: Facts, value: str) -> None:
    if sub := _alive(facts):
        scene.stripe("DELETE", f"/v1/subscriptions/{sub['id']}")


def _pause(scene: Scene, account: str, facts: Facts, value: str) -> None:
    sub = _alive(facts)
    if sub and sub["status"] in RUNNING:
        scene.stripe("POST", f"/v1/subscriptions/{sub['id']}/pause")


def _resume(scene: Scene, account: str, facts: Facts, value: str) -> None:
    sub = _alive(facts)
    if sub and sub["status"] == "paused" and _has_card(facts):
        scene.stripe("POST", f"/v1/subscriptions/{sub['id']}/resume")


def _comp(scene: Scene, account: str, facts: Facts, value: str) -> None:
    scene.write("UPDATE teams SET comped = 1 - comped WHERE id = ?", account)


DEEDS: Mapping[str, Callable[[Scene, str, Facts, str], None]] = {
    "card": _card("ok"), "bad card": _card("decline"), "bank declines": _bank("decline"), "bank accepts": _bank("ok"),
    "pay": _pay, "charge again": _charge_again, "cancel at end": _at_end("true"), "keep": _at_end("false"),
    "cancel now": _cancel, "buy": _buy, "trial": _trial, "change plan": _change_plan, "move trial": _move_trial,
    "pause": _pause, "resume": _resume, "project": _trait("has_project"), "report": _trait("has_report"),
    "join": _join, "leave": _leave, "role": _role, "zone": _column("timezone"), "hold": _column("hold_reason", "fraud"),
    "release": _column("hold_reason"), "comp": _comp, "ask trial": _ask("trial"), "ask cancel": _ask("cancel"),
    "ask keep": _ask("keep"), "ask reactivate": _ask("reactivate"), "ask charge": _ask("charge"),
}  # fmt: skip
