"""What would have been under other settings: told without writing anything."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from micro.cli_what_if import table
from micro.data.models import Base, Item, Project
from micro.errors import BadAnswer
from micro.house import House
from micro.services import people, setting_aside
from micro.services.what_if import Choice, Comparison, Tally, changed_choice, choice_of, compare
from tests.cast import Cast, add_cards
from tests.services.reading import GOLD, decided, read, record_of, settle, tasks_of


def everything(house: House) -> dict[str, list[Any]]:
    """Every row of every table."""
    with house.database.reading() as session:
        return {one.name: sorted(map(repr, session.execute(select(one)).all())) for one in Base.metadata.sorted_tables}


@pytest.fixture
def answered(house: House, cast: Cast) -> int:
    """Six cards: four read three times alike; one where the third says gold, one where the second does."""
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.min_answers, project.max_answers, project.adaptive = 3, 3, False
        add_cards(session, house, project, 6)
        items = session.scalars(select(Item).order_by(Item.id)).all()
        for number, item in enumerate(items):
            for place, who in enumerate(("one", "two", "three")):
                odd = (number, place) in ((4, 2), (5, 1))
                read(session, house, tasks_of(session, item)[0], who, **(GOLD if odd else {}))
        settle(session, house, project)
        decided(session, house, record_of(session, items[4]), cast.ben)
        return project.id


def compared(house: House, project_id: int, **wished: Any) -> Comparison:
    with house.database.looking_only() as session:
        project = session.get_one(Project, project_id)
        return compare(session, project, changed_choice(choice_of(project), wished))


def test_fewer_answers_are_counted_and_nothing_is_written(house: House, answered: int) -> None:
    before = everything(house)
    told = compared(house, answered, min_answers=2)
    assert everything(house) == before
    assert (told.records, told.given, told.now.answers) == (6, 18, 18)
    assert told.instead.answers == 13  # A third is asked once only, where the first two differ.
    assert told.now.finished == told.instead.finished == 6
    assert (told.now.checked, told.now.right, told.instead.right) == (5, 5, 5)
    assert told.changed == 0


def test_one_answer_each_changes_what_a_record_says(house: House, answered: int) -> None:
    with house.database.writing() as session:
        item = session.scalars(select(Item).order_by(Item.id)).first()
        assert item is not None
        add = tasks_of(session, item)[0]
        identifier = item.identifier
        for place, who in enumerate(("one", "two", "three")):  # They correct themselves; the newest counts.
            read(session, house, add, who, notes={"value": "Broken"}, **(GOLD if place == 0 else {}))
    told = compared(house, answered, min_answers=1, max_answers=1)
    assert told.instead.answers == 6
    assert told.changed == 1 and told.named == [(identifier, ("material",))]
    assert told.now.accepted == 5, "two against one are right in seven of ten cases, and eight are wanted"
    assert told.instead.accepted == 0 and told.instead.sure < told.now.sure


def test_where_more_answers_are_wanted_than_there_are_nothing_is_finished(house: House, answered: int) -> None:
    told = compared(house, answered, min_answers=4, max_answers=5)
    assert (told.instead.finished, told.instead.accepted, told.instead.answers) == (0, 0, 18)


def test_what_is_set_aside_takes_no_part(house: House, cast: Cast, answered: int) -> None:
    with house.database.writing() as session:
        volunteer = people.volunteer_of_cookie(session, "three", house.clock())
        setting_aside.set_aside(session, session.get_one(Project, answered), volunteer, None, "x", house.clock())
    assert compared(house, answered, min_answers=2).given == 12


def test_the_database_itself_refuses_to_write_and_can_be_written_to_afterwards(house: House, answered: int) -> None:
    with pytest.raises(DBAPIError), house.database.looking_only() as session:
        session.execute(update(Project).values(min_answers=1))
    with house.database.looking_only() as session:
        assert session.scalars(select(Project.min_answers)).one() == 3
    with house.database.writing() as session:
        session.execute(text("UPDATE project SET min_answers = 2"))
    with house.database.reading() as session:
        assert session.scalars(select(Project.min_answers)).one() == 2


@pytest.mark.parametrize(
    "wished",
    [
        {"colour": "red"},
        {"adaptive": "perhaps"},
        {"min_answers": 0},
        {"min_answers": 5, "max_answers": 2},
        {"target_confidence": 2},
        {"min_answers": "many"},
    ],
)
def test_settings_that_cannot_be_are_refused(wished: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        changed_choice(Choice(2, 5, 0.8, adaptive=True), wished)


def test_the_table_says_both_and_what_would_change(house: House) -> None:
    told = Comparison(10, 30, Tally(30, 10, 6, 8.5, 18, 20), Tally(22, 10, 5, 8.1, 17, 20), 1, [("HM 3", ("object",))])
    lines = table(told)
    assert lines[0].split() == ["now", "instead"]
    assert any(line.split() == ["answers", "used", "30", "of", "30", "22", "of", "30"] for line in lines)
    assert any("60.0%" in line and "50.0%" in line for line in lines)
    assert any("90.0% of 20" in line and "85.0% of 20" in line for line in lines)
    assert "  HM 3: object" in lines and "1 of 10 records would say something else" in lines
