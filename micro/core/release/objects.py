"""The lines of records.jsonl: everything that is released of a record, as one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micro.core.consensus import label_counts
from micro.core.fields import Field
from micro.core.release.rows import FieldFacts, RecordFacts, lowest, moment, share


def record_object(facts: RecordFacts, values: Sequence[FieldFacts]) -> dict[str, Any]:
    """The line of records.jsonl: codes and labels, nothing neutralised, with the evidence of every field."""
    return {
        "record": facts.record,
        "identifier": facts.identifier,
        "title": facts.title,
        "state": facts.standing,
        "confidence": float(share(lowest(values))),
        "answers": facts.answers,
        "reviewed_at": moment(facts.reviewed_at) or None,
        "version": facts.version,
        "engine": facts.engine,
        "scan": dict(facts.scan),
        "regions": [
            {
                "name": r.name,
                "fields": list(r.fields),
                "asked": r.asked,
                "url": r.url,
                "x_px": r.x_px,
                "y_px": r.y_px,
                "width_px": r.width_px,
                "height_px": r.height_px,
            }
            for r in facts.regions
        ],
        "fields": {fact.field.name: _field_object(fact) for fact in values},
    }


def _field_object(fact: FieldFacts) -> dict[str, Any]:
    value = fact.said.get("value")
    made: dict[str, Any] = {"status": fact.status, "value": value}
    if fact.field.type == "choice" and value is not None:
        made |= _named(fact.field, value)
    if fact.field.type == "tags":
        made["labels"] = _labels(fact)
    made |= {
        "confidence": float(share(fact.confidence)),
        "answers": fact.answers,
        "agreeing": fact.agreeing,
        "tied": fact.tied,
        "evidence": [dict(said_so) for said_so in fact.evidence],
    }
    return made | ({"best_guess": dict(fact.guess)} if fact.guess else {})


def _named(field: Field, code: str) -> dict[str, Any]:
    """The label of a code by language, and its identifier where it has one."""
    uri = field.uris.get(code)
    return {"label": dict(dict(field.choices).get(code, {}))} | ({"uri": uri} if uri else {})


def _labels(fact: FieldFacts) -> list[dict[str, Any]]:
    """Every label that anybody named: {"code" or "free", "label", "uri", "count", "given"}, most frequent first."""
    given = fact.said.get("value") or ()
    counted = [(one.label, one.count) for one in label_counts(fact.field, fact.evidence)]
    counted += [(label, 0) for label in given if label not in [label for label, _ in counted]]
    return [
        {
            **({"code": label, **_named(fact.field, label)} if isinstance(label, str) else dict(label)),
            "count": count,
            "given": label in given,
        }
        for label, count in counted
    ]
