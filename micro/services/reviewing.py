"""Reviewing: the one door of decisions. Whatever a professional says about a record comes in by :func:`decide`.

Nothing is ever changed: a decision is a row, what it makes is a version, and an undo is one more decision that brings
back what was before. Who holds what: the item's tasks by id, then the record, as settling holds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.core.review import WORDS, Standing, after_decision
from micro.data.models import Decision, Record
from micro.errors import Conflict, NotAllowed, to_translate
from micro.kinds import kind_named, narrowed
from micro.services import occasions
from micro.services.assignments import current_setup
from micro.services.review import holds
from micro.services.review.case import (
    NOT_A_JUDGEMENT,
    Case,
    bring_back,
    go_on,
    hold_case,
    make_version,
    settle_tasks,
    standing_before,
)
from micro.services.review.colleagues import checked_colleague
from micro.services.review.order import kept_s, pace_of
from micro.services.review.sight import has_answered, record_named
from micro.services.review.versions import said_of
from micro.services.review.words import latest_word
from micro.services.settling import version_of
from micro.services.teaching import teach

LONGEST_REASON = 2000
LONGEST_QUESTION = 500
OWN_ANSWER = to_translate("You gave one of the answers yourself, so a colleague has to decide about this record.")
CHANGED = to_translate("This record changed after you opened it, so your decision was not kept.")


@dataclass(frozen=True)
class Details:
    """What some decisions say besides: ``to`` (a colleague's public id) of hand, ``question`` of return, ``version``
    (its number) of revert, and ``took_s``, how long the record was on the screen, of any.
    """

    to: str = ""
    question: str = ""
    version: int = 0
    took_s: float | None = None


def decide(
    session: Session,
    record_public_id: str,
    account_id: int,
    action: str,
    revision_seen: int,
    values: Mapping[str, Any] | None,
    reason: str,
    now: datetime,
    details: Details = Details(),
) -> Decision:
    """A professional's decision, and what becomes of the record by it.

    - accept: what the record says becomes a version of this person's;
    - amend: the same with ``values`` in place, each read by its type of field; the others stay as they are;
    - illegible: the same, the fields that ``values`` names being illegible in the original;
    - revert: what an earlier version said becomes a new version;
    - reject: the record is left out of releases;
    - return: the engine's proposal stands again, and one more answer is asked for, with a question if there is one;
    - flag: colleagues shall look at it; hand: one of them shall.

    Where the project wants four eyes, the first five wait for a second person who says the same. The same post twice
    is one decision. Raises Conflict when the record changed since it was seen, NotAllowed for a person's own answer
    or word, BadAnswer for values that cannot be taken.
    """
    case = hold_case(session, record_named(session, record_public_id), account_id, action, now)
    _check_not_own(case)
    parsed = _parsed(session, case.record, action, values)
    if (before := _same_decision(case, revision_seen, parsed)) is not None:
        return before
    if case.record.revision != revision_seen:
        raise Conflict(CHANGED)
    after = after_decision(case.record.state, action, parsed, needs_second=_needs_second(case, parsed))
    decision = _decision(case, parsed, reason, details)
    settle_tasks(case)
    kept = _keep(case, decision, _passed_on(case, decision, after))
    _tell(case, kept)
    return kept


def _check_not_own(case: Case) -> None:
    if case.action not in NOT_A_JUDGEMENT and has_answered(case.session, case.record, case.account_id):
        raise NotAllowed(OWN_ANSWER)


def _decision(case: Case, parsed: Mapping[str, Said] | None, reason: str, details: Details) -> Decision:
    """The decision, with the version that it makes."""
    record, action = case.record, case.action
    to_id = checked_colleague(case.session, record, details.to) if action == "hand" else None
    return Decision(
        record_id=record.id,
        revision=record.revision,
        account_id=case.account_id,
        action=action,
        made=make_version(case, parsed, details.version),
        reason=reason.strip()[:LONGEST_REASON],
        at=case.now,
        asked=record.reason,
        took_s=kept_s(details.took_s),
        to_id=to_id,
        question=details.question.strip()[:LONGEST_QUESTION] if action == "return" else "",
        before=case.before,
    )


def _passed_on(case: Case, decision: Decision, after: Standing) -> Standing:
    """Where the decision leads, and who is asked from now on."""
    record = case.record
    record.question = decision.question
    if case.action == "hand":
        record.assignee_id = decision.to_id
        return Standing("review", case.was.reason or "flagged")
    if after.state != "review" or after.reason == "second":
        record.assignee_id = None
    return after


def undo(session: Session, decision_public_id: str, account_id: int, now: datetime) -> Decision:
    """Takes this person's decision back: the record is as it was before. Returns the undo, which is a decision too.

    Twice is once. Conflict when something newer stands on it, another person's word or other evidence.
    """
    wish = select(Decision).where(Decision.public_id == decision_public_id, Decision.account_id == account_id)
    undone = session.scalar(wish)
    if undone is None or undone.before is None or undone.action == "undo":
        raise Conflict("There is nothing of yours to undo here.")
    case = hold_case(session, undone.record, account_id, "undo", now)
    record, before = case.record, undone.before
    newest = newest_decision_of(session, record)
    if newest is not None and newest.action == "undo" and (newest.before or {}).get("undoes") == undone.public_id:
        return newest
    if newest is None or newest.id != undone.id or record.revision != undone.revision + 1:
        raise Conflict("Something newer stands on this decision, so it cannot be undone. You can decide again.")
    taken_back = Decision(
        record_id=record.id,
        revision=record.revision,
        account_id=account_id,
        action="undo",
        made=None,
        reason="",
        at=now,
        asked=record.reason,
        before={**case.before, "undoes": undone.public_id},
    )
    record.current, record.confidence = before["current"], before["confidence"]
    record.assignee_id, record.question = before["assignee_id"], before["question"]
    for task in case.tasks:
        bring_back(case, task, before["tasks"])
    kept = _keep(case, taken_back, standing_before(case, before))
    teach(session, record, now)
    return kept


def _tell(case: Case, decision: Decision) -> None:
    """Tells whoever it concerns: the colleague it was handed to, those whom its words name, those it corrects."""
    session, record = case.session, case.record
    if decision.to_id is not None:
        occasions.assigned(session, record, decision.to_id, case.account_id, case.now)
    words = f"{decision.reason}\n{decision.question}"
    occasions.mentioned(session, record, words, case.account_id, case.now, decision.public_id)
    teach(session, record, case.now)


def newest_decision_of(session: Session, record: Record) -> Decision | None:
    """The newest decision about a record, undone or not."""
    return session.scalar(select(Decision).where(Decision.record_id == record.id).order_by(Decision.id.desc()).limit(1))


def _parsed(session: Session, record: Record, action: str, values: Mapping[str, Any] | None) -> dict[str, Said] | None:
    """The amended fields, read by the project's kind. Raises BadAnswer, with all further problems as ``others``."""
    if action not in ("amend", "illegible") or not values:
        return None
    wished = {name: {"mark": "illegible"} for name in values} if action == "illegible" else values
    setup = current_setup(session, record.project_id)
    return kind_named(setup.kind).parse(wished, narrowed(setup.body, list(wished)))


def _same_decision(case: Case, revision_seen: int, parsed: Mapping[str, Said] | None) -> Decision | None:
    """The decision that this very post made before: a double click, or a retry after the network failed."""
    session, record = case.session, case.record
    found = session.scalar(
        select(Decision).where(
            Decision.record_id == record.id,
            Decision.revision == revision_seen,
            Decision.account_id == case.account_id,
            Decision.action == case.action,
        )
    )
    if found is None or parsed is None:
        return found
    version = version_of(session, record, found.made or 0)
    return found if all(said_of(version, name) == said for name, said in parsed.items()) else None


def _needs_second(case: Case, parsed: Mapping[str, Said] | None) -> bool:
    """Whether this word waits for a colleague's: always the first where four eyes are wanted, until both say the same.

    Raises NotAllowed for whoever would confirm their own word.
    """
    if not case.record.project.four_eyes or case.action not in WORDS:
        return False
    first = latest_word(case.session, case.record) if case.was.reason == "second" else None
    if first is None:
        return True
    version = version_of(case.session, case.record, case.record.current)
    same_values = all(said_of(version, name) == said for name, said in (parsed or {}).items())
    says_the_same = (first.action == "reject") == (case.action == "reject") and case.action != "revert" and same_values
    if says_the_same and first.account_id == case.account_id:
        raise NotAllowed("You decided this yourself already. A colleague has to confirm it.")
    return not says_the_same


def _keep(case: Case, decision: Decision, after: Standing) -> Decision:
    """Keeps the decision and moves the record; the unique key (record, revision) is the truth."""
    session, record = case.session, case.record
    newest = case.versions[1] or version_of(session, record, record.current)
    decision.fields_count = len(newest.values) if newest else 0
    try:
        with session.begin_nested():
            session.add(decision)
            session.flush()
    except IntegrityError:
        raise Conflict(CHANGED) from None
    go_on(case, after, newest.values if newest else {}, pace_of(session, record.project))
    if case.action != "undo":
        holds.let_go(session, record)
    session.flush()
    return decision
