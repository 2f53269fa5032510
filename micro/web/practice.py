"""The first visit: cards with known answers and an immediate word on each, and one word to try for strangers.

Nothing that is said here is kept or counts; only that somebody practised, or did not want to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from micro.core.differences import differences
from micro.core.gold import compared
from micro.data.models import Assignment, Gold, Project, Volunteer
from micro.errors import BadAnswer, NotFound
from micro.kinds import kind_named, narrowed
from micro.services import guides, practice
from micro.services.answers import Given
from micro.services.cutting import field_boxes
from micro.services.practice import Checked, Word
from micro.services.projects import project_named
from micro.web.context import current_person, house, needed_volunteer, offer_cookie
from micro.web.forms import check_marks, nested, typed
from micro.web.problems import said
from micro.web.show import show_label, show_written
from micro.web.sight import may_answer

blueprint = Blueprint("practice", __name__)
PIECES_IN = ("text", "long_text", "lines")


def _project(session: Session, slug: str) -> Project:
    """The project whose practice a visitor may see; its managers see it before it is open."""
    found = project_named(session, slug)
    if not (may_answer(found) or current_person().may_review(found.collection.institution_id)):
        raise NotFound("There is no such project.")
    return found


@blueprint.get("/p/<project>/practice")
def start(project: str) -> ResponseReturnValue:
    """The first step, or the one that is asked for: ?step=2."""
    return _step(project, request.args.get("step", 1, int))


@blueprint.post("/p/<project>/practice")
def check(project: str) -> ResponseReturnValue:
    """What was said beside what is known, on the same page: nothing is changed, so nothing is redirected."""
    return _step(project, request.form.get("step", 1, int), tried=True)


def _step(slug: str, number: int, tried: bool = False) -> ResponseReturnValue:
    offer_cookie()
    with house().database.reading() as session:
        found = _project(session, slug)
        steps = practice.steps_of(session, found)
        if not steps:
            flash(gettext("There is no practice in this project. You can begin at once."), "note")
            return redirect(url_for("public.project", project=slug), 303)
        number = min(max(1, number), len(steps))
        given = _said(session, found, steps[number - 1]) if tried else None
        page = render_template(
            "practice/step.html",
            project=found,
            institution=found.collection.institution,
            number=number,
            count=len(steps),
            checked=None if given is None or given[0] is None else _shown(given[0]),
            **_asked(session, found, steps[number - 1], given),
            **guide_parts(session, found),
        )
    return page, 422 if given is not None and given[0] is None else 200


Told = tuple[list[Checked] | None, dict[str, str], dict[str, str]]


def _said(session: Session, project: Project, gold: Gold) -> Told:
    """What this request's form says beside what is known (None when it cannot be read), what was typed, problems."""
    setup, fields = practice.known_form(session, gold, project)
    body = narrowed(setup.body, [field.name for field in fields])
    answered = nested(request.form.items(multi=True), [field.name for field in fields])
    try:
        check_marks(answered, fields)
        value = kind_named(setup.kind).parse(answered, body)
    except BadAnswer as problem:
        return None, typed(answered), {one.field: said(one) for one in (problem, *problem.others)}
    return practice.check(fields, gold.values, value), typed(answered), {}


def _asked(session: Session, project: Project, gold: Gold, given: Told | None) -> dict[str, Any]:
    """What the page of a step shows: the scan, and what the kind's form needs."""
    setup, fields = practice.known_form(session, gold, project)
    region = gold.task.region
    return {
        "gold": gold,
        "item": gold.task.item,
        "scan": region.scan,
        "region": region,
        "kind": setup.kind,
        "setup": narrowed(setup.body, [field.name for field in fields]),
        "fields": fields,
        "boxes": field_boxes(session, region),
        "lines": [],
        "typed": given[1] if given else {},
        "problems": given[2] if given else {},
        "content_language": project.content_language,
    }


def _shown(checked: list[Checked]) -> list[dict[str, Any]]:
    """Each field with what was said, what is known, where they differ, and a kind word."""
    return [
        {
            "field": one.field,
            "said": one.said,
            "known": one.known,
            "verdict": one.verdict,
            "pieces": _pieces(one),
            "word": kind_word(one),
        }
        for one in checked
    ]


def _pieces(one: Checked) -> tuple[Any, ...]:
    """Where a text differs, letter by letter; nothing for what is no text, or right."""
    if one.verdict not in ("near", "other") or one.field.type not in PIECES_IN:
        return ()
    if "value" not in one.said or "value" not in one.known:
        return ()
    return differences(show_written(one.known, one.field), show_written(one.said, one.field))


