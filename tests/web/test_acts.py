"""Every changing route of a professional leaves a line in the log of acts; who sees the log, and its file."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import (
    Act,
    Project,
)
from micro.house import House
from micro.services import acts, assignments, people, settling
from micro.services.answers import give_answer
from micro.services.assignments import LendingRule
from micro.web.access import ACCESS
from micro.web.acts import ALSO, CHANGES_NOTHING, PROFESSIONAL, VERBS, verb_word
from tests.cast import Cast, add_cards, good_answer, signed_in
from tests.conftest import Letters
from tests.services.cutting_ways import uncut_project
from tests.services.reading import disputed
from tests.web.act_steps import HARROWBY, STEPS, Stage, said


def changing(app: Flask) -> set[str]:
    """The routes that the access table gives to professionals and that take a POST, but for those that only show."""
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    theirs = {endpoint for endpoint, rule in ACCESS.items() if rule in PROFESSIONAL} | ALSO
    return (posts & theirs) - CHANGES_NOTHING


def test_every_changing_route_of_a_professional_is_among_the_steps_and_has_a_word(app: Flask) -> None:
    assert set(STEPS) == changing(app), "tell in STEPS how it is done"
    assert changing(app) <= set(VERBS), "say in micro/web/acts.py what it is called"
    assert set(VERBS) <= {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.fixture
def stage(house: House, app: Flask, cast: Cast, letters: Letters) -> Stage:
    """Finds, with three cards one of which is read; and an empty draft, whose cutting can be tried out."""
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        add_cards(session, house, project, 3)
        uncut_project(session, house, cast, 8)
        volunteer = people.volunteer_of_account(session, cast.ada.id, house.clock())
        lent = assignments.lend_task(session, project, volunteer, house.clock(), LendingRule(600, 5))
        assert lent is not None
        give_answer(session, lent, good_answer(), "once", house.clock())
        settling.settle_some(session, project.id, house.clock())
    return Stage(house, app, cast, letters, signed_in(app, cast.mia), signed_in(app, cast.nora))


# What the lines of these say besides who and what they are called, as the search finds it.
TOLD = {
    "manage.guide": "project finds guide.texts",
    "manage.add_picture": "project finds guide.examples",
    "manage.remove_picture": "project finds guide.examples",
    "manage.gold_rate": "project finds project.gold_every 0 12",
    "manage.known_card": "project finds gold mixed",
    "manage.use_known": "project finds gold.state mixed practice",
    "manage.mark_known": "project finds gold practice",
    "manage.work_out_anew": "project finds learning.redone",
    "manage.use_frame_for_all": "finds scan layout.frame upright",
    "manage.put_field_back": "second field finder setup",
    "manage.palette": "project second setup",
    "manage.remove_concept": "concept tin removed",
    "manage.remove_vocabulary": "vocabulary removed",
}


def test_each_of_them_leaves_a_line_when_it_succeeds(stage: Stage) -> None:
    for endpoint, step in STEPS.items():
        before = {act.id for act in written(stage.house)}
        answer = step(stage)
        assert answer.status_code < 400, f"{endpoint}: {answer.status_code} {said(answer)}"
        new = [act for act in written(stage.house) if act.id not in before and act.verb == endpoint]
        assert new, f"{endpoint} left no line"
        assert all(act.who and act.institution_id for act in new), f"{endpoint}: by nobody, or nowhere"
        if endpoint != "manage.accept":
            who = stage.cast.nora if endpoint == "manage.new_institution" else stage.cast.mia
            assert {act.who for act in new} == {who.public_id}, endpoint
        told = [word for word in TOLD.get(endpoint, "").split() if not any(word in act.words for act in new)]
        assert not told, f"{endpoint} does not say {told}: {new[-1].words}"
    shown = all_pages(stage.nora)
    with stage.app.test_request_context():
        unnamed = {verb for verb in STEPS if verb_word(verb) not in shown}
    assert not unnamed, "the page of the log does not say what they are called"
    everything = "\n".join(f"{vars(act)}" for act in written(stage.house))
    for secret in ("csrf", "password", "dora@example.org", "Dora", "Mia", "Nora"):
        assert secret not in everything


def all_pages(reader: FlaskClient) -> str:
    """The whole log as its pages show it, without the verbs that can be chosen."""
    text, address = "", "/desk/institutions/acts"
    while address:
        page = reader.get(address).text
        text += unescape(re.sub(r"<option.*?</option>", "", page))
        older = re.search(r'href="([^"]*before=[^"]*)"', page)
        address = unescape(older[1]) if older else ""
    return text


def written(house: House) -> list[Act]:
    with house.database.reading() as session:
        return list(session.scalars(select(Act).order_by(Act.id)))


# --- who sees it ------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        for who, place, project, why in (
            (cast.mia, cast.museum.id, "finds", "=HYPERLINK(1)"),
            (cast.ben, cast.museum.id, "finds", "two\nlines, and “quotes”"),
            (cast.cleo, cast.other_museum.id, "letters", "not yours"),
            (cast.nora, None, "", "of the network"),
        ):
            facts = {"institution_id": place, "project": project, "why": why, "from_state": "a", "to_state": "b"}
            session.add(acts.made_act(who.public_id, "manage.state", house.clock(), **facts))


def test_managers_see_their_institution_and_administrators_everything(app: Flask, cast: Cast, log: None) -> None:
    mia, nora, ben = (signed_in(app, who) for who in (cast.mia, cast.nora, cast.ben))
    page = mia.get(f"{HARROWBY}/acts").text
    assert (
        "moved the project" in page and "HYPERLINK" in page and "not yours" not in page and "of the network" not in page
    )
    assert all(words in nora.get("/desk/institutions/acts").text for words in ("not yours", "of the network", "quotes"))
    assert ben.get(f"{HARROWBY}/acts").status_code == 403 == mia.get("/desk/institutions/acts").status_code
    assert mia.get("/desk/institution/valmont/acts").status_code == 404


def test_the_page_searches_and_keeps_what_was_typed(app: Flask, cast: Cast, log: None) -> None:
    mia = signed_in(app, cast.mia)
    page = mia.get(f"{HARROWBY}/acts?who=ben&words=LINES&since=2026-03-01&until=2026-03-01&project=finds").text
    assert "quotes" in page and "HYPERLINK" not in page and 'value="LINES"' in page
    assert "Nothing matches this search." in mia.get(f"{HARROWBY}/acts?verb=review.decide").text
    for odd in (
        "since=x",
        "until=0001-01-01",
        "since=9999-12-31",
        "before=-1",
        "before=99999999999999",
        "who=%00",
        "words=%25%5C_",
    ):
        assert mia.get(f"{HARROWBY}/acts?{odd}").status_code == 200, odd


def test_older_ones_follow_on_the_next_page(house: House, app: Flask, cast: Cast) -> None:
    with house.database.writing() as session:
        for number in range(51):
            facts = {"institution_id": cast.museum.id, "why": f"reason {number}."}
            session.add(acts.made_act(cast.mia.public_id, "manage.state", house.clock(), **facts))
            session.flush()
    mia = signed_in(app, cast.mia)
    first = mia.get(f"{HARROWBY}/acts?words=reason").text
    assert "reason 50." in first and "reason 0." not in first
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older
    second = mia.get(unescape(older[1])).text
    assert "reason 0." in second and "reason 1." not in second and "Older" not in second


def test_the_file_has_every_line_and_no_formula(app: Flask, cast: Cast, log: None) -> None:
    answer = signed_in(app, cast.mia).get(f"{HARROWBY}/acts.csv?verb=manage.state")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [row["name"] for row in rows] == ["Ben", "Mia"]
    assert [row["why"] for row in rows] == ["two\nlines, and “quotes”", "'=HYPERLINK(1)"]
    assert rows[0]["at"] == "2026-03-01T09:00:00Z" and (rows[0]["from"], rows[0]["to"]) == ("a", "b")
    everything = signed_in(app, cast.nora).get("/desk/institutions/acts.csv").data.decode("utf-8-sig")
    assert everything.count("\r\n") == 5


def test_no_route_changes_or_removes_a_line(house: House, app: Flask, cast: Cast, log: None) -> None:
    """Whatever is sent to the pages of the log, by anyone: the lines stay as they are."""
    before = [(act.id, act.why) for act in written(house)]
    addresses = (f"{HARROWBY}/acts", "/desk/institutions/acts", f"{HARROWBY}/acts.csv", f"{HARROWBY}/acts/1")
    for who in (cast.mia, cast.nora):
        client = signed_in(app, who)
        for address in addresses:
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                answer = client.open(address, method=method, data={"id": "1", "why": "other", "delete": "1"})
                assert answer.status_code in (404, 405), f"{method} {address}"
    assert [(act.id, act.why) for act in written(house)] == before


def test_a_decision_that_a_script_sends_keeps_its_reason_and_is_told_in_words(
    house: House, app: Flask, cast: Cast
) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
    given = {"action": "accept", "revision": record.revision, "reason": "The shine says so."}
    sent = signed_in(app, cast.ben).post(
        f"/review/{record.public_id}/decide", data=given, content_type="multipart/form-data"
    )
    assert sent.status_code == 303
    with house.database.reading() as session:
        act = session.scalars(select(Act).where(Act.verb == "review.decide")).one()
    assert (act.why, act.details["said"]) == ("The shine says so.", {"action": "accept"})
    page = unescape(signed_in(app, cast.mia).get("/desk/institution/harrowby/acts").text)
    assert "(accepted)" in page and "Waiting → Decided" in page and "The shine says so." in page
    assert 'act__move">review' not in page
