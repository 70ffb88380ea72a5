"""A scan that is gone on with knows what it has found so far, and since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("cursors", sa.Column("scan_begun_at", sa.BigInteger()))
    op.add_column("roots", sa.Column("scan_moved", sa.BigInteger()))
