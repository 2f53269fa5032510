"""How fields are asked, set in the form builder; and suggestions as the browser gets them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from micro.data.models import Project, Setup
from micro.house import House
from tests.cast import Cast, add_cards, signed_in
from tests.forms import CARD, TREE, with_parishes
from tests.web.test_form_builder import body, field
from tests.web.test_manage import page_of
from tests.web.test_new_project import GOOD, NEW

FORM = "/desk/finds/form"


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def begin_with(house: House, cast: Cast, kind: str, form: dict[str, Any]) -> None:
    """The project of the cast asks this from now on."""
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        project.cutting = {"by": "whole"}
        session.add(
            Setup(project_id=project.id, version=2, kind=kind, kind_version=1, body=form, created_at=house.clock())
        )
        with_parishes(session, house, project)


def post(mia: FlaskClient, address: str, version: int, **typed: str) -> Any:
    return mia.post(f"{FORM}/{address}", data={"version": str(version), "do": "save", **typed}, follow_redirects=True)


def test_a_text_gets_suggestions_marks_checks_and_a_condition(house: House, cast: Cast, mia: FlaskClient) -> None:
    begin_with(house, cast, "transcribe", CARD)
    typed = {
        "type": "text",
        "label_en": "Place",
        "suggest": "parishes",
        "mark_unclear": "yes",
        "mark_add": "yes",
        "check_longest": "40",
        "signs_checked": "yes",
        "check_signs": "†",
        "if_field": "metal",
        "if_is": "gold, bronze",
    }
    assert "The field is added." in page_of(post(mia, "new", 2, **typed))
    made = field(house, "place")
    assert made["suggest"] == "parishes" and made["markup"] == ["unclear", "add"]
    assert made["checks"] == {"longest": "40", "signs": "†"}
    assert made["only_if"] == {"field": "metal", "is": ["gold", "bronze"]}
    page = page_of(mia.get(f"{FORM}/field/place"))
    assert 'value="gold, bronze"' in page and 'name="mark_add" value="yes" checked' in page
    assert "Only if metal is gold, bronze" in page_of(mia.get(FORM))
    nothing = {"type": "text", "label_en": "Place"}
    assert "The field is saved." in page_of(post(mia, "field/place", 3, **nothing))
    assert not {"only_if", "checks", "suggest", "markup"} & set(field(house, "place"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"if_field": "metal", "if_is": "lead"}, "depends on “lead”, which “metal” does not offer"),
        ({"type": "number", "check_least": "few"}, "“few” is not a number."),
        ({"type": "number", "check_least": "9", "check_most": "3"}, "The range ends before it begins."),
        ({"type": "date", "check_latest": "20"}, "four digits"),
        ({"type": "table", "columns": ""}, "Write at least one line."),
        ({"type": "table", "columns": "what = What : picture"}, "Line 1: after “ : ” comes one of"),
        ({"type": "table", "columns": "a = A\na = B"}, "Line 2 has the name of another column."),
        ({"type": "table", "columns": "A B = A"}, "Line 1 needs a name"),
        ({"type": "table", "columns": "a = A : choice"}, "Line 1 needs what can be chosen"),
    ],
)
def test_what_cannot_be_asked_is_told(
    house: House, cast: Cast, mia: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    begin_with(house, cast, "transcribe", CARD)
    answer = post(mia, "new", 2, **{"type": "text", "label_en": "New", **typed})
    assert answer.status_code == 422
    assert sentence in page_of(answer)
    assert body(house) == CARD, "nothing is kept"


def test_a_table_is_written_a_column_a_line(house: House, cast: Cast, mia: FlaskClient) -> None:
    begin_with(house, cast, "transcribe", CARD)
    lines = "what = What / Quoi\nweight = Weight / Poids : number g, kg\nmetal = Metal : choice Red gold, Tin"
    assert post(mia, "new", 2, type="table", label_en="More", columns=lines).status_code == 200
    made = field(house, "more")["columns"]
    assert [(one["name"], one["type"]) for one in made] == [("what", "text"), ("weight", "number"), ("metal", "choice")]
    assert made[1]["units"] == ["g", "kg"] and made[2]["choices"][0] == {
        "code": "red-gold",
        "label": {"en": "Red gold"},
    }
    page = page_of(mia.get(f"{FORM}/field/more"))
    assert "weight = Weight / Poids : number g, kg" in page
    assert 'name="more.value.r1.weight.value.amount"' in page_of(mia.get(FORM)), "as volunteers get it"


def test_a_field_stays_behind_the_one_that_it_depends_on(house: House, cast: Cast, mia: FlaskClient) -> None:
    begin_with(house, cast, "transcribe", CARD)
    for address, more in (("field/alloy/move", {"to": "up"}), ("field/metal/remove", {})):
        answer = mia.post(f"{FORM}/{address}", data={"version": "2", **more})
        assert answer.status_code == 409
        assert "“alloy” depends on “metal”" in page_of(answer)
    assert body(house) == CARD


def test_the_characters_of_the_project_are_set_and_kept_when_refused(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    begin_with(house, cast, "transcribe", CARD)
    assert 'value="é ½ †"' in page_of(mia.get(FORM))
    saved = mia.post(f"{FORM}/palette", data={"version": "2", "palette": "œ ℔"}, follow_redirects=True)
    assert "The characters are saved." in page_of(saved)
    assert body(house)["palette"] == ["œ", "℔"]
    refused = mia.post(f"{FORM}/palette", data={"version": "3", "palette": "muchtoolong ½"})
    assert refused.status_code == 422 and 'value="muchtoolong ½"' in page_of(refused)
    assert mia.post(f"{FORM}/palette", data={"version": "2", "palette": "æ"}).status_code == 409


def test_an_example_is_a_scan_that_is_shown_beside_its_answer(house: House, cast: Cast, mia: FlaskClient) -> None:
    begin_with(house, cast, "classify", TREE)
    with house.database.writing() as session:
        (scan,) = add_cards(session, house, session.get_one(Project, cast.project.id), 1)
        scan.file_name = "coin.jpg"
        picture = scan.public_id
    typed = {"label_en": "What is it?", "choices": "vessel = A vessel\ncoin = A coin"}
    wrong = post(mia, "field/shows", 2, **typed, pictures="coin = nothing.jpg")
    assert wrong.status_code == 422 and "There is no scan called “nothing.jpg”" in page_of(wrong)
    assert post(mia, "field/shows", 2, **typed, pictures="coin = coin.jpg").status_code == 200
    assert field(house, "shows")["choices"][1]["picture"] == picture
    page = page_of(mia.get(f"{FORM}/field/shows"))
    assert "coin = coin.jpg" in page and f"/pictures/scan/{picture}/400.jpg" in page


def test_suggestions_are_for_whoever_may_see_the_project(house: House, cast: Cast, client: FlaskClient) -> None:
    begin_with(house, cast, "transcribe", CARD)
    answer = client.get("/p/finds/suggest/parish?q=che")
    assert answer.json == {"suggestions": ["Chelles", "Old Chelles"]}
    assert client.get("/p/finds/suggest/metal?q=a").status_code == 404
    assert client.get("/p/finds/suggest/parish").json == {"suggestions": []}
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = "draft"
    assert client.get("/p/finds/suggest/parish?q=che").status_code == 404


@pytest.mark.parametrize("slug", ["texts", "sorting"])
def test_a_project_of_a_new_kind_is_made_and_its_form_tried(
    house: House, cast: Cast, mia: FlaskClient, slug: str
) -> None:
    made = mia.post(NEW, data={**GOOD, "template": slug, "title_fr": "Testaments"})
    assert made.location == "/desk/testaments"
    form = page_of(mia.get("/desk/testaments/form"))
    assert ("data-lines" in form) is (slug == "texts") and ("data-pick" in form) is (slug == "sorting")
    sent = {"text.value": "One\nTwo"} if slug == "texts" else {"shows.value": "people"}
    tried = mia.post("/desk/testaments/form/preview", data=sent)
    assert tried.status_code == 200 and "This would be kept" in page_of(tried)
