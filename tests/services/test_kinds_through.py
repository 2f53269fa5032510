"""The kinds text and classify, and groups of fields, from an answer to a release: everything a record goes through."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.data.models import Project, Region, Setup
from micro.errors import BadAnswer, NotFound
from micro.house import House
from micro.services import form_choices, form_palette, page_lines, suggestions
from micro.services.assignments import current_setup
from micro.services.layouts import layout_of
from micro.services.review.sight import look_at
from tests.cast import Cast, add_cards, make_project
from tests.forms import CARD, PAGE, TREE, with_lines, with_parishes
from tests.services.releasing import decide_on, everybody_answers, files_of, make, objects, record_of, table


def project_of(house: House, cast: Cast, kind: str, form: dict[str, Any]) -> Project:
    """A live project of this kind with one card, asked as a whole."""
    with house.database.writing() as session:
        collection = session.merge(cast.collection)
        project = make_project(session, collection, house.clock(), slug="new-kind", cutting={"by": "whole"})
        session.add(
            Setup(project_id=project.id, version=2, kind=kind, kind_version=1, body=form, created_at=house.clock())
        )
        session.flush()
        add_cards(session, house, project, 1)
        return project


def line(text: str) -> dict[str, Any]:
    return {"value": text}


def test_a_page_is_read_settled_reviewed_and_released(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "text", PAGE)
    first = [line("Je soussigné [Rébuffé?]"), line("né à Rennes"), {"mark": "illegible"}]
    other = [line("Je soussigné Rébuffé"), line("né à Rome"), {"mark": "illegible"}]
    everybody_answers(
        house, project, {"text": {"value": first}}, {"text": {"value": other}}, {"text": {"value": first}}
    )
    with house.database.reading() as session:
        sight = look_at(session, record_of(session, "HM 1"))
        assert sight.fields[0].proposed == {"value": first}, "line by line, by the most votes"
        assert len(sight.fields[0].evidence) == 2, "a mark within a word makes no other reading"
    amended = [line("Je soussigné [Rébuffé?]"), line("né à [-Rome-] Rennes"), line("sain d’esprit")]
    decide_on(house, cast.ben, "HM 1", "amend", {"text": {"value": {f"r{n}": one for n, one in enumerate(amended, 1)}}})
    release = make(house, project)
    files = files_of(house, release)
    (row,) = table(files["records.csv"])
    assert (row["text"], row["text_status"], row["state"]) == (
        "Je soussigné Rébuffé\nné à Rennes\nsain d’esprit",
        "given",
        "checked",
    )
    assert row["text_tei"].startswith("Je soussigné <unclear>Rébuffé</unclear><lb/>\nné à <del>Rome</del> Rennes")
    lines = table(files["rows-text.csv"])
    assert [(one["row"], one["line"], one["line_status"]) for one in lines] == [
        ("1", "Je soussigné Rébuffé", "given"),
        ("2", "né à Rennes", "given"),
        ("3", "sain d’esprit", "given"),
    ]
    assert {one["record"] for one in lines} == {row["record"]}
    assert objects(files["records.jsonl"])[0]["fields"]["text"]["value"] == amended


def test_questions_are_answered_settled_reviewed_and_released(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "classify", TREE)
    coin = {"shows": {"value": "coin"}, "part": {}, "decor": {}}
    everybody_answers(house, project, coin, coin)
    release = make(house, project)
    (row,) = table(files_of(house, release)["records.csv"])
    assert (row["shows"], row["part"], row["decor"], row["state"]) == ("A coin", "", "", "agreed")
    assert (row["part_status"], row["decor_status"]) == ("unasked", "unasked")
    vessel = {"shows": {"value": "vessel"}, "part": {"value": "sherd"}, "decor": {"value": {"codes": "dots"}}}
    decide_on(house, cast.ben, "HM 1", "amend", vessel)
    (row,) = table(files_of(house, make(house, project))["records.csv"])
    assert (row["shows"], row["part"], row["decor"]) == ("A vessel", "A sherd", "Dots")
    assert (row["part_status"], row["state"]) == ("given", "checked")
    with pytest.raises(BadAnswer):
        decide_on(house, cast.ben, "HM 1", "amend", {**vessel, "shows": {"value": "coin"}})


def test_a_group_of_fields_has_a_file_of_its_own(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "transcribe", CARD)
    answer = {
        "parish": {"value": "Melun"},
        "metal": {"value": "none"},
        "alloy": {},
        "length": {"mark": "blank"},
        "notes": {"value": "an [-old-] axe"},
        "finds": {"value": [{"what": line("Axe"), "weight": {"value": "12"}}, {"what": {"mark": "illegible"}}]},
    }
    everybody_answers(house, project, answer, answer)
    release = make(house, project)
    files = files_of(house, release)
    (row,) = table(files["records.csv"])
    assert (row["finds"], row["notes"], row["notes_tei"]) == ("2", "an axe", "an <del>old</del> axe")
    assert table(files["rows-finds.csv"]) == [
        {
            "record": row["record"],
            "identifier": "HM 1",
            "row": "1",
            "what": "Axe",
            "what_status": "given",
            "weight": "12",
            "weight_unit": "g",
            "weight_status": "given",
        },
        {
            "record": row["record"],
            "identifier": "HM 1",
            "row": "2",
            "what": "",
            "what_status": "illegible",
            "weight": "",
            "weight_unit": "",
            "weight_status": "blank",
        },
    ]
    (said,) = table(files["answers.csv"])[:1]
    assert said["finds_json"].startswith('[{"what":"Axe","weight":"12","weight_unit":"g"}')
    dictionary = {(one["file"], one["column"]) for one in table(files["dictionary.csv"])}
    assert ("rows-finds.csv", "weight_unit") in dictionary
    (values,) = [one for one in table(files["values.csv"]) if one["field"] == "notes"]
    assert values["value"] == "an axe"


def test_a_release_with_rows_is_a_valid_data_package(house: House, cast: Cast, tmp_path: Any) -> None:
    frictionless = pytest.importorskip("frictionless")
    project = project_of(house, cast, "text", PAGE)
    answer = {"text": {"value": [line("=1+1"), {"mark": "illegible"}]}}
    everybody_answers(house, project, answer, answer)
    for name, content in files_of(house, make(house, project)).items():
        (tmp_path / name).write_bytes(content)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldNumber", "type", "note"])


# Lines and suggestions ---------------------------------------------------------------------------------------------


def only_region(session: Session, project: Project) -> Region:
    return session.query(Region).join(Region.scan).filter_by(project_id=project.id).one()


def test_lines_come_in_reading_order_and_only_those_of_the_region(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "text", PAGE)
    with house.database.writing() as session:
        region = only_region(session, project)
        assert page_lines.lines_in(session, region) == [], "without a layout nobody knows them"
        with_lines(session, house, session.merge(project))
        found = page_lines.lines_in(session, region)
        assert [(box.y, box.height) for box in found] == [(35, 40), (95, 40), (155, 40)]
        assert isinstance(found[0], Box) and found[0].x == 35
        region.height_px = 100
        assert len(page_lines.lines_in(session, region)) == 1


def test_a_layout_that_only_may_fit_shows_no_lines(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "text", PAGE)
    with house.database.writing() as session:
        with_lines(session, house, session.merge(project))
        region = only_region(session, project)
        layout = layout_of(session, region.scan_id)
        assert layout is not None
        layout.certain = False
        assert page_lines.lines_in(session, region) == []


def test_suggestions_begin_with_what_was_typed_whatever_its_case_and_accents(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "transcribe", CARD)
    with house.database.writing() as session:
        project = session.merge(project)
        assert suggestions.suggest(session, project, "parish", "che") == [], "there is no vocabulary yet"
        with_parishes(session, house, project)
        session.flush()
        assert suggestions.suggest(session, project, "parish", " CHE") == ["Chelles", "Old Chelles"]
        assert suggestions.suggest(session, project, "parish", "cha") == ["Châlons"]
        assert suggestions.suggest(session, project, "parish", "l") == ["Châlons", "Chelles", "Old Chelles", "Melun"]
        assert suggestions.suggest(session, project, "parish", " ") == []
        for place in ("metal", "nothing", "finds.r1.what"):
            with pytest.raises(NotFound):
                suggestions.suggest(session, project, place, "a")


def test_the_form_keeps_the_characters_of_the_project(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "transcribe", CARD)
    with house.database.writing() as session:
        project = session.merge(project)
        assert form_palette.set_palette(session, project, 2, " œ  œ ½ ", house.clock()) == ["œ", "½"]
        assert current_setup(session, project.id).body["palette"] == ["œ", "½"]
        with pytest.raises(BadAnswer):
            form_palette.set_palette(session, project, 3, " ".join(map(chr, range(0x100, 0x130))), house.clock())


def test_pictures_as_examples_are_scans_of_the_project(house: House, cast: Cast) -> None:
    project = project_of(house, cast, "classify", TREE)
    choices = TREE["fields"][0]["choices"]
    with house.database.writing() as session:
        project = session.merge(project)
        scan = only_region(session, project).scan
        made = form_choices.with_pictures(session, project, choices, f"coin = {scan.file_name}\n")
        assert [one.get("picture") for one in made] == [None, scan.public_id]
        assert form_choices.picture_lines(session, made) == f"coin = {scan.file_name}"
        for lines in ("coin = other.jpg", "ship = card-001.jpg", "coin ="):
            with pytest.raises(BadAnswer):
                form_choices.with_pictures(session, project, choices, lines)
