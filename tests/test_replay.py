"""The replay study counts honestly: what is measured never has a part in when it is stopped."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

BENCHMARK = Path(__file__).resolve().parents[1] / "scripts" / "benchmark"
sys.path.insert(0, str(BENCHMARK))

import replay  # noqa: E402
from replay_counted import Count, fewer, oracle, until_right  # noqa: E402
from replay_seen import History, parts_of, scored  # noqa: E402

from micro.core.gains import Gains, Told  # noqa: E402

STUDY = replay.Study("invented", ("invented",), 3, False, 0.2)
Row = dict[str, Any]


def rows(items: int = 150, answers: int = 4, seed: int = 5) -> list[Row]:
    """Two fields an item; volunteers who are right 55 to 95 times of a hundred; every tenth item has two answers."""
    chance = random.Random(seed)
    made = []
    for item in range(items):
        for field in ("name", "place"):
            gold = f"{field} {chance.randrange(40)}"
            many = 2 if item % 10 == 0 else answers
            given = [
                {
                    "worker": who,
                    "value": gold if chance.random() < 0.55 + who / 20 else f"{field} {chance.randrange(40)}",
                    "at": None,
                }
                for who in chance.sample(range(9), many)
            ]
            made.append({"item": f"i{item}", "field": field, "type": "text", "answers": given, "gold": gold})
    return made


def voted(given: Sequence[Row], checked: Mapping[tuple[str, str], str]) -> Iterable[dict[str, Any]]:
    """A plain engine: the most frequent answer, as sure as it is frequent."""
    for row in given:
        values = sorted(answer["value"] for answer in row["answers"])
        best = max(values, key=values.count)
        sure = (values.count(best) + 1) / (len(values) + 2)
        yield {"item": row["item"], "field": row["field"], "value": best, "confidence": sure}


def lengths() -> dict[str, int]:
    return {row["item"]: len(row["answers"]) for row in rows()}


def ends(made: list[Row]) -> list[dict[tuple[str, int], int]]:
    """By half, after how many answers each measured item stops, in two orders."""
    found = []
    for told, measured in replay.halves_of(STUDY, "invented", made, voted, 2, None)[:2]:
        stops = replay.stops(Gains.as_good_as(told, 3), measured)
        found.append({(one.item, one.order): stop for one, stop in zip(measured, stops, strict=True)})
    return found


def test_the_gold_of_measured_items_changes_nothing_about_when_they_stop() -> None:
    first, second = parts_of(lengths(), 3, 0.2).halves
    made = rows()
    golds = [row["gold"] for row in made if row["item"] in second]
    random.Random(1).shuffle(golds)
    mixed = [{**row, "gold": golds.pop()} if row["item"] in second else row for row in made]
    (by_first, by_second), (with_mixed, told_by_mixed) = ends(made), ends(mixed)
    assert {item for item, _ in by_first} == second
    assert {item for item, _ in by_second} == first
    assert with_mixed == by_first
    assert told_by_mixed != by_second  # The other half learns from that gold: it would show.
    assert len(set(by_first.values())) > 1


def test_the_engine_is_told_the_gold_of_the_pilot_only_and_sees_no_answer_before_its_turn() -> None:
    seen: list[tuple[list[Row], dict[tuple[str, str], str]]] = []

    def engine(given: Sequence[Row], checked: Mapping[tuple[str, str], str]) -> Iterable[dict[str, Any]]:
        seen.append((list(given), dict(checked)))
        return voted(given, checked)

    replay.halves_of(STUDY, "invented", rows(), engine, 1, None)
    parts = parts_of(lengths(), 3, 0.2)
    assert len(seen) == 4
    for count, (given, checked) in enumerate(seen, start=1):
        assert {item for item, _ in checked} == parts.checked <= parts.pilot
        assert all(set(row) == {"item", "field", "type", "answers"} for row in given)
        assert all(len(row["answers"]) == count for row in given if row["item"] not in parts.pilot)


def test_no_item_has_two_parts_and_every_split_has_the_same_pilot() -> None:
    for split in range(3):
        parts = parts_of(lengths(), 3, 0.2, split)
        first, second = parts.halves
        assert not (first & second or first & parts.pilot or second & parts.pilot)
        assert first | second | parts.pilot == set(lengths())
        assert parts.pilot == parts_of(lengths(), 3, 0.2).pilot
    assert parts_of(lengths(), 3, 0.2, 1).halves != parts_of(lengths(), 3, 0.2, 2).halves


HISTORIES = [
    History(0, Told("a", ((), (), ()), (0.0, 1.0, 1.0)), (0.5, 0.9, 0.9), 1.0, "p"),
    History(0, Told("b", ((), (), ()), (1.0, 0.0, 1.0)), (0.9, 0.5, 0.9), 1.0, "p"),
]


def test_every_answer_is_counted_and_accuracy_is_of_all_there_is_to_get_right() -> None:
    assert Count(HISTORIES, [2, 3]).point(7) == (7, 2.5, 100.0)
    assert Count(HISTORIES, [1, 1]).point(1) == (1, 1.0, 50.0)
    assert until_right(HISTORIES, 3).point(3) == (3, 1.5, 100.0)
    assert max(oracle(HISTORIES), key=lambda point: point[2])[1:] == (1.5, 100.0)


@pytest.mark.parametrize(("accuracy", "percent"), [(80.0, 50.0), (85.0, 25.0), (90.0, 0.0), (90.1, None)])
def test_fewer_answers_are_read_from_the_curve_at_equal_accuracy(accuracy: float, percent: float | None) -> None:
    curve = [(0.1, 1.0, 80.0), (0.2, 1.5, 79.0), (0.0, 2.0, 90.0)]
    found = fewer(curve, 2.0, accuracy)
    assert found is None if percent is None else found == pytest.approx(percent)


def test_words_are_scored_as_the_word_error_rate_does() -> None:
    assert scored("The quick fox", "the quick brown fox.", True) == (3.0, 4.0)
    assert scored("a b c d e f", "x", True) == (-5.0, 1.0)
    assert scored("12,5", "12.5", False) == (1.0, 1.0)


def test_the_command_prints_a_table_and_writes_the_curves_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with gzip.open(tmp_path / "hmsnhs.dev.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows(120))
    curve, drawn = tmp_path / "curve.csv", tmp_path / "curve.svg"
    asked = ["--studies", "hmsnhs", "--orders", "1", "--curve", str(curve), "--picture", str(drawn)]
    assert replay.main([str(tmp_path), *asked]) == 0
    assert "Best fixed redundancy" in capsys.readouterr().out
    assert curve.read_text(encoding="utf-8").startswith("data,rule,setting,answers an item,accuracy %")
    assert ElementTree.fromstring(drawn.read_text(encoding="utf-8")).tag.endswith("svg")
