"""Where imported work came from, claimed answers, volunteers set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "set_aside",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_set_aside_project_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_set_aside_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
        sa.UniqueConstraint("project_id", "volunteer_id", name=op.f("uq_set_aside_project_id_volunteer_id")),
    )

    with op.batch_alter_table("set_aside", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_set_aside_volunteer_id"), ["volunteer_id"], unique=False)

    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source_id", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("details", JSON, nullable=True))
        batch_op.create_index("ix_answer_source", ["project_id", "source_id"], unique=True)

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source_id", sa.String(length=120), nullable=True))
        batch_op.create_index("ix_task_source", ["project_id", "source_id"], unique=True)

    with op.batch_alter_table("volunteer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source_id", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("claimed_by_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_volunteer_claimed_by_id"), ["claimed_by_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_volunteer_source_id"), ["source_id"])
        batch_op.create_foreign_key(batch_op.f("fk_volunteer_claimed_by_id"), "volunteer", ["claimed_by_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("volunteer", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_volunteer_claimed_by_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_volunteer_source_id"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_volunteer_claimed_by_id"))
        batch_op.drop_column("claimed_by_id")
        batch_op.drop_column("source_id")

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("ix_task_source")
        batch_op.drop_column("source_id")

    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index("ix_answer_source")
        batch_op.drop_column("details")
        batch_op.drop_column("source_id")

    with op.batch_alter_table("set_aside", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_set_aside_volunteer_id"))

    op.drop_table("set_aside")
