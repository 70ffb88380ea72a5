"""The brake: how often something may be sent in 24 hours, counted over all workers in the transaction of its intent,
and what is held back until a person approves it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, delete, exists, func, select, text, update

from mappings.brake import CONTESTED, NAMES
from mappings.model import AccountId
from state.agenda import put_mark, seconds_left
from state.database import Base, Database, reading, writing
from state.house import amended
from state.schema import agenda, brake, holds, links, todo
from state.sql import among, any_of, filled
from state.todos import clear_todo, put_todo
from state.types import Braked, Hold, Lease, LeaseLost, Limit, Todo

DAY_SECONDS: Final = 86_400
# A deleted name and a contested field have lines of their own.
BRAKED: Final = holds.c.kind.not_in([NAMES, CONTESTED])
Counted = tuple[str, str, str]
"""kind, target, subject"""


class Brake(Base):
    @reading
    def holds(self, connection: Connection, account: AccountId | None = None) -> list[Hold]:
        """What is held, of one account or of all, oldest first; approved ones too, until they are sent."""
        rows = select(holds).order_by(holds.c.since, holds.c.account_id, holds.c.target, holds.c.subject, holds.c.what)
        rows = rows.where(holds.c.account_id == account) if account is not None else rows
        return [_hold(row) for row in connection.execute(rows)]

    @reading
    def counted(self, connection: Connection, now: int) -> set[Counted]:
        """What counts against the limits now."""
        recent = select(brake.c.kind, brake.c.target, brake.c.subject).where(brake.c.spent_at > now - DAY_SECONDS)
        return set(connection.execute(recent).tuples())

    @reading
    def allowed(self, connection: Connection, limit: Limit, target: str) -> int:
        """How many a day."""
        return _most(connection, limit, target)

    @writing
    def hold(self, connection: Connection, lease: Lease, held: Hold, line: Todo) -> None:
        """Nothing of it is sent from now on. A step held before stays the one that a person looks at, and is this
        account's; one that moved after it was approved is held anew. LeaseLost."""
        if seconds_left(connection, lease) is None:
            raise LeaseLost(f"someone else holds {lease.account_id} now")
        new = self.database.insert(holds).values(_values(held) | {"approved_by": "", "approved_at": None})
        anew = ("mark", "says", "since", "approved_by", "approved_at")
        moved = {name: case((holds.c.approved_by != "", new.excluded[name]), else_=holds.c[name]) for name in anew}
        mine = {"account_id": new.excluded.account_id}
        connection.execute(new.on_conflict_do_update(index_elements=[*_KEY], set_=mine | moved))
        put_todo(connection, self.database, [line])

    @reading
    def waiting(self, connection: Connection, held: Hold, accounts: bool = False) -> int:
        """Of how many subjects, or ``accounts``, the same is held, this one among them."""
        whose, mine = (holds.c.account_id, held.account_id) if accounts else (holds.c.subject, held.subject)
        others = select(func.count(whose.distinct())).where(_same(held), whose != mine)
        return 1 + (connection.scalar(others) or 0)

    @reading
    def needing(self, connection: Connection, target: str, name: str, member: str) -> tuple[int, int]:
        """How many subjects are believed to hold a member of a set, and how many wait for it."""
        held = (holds.c.target == target) & (holds.c.what == f"{name} {member}")
        waits = connection.scalar(select(func.count(holds.c.subject.distinct())).where(held)) or 0
        return len(_wearing(connection, target, name, member)), waits

    @reading
    def held_kinds(self, connection: Connection) -> dict[str, int]:
        """Kind -> how many steps wait for an approval."""
        kinds = select(holds.c.kind, func.count()).where(holds.c.approved_by == "").group_by(holds.c.kind)
        return dict(connection.execute(kinds.order_by(holds.c.kind)).tuples().all())

    @writing
    def end_name(
        self,
        connection: Connection,
        target: str,
        what: tuple[str, str],
        made: bool,
        by: str,
        now: int,
        house: Mapping[str, Any],
        everybody: bool = False,
    ) -> int:
        """A deleted member of a set (set, name) was ``made`` again, so that nobody wears it any more; or it is
        forgotten, as these fields of the ``house`` then say. Nothing waits for it, and whoever needs it is due, or
        ``everybody``. Returns how many subjects that concerns."""
        amended(connection, house)
        where = (holds.c.target == target) & (holds.c.what == " ".join(what))
        held = connection.execute(delete(holds).where(where).returning(holds.c.subject, holds.c.account_id)).all()
        wore = _wearing(connection, target, *what) if made else []
        line = (todo.c.kind == "held") & (todo.c.subject == f"tag:{what[1]}") & (todo.c.target == target)
        connection.execute(update(todo).where(line).values(resolved_at=now, resolved_by=by))
        found = {row.account_id for row in (*held, *wore)}
        due = {*found, *connection.scalars(select(agenda.c.account_id))} if everybody else found
        put_mark(connection, self.database, due, now, "names changed")
        _take_off(connection, target, *what, wore)
        return len({row.subject for row in (*held, *wore)})

    @writing
    def drop_holds(self, connection: Connection, gone: Sequence[Hold]) -> None:
        """They are wanted no more."""
        connection.execute(delete(holds).where(_among(gone, _MINE)))
        _clear(connection, gone)

    @writing
    def approve(
        self,
        connection: Connection,
        same: Sequence[Hold],
        moved: Sequence[tuple[Hold, Hold]],
        gone: Sequence[Hold],
        by: str,
        now: int,
    ) -> list[Hold]:
        """``same`` may be sent, once each; ``moved``, (as read, as it is now), waits for another approval; ``gone`` is
        wanted no more. What is held otherwise by now stays so. Returns those that may be sent; their accounts are due.
        """
        let = update(holds).where(_waiting(same)).values(approved_by=by, approved_at=now).returning(*holds.c)
        approved = [_hold(row) for row in connection.execute(let).all()]
        if moved:
            this = [holds.c[name] == bindparam(f"_{name}") for name in _READ]
            put = update(holds).where(*this, holds.c.approved_by == "")
            rows = [{f"_{name}": getattr(h, name) for name in _READ} | {"_m": n.mark, "_s": n.says} for h, n in moved]
            connection.execute(put.values(mark=bindparam("_m"), says=bindparam("_s")), rows)
        ended = connection.execute(delete(holds).where(_waiting(gone)).returning(*holds.c)).all()
        _clear(connection, [_hold(row) for row in ended])
        for target, subjects in _free(connection, approved, holds.c.approved_by == ""):
            line = (todo.c.kind == "held") & (todo.c.target == target) & todo.c.subject.in_(any_of(subjects))
            connection.execute(update(todo).where(line).values(resolved_at=now, resolved_by=by))
        put_mark(connection, self.database, {AccountId(held.account_id) for held in approved}, now, "approved")
        return approved


