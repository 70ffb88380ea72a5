"""A Link remembers which of its fields others have overwritten, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("links", sa.Column("overwritten", sa.Text()))
