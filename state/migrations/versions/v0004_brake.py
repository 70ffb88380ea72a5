"""The brake counts what was sent in the last 24 hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    identifier = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "brake",
        sa.Column("kind", identifier, primary_key=True),
        sa.Column("target", identifier, primary_key=True),
        sa.Column("subject", identifier, primary_key=True),
        sa.Column("spent_at", sa.BigInteger(), nullable=False, server_default="0"),
    )
