"""Colleagues to whom a record can be handed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Account, Membership, Project, Record
from micro.errors import BadAnswer
from micro.services.review.sight import has_answered


def colleagues_of(session: Session, project: Project) -> Sequence[Account]:
    """Everybody who may review the project's records, by name."""
    return session.scalars(
        select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.institution_id == project.collection.institution_id)
        .order_by(Account.name, Account.id)
    ).all()


def checked_colleague(session: Session, record: Record, public_id: str) -> int:
    """The number of the colleague's account; BadAnswer("to") for anybody who cannot decide about the record."""
    found = next((one for one in colleagues_of(session, record.project) if one.public_id == public_id), None)
    if found is None:
        raise BadAnswer("to", "Choose a colleague of this institution.")
    if has_answered(session, record, found.id):
        raise BadAnswer("to", "%(name)s gave one of the answers, so somebody else has to decide.", name=found.name)
    return found.id
