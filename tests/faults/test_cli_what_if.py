"""`micro project what-if`: other settings over the answers of a project, from the line and from a file."""

from __future__ import annotations

from sqlalchemy import select

from micro.data.models import Base, Project
from micro.house import utc_now
from micro.services import answers, assignments, people
from tests.cast import good_answer
from tests.faults.commanding import Micro
from tests.services.releasing import RULE


def answered(micro: Micro) -> None:
    """Two cards, each read by two people alike."""
    micro.prepare("cards")
    micro.does("ingest", micro.drawer(2))
    with micro.writing() as session:
        project = session.scalars(select(Project)).one()
        project.state = "live"
        session.flush()
        for name in ("one", "two"):
            volunteer = people.volunteer_of_cookie(session, name, utc_now())
            while (lent := assignments.lend_task(session, project, volunteer, utc_now(), RULE)) is not None:
                said = {field: good_answer().get(field, {"mark": "blank"}) for field in lent.task.fields}
                answers.give_answer(session, lent, said, f"{name} {lent.id}", utc_now())
    micro.does("sweep")


def everything(micro: Micro) -> dict[str, list[str]]:
    with micro.reading() as session:
        return {one.name: sorted(map(repr, session.execute(select(one)).all())) for one in Base.metadata.sorted_tables}


def test_both_settings_are_told_and_nothing_is_written(micro: Micro) -> None:
    answered(micro)
    before = everything(micro)
    file = micro.file("other.json", {"max_answers": 1})
    said = micro.does("project", "what-if", "cards", "--settings", file, "--set", "min_answers=1")
    assert "8 of 8" in said and "4 of 8" in said
    assert "0 of 2 records would say something else" in said
    assert everything(micro) == before


def test_what_cannot_be_is_one_line(embedded: Micro) -> None:
    embedded.prepare("cards")
    assert "at least one setting" in embedded.fails("project", "what-if", "cards")
    assert "NAME=VALUE" in embedded.fails("project", "what-if", "cards", "--set", "min_answers")
    assert "colour" in embedded.fails("project", "what-if", "cards", "--set", "colour=red")
    assert "not JSON" in embedded.fails("project", "what-if", "cards", "--settings", embedded.file("x.json", "{"))
    assert "no such project" in embedded.fails("project", "what-if", "beads", "--set", "min_answers=1")
