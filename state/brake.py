"""The brake: how often something may be sent in 24 hours, counted over all workers in the transaction of its intent."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, select, text

from mappings.model import Step
from state.database import Database
from state.schema import brake
from state.types import Braked, Limit

DAY_SECONDS: Final = 86_400


def spend(connection: Connection, database: Database, limit: Limit, step: Step, now: int) -> None:
    """Count this step, once however often it is intended. Raises Braked; then nothing may be sent. What was counted
    stays so, whatever becomes of it."""
    if not database.sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('instep brake'))"))
    connection.execute(delete(brake).where(brake.c.spent_at <= now - DAY_SECONDS))
    counted = select(brake).where(brake.c.kind == limit.kind).order_by(brake.c.spent_at)
    spent = connection.execute(counted).all()
    if any((row.target, row.subject) == (step.target, step.subject) for row in spent):
        return
    if len(spent) >= limit.most:
        raise Braked(limit, (spent[0].spent_at if spent else now) + DAY_SECONDS)
    values = {"kind": limit.kind, "target": step.target, "subject": step.subject, "spent_at": now}
    connection.execute(database.insert(brake).values(values))
