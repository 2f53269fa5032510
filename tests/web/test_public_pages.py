"""What strangers see: the front page, a project's page with a word to try, and the page of a museum."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from micro.data.models import Answer, Assignment, Project, Record, Setup
from micro.house import House
from micro.services import gold, pace
from micro.services.assignments import current_setup
from micro.services.finds import read_lately
from micro.services.lately import Lately
from micro.services.projects import project_named
from tests.cast import FORM, Cast, add_cards, good_answer, make_project, signed_in
from tests.conftest import Clock
from tests.forms import PAGE, TREE
from tests.services.reading import agreed, decided, read, settle, tasks_of


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def with_word(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        item = gold.item_called(session, project, "HM 3")
        gold.mark_typed(session, project, item, good_answer(), "practice", None, house.clock(), decides=False)


@pytest.mark.parametrize(
    ("kind", "form", "says"),
    [("classify", TREE, "Answer a question about a picture."), ("text", PAGE, "Copy a text line by line.")],
)
def test_a_project_says_what_its_own_kind_asks(
    house: House, cast: Cast, client: FlaskClient, kind: str, form: dict[str, Any], says: str
) -> None:
    assert "You copy one card" in text_of(client, "/p/finds")
    with house.database.writing() as session:
        session.add(
            Setup(project_id=cast.project.id, version=2, kind=kind, kind_version=1, body=form, created_at=house.clock())
        )
    page = text_of(client, "/p/finds")
    assert says in page and "You copy one card" not in page


# --- a word to try --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ("socketed axe", "Yes, that is what it says."),
        ("Socketed awe", "Nearly!"),
        ("Brooch", "Not quite"),
    ],
)
def test_a_guess_is_met_at_once_and_kept_nowhere(
    client: FlaskClient, house: House, cast: Cast, guess: str, said: str
) -> None:
    with_word(house, cast)
    page = text_of(client, f"/p/finds?word={guess}")
    assert said in page
    assert ("<b lang" in page) == (said == "Not quite")
    with house.database.reading() as session:
        assert session.scalars(select(Answer)).all() == []


def test_nothing_is_said_before_a_guess_and_the_answer_stands_nowhere(
    client: FlaskClient, house: House, cast: Cast
) -> None:
    with_word(house, cast)
    page = text_of(client, "/p/finds")
    assert "Can you read this?" in page and "Socketed axe" not in page
    assert "word-said" not in page


@pytest.mark.parametrize("guess", ["", "%20", "x" * 5000, "%00", "<script>alert(1)</script>", "%F0%9F%AA%93"])
def test_an_odd_guess_is_only_a_guess(client: FlaskClient, house: House, cast: Cast, guess: str) -> None:
    with_word(house, cast)
    answer = client.get(f"/p/finds?word={guess}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.get_data(as_text=True)


def test_without_a_practice_card_there_is_no_such_box(client: FlaskClient, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    assert "Can you read" not in text_of(client, "/p/finds")


def test_a_word_that_is_held_back_is_never_asked(client: FlaskClient, house: House, cast: Cast) -> None:
    with_word(house, cast)
    with house.database.writing() as session:
        setup = current_setup(session, project_named(session, "finds").id)
        fields = [{**one, "publish": "never"} if one["name"] == "object" else one for one in FORM["fields"]]
        setup.body = {**FORM, "fields": fields}
    assert "Can you read" not in text_of(client, "/p/finds")


# --- figures --------------------------------------------------------------------------------------------------------


def timed(session: Session, house: House, cast: Cast, seconds: list[float]) -> Project:
    """A project with one answer for each of these durations."""
    project = session.merge(cast.project)
    add_cards(session, house, project, 1)
    task = tasks_of(session, gold.item_called(session, project, "HM 1"))[0]
    for number, took in enumerate(seconds):
        given = read(session, house, task, f"reader {number}")
        lent = session.get_one(Assignment, given.assignment_id)
        lent.lent_at = given.at - timedelta(seconds=took)
    session.flush()
    return project


def test_the_pace_is_the_median_of_sensible_durations(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = timed(session, house, cast, [0.1, 60, 90, 120, 150, 180, 90_000])
        assert pace.pace_of(session, project.id) == 120


def test_the_pace_is_not_told_on_fewer_than_five_answers(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        assert pace.pace_of(session, timed(session, house, cast, [60, 60, 60, 60]).id) is None


def test_the_project_says_how_long_a_card_takes_and_what_was_done_this_week(
    client: FlaskClient, house: House, cast: Cast
) -> None:
    with house.database.writing() as session:
        timed(session, house, cast, [118] * 5)
    page = text_of(client, "/p/finds")
    assert "About 2 minutes" in page
    assert "5 this week" in page and "5 of them this week" in page


def test_a_young_project_looks_complete(client: FlaskClient, house: House, cast: Cast) -> None:
    page = text_of(client, "/p/finds")
    assert "There is no card here yet." in page and "0 this week" in page and "likely end" not in page


def test_what_was_counted_lately_is_counted_again_after_a_while(clock: Clock) -> None:
    counted: list[int] = []
    kept = Lately[int](timedelta(seconds=60))

    def count() -> int:
        counted.append(1)
        return len(counted)

    assert [kept.get("a", clock(), count) for _ in range(3)] == [1, 1, 1]
    assert kept.get("b", clock(), count) == 2
    clock.pass_(seconds=61)
    assert kept.get("a", clock(), count) == 3
    clock.pass_(seconds=-30)  # A clock that was put back.
    assert kept.get("a", clock(), count) == 4


# --- finds ----------------------------------------------------------------------------------------------------------


def test_a_find_is_a_text_that_is_public_with_what_everybody_may_see(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        (found,) = read_lately(session, house.clock().date(), house.clock() - timedelta(days=7), 4)
        assert (found.record.id, found.field.name, found.said["value"]) == (record.id, "object", "Socketed axe")
        assert found.region.fields == ["object"]


def test_what_was_read_longer_ago_is_no_find_of_this_week(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        agreed(session, house, cast)
        clock.pass_(days=8)
        assert read_lately(session, clock().date(), clock() - timedelta(days=7), 4) == []
        assert len(read_lately(session, clock().date(), None, 4)) == 1


@pytest.mark.parametrize("state", ["draft", "trial", "archived"])
def test_nothing_of_a_project_that_is_not_public_is_a_find(house: House, cast: Cast, state: str) -> None:
    with house.database.writing() as session:
        agreed(session, house, cast).project.state = state
        session.flush()
        assert read_lately(session, house.clock().date(), None, 4) == []


def test_a_find_is_of_another_project_first(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        for slug, count in (("one", 1), ("two", 3)):
            project = make_project(session, session.merge(cast.collection), clock(), slug=slug)
            add_cards(session, house, project, count)
            for number in range(1, count + 1):
                clock.pass_(minutes=1)
                item = gold.item_called(session, project, f"HM {number}")
                for who in ("a", "b"):
                    read(session, house, tasks_of(session, item)[0], who)
                settle(session, house, project)
        found = read_lately(session, clock().date(), None, 3)
        assert [one.project.slug for one in found] == ["two", "one", "two"]


def test_the_front_page_shows_them_and_costs_a_bounded_number_of_queries(
    app: Flask, house: House, cast: Cast, clock: Clock
) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values={"object": {"value": "Palstave"}})

    def count() -> int:
        asked: list[str] = []
        listen = (house.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        event.listen(*listen)
        try:
            page = text_of(app.test_client(), "/")
        finally:
            event.remove(*listen)
        assert "Palstave" in page and "checked by the museum" in page
        return len(asked)

    clock.pass_(hours=1)
    few = count()
    with house.database.writing() as session:
        for number in range(40):
            project = make_project(session, session.merge(cast.collection), clock(), slug=f"more-{number:02}")
            add_cards(session, house, project, 1)
    clock.pass_(hours=1)
    assert count() <= few + 12  # Six rows instead of one, and no more for all the others.


# --- a museum -------------------------------------------------------------------------------------------------------


def test_a_museum_tells_of_itself_and_shows_its_own_projects_only(
    client: FlaskClient, house: House, cast: Cast
) -> None:
    with house.database.writing() as session:
        collection = session.merge(cast.collection)
        make_project(session, collection, house.clock(), slug="hidden", state="draft")
        collection.institution.about = {"fr": "Un musée au bord de la rivière.\n\nEt un jardin."}
        collection.institution.website = "https://museum.example"
    page = text_of(client, "/m/harrowby")
    assert "Harrowby Museum" in page and "/p/finds" in page and "/p/hidden" not in page
    assert 'class="reading u-top-4" lang="fr"' in page and "Et un jardin." in page and "https://museum.example" in page


def test_a_museum_without_an_open_project_is_seen_by_its_staff_alone(
    client: FlaskClient, app: Flask, cast: Cast
) -> None:
    assert client.get("/m/valmont").status_code == 404
    assert client.get("/m/nothing").status_code == 404
    assert "No project is open yet." in text_of(signed_in(app, cast.cleo), "/m/valmont")


def test_names_of_museums_lead_to_their_pages(client: FlaskClient, house: House, cast: Cast) -> None:
    for path in ("/", "/projects", "/p/finds", "/about/contact"):
        assert 'href="/m/harrowby"' in text_of(client, path), path


def test_a_record_without_any_answer_that_the_museum_decided_is_said_to_be_the_museums(
    client: FlaskClient, house: House, cast: Cast
) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        item = gold.item_called(session, project, "HM 1")
        gold.mark_typed(session, project, item, good_answer(), "mixed", cast.mia.id, house.clock())
        assert session.scalars(select(Record.state)).all() == ["decided"]
    assert "Read by the museum" in text_of(client, "/")
