"""How volunteers behave in a project: found with every full fit, shown to its managers, followed by nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from micro.core.consensus.conduct import Conduct as Seen
from micro.core.consensus.conduct import Deed, conduct_of
from micro.data.models import Conduct, Project

MOST_DEEDS = 200_000
"""So many answers to single fields are looked at, those about the newest tasks; it keeps memory within bounds."""


class Deeds:
    """The last MOST_DEEDS deeds that were added."""

    def __init__(self) -> None:
        self.newest: deque[Deed] = deque(maxlen=MOST_DEEDS)

    def add(self, deed: Deed) -> None:
        self.newest.append(deed)


def flags_of(deeds: Deeds) -> dict[Hashable, Seen]:
    """The conduct of everybody about whom there is something to say."""
    return {who: seen for who, seen in conduct_of(deeds.newest).items() if seen.flags}


def conduct_in(session: Session, project: Project, volunteer_ids: Iterable[int]) -> Mapping[int, list[Conduct]]:
    """The reasons to look at the answers of these people, by volunteer."""
    query = select(Conduct).where(Conduct.project_id == project.id, Conduct.volunteer_id.in_(list(volunteer_ids)))
    found: dict[int, list[Conduct]] = {}
    for one in session.scalars(query.options(joinedload(Conduct.other)).order_by(Conduct.id)):
        found.setdefault(one.volunteer_id, []).append(one)
    return found


def conspicuous(session: Session, project: Project) -> list[int]:
    """Everybody about whom there is a reason to look, by volunteer."""
    return list(session.scalars(select(Conduct.volunteer_id).where(Conduct.project_id == project.id).distinct()))
