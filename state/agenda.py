"""The agenda: which accounts are due for a look, when, and which worker holds them.

No wake-up is lost: a mark raises ``wake``, a lease remembers the value it saw, and settling compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, case, func, literal, or_, select, update

from mappings.model import AccountId
from state.database import Base, Database, reading, writing
from state.schema import agenda, cursors, inbox
from state.sql import any_of, clock, least
from state.types import Backlog, Lease

PROBE_SECONDS: Final = 60.0
_expired = agenda.c.lease_until <= clock()
_unheld = or_(agenda.c.lease_owner.is_(None), _expired)
_patient = or_(agenda.c.retry_at.is_(None), agenda.c.retry_at <= clock())


class Agenda(Base):
    @writing
    def mark(self, connection: Connection, accounts: Sequence[AccountId], due_at: int, reason: str) -> None:
        """wake + 1; ``due_at`` only moves earlier; a back-off ends, for something is new."""
        put_mark(connection, self.database, accounts, due_at, reason)

    @writing
    def lease_accounts(
        self,
        connection: Connection,
        owner: str,
        now: int,
        limit: int,
        seconds: float,
        only: Sequence[AccountId] = (),
    ) -> list[Lease]:
        """Due accounts nobody holds, oldest first; an expired foreign lease is taken over with the next token."""
        free = select(agenda).where(_due(now), _unheld)
        if only:
            free = free.where(agenda.c.account_id.in_(any_of(only)))
        oldest = free.order_by(agenda.c.due_at, agenda.c.account_id).limit(limit)
        rows = connection.execute(oldest.with_for_update(skip_locked=True)).all()
        taken = update(agenda).where(agenda.c.account_id.in_(any_of(row.account_id for row in rows)))
        token, until = agenda.c.lease_token + 1, clock() + seconds
        if rows:
            connection.execute(taken.values(lease_owner=owner, lease_token=token, lease_until=until))
        return [_lease(row, owner) for row in rows]

    @reading
    def due_accounts(self, connection: Connection, now: int) -> list[AccountId]:
        """Everything due, leased or not, oldest first: what a dry run looks at."""
        due = select(agenda.c.account_id).where(_due(now)).order_by(agenda.c.due_at, agenda.c.account_id)
        return list(connection.scalars(due))

    @writing
    def expire(self, connection: Connection, gone: Callable[[str], bool]) -> int:
        """End the leases of workers that are certainly gone, so that nobody waits for them; returns how many. Whoever
        comes next takes them over."""
        ended = 0
        for table in (agenda, cursors):
            owners = set(connection.scalars(select(table.c.lease_owner).where(table.c.lease_owner.is_not(None))))
            dead = [owner for owner in owners if gone(owner)]
            ends = update(table).where(table.c.lease_owner.in_(dead)).values(lease_until=clock())
            ended += connection.execute(ends).rowcount if dead else 0
        return ended

    @writing
    def settle(
        self,
        connection: Connection,
        lease: Lease,
        next_due: int | None,
        reason: str,
        *,
        now: int,
        retry_in: float | None = None,
        waiting: str = "",
    ) -> bool:
        """Release. If the wake counter moved since the lease: due now, else at ``next_due`` (None: never).

        ``retry_in``: seconds of the database's clock, due now but not before them, attempts + 1; with ``waiting`` (a
        system's name; ``retry_in`` is then a minute unless given) attempts stay. False when the token was lost."""
        if waiting and retry_in is None:
            retry_in = PROBE_SECONDS
        again = retry_in is not None
        quiet = agenda.c.wake == lease.wake
        values = {
            "due_at": case((quiet, now if again else next_due), else_=now),
            "retry_at": case((quiet, clock() + retry_in), else_=None) if again else None,
            "attempts": agenda.c.attempts + (0 if waiting else 1) if again else 0,
            "waiting": waiting,
            "reason": case((quiet, reason), else_=agenda.c.reason),
            "lease_owner": None,
            "lease_until": None,
        }
        return connection.execute(update(agenda).where(held(lease)).values(values)).rowcount == 1

    @writing
    def wake_waiting(self, connection: Connection, system: str) -> int:
        """A system recovered: every account waiting for it is due again; returns how many."""
        ready = update(agenda).where(agenda.c.waiting == system).values(waiting="", retry_at=None)
        return connection.execute(ready).rowcount

    @reading
    def backlog(self, connection: Connection, now: int) -> Backlog:
        counts = select(
            func.count().filter(_due(now), _unheld).label("due"),
            func.count().filter(agenda.c.lease_owner.is_not(None), ~_expired).label("leased"),
            func.min(agenda.c.due_at).filter(agenda.c.due_at > now).label("timer"),
            func.min(agenda.c.retry_at).filter(agenda.c.due_at <= now, ~_patient).label("retry"),
            func.count().filter(agenda.c.due_at <= now, ~_patient, agenda.c.waiting == "").label("retrying"),
        )
        row = connection.execute(counts).one()
        stalled = select(agenda.c.waiting, func.count()).where(agenda.c.waiting != "", ~_patient)
        waiting = connection.execute(stalled.group_by(agenda.c.waiting)).tuples()
        unhandled = select(func.count()).where(inbox.c.handled_at.is_(None), inbox.c.due_at <= now)
        told = connection.execute(unhandled).scalar_one()
        times = [int(moment) for moment in (row.timer, row.retry) if moment is not None]
        return Backlog(row.due, told, row.leased, dict(waiting.all()), min(times, default=None), row.retrying)

    @writing
    def make_all_due(self, connection: Connection, now: int, reason: str) -> int:
        """Every account on the agenda, after a change of configuration; returns how many."""
        return connection.execute(update(agenda).values(_woken(now, reason))).rowcount


