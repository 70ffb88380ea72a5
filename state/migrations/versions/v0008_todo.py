"""A todo line knows its account, its proposed decision, the command that settles it, and whether a person was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    identifier = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("todo", sa.Column("account_id", identifier, nullable=False, server_default=""))
    for name in ("decision", "command", "decided"):
        op.add_column("todo", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("todo", sa.Column("told_at", sa.BigInteger()))
    op.create_index("todo_subject", "todo", ["subject"])
    op.create_index("todo_account", "todo", ["account_id"])
    # What people were told of before stays told; the subject of a customer is typed like any other.
    op.execute("UPDATE todo SET told_at = since")
    link = "SELECT l.account_id FROM links l WHERE l.target = todo.target AND l.subject = todo.subject"
    op.execute(f"UPDATE todo SET account_id = coalesce(({link}), '')")
    op.execute("UPDATE todo SET account_id = substr(subject, 9) WHERE subject LIKE 'account:%'")
    op.execute("UPDATE todo SET subject = 'customer:' || substr(subject, 17) WHERE subject LIKE 'stripe/customer/%'")
