"""Building a form: versions that follow each other, and what a change does to boxes, tasks and answers."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from micro.core.vocabularies import read_file
from micro.data.models import Assignment, Project, Record, RecordVersion, Region, Setup, Task
from micro.errors import BadAnswer, Closed, Conflict, NotFound
from micro.house import House
from micro.services import assignments, form_choices, forms, people, vocabularies
from micro.services.answers import give_answer
from micro.services.assignments import LendingRule, current_setup
from micro.services.cutting import cut_scan
from tests.cast import CUTTING, FORM, Cast, add_cards, good_answer, make_project
from tests.services.reading import settle

WEIGHT: dict[str, Any] = {"type": "number", "label": {"en": "Weight", "fr": "Poids"}, "units": ["g"]}


def names(house: House, project: Project) -> list[str]:
    with house.database.reading() as session:
        return [field["name"] for field in current_setup(session, project.id).body["fields"]]


def lent_to(session: Any, house: House, project: Project, who: str) -> Assignment:
    volunteer = people.volunteer_of_cookie(session, who, house.clock())
    lent = assignments.lend_task(session, project, volunteer, house.clock(), LendingRule(600, 9))
    assert lent is not None
    return lent


# Versions --------------------------------------------------------------------------------------------------------


def test_every_change_makes_a_version_and_changes_none(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.cutting = None
        forms.add_field(session, project, 1, WEIGHT, house.clock())
        forms.move_field(session, project, 2, "weight", -1, house.clock())
        forms.edit_field(session, project, 3, "weight", {**WEIGHT, "units": ["g", "kg"]}, house.clock())
        forms.remove_field(session, project, 4, "object", house.clock())
    assert names(house, cast.project) == ["material", "length", "found_on", "weight", "notes"]
    with house.database.reading() as session:
        versions = session.scalars(select(Setup).order_by(Setup.version)).all()
        assert [setup.version for setup in versions] == [1, 2, 3, 4, 5]
        assert versions[0].body == FORM and versions[2].body["fields"][4]["units"] == ["g"]


def test_a_change_that_says_nothing_new_makes_no_version(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        forms.move_field(session, project, 1, "object", -1, house.clock())
        forms.edit_field(session, project, 1, "object", dict(FORM["fields"][0]), house.clock())
        assert current_setup(session, project.id).version == 1


def test_who_saw_an_older_version_is_told_and_changes_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        forms.move_field(session, project, 1, "notes", -1, house.clock())
        for change in (
            lambda: forms.add_field(session, project, 1, WEIGHT, house.clock()),
            lambda: forms.edit_field(session, project, 1, "notes", dict(FORM["fields"][4]), house.clock()),
            lambda: forms.remove_field(session, project, 1, "notes", house.clock()),
            lambda: forms.move_field(session, project, 1, "notes", 1, house.clock()),
        ):
            with pytest.raises(Conflict, match="A colleague has changed this form"):
                change()
        assert current_setup(session, project.id).version == 2


def test_of_two_managers_at_once_one_is_told(house: House, cast: Cast) -> None:
    barrier, done = Barrier(2), []

    def add(label: str) -> None:
        barrier.wait()
        try:
            with house.database.writing() as session:
                body = {"type": "text", "label": {"en": label}}
                forms.add_field(session, session.merge(cast.project), 1, body, house.clock())
            done.append("added")
        except Conflict:
            done.append("told")

    threads = [Thread(target=add, args=(label,)) for label in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["added", "told"]


def test_an_archived_project_keeps_its_form(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.state = "archived"
        with pytest.raises(Closed):
            forms.add_field(session, project, 1, WEIGHT, house.clock())


def test_what_is_asked_keeps_to_the_kind_and_to_bounds(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.cutting = None
        with pytest.raises(BadAnswer) as refused:
            forms.add_field(session, project, 1, {"type": "photograph", "label": {"en": "x"}}, house.clock())
        assert refused.value.field == "type"
        for number in range(55):
            forms.add_field(session, project, 0, {"type": "text", "label": {"en": f"F {number}"}}, house.clock())
        with pytest.raises(BadAnswer, match="at most 60 fields"):
            forms.add_field(session, project, 0, WEIGHT, house.clock())
        session.add(
            Setup(
                project_id=project.id,
                version=99,
                kind="tag",
                kind_version=1,
                body={"fields": [{"name": "seen", "type": "tags", "label": {}, "choices": [{"code": "a"}]}]},
                created_at=house.clock(),
            )
        )
        session.flush()
        assert forms.form_state(session, project).types == ("tags", "choice")
        with pytest.raises(BadAnswer):
            forms.add_field(session, project, 99, WEIGHT, house.clock())


# Names -----------------------------------------------------------------------------------------------------------


def test_names_come_from_labels_and_never_clash(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.cutting = None
        made = [
            forms.add_field(session, project, 0, {"type": "text", "label": label}, house.clock())[0]
            for label in (
                {"fr": "Numéro d’inventaire"},
                {"en": "Object"},
                {"en": "1907"},
                {"en": "東京"},
                {"en": "Length unit"},  # The column of the number "length" is called so.
                {"en": "Whole"},
                {"en": "x" * 99},
            )
        ]
    assert made[:6] == ["numero_d_inventaire", "object_2", "field_1907", "concept", "length_unit_2", "whole_2"]
    assert len(made[6]) <= 40


def test_a_name_that_answers_know_is_never_given_to_another_field(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        forms.remove_field(session, project, 1, "notes", house.clock())
        name, _ = forms.add_field(
            session, project, 2, {"type": "date", "label": {"en": "Notes"}}, house.clock(), box="object"
        )
        assert name == "notes_2"


def test_a_field_is_renamed_with_its_box_until_there_are_tasks(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        forms.edit_field(session, project, 1, "notes", dict(FORM["fields"][4]), house.clock(), new_name="remarks")
        assert project.cutting is not None
        assert project.cutting["boxes"][4] == {**CUTTING["boxes"][4], "fields": ["remarks"]}
        add_cards(session, house, project, 1)  # The template still cuts.
        for wished, why in (("words", "know this field by its name"),):
            with pytest.raises(BadAnswer, match=why) as refused:
                forms.edit_field(
                    session, project, 2, "remarks", dict(FORM["fields"][4]), house.clock(), new_name=wished
                )
            assert refused.value.field == "name"


@pytest.mark.parametrize("wished", ["object", "Whole", "whole", "9th", "é", "x" * 41])
def test_a_name_that_cannot_be_is_refused(house: House, cast: Cast, wished: str) -> None:
    body = dict(FORM["fields"][4])
    with house.database.writing() as session, pytest.raises(BadAnswer) as refused:
        forms.edit_field(session, session.merge(cast.project), 1, "notes", body, house.clock(), new_name=wished)
    assert refused.value.field == "name"


def test_the_type_of_a_field_stays(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        forms.edit_field(session, project, 1, "notes", {**FORM["fields"][4], "type": "number"}, house.clock())
        assert current_setup(session, project.id).body["fields"][4]["type"] == "long_text"
        with pytest.raises(NotFound):
            forms.edit_field(session, project, 1, "nothing", WEIGHT, house.clock())


# Adding to what is cut ---------------------------------------------------------------------------------------------


def test_a_field_is_added_to_a_box_and_asked_in_tasks_that_nobody_opened(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        opened = lent_to(session, house, project, "eve").task
        name, asked = forms.add_field(session, project, 1, WEIGHT, house.clock(), box="length", also=True)
        assert (name, asked) == ("weight", 2)
        for task in session.scalars(select(Task)).all():
            session.refresh(task)
            assert ("weight" in task.fields) == (task.id != opened.id)
            inner = session.scalars(
                select(Region.fields).where(Region.item_id == task.item_id, Region.name == "length")
            ).one()
            assert (
                ("weight" in inner)
                == ("weight" in session.get_one(Region, task.region_id).fields)
                == (task.id != opened.id)
            )
        assert project.cutting is not None  # Later scans are cut with the field, in the same box.
        assert project.cutting["boxes"][2] == {**CUTTING["boxes"][2], "fields": ["length", "weight"]}


def test_scans_that_come_later_are_asked_for_the_new_field(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        forms.add_field(session, project, 1, WEIGHT, house.clock(), box="length")
        first = session.scalars(select(Task)).one()
        assert "weight" not in first.fields
        late = add_cards(
            session, house, make_project(session, project.collection, house.clock(), "late", cutting=None), 1
        )
        late[0].project = project
        session.flush()
        assert cut_scan(session, project, late[0], house.clock())
        session.flush()
        newest = session.scalars(select(Task).order_by(Task.id.desc())).first()
        assert newest is not None and newest.id != first.id and "weight" in newest.fields


def test_where_a_field_is_read_must_be_said_once_scans_are_cut(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        forms.add_field(session, project, 1, WEIGHT, house.clock())  # Nothing is cut: its box can still be drawn.
        assert [field.name for field in forms.form_state(session, project).unread] == ["weight"]
        forms.remove_field(session, project, 2, "weight", house.clock())
        add_cards(session, house, project, 1)
        for box in ("", "nowhere"):
            with pytest.raises(BadAnswer) as refused:
                forms.add_field(session, project, 3, WEIGHT, house.clock(), box=box)
            assert refused.value.field == "box"


def test_a_field_of_scans_cut_without_boxes_is_asked_in_unopened_tasks(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.cutting = {"by": "whole"}
        add_cards(session, house, project, 2)
        lent_to(session, house, project, "eve")
        assert forms.add_field(session, project, 1, WEIGHT, house.clock(), also=True) == ("weight", 1)


def test_an_open_form_survives_every_change(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        lent = lent_to(session, house, project, "eve")
        forms.add_field(session, project, 1, WEIGHT, house.clock(), box="length", also=True)
        forms.remove_field(session, project, 2, "notes", house.clock())
        given = give_answer(session, lent, good_answer(), "key", house.clock())
        assert set(given.answer.value) == {"object", "material", "length", "found_on", "notes"}


# Removing --------------------------------------------------------------------------------------------------------


def test_a_removed_field_leaves_the_record_and_keeps_its_answers(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        one = give_answer(session, lent_to(session, house, project, "eve"), good_answer(), "a", house.clock())
        settle(session, house, project)
        record = session.scalars(select(Record)).one()
        assert "notes" in _values(session, record)
        forms.remove_field(session, project, 1, "notes", house.clock())
        lent = lent_to(session, house, project, "max")
        without = {name: said for name, said in good_answer().items() if name != "notes"}
        give_answer(session, lent, without, "b", house.clock())
        settle(session, house, project)
        assert "notes" not in _values(session, record) and "notes" in one.answer.value
        assert session.scalars(select(Task)).one().state == "done"


def _values(session: Any, record: Record) -> dict[str, Any]:
    session.refresh(record)
    version = select(RecordVersion).where(RecordVersion.record_id == record.id, RecordVersion.number == record.current)
    return dict(session.scalars(version).one().values)


def test_the_last_field_stays(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        for field in FORM["fields"][1:]:
            forms.remove_field(
                session, project, current_setup(session, project.id).version, field["name"], house.clock()
            )
        with pytest.raises(Conflict, match="at least one field"):
            forms.remove_field(session, project, 5, "object", house.clock())
        assert project.cutting == {"boxes": [CUTTING["boxes"][0]]}


def own_task(name: str) -> dict[str, Any]:
    boxes = [{**box, "own_task": box["name"] == name} for box in CUTTING["boxes"]]
    return {"boxes": boxes}


def test_tasks_that_ask_for_a_removed_field_alone_go_unless_somebody_opened_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.cutting = own_task("notes")
        add_cards(session, house, project, 2)
        assert session.scalar(select(func.count()).select_from(Task)) == 4
        forms.remove_field(session, project, 1, "notes", house.clock())
        assert session.scalar(select(func.count()).select_from(Task)) == 2

        other = make_project(session, project.collection, house.clock(), "other", cutting=own_task("notes"))
        add_cards(session, house, other, 1)
        for who in ("eve", "max"):
            lent_to(session, house, other, who)
            lent_to_next = assignments.lend_task(
                session,
                other,
                people.volunteer_of_cookie(session, who, house.clock()),
                house.clock(),
                LendingRule(600, 9),
                fresh=True,
            )
            assert lent_to_next is not None
        with pytest.raises(Conflict, match="people have opened some of them"):
            forms.remove_field(session, other, 1, "notes", house.clock())


# Choices from a vocabulary -----------------------------------------------------------------------------------------

TABLE = b"""code,en,fr,uri,broader
metal,Metal,M\xc3\xa9tal,,
bronze,Bronze,,https://example.org/bronze,metal
gold,Gold,Or,urn:x-metals:gold,metal
clay,Clay,Argile,,
"""


def with_vocabulary(session: Any, house: House, cast: Cast, slug: str = "materials") -> Project:
    project: Project = session.merge(cast.project)
    made = vocabularies.make_vocabulary(session, project.collection.institution, slug, house.clock())
    vocabularies.take_in(session, made, read_file("m.csv", TABLE), house.clock())
    return project


def test_a_field_takes_all_a_branch_or_single_concepts_as_a_copy_with_identifiers(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = with_vocabulary(session, house, cast)

        def taken(part: str, lines: str = "") -> list[Any]:
            return form_choices.chosen(session, project, "materials", part, lines)

        assert [choice["code"] for choice in taken("all")] == ["metal", "bronze", "gold", "clay"]
        assert [choice["code"] for choice in taken("below:metal")] == ["metal", "bronze", "gold"]
        (gold, bronze) = taken("", "gold = whatever\n\nbronze\ngold")
        assert gold == {"code": "gold", "label": {"en": "Gold", "fr": "Or"}, "uri": "urn:x-metals:gold"}
        assert bronze == {
            "code": "bronze",
            "label": {"en": "Bronze", "fr": "Bronze"},
            "uri": "https://example.org/bronze",
        }
        for slug, lines, part in (
            ("materials", "tin", "choices"),
            ("none", "gold", "vocabulary"),
            ("materials", "", "choices"),
        ):
            with pytest.raises(BadAnswer) as refused:
                form_choices.chosen(session, project, slug, "", lines)
            assert refused.value.field == part


def test_the_copy_stays_until_it_is_updated_and_loses_nothing_then(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = with_vocabulary(session, house, cast)
        choices = form_choices.chosen(session, project, "materials", "below:metal", "")
        body = {
            **FORM["fields"][1],
            "choices": [*choices, {"code": "old", "label": {"en": "Old"}}],
            "vocabulary": "materials",
            "vocabulary_part": "below:metal",
        }
        forms.edit_field(session, project, 1, "material", body, house.clock())
        assert form_choices.drift_of(session, project, body) == 0
        later = b"code,en,broader\ngold,Pure gold,\ntin,Tin,metal\n"
        vocabulary = vocabularies.vocabulary_of(session, project.collection.institution_id, "materials")
        assert vocabulary is not None
        vocabularies.take_in(session, vocabulary, read_file("l.csv", later), house.clock())
        assert form_choices.drift_of(session, project, body) == 2
        assert current_setup(session, project.id).body["fields"][1]["choices"][2]["label"]["en"] == "Gold"
        assert form_choices.update_from_vocabulary(session, project, 2, "material", house.clock()) == 2
        now = current_setup(session, project.id).body["fields"][1]
        assert [choice["code"] for choice in now["choices"]] == ["metal", "bronze", "gold", "old", "tin"]
        assert now["choices"][2]["label"] == {"en": "Pure gold", "fr": "Or"}
        with pytest.raises(Conflict):
            form_choices.update_from_vocabulary(session, project, 2, "material", house.clock())


def test_a_vocabulary_of_another_institution_is_not_there(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        made = vocabularies.make_vocabulary(session, session.merge(cast.other_museum), "theirs", house.clock())
        vocabularies.take_in(session, made, read_file("m.csv", TABLE), house.clock())
        with pytest.raises(BadAnswer) as refused:
            form_choices.chosen(session, project, "theirs", "all", "")
        assert refused.value.field == "vocabulary"
