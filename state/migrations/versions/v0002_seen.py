"""Facts remember since when a state that no source dates has been seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("facts", sa.Column("seen", sa.Text(), nullable=True))
