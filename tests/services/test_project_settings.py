"""A project from a template, and its settings: refused with every problem, kept against a second editor, followed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.addresses import RESERVED
from micro.core.cutting import way_from_body
from micro.data.models import Account, Project, Scan, Setup, Task
from micro.errors import BadAnswer, Conflict
from micro.house import House
from micro.kinds import kind_named
from micro.services import intake, project_settings
from micro.services.moves import moves_of
from micro.services.project_settings import NewProject, ProjectSettings, seen_settings, settings_of
from micro.services.project_templates import TEMPLATES, fitting_cutting, template_named
from tests.cast import Cast, add_cards, card_picture
from tests.services.reading import GOLD, agreed, decided, read, record_of, settle, tasks_of

TITLED = ProjectSettings({"en": {"title": "  Day  books "}, "fr": {"title": "", "lead": ""}})
WISH = NewProject("cards", "", "Registers", TITLED)


def make(session: Session, house: House, cast: Cast, wish: NewProject = WISH) -> Project:
    return project_settings.make_from_template(session, session.merge(cast.museum), wish, cast.mia.id, house.clock())


def change(
    session: Session, house: House, project: Project, who: Account, seen: str = "", **changed: Any
) -> tuple[str, ...]:
    wished = replace(settings_of(project), **changed)
    return project_settings.change_settings(
        session, project, wished, seen or seen_settings(project), who.id, house.clock()
    )


# Making --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", [template.slug for template in TEMPLATES])
def test_every_template_makes_a_draft_with_a_form_that_works(house: House, cast: Cast, template: str) -> None:
    with house.database.writing() as session:
        made = make(session, house, cast, replace(WISH, template=template))
        setup = session.scalars(select(Setup).where(Setup.project_id == made.id)).one()
        assert (made.state, made.slug, made.texts) == ("draft", "day-books", {"en": {"title": "Day books"}})
        assert (made.collection.name, made.cutting, made.max_answers) == ("Registers", None, 5)
        assert setup.kind == template_named(template).kind and kind_named(setup.kind).fields(setup.body)
        assert fitting_cutting(setup.body) == template_named(template).cutting
        assert [move.to_state for move in moves_of(session, "project", made.id)] == ["draft"]


def test_templates_speak_both_languages_and_name_a_way_to_cut() -> None:
    for template in TEMPLATES:
        texts = [template.name, template.purpose, template.asks, *template.fields]
        texts += [field[part] for field in template.form["fields"] for part in ("hint",) if part in field]
        texts += [choice["label"] for field in template.form["fields"] for choice in field.get("choices", ())]
        assert all(set(text) == {"en", "fr"} and all(text.values()) for text in texts), template.slug
        names = [field["name"] for field in template.form["fields"]]
        bare = {"by": template.cutting, "rows": 10, "columns": 1, "area": {"x": 0, "y": 0, "width": 1, "height": 1}}
        bare["boxes"] = [{"name": name, "x": 0, "y": 0, "width": 1, "height": 1} for name in names]
        keys = {"grid": ("by", "rows", "columns", "area"), "template": ("by", "boxes")}.get(template.cutting, ("by",))
        assert way_from_body({key: bare[key] for key in keys}, names)
    assert len(TEMPLATES) >= 5


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"template": "nothing"}, "template"),
        ({"slug": "institutions"}, "slug"),
        ({"slug": "Not One"}, "slug"),
        ({"collection": " "}, "collection"),
        ({"settings": ProjectSettings({"en": {"lead": "no title"}})}, "slug"),
        ({"settings": replace(TITLED, licence="all mine")}, "licence"),
        ({"settings": replace(TITLED, content_language="the King's")}, "content_language"),
        ({"settings": replace(TITLED, min_answers=None)}, "min_answers"),
        ({"settings": replace(TITLED, min_answers=6)}, "min_answers"),
        ({"settings": replace(TITLED, target_confidence=None)}, "target_confidence"),
        ({"settings": replace(TITLED, task_order="random")}, "task_order"),
        ({"settings": replace(TITLED, texts={"fr": {"title": "x" * 121}})}, "title_fr"),
    ],
)
def test_what_no_project_can_be_is_named_beside_its_field(
    house: House, cast: Cast, changed: dict[str, Any], place: str
) -> None:
    with house.database.writing() as session:
        with pytest.raises(BadAnswer) as refused:
            make(session, house, cast, replace(WISH, **changed))
        assert refused.value.field == place
        assert session.scalars(select(Project.slug)).all() == ["finds"]


def test_a_taken_address_is_refused(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        make(session, house, cast)
        with pytest.raises(Conflict):
            make(session, house, cast)


def test_the_words_that_the_desk_needs_itself_are_no_addresses(app: Flask) -> None:
    first = {str(rule).split("/")[2] for rule in app.url_map.iter_rules() if str(rule).startswith("/desk/")}
    assert {word for word in first if not word.startswith("<")} <= RESERVED
    assert {"intake", "institution", "institutions", "new", "scan", "vocabularies", "run", "message"} <= RESERVED


# Changing ------------------------------------------------------------------------------------------------------------


def test_settings_are_kept_and_logged_and_other_texts_stay(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.texts = {**project.texts, "de": {"title": "Funde"}, "en": {"title": "Old", "guide": "kept"}}
        session.flush()
        texts = {**settings_of(project).texts, "en": {"title": "New"}, "fr": {}}
        changed = change(session, house, project, cast.mia, texts=texts, rights="CC0-1.0", credit="© Museum")
        assert changed == ("texts", "rights", "credit")
        assert project.texts == {
            "en": {"guide": "kept", "title": "New", "rights": "CC0-1.0", "credit": "© Museum"},
            "de": {"title": "Funde"},
        }
        assert [move.why for move in moves_of(session, "settings", project.id)] == ["texts, rights, credit"]
        assert change(session, house, project, cast.mia) == ()


def test_of_two_editors_the_second_is_told_and_changes_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        seen = seen_settings(project)
        change(session, house, project, cast.mia, seen, content_language="la")
        with pytest.raises(Conflict):
            change(session, house, project, cast.nora, seen, content_language="it")
        assert project.content_language == "la"


def test_the_licence_stays_once_somebody_gave_an_answer_under_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        assert not project_settings.licence_is_fixed(session, project)
        agreed(session, house, cast)
        assert project_settings.licence_is_fixed(session, project)
        with pytest.raises(BadAnswer) as refused:
            change(session, house, project, cast.mia, licence="CC0-1.0")
        assert refused.value.field == "licence" and project.licence == "CC-BY-4.0"


def test_scans_without_rights_and_credit_get_those_of_the_project(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        change(session, house, project, cast.mia, rights="CC0-1.0", credit="© Museum")
        for number, described in enumerate(({}, {"credit": "Somebody", "rights": "words"}), 1):
            house.storage.put(f"incoming/{number}", card_picture(number))
            made = intake.open_delivery(session, project, "upload", house.clock())
            intake.add_file(session, made, f"{number}.jpg", f"incoming/{number}", described)
            session.flush()
            waiting = intake.next_file(session, made.id, house.clock())
            assert waiting is not None
            intake.take_in(session, waiting.id, intake.look_at(waiting, house.storage, house.images), house.clock())
        scans = session.scalars(select(Scan).where(Scan.project_id == project.id))
        found = sorted((scan.credit, scan.rights) for scan in scans)
        assert found == [("Somebody", "words"), ("© Museum", "CC0-1.0")]


# Redundancy ----------------------------------------------------------------------------------------------------------


def test_tasks_that_are_not_done_follow_the_redundancy(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        untouched, read_once, done = session.scalars(select(Task).order_by(Task.id))
        read(session, house, read_once, "a")
        for who in "ab":
            read(session, house, done, who)
        settle(session, house, project)
        assert done.state == "done"
        change(session, house, project, cast.mia, min_answers=3)
        assert [(task.wanted, task.state) for task in (untouched, read_once, done)] == [
            (3, "open"),
            (3, "open"),
            (2, "done"),
        ]
        change(session, house, project, cast.mia, min_answers=1, max_answers=1)
        assert (untouched.wanted, read_once.wanted, read_once.unsettled) == (1, 1, True)
        settle(session, house, project)
        assert [task.state for task in (untouched, read_once)] == ["open", "done"]


def test_what_is_lent_always_counts(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        (task,) = session.scalars(select(Task))
        read(session, house, task, "a")
        task.lent = 1
        session.flush()
        change(session, house, project, cast.mia, min_answers=1)
        assert task.wanted == 2


def test_a_lower_target_and_a_lower_most_close_what_they_suffice_for(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        (task,) = session.scalars(select(Task))
        for who, said in (("a", {}), ("b", GOLD)):
            read(session, house, task, who, **said)
        settle(session, house, project)
        assert (task.state, task.wanted) == ("open", 3)
        change(session, house, project, cast.mia, max_answers=2)
        settle(session, house, project)
        assert (task.state, record_of(session, task.item).state) == ("done", "review")


def test_what_a_reviewer_returned_still_waits_for_its_answer(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        decided(session, house, record, cast.ben, "return")
        project = session.merge(cast.project)
        change(session, house, project, cast.mia, max_answers=3)
        (task,) = tasks_of(session, record.item)
        assert (task.state, task.wanted, task.answered) == ("open", 3, 2)
        settle(session, house, project)
        (task,) = tasks_of(session, record.item)
        assert task.state == "open"
