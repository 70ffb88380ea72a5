"""The tables of the state database, the same on SQLite and PostgreSQL. Times are unix seconds, JSON is text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, Text, TypeDecorator, text
from sqlalchemy.engine import Dialect

Id = Text().with_variant(Text(collation="C"), "postgresql")
"""Byte order on both databases, so that ranges and pages in key order mean the same."""
Serial = BigInteger().with_variant(Integer(), "sqlite")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


class Json(TypeDecorator[Any]):
    """JSON as text. orjson writes NUL as an escape, so PostgreSQL takes every string."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value, default=_plain).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


class Words(TypeDecorator[str]):
    """Free text. PostgreSQL refuses NUL, which has no meaning to a reader either."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value.replace("\x00", "") if value else value


metadata = MetaData()


def _id(name: str, **options: Any) -> Column[str]:
    return Column(name, Id, nullable=False, **options)


def _number(name: str, default: int = 0) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=str(default))


def _words(name: str) -> Column[str]:
    return Column(name, Words, nullable=False, server_default="")


def _lease() -> tuple[Column[Any], ...]:
    """A lease by compare-and-set: free when ``lease_owner`` is null; ``lease_until`` is the database's clock."""
    return (Column("lease_owner", Id), _number("lease_token"), Column("lease_until", Double))


house = Table(
    "house",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("body", Json, nullable=False),
)

# What vendors said once and is needed where they do not answer.
remembered = Table("remembered", metadata, _id("name", primary_key=True), Column("body", Json, nullable=False))

counters = Table("counters", metadata, _id("name", primary_key=True), _number("value"))

cursors = Table(
    "cursors",
    metadata,
    _id("source", primary_key=True),
    Column("position", Text),
    Column("scan", Text),
    Column("scan_look", BigInteger),
    Column("scanned_at", BigInteger),
    Column("met", Json),
    Column("shrunk_to", Json),
    *_lease(),
    Column("lease_seconds", Double, nullable=False, server_default="0"),
    Column("scan_begun_at", BigInteger),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Serial, primary_key=True),
    _id("source"),
    _id("event_id"),
    _id("root"),
    _words("reason"),
    _number("occurred_at"),
    _number("due_at"),
    _number("attempts"),
    Column("handled_at", BigInteger),
    _words("error"),
)
Index("inbox_event", inbox.c.source, inbox.c.event_id, unique=True)
_UNHANDLED = text("handled_at IS NULL")
Index("inbox_due", inbox.c.due_at, sqlite_where=_UNHANDLED, postgresql_where=_UNHANDLED)
Index("inbox_handled", inbox.c.handled_at)

# One row per root ever looked at, also for those with nothing left. ``look_no``: the last look that read it whole.
roots = Table(
    "roots",
    metadata,
    _id("root", primary_key=True),
    _number("look_no"),
    Column("scan_moved", BigInteger),  # The last look of a scan, or for one, that found it to differ.
)

facts = Table(
    "facts",
    metadata,
    _id("root", primary_key=True),
    _id("kind", primary_key=True),
    _id("id", primary_key=True),
    Column("account_id", Id),
    Column("body", Json),
    Column("offers", Json),
    Column("seeks", Json),
    Column("seen", Json),
    _id("fingerprint"),
    _number("look_no"),
    Column("gone", Boolean, nullable=False, server_default=text("false")),
)
Index("facts_account", facts.c.account_id)
_UNMATCHED = text("account_id IS NULL")
Index("facts_unmatched", facts.c.root, sqlite_where=_UNMATCHED, postgresql_where=_UNMATCHED)

# A look-up table over the keys in ``facts``; ``role`` is offer or seek.
match_keys = Table(
    "match_keys",
    metadata,
    _id("key", primary_key=True),
    _id("role", primary_key=True),
    _id("root", primary_key=True),
    _id("kind", primary_key=True),
    _id("id", primary_key=True),
)
Index("match_keys_fact", match_keys.c.root, match_keys.c.kind, match_keys.c.id)

