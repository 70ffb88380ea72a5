"""Todo: what needs a person, one line each, and what a person decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from mappings.deciding import IGNORE, RETRY
from mappings.model import AccountId
from state.database import Base, Database, reading, writing
from state.schema import todo
from state.sql import any_of
from state.types import Todo, TodoKind

UNFORCED: Final = "unmatched"
"""Nobody has to decide: listed where it is asked for."""


class Todos(Base):
    @writing
    def todo_add(self, connection: Connection, items: Sequence[Todo]) -> int:
        """Upsert by (kind, subject, target); ``since`` stays that of the first; returns how many are new. What was
        decided to be ignored stays so until its reason is another."""
        return put_todo(connection, self.database, items)

    @writing
    def todo_clear(self, connection: Connection, kinds: Sequence[TodoKind], subject: str, target: str = "") -> None:
        """Ended by itself."""
        clear_todo(connection, kinds, [subject], target)

    @writing
    def todo_follow(self, connection: Connection, account: AccountId, items: Sequence[Todo]) -> None:
        """What an account's facts say now: ``items``, without a target, replace what they said before."""
        before = (todo.c.account_id == account) & (todo.c.target == "") & ~todo.c.subject.like("customer:%")
        kept = {(item.kind, item.subject) for item in items}
        for row in connection.execute(select(todo).where(before, _pending())).all():
            if (row.kind, row.subject) not in kept:
                connection.execute(delete(todo).where(todo.c.id == row.id))
        put_todo(connection, self.database, items)

    @reading
    def todo(self, connection: Connection, unforced: bool = False) -> list[Todo]:
        """Open lines, oldest first; with ``unforced`` also those that nobody has to decide."""
        lines = select(todo).where(todo.c.resolved_at.is_(None)).order_by(todo.c.since, todo.c.id)
        lines = lines if unforced else lines.where(todo.c.kind != UNFORCED)
        return [todo_from(row) for row in connection.execute(lines)]

    @reading
    def todo_lines(self, connection: Connection, ids: Collection[int]) -> dict[int, Todo]:
        """By id, decided ones too."""
        rows = connection.execute(select(todo).where(todo.c.id.in_(sorted(ids))))
        return {row.id: todo_from(row) for row in rows}

    @reading
    def decided(self, connection: Connection, subjects: Collection[str], target: str = "") -> dict[str, str]:
        """Subject -> what a person decided last; to ignore a line, or to try again, says nothing of a subject."""
        done = todo.c.subject.in_(any_of(subjects)) & (todo.c.target == target) & todo.c.resolved_at.is_not(None)
        said = select(todo.c.subject, todo.c.decided).where(done, todo.c.decided.not_in([IGNORE, RETRY]))
        return dict(connection.execute(said.order_by(todo.c.resolved_at, todo.c.id)).tuples().all())

    @reading
    def in_conflict(self, connection: Connection, subject: str, target: str) -> bool:
        """Whether a person has to say who it is there, and has not; to ignore the line says nothing."""
        line = (todo.c.kind == "conflict") & (todo.c.subject == subject) & (todo.c.target == target) & _pending()
        return connection.execute(select(todo.c.id).where(line).limit(1)).first() is not None

    @writing
    def todo_told(self, connection: Connection, now: int) -> int:
        """A person is told of what is open: returns how many lines are new since the last time."""
        new = (todo.c.told_at.is_(None)) & todo.c.resolved_at.is_(None) & (todo.c.kind != UNFORCED)
        return connection.execute(update(todo).where(new).values(told_at=now)).rowcount


def put_todo(connection: Connection, database: Database, items: Sequence[Todo]) -> int:
    lines = {(item.kind, item.subject, item.target): item for item in items}
    if not lines:
        return 0
    same = todo.c.subject.in_(any_of({subject for _, subject, _ in lines}))
    known = {(row.kind, row.subject, row.target): row for row in connection.execute(select(todo).where(same))}
    rows = [row for key, item in sorted(lines.items()) if (row := _written(item, known.get(key)))]
    if rows:
        new = database.insert(todo)
        fields = {name: new.excluded[name] for name in (*_SAYS, *_OPEN)}
        connection.execute(new.on_conflict_do_update(index_elements=["kind", "subject", "target"], set_=fields), rows)
    opened = [row for row in rows if (before := known.get(_key(row))) is None or before.resolved_at is not None]
    return len(opened)


def clear_todo(connection: Connection, kinds: Sequence[TodoKind], subjects: Iterable[str], target: str = "") -> None:
    """What was ignored is over as well: should it come again, a person is asked again."""
    over = todo.c.kind.in_(kinds) & todo.c.subject.in_(any_of(subjects)) & (todo.c.target == target)
    connection.execute(delete(todo).where(over, _pending()))


def _pending() -> ColumnElement[bool]:
    return todo.c.resolved_at.is_(None) | (todo.c.decided == IGNORE)


_SAYS = ("account_id", "reason", "proposal", "decision", "command")
_OPEN = ("since", "told_at", "resolved_at", "resolved_by", "decided")


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["subject"], row["target"]


def _written(item: Todo, row: Row[Any] | None) -> dict[str, Any] | None:
    """The row to write; None where nothing moved."""
    says = {name: getattr(item, name).replace("\x00", "") for name in _SAYS}
    same = row is not None and row.reason == says["reason"]
    if row is not None and row.resolved_at is not None:
        if same and row.decided == IGNORE:
            return None
        row = None
    elif row is not None and all(getattr(row, name) == value for name, value in says.items()):
        return None
    told = {"since": row.since if row else item.since, "told_at": row.told_at if row and same else None}
    opened = {"resolved_at": None, "resolved_by": "", "decided": ""}
    return {"kind": item.kind, "subject": item.subject, "target": item.target, **says, **told, **opened}


def todo_from(row: Row[Any]) -> Todo:
    return Todo(**{name: getattr(row, name) for name in Todo.__dataclass_fields__})
