"""The agenda: which accounts are due for a look, when, and which worker holds them.

No wake-up is lost: a mark raises ``wake``, a lease remembers the value it saw, and settling compares them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Double, Row, bindparam, case, func, literal, or_, select, update

from mappings.model import AccountId
from state.database import Base, Database, reading, writing
from state.schema import agenda, cursors, inbox
from state.sql import any_of, clock, filled, least
from state.types import Backlog, Cause, Lease

PROBE_SECONDS: Final = 60.0
_expired = agenda.c.lease_until <= clock()
_unheld = or_(agenda.c.lease_owner.is_(None), _expired)
_FAILED = " failed"
_patient = or_(agenda.c.retry_at.is_(None), agenda.c.retry_at <= clock())
_token = (agenda.c.lease_token == bindparam("_token")) & (agenda.c.lease_owner == bindparam("_owner"))
HELD: Final = (agenda.c.account_id == bindparam("_account")) & _token
"""The row of the account while a lease (``named``) is the current one; it may have expired unnoticed."""
_LEFT: Final = select(agenda.c.lease_until - clock()).where(HELD).with_for_update()
_then = clock() + bindparam("_seconds", type_=Double)
_later = case((agenda.c.lease_until > _then, agenda.c.lease_until), else_=_then)
_RENEW: Final = update(agenda).where(HELD).values(lease_until=_later)


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
        """Due accounts nobody holds, oldest first; an expired foreign lease is taken over with the next token. Of those
        that wait for a system one a minute is among them, to see whether it works again."""
        free = select(agenda).where(or_(_due(now), _probes()), _unheld)
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
        due = (
            select(agenda.c.account_id)
            .where(or_(_due(now), filled(agenda.c.waiting)))
            .order_by(agenda.c.due_at, agenda.c.account_id)
        )
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
        failed: str = "",
        waiting: str = "",
        first: bool = False,
    ) -> bool:
        """Release. If the wake counter moved since the lease: due now, else at ``next_due`` (None: never).

        ``retry_in``: seconds of the database's clock, due now but not before them, attempts + 1; ``failed``: the system
        that this is for. ``waiting`` for a system: due when it recovers, ``first`` before the others, and at
        ``next_due`` all the same; attempts stay. False when the token was lost."""
        again = retry_in is not None
        quiet = agenda.c.wake == lease.wake
        pause = PROBE_SECONDS if waiting else retry_in
        values = {
            "due_at": case((quiet, now if again else next_due), else_=now),
            "retry_at": None if pause is None else case((quiet, clock() + pause), else_=None),
            "attempts": agenda.c.attempts + (0 if waiting else 1) if again or waiting else 0,
            "waiting": case((quiet, waiting), else_=""),
            "first": int(first),
            "cause": agenda.c.cause if again or waiting else case((quiet, ""), else_=agenda.c.cause),
            "reason": case((quiet, failed_reason(failed) if failed else reason), else_=agenda.c.reason),
            "lease_owner": None,
            "lease_until": None,
        }
        return connection.execute(update(agenda).where(HELD).values(values), named(lease)).rowcount == 1

    @writing
    def give_back(self, connection: Connection, lease: Lease) -> None:
        """Nothing was done for this account: it is as due as before."""
        connection.execute(update(agenda).where(HELD).values(lease_owner=None, lease_until=None), named(lease))

    @writing
    def wake_waiting(self, connection: Connection, system: str) -> int:
        """A system recovered: every account waiting for it is due again, trials and payments first, and whoever failed
        because of it is tried at once; returns how many."""
        failed = (agenda.c.reason == failed_reason(system)) & agenda.c.retry_at.is_not(None)
        ready = update(agenda).where(or_(agenda.c.waiting == system, failed))
        ready = ready.values(waiting="", retry_at=None, due_at=case((agenda.c.first == 1, 0), else_=1))
        return connection.execute(ready).rowcount

    @writing
    def let_probe(self, connection: Connection, systems: Sequence[str]) -> None:
        """A run begins: the next account that waits for one of these systems may try it at once."""
        connection.execute(update(agenda).where(agenda.c.waiting.in_(systems)).values(retry_at=None))

    @reading
    def backlog(self, connection: Connection, now: int) -> Backlog:
        counts = select(
            func.count().filter(_due(now), _unheld).label("due"),
            func.count().filter(agenda.c.lease_owner.is_not(None), ~_expired).label("leased"),
            func.min(agenda.c.due_at).filter(agenda.c.due_at > now).label("timer"),
            func.min(agenda.c.retry_at).filter(agenda.c.due_at <= now, ~_patient).label("retry"),
        )
        row = connection.execute(counts).one()
        stalled = select(agenda.c.waiting, func.count()).where(filled(agenda.c.waiting))
        waiting = connection.execute(stalled.group_by(agenda.c.waiting)).tuples()
        again = select(agenda.c.reason, func.count()).where(agenda.c.due_at <= now, ~_patient, agenda.c.waiting == "")
        tried = connection.execute(again.group_by(agenda.c.reason)).tuples()
        retrying = Counter[str]()
        for reason, count in tried:
            retrying[_blamed(reason)] += count
        unhandled = select(func.count()).where(inbox.c.handled_at.is_(None), inbox.c.due_at <= now)
        told = connection.execute(unhandled).scalar_one()
        times = [int(moment) for moment in (row.timer, row.retry) if moment is not None]
        return Backlog(row.due, told, row.leased, dict(waiting.all()), min(times, default=None), retrying)

    @writing
    def make_all_due(self, connection: Connection, now: int, reason: str, cause: Cause = "") -> int:
        """Every account on the agenda, after a change of configuration; returns how many."""
        given = {"cause": cause} if cause else {}
        return connection.execute(update(agenda).values(_woken(now, reason) | given)).rowcount

    @reading
    def causes(self, connection: Connection) -> dict[AccountId, Cause]:
        """Accounts that are due for one."""
        rows = select(agenda.c.account_id, agenda.c.cause).where(agenda.c.cause != "")
        return dict(connection.execute(rows).tuples().all())


def put_mark(
    connection: Connection,
    database: Database,
    accounts: Iterable[AccountId],
    due_at: int,
    reason: str,
    cause: Cause = "",
) -> None:
    """In key order, so that two transactions never wait for each other. The first ``cause`` stays until a look."""
    same = {"due_at": due_at, "wake": 1, "reason": reason, "cause": cause}
    rows = [{"account_id": account} | same for account in sorted(set(accounts))]
    if rows:
        new = database.insert(agenda)
        marked = _woken(new.excluded.due_at, new.excluded.reason)
        marked["cause"] = case((agenda.c.cause == "", new.excluded.cause), else_=agenda.c.cause)
        connection.execute(new.on_conflict_do_update(index_elements=["account_id"], set_=marked), rows)


def named(lease: Lease) -> dict[str, Any]:
    """What HELD asks for."""
    return {"_account": lease.account_id, "_token": lease.token, "_owner": lease.owner}


def working(connection: Connection, accounts: Iterable[AccountId]) -> bool:
    """Whether a worker has one of these accounts now; locks their rows for the rest of the transaction."""
    rows = select(agenda.c.account_id).where(
        agenda.c.account_id.in_(any_of(sorted(accounts))), agenda.c.lease_until > clock()
    )
    return bool(connection.execute(rows.where(agenda.c.lease_owner.is_not(None)).with_for_update()).all())


def seconds_left(connection: Connection, lease: Lease) -> float | None:
    """By the database's clock; locks the row for the rest of the transaction. None when the token is lost."""
    return connection.execute(_LEFT, named(lease)).scalar_one_or_none()


