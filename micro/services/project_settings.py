"""The settings of a project: made from a template, and changed by its managers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from micro.core.addresses import address_from
from micro.core.licences import LICENCES
from micro.core.retirement import check_redundancy, check_task_order
from micro.data.database import locked
from micro.data.models import Answer, Assignment, Decision, Institution, Project, Record, Release, Task, Volunteer
from micro.errors import BadAnswer, Conflict
from micro.services.cutting import hold_project
from micro.services.editing import fingerprint, gathered
from micro.services.institutions import collection_called
from micro.services.moves import note_move
from micro.services.project_templates import first_setup, template_named
from micro.services.projects import checked_address, make_project

TEXTS = ("title", "lead", "about")
# The same in every language; kept with the English texts, which every project may have.
OF_SCANS = ("rights", "credit")
LONGEST = {"title": 120, "lead": 400, "about": 10_000, "credit": 300, "rights": 200}
LANGUAGE = re.compile(r"[a-z]{2,3}")
# What happens to the tasks that are out when one of these changes, see follow_redundancy.
REDUNDANCY = ("min_answers", "max_answers", "target_confidence", "adaptive")


@dataclass(frozen=True)
class ProjectSettings:
    """What a manager sets. ``texts`` by language: title, lead, about.

    ``rights`` and ``credit`` are for scans that are brought in from now on without their own. ``four_eyes``: a second
    person confirms every decision. ``teaching``: volunteers see what decisions corrected of theirs.
    """

    texts: Mapping[str, Mapping[str, str]]
    licence: str = "CC-BY-4.0"
    content_language: str = "en"
    min_answers: Any = 2
    max_answers: Any = 5
    target_confidence: Any = 0.6
    task_order: str = "finish_first"
    rights: str = ""
    credit: str = ""
    adaptive: bool = True
    four_eyes: bool = False
    teaching: bool = True


@dataclass(frozen=True)
class NewProject:
    """A project as somebody wants it; an empty address is made from the title."""

    template: str
    slug: str
    collection: str
    settings: ProjectSettings = field(default_factory=lambda: ProjectSettings({}))


# --- making ---------------------------------------------------------------------------------------------------------


def make_from_template(
    session: Session, institution: Institution, wish: NewProject, account_id: int | None, now: datetime
) -> Project:
    """A draft project of the institution. BadAnswer with every problem at once; Conflict for a taken address."""
    title = next((texts.get("title", "") for texts in wish.settings.texts.values() if texts.get("title")), "")
    template, slug, settings, collection = gathered(
        lambda: template_named(wish.template),
        lambda: checked_address(wish.slug or address_from(title)),
        lambda: checked_settings(wish.settings),
        lambda: collection_called(session, institution, wish.collection, now),
    )
    project = make_project(
        session,
        collection,
        slug,
        _stored_texts(settings, {}),
        first_setup(template),
        now,
        kind=template.kind,
        licence=settings.licence,
        content_language=settings.content_language,
        **{name: getattr(settings, name) for name in (*REDUNDANCY, "task_order")},
    )
    note_move(session, "project", project.id, account_id, now, "", "draft", template.slug)
    return project


# --- looking and changing -------------------------------------------------------------------------------------------


def settings_of(project: Project) -> ProjectSettings:
    """The project's settings as they are now."""
    texts = {
        language: {name: of_language[name] for name in TEXTS if of_language.get(name)}
        for language, of_language in project.texts.items()
    }
    return ProjectSettings(
        {language: of_language for language, of_language in texts.items() if of_language},
        project.licence,
        project.content_language,
        project.min_answers,
        project.max_answers,
        project.target_confidence,
        project.task_order,
        project.text("rights", "en"),
        project.text("credit", "en"),
        project.adaptive,
        project.four_eyes,
        project.teaching,
    )


def seen_settings(project: Project) -> str:
    """What the form of the settings remembers of them, so that a change by somebody else is noticed."""
    return fingerprint(asdict(settings_of(project)))


def change_settings(
    session: Session, project: Project, wished: ProjectSettings, seen: str, account_id: int | None, now: datetime
) -> tuple[str, ...]:
    """Changes the settings and returns the names of those that differ. BadAnswer with every problem at once.

    Conflict when somebody else changed them since they were ``seen``, and nothing is changed then. The licence stays
    once it was accepted or published under. When the redundancy changes, the tasks that are not done follow it.
    """
    checked = checked_settings(wished)
    hold_project(session, project)
    now_set = settings_of(project)
    if fingerprint(asdict(now_set)) != seen:
        raise Conflict("Somebody else changed these settings meanwhile. Please look at both and save again.")
    if checked.licence != now_set.licence and licence_is_fixed(session, project):
        raise BadAnswer("licence", "People gave their answers under this licence, so it stays.")
    changed = tuple(
        one.name for one in fields(ProjectSettings) if getattr(checked, one.name) != getattr(now_set, one.name)
    )
    if not changed:
        return ()
    project.texts = _stored_texts(checked, project.texts)
    project.licence, project.content_language = checked.licence, checked.content_language
    project.min_answers, project.max_answers = checked.min_answers, checked.max_answers
    project.target_confidence, project.task_order = checked.target_confidence, checked.task_order
    project.adaptive = checked.adaptive
    project.four_eyes, project.teaching = checked.four_eyes, checked.teaching
    session.flush()
    if set(changed) & set(REDUNDANCY):
        follow_redundancy(session, project)
    note_move(session, "settings", project.id, account_id, now, "", "changed", ", ".join(changed))
    session.flush()
    return changed


