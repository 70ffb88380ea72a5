"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agenda",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("retry_at", sa.Double(), nullable=True),
        sa.Column("wake", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waiting", ID, server_default="", nullable=False),
        sa.Column("lease_owner", ID, nullable=True),
        sa.Column("lease_token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_index("agenda_due", "agenda", ["due_at"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", ID, nullable=False),
        sa.Column("value", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "cursors",
        sa.Column("source", ID, nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("scan", sa.Text(), nullable=True),
        sa.Column("scan_look", sa.BigInteger(), nullable=True),
        sa.Column("scanned_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", ID, nullable=True),
        sa.Column("lease_token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("lease_seconds", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "facts",
        sa.Column("root", ID, nullable=False),
        sa.Column("kind", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("offers", sa.Text(), nullable=True),
        sa.Column("seeks", sa.Text(), nullable=True),
        sa.Column("fingerprint", ID, nullable=False),
        sa.Column("look_no", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("root", "kind", "id"),
    )
    op.create_index("facts_account", "facts", ["account_id"], unique=False)
    op.create_index(
        "facts_unmatched",
        "facts",
        ["root"],
        unique=False,
        sqlite_where=sa.text("account_id IS NULL"),
        postgresql_where=sa.text("account_id IS NULL"),
    )
    op.create_table(
        "house",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("source", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("root", ID, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "inbox_due",
        "inbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_index("inbox_event", "inbox", ["source", "event_id"], unique=True)
    op.create_index("inbox_handled", "inbox", ["handled_at"], unique=False)
    op.create_table(
        "journal",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("target", ID, nullable=False),
        sa.Column("subject", ID, nullable=False),
        sa.Column("operation", ID, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("caused_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("vendor_request_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("journal_run", "journal", ["run"], unique=False)
    op.create_index("journal_subject", "journal", ["subject"], unique=False)
    op.create_table(
        "links",
        sa.Column("target", ID, nullable=False),
        sa.Column("subject", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("external_id", ID, server_default="", nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("sets", sa.Text(), nullable=False),
        sa.Column("sent", sa.Text(), nullable=False),
        sa.Column("state", ID, server_default="ok", nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending_key", ID, server_default="", nullable=False),
        sa.Column("pending_body", sa.Text(), nullable=True),
        sa.Column("pending_since", sa.BigInteger(), nullable=True),
        sa.Column("parked_for", sa.Text(), server_default="", nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("target", "subject"),
    )
    op.create_index("links_account", "links", ["account_id"], unique=False)
    op.create_index(
        "links_external",
        "links",
        ["target", "external_id"],
        unique=True,
        sqlite_where=sa.text("external_id <> ''"),
        postgresql_where=sa.text("external_id <> ''"),
    )
    op.create_index("links_subject", "links", ["subject"], unique=False)
    op.create_table(
        "match_keys",
        sa.Column("key", ID, nullable=False),
        sa.Column("role", ID, nullable=False),
        sa.Column("root", ID, nullable=False),
        sa.Column("kind", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("key", "role", "root", "kind", "id"),
    )
    op.create_index("match_keys_fact", "match_keys", ["root", "kind", "id"], unique=False)
    op.create_table(
        "redemptions",
        sa.Column("kind", ID, nullable=False),
        sa.Column("key_hash", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key_hash"),
    )
    op.create_table(
        "roots",
        sa.Column("root", ID, nullable=False),
        sa.Column("look_no", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("root"),
    )
    op.create_table(
        "runs",
        sa.Column("run", ID, nullable=False),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("run"),
    )
    op.create_table(
        "todo",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", ID, nullable=False),
        sa.Column("subject", ID, nullable=False),
        sa.Column("target", ID, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("proposal", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("todo_line", "todo", ["kind", "subject", "target"], unique=True)
