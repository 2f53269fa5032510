"""The first visit: at most five cards with known answers, and who has practised. Nothing that is said is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager

from micro.core.fields import Field, Said
from micro.core.gold import Verdict, compared
from micro.core.publication import is_public
from micro.core.states import PRACTICE
from micro.data.models import Answer, Gold, Practice, Project, Region, Scan, Setup, Task, Volunteer
from micro.services.assignments import current_setup
from micro.services.gold import form_of
from micro.services.people import own_ids

STEPS_MOST = 5
WORD_LONGEST = 40  # A word to be read on the project's page is no longer.


def steps_of(session: Session, project: Project) -> list[Gold]:
    """The cards of the first visit, at most five, in the order of marking; none whose picture is not shown."""
    return list(
        session.scalars(
            select(Gold)
            .join(Task, Task.id == Gold.task_id)
            .join(Region, Region.id == Task.region_id)
            .join(Scan, Scan.id == Region.scan_id)
            .where(Gold.project_id == project.id, Gold.state == "practice", Scan.state == "shown", Scan.width_px > 0)
            .options(contains_eager(Gold.task).contains_eager(Task.region).contains_eager(Region.scan))
            .options(contains_eager(Gold.task).joinedload(Task.item))
            .order_by(Gold.id)
            .limit(STEPS_MOST)
        )
    )


def count_steps(session: Session, project_id: int) -> int:
    """About how many steps there are: 0 exactly when nothing is marked for practice."""
    found = select(func.count()).select_from(Gold).where(Gold.project_id == project_id, Gold.state == "practice")
    return min(STEPS_MOST, session.scalar(found) or 0)


@dataclass(frozen=True)
class Checked:
    """One field as it was said beside what is known of it."""

    field: Field
    said: Said
    known: Said
    verdict: Verdict


def check(fields: tuple[Field, ...], known: Mapping[str, Said], said: Mapping[str, Said]) -> list[Checked]:
    """How what was said compares with what is known, field by field; fields of which nothing is known are left out."""
    return [
        Checked(field, said[field.name], known[field.name], compared(field, known[field.name], said[field.name]))
        for field in fields
        if field.name in known and field.name in said
    ]


# --- who has practised ----------------------------------------------------------------------------------------------


def is_due(session: Session, project: Project, volunteer: Volunteer | None) -> bool:
    """Whether practice is offered: there is some, and this visitor neither practised, skipped it, nor answered here."""
    if count_steps(session, project.id) == 0:
        return False
    ids = own_ids(session, volunteer)
    if not ids:
        return True
    done = select(Practice.id).where(Practice.project_id == project.id, Practice.volunteer_id.in_(ids)).limit(1)
    answered = select(Answer.id).where(Answer.project_id == project.id, Answer.volunteer_id.in_(ids)).limit(1)
    return session.scalar(done) is None and session.scalar(answered) is None


def note_practice(
    session: Session, project: Project, volunteer: Volunteer, state: str, seen: list[str], now: datetime
) -> Practice:
    """Keeps that a volunteer practised ("done") or did not want to ("skipped"), and which cards they saw.

    What was done stays done; what was seen stays seen. Two at once are one.
    """
    which = select(Practice).where(Practice.project_id == project.id, Practice.volunteer_id == volunteer.id)
    found = session.scalar(which)
    if found is None:
        made = Practice(
            project_id=project.id, volunteer_id=volunteer.id, state=state, seen=sorted(set(seen)), changed_at=now
        )
        try:
            with session.begin_nested():
                session.add(made)
                session.flush()
        except IntegrityError:  # The same visitor's other tab was faster.
            found = session.scalars(which).one()
        else:
            return made
    if state in PRACTICE[found.state]:
        found.state, found.changed_at = state, now
    found.seen = sorted({*found.seen, *seen})
    session.flush()
    return found


# --- one word, for strangers ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    """One short text of a practice card, to be tried on the project's page: where it stands and what it says."""

    gold: Gold
    field: Field
    region: Region
    known: Said


def word_of(session: Session, project: Project, today: date) -> Word | None:
    """The first practice card's first text that is short enough, and public; None when there is none."""
    steps = steps_of(session, project)
    if not steps:
        return None
    setup = current_setup(session, project.id)
    for gold in steps:
        for field in form_of(setup, gold.task):
            known = gold.values.get(field.name, {})
            if field.type != "text" or "value" not in known or not is_public(field, today):
                continue
            if 0 < len(str(known["value"])) <= WORD_LONGEST and not known.get("mark"):
                return Word(gold, field, _where(session, gold, field), known)
    return None


def _where(session: Session, gold: Gold, field: Field) -> Region:
    """The smallest region of the card in which the field is read."""
    own = gold.task.region
    found = session.scalars(select(Region).where(Region.item_id == own.item_id, Region.scan_id == own.scan_id))
    holding = [region for region in found if field.name in region.fields]
    return min(holding, key=lambda region: region.width_px * region.height_px, default=own)


def gold_of(session: Session, task_id: int) -> Gold | None:
    """What is known of a task, whatever it is used for."""
    return session.scalar(select(Gold).where(Gold.task_id == task_id))


def known_form(session: Session, gold: Gold, project: Project) -> tuple[Setup, tuple[Field, ...]]:
    """The newest form and the fields of it that this card asks for and of which the answer is known."""
    setup = current_setup(session, project.id)
    return setup, tuple(field for field in form_of(setup, gold.task) if field.name in gold.values)
