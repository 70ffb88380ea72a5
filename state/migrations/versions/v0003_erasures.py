"""Orders to erase a person or an account, and what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("subject", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        *(
            sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False)
            for name in ("account_id", "asked_by")
        ),
        sa.Column("asked_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("state", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("begun_at", "done_at", "proved_at")),
        sa.Column("places", sa.Text(), nullable=False),
    )
    op.create_index("erasures_account", "erasures", ["account_id"])
