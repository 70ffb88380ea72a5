"""What `check` finds in the product's views: doubles and gaps, values that do not fit, accounts without people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from connectors.product.shapes import ACCOUNTS, USERS, plain
from connectors.product.sources import Rows
from connectors.product.views import measure
from flows.asking import ask
from flows.checks.finding import Finding, Findings
from flows.systems import Wires
from flows.wording import counted
from mappings.config import Config
from mappings.model import Account, Fact, JSONObject, Person, Record, Ref
from mappings.product import facts
from mappings.proposing.checks import doubts
from mappings.viewing import MEANS, WORDS, misfits
from state.store import Store, content

ABOUT, DATABASE = "product", "the product database"
KEYS, KINDS = {USERS: "user_id", ACCOUNTS: "account_id"}, {USERS: "user", ACCOUNTS: "account"}
# How old updated_at has to be beside our last read: their clocks may differ.
SLACK = 60
# A column that two accounts may not share, and what follows.
ONCE = {
    "stripe_customer_id": "whose customer it is cannot be known; give it to one of them",
    "instance_name": "one of them would get the other's instance; give each its own",
}


@dataclass(frozen=True)
class Before:
    """What was stored when a view was last read, ``read_at``: fact -> its content."""

    contents: Mapping[str, str] = field(default_factory=dict)
    read_at: int | None = None


@dataclass
class Seen:
    """What one pass over a view saw. ``wrong``: complaint -> column -> of each row its id, or the word; ``stood``: rows
    that changed though their updated_at did not; ``owners``: account -> how many; ``shared``: column -> value ->
    accounts."""

    rows: int = 0
    users: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    owners: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    stood: list[str] = field(default_factory=list)
    traits: set[str] = field(default_factory=set)
    shared: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))


def views(w: Wires, config: Config, store: Store | None, now: int) -> Findings:
    """Whether the views are there, what is in them, and how well people and accounts fit together."""
    ask(DATABASE, w.product.check)
    yield from _doubts(w, USERS)
    people = ask(DATABASE, lambda: _seen(w, USERS, config, _before(store, USERS), now))
    persons = "1 person" if len(people.users) == 1 else f"{len(people.users)} people"
    yield Finding(ABOUT, "ok", f"{USERS} has {persons} in {counted(len(people.accounts), 'account')}")
    several = [account for account, owners in people.owners.items() if owners > 1]
    if several:
        many = f"{counted(len(several), 'account', 'has', 'have')} several owners{_like(several)}"
        yield Finding(
            ABOUT, "warning", f"{many}: the earliest is asked to pay; make one of them billing where that is wrong"
        )
    yield from _misfits(USERS, people)
    teams = ask(DATABASE, lambda: _seen(w, ACCOUNTS, config, _before(store, ACCOUNTS), now))
    if w.product.columns(ACCOUNTS) is None:
        yield Finding(ABOUT, "ok", f"there is no view {ACCOUNTS}: accounts are known by their people only")
    else:
        yield from _doubts(w, ACCOUNTS)
        yield from _accounts(people.accounts, teams)
    unused = sorted(config.traits.keys() - people.traits - teams.traits)
    if unused and people.rows:
        text = f"{', '.join(unused)} of [traits] is given for nobody: put it into the column traits, or remove it"
        yield Finding(ABOUT, "warning", text)


def _doubts(w: Wires, view: str) -> Findings:
    measured = ask(DATABASE, lambda: measure(w.product, view))
    return (Finding(ABOUT, level, text) for level, text in doubts(view, measured))


def _before(store: Store | None, view: str) -> Before:
    """Nothing before the first read."""
    if store is None:
        return Before()
    kind = "person" if view == USERS else "account"
    return Before(store.contents(kind), store.read_at().get(f"product.{KINDS[view]}s"))


def _seen(w: Wires, view: str, config: Config, before: Before, now: int) -> Seen:
    seen = Seen()
    for raw in Rows(w.product, view, KEYS[view]).raw():
        seen.rows += 1
        id = str(raw.get(KEYS[view]))
        for column, wrong in misfits(raw, config, now):
            seen.wrong[wrong][column].append(str(raw[column]) if column in WORDS else id)
        for fact in _facts(view, plain(raw)):
            _note(seen, view, fact)
            if _stood_still(fact, plain(raw), before):
                seen.stood.append(id)
    return seen


def _facts(view: str, row: JSONObject) -> Iterator[Fact]:
    """A row without its key is left out, and so is an account's that cannot be read: misfits says why."""
    if row.get(KEYS[view]) is None:
        return
    root = Ref("product", KINDS[view], str(row[KEYS[view]]))
    try:
        yield from facts(Record(root, {"rows": [row]} if view == USERS else row))
    except ValueError:
        return


def _note(seen: Seen, view: str, fact: Fact) -> None:
    body = cast("Person | Account", fact.body)
    account = str(body.account_id)
    seen.accounts.add(account)
    seen.traits |= body.traits.keys()
    if isinstance(body, Person):
        seen.users.add(str(body.user_id))
        seen.owners[account] += body.role == "owner"
    else:
        for column in ONCE:
            if value := getattr(body, column):
                seen.shared[column][value].append(account)


def _stood_still(fact: Fact, row: Mapping[str, Any], before: Before) -> bool:
    """An erased person's fact holds less than the row."""
    stored, at = before.contents.get(fact.id), row.get("updated_at")
    if stored is None or before.read_at is None or not isinstance(at, int) or getattr(fact.body, "erased", False):
        return False
    return at < before.read_at - SLACK and stored != content(fact)


def _accounts(members: set[str], teams: Seen) -> Findings:
    yield Finding(ABOUT, "ok", f"{ACCOUNTS} has {counted(len(teams.accounts), 'account')}")
    if lonely := teams.accounts - members:
        some = counted(len(lonely), "account", "has", "have")
        yield Finding(
            ABOUT, "warning", f"{some} no people in {USERS}{_like(lonely)}: nobody is told about them; correct the view"
        )
    if unnamed := members - teams.accounts:
        some = counted(len(unnamed), "account", "has", "have")
        text = (
            f"{some} people in {USERS}, but no row in {ACCOUNTS}{_like(unnamed)}: they have no name; correct the view"
        )
        yield Finding(ABOUT, "warning", text)
    for column, follows in ONCE.items():
        doubled = [account for accounts in teams.shared[column].values() if len(accounts) > 1 for account in accounts]
        if doubled:
            yield Finding(ABOUT, "warning", f"{len(doubled)} accounts share a {column}{_like(doubled)}: {follows}")
    yield from _misfits(ACCOUNTS, teams)


def _misfits(view: str, seen: Seen) -> Findings:
    for wrong, columns in sorted(seen.wrong.items()):
        named = " and ".join(f"{column} ({counted(len(ids), 'row')})" for column, ids in sorted(columns.items()))
        like = _like(id for ids in columns.values() for id in ids)
        where = f"in {view}, {named} {'is' if len(columns) == 1 else 'are'} {wrong}{like}"
        yield Finding(ABOUT, "warning", f"{where}: {MEANS[wrong]}")
    if seen.stood:
        rows = f"{counted(len(seen.stood), 'row')} of {view} changed since the last read while updated_at stood still"
        sees = "Instep compares whole rows and sees them all the same; let updated_at move with every change"
        yield Finding(ABOUT, "warning", f"{rows}{_like(seen.stood)}: {sees}")


def _like(ids: Iterable[str]) -> str:
    return f" (like {', '.join(sorted({'(hidden)' if '@' in id else id for id in ids})[:3])})"
