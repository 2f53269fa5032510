"""The engine on real answers with known truth stays about as good as it was, with a margin (docs/consensus.md)."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from micro.core.consensus.calibration import expected_error
from micro.core.consensus.keys import row_key
from micro.core.consensus.point_rows import read_point
from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Row, Settings
from micro.core.fields.points import metres_between

FOLDER = Path(os.environ.get("MICRO_REAL_DATA", "")) / "consensus"
pytestmark = pytest.mark.skipif(
    not os.environ.get("MICRO_REAL_DATA") or not FOLDER.exists(), reason="needs MICRO_REAL_DATA"
)

Gold = dict[tuple[str, str], str]


def read(name: str) -> tuple[list[Row], Gold]:
    types = json.loads((FOLDER / "fields.json").read_text("utf-8")).get(name.split("-")[0], {})
    rows, gold = [], {}
    with gzip.open(FOLDER / f"{name}.dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for told in map(json.loads, lines):
            kind = types.get(told["field"], types.get("*", "text"))
            workers = tuple(str(answer["worker"]) for answer in told["answers"])
            values = tuple(answer["value"] for answer in told["answers"])
            rows.append(Row(told["item"], told["field"], kind, workers, values))
            gold[told["item"], told["field"]] = told["gold"]
    return rows, gold


def right(name: str, decided_items: int = 0, learning: bool = True) -> tuple[float, float]:
    """The share of rows that are right, not counting decided ones, and the calibration error of the rest."""
    rows, gold = read(name)
    items = set(sorted({row.item for row in rows})[:: max(1, 915 // max(1, decided_items))][:decided_items])
    checked = {place: value for place, value in gold.items() if place[0] in items}
    told = [one for one in merge_project(rows, checked, Settings(learning=learning)) if one.item not in items]
    judged = [(one.confidence, row_key(one.value) == row_key(gold[one.item, one.field])) for one in told]
    return sum(hit for _, hit in judged) / len(judged), expected_error(judged)


def wrong_words(name: str) -> float:
    rows, gold = read(name)
    wrong = words = 0
    for one in merge_project(rows):
        truth = row_key(gold[one.item, one.field]).split()
        wrong += Levenshtein.distance(row_key(one.value).split(), truth)
        words += len(truth)
    return wrong / words


def test_index_cards_with_nothing_decided() -> None:
    share, _ = right("bai")
    assert share > 0.64
    assert share > right("bai", learning=False)[0] + 0.04


def test_index_cards_with_three_hundred_decided() -> None:
    share, error = right("bai", 300)
    assert share > 0.65
    assert error < 0.035


def test_hospital_registers() -> None:
    assert right("hmsnhs")[0] > 0.86


def test_speech_is_merged_word_by_word() -> None:
    assert wrong_words("crowdspeech-test-clean") < 0.056
    assert wrong_words("crowdspeech-test-other") < 0.103


def test_points() -> None:
    rows, gold = read("bai-geo")
    near = 0
    for one in merge_project([row._replace(type="point") for row in rows]):
        found, truth = read_point(one.value), read_point(gold[one.item, one.field])
        assert truth
        if found:
            apart = metres_between(*({"lat": str(lat), "lon": str(lon)} for lat, lon in (found, truth)))
            near += apart <= 1000
    assert near / len(rows) > 0.5
