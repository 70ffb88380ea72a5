"""Who of a team is its owner: by a role in words, by a flag, or because the team names its owner."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.model.tables import At, Confidence, Pick, Table
from mappings.proposing import words
from mappings.proposing.casting import Cast, key_of
from mappings.proposing.words import one

OWNING = ("admin", "administrator", "superadmin", "creator", "founder", "root", "manager", "account_owner")
BILLING = ("billing_admin", "billing_manager", "finance", "accounting", "accountant")


def role(found: Cast) -> Iterator[Pick]:
    """At most one; nothing where nothing says it. Without a role everyone counts as owner."""
    link, teams = found.link, found.teams
    if link is None or teams is None or link.name == teams.name:
        return
    text = one(link, words.ROLES, words.TEXT)
    values = tuple(value.casefold() for value in link.values.get(text, ()))
    if text and "owner" in values:
        yield _cases(link, text, [value for value in values if value in BILLING], "billing", values, "sure")
    elif owner := _owner_column(found, teams):
        users = At(found.users.name, key_of(found.users))
        why = f"{teams.name}.{owner} names the owner; the others are members"
        yield Pick("role", At(teams.name, owner), why, "likely", "same", other=users)
    elif text and any(value in OWNING for value in values):
        first = next(value for value in OWNING if value in values)
        yield _cases(link, text, [first], "owner", values, "guess")
    elif flag := one(link, (*words.OWNER_FLAGS, *words.ADMIN_FLAGS), words.TRUTH):
        confidence: Confidence = "likely" if one(link, words.OWNER_FLAGS, words.TRUTH) else "guess"
        yield Pick("role", At(link.name, flag), "owner where it is true, else member", confidence, "flag")


def _owner_column(found: Cast, teams: Table) -> str:
    """A column of the team that names a user."""
    named = {column for column, at in teams.points.items() if at.table == found.users.name}
    return next((name for name in words.OWNERS if (held := one(teams, (name,))) and _names(held, name, named)), "")


def _names(held: str, name: str, declared: set[str]) -> bool:
    return held in declared or name in ("owner_id", "owner_user_id")


def _cases(
    link: Table, column: str, replaced: list[str], by: str, values: tuple[str, ...], confidence: Confidence
) -> Pick:
    shown = f"its name; holds {', '.join(values[:5])}"
    if not replaced:
        return Pick(
            "role", At(link.name, column), f"{shown}; what is neither owner nor billing is a member", confidence
        )
    why = f"{shown}; {' and '.join(replaced)} {'counts' if len(replaced) == 1 else 'count'} as {by}"
    return Pick("role", At(link.name, column), why, confidence, "cases", cases=tuple((value, by) for value in replaced))