def spend(
    connection: Connection, database: Database, limit: Limit, target: str, subject: str, held: Hold | None, now: int
) -> None:
    """Count this step, once however often it is intended. Raises Braked; then nothing may be sent. What was counted
    stays so, whatever becomes of it. ``held``: what it is held as; an approval of just that lets it through, uncounted,
    until it is done (``use_up``); another step than the one that is held, and of another kind, is judged anew. Without
    it the limit ends by itself."""
    if not database.sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('instep brake'))"))
    if held and (known := connection.execute(select(holds).where(_is(held))).one_or_none()):
        if known.approved_by and known.mark == held.mark:
            return
        if known.mark == held.mark or known.kind == limit.kind:
            raise Braked(known.kind, _most(connection, limit, target))
    connection.execute(delete(brake).where(brake.c.spent_at <= now - DAY_SECONDS))
    same = (brake.c.kind == limit.kind) & (brake.c.target == target)
    if connection.execute(select(brake.c.subject).where(same, brake.c.subject == subject)).first():
        return
    spent = connection.execute(select(func.count(), func.min(brake.c.spent_at)).where(same)).one()
    if spent[0] >= limit.floor and spent[0] >= (most := _most(connection, limit, target)):
        until = None if held else (now if spent[1] is None else spent[1]) + DAY_SECONDS
        raise Braked(limit.kind, most, until)
    values = {"kind": limit.kind, "target": target, "subject": subject, "spent_at": now}
    connection.execute(database.insert(brake).values(values))


def use_up(connection: Connection, done: Hold) -> None:
    """What was approved was done, and acknowledged in this transaction: the next one needs another approval."""
    approved = (holds.c.approved_by != "") & (holds.c.mark == done.mark)
    connection.execute(delete(holds).where(_is(done), approved))


def _most(connection: Connection, limit: Limit, target: str) -> int:
    if not limit.share:
        return limit.floor
    there = select(func.count()).where(links.c.target == target, filled(links.c.external_id))
    return max(limit.floor, int(limit.share * (connection.scalar(there) or 0)))


