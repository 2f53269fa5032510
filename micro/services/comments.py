"""Comments: a few plain words about a card, by volunteers who have answered it, and the museum's answers to them.

Whoever has not answered a card reads nothing of what others say about it. Whoever reads it gives up correcting their
answer: it would not be their own reading any more. Where the answer of a card is known, all of this is just the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from micro.core.plain import plain_text
from micro.core.states import COMMENT, PUBLIC_PROJECTS, check_move
from micro.data.base import new_public_id
from micro.data.database import locked
from micro.data.models import Assignment, Comment, Move, Record, Task, Volunteer
from micro.errors import BadAnswer, Closed, Conflict, NotFound, TooMuch
from micro.services.assignments import hold_task
from micro.services.moves import note_move
from micro.services.occasions import mentioned

LONGEST = 1000
# So many comments in so long by one person: more than anybody has to say who also reads cards.
MOST = 20
WITHIN = timedelta(hours=1)
WHY_LONGEST = 500


# --- volunteers -----------------------------------------------------------------------------------------------------


def sent_card(session: Session, public_id: str, volunteer_ids: Sequence[int]) -> Assignment:
    """The card that one of these volunteers, who are one person, has sent.

    NotFound for anybody else's; Conflict as long as it was not sent.
    """
    mine = Assignment.public_id == public_id, Assignment.volunteer_id.in_(volunteer_ids)
    found = session.scalar(select(Assignment).where(*mine))
    if found is None:
        raise NotFound("There is nothing at this address.")
    if found.state != "answered":
        raise Conflict("Send this card first. What is said about it opens afterwards, so that you read it by yourself.")
    return found


def say(
    session: Session, card: Assignment, volunteer_ids: Sequence[int], words: str, key: str, now: datetime
) -> Comment:
    """Keeps what a volunteer says about a card that they have sent, see :func:`sent_card`.

    The same post again gives the first comment. Raises BadAnswer("words"); TooMuch; Closed where nobody answers either.
    """
    if card.project.state not in PUBLIC_PROJECTS and card.project.state != "trial":
        raise Closed("This project is closed. Nothing more can be said about its cards.")
    if card.task.region.scan.state != "shown":
        raise Closed("The museum has taken this picture down. Nothing more can be said about it.")
    whole = checked_words(words)
    # One after the other: of two posts at once, the second sees what the first has kept.
    session.execute(locked(select(Volunteer.id).where(Volunteer.id.in_(volunteer_ids)).order_by(Volunteer.id)))
    hold_task(session, card.task_id)
    if session.scalar(select(Assignment.id).where(Assignment.id == card.id)) is None:
        raise NotFound("There is nothing at this address.")  # Somebody ended the trial while we waited for the task.
    if (before := _same_post(session, card.id, key)) is not None:
        return before
    _check_bound(session, volunteer_ids, now)
    return _kept(session, card, whole, key, now)


def _check_bound(session: Session, volunteer_ids: Sequence[int], now: datetime) -> None:
    lately = session.scalars(
        select(Comment.at)
        .where(Comment.volunteer_id.in_(volunteer_ids), Comment.account_id.is_(None), Comment.at > now - WITHIN)
        .order_by(Comment.at.desc())
        .limit(MOST)
    ).all()
    if len(lately) == MOST:
        wait_s = max(1, math.ceil((lately[-1] + WITHIN - now).total_seconds()))
        raise TooMuch(
            "You have said a lot within an hour. Please try again in %(minutes)s minutes.",
            wait_s,
            minutes=max(2, math.ceil(wait_s / 60)),
        )


def checked_words(text: str) -> str:
    """What was typed as plain text; BadAnswer("words") when it says nothing or is too long."""
    words = plain_text(text)
    if not words:
        raise BadAnswer("words", "Write a few words first.")
    if len(words) > LONGEST:
        raise BadAnswer("words", "At most %(most)s signs.", most=LONGEST)
    return words


def open_to_others(session: Session, card: Assignment, volunteer_ids: Sequence[int]) -> None:
    """From now on this person reads what others say of the card, and does not correct the answer. Twice is once."""
    hold_task(session, card.task_id)  # An answer that is being corrected at this instant is kept first, or refused.
    mine = update(Assignment).where(Assignment.task_id == card.task_id, Assignment.volunteer_id.in_(volunteer_ids))
    session.execute(mine.values(heard=True).execution_options(synchronize_session=False))
    session.refresh(card)


def mark_seen(session: Session, volunteer_ids: Sequence[int], comment_ids: Sequence[int]) -> None:
    """These answers of the museum were shown to whom they are for; those of anybody else stay as they are."""
    session.execute(
        update(Comment)
        .where(Comment.id.in_(comment_ids), Comment.volunteer_id.in_(volunteer_ids), Comment.reading == "unread")
        .values(reading="seen")
        .execution_options(synchronize_session=False)
    )


# --- reviewers ------------------------------------------------------------------------------------------------------


def answer_comment(
    session: Session, record: Record, public_id: str, account_id: int, words: str, key: str, now: datetime
) -> Comment:
    """The museum answers a volunteer's comment on the record's card, unread until the volunteer has seen it.

    Colleagues who are named with an @ are told. The same post again gives the first answer. Raises
    BadAnswer("words"); Conflict for a comment that is hidden.
    """
    said = _held_comment(session, record, public_id)
    if said.answers_id is not None or said.state != "shown":
        raise Conflict("This comment is hidden. Show it again first; then you can answer it.")
    whole = checked_words(words)
    if (before := _same_post(session, said.assignment_id, key)) is not None:
        return before
    answer = _kept(session, said.assignment, whole, key, now, account_id, said)
    mentioned(session, record, whole, account_id, now, about=answer.public_id)
    return answer


def move_comment(
    session: Session, record: Record, public_id: str, state: str, account_id: int, why: str, now: datetime
) -> Comment:
    """Hides a comment or an answer on the record's card ("hidden"), or shows it again ("shown"). Twice is once."""
    if state not in COMMENT:
        raise BadAnswer("state", "Choose one of these.")
    found = _held_comment(session, record, public_id)
    if found.state != state:
        check_move(COMMENT, found.state, state)
        note_move(session, "comment", found.id, account_id, now, found.state, state, why.strip()[:WHY_LONGEST])
        found.state = state
        session.flush()
    return found


