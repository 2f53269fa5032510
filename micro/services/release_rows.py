"""Reading a project for a release: one unmoving picture of the database, written row by row into a private folder.

A hundred thousand records with all their answers do not fit into the memory of a small server, so rows go to files of
the local disk at once. No file reaches the storage here: that is release_files.py, outside of any transaction.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from micro.core.credit import Credit
from micro.core.fields import Field
from micro.core.iiif import region_address
from micro.core.publication import held_back, is_public, public_fields, public_values
from micro.core.release import columns, rows
from micro.core.release.cells import BYTE_ORDER_MARK, csv_lines, json_line
from micro.core.release.figures import Tally
from micro.core.release.objects import record_object
from micro.core.release.papers import VOCABULARY, Colophon, rows_file
from micro.core.release.rows import RecordFacts, RegionFacts
from micro.core.review import MAKING
from micro.data.models import Decision, Item, Record, RecordVersion, Region, Release, Scan, Task
from micro.data.snapshot import hold_still
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.credits import named
from micro.services.cutting import box_of
from micro.services.release_answers import WrittenAnswers, is_released, open_text, setups_of, write_answers
from micro.services.release_files import Plan

AT_ONCE = 500
PREVIEW_ROWS = 20
PICTURE_PX = 1600


def gather(session: Session, release_id: int, public_url: str, pseudonym_key: bytes) -> Plan | None:
    """Reads everything of a release that is being made; None when there is nothing to make any more.

    ``pseudonym_key`` is a secret of the house: without it nobody can tell whose pseudonym is whose.
    """
    hold_still(session)
    release = session.get(Release, release_id)
    if release is None or release.state != "making":
        return None
    room = TemporaryDirectory(prefix="micro-release-")
    try:
        return _Reading(session, release, public_url, pseudonym_key, room).plan()
    except BaseException:
        room.cleanup()
        raise


class _Reading:
    """One reading: what all of its parts need."""

    def __init__(
        self, session: Session, release: Release, public_url: str, key: bytes, room: TemporaryDirectory[str]
    ) -> None:
        self.session, self.release, self.project, self.room = session, release, release.project, room
        self.public_url, self.key, self.folder = public_url, key, Path(room.name)
        self.language = self.project.content_language
        self.setup = current_setup(session, self.project.id)
        self.kind = kind_named(self.setup.kind)
        self.on = release.created_at.date()
        self.form: tuple[Field, ...] = tuple(self.kind.fields(self.setup.body))
        self.fields, self.held_back = public_fields(self.form, self.on), held_back(self.form, self.on)
        fixed = [column.name for column in (*columns.HEAD, *columns.TAIL)]
        shown = [column for column in self.kind.columns(self.setup.body) if is_public(column.field, self.on)]
        self.groups = columns.field_columns(shown, self.language, fixed, columns.STATUSES)
        self.columns = (*columns.HEAD, *columns.flat(self.groups), *columns.TAIL)
        # A table, and a text in lines, has a file of its own: {field: its columns}.
        self.lists = {field.name: rows.row_groups(field, self.language) for field in self.fields if field.columns}
        self.tally = Tally()
        self.preview: list[dict[str, Any]] = []

    def plan(self) -> Plan:
        counts = self._write_records()
        answers = write_answers(self.session, self.project, self.folder, self.pseudonym, self.on)
        labels = self._write_vocabulary()
        before = self._published_before()
        return Plan(
            release_public_id=self.release.public_id,
            room=self.room,
            colophon=self._colophon(len(answers.people), named(self.session, answers.people)),
            tables=self._tables(answers, bool(labels)),
            counts={**counts, "answers.csv": answers.rows, **({VOCABULARY: labels} if labels else {})},
            figures=self._figures(answers),
            preview=self.preview,
            form=self.form,
            held_back=self.held_back,
            texts={
                language: {name: self.project.text(name, language) for name in ("title", "lead")}
                for language in self.project.texts
            },
            before=None if before is None else dict(before.manifest or {}, number=before.number),
        )

    def _published_before(self) -> Release | None:
        """The newest release that is published and older than this one."""
        older = Release.project_id == self.project.id, Release.number < self.release.number
        query = select(Release).where(*older, Release.state == "published").order_by(Release.number.desc())
        return self.session.scalar(query.limit(1))

    def _figures(self, answers: WrittenAnswers) -> dict[str, Any]:
        items = self.session.scalar(select(func.count(Item.id)).where(Item.project_id == self.project.id)) or 0
        return {
            **self.tally.figures(),
            "items": items,
            "answers": answers.rows,
            "volunteers": len(answers.people),
            "asked_for": self.project.min_answers,
        }

    def _tables(self, answers: WrittenAnswers, has_vocabulary: bool) -> dict[str, Sequence[columns.Described]]:
        """The columns of each file, in the order of the release."""
        return {
            "records.csv": self.columns,
            **{rows_file(name): (*columns.ROW_HEAD, *columns.flat(groups)) for name, groups in self.lists.items()},
            "values.csv": columns.VALUES,
            "answers.csv": answers.columns,
            **({VOCABULARY: columns.VOCABULARY} if has_vocabulary else {}),
            "dictionary.csv": columns.DICTIONARY,
        }

    def pseudonym(self, volunteer: str) -> str:
        """The same for the same volunteer in all releases of this project, another one in every other project."""
        said = f"volunteer {volunteer} of project {self.project.public_id}"
        return "V" + hmac.new(self.key, said.encode(), hashlib.sha256).hexdigest()[:12].upper()

    def _colophon(self, volunteers: int, credited: tuple[Credit, ...]) -> Colophon:
        project, collection = self.project, self.project.collection
        home = f"{self.public_url}/data/{project.slug}"
        return Colophon(
            slug=project.slug,
            number=self.release.number,
            title=project.text("title", self.language) or project.slug,
            about=project.text("lead", self.language),
            institution=collection.institution.name,
            collection=collection.name,
            licence=self.release.licence,
            url=f"{home}/{self.release.number}",
            home=home,
            at=self.release.created_at,
            notes=self.release.notes,
            volunteers=volunteers,
            language=self.language,
            named=credited,
        )

    def _write_records(self) -> dict[str, int]:
        """Writes records.csv, values.csv and records.jsonl; returns their numbers of rows."""
        counts = {"records.csv": 0, "values.csv": 0, "records.jsonl": 0, **{rows_file(name): 0 for name in self.lists}}
        with ExitStack() as stack:
            files = {name: stack.enter_context(open_text(self.folder / name)) for name in counts}
            files["records.csv"].write(BYTE_ORDER_MARK + csv_lines([[column.name for column in self.columns]]))
            files["values.csv"].write(BYTE_ORDER_MARK + csv_lines([[column.name for column in columns.VALUES]]))
            for name, groups in self.lists.items():
                head = [column.name for column in (*columns.ROW_HEAD, *columns.flat(groups))]
                files[rows_file(name)].write(BYTE_ORDER_MARK + csv_lines([head]))
            for facts in self._records():
                for name, count in self._write_record(facts, files).items():
                    counts[name] += count
                counts["records.csv"] += 1
        counts["records.jsonl"], counts["values.csv"] = counts["records.csv"], counts["records.csv"] * len(self.fields)
        return counts

    def _write_vocabulary(self) -> int:
        """Writes vocabulary.csv where there is any need of it; returns its number of rows."""
        offered = [
            field
            for setup in setups_of(self.session, self.project).values()
            for field in kind_named(setup.kind).fields(setup.body)
            if field.name not in {hidden.name for hidden in self.held_back} and is_public(field, self.on)
        ]
        rows_ = rows.vocabulary_rows(offered)
        if rows_:
            with open_text(self.folder / VOCABULARY) as file:
                file.write(BYTE_ORDER_MARK + csv_lines([[column.name for column in columns.VOCABULARY], *rows_]))
        return len(rows_)

    def _write_record(self, facts: RecordFacts, files: Mapping[str, TextIO]) -> dict[str, int]:
        """Writes one record into all files; returns how many rows the files of its tables and lines got."""
        values = rows.field_facts(facts, self.fields, self.project.target_confidence)
        cells = self.kind.row({value.field.name: value.said for value in values}, self.setup.body, self.language)
        files["records.csv"].write(csv_lines([rows.record_row(facts, values, cells, self.columns, self.groups)]))
        files["values.csv"].write(csv_lines(rows.value_rows(facts, values, columns.VALUES, self.language)))
        files["records.jsonl"].write(json_line(record_object(facts, values)))
        self.tally.add(facts, values)
        if len(self.preview) < PREVIEW_ROWS:
            self.preview.append(rows.preview_row(facts, values, self.language))
        return {
            rows_file(value.field.name): self._write_rows(facts, value, files)
            for value in values
            if value.field.columns
        }

    def _write_rows(self, facts: RecordFacts, value: rows.FieldFacts, files: Mapping[str, TextIO]) -> int:
        made = rows.group_rows(facts, value, self.lists[value.field.name], self.language)
        files[rows_file(value.field.name)].write(csv_lines(made))
        return len(made)

    def _records(self) -> Iterator[RecordFacts]:
        """The records in the order of documents and pages, some hundred at a time."""
        found = self.session.execute(_records_query(self.project.id).execution_options(yield_per=AT_ONCE))
        for some in found.partitions(AT_ONCE):
            regions = self._regions([row.item_id for row in some])
            reviewed = self._reviewed([row.id for row in some])
            asked = self._asked([row.item_id for row in some])
            for row in some:
                told = asked.get(row.item_id, frozenset())
                yield self._facts(row, regions.get(row.item_id, ()), reviewed.get(row.id), told)

    def _facts(
        self, row: Row[Any], regions: Sequence[RegionFacts], reviewed_at: datetime | None, asked: frozenset[str]
    ) -> RecordFacts:
        facts = RecordFacts(
            record=row.public_id,
            identifier=row.identifier,
            title=row.title,
            state=row.state,
            reason=row.reason,
            answers=row.answers_count,
            reviewed_at=None,
            version=row.current,
            engine=row.engine,
            values=public_values(row.now_said, self.fields, self.on),
            newest=public_values(row.newest_said or {}, self.fields, self.on),
            regions=tuple(regions),
            asked=asked,
            scan={
                "url": self._address(row.scan_state, row.reference, f"/pictures/scan/{row.scan}/{PICTURE_PX}.jpg"),
                "sha256": row.sha256,
                "width_px": row.width_px,
                "height_px": row.height_px,
                "file_name": row.file_name,
                "document": row.document,
                "page": row.page_number,
                "rights": row.rights,
                "credit": row.credit,
            },
        )
        if not facts.checked:
            return facts
        return RecordFacts(**{**vars(facts), "reviewed_at": reviewed_at})

    def _address(self, scan_state: str, reference: str, picture: str) -> str:
        """Where a picture is seen: one kept elsewhere has its own address, one that was taken down has none."""
        if scan_state != "shown":
            return ""
        return reference or f"{self.public_url}{picture}"

    def _regions(self, item_ids: list[int]) -> dict[int, list[RegionFacts]]:
        found: dict[int, list[RegionFacts]] = {}
        query = (
            select(Region, Task.id.is_not(None), Scan)
            .join(Scan, Scan.id == Region.scan_id)
            .outerjoin(Task, Task.region_id == Region.id)
            .where(Region.item_id.in_(item_ids))
            .order_by(Region.id)
        )
        hidden = {field.name for field in self.held_back}
        for region, asked, scan in self.session.execute(query):
            told = tuple(name for name in region.fields if name not in hidden)
            if region.fields and not told:
                continue  # Made for nothing but what is held back.
            found.setdefault(region.item_id, []).append(
                RegionFacts(
                    region.name,
                    told,
                    asked,
                    self._address(scan.state, scan.reference, _picture_of(region, scan)),
                    region.x_px,
                    region.y_px,
                    region.width_px,
                    region.height_px,
                )
            )
        return found

    def _asked(self, item_ids: list[int]) -> dict[int, frozenset[str]]:
        """By item: the fields for which any of its tasks asks."""
        found: dict[int, frozenset[str]] = {}
        for item_id, fields in self.session.execute(
            select(Task.item_id, Task.fields).where(Task.item_id.in_(item_ids))
        ):
            found[item_id] = found.get(item_id, frozenset()) | frozenset(fields)
        return found

    def _reviewed(self, record_ids: list[int]) -> dict[int, datetime]:
        found = self.session.execute(
            select(Decision.record_id, func.max(Decision.at))
            .where(Decision.record_id.in_(record_ids), Decision.action.in_(MAKING))
            .group_by(Decision.record_id)
        )
        return {record_id: at for record_id, at in found}  # dict() alone would take the Result for a mapping.


def _picture_of(region: Region, scan: Scan) -> str:
    """The path of the region's own picture in the IIIF Image API, as large as it comes; empty where none is held."""
    if not scan.width_px:
        return ""
    return region_address(f"/iiif/3/{scan.public_id}", box_of(region), scan.width_px, scan.height_px)


def _records_query(project_id: int) -> Select[Any]:
    now, newest = aliased(RecordVersion), aliased(RecordVersion)
    return (
        select(
            Record.id,
            Record.public_id,
            Record.state,
            Record.reason,
            Record.answers_count,
            Record.current,
            Record.item_id,
            Item.identifier,
            Item.title,
            now.values.label("now_said"),
            now.engine,
            newest.values.label("newest_said"),
            Scan.public_id.label("scan"),
            Scan.reference,
            Scan.state.label("scan_state"),
            Scan.sha256,
            Scan.width_px,
            Scan.height_px,
            Scan.file_name,
            Scan.document,
            Scan.page_number,
            Scan.rights,
            Scan.credit,
        )
        .join(Item, Item.id == Record.item_id)
        .join(Scan, Scan.id == Item.scan_id)
        .join(now, (now.record_id == Record.id) & (now.number == Record.current))
        .outerjoin(newest, (newest.record_id == Record.id) & (newest.number == Record.proposed))
        .where(Record.project_id == project_id, is_released())
        .order_by(Scan.document, Scan.page_number, Item.id)
    )
