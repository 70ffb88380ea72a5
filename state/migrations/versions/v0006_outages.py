"""Who waits for a system and comes first when it works again; what vendors said last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

WAITING = sa.text("waiting <> ''")


def upgrade() -> None:
    identifier = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("agenda", sa.Column("first", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("agenda_waiting", "agenda", ["waiting"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_table(
        "remembered", sa.Column("name", identifier, primary_key=True), sa.Column("body", sa.Text(), nullable=False)
    )
