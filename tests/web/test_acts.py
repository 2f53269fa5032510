"""Every changing route of a professional leaves a line in the log of acts; who sees the log, and its file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro.data.models import (
    Act,
    Batch,
    Decision,
    Intake,
    Invitation,
    Item,
    Message,
    News,
    Project,
    Record,
    Scan,
    Setup,
    Volunteer,
)
from micro.house import House
from micro.services import acts, assignments, layouts, messages, people, settling
from micro.services.answers import give_answer
from micro.services.assignments import LendingRule
from micro.web.access import ACCESS
from micro.web.acts import ALSO, CHANGES_NOTHING, PROFESSIONAL, VERBS
from tests.cast import Cast, add_cards, card_picture, good_answer, signed_in
from tests.conftest import Letters
from tests.core.test_layout_reading import alto, alto_line, in_block
from tests.services.cutting_ways import uncut_project
from tests.services.reading import disputed


@dataclass
class Stage:
    """The house with the browsers of Mia, who manages, and Nora; and what one step leaves to the next."""

    house: House
    app: Flask
    cast: Cast
    letters: Letters
    mia: FlaskClient
    nora: FlaskClient
    kept: dict[str, str] = field(default_factory=dict)

    def post(self, address: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        return self.mia.post(address, data=dict(data or {}))

    def one(self, query: Any) -> Any:
        with self.house.database.reading() as session:
            return session.scalars(query).first()

    def form(self, address: str) -> dict[str, str]:
        """The inputs of a page as a browser would send them back."""
        page = self.mia.get(address).text
        inputs = re.findall(r'<input [^>]*name="(\w+)"[^>]*value="([^"]*)"', page)
        inputs = [(name, value) for name, value in inputs if name != "csrf_token"]
        areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', page)
        picks = re.findall(r'<select[^>]*name="(\w+)".*?<option value="([^"]*)" selected', page, re.S)
        return {name: unescape(value) for name, value in (*inputs, *areas, *picks)}

    def scan(self) -> str:
        mine = Scan.project_id == self.cast.project.id, Scan.state == "shown"
        found: str = self.one(select(Scan.public_id).where(*mine).order_by(Scan.id))
        return f"/desk/scan/{found}"

    def intake(self) -> str:
        return f"/desk/intake/{self.one(select(Intake.public_id).order_by(Intake.id.desc()))}"

    def volunteer(self) -> str:
        return f"/desk/finds/volunteers/{self.one(select(Volunteer.public_id))}"

    def record(self) -> Record:
        found: Record = self.one(select(Record).order_by(Record.id))
        return found

    def wait_for_review(self) -> None:
        with self.house.database.writing() as session:
            session.scalars(select(Record)).first().state = "review"  # type: ignore[union-attr]


HARROWBY, FINDS, FORM = "/desk/institution/harrowby", "/desk/finds", "/desk/second/form"
GRID = '{"by": "grid", "rows": 20, "columns": 20}'  # So many that some wait for a worker.
TABLE = b"code,en,fr,uri,broader\nmetal,Metal,Metal,,\n"


def file_of(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def accept(stage: Stage) -> TestResponse:
    link = re.findall(r"/invitation/(\S+)", stage.letters.sent[-1][2])[-1]
    return stage.app.test_client().post(
        f"/invitation/{link}", data={"name": "Dora", "password": "a long enough password", "new": "1"}
    )


def take_over_vocabulary(stage: Stage) -> TestResponse:
    content = {"file": file_of(TABLE, "m.csv"), "language": "en"}
    plan = stage.post(f"{stage.kept['vocabulary']}/import", content)
    return stage.post(plan.headers["Location"])


def new_vocabulary(stage: Stage) -> TestResponse:
    made = stage.post(f"{HARROWBY}/vocabularies", {"name": "Materials"})
    stage.kept["vocabulary"] = made.headers["Location"]
    return made


def concept(stage: Stage) -> TestResponse:
    seen = {"seen_en": "Red clay", "seen_fr": "Argile", "seen_uri": "", "seen_broader": ""}
    return stage.post(f"{stage.kept['vocabulary']}/concept/red-clay", {"en": "Terracotta", **seen})


def update_field(stage: Stage) -> TestResponse:
    given = {"type": "tags", "label_en": "Made of", "label_fr": "Fait de", "vocabulary": "materials", "do": "save"}
    made = stage.post(f"{FORM}/new", {**given, "part": "all", "version": version(stage)})
    assert made.status_code == 303, said(made)
    stage.post(stage.kept["vocabulary"], {"en": "Tin", "fr": "Étain"})
    return stage.post(f"{FORM}/field/made_of/update", {"version": version(stage)})


def version(stage: Stage) -> str:
    mine = select(Setup.version).join(Project, Project.id == Setup.project_id).where(Project.slug == "second")
    return str(stage.one(mine.order_by(Setup.version.desc())))


def cancel_delivery(stage: Stage) -> TestResponse:
    stage.post(f"{FINDS}/upload", {"files": file_of(card_picture(9), "nine.jpg")})
    return stage.post(f"{stage.intake()}/cancel")


def replace(stage: Stage) -> TestResponse:
    return stage.post(
        f"{stage.scan()}/replace", {"file": file_of(card_picture(77, 800, 600), "b.jpg"), "why": "colour"}
    )


def put_back(stage: Stage) -> TestResponse:
    old = stage.one(select(Scan.public_id).where(Scan.state == "replaced"))
    return stage.post(f"/desk/scan/{old}/put-back", {"why": "the wrong one"})


def restore(stage: Stage) -> TestResponse:
    hidden = stage.one(select(Scan.public_id).where(Scan.state == "withdrawn"))
    return stage.post(f"/desk/scan/{hidden}/restore", {"why": "cleared"})


def erase(stage: Stage) -> TestResponse:
    found: Scan = stage.one(select(Scan).where(Scan.state == "shown", Scan.project_id == stage.cast.project.id))
    return stage.post(f"/desk/scan/{found.public_id}/erase", {"typed": found.identifier, "why": "a court said so"})


def erase_files(stage: Stage) -> TestResponse:
    return stage.post(f"/desk/scan/{stage.one(select(Scan.public_id).where(Scan.state == 'erased'))}/erase-files")


def change_layout(stage: Stage) -> TestResponse:
    with stage.house.database.writing() as session:
        project = session.get_one(Project, stage.cast.project.id)
        content = alto(in_block(alto_line("l1")), page='WIDTH="800" HEIGHT="600"')
        made = layouts.attach_layout(session, project, "card-001.xml", content, "layouts/x.xml", stage.house.clock())
        scan, layout = made.scan.public_id, made.public_id
    look = stage.form(f"/desk/scan/{scan}/layout?layout={layout}")
    return stage.post(f"/desk/scan/{scan}/layout", {"layout": layout, "do": "drop", **look, "drop": "1"})


def send_message(stage: Stage) -> TestResponse:
    with stage.house.database.writing() as session:
        messages.agree(session, stage.cast.ada.id, stage.cast.project.id, "Yes.", stage.house.clock())
    return stage.post(f"{FINDS}/message", {"message-en-subject": "Hello", "message-en-text": "Good news."})


def staff(stage: Stage) -> TestResponse:
    return stage.post(f"{HARROWBY}/staff", {"account": stage.cast.ben.public_id, "seen": "reviewer", "role": "manager"})


def decide(stage: Stage) -> TestResponse:
    stage.wait_for_review()
    found = stage.record()
    given = {"action": "accept", "revision": found.revision, "version": found.current, "reason": "as it stands"}
    return stage.post(f"/review/{found.public_id}/decide", given)


def undo(stage: Stage) -> TestResponse:
    newest = select(Decision.public_id).order_by(Decision.id.desc())
    return stage.post("/review/undo", {"decision": stage.one(newest)})


# In this order, by Mia or (new_institution) Nora; each succeeds and is an act.
def begin_batch(stage: Stage) -> TestResponse:
    """Thirty records more that are clear; of 29 of them a sample is drawn."""
    with stage.house.database.writing() as session:
        scan = session.scalars(
            select(Scan).where(Scan.state == "shown", Scan.project_id == stage.cast.project.id)
        ).first()
        assert scan is not None
        now = stage.house.clock()
        for number in range(30):
            item = Item(project_id=scan.project_id, scan_id=scan.id, identifier=f"B{number}", title="", created_at=now)
            session.add(item)
            session.flush()
            session.add(Record(project_id=scan.project_id, item_id=item.id, state="settled", confidence=0.99, current=1,
                               changed_at=now))  # fmt: skip
    page = "/review/together/finds"
    return stage.post(page, {"seen": stage.form(page)["seen"], "bound": "0.1"})


STEPS: Mapping[str, Callable[[Stage], TestResponse]] = {
    "manage.new_institution": lambda stage: stage.nora.post(
        "/desk/institutions/new", data={"name": "Kesten Society", "accent": "kesten", "slug": "kesten"}
    ),
    "manage.institution": lambda stage: stage.post(HARROWBY, {**stage.form(HARROWBY), "accent": "valmont"}),
    "manage.invite": lambda stage: stage.post(f"{HARROWBY}/invite", {"email": "dora@example.org", "role": "reviewer"}),
    "manage.invitation": lambda stage: stage.post(
        f"{HARROWBY}/invitation/{stage.one(select(Invitation.public_id))}", {"again": "1"}
    ),
    "manage.accept": accept,
    "manage.staff": staff,
    "manage.new": lambda stage: stage.post(
        f"{HARROWBY}/new",
        {
            "template": "cards",
            "title_en": "Second",
            "slug": "second",
            "collection": "Letters",
            "content_language": "en",
            "licence": "CC0-1.0",
            "min_answers": "2",
            "max_answers": "4",
        },
    ),
    "manage.settings": lambda stage: stage.post(
        f"{FINDS}/settings", {**stage.form(f"{FINDS}/settings"), "title_en": "Finds of the river"}
    ),
    "manage.queue_limit": lambda stage: stage.post(f"{FINDS}/limit", {"most": "20"}),
    "manage.open_delivery": lambda stage: stage.post(f"{FINDS}/deliveries"),
    "manage.upload": lambda stage: stage.post(f"{FINDS}/upload", {"files": file_of(card_picture(8), "eight.jpg")}),
    "manage.cancel_delivery": cancel_delivery,
    "manage.retry_delivery": lambda stage: stage.post(f"{stage.intake()}/retry"),
    "manage.describe_scan": lambda stage: stage.post(
        stage.scan(), {"title": "Axe", "document": "drawer", "page_number": "3", "rights": "CC0-1.0", "credit": "x"}
    ),
    "manage.change_layout": change_layout,
    "manage.withdraw_scan": lambda stage: stage.post(f"{stage.scan()}/withdraw", {"why": "names a child"}),
    "manage.restore_scan": restore,
    "manage.replace_scan": replace,
    "manage.put_scan_back": put_back,
    "manage.new_vocabulary": new_vocabulary,
    "manage.vocabulary_plan": take_over_vocabulary,
    "manage.add_concept": lambda stage: stage.post(stage.kept["vocabulary"], {"en": "Red clay", "fr": "Argile"}),
    "manage.concept": concept,
    "manage.new_field": lambda stage: stage.post(
        f"{FORM}/new",
        {"version": version(stage), "type": "text", "label_en": "Finder", "label_fr": "Inventeur", "do": "save"},
    ),
    "manage.field": lambda stage: stage.post(
        f"{FORM}/field/finder",
        {"version": version(stage), "type": "text", "label_en": "Finder", "label_fr": "X", "do": "save"},
    ),
    "manage.move_field": lambda stage: stage.post(f"{FORM}/field/finder/move", {"version": version(stage), "to": "up"}),
    "manage.update_field": update_field,
    "manage.remove_field": lambda stage: stage.post(f"{FORM}/field/finder/remove", {"version": version(stage)}),
    "manage.cut": lambda stage: stage.post("/desk/drawer/cutting", {"way": GRID}),
    "manage.cutting_cancel": lambda stage: stage.post("/desk/drawer/cutting/cancel"),
    "manage.cutting_again": lambda stage: stage.post("/desk/drawer/cutting/again"),
    "manage.cutting_discard": lambda stage: stage.post(
        "/desk/drawer/cutting/discard", {"seen": stage.form("/desk/drawer/cutting")["seen"]}
    ),
    "manage.publish_news": lambda stage: stage.post(f"{FINDS}/news", {"news-en-title": "Half", "news-en-text": "Yes."}),
    "manage.move_news": lambda stage: stage.post(
        f"{FINDS}/news/{stage.one(select(News.public_id))}", {"state": "withdrawn"}
    ),
    "manage.send_message": send_message,
    "manage.move_message": lambda stage: stage.post(
        f"{FINDS}/message/{stage.one(select(Message.public_id))}", {"state": "cancelled"}
    ),
    "manage.set_aside": lambda stage: stage.post(f"{stage.volunteer()}/aside", {"why": "scribbles"}),
    "manage.count_again": lambda stage: stage.post(f"{stage.volunteer()}/again", {"why": "a mistake"}),
    "review.contributors": lambda stage: stage.post(f"/review/{stage.record().public_id}/contributors"),
    "review.decide": decide,
    "review.undo": undo,
    "manage.release": lambda stage: stage.post(f"{FINDS}/release", {"notes": "The first."}),
    "manage.erase_scan": erase,
    "manage.erase_scan_files": erase_files,
    "manage.state": lambda stage: stage.post(f"{FINDS}/state", {"seen": "live", "state": "paused", "why": "holidays"}),
    "manage.trial": lambda stage: stage.post(f"{FINDS}/trial"),
    "review.together": begin_batch,
    "review.batch": lambda stage: stage.post(f"/review/batch/{stage.one(select(Batch.public_id))}", {"action": "drop"}),
}


def changing(app: Flask) -> set[str]:
    """The routes that the access table gives to professionals and that take a POST, but for those that only show."""
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    theirs = {endpoint for endpoint, rule in ACCESS.items() if rule in PROFESSIONAL} | ALSO
    return (posts & theirs) - CHANGES_NOTHING


# They have a word, and no step here yet: their line in the log is not proven.
WITHOUT_A_STEP = {
    "manage.add_picture",
    "manage.gold_rate",
    "manage.guide",
    "manage.known_card",
    "manage.mark_known",
    "manage.palette",
    "manage.put_field_back",
    "manage.remove_concept",
    "manage.remove_picture",
    "manage.remove_vocabulary",
    "manage.use_frame_for_all",
    "manage.use_known",
    "manage.work_out_anew",
}


def test_every_changing_route_of_a_professional_is_among_the_steps_and_has_a_word(app: Flask) -> None:
    assert set(STEPS) == changing(app) - WITHOUT_A_STEP, "tell in STEPS how it is done"
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
    everything = "\n".join(f"{vars(act)}" for act in written(stage.house))
    for secret in ("csrf", "password", "dora@example.org", "Dora", "Mia", "Nora"):
        assert secret not in everything


def written(house: House) -> list[Act]:
    with house.database.reading() as session:
        return list(session.scalars(select(Act).order_by(Act.id)))


def said(answer: TestResponse) -> str:
    return " ".join(re.findall(r'class="(?:field__problem|notice)[^>]*>.*?<(?:span|b|p)>([^<]+)', answer.text, re.S))


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
