"""What the brake holds until a person approves it, why an account is due, and how much a source held last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    identifier = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "holds",
        sa.Column("target", identifier, primary_key=True),
        sa.Column("subject", identifier, primary_key=True),
        sa.Column("what", identifier, primary_key=True),
        sa.Column("kind", identifier, nullable=False),
        sa.Column("account_id", identifier, nullable=False),
        sa.Column("mark", identifier, nullable=False),
        sa.Column("says", sa.Text(), nullable=False, server_default=""),
        sa.Column("since", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("approved_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("approved_at", sa.BigInteger()),
    )
    op.create_index("holds_account", "holds", ["account_id"])
    op.create_index("brake_spent", "brake", ["spent_at"])
    op.add_column("agenda", sa.Column("cause", identifier, nullable=False, server_default=""))
    op.add_column("cursors", sa.Column("met", sa.Text()))
    op.add_column("cursors", sa.Column("shrunk_to", sa.Text()))
