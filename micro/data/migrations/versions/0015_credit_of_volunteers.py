"""How each volunteer wants to be named in public."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

EMPTY = sa.text("''")


def upgrade() -> None:
    op.add_column("volunteer", sa.Column("credit", sa.String(length=10), server_default=EMPTY, nullable=False))
    op.add_column("volunteer", sa.Column("credit_name", sa.String(length=80), server_default=EMPTY, nullable=False))
    op.add_column("volunteer", sa.Column("orcid", sa.String(length=19), server_default=EMPTY, nullable=False))


def downgrade() -> None:
    for name in ("orcid", "credit_name", "credit"):
        op.drop_column("volunteer", name)