def renew(connection: Connection, lease: Lease, seconds: float) -> bool:
    """Make the lease last at least ``seconds`` from now; False when the token is lost."""
    return connection.execute(_RENEW, named(lease) | {"_seconds": seconds}).rowcount == 1


def _due(now: int) -> ColumnElement[bool]:
    return (agenda.c.due_at <= now) & _patient


def _probes() -> ColumnElement[bool]:
    """For each system that is waited for: who tried least recently, unless somebody tries now or did so in the last
    minute."""
    row = agenda.alias()
    tried, busy = func.coalesce(row.c.retry_at, 0), (row.c.lease_owner.is_not(None)) & (row.c.lease_until > clock())
    resting = or_(tried > clock(), busy)
    system = select(row.c.waiting).where(filled(row.c.waiting)).group_by(row.c.waiting)
    idle = system.having(func.sum(case((resting, 1), else_=0)) == 0)
    rank = func.row_number().over(partition_by=row.c.waiting, order_by=(tried, row.c.account_id))
    waits = filled(row.c.waiting) & row.c.waiting.in_(idle)
    ranked = select(row.c.account_id, rank.label("rank")).where(waits).subquery()
    return agenda.c.account_id.in_(select(ranked.c.account_id).where(ranked.c.rank == 1))


def failed_reason(system: str) -> str:
    """Why an account is tried again that met the first failures of a system."""
    return system + _FAILED


def _blamed(reason: str) -> str:
    return reason.removesuffix(_FAILED) if reason.endswith(_FAILED) else ""


def _woken(due_at: Any, reason: Any) -> dict[str, Any]:
    due = literal(due_at) if isinstance(due_at, int) else due_at
    return {
        "wake": agenda.c.wake + 1,
        "due_at": least(func.coalesce(agenda.c.due_at, due), due),
        "retry_at": None,
        "waiting": "",
        "reason": reason,
    }


def _lease(row: Row[Any], owner: str) -> Lease:
    taken_over = row.lease_owner is not None
    return Lease(
        row.account_id,
        owner,
        row.lease_token + 1,
        row.wake,
        row.reason,
        row.attempts,
        taken_over,
        row.waiting,
        row.cause,
    )