def _held_comment(session: Session, record: Record, public_id: str) -> Comment:
    """A comment on a card of the record, held; NotFound otherwise, one on another record too."""
    here = select(Comment.task_id).join(Task, Task.id == Comment.task_id)
    task_id = session.scalar(here.where(Comment.public_id == public_id, Task.item_id == record.item_id))
    if task_id is not None:
        hold_task(session, task_id)  # As the end of a trial does, which deletes what was said in it.
        query = locked(select(Comment).where(Comment.public_id == public_id))
        found: Comment | None = session.scalar(query.execution_options(populate_existing=True))
        if found is not None:
            return found
    raise NotFound("There is nothing at this address.")


# --- both -----------------------------------------------------------------------------------------------------------


def _same_post(session: Session, assignment_id: int, key: str) -> Comment | None:
    if not key:
        return None
    known = Comment.assignment_id == assignment_id, Comment.submission_key == key
    return session.scalar(select(Comment).where(*known))


def _kept(
    session: Session,
    card: Assignment,
    words: str,
    key: str,
    now: datetime,
    account_id: int | None = None,
    answered: Comment | None = None,
) -> Comment:
    made = Comment(
        task_id=card.task_id,
        project_id=card.project_id,
        assignment_id=card.id,
        volunteer_id=card.volunteer_id,
        account_id=account_id,
        answers_id=answered.id if answered else None,
        words=words,
        state="shown",
        reading="unread" if answered else "",
        submission_key=key or new_public_id(),
        at=now,
    )
    session.add(made)
    session.flush()
    return made


def forget_comments(session: Session, tried: Select[int]) -> None:
    """Deletes what was said of cards lent in a trial; and its log, because the numbers of deleted rows come again."""
    said = select(Comment.id).where(Comment.assignment_id.in_(tried))
    session.execute(delete(Move).where(Move.subject == "comment", Move.subject_id.in_(said)))
    session.execute(delete(Comment).where(Comment.assignment_id.in_(tried)))
