"""Lessons for volunteers, records that are accepted together, and a project's wish to show lessons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("project", sa.Column("teaching", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_table(
        "lesson",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", JSON, nullable=False),
        sa.Column("stands", JSON, nullable=False),
        sa.Column("wrong", JSON, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_lesson_volunteer_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_lesson_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson")),
        sa.UniqueConstraint("volunteer_id", "record_id", name=op.f("uq_lesson_volunteer_id_record_id")),
    )
    op.create_index(op.f("ix_lesson_record_id"), "lesson", ["record_id"])
    unread = sa.text("state = 'unread'")
    op.create_index("ix_lesson_unread", "lesson", ["volunteer_id"], sqlite_where=unread, postgresql_where=unread)
    op.create_table(
        "batch",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("least", sa.Double(), nullable=False),
        sa.Column("lowest", sa.Double(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("bound", sa.Double(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=40), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_batch_project_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_batch_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("public_id", name=op.f("uq_batch_public_id")),
    )
    op.create_index(op.f("ix_batch_project_id"), "batch", ["project_id"])
    op.create_index(op.f("ix_batch_state"), "batch", ["state"])
    op.create_table(
        "batch_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("before", JSON, nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_record_batch_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_batch_record_record_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_batch_record_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_record")),
        sa.UniqueConstraint("batch_id", "record_id", name=op.f("uq_batch_record_batch_id_record_id")),
    )
    op.create_index("ix_batch_record_state", "batch_record", ["batch_id", "state"])
    op.create_index(op.f("ix_batch_record_record_id"), "batch_record", ["record_id"])
    op.create_index(op.f("ix_batch_record_decision_id"), "batch_record", ["decision_id"])


def downgrade() -> None:
    # Records of a sample go back to where they came from: before this there is no such reason.
    op.execute("UPDATE record SET reason = 'flagged' WHERE reason = 'audit'")
    op.drop_table("batch_record")
    op.drop_table("batch")
    op.drop_table("lesson")
    op.drop_column("project", "teaching")
