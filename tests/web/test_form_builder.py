"""The form builder without a script: every refusal is a sentence beside its input, and nothing typed is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from micro.core.vocabularies import read_file
from micro.data.models import Answer, Assignment, RecordVersion, Setup, Task
from micro.house import House
from micro.services import assignments, people, settling, vocabularies
from micro.services.answers import give_answer
from tests.cast import FORM as CAST_FORM
from tests.cast import Cast, add_cards, good_answer, make_project, signed_in
from tests.web.test_manage import page_of

FORM = "/desk/finds/form"
NEW = {"version": "1", "type": "text", "label_en": "Finder", "label_fr": "Découvreur", "do": "save"}


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def body(house: House) -> dict[str, Any]:
    with house.database.reading() as session:
        return dict(session.scalars(select(Setup.body).order_by(Setup.version.desc()).limit(1)).one())


def field(house: House, name: str) -> dict[str, Any]:
    return next(one for one in body(house)["fields"] if one["name"] == name)


def materials(house: House, cast: Cast) -> None:
    table = (
        b"code,en,fr,uri,broader\nmetal,Metal,,,\nbronze,Bronze,Airain,https://example.org/bronze,metal\nclay,Clay,,,\n"
    )
    with house.database.writing() as session:
        made = vocabularies.make_vocabulary(session, session.merge(cast.museum), "Materials", house.clock())
        vocabularies.take_in(session, made, read_file("m.csv", table), house.clock())


def test_the_fields_stand_in_order_with_what_is_asked(mia: FlaskClient) -> None:
    page = page_of(mia.get(FORM))
    labels = re.findall(r'form-field__label"><a [^>]*>([^<]+)<', page)
    assert labels == ["Object", "Material", "Length", "Found on", "Notes"]
    assert "Number: cm, mm" in page and "One of several choices, 2 choices" in page
    assert "data-preview" in page and 'name="length.value.amount"' in page  # The very form of the volunteers.


def test_a_field_whose_day_has_come_is_published_and_no_longer_closed(house: House, mia: FlaskClient) -> None:
    today = house.clock().date()
    days = ((today, "Published since"), (today + timedelta(days=1), "Closed until"))
    for number, (day, word) in enumerate(days, start=1):
        typed = {**NEW, "version": str(number), "publish": "until", "publish_day": day.isoformat()}
        mia.post(f"{FORM}/new", data={**typed, "label_en": f"Finder {day}"})
        assert f"{word} {day.isoformat()}" in page_of(mia.get(FORM))


def test_a_field_is_added_moved_edited_and_removed(house: House, mia: FlaskClient) -> None:
    assert mia.get(f"{FORM}/new?type=number").status_code == 200
    added = mia.post(f"{FORM}/new", data=NEW, follow_redirects=True)
    assert "The field is added." in page_of(added)
    assert field(house, "finder") == {
        "name": "finder",
        "type": "text",
        "label": {"en": "Finder", "fr": "Découvreur"},
        "hint": {},
        "width": "whole",
        "publish": "always",
    }
    mia.post(f"{FORM}/field/finder/move", data={"version": "2", "to": "up"})
    assert [one["name"] for one in body(house)["fields"]][-2:] == ["finder", "notes"]
    edit = {
        **NEW,
        "version": "3",
        "hint_en": "As it stands",
        "width": "half",
        "publish": "until",
        "publish_day": "2040-01-31",
    }
    assert mia.post(f"{FORM}/field/finder", data=edit).status_code == 303
    assert (field(house, "finder")["hint"], field(house, "finder")["publish"]) == ({"en": "As it stands"}, "2040-01-31")
    assert "Closed until 2040-01-31" in page_of(mia.get(FORM))
    assert "Remove “Finder”?" in page_of(mia.get(f"{FORM}/field/finder/remove"))
    mia.post(f"{FORM}/field/finder/remove", data={"version": "4"})
    assert "finder" not in [one["name"] for one in body(house)["fields"]]
    assert mia.get(f"{FORM}/field/finder").status_code == 404


@pytest.mark.parametrize(
    ("typed", "input", "why"),
    [
        ({"label_en": " ", "label_fr": ""}, "label_en", "Give a label in at least one language."),
        ({"label_fr": "x" * 121}, "label_fr", "longer than 120 characters"),
        ({"hint_en": "x" * 501}, "hint_en", "longer than 500 characters"),
        ({"width": "huge"}, "width", "Choose one of the widths."),
        ({"publish": "until", "publish_day": "tomorrow"}, "publish_day", "Give the day as year, month and day"),
        ({"publish": "until", "publish_day": "2040-02-31"}, "publish_day", "Give the day as year, month and day"),
        ({"type": "number", "units": ",".join(f"u{n}" for n in range(31))}, "units", "At most 30 units"),
        ({"type": "choice", "choices": ""}, "choices", "Write at least one line, or take a vocabulary."),
        ({"type": "choice", "choices": "a = A\na = B"}, "choices", "Line 2 has the code “a” once more."),
        ({"type": "choice", "choices": "\n= A"}, "choices", "Line 2 needs a code"),
        ({"type": "choice", "choices": "a = A / B / C"}, "choices", "Line 1 has more than one “ / ”."),
        ({"type": "choice", "vocabulary": "nowhere"}, "vocabulary", "Choose one of the institution’s"),
        ({"type": "point", "grid_m": "5"}, "grid_m", "A grid is a whole number of metres from 100 to 100000."),
    ],
)
def test_what_cannot_be_is_told_beside_its_input_and_nothing_typed_is_lost(
    house: House, cast: Cast, mia: FlaskClient, typed: dict[str, str], input: str, why: str
) -> None:
    materials(house, cast)
    given = {**NEW, "hint_fr": "Mot à mot", **typed}
    answer = mia.post(f"{FORM}/new", data=given)
    page = page_of(answer)
    assert answer.status_code == 422 and why in page and f'id="{input}-problem"' in page
    assert 'value="Mot à mot"' in page
    assert re.search(rf'id="{input}"[^>]*aria-describedby="[^"]*{input}-problem', page)
    assert len(body(house)["fields"]) == 5


def test_choices_are_lines_with_codes_in_both_languages(house: House, mia: FlaskClient) -> None:
    lines = "axe = Axe / Hache\nSickle / Faucille\n\nodd code = Terracotta/clay"
    mia.post(f"{FORM}/new", data={**NEW, "type": "choice", "choices": lines})
    assert field(house, "finder")["choices"] == [
        {"code": "axe", "label": {"en": "Axe", "fr": "Hache"}},
        {"code": "sickle", "label": {"en": "Sickle", "fr": "Faucille"}},
        {"code": "odd code", "label": {"en": "Terracotta/clay"}},
    ]
    page = mia.get(f"{FORM}/field/finder").text
    assert "axe = Axe / Hache\nsickle = Sickle / Faucille\nodd code = Terracotta/clay</textarea>" in page


def test_tags_and_points_have_inputs_of_their_own(house: House, mia: FlaskClient) -> None:
    mia.post(f"{FORM}/new", data={**NEW, "type": "tags", "free": "yes"})
    mia.post(f"{FORM}/new", data={**NEW, "version": "2", "type": "point", "label_en": "Spot", "grid_m": "1 000"})
    assert (field(house, "finder")["free"], field(house, "spot")["grid_m"]) == (True, 1000)
    assert "Blurred to 1,000 m" in page_of(mia.get(FORM))


def test_a_field_takes_its_choices_from_a_vocabulary_and_is_updated_from_it(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    materials(house, cast)
    given = {**NEW, "type": "tags", "label_en": "Made of", "vocabulary": "materials", "part": "below:metal"}
    look = page_of(mia.post(f"{FORM}/new", data={**given, "do": "look"}))
    assert "metal = Metal / Metal bronze = Bronze / Airain</textarea>" in look and len(body(house)["fields"]) == 5
    mia.post(f"{FORM}/new", data=given)
    made = field(house, "made_of")
    assert made["choices"][1] == {
        "code": "bronze",
        "label": {"en": "Bronze", "fr": "Airain"},
        "uri": "https://example.org/bronze",
    }
    assert (made["vocabulary"], made["vocabulary_part"]) == ("materials", "below:metal")
    assert "The vocabulary has changed" not in page_of(mia.get(FORM))
    with house.database.writing() as session:
        vocabulary = vocabularies.vocabulary_of(session, cast.museum.id, "materials")
        assert vocabulary is not None
        vocabularies.add_concept(session, vocabulary, {"en": "Tin", "broader": "metal"}, house.clock())
    assert "The vocabulary has changed: 1 choice." in page_of(mia.get(FORM))
    updated = mia.post(f"{FORM}/field/made_of/update", data={"version": "2"}, follow_redirects=True)
    assert "1 choice was updated." in page_of(updated)
    assert [choice["code"] for choice in field(house, "made_of")["choices"]] == ["metal", "bronze", "tin"]


def test_two_managers_at_once_lose_nothing(house: House, mia: FlaskClient) -> None:
    mia.post(f"{FORM}/new", data=NEW)
    late = mia.post(f"{FORM}/new", data={**NEW, "label_en": "Mine", "hint_en": "My hint"})
    page = page_of(late)
    assert late.status_code == 409 and "A colleague has changed this form" in page
    assert 'value="Mine"' in page and 'value="My hint"' in page and 'name="version" value="2"' in page
    assert mia.post(f"{FORM}/new", data={**NEW, "label_en": "Mine", "version": "2"}).status_code == 303
    mia.post(f"{FORM}/field/finder/remove", data={"version": "3"})
    gone = mia.post(f"{FORM}/field/finder", data={**NEW, "hint_en": "Typed long", "version": "3"})
    assert gone.status_code == 409 and 'value="Typed long"' in gone.text
    assert "A colleague has removed this field meanwhile." in page_of(gone)
    moved = mia.post(f"{FORM}/field/notes/move", data={"version": "1", "to": "up"})
    assert moved.status_code == 409 and "A colleague has changed this form" in page_of(moved)


def test_a_field_added_after_cutting_says_where_it_is_read_and_who_is_asked(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 2)
    page = page_of(mia.get(f"{FORM}/new?type=text"))
    assert "Ask it also in the 2 cards that nobody has opened yet" in page and "In which box of the scan" in page
    refused = mia.post(f"{FORM}/new", data=NEW)
    assert refused.status_code == 422 and "Choose where on the scan this is read." in page_of(refused)
    added = mia.post(f"{FORM}/new", data={**NEW, "box": "notes", "also": "yes"}, follow_redirects=True)
    assert "2 tasks ask for it, too." in page_of(added)
    with house.database.reading() as session:
        assert all("finder" in task.fields for task in session.scalars(select(Task)))
    assert "That stays, for there are tasks or answers" in page_of(mia.get(f"{FORM}/field/finder"))


def test_trying_the_form_tells_what_would_be_kept_and_keeps_nothing(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    for width in ("phone", "wide"):
        page = mia.get(f"{FORM}/preview?width={width}").text
        assert f"preview--{width}" in page and "/pictures/scan/" in page
    wrong = mia.post(f"{FORM}/preview", data={"object.value": "Axe", "length.value.amount": "long", "width": "phone"})
    page = page_of(wrong)
    assert wrong.status_code == 422 and "“long” is not a number." in page and 'value="Axe"' in page
    right = {
        "object.value": "Socketed  axe",
        "material.value": "gold",
        "length.value.amount": "12,4",
        "length.value.unit": "cm",
        "found_on.value.year": "1907",
        "notes.mark": "blank",
    }
    tried = mia.post(f"{FORM}/preview", data=right)
    page = page_of(tried)
    assert tried.status_code == 200 and "This would be kept" in page and "12.4 cm" in page and "Socketed axe" in page
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 0
        assert session.scalar(select(func.count()).select_from(Assignment)) == 0


def test_a_tagging_project_offers_labels_only_and_has_its_own_preview(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    choices = [{"code": "axe", "label": {"en": "Axe", "fr": "Hache"}}]
    with house.database.writing() as session:
        project = make_project(session, session.merge(cast.collection), house.clock(), "pictures", cutting=None)
        tags = {"name": "seen", "type": "tags", "label": {"en": "Seen", "fr": "Vu"}, "choices": choices}
        session.add(
            Setup(
                project_id=project.id,
                version=2,
                kind="tag",
                kind_version=1,
                body={"fields": [tags]},
                created_at=house.clock(),
            )
        )
    page = mia.get("/desk/pictures/form").text
    assert re.findall(r'name="type" value="(\w+)"', page) == ["tags", "choice"]
    assert mia.get("/desk/pictures/form/preview").status_code == 200


def test_the_form_is_its_own_institutions_business(cast: Cast, app: Flask) -> None:
    for account, status in ((cast.cleo, 404), (cast.ben, 403), (cast.ada, 404)):
        client = signed_in(app, account)
        for path in (FORM, f"{FORM}/new", f"{FORM}/field/object", f"{FORM}/preview"):
            assert client.get(path).status_code == status


@pytest.mark.parametrize(
    "data",
    [
        {"version": "x" * 50, "to": "up"},
        {"to": "sideways", "version": "1"},
        {"version": "-1", "to": "up"},
        {"version": "٣", "to": "up"},
        {},
    ],
)
def test_odd_posts_get_a_sentence(mia: FlaskClient, data: dict[str, str]) -> None:
    assert mia.post(f"{FORM}/field/object/move", data=data).status_code in (409, 422)
    assert mia.post(f"{FORM}/field/none/move", data={"version": "1", "to": "up"}).status_code == 404


def test_a_removed_field_is_put_back_and_its_answers_count_again(
    app: Flask, house: House, cast: Cast, mia: FlaskClient
) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        reader = people.volunteer_of_account(session, cast.ada.id, house.clock())
        lent = assignments.lend_task(session, project, reader, house.clock(), assignments.LendingRule(600, 9))
        assert lent is not None
        give_answer(session, lent, good_answer(notes={"value": "Edge worn"}), "one", house.clock())
    version = body(house)["fields"][-1]["name"], 1
    assert version == ("notes", 1)
    mia.post(f"{FORM}/field/notes/remove", data={"version": "1"})
    page = page_of(mia.get(FORM))
    assert "Removed fields" in page and "Put back" in page
    assert mia.post(f"{FORM}/field/notes/back", data={"version": "1", "box": "whole"}).status_code == 409
    nowhere = mia.post(f"{FORM}/field/notes/back", data={"version": "2", "box": "elsewhere"})
    assert nowhere.status_code == 409 and "Choose where on the scan this is read." in page_of(nowhere)
    box = re.findall(r'<option value="([^"]+)"', page)[0]
    done = mia.post(f"{FORM}/field/notes/back", data={"version": "2", "box": box}, follow_redirects=True)
    assert "The field is back." in page_of(done) and "Removed fields" not in page_of(done)
    assert field(house, "notes") == next(one for one in CAST_FORM["fields"] if one["name"] == "notes")
    again = mia.post(f"{FORM}/field/notes/back", data={"version": "3", "box": box})
    assert again.status_code == 303 and len(body(house)["fields"]) == len(CAST_FORM["fields"])
    with house.database.writing() as session:
        settling.settle_some(session, cast.project.id, house.clock())
        values = session.scalars(select(RecordVersion.values).order_by(RecordVersion.id.desc())).first()
        assert values is not None and values["notes"]["value"] == "Edge worn"
    assert mia.post(f"{FORM}/field/never/back", data={"version": "3"}).status_code == 404
