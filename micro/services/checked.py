"""What is known to be right in a project: the one place that says so, for learning, calibrating and comparing."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.data.models import Record, RecordVersion
from micro.services.versions import bare

Checked = dict[tuple[int, str], Said]
"""{(item's id, name of the field): what is right}."""


def checked_values(session: Session, project_id: int, item_ids: Iterable[int] | None = None) -> Checked:
    """What professionals have decided, where the decision stands unquestioned; of some items, or of all.

    Cost: one query; for all items as many versions as there are decided records.
    """
    query = (
        select(Record.item_id, RecordVersion.values)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(Record.project_id == project_id, Record.state == "decided", RecordVersion.made_by == "decision")
    )
    if item_ids is not None:
        query = query.where(Record.item_id.in_(list(item_ids)))
    return {
        (item_id, name): said
        for item_id, values in session.execute(query)
        for name, said in bare(values).items()
        if said
    }
