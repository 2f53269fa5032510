"""Known answers with how people did on them, practice, guides, and an index for what was read lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gold_every", sa.Integer(), nullable=False, server_default=sa.text("0")))
        batch_op.add_column(sa.Column("gold_tells", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gold", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index("ix_record_changed_at", ["changed_at"], unique=False)

    op.create_table(
        "gold",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_gold_account_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_gold_project_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_gold_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold")),
        sa.UniqueConstraint("public_id", name=op.f("uq_gold_public_id")),
        sa.UniqueConstraint("task_id", name=op.f("uq_gold_task_id")),
    )

    with op.batch_alter_table("gold", schema=None) as batch_op:
        batch_op.create_index("ix_gold_state", ["project_id", "state"], unique=False)

    op.create_table(
        "gold_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("gold_id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_gold_check_answer_id")),
        sa.ForeignKeyConstraint(["gold_id"], ["gold.id"], name=op.f("fk_gold_check_gold_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_gold_check_project_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_gold_check_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold_check")),
        sa.UniqueConstraint("answer_id", "field", name=op.f("uq_gold_check_answer_id_field")),
    )

    with op.batch_alter_table("gold_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gold_check_gold_id"), ["gold_id"], unique=False)
        batch_op.create_index("ix_gold_check_volunteer", ["project_id", "volunteer_id"], unique=False)

    op.create_table(
        "practice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("seen", JSON, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_practice_project_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_practice_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice")),
        sa.UniqueConstraint("project_id", "volunteer_id", name=op.f("uq_practice_project_id_volunteer_id")),
    )

    with op.batch_alter_table("practice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_practice_volunteer_id"), ["volunteer_id"], unique=False)

    op.create_table(
        "guide",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("examples", JSON, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_guide_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide")),
        sa.UniqueConstraint("project_id", name=op.f("uq_guide_project_id")),
    )


def downgrade() -> None:
    op.drop_table("guide")

    with op.batch_alter_table("practice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practice_volunteer_id"))

    op.drop_table("practice")

    with op.batch_alter_table("gold_check", schema=None) as batch_op:
        batch_op.drop_index("ix_gold_check_volunteer")
        batch_op.drop_index(batch_op.f("ix_gold_check_gold_id"))

    op.drop_table("gold_check")

    with op.batch_alter_table("gold", schema=None) as batch_op:
        batch_op.drop_index("ix_gold_state")

    op.drop_table("gold")

    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("ix_record_changed_at")

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_column("gold")

    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_column("gold_tells")
        batch_op.drop_column("gold_every")