agenda = Table(
    "agenda",
    metadata,
    _id("account_id", primary_key=True),
    Column("due_at", BigInteger),
    Column("retry_at", Double),
    _number("wake"),
    _words("reason"),
    _number("attempts"),
    Column("waiting", Id, nullable=False, server_default=""),
    _number("first"),
    Column("cause", Id, nullable=False, server_default=""),
    *_lease(),
)
_WAITING = text("waiting <> ''")
Index("agenda_waiting", agenda.c.waiting, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("agenda_due", agenda.c.due_at)

links = Table(
    "links",
    metadata,
    _id("target", primary_key=True),
    _id("subject", primary_key=True),
    _id("account_id"),
    Column("external_id", Id, nullable=False, server_default=""),
    Column("held", Json, nullable=False),
    Column("sets", Json, nullable=False),
    Column("sent", Json, nullable=False),
    Column("state", Id, nullable=False, server_default="ok"),
    _number("attempt", 1),
    _number("sequence"),
    Column("pending_key", Id, nullable=False, server_default=""),
    Column("pending_body", Json),
    Column("pending_since", BigInteger),
    _words("parked_for"),
    Column("acknowledged_at", BigInteger),
    _number("audit_no"),
    Column("drift", Json),
    Column("overwritten", Json),
)
_NAMED = text("external_id <> ''")
Index("links_external", links.c.target, links.c.external_id, unique=True, sqlite_where=_NAMED, postgresql_where=_NAMED)
Index("links_subject", links.c.subject)
Index("links_account", links.c.account_id)

redemptions = Table(
    "redemptions", metadata, _id("kind", primary_key=True), _id("key_hash", primary_key=True), _id("request_id")
)

# An order to erase a person or an account, and what became of it; ``subject`` is a keyed hash once that is proved.
erasures = Table(
    "erasures",
    metadata,
    _id("subject", primary_key=True),
    _id("account_id"),
    _id("asked_by"),
    _number("asked_at"),
    _id("state"),
    Column("begun_at", BigInteger),
    Column("done_at", BigInteger),
    Column("proved_at", BigInteger),
    Column("places", Json, nullable=False),
)
Index("erasures_account", erasures.c.account_id)

# What counts against a daily limit, for 24 hours.
brake = Table(
    "brake",
    metadata,
    _id("kind", primary_key=True),
    _id("target", primary_key=True),
    _id("subject", primary_key=True),
    _number("spent_at"),
)
Index("brake_spent", brake.c.spent_at)

# A step that the brake holds until a person approves it or it is wanted no more; ``mark``: its fingerprint.
holds = Table(
    "holds",
    metadata,
    _id("target", primary_key=True),
    _id("subject", primary_key=True),
    _id("what", primary_key=True),
    _id("kind"),
    _id("account_id"),
    _id("mark"),
    _words("says"),
    _number("since"),
    Column("approved_by", Words, nullable=False, server_default=""),
    Column("approved_at", BigInteger),
)
Index("holds_account", holds.c.account_id)

journal = Table(
    "journal",
    metadata,
    Column("id", Serial, primary_key=True),
    _id("target"),
    _id("subject"),
    _id("operation"),
    _words("reason"),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    Column("caused_at", BigInteger),
    _number("sent_at"),
    _id("run"),
    _id("vendor_request_id"),
    Column("key", Id, nullable=False, server_default=""),
)
Index("journal_key", journal.c.key)
Index("journal_subject", journal.c.subject)
Index("journal_run", journal.c.run)

todo = Table(
    "todo",
    metadata,
    Column("id", Serial, primary_key=True),
    _id("kind"),
    _id("subject"),
    _id("target"),
    _words("reason"),
    _words("proposal"),
    _number("since"),
    Column("resolved_at", BigInteger),
    _words("resolved_by"),
    Column("account_id", Id, nullable=False, server_default=""),
    _words("decision"),
    _words("command"),
    _words("decided"),
    Column("told_at", BigInteger),
)
Index("todo_line", todo.c.kind, todo.c.subject, todo.c.target, unique=True)
Index("todo_subject", todo.c.subject)
Index("todo_account", todo.c.account_id)

runs = Table(
    "runs",
    metadata,
    _id("run", primary_key=True),
    _words("purpose"),
    _number("started_at"),
    Column("ended_at", BigInteger),
    Column("counts", Json),
    _words("ended_by"),
)
