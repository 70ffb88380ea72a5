"""What a rehearsal's line does to the product, to Stripe or to the provisioner, and how it is told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from instep.example import ask_for_change, ask_for_trials
from instep.moments import length
from instep.rehearsal import Changes, Line, Person
from instep.script import Cue, Script
from instep.world import World

OUTCOMES = {"works": "ok", "accepts": "ok", "declines": "decline", "asks": "action"}
CARDS = {
    "works": "adds a card",
    "declines": "adds a card that will be declined",
    "asks": "adds a card whose bank asks for 3-D Secure",
}
REQUESTS = {
    "cancel": "asks to cancel for the end of the period",
    "cancel now": "asks to cancel at once",
    "keep": "asks to keep the subscription",
    "reactivate": "asks to come back",
}
# What a bank does to a payment -> Stripe's status, and how it is told.
DISPUTES = {
    "inquiry": ("warning_needs_response", "the bank inquires about the payment"),
    "opened": ("needs_response", "the bank disputes the payment"),
    "won": ("won", "the dispute is won"),
    "lost": ("lost", "the dispute is lost"),
}
COLUMNS = {"name": "name", "timezone": "timezone", "comped": "comped", "hold": "hold_reason", "excluded": "excluded"}
NEW_PERSON = "INSERT INTO users (id, team_id, email, name, role, created_at) VALUES (?, ?, ?, ?, 'member', ?)"
Deed = Callable[[World, str, Line], str]


def cast(world: World, script: Script) -> None:
    """Before the story: the accounts and their people in the product's database, Stripe's settings."""
    world.vendors.control("PUT", "/stripe/settings", {"dunning": script.when_retries_end})
    for account, found in script.accounts.items():
        _write(world, "INSERT INTO teams (id, name) VALUES (?, ?)", account, account.title())
        _change(world, account, found)
        _people(world, account, found.people)


def act(world: World, cue: Cue) -> str:
    """Let it happen; returns it in a few words. Raises Failed where a vendor refuses it, naming the line."""
    from flows.settings import Failed

    try:
        told = DEEDS[cue.line.deed](world, cue.account, cue.line)
    except Failed as failed:
        raise Failed(f"Line {cue.number} of the rehearsal: {failed}") from None
    return "; ".join(filter(None, [cue.line.note, told]))


def _trial(world: World, account: str, line: Line) -> str:
    owner = _column(world, "SELECT id FROM users WHERE team_id = ? ORDER BY role = 'owner' DESC, rowid", account)
    user = str(owner).removeprefix(f"{account}_")
    ask_for_trials(world.product, [account], line.trial or "", world.now, user, line.days)
    return f"asks for a trial of {line.trial}" + (f", {line.days} days" if line.days else "")


def _request(world: World, account: str, line: Line) -> str:
    kind, _, at_once = (line.request or "").partition(" ")
    ask_for_change(world.product, account, kind, world.now, 0 if at_once else None)
    return REQUESTS[line.request or ""]


def _card(world: World, account: str, line: Line) -> str:
    world.card(account, OUTCOMES[line.card or "works"])
    return CARDS[line.card or "works"]


def _bank(world: World, account: str, line: Line) -> str:
    world.bank(account, OUTCOMES[line.bank or "accepts"])
    return "the bank declines the card from now on" if line.bank == "declines" else "the bank accepts the card again"


def _pays(world: World, account: str, line: Line) -> str:
    world.pay(account)
    return "pays the open invoice"


def _dispute(world: World, account: str, line: Line) -> str:
    status, told = DISPUTES[line.dispute or "opened"]
    world.dispute(account, status, new=line.dispute in ("inquiry", "opened"))
    return told


def _refund(world: World, account: str, line: Line) -> str:
    amount = line.refund if isinstance(line.refund, int) else None
    world.refund(account, amount)
    return f"{amount} of the payment are refunded" if amount else "the payment is refunded"


def _resumes(world: World, account: str, line: Line) -> str:
    world.resume(account)
    return "resumes the subscription"


def _subscribes(world: World, account: str, line: Line) -> str:
    """A checkout takes a card and makes a customer where there is none."""
    if not world.customer_of(account):
        address = _column(world, "SELECT email FROM users WHERE team_id = ? ORDER BY rowid", account)
        world.vendors.stripe("POST", "/v1/customers", {"email": str(address), "metadata[account_id]": account})
    world.card(account)
    world.subscribe(account, line.subscribes or "")
    return f"subscribes to {line.subscribes} in the checkout"


def _cancels(world: World, account: str, line: Line) -> str:
    if line.cancels == "now":
        world.cancel(account)
        return "cancels at once"
    world.cancel_at_period_end(account)
    return "cancels for the end of the period"


def _keeps(world: World, account: str, line: Line) -> str:
    world.cancel_at_period_end(account, False)
    return "takes the cancellation back"


def _change_account(world: World, account: str, line: Line) -> str:
    changes = line.change or Changes()
    _change(world, account, changes)
    return f"the product changes {_fields(changes)}"


def _change_people(world: World, account: str, line: Line) -> str:
    _people(world, account, line.people or {})
    return "; ".join(f"{person}: {_person_told(given)}" for person, given in (line.people or {}).items())


def _leaves(world: World, account: str, line: Line) -> str:
    _write(world, "DELETE FROM users WHERE id = ?", f"{account}_{line.leaves}")
    return f"{line.leaves} leaves"


def _swap(world: World, account: str, line: Line) -> str:
    first, second = line.swap_emails or ("", "")
    one, other = (_column(world, "SELECT email FROM users WHERE id = ?", f"{account}_{p}") for p in (first, second))
    _write(world, "UPDATE users SET email = ? WHERE id = ?", other, f"{account}_{first}")
    _write(world, "UPDATE users SET email = ? WHERE id = ?", one, f"{account}_{second}")
    return f"{first} and {second} swap their e-mail addresses"


def _instances(world: World, account: str, line: Line) -> str:
    how = line.instances or ""
    settings = {"ready_after": length(how), "fail": ["*"] if how == "fail" else []}
    world.vendors.control("PUT", "/provisioner/settings", settings)
    return (
        "new instances fail" if how == "fail" else f"new instances are ready {f'after {how}' if length(how) else how}"
    )


def _nothing(world: World, account: str, line: Line) -> str:
    return ""


DEEDS: Mapping[str, Deed] = {
    "": _nothing, "trial": _trial, "request": _request, "card": _card, "bank": _bank, "pays": _pays,
    "dispute": _dispute, "refund": _refund, "resumes": _resumes,
    "subscribes": _subscribes, "cancels": _cancels, "keeps": _keeps, "change": _change_account,
    "people": _change_people, "leaves": _leaves, "swap_emails": _swap, "instances": _instances,
}  # fmt: skip


def _people(world: World, account: str, people: Mapping[str, Person]) -> None:
    for person, given in people.items():
        id = f"{account}_{person}"
        if not _column(world, "SELECT 1 FROM users WHERE id = ?", id):
            _write(world, NEW_PERSON, id, account, f"{person}@{account}.example", person.title(), world.now)
        values = given.model_dump(exclude_none=True)
        _set(world, "users", id, {name: values[name] for name in ("role", "email", "name", "traits") if name in values})


def _change(world: World, account: str, changes: Changes) -> None:
    values = changes.model_dump(exclude_none=True, include={*COLUMNS, "traits"})
    _set(world, "teams", account, {COLUMNS.get(name, name): value for name, value in values.items()})


def _set(world: World, table: str, id: str, values: Mapping[str, Any]) -> None:
    for column, value in values.items():
        held = json.dumps(value) if column == "traits" else value
        _write(world, f"UPDATE {table} SET {column} = ? WHERE id = ?", held, id)


def _fields(given: Changes | Person) -> str:
    """What is given, by name; a trait by its own."""
    values = given.model_dump(exclude_none=True)
    return ", ".join([name for name in values if name != "traits"] + sorted(values.get("traits", {})))


def _person_told(given: Person) -> str:
    return f"is {given.role} now" if _fields(given) == "role" else f"new {_fields(given) or 'here'}"


def _write(world: World, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(world.product)) as database, database:
        database.execute(statement, values)


def _column(world: World, query: str, *values: object) -> object:
    with closing(sqlite3.connect(world.product)) as database:
        row = database.execute(query, values).fetchone()
    return row[0] if row else None