def kind_word(one: Checked) -> str:
    """One kind sentence about one field."""
    if one.verdict == "right":
        return str(gettext("Right."))
    if one.verdict == "unsure":
        return str(gettext("A doubt is a good answer. This is what the museum reads:"))
    if one.said.get("mark") == "illegible":
        return str(gettext("Hard to read, indeed. This is what the museum makes of it:"))
    if one.known.get("mark") == "blank":
        return str(gettext("Nothing is written there, so “blank” is the answer."))
    if one.said.get("mark") == "blank":
        return str(gettext("Look once more, something is written there:"))
    if one.verdict == "near":
        return str(gettext("Nearly. Compare:"))
    return str(gettext("The museum reads it differently. Compare:"))


@blueprint.post("/p/<project>/practice/end")
def end(project: str) -> ResponseReturnValue:
    """Keeps that this visitor practised, or did not want to, and goes on to the first real card."""
    state = "done" if request.form.get("state") == "done" else "skipped"
    with house().database.writing() as session:
        found = _project(session, project)
        volunteer = needed_volunteer(session)
        if volunteer is not None:
            steps = practice.steps_of(session, found)
            shown = steps if state == "done" else steps[: max(0, request.form.get("step", 0, int))]
            seen = [gold.public_id for gold in shown]
            practice.note_practice(session, found, volunteer, state, seen, house().clock())
    if request.form.get("then") == "project":
        return redirect(url_for("public.project", project=project), 303)
    return redirect(url_for("bench.take", project=project), 307)  # A lease is taken by POST: this one goes on as such.


# --- one word, for strangers ----------------------------------------------------------------------------------------


def word_parts(session: Session, project: Project) -> dict[str, Any]:
    """What the box “Can you read this word?” of the project's page shows."""
    found = practice.word_of(session, project, house().clock().date())
    guess = " ".join(request.args.get("word", "").split())[:80]
    return {"word": found, "guess": guess, "verdict": _judged(found, guess) if found and guess else ""}


def _judged(found: Word, guess: str) -> str:
    return compared(found.field, found.known, {"value": guess})


# --- on the workbench -----------------------------------------------------------------------------------------------


def guide_parts(session: Session, project: Project) -> dict[str, Any]:
    """The guide of a project for a page that shows it."""
    guide = guides.guide_of(session, project.id)
    return {"guide_texts": guide.texts if guide else {}, "examples": guides.examples_of(session, guide)}


def bench_parts(session: Session, held: Assignment) -> dict[str, Any]:
    """What the workbench shows of guide and practice: how many steps there are, and whether they are offered."""
    return {
        **guide_parts(session, held.project),
        "practice_steps": practice.count_steps(session, held.project_id),
        "practice_due": practice.is_due(session, held.project, held.volunteer),
    }


def practice_offered(session: Session, project: Project, volunteer: Volunteer | None) -> bool:
    """Whether the terms offer practice before the first card."""
    return practice.is_due(session, project, volunteer)


def word_on_gold(session: Session, held: Assignment, given: Given) -> str:
    """A kind sentence on an answer to a card whose answer is known, where the manager wants one; empty otherwise."""
    if not (held.gold and held.project.gold_tells and given.new):
        return ""
    checked = _checked(session, held, given.answer.value)
    if not checked:
        return ""
    right = [one for one in checked if one.verdict == "right"]
    if len(right) == len(checked):
        return str(gettext("The museum knows this card well, and reads it just as you do. Thank you."))
    other = next(one for one in checked if one.verdict != "right")
    sentence = ngettext(
        "The museum knows this card well: it reads %(num)s of %(count)s fields as you do.",
        "The museum knows this card well: it reads %(num)s of %(count)s fields as you do.",
        len(right),
        count=len(checked),
    )
    reads = show_written(other.known, other.field) or gettext("blank")
    more = gettext("“%(field)s” says: %(value)s.", field=show_label(other.field), value=_short(reads))
    return f"{sentence} {more}"


def _checked(session: Session, held: Assignment, value: Mapping[str, Any]) -> list[Checked]:
    gold = practice.gold_of(session, held.task_id)
    fields = kind_named(held.setup.kind).fields(narrowed(held.setup.body, held.task.fields))
    return practice.check(fields, gold.values, value) if gold else []


def _short(text: str) -> str:
    line = text.split("\n")[0].rstrip(".")
    return line if len(line) <= 80 else line[:79] + "…"
