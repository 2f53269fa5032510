"""The order of the queue, soft locks, questions, what a decision took and what an undo brings back; four eyes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)
FILTERS = ["reason", "confidence", "asked_at", "assignee_id"]
INDEXES = {
    "ix_record_queue": ["cost_s", "id", *FILTERS],
    "ix_record_reason": ["reason", "cost_s", "id", "confidence", "asked_at", "assignee_id"],
    "ix_record_assignee": ["assignee_id", "cost_s", "id", "reason", "confidence", "asked_at"],
    "ix_record_confidence": ["confidence", "reason", "asked_at", "assignee_id"],
}


def upgrade() -> None:
    op.create_table(
        "record_hold",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_record_hold_account_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_hold_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_record_hold")),
    )

    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.add_column(sa.Column("four_eyes", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("ix_record_queue")
        batch_op.add_column(sa.Column("asked_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("errors", sa.Double(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("fields_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("cost_s", sa.Double(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("assignee_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("question", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_record_assignee_id"), "account", ["assignee_id"], ["id"])

    # What waits now stands in the order it had, the least certain first, until it is settled again: see sweeping.
    op.execute(
        "UPDATE record SET asked_at = changed_at, errors = 1 - confidence, fields_count = 1, "
        "cost_s = 10 / CASE WHEN confidence < 0.99 THEN 1 - confidence ELSE 0.01 END WHERE state <> 'open'"
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "record", ["project_id", "state", *columns])

    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked", sa.String(length=30), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("took_s", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("fields_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("to_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("question", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("before", JSON, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_decision_to_id"), "account", ["to_id"], ["id"])
        batch_op.create_index("ix_decision_pace", ["asked", "id"], unique=False)
        batch_op.create_index("ix_decision_at", ["at"], unique=False)


def downgrade() -> None:
    # What an older version has no word for becomes the nearest that it has.
    op.execute("UPDATE record SET reason = 'conflict' WHERE reason IN ('contentious', 'flagged', 'second')")
    op.execute("UPDATE decision SET action = 'amend' WHERE action IN ('illegible', 'revert')")
    op.execute("DELETE FROM decision WHERE action IN ('hand', 'flag', 'undo')")

    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index("ix_decision_at")
        batch_op.drop_index("ix_decision_pace")
        batch_op.drop_constraint(batch_op.f("fk_decision_to_id"), type_="foreignkey")
        for name in ("before", "question", "to_id", "fields_count", "took_s", "asked"):
            batch_op.drop_column(name)

    for name in INDEXES:
        op.drop_index(name, "record")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_record_assignee_id"), type_="foreignkey")
        for name in ("question", "assignee_id", "cost_s", "fields_count", "errors", "asked_at"):
            batch_op.drop_column(name)
        batch_op.create_index("ix_record_queue", ["project_id", "state", "confidence", "id"], unique=False)

    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_column("four_eyes")

    op.drop_table("record_hold")
