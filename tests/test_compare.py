"""The comparison in docs/consensus.md counts rightly, never measures what it was fitted on, and draws what it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "scripts" / "consensus"))

import compare  # noqa: E402
import compare_figures  # noqa: E402
import compare_table  # noqa: E402
import figures  # noqa: E402
import scoring  # noqa: E402
import unseen  # noqa: E402

from micro.core.consensus.rows import Row  # noqa: E402

GOLD = {("a", "f"): "one two", ("b", "f"): "three", ("c", "f"): "four", ("d", "f"): ""}


def test_values_are_compared_without_case_and_punctuation_and_with_the_decimal_point() -> None:
    assert scoring.plain("A.D. Passmore [;]  Coll’n “X”, 3,5 cm.") == "a d passmore colln x 3.5 cm"
    assert scoring.plain("35") != scoring.plain("3,5") == scoring.plain("3.5")
    assert scoring.plain("1,2,") == "1.2"
    assert scoring.plain(" . ,") == ""


def test_a_score_counts_right_values_and_wrong_words() -> None:
    said = {("a", "f"): ("One, two", 1.0), ("b", "f"): ("tree", 0.5), ("c", "f"): ("four", 1.0), ("d", "f"): ("x", 0.5)}
    score = scoring.scored(said, GOLD)
    assert (score.right, score.rows) == (50.0, 4)
    assert score.word_errors == pytest.approx(100 * 2 / 4)
    assert score.ece == pytest.approx(25.0)
    assert score.accepted == 50.0


def test_values_of_the_same_confidence_are_accepted_together_or_not_at_all() -> None:
    said = {place: (GOLD[place] if place[0] in "ab" else "wrong", 0.5) for place in GOLD}
    assert scoring.scored(said, GOLD).accepted == 0.0


def test_a_point_counts_when_it_is_near() -> None:
    gold = {("a", "p"): "0.0,52.0", ("b", "p"): "0.0,52.0", ("c", "p"): "0.0,52.0"}
    said = {("a", "p"): ("0.0,52.008", 1.0), ("b", "p"): ("0.0,52.01", 1.0), ("c", "p"): ("nowhere", 1.0)}
    assert scoring.near(said, gold) == pytest.approx(100 / 3)


def test_simple_rules_pick_what_they_say() -> None:
    row = Row("a", "f", "text", ("1", "2", "3"), ("Two one", "one, two", "One two"))
    assert compare.plurality(row) == "one, two"
    assert compare.longest(row._replace(values=("x", "xyz", "xy"))) == "xyz"
    assert compare.perfect({("a", "f"): "two one"})(row) == "Two one"


def test_checked_items_are_never_counted_and_are_half_at_most() -> None:
    gold = {(str(item), field): "x" for item in range(10) for field in "fg"}
    few, many = unseen.drawn(gold, 3), unseen.drawn(gold, 300)
    assert len(few) == 6 and len(many) == 10
    assert few.keys() < many.keys()
    assert unseen.not_drawn(gold, 3).keys() | few.keys() == gold.keys()
    assert not unseen.not_drawn(gold, 3).keys() & few.keys()


def test_each_row_is_merged_with_the_coefficients_of_its_own_part() -> None:
    rows = [
        Row(str(n), "f", "text", ("1", "2"), ("left" if n % 3 else "same", "right" if n % 3 else "same"))
        for n in range(30)
    ]
    probe = unseen.project.TextProject(rows, {}, unseen.project.Keys({}))
    shipped = unseen.shipped_for(probe.features).weights
    modest = unseen.Weights(shipped.of * 0, shipped.none * 0, shipped.own, shipped.own_none)
    fold = np.array([n % 2 for n in range(30)])
    both = list(unseen.UnseenProject(rows, {}, fold, [(shipped, []), (modest, [])]).predictions())
    one = list(unseen.UnseenProject(rows, {}, fold * 0, [(shipped, [])]).predictions())
    assert [p.confidence for p in both[::2]] == [p.confidence for p in one[::2]]
    assert all(p.confidence != q.confidence for p, q in zip(both[1::2], one[1::2], strict=True))
    assert both[3].confidence == pytest.approx(0.5)  # All are the same so, and one of two is "none of these".


def test_coefficients_from_elsewhere_leave_out_the_whole_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    monkeypatch.setattr(unseen, "fitted_weights", lambda parts, ridge: seen.append(set(parts)))
    monkeypatch.setattr(unseen, "forest_of", lambda sets, weights: [])
    sets = {name: name for name in ("bai", "bai-wide", "bai, 300 decided", "hmsnhs", "crowdspeech-dev-clean")}
    unseen._fitted_elsewhere(sets, "bai")
    assert seen == [{"hmsnhs", "crowdspeech-dev-clean"}]


def test_a_picture_is_an_svg_with_its_lines_and_labels() -> None:
    line = figures.Line("a < b", [(0, 10), (1, 20)], [(5, 15), (15, 25)])
    panel = figures.Panel("title", "across", "up", [line], [(0.0, "0"), (1.0, "one")], 0, 30)
    made = figures.picture("what it shows", [panel])
    read = ElementTree.fromstring(made)
    assert "a < b" in [text.text for text in read.iter("{http://www.w3.org/2000/svg}text")]
    assert len(list(read.iter("{http://www.w3.org/2000/svg}circle"))) == 2


def test_the_numbers_of_a_chart_are_told_with_the_labels_of_its_axis() -> None:
    lines = [figures.Line("a", [(0, 10), (1, 20.5)]), figures.Line("b", [(0.5, 3)], [(1, 5)])]
    panel = figures.Panel("title", "across", "up, %", lines, [(0.0, "0"), (1.0, "300")], 0, 30)
    assert list(compare_figures.numbers_of(panel)) == [
        ("title: up, %", "a", "0", "10.00", "", ""),
        ("title: up, %", "a", "300", "20.50", "", ""),
        ("title: up, %", "b", "0.50", "3.00", "1.00", "5.00"),
    ]


@pytest.mark.parametrize(("low", "high"), [(0, 100), (40, 70), (55, 64), (0, 5)])
def test_an_axis_has_a_few_round_numbers(low: float, high: float) -> None:
    found = figures.ticks(low, high)
    assert 3 <= len(found) <= 8
    assert all(low <= one <= high for one in found)


def test_the_table_replaces_what_was_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "consensus.fr.md"
    page.write_text(f"avant\n{compare_table.BEGIN}\nvieux\n{compare_table.END}\naprès\n", "utf-8")
    line = compare_table.Line("hmsnhs", {"plurality": 80.0, "micro": 90.25}, 1.5, 494)
    compare_table.put_into(tmp_path, [line])
    text = page.read_text("utf-8")
    assert "vieux" not in text and text.startswith("avant") and text.endswith("après\n")
    assert "registres d’hôpitaux" in text and "**90,2** ± 1,5" in text


@pytest.mark.parametrize("page", ["consensus.md", "consensus.fr.md"])
def test_the_pages_have_their_table_and_every_picture(page: str) -> None:
    text = (CHECKOUT / "docs" / page).read_text("utf-8")
    table = text.split(compare_table.BEGIN)[1].split(compare_table.END)[0]
    assert table.count("\n|") == 2 + len(compare_table.LABELS)
    linked = re.findall(r"\]\((pictures/[^)]+)\)", text)
    assert {f"pictures/consensus-{name}.svg" for name in ("reliability", "answers", "checked", "replay")} <= set(linked)
    assert all((CHECKOUT / "docs" / one).is_file() for one in linked)
