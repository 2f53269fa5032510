"""Known answers: cards whose answer is certain, for practice or mixed among the others."""

from __future__ import annotations

from math import ceil
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.core.states import GOLD
from micro.data.models import Item, Project
from micro.errors import BadAnswer, Conflict, MicroError, NotAllowed
from micro.kinds import kind_named, narrowed
from micro.services import gold
from micro.services.assignments import current_setup
from micro.services.cutting import field_boxes
from micro.services.projects import project_named
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import check_marks, nested, storable, typed
from micro.web.problems import STATUS, problems_by_field, said
from micro.web.review.page import typed_into

DECIDED_SHOWN = 12
USUAL_EVERY = 20
PAGE_MOST = 10_000


def _my_id() -> int:
    account_id = current_person().account_id
    assert account_id is not None  # The access table lets nobody else in.
    return account_id


@blueprint.get("/desk/<project>/known")
def known(project: str) -> str:
    """What is known, how people did on it, and where more can be taken from."""
    return _page(project)


def _page(slug: str, error: MicroError | None = None) -> str:
    page = min(max(1, request.args.get("page", 1, int)), PAGE_MOST)
    asked = error is not None and "gold_every" in request.form  # A rate was refused: it stays as it was typed.
    with house().database.reading() as session:
        found = project_named(session, slug)
        rows, total = gold.gold_rows(session, found, page)
        return project_page(
            "manage/known.html",
            found,
            "manage.known",
            rows=rows,
            total=total,
            number=page,
            pages=max(1, ceil(total / gold.A_PAGE)),
            decided=gold.decided_items(session, found, DECIDED_SHOWN),
            typed={"gold_every": str(found.gold_every or USUAL_EVERY), **(request.form if error else {})},
            mixes="mixes" in request.form if asked else bool(found.gold_every),
            tells="tells" in request.form if asked else found.gold_tells,
            problems=problems_by_field(error) if isinstance(error, BadAnswer) else {},
            trouble=said(error) if error is not None and not isinstance(error, BadAnswer) else "",
        )


def _refused(slug: str, error: MicroError) -> ResponseReturnValue:
    return _page(slug, error), STATUS[type(error)]


@blueprint.post("/desk/<project>/known/rate")
def gold_rate(project: str) -> ResponseReturnValue:
    """How often one is mixed in, and whether people hear how they did."""
    every = request.form.get("gold_every", "").strip()
    number = int(every) if every.isascii() and every.isdigit() and len(every) < 7 else None
    try:
        with house().database.writing() as session:
            found = project_named(session, project)
            gold.set_rate(session, found, number if "mixes" in request.form else 0, "tells" in request.form)
    except BadAnswer as error:
        return _refused(project, error)
    flash(gettext("Saved."), "good")
    return redirect(url_for("manage.known", project=project), 303)


@blueprint.post("/desk/<project>/known/decided")
def mark_known(project: str) -> ResponseReturnValue:
    """Takes what was decided about a card as known."""
    try:
        with house().database.writing() as session:
            found = project_named(session, project)
            item = gold.item_called(session, found, storable(request.form.get("card", "")))
            gold.mark_decided(session, found, item, request.form.get("use", ""), _my_id(), house().clock())
    except (BadAnswer, Conflict) as error:
        return _refused(project, error)
    flash(gettext("The answer of this card is known now."), "good")
    return redirect(url_for("manage.known", project=project), 303)


@blueprint.post("/desk/<project>/known/<known>/use")
def use_known(**parts: str) -> ResponseReturnValue:
    """Uses a known answer for something else, or no more."""
    wished = request.form.get("use", "")
    try:
        with house().database.writing() as session:
            found = project_named(session, parts["project"])
            one = gold.gold_named(session, found, parts["known"])
            if wished == "decided":
                gold.mark_decided(session, found, one.task.item, one.state, _my_id(), house().clock())
            elif wished in GOLD:
                gold.move(session, one, wished, _my_id(), house().clock())
            else:
                raise BadAnswer("use", "Choose what the card is used for.")
    except (BadAnswer, Conflict) as error:
        return _refused(parts["project"], error)
    return redirect(url_for("manage.known", project=parts["project"]), 303)


# --- typing one -----------------------------------------------------------------------------------------------------


@blueprint.route("/desk/<project>/known/card", methods=["GET", "POST"])
def known_card(project: str) -> ResponseReturnValue:
    """The form of one card, to be filled in with what is known; ?card=HM+12 says which."""
    if request.method == "POST":
        return _keep(project)
    try:
        with house().database.reading() as session:
            found = project_named(session, project)
            item = gold.item_called(session, found, storable(request.args.get("card", "")))
            return _card(session, found, item)
    except BadAnswer as error:
        return _refused(project, error)


def _keep(slug: str) -> ResponseReturnValue:
    try:
        with house().database.writing() as session:
            found = project_named(session, slug)
            item = gold.item_called(session, found, storable(request.form.get("card", "")))
            answered, names = _submitted(session, found, item)
            setup = current_setup(session, found.id)
            check_marks(answered, kind_named(setup.kind).fields(narrowed(setup.body, names)))
            use, decides = request.form.get("use", ""), "decides" in request.form
            gold.mark_typed(session, found, item, answered, use, _my_id(), house().clock(), decides=decides)
    except (BadAnswer, Conflict, NotAllowed) as error:
        return _card_again(slug, error), STATUS[type(error)]
    flash(gettext("The answer of this card is known now."), "good")
    return redirect(url_for("manage.known", project=slug), 303)


def _submitted(session: Session, project: Project, item: Item) -> tuple[dict[str, Any], list[str]]:
    """What this request's form says of the card, and the fields that it asks for."""
    form = {field["name"] for field in current_setup(session, project.id).body["fields"]}
    names = [name for task in gold.tasks_of(session, item) for name in task.fields if name in form]
    return nested(request.form.items(multi=True), names), names


def _card_again(slug: str, error: MicroError) -> str:
    with house().database.reading() as session:
        found = project_named(session, slug)
        try:
            item = gold.item_called(session, found, storable(request.form.get("card", "")))
        except BadAnswer as lost:
            return _page(slug, lost)
        return _card(session, found, item, error)


def _card(session: Session, project: Project, item: Item, error: MicroError | None = None) -> str:
    answered, names = _submitted(session, project, item)
    setup = current_setup(session, project.id)
    body = narrowed(setup.body, names)
    fields = kind_named(setup.kind).fields(body) if names else ()
    known_now = gold.known_values(session, item) if error is None else {}
    before = {path: text for field in fields for path, text in typed_into(field, known_now.get(field.name, {})).items()}
    tasks = gold.tasks_of(session, item)
    return render_template(
        "manage/known_card.html",
        project=project,
        institution=project.collection.institution,
        here="manage",
        item=item,
        scan=item.scan,
        region=tasks[0].region if len(tasks) == 1 else None,
        kind=setup.kind,
        setup=body,
        fields=fields,
        typed=before if error is None else typed(answered),
        boxes={name: box for task in tasks for name, box in field_boxes(session, task.region).items()},
        lines=[],
        content_language=project.content_language,
        problems=problems_by_field(error) if isinstance(error, BadAnswer) else {},
        trouble=said(error) if error is not None and not isinstance(error, BadAnswer) else "",
        use=request.form.get("use", "practice"),
        decides=error is None or "decides" in request.form,
    )
