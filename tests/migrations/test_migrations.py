"""Migrations: up, down and up again with rows in the tables; the tables they make are those of the models."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from subprocess import PIPE

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, func, inspect, select
from sqlalchemy import text as sql_text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from micro.config import Settings
from micro.data import migrations
from micro.data.database import Database
from micro.data.migrations import current_revision, migrate, newest_revision
from micro.data.models import (
    Act,
    Agreement,
    Answer,
    Base,
    Batch,
    BatchRecord,
    Comment,
    Concept,
    Conduct,
    CuttingRun,
    Digest,
    Gold,
    GoldCheck,
    Guide,
    Intake,
    IntakeFile,
    Invitation,
    Layout,
    Lesson,
    MailChoice,
    Message,
    MessageCopy,
    Move,
    News,
    Notification,
    Practice,
    Project,
    QueueLimit,
    Record,
    RecordHold,
    Scan,
    SetAside,
    SignInTry,
    Vocabulary,
    Volunteer,
)
from micro.house import House, open_house
from micro.services import answers, assignments, people, settling
from micro.services.assignments import LendingRule
from tests.cast import Cast, add_cards, good_answer, make_cast
from tests.conftest import Clock

VERSIONS = Path(migrations.__file__).parent / "versions"


@pytest.fixture
def empty(tmp_path: Path, database_url: str) -> Iterator[House]:
    """A house whose database has no table yet."""
    opened = open_house(
        Settings(data_folder=tmp_path / "var", database_url=database_url, secret_key="x").checked(), Clock()
    )
    yield opened
    opened.database.engine.dispose()


def revisions() -> list[str]:
    script = ScriptDirectory(str(VERSIONS.parent))
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


def fill(house: House) -> None:
    """At least one row in as many tables as a day of work touches."""
    with house.database.writing() as session:
        cast = make_cast(session, house)
        project = cast.project
        add_cards(session, house, project, 2)
        for name in ("one", "two"):
            volunteer = people.volunteer_of_cookie(session, name, house.clock())
            people.accept_terms(session, volunteer, "1", project.licence, "en", "the words", house.clock())
            lent = assignments.lend_task(session, project, volunteer, house.clock(), LendingRule(600, 3))
            assert lent is not None
            assignments.keep_draft(session, lent, {"object": {"value": "half"}}, house.clock(), LendingRule(600, 3))
            answers.give_answer(session, lent, good_answer(), name, house.clock())
            assignments.report_task(session, lent, "upside down", house.clock())
        delivery = Intake(project=project, source="upload", created_at=house.clock())
        session.add_all(
            [
                delivery,
                SignInTry(key="k", at=house.clock()),
                Move(subject="project", subject_id=1, at=house.clock(), from_state="draft", to_state="live"),
            ]
        )
        session.flush()
        session.add(
            IntakeFile(
                intake_id=delivery.id, file_name="a.jpg", storage_key="incoming/a", described={"identifier": "HM 1"}
            )
        )
        settling.settle_some(session, project.id, house.clock())
        fill_the_rest(session, cast, house.clock())


def fill_the_rest(session: Session, cast: Cast, now: datetime) -> None:
    """A row in each table that a day of plain transcription does not touch."""
    scan = session.scalars(select(Scan).limit(1)).one()
    volunteer = session.scalars(select(Volunteer).limit(1)).one()
    project, account = cast.project, cast.ada
    texts = {"en": {"title": "News", "text": "Half of it is read."}}
    vocabulary = Vocabulary(institution=cast.museum, slug="metals", name="Metals", created_at=now, changed_at=now)
    message = Message(project=project, texts=texts, created_at=now)
    answer = session.scalars(select(Answer).limit(1)).one()
    gold = Gold(
        project=project, task_id=answer.task_id, values=answer.value, state="mixed", created_at=now, changed_at=now
    )
    session.add(gold)
    session.flush()
    session.add_all(
        [
            Layout(
                scan=scan, file_name="a.xml", format="ALTO", sha256="0" * 64, storage_key="k", frame="upright",
                body={"lines": []}, created_at=now,
            ),
            CuttingRun(project=project, way={"by": "whole"}, created_at=now),
            SetAside(project_id=project.id, volunteer=volunteer, changed_at=now),
            Invitation(
                institution=cast.museum, email="a@example.org", role="reviewer", token_hash="h", created_at=now,
                expires_at=now,
            ),
            Concept(vocabulary=vocabulary, code="bronze", labels={"en": "bronze"}),
            News(project=project, texts=texts, published_at=now),
            Agreement(account=account, project=project, wording="Yes.", changed_at=now),
            MessageCopy(message=message, account=account),
            Conduct(
                project_id=project.id, volunteer=volunteer, kind="pastes", share=0.9, expected=0.1, answers=20
            ),
            GoldCheck(
                project_id=project.id, gold_id=gold.id, answer_id=answer.id, volunteer_id=volunteer.id,
                field="object", right=True, at=now,
            ),
            Practice(project_id=project.id, volunteer_id=volunteer.id, state="done", seen=[], changed_at=now),
            Guide(project_id=project.id, texts={"en": "Copy."}, examples=[], changed_at=now),
            Comment(task_id=answer.task_id, project_id=project.id, assignment_id=answer.assignment_id,
                    volunteer_id=answer.volunteer_id, words="A drawing!", submission_key="x", at=now),
            Act(at=now, who=account.public_id or "x", verb="project.move", details={"n": 1}),
            Digest(account=account, key="2026-03-01", sent_at=now),
            Notification(account=account, project=project, sort="queue", about="x", path="/", details={}, at=now),
            MailChoice(account_id=account.id, sort="queue", choice="never", changed_at=now),
            QueueLimit(project=project, most=5, changed_at=now),
            RecordHold(record_id=session.scalars(select(Record.id).limit(1)).one(), account_id=account.id, until=now),
            Lesson(volunteer=session.scalars(select(Volunteer).limit(1)).one(), version=1, said={}, stands={}, wrong=[],
                   record=session.scalars(select(Record).limit(1)).one(), at=now),
            BatchRecord(record=session.scalars(select(Record).limit(1)).one(), revision=1, version=1, batch=Batch(
                project=project, account=account, least=0.9, lowest=0.9, size=40, bound=0.1, sample_size=29, seed="x",
                created_at=now, changed_at=now)),
        ]
    )  # fmt: skip


def rows(session: Session) -> dict[str, int]:
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        # Their definitions are compared below: Alembic does not read that a column of an index is in falling order.
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": lambda _, name, *rest: name not in ("ix_task_free", "ix_task_spread"),
            },
        )
        return list(compare_metadata(context, Base.metadata))


def test_the_tables_of_the_migrations_are_those_of_the_models(empty: House) -> None:
    migrate(empty.database)
    assert differences(empty.database) == []
    assert current_revision(empty.database) == newest_revision(empty.database) == revisions()[-1]


def test_indexes_on_part_of_a_table_are_those_of_the_models(empty: House, tmp_path: Path) -> None:
    """Alembic compares columns only; the condition decides how soon lending finds a task."""
    migrate(empty.database)
    made = conditions(empty.database)
    with empty.database.engine.begin() as connection:
        for name in made:
            connection.exec_driver_sql(f'DROP INDEX "{name}"')
    for table in Base.metadata.sorted_tables:
        for index in table.indexes:
            if index.name in made:
                index.create(empty.database.engine)
    assert made
    assert conditions(empty.database) == made


def conditions(database: Database) -> dict[str, str]:
    """The definitions of all indexes with a condition, as the database tells them."""
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
        if database.is_sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'"
    )
    with database.engine.connect() as connection:
        return {name: " ".join(text.replace('"', "").split()) for name, text in connection.execute(sql_text(query))}


def test_up_down_and_up_again_with_rows_in_them(empty: House) -> None:
    migrate(empty.database)
    fill(empty)
    migrate(empty.database, "base")
    assert set(inspect(empty.database.engine).get_table_names()) <= {"alembic_version"}
    assert current_revision(empty.database) is None
    migrate(empty.database)
    fill(empty)
    with empty.database.reading() as session:
        assert rows(session)["answer"] == 2
    assert differences(empty.database) == []


def test_each_step_down_and_up_keeps_the_rows_of_the_tables_that_stay(empty: House) -> None:
    migrate(empty.database)
    fill(empty)
    with empty.database.reading() as session:
        before = rows(session)
    for revision in revisions()[-2::-1]:
        migrate(empty.database, revision)
        assert current_revision(empty.database) == revision
    migrate(empty.database)
    with empty.database.reading() as session:
        after = rows(session)
        for table in ("account", "project", "scan", "item"):  # A step down takes its own tables with it.
            assert after[table] == before[table] > 0, table
        assert session.scalars(select(Project)).one().cutting is not None


def test_migrating_twice_changes_nothing(empty: House) -> None:
    migrate(empty.database)
    fill(empty)
    with empty.database.reading() as session:
        before = rows(session)
    migrate(empty.database)
    with empty.database.reading() as session:
        assert rows(session) == before


def test_the_rows_of_a_day_touch_most_tables(empty: House) -> None:
    """So that the tests above say something; a table that stays empty here is named."""
    migrate(empty.database)
    fill(empty)
    with empty.database.reading() as session:
        assert {name for name, count in rows(session).items() if not count} == {"decision", "release"}


def test_foreign_keys_are_watched_again_after_a_migration(empty: House) -> None:
    migrate(empty.database)
    with empty.database.engine.connect() as connection:
        if empty.database.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


MIGRATE = "import sys; from micro.data.database import Database; from micro.data.migrations import migrate; "
MIGRATE += "print('ready', flush=True); sys.stdin.readline(); migrate(Database(sys.argv[1]))"


def test_two_starts_at_once_wait_for_each_other(empty: House) -> None:
    """As processes: Alembic keeps what it does in variables of the process."""
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, empty.settings.database], stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True
        )
        for _ in range(3)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("go\n")
        start.stdin.flush()
    for start in starts:
        _, problems = start.communicate(timeout=60)
        assert start.returncode == 0, problems
    assert current_revision(empty.database) == newest_revision(empty.database)
    assert differences(empty.database) == []


def test_a_migration_that_fails_holds_nothing_and_changes_nothing(empty: House) -> None:
    """A table that is there already stops the first migration half-way."""
    with empty.database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE account (id INTEGER)")
    with pytest.raises(DBAPIError):
        migrate(empty.database)
    with empty.database.engine.begin() as connection:
        assert inspect(connection).get_table_names() == ["account"]
        connection.exec_driver_sql("DROP TABLE account")
    again = Database(empty.settings.database)
    migrate(again)
    again.engine.dispose()
    assert differences(empty.database) == []


def test_migrations_use_no_models() -> None:
    """A migration that used today's models would do something else tomorrow."""
    for path in VERSIONS.glob("[0-9]*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("micro", "tasks")) for name in names), path.name


def test_every_table_has_a_name_for_each_of_its_constraints() -> None:
    """Without one, SQLite's batch mode could not drop it again."""
    for table in Base.metadata.sorted_tables:
        assert isinstance(table, Table)
        assert all(constraint.name for constraint in table.constraints), table.name


def test_the_triggers_of_the_migrations_are_those_of_the_models(empty: House) -> None:
    """Batch mode loses them without a word when it copies a table for SQLite."""
    migrate(empty.database)
    made = triggers(empty.database)
    assert {"answered_by_new_answer", "answered_of_moved_record", "act_is_never_changed"} <= set(made)
    Base.metadata.drop_all(empty.database.engine)
    assert triggers(empty.database) == {}
    Base.metadata.create_all(empty.database.engine)
    assert triggers(empty.database) == made


def triggers(database: Database) -> dict[str, str]:
    """The definitions of all triggers, and of what they call."""
    queries = (
        ["SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"]
        if database.is_sqlite
        else [
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT proname || '()', prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        ]
    )
    with database.engine.connect() as connection:
        return {name: " ".join(text.split()) for query in queries for name, text in connection.execute(sql_text(query))}
