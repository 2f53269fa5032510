"""The log of acts, which the database itself keeps from changes; notifications, their mails, choices and limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)
# Who copies the table "act" in a later migration makes them anew.
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER act_is_never_changed BEFORE UPDATE ON act "
        "BEGIN SELECT RAISE(ABORT, 'acts are only added'); END",
        "CREATE TRIGGER act_is_never_removed BEFORE DELETE ON act "
        "BEGIN SELECT RAISE(ABORT, 'acts are only added'); END",
        "CREATE TRIGGER act_is_never_replaced BEFORE INSERT ON act WHEN EXISTS (SELECT 1 FROM act WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'acts are only added'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION act_is_only_added() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'acts are only added'; END $$",
        "CREATE TRIGGER act_is_never_changed BEFORE UPDATE OR DELETE ON act "
        "FOR EACH ROW EXECUTE FUNCTION act_is_only_added()",
        "CREATE TRIGGER act_is_never_emptied BEFORE TRUNCATE ON act "
        "FOR EACH STATEMENT EXECUTE FUNCTION act_is_only_added()",
        "ALTER TABLE act ENABLE ALWAYS TRIGGER act_is_never_changed",
        "ALTER TABLE act ENABLE ALWAYS TRIGGER act_is_never_emptied",
    ),
}


def upgrade() -> None:
    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", sa.String(length=14), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("project", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("subject_key", sa.String(length=80), nullable=False),
        sa.Column("from_state", sa.String(length=200), nullable=False),
        sa.Column("to_state", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    op.create_index("ix_act_institution", "act", ["institution_id", "id"])
    op.create_index("ix_act_project", "act", ["project", "id"])
    op.create_index("ix_act_who", "act", ["who", "id"])
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)

    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sent_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_digest_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_digest_account_id_key")),
    )
    _index_where("ix_digest_open", "digest", ["state"], "state IN ('waiting', 'sending')")

    op.create_table(
        "notification",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("mail", sa.String(length=20), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notification_account_id")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_notification_digest_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_notification_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notification_public_id")),
        sa.UniqueConstraint("sort", "about", "account_id", name=op.f("uq_notification_sort_about_account_id")),
    )
    op.create_index("ix_notification_account", "notification", ["account_id", "id"])
    op.create_index(op.f("ix_notification_project_id"), "notification", ["project_id"])
    op.create_index(op.f("ix_notification_digest_id"), "notification", ["digest_id"])
    _index_where("ix_notification_unread", "notification", ["account_id"], "state = 'unread'")
    _index_where("ix_notification_mail", "notification", ["account_id", "id"], "mail = 'waiting'")

    op.create_table(
        "mail_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(length=20), nullable=False),
        sa.Column("choice", sa.String(length=20), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_mail_choice_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_choice")),
        sa.UniqueConstraint("account_id", "sort", name=op.f("uq_mail_choice_account_id_sort")),
    )
    op.create_table(
        "queue_limit",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_queue_limit_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_queue_limit")),
    )
    # Who answered when, without reading the answers: retention, and who is new.
    op.create_index("ix_answer_people", "answer", ["project_id", "volunteer_id", "at"])
    op.drop_index("ix_answer_project_at", "answer")
    op.create_index("ix_answer_project_at", "answer", ["project_id", "at", "volunteer_id"])


def _index_where(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_answer_project_at", "answer")
    op.create_index("ix_answer_project_at", "answer", ["project_id", "at"])
    op.drop_index("ix_answer_people", "answer")
    op.drop_table("queue_limit")
    op.drop_table("mail_choice")
    op.drop_table("notification")
    op.drop_table("digest")
    op.drop_table("act")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION act_is_only_added()")
