"""A push has one line in the journal, whoever hears that it was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    identifier = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("journal", sa.Column("key", identifier, nullable=False, server_default=""))
    op.create_index("journal_key", "journal", ["key"])
