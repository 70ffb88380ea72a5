"""Links remember which audit met them last, and what it found to differ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("links", sa.Column("audit_no", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("links", sa.Column("drift", sa.Text()))
