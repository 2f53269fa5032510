"""The reviewers' queue with 100,000 records waiting: filled in bulk, then opened and filtered as a browser asks for it.

The time is that of the whole request in the web application, from the address to the page, without the network.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bulk import put
from fill import ANSWER, answer_all
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.app import create_app
from micro.core.review_order import cost_s, expected_errors
from micro.data.models import (
    Account,
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
AT_ONCE = 10_000
OTHERS = 300
REASONS = ("conflict",) * 70 + ("contentious",) * 20 + ("evidence_changed",) * 8 + ("flagged",) * 2
TIMES = 25
RECORD = re.compile(r'href="(/review/[a-z0-9]{14}[^"]*)"')
REVISION = re.compile(r'name="revision" value="(\d+)"')
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
        known = _project(session, house, now)
    for start in range(0, records, AT_ONCE):
        with house.database.writing() as session:
            _some(session, known, start, min(AT_ONCE, records - start), drawn, now)
    if not house.database.is_sqlite:
        with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


@dataclass(frozen=True)
class Known:
    """What all rows refer to."""

    project: int
    scan: int
    ben: int
    setup: int
    few: int
    many: int
    others: list[int]


def _project(session: Session, house: House, now: datetime) -> Known:
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
    names = ["few", "many", *map(str, range(OTHERS))]
    readers = [Volunteer(cookie_hash=f"desk-{name}", created_at=now) for name in names]
    session.add_all([scan, *readers])
    session.flush()
    setup = session.scalars(select(Setup).where(Setup.project_id == made.id)).one()
    few, many, *others = (reader.id for reader in readers)
    return Known(made.id, scan.id, ben.id, setup.id, few, many, others)


def _some(session: Session, known: Known, start: int, count: int, drawn: random.Random, now: datetime) -> None:
    project = {"project_id": known.project}
    numbers = range(start, start + count)
    new = {**project, "created_at": now}
    items = put(session, Item, [{**new, "scan_id": known.scan, "identifier": f"D {n}"} for n in numbers])
    box = {"x_px": 100, "y_px": 100, "width_px": 400, "height_px": 90, "scan_id": known.scan, "fields": list(ANSWER)}
    regions = put(session, Region, [{**box, "item_id": i, "name": f"r{i}"} for i in items])
    task = {**new, "fields": list(ANSWER), "state": "done", "wanted": 3, "answered": 3}
    places = zip(numbers, items, regions, strict=True)
    tasks = put(session, Task, [{**task, "item_id": i, "region_id": r, "position": n} for n, i, r in places])
    values = [{name: _entry(said, drawn) for name, said in ANSWER.items()} for _ in numbers]
    records = put(session, Record, [_record(known, i, v, drawn, now) for i, v in zip(items, values, strict=True)])
    version = {"number": 1, "made_by": "engine", "engine": "simple-1", "made_at": now}
    both = zip(records, values, strict=True)
    put(session, RecordVersion, [{**version, "record_id": r, "values": v} for r, v in both])
    _answered(session, known, start, tasks, drawn, now)


def _entry(said: dict[str, Any], drawn: random.Random) -> dict[str, Any]:
    others = ((said, 2), ({"mark": "illegible"}, 1))
    evidence = [{"said": one, "count": count, "unsure": 0} for one, count in others]
    return {**said, "confidence": drawn.betavariate(5, 2), "tied": False, "evidence": evidence}


def _record(known: Known, item: int, values: Any, drawn: random.Random, now: datetime) -> dict[str, Any]:
    reason = drawn.choice(REASONS)
    since = now - timedelta(days=drawn.expovariate(1 / 9))
    errors = expected_errors(values, reason)
    return {
        "project_id": known.project, "item_id": item, "state": "review", "reason": reason, "answers_count": 3,
        "confidence": min(entry["confidence"] for entry in values.values()), "current": 1, "proposed": 1,
        "revision": 1, "changed_at": since, "asked_at": since, "errors": errors, "fields_count": len(values),
        "cost_s": cost_s(errors, len(values), 1.0), "assignee_id": known.ben if drawn.random() < 0.003 else None,
    }  # fmt: skip


def _answered(
    session: Session, known: Known, start: int, tasks: list[int], drawn: random.Random, now: datetime
) -> None:
    """Each record has an answer of one of many people; of every hundred one reader answered forty, another one fifty
    in all. The answers are spread over the last weeks.
    """
    given = [(t, drawn.choice(known.others)) for t in tasks]
    given += [(t, known.many) for n, t in enumerate(tasks) if n % 100 < 40]
    given += [(t, known.few) for t in tasks[:: len(tasks) // 50 or 1][:50]] if start == 0 else []
    times = [now - timedelta(days=drawn.expovariate(1 / 20)) for _ in given]
    of_all = {"project_id": known.project, "setup_id": known.setup}
    answer_all(session, of_all, given, [ANSWER] * len(given), times)


def measure(house: House) -> dict[str, float]:
    """p50 and p95 of each way, in milliseconds."""
    app = create_app(opened=house)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with house.database.reading() as session:
        ben = session.scalars(select(Account).where(Account.email == "desk@example.org")).one()
        readers = {
            name: session.scalars(select(Volunteer.public_id).where(Volunteer.cookie_hash == f"desk-{name}")).one()
            for name in ("few", "many")
        }
    with client.session_transaction() as signed_in:
        signed_in["_user_id"], signed_in["_fresh"] = f"{ben.public_id}.{ben.session_stamp}", True
    later = client.get("/review").text.partition("/review?after=")[2].partition('"')[0]
    found: dict[str, float] = {}
    addresses = {name: "/review?" + asked.format(later=later, **readers) for name, asked in WAYS.items()}
    for name, address in {**addresses, "the dashboard": f"/desk/{SLUG}/progress"}.items():
        found |= _times(name, [_timed(partial(client.get, address))[0] for _ in range(TIMES + 1)])
    return found | _decided(client)


def _decided(client: FlaskClient) -> dict[str, float]:
    """A decision as our script sends it, until the next record's address is there; and its page, fetched ahead."""
    record = RECORD.search(client.get("/review").text)
    assert record is not None
    address, decided, ahead = record[1], [], []
    for _ in range(TIMES + 1):
        took, page = _timed(partial(client.get, address, headers={"X-Ahead": "1"}))
        ahead.append(took)
        revision = REVISION.search(page)
        assert revision is not None
        form = {"action": "accept", "revision": revision[1], "took_s": "5"}
        where = address.partition("?")[0] + "/decide"
        took, going_on = _timed(partial(client.post, where, data=form, headers={"X-Swap": "1"}))
        decided.append(took)
        address = str(json.loads(going_on)["next"])
    return _times("a decision", decided) | _times("the next record, fetched ahead", ahead)


def _timed(ask: Callable[[], Any]) -> tuple[float, str]:
    """Milliseconds until the answer is there, and the answer."""
    begun = time.perf_counter()
    response = ask()
    assert response.status_code == 200
    return 1000 * (time.perf_counter() - begun), response.text


def _times(name: str, times: list[float]) -> dict[str, float]:
    ordered = sorted(times[1:])  # The first one warms up: compiled templates and statements.
    return {f"{name} p50": ordered[len(ordered) // 2], f"{name} p95": ordered[len(ordered) * 95 // 100]}
