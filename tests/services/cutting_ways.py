"""Projects to be cut, and layouts to cut them by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Item, Layout, Project, Region, Scan, Task
from micro.house import House
from micro.jobs import drain_cutting
from micro.services import cutting_runs
from micro.services.layouts import attach_layout
from tests.cast import Cast, add_cards, make_project

WHOLE = {"by": "whole"}
GRID = {"by": "grid", "rows": 2, "columns": 3}
LINES = {"by": "lines", "margin": 0}


def alto(lines: Sequence[tuple[str, tuple[int, int, int, int], str]], page: tuple[int, int] = (400, 300)) -> bytes:
    """An ALTO 4 file: (type of its block, x y width height, text) a line, for a page of this size in pixels."""
    types = sorted({kind for kind, _, _ in lines})
    tags = "".join(f'<OtherTag ID="T{at}" LABEL="{kind}"/>' for at, kind in enumerate(types))
    blocks = "".join(
        f'<TextBlock ID="b{at}" HPOS="{x}" VPOS="{y}" WIDTH="{w}" HEIGHT="{h}" TAGREFS="T{types.index(kind)}">'
        f'<TextLine ID="l{at}" HPOS="{x}" VPOS="{y}" WIDTH="{w}" HEIGHT="{h}" BASELINE="{x} {y + h} {x + w} {y + h}">'
        f'<String CONTENT="{text}" WC="0.9" HPOS="{x}" VPOS="{y}" WIDTH="{w}" HEIGHT="{h}"/></TextLine></TextBlock>'
        for at, (kind, (x, y, w, h), text) in enumerate(lines)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">'
        f"<Description><MeasurementUnit>pixel</MeasurementUnit></Description><Tags>{tags}</Tags><Layout>"
        f'<Page ID="p1" PHYSICAL_IMG_NR="1" WIDTH="{page[0]}" HEIGHT="{page[1]}"><PrintSpace>{blocks}</PrintSpace>'
        "</Page></Layout></alto>"
    ).encode()


THREE_LINES = alto(
    [
        ("MainZone", (40, 30, 300, 20), "Laurent"),
        ("MarginTextZone", (5, 60, 30, 20), "n. 7"),
        ("MainZone", (40, 90, 300, 20), "Denfert"),
    ]
)


def uncut_project(session: Session, house: House, cast: Cast, count: int, way: Any = None) -> Project:
    """A draft with ``count`` cards of which none is cut yet."""
    project = make_project(
        session, session.merge(cast.collection), house.clock(), slug="drawer", state="draft", cutting=None
    )
    add_cards(session, house, project, count)
    project.cutting = way
    session.flush()
    return project


def drawer(session: Session) -> Project:
    """The project that uncut_project made."""
    return session.scalars(select(Project).where(Project.slug == "drawer")).one()


def give_layout(
    session: Session, house: House, scan: Scan, content: bytes = THREE_LINES, certain: bool = True
) -> Layout:
    """A layout beside a scan, as its XML file would give it."""
    name = scan.file_name.replace(".jpg", ".xml")
    layout = attach_layout(session, scan.project, name, content, f"layouts/{name}", house.clock())
    layout.certain = certain
    session.flush()
    return layout


def cut(house: House, way: Any, slug: str = "drawer") -> int:
    """Chooses the way, starts a run and drains it."""
    with house.database.writing() as session:
        project = session.scalars(select(Project).where(Project.slug == slug)).one()
        run = cutting_runs.cut_by_way(session, project, way, None, house.clock()).id
    return drain_cutting(house, run)


def scans_of(session: Session, slug: str = "drawer") -> list[Scan]:
    return list(session.scalars(select(Scan).join(Project).where(Project.slug == slug).order_by(Scan.page_number)))


def regions_of(session: Session, slug: str = "drawer") -> list[Region]:
    """All regions of the project in the order in which they are asked."""
    return list(
        session.scalars(
            select(Region)
            .join(Item, Item.id == Region.item_id)
            .join(Project)
            .join(Task, Task.region_id == Region.id)
            .where(Project.slug == slug)
            .order_by(Task.position, Task.id)
        )
    )
