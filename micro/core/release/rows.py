"""From what the project believes to rows: what is released of a record, and how it stands in each file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said, has_form, read_out
from micro.core.fields.rows import rows_of
from micro.core.fields.tags import BETWEEN
from micro.core.kind import columns_of, row_cells
from micro.core.release.cells import neutralised
from micro.core.release.columns import (
    ROW_HEAD,
    SAID_STATUSES,
    VOCABULARY,
    Described,
    FieldColumns,
    field_columns,
    flat,
)

Cells = Mapping[str, str]


@dataclass(frozen=True)
class RegionFacts:
    """A part of a scan; pixels of the upright full-size scan. ``asked``: a volunteer was asked about just this part."""

    name: str
    fields: tuple[str, ...]
    asked: bool
    url: str
    x_px: int
    y_px: int
    width_px: int
    height_px: int


@dataclass(frozen=True)
class RecordFacts:
    """All that is known of one record. ``values`` is its current version, ``newest`` the engine's newest outcome.

    ``asked`` names the fields that its tasks ask for; None: all of the form.
    """

    record: str
    identifier: str
    title: str
    state: str
    reason: str
    answers: int
    reviewed_at: datetime | None
    version: int
    engine: str
    values: Mapping[str, Any]
    newest: Mapping[str, Any]
    scan: Mapping[str, Any]
    regions: tuple[RegionFacts, ...]
    asked: frozenset[str] | None = None

    @property
    def checked(self) -> bool:
        """Whether a professional's word stands, also while newer answers ask for a second look."""
        return self.state == "decided" or (self.state == "review" and self.reason == "evidence_changed")

    @property
    def standing(self) -> str:
        """checked, agreed or unresolved: the column ``state``."""
        return "checked" if self.checked else "agreed" if self.state == "settled" else "unresolved"


@dataclass(frozen=True)
class FieldFacts:
    """What is released of one field. ``said`` is empty while unresolved, ``guess`` empty otherwise.

    A field that came into the form after the record was read is "unasked": it is certain that nobody was asked.
    """

    field: Field
    status: str
    said: Said
    guess: Said
    confidence: float
    tied: bool
    evidence: Sequence[Mapping[str, Any]]
    answers: int
    agreeing: int


def field_facts(facts: RecordFacts, fields: Sequence[Field], target: float) -> tuple[FieldFacts, ...]:
    """What is released of every field, in the form's order. ``target``: the confidence (0 to 1) a value needs."""
    return tuple(_one_field(facts, field, target) for field in fields)


def _one_field(facts: RecordFacts, field: Field, target: float) -> FieldFacts:
    entry = facts.values.get(field.name) or {}
    if not entry and facts.asked is not None and field.name not in facts.asked:
        return FieldFacts(field, "unasked", {}, {}, 1.0, False, (), 0, 0)
    said = {part: entry[part] for part in ("value", "mark") if part in entry}
    confidence = float(entry.get("confidence", 1.0 if facts.checked and said else 0.0))
    tied = bool(entry.get("tied")) and not facts.checked
    status = said_status(field, said)
    if not status or tied or (confidence < target and not facts.checked):
        status = "unresolved"
    newest = facts.newest.get(field.name) or entry
    evidence = newest.get("evidence") or ()
    key = key_of(field, said) if _fits(field, said) else None
    agreeing = sum(
        said_so["count"]
        for said_so in evidence
        if _fits(field, said_so["said"]) and key_of(field, said_so["said"]) == key and key is not None
    )
    open_ = status == "unresolved"
    guess = said if open_ and _fits(field, said) else {}
    return FieldFacts(
        field,
        status,
        {} if open_ else said,
        guess,
        confidence,
        tied,
        evidence,
        sum(said_so["count"] for said_so in evidence),
        agreeing,
    )


def said_status(field: Field, said: Said) -> str:
    """given, unsure, blank or illegible; empty when nothing was said, or nothing that this field can hold."""
    mark = str(said.get("mark") or "")
    if said.get("value") is None:
        return mark
    return (mark or "given") if _fits(field, said) else ""


def _fits(field: Field, said: Said) -> bool:
    """Whether a value has the form of the field's type: an older form may have had another type by this name."""
    value = said.get("value")
    return value is None or has_form(field, value)


def cell(column: Described, text: str) -> str:
    """The text as a cell of this column: only text can be taken for a formula; numbers stay numbers."""
    return neutralised(text) if column.holds == "string" and not column.values else text


def share(confidence: float) -> str:
    """A confidence with three decimals, never rounded up to certainty.

    >>> share(0.99996), share(1.0), share(0.5)
    ('0.999', '1.000', '0.500')
    """
    return f"{min(confidence, 0.999) if confidence < 1 else 1:.3f}"


def lowest(facts: Sequence[FieldFacts]) -> float:
    """The confidence of the weakest field, 0 to 1; 0 when there is none."""
    return min((fact.confidence for fact in facts), default=0.0)


