"""What the sample of a batch says of all its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.audit import at_most
from micro.core.review import MAKING, WORDS
from micro.data.models import Batch, BatchRecord, Decision, RecordVersion
from micro.services.settling import bare


@dataclass(frozen=True)
class Verdict:
    """What the sample says: of ``size`` records ``judged`` were decided, ``wrong`` of them otherwise than proposed.

    ``fields`` counts by field how many were otherwise; ``bound`` is the share of wrong records that is not exceeded,
    None as long as not all of the sample is judged, and for ever when it was stopped.
    """

    size: int
    judged: int
    wrong: int
    fields: Mapping[str, int]
    bound: float | None


def verdict_of(session: Session, batch: Batch) -> Verdict:
    """What is known from the sample. A record is wrong when its decision is anything else than the proposal.

    Only decisions that were made since it was drawn and that were not taken back count.
    """
    rows = session.scalars(
        select(BatchRecord).where(BatchRecord.batch_id == batch.id, BatchRecord.revision > 0,
                                  BatchRecord.before.is_not(None))
    ).all()  # fmt: skip
    words = _words(session, rows)
    judged = wrong = 0
    fields: dict[str, int] = {}
    for row in rows:
        if (word := words.get(row.record_id)) is None:
            continue
        differing = _differing(session, row, word)
        judged, wrong = judged + 1, wrong + (differing is None or bool(differing))
        for name in differing or ():
            fields[name] = fields.get(name, 0) + 1
    whole = judged == batch.sample_size and not batch.stopped
    bound = at_most(wrong, judged) if whole else None
    return Verdict(batch.sample_size, judged, wrong, fields, bound)


def _words(session: Session, rows: Sequence[BatchRecord]) -> dict[int, Decision]:
    """By record: the newest word about it since it was drawn, none that was taken back."""
    since = {row.record_id: row.revision for row in rows}
    query = select(Decision).where(Decision.record_id.in_(since)).order_by(Decision.id)
    found = [one for one in session.scalars(query) if one.revision >= since[one.record_id]]
    undone = {(one.before or {}).get("undoes") for one in found if one.action == "undo"}
    return {one.record_id: one for one in found if one.action in (*WORDS, "return") and one.public_id not in undone}


def _differing(session: Session, row: BatchRecord, word: Decision) -> set[str] | None:
    """The fields in which the decision is not the proposal that was drawn; None: it was refused whole."""
    if word.action not in MAKING:
        return None
    numbers = (row.version, word.made or 0)
    query = select(RecordVersion).where(RecordVersion.record_id == row.record_id, RecordVersion.number.in_(numbers))
    said = {version.number: bare(version.values) for version in session.scalars(query)}
    proposed, decided = said.get(row.version, {}), said.get(word.made or 0, {})
    return {name for name in {*proposed, *decided} if proposed.get(name) != decided.get(name)}
