"""Fills a database with what is measured: tasks to lend, answers to settle, records to release. In bulk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bulk import put
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.config import Settings
from micro.core.geometry import CutRegion, cut, template_from_setup
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
        _answered(session, "settle", size.unsettled, 3, {"answered": 3, "wanted": 3})
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
    project_id, numbers = _id(session, slug), range(1, count + 1)
    boxes = cut(template_from_setup(cutting_template(), list(FIELDS)), *CARD_SIZE_PX)
    scans = put(session, Scan, [_scan(project_id, number) for number in numbers])
    known: dict[str, Any] = {"project_id": project_id, "created_at": NOW}
    cards = zip(numbers, scans, strict=True)
    items = put(session, Item, [{**known, "scan_id": scan, "identifier": f"B {n}"} for n, scan in cards])
    regions = put(
        session,
        Region,
        [_region(made, scan, item) for scan, item in zip(scans, items, strict=True) for made in boxes],
    )
    asked = next(place for place, made in enumerate(boxes) if made.is_task)
    known |= {"fields": list(boxes[asked].fields), "wanted": 2, **of_task}
    places = zip(numbers, items, regions[asked :: len(boxes)], strict=True)
    return put(session, Task, [{**known, "item_id": i, "region_id": r, "position": n} for n, i, r in places])


def _scan(project_id: int, number: int) -> dict[str, Any]:
    width, height = CARD_SIZE_PX
    return {
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


def _region(made: CutRegion, scan: int, item: int) -> dict[str, Any]:
    box = {"x_px": made.box.x, "y_px": made.box.y, "width_px": made.box.width, "height_px": made.box.height}
    return {"scan_id": scan, "item_id": item, "name": made.name, "fields": list(made.fields), **box}


def _answered(session: Session, slug: str, count: int, each: int, of_task: dict[str, Any]) -> None:
    """Cards with answers: all say the same of most fields, and the last of each differs in one."""
    tasks = _cards(session, slug, count, of_task)
    project_id = _id(session, slug)
    setup_id = assignments.current_setup(session, project_id).id
    people = put(
        session,
        Volunteer,
        [{"cookie_hash": f"{slug}-{number}", "created_at": NOW} for number in range(ANSWERERS)],
    )
    answer_all(
        session,
        {"project_id": project_id, "setup_id": setup_id},
        [(t, people[(place * each + turn) % ANSWERERS]) for place, t in enumerate(tasks) for turn in range(each)],
        [_said(place, each) for place in range(len(tasks) * each)],
        [NOW] * (len(tasks) * each),
    )


def answer_all(
    session: Session,
    known: dict[str, Any],
    given: list[tuple[int, int]],
    values: list[dict[str, Any]],
    times: list[datetime],
) -> None:
    """An answered assignment for each (task, volunteer) of ``given``, with its answer; ``known`` is of both."""
    lent = [
        {**known, "task_id": task, "volunteer_id": person, "state": "answered", "lent_at": at,
         "expires_at": at + timedelta(hours=1)}
        for (task, person), at in zip(given, times, strict=True)
    ]  # fmt: skip
    ids = put(session, Assignment, lent)
    answers = [
        {**known, "assignment_id": assignment, "task_id": task, "volunteer_id": person, "number": 1, "value": value,
         "submission_key": "bench", "at": at}
        for assignment, (task, person), value, at in zip(ids, given, values, times, strict=True)
    ]  # fmt: skip
    put(session, Answer, answers)


def _said(place: int, each: int) -> dict[str, Any]:
    differs = each > 2 and place % each == each - 1
    return {**ANSWER, "object": {"value": "Socketed ax"}} if differs else ANSWER


def _settled(session: Session) -> None:
    """Records of the project "released", as settling would have left them."""
    project_id = _id(session, "released")
    items = session.scalars(select(Item.id).where(Item.project_id == project_id).order_by(Item.id)).all()
    values = {
        name: {**said, "confidence": 0.97, "tied": False, "evidence": [{"said": said, "count": 2, "unsure": 0}]}
        for name, said in ANSWER.items()
    }
    known = {"project_id": project_id, "state": "settled", "confidence": 0.97, "answers_count": 2, "changed_at": NOW}
    known |= {"current": 1, "proposed": 1, "revision": 1}
    records = put(session, Record, [{**known, "item_id": item} for item in items])
    engine = {"number": 1, "values": values, "made_by": "engine", "engine": "simple-1", "made_at": NOW}
    put(session, RecordVersion, [{**engine, "record_id": one, "fingerprint": f"{one:064x}"} for one in records])
