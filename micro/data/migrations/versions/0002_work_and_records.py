"""Regions, tasks, assignments, answers, records and decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "record",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("answers_count", sa.Integer(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("proposed", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_record_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_record_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("item_id", name=op.f("uq_record_item_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_record_public_id")),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index("ix_record_queue", ["project_id", "state", "confidence", "id"], unique=False)

    op.create_table(
        "region",
        sa.Column("scan_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("x_px", sa.Integer(), nullable=False),
        sa.Column("y_px", sa.Integer(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_region_item_id")),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_region_scan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
        sa.UniqueConstraint("public_id", name=op.f("uq_region_public_id")),
        sa.UniqueConstraint("scan_id", "name", name=op.f("uq_region_scan_id_name")),
    )
    with op.batch_alter_table("region", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_region_item_id"), ["item_id"], unique=False)

    op.create_table(
        "decision",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("made", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_decision_account_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_decision_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("public_id", name=op.f("uq_decision_public_id")),
        sa.UniqueConstraint("record_id", "revision", name=op.f("uq_decision_record_id_revision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_account_id"), ["account_id"], unique=False)

    op.create_table(
        "record_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("made_by", sa.String(length=20), nullable=False),
        sa.Column("engine", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_version_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_version")),
        sa.UniqueConstraint("record_id", "number", name=op.f("uq_record_version_record_id_number")),
    )
    op.create_table(
        "task",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("lent", sa.Integer(), nullable=False),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_task_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_task_project_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_task_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("public_id", name=op.f("uq_task_public_id")),
        sa.UniqueConstraint("region_id", name=op.f("uq_task_region_id")),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(
            "ix_task_free",
            ["project_id", sa.text("priority DESC"), sa.text("answered DESC"), "position", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'open' AND wanted > answered + lent"),
            postgresql_where=sa.text("state = 'open' AND wanted > answered + lent"),
        )
        batch_op.create_index(
            "ix_task_spread",
            ["project_id", sa.text("priority DESC"), "answered", "position", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'open' AND wanted > answered + lent"),
            postgresql_where=sa.text("state = 'open' AND wanted > answered + lent"),
        )
        batch_op.create_index(batch_op.f("ix_task_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            "ix_task_unsettled",
            ["project_id", "item_id"],
            unique=False,
            sqlite_where=sa.text("unsettled"),
            postgresql_where=sa.text("unsettled"),
        )

    op.create_table(
        "assignment",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("setup_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("lent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft", JSON, nullable=True),
        sa.Column("draft_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_assignment_project_id")),
        sa.ForeignKeyConstraint(["setup_id"], ["setup.id"], name=op.f("fk_assignment_setup_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_assignment_task_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_assignment_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_assignment_public_id")),
        sa.UniqueConstraint("task_id", "volunteer_id", name=op.f("uq_assignment_task_id_volunteer_id")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_assignment_out",
            ["project_id", "expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'lent'"),
            postgresql_where=sa.text("state = 'lent'"),
        )
        batch_op.create_index("ix_assignment_volunteer", ["volunteer_id", "project_id", "state"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_report_task_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_report_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_task_id"), ["task_id"], unique=False)

    op.create_table(
        "answer",
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("setup_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.Column("surplus", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_answer_assignment_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_answer_project_id")),
        sa.ForeignKeyConstraint(["setup_id"], ["setup.id"], name=op.f("fk_answer_setup_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_answer_task_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_answer_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("assignment_id", "number", name=op.f("uq_answer_assignment_id_number")),
        sa.UniqueConstraint("assignment_id", "submission_key", name=op.f("uq_answer_assignment_id_submission_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_answer_public_id")),
    )
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.create_index("ix_answer_project_at", ["project_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_answer_task_id"), ["task_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_answer_volunteer_id"), ["volunteer_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_volunteer_id"))
        batch_op.drop_index(batch_op.f("ix_answer_task_id"))
        batch_op.drop_index("ix_answer_project_at")

    op.drop_table("answer")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_task_id"))

    op.drop_table("report")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index("ix_assignment_volunteer")
        batch_op.drop_index(
            "ix_assignment_out", sqlite_where=sa.text("state = 'lent'"), postgresql_where=sa.text("state = 'lent'")
        )

    op.drop_table("assignment")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_task_unsettled", sqlite_where=sa.text("unsettled"), postgresql_where=sa.text("unsettled")
        )
        batch_op.drop_index(batch_op.f("ix_task_project_id"))
        batch_op.drop_index(batch_op.f("ix_task_item_id"))
        batch_op.drop_index(
            "ix_task_spread",
            sqlite_where=sa.text("state = 'open' AND wanted > answered + lent"),
            postgresql_where=sa.text("state = 'open' AND wanted > answered + lent"),
        )
        batch_op.drop_index(
            "ix_task_free",
            sqlite_where=sa.text("state = 'open' AND wanted > answered + lent"),
            postgresql_where=sa.text("state = 'open' AND wanted > answered + lent"),
        )

    op.drop_table("task")
    op.drop_table("record_version")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_account_id"))

    op.drop_table("decision")
    with op.batch_alter_table("region", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_region_item_id"))

    op.drop_table("region")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("ix_record_queue")

    op.drop_table("record")
