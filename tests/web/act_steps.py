"""How each act of a professional is done through its page: the steps of the test of the log of acts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro.data.models import (
    Assignment,
    Batch,
    Decision,
    Gold,
    Intake,
    Invitation,
    Item,
    Layout,
    Message,
    News,
    Project,
    Record,
    Scan,
    Setup,
    Volunteer,
)
from micro.house import House
from micro.services import comments, layouts, messages
from tests.cast import Cast, card_picture
from tests.conftest import Letters
from tests.core.test_layout_reading import alto, alto_line, in_block
from tests.web.test_practice import RIGHT


def said(answer: TestResponse) -> str:
    return " ".join(re.findall(r'class="(?:field__problem|notice)[^>]*>.*?<(?:span|b|p)>([^<]+)', answer.text, re.S))


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


def attach(stage: Stage, name: str, content: bytes) -> tuple[str, str]:
    """The addresses of a scan and of the layout that it gets."""
    with stage.house.database.writing() as session:
        project = session.get_one(Project, stage.cast.project.id)
        made = layouts.attach_layout(session, project, name, content, f"layouts/{name}", stage.house.clock())
        return made.scan.public_id, made.public_id


def change_layout(stage: Stage) -> TestResponse:
    scan, layout = attach(stage, "card-001.xml", alto(in_block(alto_line("l1")), page='WIDTH="800" HEIGHT="600"'))
    look = stage.form(f"/desk/scan/{scan}/layout?layout={layout}")
    return stage.post(f"/desk/scan/{scan}/layout", {"layout": layout, "do": "drop", **look, "drop": "1"})


def send_message(stage: Stage) -> TestResponse:
    with stage.house.database.writing() as session:
        messages.agree(session, stage.cast.ada.id, stage.cast.project.id, "Yes.", stage.house.clock())
    return stage.post(f"{FINDS}/message", {"message-en-subject": "Hello", "message-en-text": "Good news."})


def use_frame_for_all(stage: Stage) -> TestResponse:
    """Of three scans with unsure boxes one is laid by hand, and the others are to lie as it."""
    for number in (1, 2, 3):
        attach(stage, f"card-{number:03}.xml", alto(in_block(alto_line("l1")), page='WIDTH="800" HEIGHT="800"'))
    with stage.house.database.reading() as session:
        unsure = session.scalars(select(Layout).where(~Layout.certain).order_by(Layout.id)).all()
        assert len(unsure) == 3
        page, sent = f"/desk/scan/{unsure[0].scan.public_id}/layout", {"layout": unsure[0].public_id}
    assert stage.post(page, {**sent, "frame": "upright"}).status_code == 303
    return stage.post(f"{page}/for-all", sent)


def card_read(stage: Stage) -> str:
    """What is written below the card that was read."""
    found: str = stage.one(select(Item.identifier).where(Item.id == stage.record().item_id))
    return found


def known_card(stage: Stage) -> TestResponse:
    card = next(name for name in ("HM 1", "HM 2") if name != card_read(stage))
    return stage.post(f"{FINDS}/known/card", {**RIGHT, "card": card, "use": "mixed"})


def put_field_back(stage: Stage) -> TestResponse:
    boxes = re.findall(r'<option value="([^"]+)"', stage.mia.get(FORM).text)
    return stage.post(f"{FORM}/field/finder/back", {"version": version(stage), "box": boxes[0] if boxes else ""})


def remove_vocabulary(stage: Stage) -> TestResponse:
    made = stage.post(f"{HARROWBY}/vocabularies", {"name": "Colours"})
    return stage.post(f"{made.headers['Location']}/remove")


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


def answer_comment(stage: Stage) -> TestResponse:
    with stage.house.database.writing() as session:
        sent = session.scalars(select(Assignment).where(Assignment.state == "answered")).first()
        assert sent is not None
        said = comments.say(session, sent, [sent.volunteer_id], "A drawing!", "once", stage.house.clock())
        stage.kept["comment"] = f"/review/{stage.record().public_id}/comments/{said.public_id}"
    return stage.post(f"{stage.kept['comment']}/answer", {"words": "Of an axe."})


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
    "manage.guide": lambda stage: stage.post(f"{FINDS}/guide", {"text_en": "## Letters", "seen": "0"}),
    "manage.add_picture": lambda stage: stage.post(
        f"{FINDS}/guide/picture",
        {"card": "HM 1", "field": "object", "box": "", "caption_en": "A capital S", "seen": "1"},
    ),
    "manage.remove_picture": lambda stage: stage.post(f"{FINDS}/guide/picture/0/remove", {"seen": "2"}),
    "manage.gold_rate": lambda stage: stage.post(f"{FINDS}/known/rate", {"mixes": "1", "gold_every": "12"}),
    "manage.known_card": known_card,
    "manage.use_known": lambda stage: stage.post(
        f"{FINDS}/known/{stage.one(select(Gold.public_id))}/use", {"use": "practice"}
    ),
    "manage.work_out_anew": lambda stage: stage.post(f"{FINDS}/quality"),
    "manage.open_delivery": lambda stage: stage.post(f"{FINDS}/deliveries"),
    "manage.upload": lambda stage: stage.post(f"{FINDS}/upload", {"files": file_of(card_picture(8), "eight.jpg")}),
    "manage.cancel_delivery": cancel_delivery,
    "manage.retry_delivery": lambda stage: stage.post(f"{stage.intake()}/retry"),
    "manage.describe_scan": lambda stage: stage.post(
        stage.scan(), {"title": "Axe", "document": "drawer", "page_number": "3", "rights": "CC0-1.0", "credit": "x"}
    ),
    "manage.use_frame_for_all": use_frame_for_all,
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
    "manage.put_field_back": put_field_back,
    "manage.palette": lambda stage: stage.post(f"{FORM}/palette", {"version": version(stage), "palette": "œ ℔"}),
    "manage.remove_concept": lambda stage: stage.post(f"{stage.kept['vocabulary']}/concept/tin/remove"),
    "manage.remove_vocabulary": remove_vocabulary,
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
    "review.answer_comment": answer_comment,
    "review.move_comment": lambda stage: stage.post(f"{stage.kept['comment']}/state", {"state": "hidden"}),
    "review.decide": decide,
    "manage.mark_known": lambda stage: stage.post(
        f"{FINDS}/known/decided", {"card": card_read(stage), "use": "practice"}
    ),
    "review.undo": undo,
    "manage.release": lambda stage: stage.post(f"{FINDS}/release", {"notes": "The first."}),
    "manage.erase_scan": erase,
    "manage.erase_scan_files": erase_files,
    "manage.state": lambda stage: stage.post(f"{FINDS}/state", {"seen": "live", "state": "paused", "why": "holidays"}),
    "manage.trial": lambda stage: stage.post(f"{FINDS}/trial"),
    "review.together": begin_batch,
    "review.batch": lambda stage: stage.post(f"/review/batch/{stage.one(select(Batch.public_id))}", {"action": "drop"}),
}
