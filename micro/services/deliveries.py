"""Deliveries: files on their way to become scans or layouts, what came of each, trying again and cancelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from micro.core.states import INTAKE_FILE, check_move
from micro.data.models import Intake, IntakeFile, Project, Scan
from micro.errors import BadPicture, MicroError, NotFound
from micro.services.cutting import hold_project
from micro.services.reports import delivery_figures

FOLDER = "folder:"
NAME_LONGEST = 255


def open_delivery(session: Session, project: Project, source: str, now: datetime) -> Intake:
    """A new, empty delivery of files into the project. ``source`` says where from."""
    intake = Intake(project=project, source=source[:500], created_at=now)
    session.add(intake)
    session.flush()
    return intake


def new_file(intake_id: int, name: str, storage_key: str, described: Mapping[str, Any]) -> IntakeFile:
    """A file that waits. One that is called .xml waits behind the pictures, of which it is perhaps the layout."""
    return IntakeFile(
        intake_id=intake_id,
        file_name=name[:NAME_LONGEST],
        storage_key=storage_key,
        described=dict(described),
        state="waiting",
        reason="",
        reason_values={},
        claims=0,
        is_layout=name.lower().endswith(".xml"),
    )


def add_file(
    session: Session, intake: Intake, file_name: str, storage_key: str, described: Mapping[str, Any]
) -> IntakeFile:
    """One more file of the delivery. A name that is there already keeps its first state: nothing is taken in twice."""
    name = file_name[:NAME_LONGEST]
    found = session.scalar(select(IntakeFile).where(IntakeFile.intake_id == intake.id, IntakeFile.file_name == name))
    if found is None:
        found = new_file(intake.id, name, storage_key, described)
        session.add(found)
        session.flush()
    return found


def end(file: IntakeFile, state: str) -> None:
    """Writes down what came of a file."""
    check_move(INTAKE_FILE, file.state, state)
    file.state = state


def refuse(file: IntakeFile, why: MicroError) -> None:
    """Keeps the sentence and what fills it apart, so that everybody reads it in their own language."""
    end(file, "refused")
    file.reason, file.reason_values = why.sentence, {name: str(value) for name, value in why.values.items()}


def wait_again(file: IntakeFile) -> None:
    """A file that was refused or cancelled waits once more; one that waits already does so."""
    if file.state != "waiting":
        end(file, "waiting")
    file.reason, file.reason_values, file.claims = "", {}, 0


def retry(session: Session, intake: Intake) -> int:
    """Lets the refused and cancelled files of a delivery wait again; returns how many. Those nobody sent stay."""
    hold_project(session, intake.project)
    again = session.scalars(
        select(IntakeFile).where(
            IntakeFile.intake_id == intake.id,
            IntakeFile.state.in_(("refused", "cancelled")),
            IntakeFile.storage_key != "",
        )
    ).all()
    for file in again:
        wait_again(file)
    session.flush()
    return len(again)


def cancel(session: Session, intake: Intake) -> int:
    """Nothing of the delivery waits any longer; returns how many files did. What was taken in stays.

    A file that a worker has in hand at this moment is not taken in either: it looks at the state before it writes.
    """
    hold_project(session, intake.project)
    check_move(INTAKE_FILE, "waiting", "cancelled")
    check_move(INTAKE_FILE, "working", "cancelled")
    done = session.execute(
        update(IntakeFile)
        .where(IntakeFile.intake_id == intake.id, IntakeFile.state.in_(("waiting", "working")))
        .values(state="cancelled")
        .execution_options(synchronize_session="fetch")
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def is_folder(intake: Intake) -> bool:
    """Whether the files lie in a folder of one machine, and are not here to be tried again from anywhere."""
    return intake.source.startswith(FOLDER)


def delivery(session: Session, intake_id: int) -> Intake:
    """The delivery with this number."""
    return session.get_one(Intake, intake_id)


def delivery_named(session: Session, public_id: str) -> Intake:
    """The delivery at an address; NotFound otherwise."""
    found = session.scalar(select(Intake).where(Intake.public_id == public_id))
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


@dataclass(frozen=True)
class Progress:
    """How far a delivery is, in files; ``waiting`` are also those in a worker's hand.

    ``refused`` and ``same`` name each with its reason, or the scan it repeats.
    ``warned`` are the scans that were taken in although something of them is missing, by file name. ``scans`` and
    ``layouts`` count what the taken files gave.
    """

    total: int
    waiting: int
    taken: int
    refused: tuple[tuple[str, MicroError], ...]
    same: tuple[tuple[str, str], ...]
    cancelled: int = 0
    warned: tuple[tuple[str, MicroError], ...] = ()
    scans: int = 0
    layouts: int = 0


def progress_of(session: Session, intake: Intake) -> Progress:
    """The progress of one delivery."""
    figures = delivery_figures(session, [intake.id])[intake.id]
    refused = session.scalars(
        select(IntakeFile)
        .where(IntakeFile.intake_id == intake.id, IntakeFile.state == "refused")
        .order_by(IntakeFile.file_name)
    )
    return Progress(
        figures.total,
        figures.waiting,
        figures.taken,
        tuple((file.file_name, BadPicture(file.reason, **file.reason_values)) for file in refused),
        _repeated(session, intake),
        figures.cancelled,
        _warned(session, intake),
        figures.scans,
        figures.layouts,
    )


def _repeated(session: Session, intake: Intake) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, original)
        for name, original in session.execute(
            select(IntakeFile.file_name, Scan.file_name)
            .join(Scan, Scan.id == IntakeFile.scan_id)
            .where(IntakeFile.intake_id == intake.id, IntakeFile.state == "same")
            .order_by(IntakeFile.file_name)
        )
    )


def _warned(session: Session, intake: Intake) -> tuple[tuple[str, MicroError], ...]:
    """Only JPEG files are ever taken with a warning, and they have one page: the scan that the file names."""
    found = session.execute(
        select(IntakeFile.file_name, Scan)
        .join(Scan, Scan.id == IntakeFile.scan_id)
        .where(IntakeFile.intake_id == intake.id, IntakeFile.state == "taken", Scan.format == "JPEG")
        .where(~IntakeFile.is_layout)
        .order_by(IntakeFile.file_name)
    )
    return tuple((name, why) for name, scan in found if (why := warning_of(scan)) is not None)


def warning_of(scan: Scan) -> MicroError | None:
    """What a manager should know of a scan that was taken in all the same; None for most."""
    damage = scan.details.get("damage")
    if not isinstance(damage, dict):  # A manifest may have such a column: that is a text.
        return None
    return BadPicture(
        "the end of the file is missing: the last %(missing)s %% of the picture are blank or blurred",
        missing=damage.get("missing_percent", 0),
    )


def deliveries_behind(session: Session) -> list[int]:
    """The deliveries in which an uploaded file still waits, or is in a hand that may be a killed worker's."""
    waiting = select(IntakeFile.intake_id).where(IntakeFile.state.in_(("waiting", "working")))
    # A folder lies on one machine, and a sweep may run on another: `micro ingest` again takes up what it left.
    return list(session.scalars(waiting.where(~IntakeFile.storage_key.startswith(FOLDER)).distinct()))
