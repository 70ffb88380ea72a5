"""Which column of users, memberships and teams holds what; reasons in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mappings.model.tables import At, Confidence, How, Kind, Pick, Table
from mappings.proposing import words
from mappings.proposing.words import one


def other_ids(table: Table, key: str) -> tuple[At, ...]:
    """What else could name the rows: Stripe and Intercom may know them by it."""
    found = (one(table, (name,), words.ID) for name in words.OTHER_IDS)
    return tuple(
        At(table.name, name) for name in dict.fromkeys(found) if name and name != key and name not in table.points
    )


def person_columns(users: Table, memberships: Table | None) -> Iterator[Pick]:
    """All but ids and role."""
    yield from _first(users, "email", words.EMAILS, words.TEXT, "its name")
    yield from _name(users)
    yield from _verified(users)
    if memberships:
        yield from _first(memberships, "joined_at", words.JOINED, words.MOMENT, "when the membership was made")
    yield from _first(users, "signed_up_at", words.SIGNED_UP, words.MOMENT, "when the user was made")
    seen = "the latest sign of life; cut to the day"
    yield from _first(users, "last_seen_at", words.LAST_SEEN, words.MOMENT, seen, "likely")
    yield from _first(users, "intercom_external_id", words.INTERCOM, words.ID, "its name")
    yield from _erased(users)
    if not memberships:
        yield from _first(users, "updated_at", words.UPDATED, words.MOMENT, "when the row last changed", "likely")


def account_columns(teams: Table, named: bool) -> Iterator[Pick]:
    """All but the id. ``named``: whether the rows are teams, whose name is the account's."""
    if named:
        yield from _first(teams, "name", (*words.NAMES, "title"), words.TEXT, "its name")
    yield from _first(teams, "domain", words.DOMAINS, words.TEXT, "its name")
    yield from _first(teams, "stripe_customer_id", words.STRIPE, words.TEXT, "its name; links the Stripe customer")
    yield from _plan(teams)
    yield from _first(teams, "trial_ends_at", words.TRIAL_ENDS, words.MOMENT, "its name")
    yield from _first(
        teams, "comped", words.COMPED, words.TRUTH, "its name; such accounts keep access unpaid", "likely"
    )
    excluded = "its name; such accounts get no trial and are left alone"
    yield from _first(teams, "excluded", words.EXCLUDED, words.TRUTH, excluded, "likely")
    yield from _first(teams, "hold_reason", words.HOLDS, words.TEXT, "its name; blocks the account", "guess")
    yield from _first(teams, "instance_name", words.INSTANCES, words.TEXT, "its name; existing instances by name")
    yield from _first(teams, "timezone", words.ZONES, words.TEXT, "its name")
    yield from _erased(teams)
    yield from _first(teams, "updated_at", words.UPDATED, words.MOMENT, "when the row last changed", "likely")


def _first(
    table: Table, name: str, usual: Sequence[str], kinds: Sequence[Kind], why: str,
    confidence: Confidence = "sure", how: How = "plain",
) -> Iterator[Pick]:  # fmt: skip
    """The first of the usual names that is there; the others are shown."""
    if found := one(table, usual, kinds):
        others = dict.fromkeys(one(table, (other,), kinds) for other in usual)
        instead = tuple(At(table.name, other) for other in others if other and other != found)
        yield Pick(name, At(table.name, found), why, confidence, how, instead=instead)


def _name(users: Table) -> Iterator[Pick]:
    first, last = one(users, words.FIRST, words.TEXT), one(users, words.LAST, words.TEXT)
    if not one(users, words.NAMES, words.TEXT) and first and last:
        yield Pick("name", At(users.name, first), "first and last name", "sure", "joined", other=At(users.name, last))
        return
    yield from _first(users, "name", words.NAMES, words.TEXT, "its name")


def _verified(users: Table) -> Iterator[Pick]:
    flags = list(_first(users, "email_verified", words.VERIFIED, words.TRUTH, "its name", "likely"))
    moment = "set once the address was confirmed"
    yield from flags or _first(users, "email_verified", words.VERIFIED_AT, words.MOMENT, moment, "likely", "given")


def _erased(table: Table) -> Iterator[Pick]:
    flags = list(_first(table, "erased", words.ERASED, words.TRUTH, "its name; starts an erasure", "likely"))
    moment = "set once the row was erased; starts an erasure"
    yield from flags or _first(table, "erased", words.ERASED_AT, words.MOMENT, moment, "likely", "given")


def _plan(teams: Table) -> Iterator[Pick]:
    for pick in _first(teams, "plan", words.PLANS, words.TEXT, "its name", "likely"):
        values = teams.values.get(pick.source.column, ())
        shown = f"; holds {', '.join(values[:5])}" if values else ""
        yield Pick("plan", pick.source, pick.why + shown, "likely", instead=pick.instead)
