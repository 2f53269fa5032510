"""Comments on cards that were sent, and which assignments have read those of others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("assignment", sa.Column("heard", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "comment",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("answers_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reading", sa.String(length=20), nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_comment_task_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_comment_project_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_comment_assignment_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_comment_volunteer_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_comment_account_id")),
        sa.ForeignKeyConstraint(["answers_id"], ["comment.id"], name=op.f("fk_comment_answers_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_comment_public_id")),
        sa.UniqueConstraint("assignment_id", "submission_key", name=op.f("uq_comment_assignment_id_submission_key")),
    )
    op.create_index("ix_comment_task", "comment", ["task_id", "id"])
    op.create_index("ix_comment_volunteer", "comment", ["volunteer_id", "at"])
    op.create_index(op.f("ix_comment_project_id"), "comment", ["project_id"])
    op.create_index(op.f("ix_comment_answers_id"), "comment", ["answers_id"])
    unread = sa.text("reading = 'unread'")
    op.create_index("ix_comment_unread", "comment", ["volunteer_id"], sqlite_where=unread, postgresql_where=unread)


def downgrade() -> None:
    # Their log goes with them: a database may give the number of a deleted row again.
    op.execute("DELETE FROM move WHERE subject = 'comment'")
    op.drop_table("comment")
    op.drop_column("assignment", "heard")
