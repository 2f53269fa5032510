"""Pages of one file, working copies, references, layouts, runs of cutting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "cutting_run",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("way", JSON, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cutting_run_account_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_cutting_run_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cutting_run")),
        sa.UniqueConstraint("public_id", name=op.f("uq_cutting_run_public_id")),
    )

    with op.batch_alter_table("cutting_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cutting_run_project_id"), ["project_id"], unique=False)

    op.create_table(
        "layout",
        sa.Column("scan_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("page_width", sa.Double(), nullable=False),
        sa.Column("page_height", sa.Double(), nullable=False),
        sa.Column("frame", sa.String(length=40), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_layout_scan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layout")),
        sa.UniqueConstraint("public_id", name=op.f("uq_layout_public_id")),
        sa.UniqueConstraint("scan_id", "sha256", name=op.f("uq_layout_scan_id_sha256")),
    )

    with op.batch_alter_table("intake_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pages", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("is_layout", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("region", schema=None) as batch_op:
        batch_op.add_column(sa.Column("position", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("type", sa.String(length=80), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("polygon", JSON, nullable=True))
        batch_op.add_column(sa.Column("baseline", JSON, nullable=True))
        batch_op.add_column(sa.Column("reference_text", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("reference_confidence", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("layout_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_region_layout_id"), "layout", ["layout_id"], ["id"])

    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("frame", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("working_key", sa.String(length=200), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(sa.Column("reference", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("state", sa.String(length=20), server_default="shown", nullable=False))
        batch_op.add_column(sa.Column("replaced_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("cut_problem", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("cut_problem_values", JSON, nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_scan_project_id_sha256"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_scan_project_id_sha256_frame"), ["project_id", "sha256", "frame"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_scan_replaced_by_id"), "scan", ["replaced_by_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_scan_replaced_by_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_scan_project_id_sha256_frame"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_scan_project_id_sha256"), ["project_id", "sha256"])
        batch_op.drop_column("cut_problem_values")
        batch_op.drop_column("cut_problem")
        batch_op.drop_column("replaced_by_id")
        batch_op.drop_column("state")
        batch_op.drop_column("reference")
        batch_op.drop_column("working_key")
        batch_op.drop_column("frame")

    with op.batch_alter_table("region", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_region_layout_id"), type_="foreignkey")
        batch_op.drop_column("layout_id")
        batch_op.drop_column("reference_confidence")
        batch_op.drop_column("reference_text")
        batch_op.drop_column("baseline")
        batch_op.drop_column("polygon")
        batch_op.drop_column("type")
        batch_op.drop_column("position")

    with op.batch_alter_table("intake_file", schema=None) as batch_op:
        batch_op.drop_column("is_layout")
        batch_op.drop_column("pages")

    op.drop_table("layout")

    with op.batch_alter_table("cutting_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cutting_run_project_id"))

    op.drop_table("cutting_run")
