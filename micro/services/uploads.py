"""Uploaded files: added to a delivery once each, kept until they are taken in or a week has gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.manifest import composed
from micro.data.models import Intake, IntakeFile, Project
from micro.errors import Conflict, NotFound
from micro.services.cutting import hold_project
from micro.services.deliveries import NAME_LONGEST, new_file, open_delivery, refuse, wait_again

INCOMING = "incoming/"
# What was refused or cancelled may be tried again so long; then its bytes are deleted.
KEPT = timedelta(days=7)
# Younger uploads are not even looked at.
YOUNG = timedelta(days=1)


def deliver_upload(
    session: Session,
    project: Project,
    files: Sequence[tuple[str, str]],
    described: Mapping[str, Mapping[str, str]],
    now: datetime,
) -> Intake:
    """A delivery of uploaded files, see :func:`add_upload`."""
    intake = open_delivery(session, project, "upload", now)
    add_upload(session, intake, files, described)
    return intake


def add_upload(
    session: Session,
    intake: Intake,
    files: Sequence[tuple[str, str]],
    described: Mapping[str, Mapping[str, str]],
) -> None:
    """Adds uploaded files, (name, where it is stored) each, described by a manifest, to a delivery.

    Two of one name are both kept, the second as "name (2).jpg". What the manifest names and nobody sent is refused,
    until a later call brings it. A file that is stored where one of the delivery is stored already is that one: the
    same call again adds nothing.
    """
    hold_project(session, intake.project)
    before = session.scalars(select(IntakeFile).where(IntakeFile.intake_id == intake.id)).all()
    known = {file.file_name: file for file in before}
    stored = {file.storage_key for file in before}
    for name, key in files:
        if key in stored:
            continue
        expected = known.get(name[:NAME_LONGEST])
        if expected is not None and not expected.storage_key:
            expected.storage_key = key
            wait_again(expected)
        else:
            free = _free_name(name, known)
            known[free] = new_file(intake.id, free, key, described.get(composed(name), {}))
            session.add(known[free])
    names = {composed(name): file for name, file in known.items()}
    for name, said in described.items():
        if name in names:
            _describe(names[name], said)
        else:
            missing = new_file(intake.id, _free_name(name, known), "", said)
            known[missing.file_name] = missing
            session.add(missing)
            refuse(missing, NotFound("there is no such file among those sent"))
    session.flush()


def _describe(file: IntakeFile, said: Mapping[str, str]) -> None:
    """What the manifest says of a file counts until it has become a scan."""
    if file.state in ("waiting", "working", "refused", "cancelled"):
        file.described = dict(said)


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    """The name, with a number when another file of the delivery has it."""
    path, free, number = PurePosixPath(name[: NAME_LONGEST - 10]), name[:NAME_LONGEST], 2
    while free in taken:
        free, number = f"{path.stem} ({number}){path.suffix}", number + 1
    return free


def upload_key(intake: Intake, part: str) -> str:
    """Where an uploaded file of a delivery is kept until it is looked at; ``part`` tells it from the others."""
    return f"{INCOMING}{intake.created_at:%Y%m%d}/{intake.public_id}-{part}"


def check_open(intake: Intake, now: datetime) -> None:
    """Raises Conflict when the delivery is so old that nothing that is sent for it is kept any longer."""
    if intake.created_at <= now - KEPT:
        raise Conflict("This delivery is more than a week old. Please begin a new one.")


def unneeded_uploads(session: Session, keys: Iterable[str], now: datetime) -> list[str]:
    """Which of these stored uploads nobody needs any more: those of files that do not wait, after a week.

    What was taken in is deleted by the worker at once; one that was killed in between leaves it to this. What no file
    and no delivery names goes after a day: a better picture that was refused, a vocabulary's file nobody came back to.
    """
    old = [key for key in keys if _day(key) < f"{now - YOUNG:%Y%m%d}"]  # "<": today's midnight makes nothing old.
    return [key for first in range(0, len(old), 500) for key in _unneeded_of(session, old[first : first + 500], now)]


def _unneeded_of(session: Session, keys: Sequence[str], now: datetime) -> list[str]:
    rows = session.execute(
        select(IntakeFile.storage_key, IntakeFile.state, Intake.created_at)
        .join(Intake, Intake.id == IntakeFile.intake_id)
        .where(IntakeFile.storage_key.in_(keys))
    )
    files = {key: (state, opened_at) for key, state, opened_at in rows}
    tokens = {key: key.rpartition("/")[2].partition("-")[0] for key in keys}
    deliveries = session.execute(
        select(Intake.public_id, Intake.created_at).where(Intake.public_id.in_(set(tokens.values())))
    )
    opened = {public_id: opened_at for public_id, opened_at in deliveries}
    never = datetime.min.replace(tzinfo=UTC)

    def is_needed(key: str) -> bool:
        state, opened_at = files.get(key, ("", opened.get(tokens[key], never)))
        return state in ("waiting", "working") or (state not in ("taken", "same") and opened_at > now - KEPT)

    return [key for key in keys if not is_needed(key)]


def passing_key(name: str, now: datetime) -> str:
    """Where bytes are kept that belong to no delivery, for as long as a request or two; at most a day or two."""
    return f"{INCOMING}{now:%Y%m%d}/{name}"


def _day(key: str) -> str:
    """The day in a key as "20260301"; those without one are from before there was one."""
    day = key.removeprefix(INCOMING).partition("/")[0]
    return day if len(day) == 8 and day.isdigit() else ""
