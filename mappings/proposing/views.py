"""The two views over the tables that were found: each column with its reason, what speaks against it, and how sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mappings.model.tables import At, Join, Only, Pick, Table, View
from mappings.proposing import words
from mappings.proposing.casting import Cast, Unfit, cast, key_of
from mappings.proposing.columns import account_columns, other_ids, person_columns
from mappings.proposing.roles import role

USERS, ACCOUNTS = "instep_users", "instep_accounts"
FIT = {"user_id": words.ID, "account_id": words.ID, "email": words.TEXT}
PERSON_ONLY = frozenset(
    ("user_id", "email", "role", "email_verified", "joined_at", "signed_up_at", "last_seen_at", "intercom_external_id")
)
ACCOUNT_ONLY = frozenset(
    ("domain", "stripe_customer_id", "instance_name", "plan", "trial_ends_at", "comped", "hold_reason", "excluded",
     "timezone")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """``accounts`` is None where the product has no teams. ``notes``: sentences on what was decided or left out."""

    cast: Cast
    users: View
    accounts: View | None
    notes: tuple[str, ...] = ()

    @property
    def views(self) -> tuple[View, ...]:
        return (self.users, self.accounts) if self.accounts else (self.users,)


def propose(tables: Sequence[Table], wanted: Mapping[str, At | None] | None = None) -> Proposal:
    """``wanted``: what a person said instead, column of a view -> column of a table, None for "leave it out".

    Raises Unfit, one sentence, where no views can be made of these tables.
    """
    named = {name: at for name, at in (wanted or {}).items() if at is not None}
    dropped = {name for name, at in (wanted or {}).items() if at is None}
    _check(tables, named)
    found = cast(tables, named)
    of_accounts = {name: at for name, at in named.items() if _is_of_accounts(name, at, found)}
    of_people = {name: at for name, at in named.items() if name == "account_id" or name not in of_accounts}
    users = _with(_users(found), of_people, dropped)
    accounts = _accounts(found, bool(of_accounts))
    accounts = _with(accounts, of_accounts, dropped) if accounts else None
    for required in ("user_id", "email"):
        if not users.pick(required):
            raise Unfit(f"{USERS} needs {required}")
    return Proposal(found, users, accounts, tuple(_notes(found, users, accounts)))


def _check(tables: Sequence[Table], named: Mapping[str, At]) -> None:
    held = {table.name: table for table in tables}
    for name, at in named.items():
        column = held[at.table].column(at.column) if at.table in held else None
        if column is None:
            known = f"{at.table} has no column {at.column}" if at.table in held else f"there is no table {at.table}"
            raise Unfit(known)
        if column.kind not in (*FIT.get(name, (column.kind,)), "other"):
            raise Unfit(f"{at} is a {column.kind}, which cannot be {name}")


def _is_of_accounts(name: str, at: At, found: Cast) -> bool:
    on_teams = found.teams is not None and at.table == found.teams.name
    return name in ACCOUNT_ONLY or (on_teams and name not in PERSON_ONLY)


def _users(found: Cast) -> View:
    users, link, teams = found.users, found.link, found.teams
    key = At(users.name, key_of(users))
    pointed = f"; {link.name}.{found.person} names it" if link and found.person_to == key else ""
    why = f"primary key of {users.name}" if users.key else "it names the rows"
    picks = [Pick("user_id", key, why + pointed, instead=other_ids(users, key.column))]
    if teams and link:
        account = At(teams.name, key_of(teams))
        picks.append(
            Pick("account_id", account, f"primary key of {teams.name}", instead=other_ids(teams, account.column))
        )
        picks += role(found)
    picks += person_columns(
        users, link if link and link.name not in (users.name, teams.name if teams else "") else None
    )
    tables = [table for table in (users, link, teams) if table]
    return View(USERS, users.name, tuple(picks), tuple(_joins(found)), tuple(_only(tables, erasable=users)))


def _joins(found: Cast) -> Iterator[Join]:
    """users, then the table between, then teams."""
    link, teams = found.link, found.teams
    if not link or not teams or not found.person_to or not found.team_to:
        return
    if link.name not in (found.users.name, teams.name):
        yield Join(link.name, found.person, found.person_to)
        yield Join(teams.name, found.team_to.column, At(link.name, found.team))
    elif link.name == teams.name:
        yield Join(teams.name, found.person, found.person_to)
    else:
        yield Join(teams.name, found.team_to.column, At(found.users.name, found.team))


def _only(tables: Sequence[Table], erasable: Table | None = None) -> Iterator[Only]:
    """What was deleted softly is not listed; an erasure has to be seen."""
    for table in {table.name: table for table in tables}.values():
        erased = words.one(table, (*words.ERASED_AT, *words.ERASED)) if table is erasable else ""
        but = At(table.name, erased) if erased else None
        if at := words.one(table, words.DELETED_AT, words.MOMENT):
            yield Only(At(table.name, at), but=but)
        elif flag := words.one(table, words.DELETED, words.TRUTH):
            yield Only(At(table.name, flag), boolean=True, but=but)


def _accounts(found: Cast, asked: bool) -> View | None:
    """Over the teams; without teams over users, where these hold what is an account's or a person ``asked`` for it."""
    table = found.teams or found.users
    picks = list(account_columns(table, named=bool(found.teams)))
    if not (found.teams or asked or any(pick.name == "stripe_customer_id" for pick in picks)):
        return None
    key = At(table.name, key_of(table))
    why = f"primary key of {table.name}" + ("" if found.teams else ": each user is an account")
    first = Pick("account_id", key, why, instead=other_ids(table, key.column))
    return View(ACCOUNTS, table.name, (first, *picks), (), tuple(_only([table], erasable=table)))


def _with(view: View, named: Mapping[str, At], dropped: set[str]) -> View:
    """The view with what a person said instead."""
    reachable = {view.base, *(join.table for join in view.joins)}
    picks = {pick.name: pick for pick in view.picks if pick.name not in dropped}
    for name, at in named.items():
        if at.table not in reachable:
            raise Unfit(f"{view.name} does not reach {at.table}: its columns come from {', '.join(sorted(reachable))}")
        picks[name] = Pick(name, at, "as you said")
    return replace(view, picks=tuple(picks.values()))


def _notes(found: Cast, users: View, accounts: View | None) -> Iterator[str]:
    if found.rivals:
        yield f"{', '.join(found.rivals)} looks like users too: --column user_id={found.rivals[0]}.id takes it instead"
    if not found.teams:
        yield "nothing looks like teams, so each user is its own account"
    elif not users.pick("role"):
        yield "nothing says what a person is to a team, so everyone counts as its owner"
    if not users.pick("email_verified"):
        yield "no column says whether an e-mail is verified, so no customer or contact is linked by its e-mail"
    for table in filter(None, (found.users, found.link)):
        if flag := words.one(table, ("is_active", "active", "status", "state", "disabled", "disabled_at")):
            yield f"{table.name}.{flag} is not looked at: whoever it leaves out is listed all the same"
