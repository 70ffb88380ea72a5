"""Forgetting a person or an account: what Links, journal, todo and facts hold of them goes; ids stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from mappings.model import AccountId, Subject, subject_id
from state.brake import forget_holds
from state.schema import journal, links, todo
from state.sql import any_of

PERSONAL: Final = frozenset({"email", "name", "owner_email", "comment", "description"})


def forget(
    connection: Connection,
    account: AccountId,
    people: Sequence[Subject],
    whole: Subject | None,
    keep: frozenset[str],
) -> None:
    """``people`` lose their Links, what the journal says of them, and their todo; ``whole``: so does the account in
    Intercom. What is left about the account loses every personal value that is not in ``keep``."""
    mine = links.c.subject.in_(any_of([*people, *([whole] if whole else [])])) & ~links.c.target.like("%.erasures")
    gone = mine & (links.c.target.like("intercom.%") | links.c.subject.like("person:%"))
    connection.execute(delete(links).where(gone))
    forget_holds(connection, people)
    left = _scrub_links(connection, links.c.account_id == account, keep)
    own = journal.c.subject.in_(any_of(people)) & ~journal.c.target.like("%.erasures")
    connection.execute(update(journal).where(own).values(before={}, after={}))
    _scrub_journal(connection, left | {f"account:{account}"})
    connection.execute(delete(todo).where(todo.c.subject.in_(any_of(_named(people)))))


def _named(people: Sequence[Subject]) -> list[str]:
    """A row that could not be read is put aside under its root's name."""
    return [name for person in people for name in (person, f"user:{subject_id(person)}")]


def _scrub_links(connection: Connection, which: ColumnElement[bool], keep: frozenset[str]) -> set[str]:
    """Of what is not about a person; returns the subjects. An in-flight push keeps its frozen body."""
    rows = connection.execute(select(links).where(which, ~links.c.subject.like("person:%"))).all()
    for row in rows:
        personal = PERSONAL - ({"name"} if row.subject.startswith("instance:") else set())
        held = {name: value for name, value in row.held.items() if name not in personal or value in keep}
        if held != row.held:
            same = (links.c.target == row.target) & (links.c.subject == row.subject)
            connection.execute(update(links).where(same).values(held=held))
    return {row.subject for row in rows}


def _scrub_journal(connection: Connection, subjects: set[str]) -> None:
    lines = select(journal.c.id, journal.c.before, journal.c.after).where(journal.c.subject.in_(any_of(subjects)))
    for line in connection.execute(lines).all():
        before, after = _without(line.before), _without(line.after)
        if (before, after) != (line.before, line.after):
            connection.execute(update(journal).where(journal.c.id == line.id).values(before=before, after=after))


def _without(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "(erased)" if name in PERSONAL and value else value for name, value in values.items()}
