"""A new project and its settings in the browser's eyes: what is offered, refused, kept, and next."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from micro.data.models import Project
from micro.house import House
from micro.services.project_templates import TEMPLATES, ProjectTemplate
from micro.services.projects import project_named
from tests.cast import Cast, add_cards, signed_in
from tests.services.reading import agreed

NEW = "/desk/institution/harrowby/new"
GOOD = {
    "template": "pages",
    "title_en": "",
    "title_fr": "L’été 1907",
    "slug": "",
    "collection": "Letters",
    "content_language": "fr",
    "licence": "CC0-1.0",
    "min_answers": "3",
    "max_answers": "4",
}


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def text(response: TestResponse) -> str:
    return " ".join(unescape(response.text).split())


def hidden(response: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.text)
    assert found
    return found[1]


# A new one -----------------------------------------------------------------------------------------------------------


def test_every_template_says_what_it_is_for(cast: Cast, mia: FlaskClient) -> None:
    page = text(mia.get(NEW))
    for template in TEMPLATES:
        assert f'value="{template.slug}"' in page
        assert template.purpose["en"] in page and template.asks["en"] in page
    mia.post("/language", data={"language": "fr"})
    assert " ".join(TEMPLATES[0].purpose["fr"].split()) in text(mia.get(NEW))
    assert '<option value="Finds"></option>' in page


def test_a_project_is_made_and_says_what_is_next(house: House, cast: Cast, mia: FlaskClient) -> None:
    made = mia.post(NEW, data=GOOD)
    assert (made.status_code, made.location) == (303, "/desk/l-ete-1907")
    page = text(mia.get(made.location))
    for words, address in (
        ("Bring in scans", "/desk/l-ete-1907/scans"),
        ("Look at the form", "/desk/l-ete-1907/form"),
        ("Cut the scans into cards", "/desk/l-ete-1907/cutting?by=whole"),
        ("Try it out with colleagues", "#state"),
        ("Open it for volunteers", "#state"),
    ):
        assert re.search(rf'href="{re.escape(address)}">{words}<', page), words
    assert page.count('aria-label="not done"') == 5
    with house.database.writing() as session:
        project = project_named(session, "l-ete-1907")
        assert (project.state, project.licence, project.min_answers) == ("draft", "CC0-1.0", 3)
        assert project.collection.institution_id == cast.museum.id
        project.cutting = {"boxes": [{"name": "text", "x": 0, "y": 0, "width": 1, "height": 1}]}
        add_cards(session, house, project, 2)
    page = text(mia.get(made.location))
    assert page.count('aria-label="not done"') == 2 and "2 cards to read" in page and "2 scans" in page


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.slug)
def test_the_way_of_cutting_that_a_template_promises_is_chosen(
    cast: Cast, mia: FlaskClient, template: ProjectTemplate
) -> None:
    made = mia.post(NEW, data={**GOOD, "template": template.slug})
    promised = template.cutting or "template"
    page = mia.get(f"{made.location}/cutting").text
    assert re.findall(r'name="by" value="(\w+)" checked', page) == [promised], "also by the tab"
    for asked, chosen in (("grid", "grid"), ("nonsense", promised)):
        page = mia.get(f"{made.location}/cutting?by={asked}").text
        assert re.findall(r'name="by" value="(\w+)" checked', page) == [chosen]


def test_a_way_that_was_chosen_stays_whatever_the_link_says(house: House, cast: Cast, mia: FlaskClient) -> None:
    mia.post(NEW, data=GOOD)
    with house.database.writing() as session:
        project_named(session, "l-ete-1907").cutting = {"by": "lines", "margin": 0.1}
    page = mia.get("/desk/l-ete-1907/cutting?by=whole").text
    assert re.findall(r'name="by" value="(\w+)" checked', page) == ["lines"]


def test_an_open_project_shows_no_steps(cast: Cast, mia: FlaskClient) -> None:
    assert "What is next" not in mia.get("/desk/finds").text


@pytest.mark.parametrize(
    ("changed", "status", "place"),
    [
        ({"template": "nothing"}, 422, ""),
        ({"slug": "new"}, 422, "slug"),
        ({"slug": "finds"}, 409, "slug"),
        ({"title_fr": ""}, 422, "title_en"),
        ({"collection": ""}, 422, "collection"),
        ({"min_answers": "many"}, 422, "min_answers"),
        ({"min_answers": "9" * 30}, 422, "min_answers"),
        ({"content_language": "<script>"}, 422, "content_language"),
        ({"licence": ""}, 422, "licence"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_with_all_that_was_typed(
    house: House, cast: Cast, mia: FlaskClient, changed: dict[str, str], status: int, place: str
) -> None:
    refused = mia.post(NEW, data={**GOOD, **changed})
    assert refused.status_code == status
    assert not place or f'id="{place}-problem"' in refused.text
    assert (
        changed.get("collection", "Letters") in refused.text
        and "<script>" not in refused.text.split("<main")[1].split("</main")[0]
    )
    with house.database.reading() as session:
        assert session.query(Project).count() == 1


def test_zero_bytes_and_huge_texts_are_no_error_of_ours(cast: Cast, mia: FlaskClient) -> None:
    assert mia.post(NEW, data={**GOOD, "title_fr": "a\0b"}).status_code == 303
    assert mia.post(NEW, data={**GOOD, "title_fr": "x" * 100_000}).status_code == 422
    assert mia.post(NEW).status_code == 422


# Settings ------------------------------------------------------------------------------------------------------------


def form_of(mia: FlaskClient) -> dict[str, str]:
    """The settings' form as a browser would send it back."""
    page = mia.get("/desk/finds/settings")
    fields = re.findall(r'<input class="input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page.text)
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', page.text)
    picks = re.findall(r'<select[^>]*name="(\w+)".*?<option value="([^"]*)" selected', page.text, re.S)
    return {name: unescape(value) for name, value in (*fields, *areas, *picks)} | {"seen": hidden(page, "seen")}


def test_settings_sent_back_as_they_are_change_nothing(cast: Cast, mia: FlaskClient) -> None:
    page = mia.post("/desk/finds/settings", data=form_of(mia), follow_redirects=True)
    assert page.status_code == 200 and "Nothing was changed." in page.text


def test_settings_are_changed_and_visitors_see_them(
    house: House, cast: Cast, mia: FlaskClient, client: FlaskClient
) -> None:
    sent = {
        **form_of(mia),
        "title_en": "Finds of the river",
        "about_en": "One.\r\n\r\nTwo.",
        "target_confidence": "90,5",
    }
    assert mia.post("/desk/finds/settings", data=sent).status_code == 303
    page = client.get("/p/finds").text
    assert "Finds of the river" in page and "<p>One.</p><p>Two.</p>" in page
    with house.database.reading() as session:
        assert project_named(session, "finds").target_confidence == 0.905


def test_two_editors_at_once_keep_both(cast: Cast, mia: FlaskClient, app: Flask) -> None:
    mine, theirs = form_of(mia), form_of(mia)
    signed_in(app, cast.nora).post("/desk/finds/settings", data={**theirs, "title_en": "Nora’s", "min_answers": "1"})
    late = mia.post("/desk/finds/settings", data={**mine, "title_en": "Mia’s"})
    assert late.status_code == 409
    page = text(late)
    assert 'value="Mia’s"' in page and "Stored by somebody else: <b>Nora’s</b>" in page
    assert "Stored by somebody else: <b>1</b>" in page and page.count("Stored by somebody else") == 2
    again = mia.post("/desk/finds/settings", data={**mine, "title_en": "Mia’s", "seen": hidden(late, "seen")})
    assert again.status_code == 303 and "Mia’s" in unescape(mia.get("/desk/finds/settings").text)


def test_all_numbers_that_cannot_be_are_told_at_once(cast: Cast, mia: FlaskClient) -> None:
    wrong = {"title_en": "", "title_fr": "", "min_answers": "9", "max_answers": "3", "target_confidence": "100"}
    refused = mia.post("/desk/finds/settings", data={**form_of(mia), **wrong})
    for place in ("title_en", "min_answers", "target_confidence"):
        assert f'id="{place}-problem"' in refused.text
    assert "between 1 and 99 percent" in refused.text


@pytest.mark.parametrize("typed", ["", "100", "0", "nan", "all", "-3", "inf"])
def test_a_target_that_is_none_is_refused(cast: Cast, mia: FlaskClient, typed: str) -> None:
    refused = mia.post("/desk/finds/settings", data={**form_of(mia), "target_confidence": typed})
    assert refused.status_code == 422 and 'id="target_confidence-problem"' in refused.text


def test_a_fixed_licence_cannot_be_changed_and_says_why(house: House, cast: Cast, mia: FlaskClient) -> None:
    sent = form_of(mia)
    assert sent["licence"] == "CC-BY-4.0"
    with house.database.writing() as session:
        agreed(session, house, cast)
    page = mia.get("/desk/finds/settings").text
    assert 'name="licence"' not in page and "It stays: people gave their answers under it" in page
    assert mia.post("/desk/finds/settings", data={**form_of(mia), "licence": "CC0-1.0"}).status_code == 422
    assert mia.post("/desk/finds/settings", data={**form_of(mia), "title_en": "New"}).status_code == 303


# The overview --------------------------------------------------------------------------------------------------------


def test_the_overview_shows_days_people_and_what_waits(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        record.state = "review"
    page = text(mia.get("/desk/finds"))
    assert "2 in the last 7 days, 0 the week before" in page and "2 for the first time" in page
    assert "1 record waits for review." in page and "Answers each day" in page
    assert '<th scope="row">1 Mar</th><td class="is-number">2</td>' in page
    assert "Every card is done." in page


def test_an_institution_s_pages_are_for_its_managers(app: Flask, cast: Cast) -> None:
    for who, status in ((cast.ada, 404), (cast.cleo, 404), (cast.ben, 403), (cast.mia, 200), (cast.nora, 200)):
        client = signed_in(app, who)
        for address in (NEW, "/desk/institution/harrowby", "/desk/institution/harrowby/staff", "/desk/finds/settings"):
            assert client.get(address).status_code == status, (who.name, address)
