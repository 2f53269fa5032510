"""Steps that the tests of releases share: answers, decisions, and a release made as the job makes it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro import jobs
from micro.data.models import Account, Project, Record, Release, Volunteer
from micro.house import House
from micro.services import people
from micro.services.answers import give_answer
from micro.services.assignments import LendingRule, lend_task
from micro.services.releases import start_release
from micro.services.reviewing import decide
from micro.services.settling import settle_some

RULE = LendingRule(1800, 1000)


def volunteers(session: Session, house: House, count: int) -> list[Volunteer]:
    return [people.volunteer_of_cookie(session, f"cookie {number}", house.clock()) for number in range(count)]


def everybody_answers(house: House, project: Project, *answers: dict[str, Any]) -> None:
    """One volunteer per answer gives it to every task that is free for them; then all is settled."""
    for number, answer in enumerate(answers):
        with house.database.writing() as session:
            here = session.get_one(Project, project.id)
            volunteer = volunteers(session, house, number + 1)[number]
            while (lent := lend_task(session, here, volunteer, house.clock(), RULE)) is not None:
                asked = {name: answer[name] for name in lent.task.fields}
                give_answer(session, lent, asked, f"key {lent.public_id}", house.clock())
    settle(house, project)


def settle(house: House, project: Project) -> None:
    with house.database.writing() as session:
        while settle_some(session, project.id, house.clock()):
            pass


def decide_on(
    house: House, person: Account, identifier: str, action: str, values: dict[str, Any] | None = None
) -> None:
    with house.database.writing() as session:
        record = record_of(session, identifier)
        decide(session, record.public_id, person.id, action, record.revision, values, "", house.clock())


def record_of(session: Session, identifier: str) -> Record:
    return next(record for record in session.scalars(select(Record)) if record.item.identifier == identifier)


def begin(house: House, project: Project, notes: str = "") -> int:
    with house.database.writing() as session:
        return start_release(session, session.get_one(Project, project.id), None, notes, house.clock()).id


def make(house: House, project: Project, notes: str = "") -> Release:
    """A whole release, as the manager's button and the job make it."""
    release_id = begin(house, project, notes)
    jobs.write_release(house, release_id)
    return look(house, release_id)


def look(house: House, release_id: int) -> Release:
    with house.database.reading() as session:
        return session.get_one(Release, release_id)


def files_of(house: House, release: Release) -> dict[str, bytes]:
    manifest = release.manifest or {}
    return {entry["name"]: house.storage.get(f"{manifest['folder']}/{entry['name']}") for entry in manifest["files"]}


def table(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file as Python's own reader sees them."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def objects(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.decode().rstrip("\n").split("\n")]