def _take_off(connection: Connection, target: str, name: str, member: str, wore: Sequence[Row[Any]]) -> None:
    """Believed of them no more. Their accounts were marked before, so that nobody leases one meanwhile; a worker that
    has one already may have read the Link as it was: whatever it writes down, only a read ends the doubt."""
    if not wore:
        return
    mine = (links.c.target == target) & (links.c.subject == bindparam("_subject"))
    leased = exists().where(agenda.c.account_id == links.c.account_id, agenda.c.lease_owner.is_not(None))
    doubted = leased & (links.c.state != "parked")
    state, sequence = case((doubted, "suspect"), else_=links.c.state), links.c.sequence + case((doubted, 1), else_=0)
    put = update(links).where(mine).values(sets=bindparam("_sets"), state=state, sequence=sequence)
    left = [{**row.sets, name: [other for other in row.sets[name] if other != member]} for row in wore]
    connection.execute(put, [{"_subject": row.subject, "_sets": sets} for row, sets in zip(wore, left, strict=True)])


def _wearing(connection: Connection, target: str, name: str, member: str) -> list[Row[Any]]:
    rows = connection.execute(select(links.c.subject, links.c.account_id, links.c.sets).where(links.c.target == target))
    return [row for row in rows if member in row.sets.get(name, ())]


def take_up(connection: Connection, target: str, what: str, field: str) -> None:
    """Nobody contests this field any more: it is written again."""
    same = (holds.c.target == target) & (holds.c.what == what)
    subjects = list(connection.scalars(delete(holds).where(same).returning(holds.c.subject)))
    mine = (links.c.target == target) & links.c.subject.in_(any_of(subjects))
    for row in connection.execute(select(links.c.subject, links.c.overwritten).where(mine)).all():
        left = {name: times for name, times in (row.overwritten or {}).items() if name != field}
        this = (links.c.target == target) & (links.c.subject == row.subject)
        connection.execute(update(links).where(this).values(overwritten=left or None))


def forget_holds(connection: Connection, subjects: Collection[str]) -> None:
    gone = delete(holds).where(holds.c.subject.in_(any_of(subjects))).returning(*holds.c)
    _clear(connection, [_hold(row) for row in connection.execute(gone).all()])


def _clear(connection: Connection, gone: Sequence[Hold]) -> None:
    """The lines of those Links that nothing is held of any more, and of what is held of nobody any more."""
    for target, subjects in _free(connection, gone):
        clear_todo(connection, ["held"], subjects, target)
    for held in {(held.target, held.what): held for held in gone}.values():
        if not connection.execute(select(holds.c.what).where(_same(held)).limit(1)).first():
            clear_todo(connection, ["held"], [held.what], held.target)


def _free(
    connection: Connection, found: Sequence[Hold], *where: ColumnElement[bool]
) -> Iterator[tuple[str, list[str]]]:
    """The Links of ``found`` of which no row of holds (``where``) is left, target by target."""
    mine = {(held.target, held.subject) for held in found}
    left = select(holds.c.target, holds.c.subject).where(among(holds, _KEY[:2], mine), BRAKED, *where)
    for target, some in groupby(sorted(mine - set(connection.execute(left).tuples())), itemgetter(0)):
        yield target, [subject for _, subject in some]


def _among(found: Sequence[Hold], names: Sequence[str]) -> ColumnElement[bool]:
    """As they were read: what another account holds by now stays."""
    return among(holds, names, [tuple(getattr(held, name) for name in names) for held in found])


def _waiting(found: Sequence[Hold]) -> ColumnElement[bool]:
    """Just the steps that were read, where nobody has approved them meanwhile."""
    return _among(found, _READ) & (holds.c.approved_by == "")


def _same(held: Hold) -> Any:
    return (holds.c.target == held.target) & (holds.c.what == held.what)


def _is(held: Hold) -> Any:
    return _same(held) & (holds.c.subject == held.subject)


_KEY = ("target", "subject", "what")
_MINE = (*_KEY, "account_id")
_READ = (*_MINE, "mark")
_FIELDS = tuple(Hold.__dataclass_fields__)


def _values(held: Hold) -> dict[str, Any]:
    return {name: getattr(held, name) for name in _FIELDS}


def _hold(row: Row[Any]) -> Hold:
    return Hold(**{name: getattr(row, name) for name in _FIELDS})
