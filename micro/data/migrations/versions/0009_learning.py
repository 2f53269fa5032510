"""What projects learn: reliabilities, calibration, lessons, conduct; adaptive redundancy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "learning",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=40), nullable=False),
        sa.Column("redone", sa.Integer(), nullable=True),
        sa.Column("totals", JSON, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("fits", sa.Integer(), nullable=False),
        sa.Column("calibration", JSON, nullable=True),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("bins", JSON, nullable=False),
        sa.Column("last_answer", sa.Integer(), nullable=False),
        sa.Column("last_decision", sa.Integer(), nullable=False),
        sa.Column("new_answers", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_learning_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning")),
        sa.UniqueConstraint("project_id", name=op.f("uq_learning_project_id")),
    )
    op.create_table(
        "reliability",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("credit", sa.Double(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_reliability_project_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_reliability_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reliability")),
        sa.UniqueConstraint(
            "project_id", "volunteer_id", "type", name=op.f("uq_reliability_project_id_volunteer_id_type")
        ),
    )
    op.create_index(op.f("ix_reliability_volunteer_id"), "reliability", ["volunteer_id"], unique=False)
    op.create_table(
        "item_lesson",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("fits", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("given", JSON, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_lesson_item_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_item_lesson_project_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_lesson")),
    )
    op.create_index("ix_item_lesson_turn", "item_lesson", ["project_id", "turn"], unique=False)
    op.create_table(
        "conduct",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["other_id"], ["volunteer.id"], name=op.f("fk_conduct_other_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_conduct_project_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_conduct_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct")),
    )
    op.create_index("ix_conduct_project", "conduct", ["project_id", "volunteer_id"], unique=False)
    # Projects that are running keep the rule that they were set up with.
    op.add_column("project", sa.Column("adaptive", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("project", "adaptive")
    for table in ("conduct", "item_lesson", "reliability", "learning"):
        op.drop_table(table)
