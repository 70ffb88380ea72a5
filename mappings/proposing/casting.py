"""Which table plays which part: users, teams, and what says who belongs where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mappings.model.tables import At, Table
from mappings.proposing.words import (
    EMAILS,
    LAST_SEEN,
    NAMES,
    OWNERS,
    PASSWORDS,
    SIGN_INS,
    VERIFIED,
    VERIFIED_AT,
    one,
    plain,
    token,
)

# Best first. `account` may be either; a table that looks like users is never taken for teams.
TEAM_WORDS = (
    "team", "organization", "organisation", "org", "workspace", "company", "account", "tenant", "firm", "business",
)  # fmt: skip
USER_WORDS: Mapping[str, int] = {
    "user": 5, "member": 3, "person": 3, "people": 3, "profile": 3, "account": 2, "customer": 2, "employee": 2,
}  # fmt: skip
OTHER_WORDS = (
    "invitation", "invite", "lead", "contact", "subscriber", "event", "log", "message", "email", "token", "session",
    "identity", "ticket", "order", "payment", "backup",
)  # fmt: skip
ENOUGH = 4


class Unfit(ValueError):
    """The schema has no such thing; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Cast:
    """``link``: the table that says who belongs where (a table of memberships, users or teams themselves); its column
    ``person`` names the user at ``person_to``, its column ``team`` the team at ``team_to``. ``rivals``: what looks like
    users too."""

    users: Table
    teams: Table | None = None
    link: Table | None = None
    person: str = ""
    person_to: At | None = None
    team: str = ""
    team_to: At | None = None
    rivals: tuple[str, ...] = ()


def cast(tables: Sequence[Table], wanted: Mapping[str, At]) -> Cast:
    """``wanted``: the columns that a person named, ``user_id`` and ``account_id`` among them deciding the tables.

    Raises Unfit where nothing looks like users.
    """
    users, rivals = _users(tables, wanted)
    others = [table for table in tables if table.name != users.name]
    found = sorted(_links(users, others, tables, wanted.get("account_id")), key=lambda each: each[0])
    rest = {"users": users, "rivals": rivals}
    if not found:
        return Cast(**rest)  # type: ignore[arg-type]
    _, link, person, person_to, teams, team, team_to = found[0]
    return Cast(users, teams, link, person, person_to, team, team_to, rivals)


def _users(tables: Sequence[Table], wanted: Mapping[str, At]) -> tuple[Table, tuple[str, ...]]:
    if "user_id" in wanted:
        return next(table for table in tables if table.name == wanted["user_id"].table), ()
    points = {at.table for table in tables for at in table.points.values()}
    scores = {table.name: _looks_like_users(table, table.name in points) for table in tables}
    fit = sorted((t for t in tables if scores[t.name] >= ENOUGH), key=lambda t: (-scores[t.name], t.name))
    if not fit:
        emails = [str(At(t.name, c)) for t in tables if (c := one(t, EMAILS))]
        seen = f"; an e-mail address is in {', '.join(emails[:3])}" if emails else ""
        raise Unfit(f"no table looks like users with their e-mail addresses{seen}")
    return fit[0], tuple(table.name for table in fit[1:])


def _looks_like_users(table: Table, pointed_at: bool) -> int:
    if not one(table, EMAILS):
        return 0
    word = token(table.name)
    signs = (LAST_SEEN, VERIFIED + VERIFIED_AT, NAMES)
    score = USER_WORDS.get(word, 0) + 3 * bool(one(table, PASSWORDS)) + sum(bool(one(table, names)) for names in signs)
    return score + pointed_at - (6 if word in OTHER_WORDS else 0)


Link = tuple[tuple[int, int, str], Table, str, At, Table, str, At]


def _links(users: Table, others: Sequence[Table], tables: Sequence[Table], wanted: At | None) -> Iterator[Link]:
    """Every way from users to something like teams, each with its rank: a table between them, a column of users, a
    column of teams that names the owner."""
    for teams in others:
        rank = _team_rank(teams, wanted)
        if rank is None:
            continue
        for link in others:
            person, team = _points(link, users), _points(link, teams)
            if link.name != teams.name and person and team:
                straight = 0 if "member" in link.name or len(link.columns) <= 8 else 1
                yield (rank, straight, link.name), link, *person[0], teams, *team[0]
        if direct := _points(users, teams):
            yield (rank, 2, teams.name), users, _key(users), At(users.name, _key(users)), teams, *direct[0]
        if owned := [
            each for each in _points(teams, users) if plain(each[0]) in map(plain, OWNERS) or len(teams.columns) <= 8
        ]:
            yield (rank, 3, teams.name), teams, *owned[0], teams, _key(teams), At(teams.name, _key(teams))


def _team_rank(table: Table, wanted: At | None) -> int | None:
    if wanted is not None and wanted.table == table.name:
        return -1
    word = token(table.name)
    if one(table, SIGN_INS):
        return None
    return TEAM_WORDS.index(word) if word in TEAM_WORDS else None


def _points(table: Table, target: Table) -> list[tuple[str, At]]:
    """Columns of ``table`` that name a row of ``target``: by foreign key, else by their name; plain names first."""
    usual = [f"{token(target.name)}id", f"{token(target.name)}uuid"]
    declared = [(name, at) for name, at in table.points.items() if at.table == target.name]
    if declared:
        return sorted(declared, key=lambda each: (plain(each[0]) not in usual, each[0]))
    held = {plain(column.name): column.name for column in table.columns if column.name not in table.points}
    key = _key(target)
    return [(held[name], At(target.name, key)) for name in usual if name in held and key]


def _key(table: Table) -> str:
    """The primary key, else a column called id."""
    return table.key[0] if len(table.key) == 1 else one(table, ("id", "uuid", f"{token(table.name)}_id"))


def key_of(table: Table) -> str:
    """The column that names a row of ``table``. Raises Unfit where there is none."""
    if key := _key(table):
        return key
    raise Unfit(f"{table.name} has no column that names its rows")
