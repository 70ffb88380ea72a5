"""Forgetting a person or an account: what Links, journal, todo and facts hold of them goes; ids stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from mappings.model import AccountId, Ref, Subject, subject_id
from state.brake import forget_holds
from state.refs import root_key
from state.schema import facts, journal, links, todo
from state.sql import any_of

PERSONAL: Final = frozenset({"email", "name", "owner_email", "comment", "description", "known_as"})


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
    _scrub_people(connection, people)
    erased = links.c.target.like("%.erasures") & links.c.subject.in_(any_of(people))
    others = (links.c.account_id == account) & ~links.c.subject.like("person:%")
    left = _scrub_links(connection, erased | others, keep)
    own = journal.c.subject.in_(any_of(people)) & ~journal.c.target.like("%.erasures")
    connection.execute(update(journal).where(own).values(before={}, after={}))
    _scrub_journal(connection, left | {f"account:{account}"})
    connection.execute(delete(todo).where(todo.c.subject.in_(any_of(_named(people)))))


def _named(people: Sequence[Subject]) -> list[str]:
    """A row that could not be read is put aside under its root's name."""
    return [name for person in people for name in (person, f"user:{subject_id(person)}")]


def _scrub_people(connection: Connection, people: Sequence[Subject]) -> None:
    """The address that Intercom knew them by."""
    roots = any_of(root_key(Ref("product", "user", subject_id(person))) for person in people)
    rows = select(facts).where(facts.c.root.in_(roots), facts.c.kind == "person", facts.c.body.is_not(None))
    for row in connection.execute(rows).all():
        if "@" in str(row.body.get("intercom_external_id")):
            same = (facts.c.root == row.root) & (facts.c.kind == row.kind) & (facts.c.id == row.id)
            body = {name: value for name, value in row.body.items() if name != "intercom_external_id"}
            connection.execute(update(facts).where(same).values(body=body))


def _scrub_links(connection: Connection, which: ColumnElement[bool], keep: frozenset[str]) -> set[str]:
    """Returns the subjects. An in-flight push keeps its frozen body."""
    rows = connection.execute(select(links).where(which)).all()
    for row in rows:
        personal = PERSONAL - ({"name"} if row.subject.startswith("instance:") else set())
        own = frozenset() if row.subject.startswith("person:") else keep
        held = {name: value for name, value in row.held.items() if name not in personal or value in own}
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
