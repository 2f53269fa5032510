"""The log of acts: what leaves a line and what does not, what a line keeps, and that nobody changes one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from micro.config import Settings
from micro.data.acts import POSTGRES_TRIGGERS, SQLITE_TRIGGERS
from micro.data.database import WATCH
from micro.data.migrations import migrate
from micro.data.models import Account, Act, Institution, Membership, Project, SignInTry
from micro.errors import Conflict
from micro.house import House, open_house
from micro.services import act_search, acts, projects
from micro.services.act_search import Wanted
from tests.cast import Cast, add_cards
from tests.conftest import Clock


@contextmanager
def acting(
    house: House, who: Account, verb: str, place: tuple[int | None, str] = (None, ""), **more: str
) -> Iterator[acts.Doing]:
    """Whatever is written meanwhile is an act of this person."""
    doing = acts.Doing(
        who.public_id,
        verb,
        more.pop("subject", ""),
        more.pop("subject_key", ""),
        lambda _: place,
        more,
        "",
        house.clock,
    )
    token = WATCH.set(doing)
    try:
        yield doing
    finally:
        WATCH.reset(token)


def all_acts(house: House) -> list[Act]:
    with house.database.reading() as session:
        return list(session.scalars(select(Act).order_by(Act.id)))


def test_a_move_leaves_a_line_with_from_to_and_why_in_the_same_transaction(house: House, cast: Cast) -> None:
    place = cast.museum.id, "finds"
    with (
        acting(house, cast.mia, "manage.state", place, subject="project", subject_key="finds"),
        house.database.writing() as session,
    ):
        found = session.get_one(Project, cast.project.id)
        projects.move_project(session, found, "paused", cast.mia.id, house.clock(), "holidays")
    (act,) = all_acts(house)
    assert (act.who, act.verb, act.from_state, act.to_state, act.why) == (
        cast.mia.public_id, "manage.state", "live", "paused", "holidays"
    )  # fmt: skip
    assert (act.institution_id, act.project, act.subject, act.subject_key) == (
        cast.museum.id,
        "finds",
        "project",
        "finds",
    )
    assert act.details["changed"] == {"project.state": ["live", "paused"]}


def change_and_fail(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        found = session.get_one(Project, cast.project.id)
        found.licence = "CC0-1.0"
        session.flush()
        projects.move_project(session, found, "draft", cast.mia.id, house.clock())


def test_what_is_refused_or_changes_nothing_leaves_no_line(house: House, cast: Cast) -> None:
    with acting(house, cast.mia, "manage.state"):
        with pytest.raises(Conflict):
            change_and_fail(house, cast)
        with house.database.writing() as session:
            session.get_one(Project, cast.project.id).licence = "CC-BY-4.0"  # As it was.
            session.add(SignInTry(key="k", at=house.clock()))
    assert all_acts(house) == []


def test_secrets_addresses_and_names_of_people_are_not_kept(house: House, cast: Cast) -> None:
    with acting(house, cast.nora, "manage.staff"), house.database.writing() as session:
        session.get_one(Project, cast.project.id).trial_key = "a secret of a trial"
        session.get_one(Institution, cast.museum.id).contact = "mia.private@example.org"
        session.get_one(Account, cast.ben.id).name = "Benjamin"
        session.get_one(Account, cast.ben.id).password_hash = "argon"
        session.scalars(select(Membership).where(Membership.account_id == cast.ben.id)).one().role = "manager"
    (act,) = all_acts(house)
    kept = f"{act.details} {act.words}"
    assert not any(word in kept for word in ("secret of", "mia.private", "Benjamin", "benjamin", "argon"))
    assert act.details["changed"] == {"membership.role": ["reviewer", "manager"]}
    assert act.details["people"] == [cast.ben.public_id]
    assert (act.from_state, act.to_state, act.institution_id) == (
        "reviewer",
        "manager",
        None,
    ) or act.from_state == "reviewer"


def test_a_line_is_no_longer_than_its_columns_however_much_is_changed(house: House, cast: Cast) -> None:
    with acting(house, cast.mia, "manage.settings"), house.database.writing() as session:
        acts.tell(session, why="w" * 9000, subject="s" * 90, details={"many": ["x" * 50] * 1000})
    (act,) = all_acts(house)
    assert (len(act.why), len(act.subject)) == (acts.WHY_LONGEST, 20) and len(act.words) <= 5000


def test_looking_at_something_is_an_act_when_the_use_case_says_so(house: House, cast: Cast) -> None:
    with acting(house, cast.ben, "review.reveal"), house.database.writing() as session:
        acts.tell(session, subject="record", subject_key="abc", project="finds", institution_id=cast.museum.id)
    assert [(act.subject_key, act.project) for act in all_acts(house)] == [("abc", "finds")]
    with house.database.writing() as session:
        acts.tell(session, subject="record")  # Nobody is watched: nothing happens.
    assert len(all_acts(house)) == 1


def test_without_an_institution_in_its_address_an_act_is_where_its_project_is(house: House, cast: Cast) -> None:
    with acting(house, cast.mia, "review.bulk"), house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 7)
    (act,) = all_acts(house)
    assert (act.institution_id, act.project) == (cast.museum.id, "finds")
    assert act.details["made_count"]["scan"] == 7 and len(act.details["made"]["scan"]) == acts.MADE_MOST


# --- nobody changes a line ------------------------------------------------------------------------------------------

TRIES = (
    "UPDATE act SET why = 'other'",
    "UPDATE act SET who = '' WHERE id = 1",
    "DELETE FROM act",
    "DELETE FROM act WHERE id = 1",
)
TRIES_ON = {
    "sqlite": ("INSERT OR REPLACE INTO act SELECT id, at, who, 'x', institution_id, project, subject, subject_key, "
               "from_state, to_state, 'other', details, words FROM act",),
    "postgresql": (
        "TRUNCATE act",
        "TRUNCATE act CASCADE",
        "INSERT INTO act SELECT * FROM act ON CONFLICT (id) DO UPDATE SET why = 'other'",
        "WITH gone AS (DELETE FROM act RETURNING id) SELECT count(*) FROM gone",
    ),
}  # fmt: skip


def refused(house: House, statement: str) -> bool:
    try:
        with house.database.writing() as session:
            session.execute(text(statement))
    except DBAPIError as error:
        return "acts are only added" in str(error.orig)
    return False


def check_that_nothing_changes(house: House) -> None:
    before = [(act.id, act.who, act.verb, act.why) for act in all_acts(house)]
    assert before
    dialect = house.database.engine.dialect.name
    for statement in (*TRIES, *TRIES_ON[dialect]):
        assert refused(house, statement), statement
    with pytest.raises(DBAPIError, match="acts are only added"), house.database.writing() as session:
        session.scalars(select(Act).limit(1)).one().why = "other"
    with pytest.raises(DBAPIError, match="acts are only added"), house.database.writing() as session:
        session.delete(session.scalars(select(Act).limit(1)).one())
    assert [(act.id, act.who, act.verb, act.why) for act in all_acts(house)] == before


def add_an_act(session: Session, house: House, **more: str) -> None:
    session.add(acts.made_act("someone", "manage.state", house.clock(), **more))


def test_the_database_refuses_every_change_to_the_log(house: House) -> None:
    with house.database.writing() as session:
        add_an_act(session, house, why="it was so")
    check_that_nothing_changes(house)


def test_so_it_does_for_the_role_of_the_product_in_a_database_that_was_migrated(
    tmp_path: Path, database_url: str
) -> None:
    """The role is the one that micro itself connects as: it made the tables, and may still change no line."""
    settings = Settings(data_folder=tmp_path / "var", database_url=database_url, secret_key="x").checked()
    house = open_house(settings, Clock())
    migrate(house.database)
    try:
        with house.database.writing() as session:
            add_an_act(session, house)
            if not house.database.is_sqlite:
                assert session.scalar(text("SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'act'"))
        check_that_nothing_changes(house)
        if not house.database.is_sqlite:  # Nor by calling itself a replica, where it may.
            as_replica = "SET LOCAL session_replication_role = replica; DELETE FROM act"
            with pytest.raises(DBAPIError, match="acts are only added"), house.database.engine.begin() as connection:
                connection.exec_driver_sql(as_replica)
        assert set(triggers(house)) == set(made_by_models(house))
    finally:
        house.database.engine.dispose()


def triggers(house: House) -> list[str]:
    query = (
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'act'"
        if house.database.is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = 'act'::regclass AND tgenabled = 'A'"
    )
    with house.database.reading() as session:
        return list(session.scalars(text(query)))


def made_by_models(house: House) -> list[str]:
    """The triggers as micro/data/acts.py makes them."""
    if house.database.is_sqlite:
        return list(SQLITE_TRIGGERS)
    return [words[2] for statement in POSTGRES_TRIGGERS if (words := statement.split())[1] == "TRIGGER"]


def test_erasing_an_account_touches_no_line_and_takes_the_name_away(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        someone = Account(
            email="x@example.org", name="Xenia", password_hash="", session_stamp="", created_at=house.clock()
        )
        session.add(someone)
        session.flush()
        session.add(acts.made_act(someone.public_id, "manage.state", house.clock(), institution_id=cast.museum.id))
    wanted = Wanted((cast.museum.id,))
    with house.database.reading() as session:
        assert [row.name for row in act_search.acts(session, wanted)] == ["Xenia"]
    with house.database.writing() as session:
        session.delete(session.scalars(select(Account).where(Account.name == "Xenia")).one())
    with house.database.reading() as session:
        assert [(row.name, row.act.who) for row in act_search.acts(session, wanted)] == [("", someone.public_id)]
        assert "Xenia" not in str([vars(act) for act in session.scalars(select(Act))])


# --- searching ------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        for who, verb, place, project, why in (
            (cast.mia, "manage.state", cast.museum.id, "finds", "Holidays in 100%"),
            (cast.ben, "review.decide", cast.museum.id, "finds", "the ink_blot"),
            (cast.cleo, "manage.state", cast.other_museum.id, "letters", "holidays"),
            (cast.nora, "manage.new_institution", None, "", ""),
        ):
            session.add(acts.made_act(who.public_id, verb, clock(), institution_id=place, project=project, why=why))
            session.flush()
            clock.pass_(days=1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, 4),
        ({"who": "mi"}, 1),
        ({"who": "nobody"}, 0),
        ({"verb": "manage.state"}, 2),
        ({"project": "letters"}, 1),
        ({"words": "HOLIDAYS"}, 2),
        ({"words": "holidays 100%"}, 1),
        ({"words": "ink_blot"}, 1),
        ({"words": "inkxblot"}, 0),
        ({"words": "%"}, 1),
        ({"since": date(2026, 3, 2)}, 3),
        ({"until": date(2026, 3, 2)}, 2),
        ({"since": date(2026, 3, 2), "until": date(2026, 3, 2), "verb": "review.decide"}, 1),
    ],
)
def test_acts_are_found_by_who_what_when_project_and_words(
    house: House, log: None, wanted: dict[str, object], found: int
) -> None:
    with house.database.reading() as session:
        assert len(act_search.acts(session, Wanted(None, **wanted))) == found  # type: ignore[arg-type]


def test_a_manager_sees_the_acts_of_their_own_institutions_only(house: House, cast: Cast, log: None) -> None:
    with house.database.reading() as session:
        assert [row.name for row in act_search.acts(session, Wanted((cast.museum.id,)))] == ["Ben", "Mia"]
        assert act_search.acts(session, Wanted(())) == []


def test_a_long_log_is_read_in_parts_without_a_line_twice(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        for _ in range(25):
            add_an_act(session, house)
            session.flush()
    with house.database.reading() as session:
        numbers = [row.act.id for rows in act_search.all_acts(session, Wanted(None), 10) for row in rows]
        assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == 25
        assert session.scalar(select(func.count()).select_from(Act)) == 25
