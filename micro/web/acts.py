"""Which requests are acts of professionals, and what each is called. The rows are written by services/acts.py."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g, request
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.database import WATCH
from micro.data.models import Intake, Project, Record, Release, Scan
from micro.services.acts import Doing
from micro.web.access import ACCESS, Rule, institution_of
from micro.web.context import current_person, house
from micro.web.forms import storable

PROFESSIONAL = (Rule.STAFF, Rule.REVIEWER, Rule.MANAGER, Rule.ADMIN)
ALSO = frozenset({"manage.accept"})  # Anyone may open the address; accepting makes a professional.
# Posts that change nothing: they only show what would be; a hold tells colleagues what one looks at for minutes.
CHANGES_NOTHING = frozenset({"manage.preview", "manage.cutting_look", "manage.vocabulary_file", "review.hold"})

# What an act is about: the most special part of its address first. No token is ever kept.
SUBJECTS = (
    "concept",
    "field",
    "news",
    "message",
    "invitation",
    "volunteer",
    "record",
    "scan",
    "intake",
    "release",
    "vocabulary",
    "project",
    "institution",
)
WITHIN: Mapping[str, type[Record | Scan | Intake | Release]] = {
    "record": Record,
    "scan": Scan,
    "intake": Intake,
    "release": Release,
}
SAID = ("action", "state", "role")  # The fields of forms that are kept as they were sent.
WHY = ("why", "reason", "question", "notes")
UPLOADS = ("manage.upload", "manage.replace_scan", "manage.vocabulary_file")

VERBS: Mapping[str, object] = {
    "manage.accept": lazy_gettext("accepted an invitation"),
    "manage.add_concept": lazy_gettext("added a concept"),
    "manage.cancel_delivery": lazy_gettext("stopped a delivery"),
    "manage.change_layout": lazy_gettext("changed a layout"),
    "manage.concept": lazy_gettext("changed a concept"),
    "manage.count_again": lazy_gettext("let a volunteer’s answers count again"),
    "manage.cut": lazy_gettext("cut the scans"),
    "manage.cutting_again": lazy_gettext("cut the scans again"),
    "manage.cutting_cancel": lazy_gettext("stopped the cutting"),
    "manage.cutting_discard": lazy_gettext("discarded cut cards"),
    "manage.describe_scan": lazy_gettext("described a scan"),
    "manage.erase_scan": lazy_gettext("erased a scan"),
    "manage.erase_scan_files": lazy_gettext("erased the files of a scan"),
    "manage.field": lazy_gettext("changed a field of the form"),
    "manage.institution": lazy_gettext("described the institution"),
    "manage.invitation": lazy_gettext("withdrew or resent an invitation"),
    "manage.invite": lazy_gettext("invited somebody"),
    "manage.move_field": lazy_gettext("moved a field of the form"),
    "manage.move_message": lazy_gettext("stopped or resumed a message"),
    "manage.move_news": lazy_gettext("withdrew news or published it again"),
    "manage.new": lazy_gettext("made a project"),
    "manage.new_field": lazy_gettext("added a field to the form"),
    "manage.new_institution": lazy_gettext("made an institution"),
    "manage.new_vocabulary": lazy_gettext("made a vocabulary"),
    "manage.open_delivery": lazy_gettext("began a delivery"),
    "manage.publish_news": lazy_gettext("published news"),
    "manage.put_scan_back": lazy_gettext("put an earlier scan back"),
    "manage.queue_limit": lazy_gettext("set the limit of the queue"),
    "manage.release": lazy_gettext("began a release"),
    "manage.remove_field": lazy_gettext("removed a field of the form"),
    "manage.replace_scan": lazy_gettext("replaced a scan"),
    "manage.restore_scan": lazy_gettext("showed a scan again"),
    "manage.retry_delivery": lazy_gettext("tried a delivery again"),
    "manage.send_message": lazy_gettext("sent a message to volunteers"),
    "manage.set_aside": lazy_gettext("set a volunteer’s answers aside"),
    "manage.settings": lazy_gettext("changed the settings"),
    "manage.staff": lazy_gettext("changed a role"),
    "manage.state": lazy_gettext("moved the project"),
    "manage.trial": lazy_gettext("made a new link for the trial"),
    "manage.update_field": lazy_gettext("brought a field up to date with its vocabulary"),
    "manage.upload": lazy_gettext("uploaded files"),
    "manage.vocabulary_plan": lazy_gettext("took over a vocabulary from a file"),
    "manage.withdraw_scan": lazy_gettext("took a scan down"),
    "review.answer_comment": lazy_gettext("answered a volunteer’s comment"),
    "review.move_comment": lazy_gettext("hid a comment or showed it again"),
    "review.batch": lazy_gettext("accepted, gave up or took back records together"),
    "review.contributors": lazy_gettext("asked who answered"),
    "review.decide": lazy_gettext("decided on a record"),
    "review.together": lazy_gettext("drew a sample of records to accept together"),
    "review.undo": lazy_gettext("took back a decision"),
    "manage.add_picture": lazy_gettext("added a picture to the guide"),
    "manage.gold_rate": lazy_gettext("changed how often known cards come"),
    "manage.guide": lazy_gettext("wrote the guide"),
    "manage.known_card": lazy_gettext("looked for a card to make known"),
    "manage.mark_known": lazy_gettext("made the answer of a card known"),
    "manage.palette": lazy_gettext("changed the characters of a form"),
    "manage.put_field_back": lazy_gettext("put a removed field back"),
    "manage.remove_concept": lazy_gettext("deleted a concept"),
    "manage.remove_picture": lazy_gettext("took a picture out of the guide"),
    "manage.remove_vocabulary": lazy_gettext("deleted a vocabulary"),
    "manage.use_frame_for_all": lazy_gettext("laid all unsure boxes in one way"),
    "manage.use_known": lazy_gettext("changed what a known card is for"),
    "manage.work_out_anew": lazy_gettext("had the records worked out anew"),
}

# What is typed as a command, see cli_acts.py.
COMMANDS: Mapping[str, object] = {
    "command.account": lazy_gettext("made an account"),
    "command.cut": lazy_gettext("cut the scans"),
    "command.import_csv": lazy_gettext("brought in the rows of a table"),
    "command.import_pybossa": lazy_gettext("brought in a PyBossa project"),
    "command.ingest": lazy_gettext("took in a folder of pictures"),
    "command.project": lazy_gettext("made a project"),
    "command.release": lazy_gettext("began a release"),
}


def verb_word(verb: str) -> str:
    """What an act is called; one that older rows only know keeps its bare name."""
    return str(VERBS.get(verb) or COMMANDS.get(verb, verb))


def watch_acts() -> None:
    """Before each request: whoever acts as a professional is watched, see services/acts.py."""
    WATCH.set(None)
    endpoint = request.endpoint or ""
    if ACCESS.get(endpoint) not in PROFESSIONAL and endpoint not in ALSO:
        return
    parts = request.view_args or {}
    subject = next((name for name in SUBJECTS if name in parts), "")
    g.doing = Doing(
        who=current_person().public_id,
        verb=endpoint,
        subject=subject,
        subject_key=str(parts.get(subject, "")),
        place=_place,
        said={},
        why="",
        clock=house().clock,
    )
    if request.method == "POST" and endpoint not in UPLOADS:  # Those are read by their views.
        g.doing.said = {name: storable(request.form[name])[:100] for name in SAID if name in request.form}
        g.doing.why = next((storable(request.form[name]).strip() for name in WHY if request.form.get(name)), "")
    WATCH.set(g.doing)


def stop_watching(_: BaseException | None = None) -> None:
    """After each request: the thread serves somebody else next."""
    WATCH.set(None)


def _place(session: Session) -> tuple[int | None, str]:
    """The institution and the project that the address of this request names."""
    parts = request.view_args or {}
    return institution_of(session, parts), _project(session, parts)


def _project(session: Session, parts: Mapping[str, str]) -> str:
    if "project" in parts:
        return parts["project"]
    for name, table in WITHIN.items():
        if name in parts:
            owner = select(Project.slug).join(table, table.project_id == Project.id)
            return session.scalar(owner.where(table.public_id == parts[name])) or ""
    return ""