def record_row(
    facts: RecordFacts,
    values: Sequence[FieldFacts],
    written_cells: Cells,
    columns: Sequence[Described],
    groups: Sequence[FieldColumns],
) -> list[str]:
    """The row of records.csv; ``written_cells`` are the kind's cells by the kind's own column names."""
    statuses = {fact.field.name: fact.status for fact in values}
    middle = [
        text
        for group in groups
        for text in (*(written_cells.get(name, "") for name, _ in group.cells), statuses[group.field.name])
    ]
    scan = facts.scan
    tail = [
        facts.standing,
        share(lowest(values)),
        str(facts.answers),
        moment(facts.reviewed_at),
        scan["url"],
        _only_region(facts.regions),
        scan["rights"],
        scan["credit"],
        scan["document"],
        str(scan["page"]),
    ]
    texts = [facts.record, facts.identifier, facts.title, *middle, *tail]
    return [cell(column, text) for column, text in zip(columns, texts, strict=True)]


def _only_region(regions: Sequence[RegionFacts]) -> str:
    asked = [region.url for region in regions if region.asked]
    return asked[0] if len(asked) == 1 else ""


def value_rows(
    facts: RecordFacts, values: Sequence[FieldFacts], columns: Sequence[Described], language: str
) -> list[list[str]]:
    """The rows of values.csv, one per field."""
    made = []
    for fact in values:
        name = fact.field.name
        texts = [
            facts.record,
            facts.identifier,
            name,
            fact.field.label(language),
            read_out(fact.field, fact.said, language),
            codes_of(fact),
            fact.status,
            share(fact.confidence),
            str(fact.answers),
            str(fact.agreeing),
            guessed(fact, language),
            region_url(facts.regions, name),
        ]
        made.append([cell(column, text) for column, text in zip(columns, texts, strict=True)])
    return made


def row_groups(field: Field, language: str) -> tuple[FieldColumns, ...]:
    """The columns of a file with the rows of a table, or with lines: those of each column, and its status."""
    taken = [column.name for column in ROW_HEAD]
    found = [column for one in field.columns for column in columns_of(one)]
    return field_columns(found, language, taken, SAID_STATUSES)


def group_rows(facts: RecordFacts, fact: FieldFacts, groups: Sequence[FieldColumns], language: str) -> list[list[str]]:
    """The rows of one record in the file of its table or lines; none while it is unresolved or has none."""
    head = (*ROW_HEAD, *flat(groups))
    made = []
    for number, row in enumerate(rows_of(fact.field, fact.said.get("value")), start=1):
        cells = row_cells(fact.field, row, language)
        texts = [facts.record, facts.identifier, str(number)]
        for group in groups:
            texts += [cells.get(name, "") for name, _ in group.cells]
            texts.append(said_status(group.field, row.get(group.field.name, {})) or "blank")
        made.append([cell(column, text) for column, text in zip(head, texts, strict=True)])
    return made


def codes_of(fact: FieldFacts) -> str:
    """The code of a choice, or all codes of tags, joined; empty for every other type, and for labels of one's own."""
    value = fact.said.get("value")
    if fact.field.type == "tags":
        return BETWEEN.join(label for label in value or () if isinstance(label, str))
    return str(value or "") if fact.field.type == "choice" else ""


def guessed(fact: FieldFacts, language: str) -> str:
    """The best guess as a person reads it, a mark by its word."""
    return read_out(fact.field, fact.guess, language) or str(fact.guess.get("mark") or "")


def region_url(regions: Sequence[RegionFacts], field: str) -> str:
    """The picture of the smallest part in which the field was read; empty when there is none."""
    reading = [region for region in regions if field in region.fields]
    return min(reading, key=lambda r: (r.width_px * r.height_px, r.name)).url if reading else ""


def vocabulary_rows(fields: Iterable[Field]) -> list[list[str]]:
    """The rows of vocabulary.csv: what these fields offer, in the order of the forms; fields may share a name.

    Empty when none of them has tags or identifiers: a few codes without addresses need no file of their own.
    """
    offering = [field for field in fields if field.choices]
    if not any(field.type == "tags" or field.uris for field in offering):
        return []
    made: dict[tuple[str, str], list[str]] = {}
    for field in offering:
        for code, labels in field.choices:
            words = [labels.get("en", ""), labels.get("fr", ""), field.uris.get(code, "")]
            made.setdefault((field.name, code), [field.name, code, *words])
    return [[cell(column, text) for column, text in zip(VOCABULARY, row, strict=True)] for row in made.values()]


def moment(at: datetime | None) -> str:
    """A time in UTC to the second, as RFC 3339; empty for none."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def preview_row(facts: RecordFacts, values: Sequence[FieldFacts], language: str, longest: int = 300) -> dict[str, Any]:
    """What a page shows of the record: short texts, each with its status."""

    def short(text: str) -> str:
        return text if len(text) <= longest else text[:longest].rstrip() + "…"

    return {
        "record": facts.record,
        "identifier": facts.identifier or facts.record,
        "state": facts.standing,
        "confidence": float(share(lowest(values))),
        "answers": facts.answers,
        "scan_url": facts.scan["url"],
        "page": facts.scan["page"],
        "cells": [{"text": short(read_out(fact.field, fact.said, language)), "status": fact.status} for fact in values],
    }
