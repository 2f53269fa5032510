"""How volunteers behave in a project: found with every full fit, shown to its managers, followed by nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from micro.core.consensus.conduct import Conduct as Seen
from micro.core.consensus.conduct import Deed, conduct_of
from micro.data.models import Conduct, Project, Volunteer

MOST_DEEDS = 200_000
"""So many answers to single fields are looked at, those about the newest tasks; it keeps memory within bounds."""


class Deeds:
    """The last MOST_DEEDS deeds that were added."""

    def __init__(self) -> None:
        self.newest: deque[Deed] = deque(maxlen=MOST_DEEDS)

    def add(self, deed: Deed) -> None:
        self.newest.append(deed)


def flags_of(deeds: Deeds) -> dict[Hashable, Seen]:
    """The conduct of everybody about whom there is something to say.

    Beside somebody who writes nonsense any two careful people seem to stick together, so pairs are looked for a second
    time without those who rarely agree; a pair of whom both rarely agree stays one.
    """
    found = conduct_of(deeds.newest)
    odd = {who for who, seen in found.items() if any(flag.kind == "rarely agrees" for flag in seen.flags)}
    if odd:
        others = conduct_of(deed for deed in deeds.newest if deed.volunteer not in odd)
        found = {who: _with_pairs(who, seen, others.get(who), odd) for who, seen in found.items()}
    return {who: seen for who, seen in found.items() if seen.flags}


def _with_pairs(who: Hashable, seen: Seen, other: Seen | None, odd: Collection[Hashable]) -> Seen:
    """``seen`` with its pairs as ``other`` has them; those who are odd keep what they share with each other."""
    pairs = [flag for flag in (other.flags if other else ()) if flag.kind == "together"]
    if who in odd:
        pairs = [flag for flag in seen.flags if flag.kind == "together" and flag.other in odd]
    return replace(seen, flags=(*(flag for flag in seen.flags if flag.kind != "together"), *pairs))


def conduct_in(session: Session, project: Project, volunteer_ids: Iterable[int]) -> Mapping[int, list[Conduct]]:
    """The reasons to look at the answers of these people, by volunteer."""
    query = select(Conduct).where(Conduct.project_id == project.id, Conduct.volunteer_id.in_(list(volunteer_ids)))
    found: dict[int, list[Conduct]] = {}
    for one in session.scalars(query.options(joinedload(Conduct.other)).order_by(Conduct.id)):
        found.setdefault(one.volunteer_id, []).append(one)
    return found


def standing_out(session: Session, project: Project, most: int = 20) -> list[Volunteer]:
    """The volunteers about whom there is a reason to look, some of them, by how often it was seen."""
    found = (
        select(Volunteer)
        .join(Conduct, Conduct.volunteer_id == Volunteer.id)
        .where(Conduct.project_id == project.id)
        .group_by(Volunteer.id)
        .order_by(func.max(Conduct.answers).desc(), Volunteer.id)
        .limit(most)
    )
    return list(session.scalars(found))
