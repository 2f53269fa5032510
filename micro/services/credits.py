"""How volunteers are named in public: each chose it once, and it holds from then on until they choose otherwise.

Whoever chose nothing is named nowhere. What is published keeps the names that it was published with.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.credit import Credit, checked_credit
from micro.data.models import Volunteer

AT_ONCE = 500


def credit_of(volunteer: Volunteer | None) -> Credit:
    """What this volunteer chose; for one whose answers were claimed, ask for the one who claimed them."""
    return Credit(volunteer.credit, volunteer.credit_name, volunteer.orcid) if volunteer else Credit()


def choose_credit(session: Session, volunteer: Volunteer, sort: str, name: str, orcid: str) -> Credit:
    """Keeps the choice; "none" forgets the name. Raises BadAnswer as checked_credit does."""
    chosen = checked_credit(sort, name, orcid)
    _set(volunteer, chosen)
    session.flush()
    return chosen


def bring_along(theirs: Volunteer, mine: Volunteer) -> None:
    """Answers were claimed: what was chosen without the account holds for it too, unless it chose by itself."""
    if not mine.credit:
        _set(mine, credit_of(theirs))
    _set(theirs, Credit())


def _set(volunteer: Volunteer, credit: Credit) -> None:
    volunteer.credit, volunteer.credit_name, volunteer.orcid = credit.sort, credit.name, credit.orcid


def shown_names(session: Session, volunteer_ids: Iterable[int]) -> dict[int, str]:
    """By volunteer: the name to show, of those who chose one; of claimed answers that of whoever claimed them."""
    wanted, found = sorted(set(volunteer_ids)), {}
    heads = select(Volunteer.id, Volunteer.claimed_by_id).where(Volunteer.id.in_(wanted))
    head_of = {row.id: row.claimed_by_id or row.id for row in session.execute(heads)}
    people = select(Volunteer.id, Volunteer.credit_name).where(Volunteer.id.in_(set(head_of.values())))
    names = {row.id: row.credit_name for row in session.execute(people) if row.credit_name}
    for volunteer_id, head in head_of.items():
        if head in names:
            found[volunteer_id] = names[head]
    return found


def named(session: Session, public_ids: Iterable[str]) -> tuple[Credit, ...]:
    """The credits of these people who want to be named, by name.

    Never with how much each of them read: beside the pseudonyms of a release it would tell who is who.
    """
    wanted = sorted(public_ids)
    chosen: list[Credit] = []  # Two people may have one name.
    for start in range(0, len(wanted), AT_ONCE):
        some = select(Volunteer).where(Volunteer.public_id.in_(wanted[start : start + AT_ONCE]), Volunteer.credit != "")
        chosen.extend(credit_of(volunteer) for volunteer in session.scalars(some) if volunteer.credit_name)
    return tuple(sorted(chosen, key=lambda one: (one.name.casefold(), one.name, one.orcid, one.sort)))
