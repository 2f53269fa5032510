"""The reviewers' queue with 100,000 records waiting: filled in bulk, then opened and filtered as a browser asks for it.

The time is that of the whole request in the web application, from the address to the page, without the network.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Any

from fill import ANSWER
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from micro.app import create_app
from micro.core.review_order import cost_s, expected_errors
from micro.data.base import new_public_id
from micro.data.models import (
    Account,
    Answer,
    Assignment,
    Collection,
    Item,
    Project,
    Record,
    RecordVersion,
    Region,
    Scan,
    Setup,
    Task,
    Volunteer,
)
from micro.house import House
from micro.services import accounts, projects

SLUG = "desk"
RECORDS = 100_000
AT_ONCE = 5000
REASONS = ("conflict",) * 70 + ("contentious",) * 20 + ("evidence_changed",) * 8 + ("flagged",) * 2
TIMES = 25
# What is asked for; "{…}" is filled in below.
WAYS = {
    "open": "",
    "one project": "project=desk",
    "one reason": "reason=flagged",
    "two reasons": "reason=conflict&reason=evidence_changed",
    "confidence": "least=97&most=98",
    "age": "age=month",
    "assignee": "whose=mine",
    "contributor of 50": "contributor={few}",
    "contributor of 40,000": "contributor={many}",
    "next page": "after={later}",
    "several filters": "project=desk&reason=conflict&least=20&most=40&age=week&whose=nobody",
    "nothing fits": "reason=second&least=99&age=month",
}


def fill(house: House, records: int) -> None:
    """A project with so many records in review: of all reasons, ages and confidences, some of them handed on."""
    drawn, now = random.Random(7), house.clock()
    with house.database.writing() as session:
        ben = accounts.create_account(session, "desk@example.org", "Ben", "a bench password", now, house.passwords)
        ben.is_network_admin = ben.email_confirmed = True
        model = session.scalars(select(Setup).join(Project).where(Project.slug == "load")).one()
        collection = session.scalars(select(Collection)).one()
        made = projects.make_project(session, collection, SLUG, {"en": {"title": "Desk"}}, model.body, now)
        made.state = "live"
        session.flush()
        scan = Scan(
            project_id=made.id, sha256="d" * 64, format="JPEG", size_bytes=1, width_px=1600, height_px=1000,
            orientation=1, storage_key="scans/none.jpg", file_name="desk.jpg", identifier="Desk", document="",
            page_number=1, rights="CC0-1.0", credit="", details={}, created_at=now,
        )  # fmt: skip
        readers = [Volunteer(cookie_hash=f"desk-{name}", created_at=now) for name in ("few", "many")]
        session.add_all([scan, *readers])
        session.flush()
        setup = session.scalars(select(Setup).where(Setup.project_id == made.id)).one()
        known = {"project": made.id, "scan": scan.id, "ben": ben.id, "setup": setup.id}
        known |= {"few": readers[0].id, "many": readers[1].id}
    for start in range(0, records, AT_ONCE):
        with house.database.writing() as session:
            _some(session, known, start, min(AT_ONCE, records - start), drawn, now)
    if not house.database.is_sqlite:
        with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _rows(session: Session, table: Any, rows: list[dict[str, Any]]) -> list[int]:
    named = [{"public_id": new_public_id(), **row} for row in rows]
    return list(session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), named))


def _some(session: Session, known: dict[str, int], start: int, count: int, drawn: random.Random, now: Any) -> None:
    project = {"project_id": known["project"]}
    numbers = range(start, start + count)
    items = _rows(
        session, Item,
        [{**project, "scan_id": known["scan"], "identifier": f"D {n}", "created_at": now} for n in numbers],
    )  # fmt: skip
    box = {"x_px": 100, "y_px": 100, "width_px": 400, "height_px": 90}
    regions = _rows(
        session, Region,
        [{"scan_id": known["scan"], "item_id": i, "name": f"r{i}", "fields": list(ANSWER), **box} for i in items],
    )  # fmt: skip
    tasks = _rows(
        session, Task,
        [
            {**project, "item_id": i, "region_id": r, "fields": list(ANSWER), "state": "done", "position": n,
             "wanted": 3, "answered": 3, "lent": 0, "unsettled": False, "priority": 0, "created_at": now}
            for n, i, r in zip(numbers, items, regions, strict=True)
        ],
    )  # fmt: skip
    values = [{name: _entry(said, drawn) for name, said in ANSWER.items()} for _ in numbers]
    records = _rows(session, Record, [_record(known, i, v, drawn, now) for i, v in zip(items, values, strict=True)])
    session.execute(
        insert(RecordVersion),
        [
            {"record_id": r, "number": 1, "values": v, "made_by": "engine", "engine": "simple-1", "fingerprint": "",
             "made_at": now}
            for r, v in zip(records, values, strict=True)
        ],
    )  # fmt: skip
    _answered(session, known, start, tasks, now)


def _entry(said: dict[str, Any], drawn: random.Random) -> dict[str, Any]:
    others = ((said, 2), ({"mark": "illegible"}, 1))
    evidence = [{"said": one, "count": count, "unsure": 0} for one, count in others]
    return {**said, "confidence": drawn.betavariate(5, 2), "tied": False, "evidence": evidence}


def _record(known: dict[str, int], item: int, values: Any, drawn: random.Random, now: Any) -> dict[str, Any]:
    reason = drawn.choice(REASONS)
    since = now - timedelta(days=drawn.expovariate(1 / 9))
    errors = expected_errors(values, reason)
    return {
        "project_id": known["project"], "item_id": item, "state": "review", "reason": reason, "answers_count": 3,
        "confidence": min(entry["confidence"] for entry in values.values()), "current": 1, "proposed": 1,
        "revision": 1, "changed_at": since, "asked_at": since, "errors": errors, "fields_count": len(values),
        "cost_s": cost_s(errors, len(values), 1.0), "assignee_id": known["ben"] if drawn.random() < 0.003 else None,
    }  # fmt: skip


def _answered(session: Session, known: dict[str, int], start: int, tasks: list[int], now: Any) -> None:
    """Of every hundred records one reader answered forty; another one answered fifty in all."""
    given = [(t, known["many"]) for n, t in enumerate(tasks) if n % 100 < 40]
    given += [(t, known["few"]) for t in tasks[:: len(tasks) // 50 or 1][:50]] if start == 0 else []
    lent = _rows(
        session, Assignment,
        [
            {"project_id": known["project"], "task_id": t, "volunteer_id": who, "setup_id": known["setup"],
             "state": "answered", "lent_at": now, "expires_at": now, "trial": False}
            for t, who in given
        ],
    )  # fmt: skip
    _rows(
        session, Answer,
        [
            {"project_id": known["project"], "assignment_id": a, "task_id": t, "volunteer_id": who, "number": 1,
             "setup_id": known["setup"], "value": {}, "submission_key": "bench", "surplus": False, "at": now}
            for a, (t, who) in zip(lent, given, strict=True)
        ],
    )  # fmt: skip


def measure(house: House) -> dict[str, float]:
    """p50 and p95 of each way, in milliseconds."""
    app = create_app(opened=house)
    client = app.test_client()
    with house.database.reading() as session:
        ben = session.scalars(select(Account).where(Account.email == "desk@example.org")).one()
        readers = {
            name: session.scalars(select(Volunteer.public_id).where(Volunteer.cookie_hash == f"desk-{name}")).one()
            for name in ("few", "many")
        }
    with client.session_transaction() as signed_in:
        signed_in["_user_id"], signed_in["_fresh"] = f"{ben.public_id}.{ben.session_stamp}", True
    first = client.get("/review").text
    later = first.partition("/review?after=")[2].partition('"')[0]
    found: dict[str, float] = {}
    for name, asked in WAYS.items():
        address = "/review?" + asked.format(later=later, **readers)
        assert client.get(address).status_code == 200  # Once to warm up: compiled templates and statements.
        times = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            client.get(address)
            times.append(time.perf_counter() - begun)
        ordered = sorted(times)
        found[f"{name} p50"], found[f"{name} p95"] = 1000 * ordered[TIMES // 2], 1000 * ordered[TIMES * 95 // 100]
    return found
