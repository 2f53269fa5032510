"""Whose answers are in which record, beside what the queue sorts by: kept up by the database, read by its index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NAMES = ("answered_by_new_answer", "answered_of_new_record", "answered_of_moved_record", "answered_by_lost_answer")
# Who copies the tables "record" or "answer" in a later migration (batch mode on SQLite) makes them anew.
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER answered_by_new_answer AFTER INSERT ON answer BEGIN INSERT INTO answered_record "
        "(volunteer_id, record_id, project_id, state, reason, confidence, asked_at, assignee_id, cost_s) "
        "SELECT NEW.volunteer_id, r.id, r.project_id, r.state, r.reason, r.confidence, r.asked_at, "
        "r.assignee_id, r.cost_s FROM task t JOIN record r ON r.item_id = t.item_id WHERE t.id = NEW.task_id "
        "ON CONFLICT DO NOTHING; END",
        "CREATE TRIGGER answered_of_new_record AFTER INSERT ON record BEGIN INSERT INTO answered_record "
        "(volunteer_id, record_id, project_id, state, reason, confidence, asked_at, assignee_id, cost_s) "
        "SELECT a.volunteer_id, r.id, r.project_id, r.state, r.reason, r.confidence, r.asked_at, "
        "r.assignee_id, r.cost_s FROM record r JOIN task t ON t.item_id = r.item_id JOIN answer a ON "
        "a.task_id = t.id WHERE r.id = NEW.id ON CONFLICT DO NOTHING; END",
        "CREATE TRIGGER answered_of_moved_record AFTER UPDATE OF project_id, state, reason, confidence, "
        "asked_at, assignee_id, cost_s ON record BEGIN UPDATE answered_record SET project_id = "
        "NEW.project_id, state = NEW.state, reason = NEW.reason, confidence = NEW.confidence, asked_at = "
        "NEW.asked_at, assignee_id = NEW.assignee_id, cost_s = NEW.cost_s WHERE record_id = NEW.id; END",
        "CREATE TRIGGER answered_by_lost_answer AFTER DELETE ON answer BEGIN DELETE FROM answered_record "
        "WHERE volunteer_id = OLD.volunteer_id AND record_id IN (SELECT r.id FROM task t JOIN record r ON "
        "r.item_id = t.item_id WHERE t.id = OLD.task_id AND NOT EXISTS (SELECT 1 FROM task o JOIN answer a ON"
        " a.task_id = o.id WHERE o.item_id = t.item_id AND a.volunteer_id = OLD.volunteer_id)); END",
    ),
    "postgresql": (
        "CREATE FUNCTION answered_by_new_answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "
        "answered_record (volunteer_id, record_id, project_id, state, reason, confidence, asked_at, "
        "assignee_id, cost_s) SELECT n.volunteer_id, r.id, r.project_id, r.state, r.reason, r.confidence, "
        "r.asked_at, r.assignee_id, r.cost_s FROM added n JOIN task t ON t.id = n.task_id JOIN record r ON "
        "r.item_id = t.item_id FOR SHARE OF r ON CONFLICT DO NOTHING; RETURN NULL; END $$",
        "CREATE FUNCTION answered_of_new_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "
        "answered_record (volunteer_id, record_id, project_id, state, reason, confidence, asked_at, "
        "assignee_id, cost_s) SELECT a.volunteer_id, r.id, r.project_id, r.state, r.reason, r.confidence, "
        "r.asked_at, r.assignee_id, r.cost_s FROM added r JOIN task t ON t.item_id = r.item_id JOIN answer a "
        "ON a.task_id = t.id ON CONFLICT DO NOTHING; RETURN NULL; END $$",
        "CREATE FUNCTION answered_of_moved_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "
        "answered_record SET project_id = NEW.project_id, state = NEW.state, reason = NEW.reason, confidence "
        "= NEW.confidence, asked_at = NEW.asked_at, assignee_id = NEW.assignee_id, cost_s = NEW.cost_s WHERE "
        "record_id = NEW.id; RETURN NULL; END $$",
        "CREATE FUNCTION answered_by_lost_answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM "
        "answered_record WHERE volunteer_id = OLD.volunteer_id AND record_id IN (SELECT r.id FROM task t JOIN"
        " record r ON r.item_id = t.item_id WHERE t.id = OLD.task_id AND NOT EXISTS (SELECT 1 FROM task o "
        "JOIN answer a ON a.task_id = o.id WHERE o.item_id = t.item_id AND a.volunteer_id = "
        "OLD.volunteer_id)); RETURN NULL; END $$",
        "CREATE TRIGGER answered_by_new_answer AFTER INSERT ON answer REFERENCING NEW TABLE AS added FOR EACH"
        " STATEMENT EXECUTE FUNCTION answered_by_new_answer()",
        "CREATE TRIGGER answered_of_new_record AFTER INSERT ON record REFERENCING NEW TABLE AS added FOR EACH"
        " STATEMENT EXECUTE FUNCTION answered_of_new_record()",
        "CREATE TRIGGER answered_of_moved_record AFTER UPDATE OF project_id, state, reason, confidence, "
        "asked_at, assignee_id, cost_s ON record FOR EACH ROW WHEN ((OLD.project_id, OLD.state, OLD.reason, "
        "OLD.confidence, OLD.asked_at, OLD.assignee_id, OLD.cost_s) IS DISTINCT FROM (NEW.project_id, "
        "NEW.state, NEW.reason, NEW.confidence, NEW.asked_at, NEW.assignee_id, NEW.cost_s)) EXECUTE FUNCTION "
        "answered_of_moved_record()",
        "CREATE TRIGGER answered_by_lost_answer AFTER DELETE ON answer FOR EACH ROW EXECUTE FUNCTION "
        "answered_by_lost_answer()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "answered_record",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("asked_at", TIME, nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("cost_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_answered_record_record_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_answered_record_volunteer_id")),
        sa.PrimaryKeyConstraint("record_id", "volunteer_id", name=op.f("pk_answered_record")),
    )
    op.execute(
        "INSERT INTO answered_record "
        "(volunteer_id, record_id, project_id, state, reason, confidence, asked_at, assignee_id, cost_s) "
        "SELECT DISTINCT a.volunteer_id, r.id, r.project_id, r.state, r.reason, r.confidence, r.asked_at, "
        "r.assignee_id, r.cost_s FROM record r JOIN task t ON t.item_id = r.item_id JOIN answer a ON a.task_id = t.id"
    )
    theirs, filters = ["volunteer_id", "project_id", "state"], ["confidence", "asked_at", "assignee_id"]
    queue = [*theirs, "cost_s", "record_id", "reason", *filters]
    reason = [*theirs, "reason", "cost_s", "record_id", *filters]
    assigned = sa.text("assignee_id IS NOT NULL")
    op.create_index("ix_answered_record_queue", "answered_record", queue)
    op.create_index("ix_answered_record_reason", "answered_record", reason)
    op.create_index(
        "ix_answered_record_assignee",
        "answered_record",
        [*theirs, "assignee_id", "cost_s", "record_id"],
        sqlite_where=assigned,
        postgresql_where=assigned,
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_index("ix_record_newest", "record", ["project_id", "state", "changed_at", "id"])
    op.create_index(
        "ix_record_asked", "record", ["project_id", "state", "asked_at", "reason", "confidence", "assignee_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_record_asked", "record")
    op.drop_index("ix_record_newest", "record")
    for name in NAMES:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            op.execute(f"DROP FUNCTION IF EXISTS {name} CASCADE")
    op.drop_table("answered_record")
