"""Files of a delivery in a worker's hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("intake_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("claims", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.execute("UPDATE intake_file SET state = 'waiting' WHERE state = 'working'")
    with op.batch_alter_table("intake_file", schema=None) as batch_op:
        batch_op.drop_column("claims")
        batch_op.drop_column("claimed_at")
