"""The pages that everybody sees: front, projects, the few standing pages; and what whoever runs micro asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, jsonify, redirect, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from micro import __version__
from micro.core import terms
from micro.core.states import PUBLIC_PROJECTS
from micro.data.models import Account, Item, Project, Region, Task
from micro.errors import MicroError, NotFound
from micro.kinds import all_kinds
from micro.services import assignments, datasets, finds, pace, practice, projects, releases, workbench
from micro.services.cutting import field_boxes
from micro.services.people import own_ids
from micro.web.context import current_person, house, known_volunteer, offer_cookie
from micro.web.language import LANGUAGES, current_language, remember_language
from micro.web.links import path_on_this_site
from micro.web.news import news_block
from micro.web.practice import word_parts
from micro.web.sight import may_see

blueprint = Blueprint("public", __name__)
ON_FRONT = 6
FINDS = 4  # One for the head of the front page, three below.
ProjectRow = tuple[Project, projects.Progress, tuple[Item, Region] | None, str, float | None]
PAGES = ("about", "terms", "privacy", "accessibility", "contact")


@blueprint.get("/")
def front() -> str:
    """What this is, where help counts today, and the network in figures."""
    with house().database.reading() as session:
        shown = projects.public_page(session, size=ON_FRONT)
        rows = _with_figures(session, shown.projects)
        figures = projects.network_figures_lately(session, house().settings.database, house().clock())
        now = house().clock()
        lately = finds.read_lately(session, now.date(), now - timedelta(days=7), FINDS)
        example = lately[0] if lately else projects.a_read_record(session, now.date())
        return render_template(
            "public/front.html", rows=rows, count=shown.total, figures=figures, example=example, finds=lately[1:]
        )


@blueprint.get("/projects", endpoint="projects")
def all_projects() -> str:
    """All projects, page by page."""
    with house().database.reading() as session:
        found = projects.public_page(session, request.args.get("page", 1, int))
        rows = _with_figures(session, found.projects)
        return render_template("public/projects.html", rows=rows, found=found, here="projects")


def _with_figures(session: Session, shown: Sequence[Project]) -> list[ProjectRow]:
    """Each project with how far it is and a piece to show of it, in a few queries for all of them."""
    ids = [project.id for project in shown]
    figures, cut = projects.progress_of_all(session, ids), projects.cut_items(session, ids)
    kinds, paces = pace.kinds_of(session, ids), pace.paces_lately(session, ids, _address(), house().clock())
    return [(one, figures[one.id], cut.get(one.id), kinds.get(one.id, ""), paces[one.id]) for one in shown]


def _address() -> str:
    """The database's, under which a process keeps what it counted lately."""
    return house().settings.database


@blueprint.get("/m/<institution>")
def museum(institution: str) -> str:
    """One museum: what it is, its projects and its datasets."""
    with house().database.reading() as session:
        found = projects.institution_named(session, institution)
        shown = projects.public_page(session, request.args.get("page", 1, int), institution_id=found.id)
        if not shown.total and not current_person().may_review(found.id):
            raise NotFound("There is nothing at this address.")
        return render_template(
            "public/museum.html",
            institution=found,
            found=shown,
            rows=_with_figures(session, shown.projects),
            datasets=datasets.datasets(session, found.id),
        )


@blueprint.get("/p/<project>")
def project(project: str) -> str:
    """One project: why it matters, how far it is, and the button that begins."""
    offer_cookie()
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        institution = found.collection.institution
        if not may_see(found):
            raise NotFound("There is no such project.")
        item = projects.a_cut_item(session, found.id)
        volunteer = known_volunteer(session)
        now = house().clock()
        return render_template(
            "public/project.html",
            project=found,
            institution=institution,
            item=item,
            here="projects",
            progress=projects.progress_of(session, found.id),
            boxes=field_boxes(session, item[1]) if item else {},
            left=workbench.what_is_left(session, found, own_ids(session, volunteer)),
            held=assignments.held_assignment(session, found.id, volunteer.id) if volunteer else None,
            releases=[made for made in releases.releases_of(session, found) if made.state == "published"],
            is_public=found.state in PUBLIC_PROJECTS,
            asked=session.scalar(select(Task).where(Task.region_id == item[1].id)) if item else None,
            course=pace.course_lately(session, found, _address(), now),
            kind=pace.kinds_of(session, [found.id]).get(found.id, ""),
            takes_s=pace.paces_lately(session, [found.id], _address(), now)[found.id],
            practice_steps=(steps := practice.count_steps(session, found.id)),
            practised=steps > 0 and not practice.is_due(session, found, volunteer),
            **word_parts(session, found),
            **news_block(session, found),
        )


@blueprint.get("/about/<name>")
def page(name: str) -> str:
    """About, terms of contribution, privacy, accessibility, contact."""
    if name not in PAGES:
        raise NotFound("There is nothing at this address.")
    with house().database.reading() as session:
        return render_template(
            f"public/{name}.html",
            wording=terms.wording(current_language()),
            terms_version=terms.VERSION,
            operator=house().settings.operator,
            contact=house().settings.contact,
            institutions=projects.public_institutions(session) if name == "contact" else (),
        )


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    """Keeps the visitor's choice, in a cookie and with the account, and goes back."""
    wished = request.form.get("language", "")
    response = redirect(path_on_this_site(request.form.get("back", "")) or url_for("public.front"), code=303)
    if wished in LANGUAGES:
        remember_language(response, wished, house().settings.public_url.startswith("https:"))
        if (account_id := current_person().account_id) is not None:
            with house().database.writing() as session:
                session.get_one(Account, account_id).language = wished
    return response


@blueprint.get("/healthz")
def health() -> tuple[Response, int]:
    """Whether database, storage and queue answer: 200 when database and storage do, 503 otherwise."""
    found = {"database": _database_answers(), "storage": _storage_answers(), "queue": house().queue.is_reachable()}
    fine = found["database"] and found["storage"]
    return jsonify(
        {"version": __version__, **{part: "ok" if ok else "failed" for part, ok in found.items()}}
    ), 200 if fine else 503


def _database_answers() -> bool:
    try:
        with house().database.reading() as session:
            session.execute(text("SELECT 1 FROM project LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True


def _storage_answers() -> bool:
    try:
        house().storage.exists("healthz")
    except (MicroError, OSError):
        return False
    return True


@blueprint.get("/kinds/<kind>/<path:name>")
def kind_file(kind: str, name: str) -> Response:
    """A static file of a kind; nothing else of its folder is served."""
    if kind not in all_kinds():
        raise NotFound("There is nothing at this address.")
    return send_from_directory(Path(str(files("tasks"))) / kind / "static", name)
