"""Fills a database with what is measured: tasks to lend, answers to settle, records to release. In bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from micro.config import Settings
from micro.core.geometry import cut, template_from_setup
from micro.data.base import new_public_id
from micro.data.models import (
    Answer,
    Assignment,
    Collection,
    Institution,
    Item,
    Project,
    Record,
    RecordVersion,
    Region,
    Scan,
    Task,
    Volunteer,
)
from micro.demo.draw import CARD_SIZE_PX
from micro.demo.seed import FIELDS, FORM, cutting_template
from micro.house import open_house
from micro.services import accounts, assignments, cutting, projects

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANSWERERS = 50
ANSWER: dict[str, Any] = {
    "object": {"value": "Socketed axe"},
    "material": {"value": "bronze"},
    "found_on": {"value": "1907-10-XX"},
    "length": {"value": {"amount": "12.4", "unit": "cm"}},
    "findspot": {"value": "Gravel pit, Nether Aldersby"},
    "description": {"value": "Edge worn, loop broken.\nFound by the ferryman while\ndredging below the weir."},
}


@dataclass(frozen=True)
class Size:
    """How much of everything there is, and how long the load lasts."""

    tasks: int
    unsettled: int
    records: int
    cards: int
    large_scans: int
    warm_s: float
    load_s: float
    answers: tuple[int, ...] = (10_000, 100_000, 1_000_000)


FULL = Size(tasks=6000, unsettled=1000, records=10_000, cards=60, large_scans=8, warm_s=2, load_s=8)
QUICK = Size(
    tasks=2000, unsettled=200, records=1000, cards=20, large_scans=2, warm_s=1, load_s=3, answers=(10_000, 100_000)
)


def fill(settings: Settings, size: Size, clients: int) -> None:
    """Makes three projects (load, settle, release) and one account with a key per client, kept in the data folder."""
    house = open_house(settings)
    with house.database.writing() as session:
        institution = Institution(slug="bench", name="Bench", accent="harrowby", created_at=NOW)
        collection = Collection(institution=institution, name="Cards", created_at=NOW)
        session.add_all([institution, collection])
        session.flush()
        keys = []
        for number in range(clients):
            account = accounts.create_account(
                session, f"bench-{number}@example.org", f"Bench {number}", "a bench password", NOW, house.passwords
            )
            keys.append(accounts.make_key(session, account.id))
        for slug in ("load", "settle", "released", "ingest", "pair"):
            _project(session, collection, slug)
        _cards(session, "load", size.tasks, {})
        _answered(session, "settle", size.unsettled, 3, {"answered": 3, "wanted": 3, "unsettled": True})
        _answered(session, "released", size.records, 2, {"answered": 2, "state": "done"})
        _settled(session)
    (settings.folder / "keys").write_text("\n".join(keys))
    if not house.database.is_sqlite:
        with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _project(session: Session, collection: Collection, slug: str) -> None:
    texts = {"en": {"title": slug, "lead": "", "about": ""}}
    project = projects.make_project(session, collection, slug, texts, FORM, NOW)
    cutting.set_way(session, project, cutting_template())
    project.state = "live"
    session.flush()


def _id(session: Session, slug: str) -> int:
    return session.scalars(select(Project.id).where(Project.slug == slug)).one()


def _cards(session: Session, slug: str, count: int, of_task: dict[str, Any]) -> list[int]:
    """``count`` scans with their items, regions and one task each; returns the tasks."""
    project_id = _id(session, slug)
    width, height = CARD_SIZE_PX
    boxes = cut(template_from_setup(cutting_template(), list(FIELDS)), width, height)
    scans = session.scalars(
        insert(Scan).returning(Scan.id, sort_by_parameter_order=True),
        [
            {
                "public_id": new_public_id(),
                "project_id": project_id,
                "sha256": f"{project_id:032x}{number:032x}",
                "format": "JPEG",
                "size_bytes": 1,
                "width_px": width,
                "height_px": height,
                "orientation": 1,
                "storage_key": "scans/none.jpg",
                "file_name": f"card-{number:05}.jpg",
                "identifier": f"B {number}",
                "document": "drawer",
                "page_number": number,
                "rights": "CC0-1.0",
                "credit": "",
                "details": {},
                "created_at": NOW,
            }
            for number in range(1, count + 1)
        ],
    ).all()
    items = session.scalars(
        insert(Item).returning(Item.id, sort_by_parameter_order=True),
        [
            {
                "public_id": new_public_id(),
                "project_id": project_id,
                "scan_id": scan,
                "identifier": f"B {number}",
                "created_at": NOW,
            }
            for number, scan in enumerate(scans, start=1)
        ],
    ).all()
    regions = session.scalars(
        insert(Region).returning(Region.id, sort_by_parameter_order=True),
        [
            {
                "public_id": new_public_id(),
                "scan_id": scan,
                "item_id": item,
                "name": made.name,
                "fields": list(made.fields),
                "x_px": made.box.x,
                "y_px": made.box.y,
                "width_px": made.box.width,
                "height_px": made.box.height,
            }
            for scan, item in zip(scans, items, strict=True)
            for made in boxes
        ],
    ).all()
    asked = next(place for place, made in enumerate(boxes) if made.is_task)
    return list(
        session.scalars(
            insert(Task).returning(Task.id, sort_by_parameter_order=True),
            [
                {
                    "public_id": new_public_id(),
                    "project_id": project_id,
                    "item_id": item,
                    "region_id": region,
                    "fields": list(boxes[asked].fields),
                    "position": number,
                    "wanted": 2,
                    "created_at": NOW,
                    "answered": 0,
                    "lent": 0,
                    "unsettled": False,
                    "state": "open",
                    "priority": 0,
                    **of_task,
                }
                for number, (item, region) in enumerate(zip(items, regions[asked :: len(boxes)], strict=True), start=1)
            ],
        )
    )


def _answered(session: Session, slug: str, count: int, each: int, of_task: dict[str, Any]) -> None:
    """Cards with answers: all say the same of most fields, and the last of each differs in one."""
    tasks = _cards(session, slug, count, of_task)
    project_id = _id(session, slug)
    setup_id = assignments.current_setup(session, project_id).id
    people = session.scalars(
        insert(Volunteer).returning(Volunteer.id),
        [
            {"public_id": new_public_id(), "cookie_hash": f"{slug}-{number}", "created_at": NOW}
            for number in range(ANSWERERS)
        ],
    ).all()
    lent = [
        (task, people[(place * each + turn) % ANSWERERS]) for place, task in enumerate(tasks) for turn in range(each)
    ]
    ids = session.scalars(
        insert(Assignment).returning(Assignment.id, sort_by_parameter_order=True),
        [
            {
                "public_id": new_public_id(),
                "task_id": task,
                "project_id": project_id,
                "volunteer_id": person,
                "setup_id": setup_id,
                "state": "answered",
                "lent_at": NOW,
                "expires_at": NOW + timedelta(hours=1),
            }
            for task, person in lent
        ],
    ).all()
    session.execute(
        insert(Answer),
        [
            {
                "public_id": new_public_id(),
                "assignment_id": assignment,
                "task_id": task,
                "project_id": project_id,
                "number": 1,
                "volunteer_id": person,
                "setup_id": setup_id,
                "value": _said(place, each),
                "submission_key": "bench",
                "surplus": False,
                "at": NOW,
            }
            for place, (assignment, (task, person)) in enumerate(zip(ids, lent, strict=True))
        ],
    )


def _said(place: int, each: int) -> dict[str, Any]:
    differs = each > 2 and place % each == each - 1
    return {**ANSWER, "object": {"value": "Socketed ax"}} if differs else ANSWER


def _settled(session: Session) -> None:
    """Records of the project "released", as settling would have left them."""
    project_id = _id(session, "released")
    items: Sequence[int] = session.scalars(select(Item.id).where(Item.project_id == project_id).order_by(Item.id)).all()
    values = {
        name: {**said, "confidence": 0.97, "tied": False, "evidence": [{"said": said, "count": 2, "unsure": 0}]}
        for name, said in ANSWER.items()
    }
    records = session.scalars(
        insert(Record).returning(Record.id, sort_by_parameter_order=True),
        [
            {
                "public_id": new_public_id(),
                "project_id": project_id,
                "item_id": item,
                "state": "settled",
                "reason": "",
                "confidence": 0.97,
                "answers_count": 2,
                "current": 1,
                "proposed": 1,
                "revision": 1,
                "changed_at": NOW,
            }
            for item in items
        ],
    ).all()
    session.execute(
        insert(RecordVersion),
        [
            {
                "record_id": record,
                "number": 1,
                "values": values,
                "made_by": "engine",
                "engine": "simple-1",
                "fingerprint": f"{record:064x}",
                "made_at": NOW,
            }
            for record in records
        ],
    )
