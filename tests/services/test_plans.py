"""A project from one JSON file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from micro.data.models import Collection, Institution, Region, Scan, Task
from micro.errors import BadAnswer, Conflict
from micro.house import House
from micro.services.plans import project_from_plan
from tests.cast import CUTTING, FORM, add_cards

GUIDE = Path(__file__).parents[2] / "docs/operator.md"


def plan(**changed: Any) -> dict[str, Any]:
    return {
        "institution": {"slug": "harrowby", "name": "Harrowby Museum", "accent": "harrowby"},
        "collection": "Finds",
        "slug": "cards",
        "texts": {"en": {"title": "Cards"}},
        "form": FORM,
        "boxes": CUTTING["boxes"],
        **changed,
    }


def test_the_plan_in_the_guide_makes_a_project_whose_scans_are_cut(house: House) -> None:
    written = json.loads(re.search(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)[1])  # type: ignore[index]
    with house.database.writing() as session:
        project = project_from_plan(session, written, house.clock())
        assert (project.state, project.max_answers) == ("draft", 5)
        add_cards(session, house, project, 1)
        asked = session.scalars(select(Task).where(Task.project_id == project.id)).all()
        assert sorted(tuple(task.fields) for task in asked) == [
            ("notes",),
            ("object", "found_on", "length", "material"),
        ]


def test_a_second_plan_uses_the_institution_and_collection_of_the_first(house: House) -> None:
    with house.database.writing() as session:
        project_from_plan(session, plan(), house.clock())
        project_from_plan(session, plan(slug="more-cards"), house.clock())
        assert len(session.scalars(select(Institution)).all()) == len(session.scalars(select(Collection)).all()) == 1


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"form": {}}, "form"),
        ({"texts": None}, "texts"),
        ({"colour": "red"}, "colour"),
        ({"slug": "Not An Address"}, "slug"),
        ({"licence": "mine"}, "licence"),
        ({"min_answers": 0}, "min_answers"),
        ({"min_answers": 4, "max_answers": 3}, "min_answers"),
        ({"target_confidence": 1.5}, "target_confidence"),
        ({"task_order": "random"}, "task_order"),
        ({"institution": "Museum"}, "institution"),
        ({"boxes": {"a": 1}}, "boxes"),
        ({"texts": {"en": "Cards"}}, "texts"),
        ({"content_language": "english"}, "content_language"),
        ({"form": {"fields": ["object"]}}, "form"),
        ({"form": {"fields": [{"name": "x", "type": "text", "label": "X"}]}}, "x"),
        ({"institution": {"slug": "x"}}, "institution"),
        ({"institution": {"slug": "x", "name": "X", "accent": "pink"}}, "institution"),
        ({"boxes": CUTTING["boxes"][:1]}, "material"),
        ({"form": {"fields": [{"name": "x", "type": "song"}]}}, "x"),
        ({"cutting": {"by": "whole"}}, "cutting"),  # Beside boxes.
        ({"boxes": [], "cutting": "whole"}, "cutting"),
        ({"boxes": [], "cutting": {}}, "cutting"),
        ({"boxes": [], "cutting": {"by": "scissors"}}, "cutting.by"),
        ({"boxes": [], "cutting": {"by": "grid", "rows": 0, "columns": 1}}, "cutting.rows"),
        ({"boxes": [], "cutting": {"by": "lines", "margin": 7}}, "cutting.margin"),
        ({"boxes": [], "cutting": {"boxes": CUTTING["boxes"][:1]}}, "cutting.material"),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_with_its_place(house: House, changed: dict[str, Any], part: str) -> None:
    with pytest.raises(BadAnswer) as refused, house.database.writing() as session:
        project_from_plan(session, plan(**changed), house.clock())
    assert refused.value.field == part


def test_two_projects_at_one_address_are_refused(house: House) -> None:
    with house.database.writing() as session:
        project_from_plan(session, plan(), house.clock())
    with pytest.raises(Conflict), house.database.writing() as session:
        project_from_plan(session, plan(), house.clock())


@pytest.mark.parametrize(
    ("way", "regions"),
    [({"by": "grid", "rows": 3, "columns": 1}, 3), ({"by": "whole"}, 0), ({"boxes": CUTTING["boxes"]}, 5)],
)
def test_a_plan_says_how_its_scans_are_cut(house: House, way: dict[str, Any], regions: int) -> None:
    with house.database.writing() as session:
        given = {name: part for name, part in plan(cutting=way).items() if name != "boxes"}
        project = project_from_plan(session, given, house.clock())
        assert project.cutting == way
        add_cards(session, house, project, 1)
        scan = session.scalars(select(Scan.id).where(Scan.project_id == project.id)).one()
        made = session.scalars(select(Region).where(Region.scan_id == scan, Region.name != "whole")).all()
        assert len(made) == regions
        assert session.scalars(select(Task).where(Task.project_id == project.id)).all()