def licence_is_fixed(session: Session, project: Project) -> bool:
    """Whether somebody answered under the project's licence outside of a trial, or a release was begun under it."""
    given = (
        select(Answer.id)
        .join(Assignment, Assignment.id == Answer.assignment_id)
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .where(Answer.project_id == project.id, ~Assignment.trial, Volunteer.source_id.is_(None))
    )
    released = select(Release.id).where(Release.project_id == project.id)
    return any(session.scalar(query.limit(1)) is not None for query in (given, released))


def follow_redundancy(session: Session, project: Project) -> None:
    """Lets every task that is not done ask for the least that the project's rule wants now, and be judged anew.

    What was given or is lent always counts, so nobody answers in vain. Settling then closes those with enough answers
    and asks for one more where they differ. What is done stays done, and what a reviewer returned still waits for the
    answers that were asked for.
    """
    open_tasks = (Task.project_id == project.id, Task.state == "open")
    session.execute(locked(select(Task.id).where(*open_tasks).order_by(Task.item_id, Task.id))).all()
    least, in_hand = project.min_answers, Task.answered + Task.lent
    returned = select(Decision.id).join(Record).where(Record.item_id == Task.item_id, Record.state == "open").exists()
    session.execute(
        update(Task)
        .where(*open_tasks)
        .values(
            wanted=case((returned & (Task.wanted > least), Task.wanted), (in_hand > least, in_hand), else_=least),
            unsettled=case((Task.answered > 0, True), else_=Task.unsettled),
        )
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _stored_texts(settings: ProjectSettings, before: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The texts as a project keeps them; texts ``before`` that are none of the settings stay."""
    texts: dict[str, dict[str, str]] = {}
    for language in (*before, *settings.texts):
        others = {name: text for name, text in before.get(language, {}).items() if name not in (*TEXTS, *OF_SCANS)}
        texts[language] = {**others, **settings.texts.get(language, {})}
    texts = {language: of_language for language, of_language in texts.items() if of_language}
    for name in OF_SCANS:
        if getattr(settings, name):
            texts.setdefault("en", {})[name] = getattr(settings, name)
    return texts


# --- checking -------------------------------------------------------------------------------------------------------


def checked_settings(wished: ProjectSettings) -> ProjectSettings:
    """The settings as they may be kept; BadAnswer with every problem at once."""
    texts, licence, language, rights, credit, _, _ = gathered(
        lambda: _checked_texts(wished.texts),
        lambda: _checked_licence(wished.licence),
        lambda: _checked_language(wished.content_language),
        lambda: _one_line("rights", "rights", wished.rights),
        lambda: _one_line("credit", "credit", wished.credit),
        lambda: check_redundancy(wished.min_answers, wished.max_answers, wished.target_confidence),
        lambda: check_task_order(wished.task_order),
    )
    return ProjectSettings(
        texts,
        licence,
        language,
        wished.min_answers,
        wished.max_answers,
        float(wished.target_confidence),
        wished.task_order,
        rights,
        credit,
        bool(wished.adaptive),
        bool(wished.four_eyes),
        bool(wished.teaching),
    )


def _checked_texts(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    kept = {language: _of_language(language, of_language) for language, of_language in texts.items()}
    if not any(of_language.get("title") for of_language in kept.values()):
        raise BadAnswer("title_en", "A project needs a title, in one language at least.")
    return {language: of_language for language, of_language in kept.items() if of_language}


def _of_language(language: str, texts: Mapping[str, str]) -> dict[str, str]:
    def one(name: str) -> str:
        place = f"{name}_{language}"
        return (
            _paragraphs(place, texts.get(name, "")) if name == "about" else _one_line(name, place, texts.get(name, ""))
        )

    found = gathered(*(partial(one, name) for name in TEXTS))
    return {name: text for name, text in zip(TEXTS, found, strict=True) if text}


def _one_line(name: str, place: str, typed: str) -> str:
    text = " ".join(typed.split())
    if len(text) > LONGEST[name]:
        raise BadAnswer(place, "Please take at most %(most)s characters.", most=LONGEST[name])
    return text


def _paragraphs(place: str, typed: str) -> str:
    text = typed.replace("\r\n", "\n").strip()
    if len(text) > LONGEST["about"]:
        raise BadAnswer(place, "Please take at most %(most)s characters.", most=LONGEST["about"])
    return text


def _checked_licence(licence: str) -> str:
    if licence not in LICENCES:
        raise BadAnswer("licence", "Choose one of the open licences.")
    return licence


def _checked_language(code: str) -> str:
    if not LANGUAGE.fullmatch(code):
        raise BadAnswer("content_language", "A language is a short code such as en or fr.")
    return code
