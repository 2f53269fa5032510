"""The access table: every route × every role × own and other institution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import Batch, Intake, Message, News, Project, Record, Region, Release, Scan
from micro.house import House
from micro.services import assignments, comments, gold, invitations, people, settling, vocabularies
from micro.services.answers import give_answer
from micro.web.access import ACCESS, Rule
from tests.cast import Cast, add_cards, good_answer, make_project, signed_in

NOBODY_SEES = {404}
LET_IN = set(range(200, 304)) | {400, 409, 410, 422}


@dataclass
class Places:
    """Something to put into every part of an address, in the cast's own museum."""

    parts: dict[str, Any]


@pytest.fixture
def places(house: House, cast: Cast) -> Places:
    """A draft project of Harrowby Museum with a card, a record, a delivery and a release: as private as can be."""
    with house.database.writing() as session:
        project = make_project(session, session.merge(cast.collection), house.clock(), slug="hidden", state="draft")
        add_cards(session, house, project, 1)
        delivery = Intake(project=project, source="upload", created_at=house.clock())
        release = Release(
            project=project, number=1, state="making", licence="CC-BY-4.0", notes="", created_at=house.clock()
        )
        news = News(project=project, texts={"en": {"title": "a", "text": "b"}}, published_at=house.clock())
        message = Message(project=project, texts={"en": {"subject": "a", "text": "b"}}, created_at=house.clock())
        vocabulary = vocabularies.make_vocabulary(session, project.collection.institution, "Materials", house.clock())
        vocabularies.add_concept(session, vocabulary, {"code": "bronze", "en": "Bronze"}, house.clock())
        session.add_all([delivery, release, news, message])
        invited = invitations.invite(
            session, session.merge(cast.museum), "new@example.org", "reviewer", None, house.clock()
        )
        session.flush()
        item = gold.item_called(session, project, "HM 1")
        known = gold.mark_typed(session, project, item, good_answer(), "practice", None, house.clock(), decides=False)[
            0
        ]
        project.state = "live"
        volunteer = people.volunteer_of_account(session, cast.cleo.id, house.clock())
        lent = assignments.lend_task(session, project, volunteer, house.clock(), assignments.LendingRule(600, 5))
        assert lent is not None
        give_answer(session, lent, good_answer(), "once", house.clock())
        spoken = comments.say(session, lent, [volunteer.id], "A drawing!", "once", house.clock())
        lent.task.unsettled = True
        session.flush()
        settling.settle_some(session, project.id, house.clock())
        project.state = "draft"
        numbers: dict[str, Any] = {"least": 0.9, "lowest": 0.9, "size": 30, "bound": 0.1, "sample_size": 29}
        batch = Batch(project=project, account_id=cast.ben.id, seed="x", created_at=house.clock(), **numbers)
        batch.changed_at = batch.created_at
        session.add(batch)
        session.flush()
        return Places(
            {
                "batch": batch.public_id,
                "project": "hidden",
                "institution": cast.museum.slug,
                "record": session.scalars(select(Record.public_id)).one(),
                "intake": delivery.public_id,
                "release": release.public_id,
                "assignment": lent.public_id,
                "number": 1,
                "field": "object",
                "vocabulary": vocabulary.public_id,
                "concept": "bronze",
                "name": "about",
                "token": "none",
                "invitation": invited.invitation.public_id,
                "scan": session.scalars(select(Scan.public_id).where(Scan.project_id == project.id)).one(),
                "region": session.scalars(select(Region.public_id)).first(),
                "longest": 320,
                "news": news.public_id,
                "comment": spoken.public_id,
                "message": message.public_id,
                "known": known.public_id,
                "volunteer": volunteer.public_id,
                "figure": "answers",
                "kind": "transcribe",
                "filename": "micro.svg",
                "rest": "a/b",
                "size": "max",
                "rotation": "0",
            }
        )


def test_every_route_is_in_the_table_and_every_row_is_a_route(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ACCESS)


def test_a_route_outside_the_table_does_not_answer(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert app.test_client().get("/forgotten").status_code == 404


def ask(client: FlaskClient, app: Flask, endpoint: str, places: Places) -> int:
    rule = next(r for r in app.url_map.iter_rules() if r.endpoint == endpoint)
    with app.test_request_context():
        address = app.url_for(endpoint, **{part: places.parts[part] for part in rule.arguments})
    method = "GET" if "GET" in (rule.methods or ()) else "POST"
    return client.open(address, method=method).status_code


def expected(rule: Rule, who: str) -> set[int]:
    """What each of the cast is told at a route of this rule, for things of Harrowby Museum."""
    match rule, who:
        case Rule.ANYONE, _:
            return set(range(200, 500)) - {405}
        case _, "visitor":
            return {302, 303, 401}
        case Rule.SIGNED_IN, _:
            return LET_IN
        case Rule.STAFF, "ada":
            return {403}
        case Rule.ADMIN, _:
            return LET_IN if who == "nora" else {403}
        case Rule.STAFF, _:
            return LET_IN
        case _, "ada" | "cleo":
            return NOBODY_SEES
        case Rule.MANAGER, "ben":
            return {403}
        case _:
            return LET_IN


@pytest.mark.parametrize("who", ["visitor", "ada", "ben", "mia", "cleo", "nora"])
def test_every_route_lets_in_whom_the_table_names_and_nobody_else(
    app: Flask, cast: Cast, places: Places, who: str
) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    for endpoint, rule in ACCESS.items():
        client = app.test_client() if who == "visitor" else signed_in(app, getattr(cast, who))
        status = ask(client, app, endpoint, places)
        assert status in expected(rule, who), f"{who} at {endpoint}: {status}"


HIDDEN = (
    "public.project",
    "pictures.scan",
    "pictures.region",
    "data.dataset",
    "data.release",
    "data.file",
    "bench.take",
    "bench.terms",
    "api.project",
)


@pytest.mark.parametrize("state", ["draft", "trial"])
@pytest.mark.parametrize("who", ["visitor", "ada", "cleo"])
def test_a_draft_or_trial_is_as_private_as_its_pictures_tasks_and_data(
    house: House, app: Flask, cast: Cast, places: Places, who: str, state: str
) -> None:
    with house.database.writing() as session:
        session.query(Project).filter_by(slug="hidden").one().state = state
    for endpoint in HIDDEN:
        client = app.test_client() if who == "visitor" else signed_in(app, getattr(cast, who))
        assert ask(client, app, endpoint, places) == 404, endpoint
