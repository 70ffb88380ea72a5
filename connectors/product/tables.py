"""The two tables that Instep keeps in the product's database: requests to be answered, and access."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors.contract import Gone, Page, Rejected
from connectors.product.database import ProductDatabase
from connectors.product.shapes import ACCESS, REQUESTS, access, requests
from connectors.product.sources import PAGE, Rows, Truth
from mappings.model import Desired, Held, Record, Ref, Step, Subject, subject_id


def ask_once(database: ProductDatabase, row: Mapping[str, Any]) -> None:
    """Insert a request that may have been inserted before: the first one stays. Raises Transient, also where it was
    inserted and the answer got lost."""
    dialect = postgresql if database.dialect == "postgresql" else sqlite
    database.write(dialect.insert(requests).values(**row).on_conflict_do_nothing())


class ProductRequests(Truth):
    """Source ``product.requests`` and Target of the same name. Values: ``answer`` and ``reason``; ``answered_at`` is
    written with them. An answer that is there already is never changed, but for ``held``: another one is Rejected."""

    name = "product.requests"
    kinds: tuple[str, ...] = ("request",)
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, database: ProductDatabase, now: Callable[[], int]) -> None:
        super().__init__(Rows(database, REQUESTS, "request_id"))
        self._database, self._now = database, now
        self.timeout = database.gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return _held(self._rows, "request", subject_id(desired.subject), desired)

    def observe(self, resume: str | None) -> Iterator[Page]:
        return self.scan(resume)

    def holds(self, record: Record, desired: Desired) -> Held:
        return _holds(record, desired)

    def push(self, step: Step) -> Held:
        request_id = subject_id(step.subject)
        mine = requests.c.request_id == request_id
        written = self._database.write(self._answer(step.values).where(mine))
        if not written and not self._rows.of(request_id):
            raise Gone(f"there is no request {request_id}")
        if not written:
            raise Rejected(f"the request {request_id} has another answer already")
        return Held(request_id, changed=Ref("product", "request", request_id))

    def push_many(self, steps: Sequence[Step]) -> dict[Subject, Held]:
        alike: defaultdict[tuple[Any, ...], list[Step]] = defaultdict(list)
        for step in steps:
            alike[tuple(sorted(step.values.items()))].append(step)
        written: list[sa.Executable] = []
        for group in alike.values():
            for start in range(0, len(group), PAGE):
                mine = requests.c.request_id.in_([subject_id(step.subject) for step in group[start : start + PAGE]])
                written.append(self._answer(group[0].values).where(mine).returning(requests.c.request_id))
        done = {row["request_id"] for row in self._database.write_many(written)}
        named = {step.subject: subject_id(step.subject) for step in steps}
        return {subject: Held(id, changed=Ref("product", "request", id)) for subject, id in named.items() if id in done}

    def _answer(self, values: Mapping[str, Any]) -> sa.Update:
        unanswered = requests.c.answer.is_(None) | requests.c.answer.in_(["", "held", values.get("answer")])
        return sa.update(requests).where(unanswered).values(**values, answered_at=self._now())


class ProductAccess(Truth):
    """Source ``product.access`` and Target of the same name: one row per account, read by the product.

    Values: the columns of ``instep_access``; ``updated_at`` is written with them.
    """

    name = "product.access"
    kinds: tuple[str, ...] = ("access",)
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "recreate"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, database: ProductDatabase, now: Callable[[], int]) -> None:
        super().__init__(Rows(database, ACCESS, "account_id"))
        self._database, self._now = database, now
        self.timeout = database.gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return _held(self._rows, "access", subject_id(desired.subject), desired)

    def observe(self, resume: str | None) -> Iterator[Page]:
        return self.scan(resume)

    def holds(self, record: Record, desired: Desired) -> Held:
        return _holds(record, desired)

    def push(self, step: Step) -> Held:
        account_id = subject_id(step.subject)
        row = {**step.values, "account_id": account_id, "updated_at": self._now()}
        if step.operation == "create":
            self._database.write(self._upsert(row))
        elif not self._database.write(sa.update(access).where(access.c.account_id == account_id).values(**row)):
            raise Gone(f"the row of {account_id} is no longer there")
        return Held(account_id, changed=Ref("product", "access", account_id))

    def _upsert(self, row: dict[str, Any]) -> sa.Executable:
        insert: Any = postgresql.insert if self._database.dialect == "postgresql" else sqlite.insert
        statement: sa.Executable = (
            insert(access).values(**row).on_conflict_do_update(index_elements=["account_id"], set_=row)
        )
        return statement


def _held(rows: Rows, kind: str, key: str, desired: Desired) -> Held | None:
    found = rows.of(key)
    return _holds(Record(Ref("product", kind, key), found[0]), desired) if found else None


def _holds(record: Record, desired: Desired) -> Held:
    found = record.data or {}
    return Held(record.ref.id, {name: found.get(name) for name in desired.values}, changed=record.ref)