def put_mark(
    connection: Connection, database: Database, accounts: Iterable[AccountId], due_at: int, reason: str
) -> None:
    """In key order, so that two transactions never wait for each other."""
    rows = [{"account_id": account, "due_at": due_at, "wake": 1, "reason": reason} for account in sorted(set(accounts))]
    if rows:
        new = database.insert(agenda)
        marked = _woken(new.excluded.due_at, new.excluded.reason)
        connection.execute(new.on_conflict_do_update(index_elements=["account_id"], set_=marked), rows)


def held(lease: Lease) -> ColumnElement[bool]:
    """The row of the account while this lease is the current one (it may have expired unnoticed)."""
    mine = (agenda.c.lease_token == lease.token) & (agenda.c.lease_owner == lease.owner)
    return (agenda.c.account_id == lease.account_id) & mine


def seconds_left(connection: Connection, lease: Lease) -> float | None:
    """By the database's clock; locks the row for the rest of the transaction. None when the token is lost."""
    left = select(agenda.c.lease_until - clock()).where(held(lease))
    return connection.execute(left.with_for_update()).scalar_one_or_none()


def renew(connection: Connection, lease: Lease, seconds: float) -> bool:
    """Make the lease last at least ``seconds`` from now; False when the token is lost."""
    until = case((agenda.c.lease_until > clock() + seconds, agenda.c.lease_until), else_=clock() + seconds)
    return connection.execute(update(agenda).where(held(lease)).values(lease_until=until)).rowcount == 1


def _due(now: int) -> ColumnElement[bool]:
    return (agenda.c.due_at <= now) & _patient


def _woken(due_at: Any, reason: Any) -> dict[str, Any]:
    due = literal(due_at) if isinstance(due_at, int) else due_at
    return {
        "wake": agenda.c.wake + 1,
        "due_at": least(func.coalesce(agenda.c.due_at, due), due),
        "retry_at": None,
        "reason": reason,
    }


def _lease(row: Row[Any], owner: str) -> Lease:
    taken_over = row.lease_owner is not None
    return Lease(row.account_id, owner, row.lease_token + 1, row.wake, row.reason, row.attempts, taken_over)
