"""Tables and lines of several people: rows find their like, and what only some saw is neither kept nor lost unseen."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus import Outcome, merge, row_counts
from micro.core.consensus.keys import key_of
from micro.core.consensus.lessons import taught
from micro.core.fields import field_from_setup, parse_said

FINDS = field_from_setup(
    {
        "name": "finds",
        "type": "table",
        "columns": [
            {"name": "what", "type": "text"},
            {"name": "length", "type": "number", "units": ["cm", "mm"]},
            {"name": "found", "type": "date"},
        ],
    }
)
PAGE = field_from_setup({"name": "page", "type": "lines"})
NAMES = ("Socketed axe", "Gold ring", "Bent sword", "Amber bead", "Clay whorl")
Row = dict[str, Any]


def row(name: str, length: str = "12", found: str = "1907-10-12") -> Row:
    return {
        "what": {"value": name},
        "length": {"value": {"amount": length, "unit": "cm"}},
        "found": {"value": found},
    }


AXE, RING, SWORD, BEAD, WHORL = (row(name, str(10 + n)) for n, name in enumerate(NAMES))
ROWS = st.builds(row, st.sampled_from(NAMES), st.sampled_from(["12", "12.0", "3"]), st.just("1907-XX-XX"))
TABLES = st.lists(ROWS, min_size=1, max_size=4)


def merged(*tables: Sequence[Row], trusts: Sequence[float] | None = None) -> Outcome:
    return merge(FINDS, [{"value": list(table)} for table in tables], reliabilities=trusts)


def test_a_missing_first_row_shifts_no_other() -> None:
    full = [AXE, RING, SWORD, BEAD]
    outcome = merged(full, full[1:], full)
    assert outcome.said == {"value": full} and not outcome.tied
    assert outcome.confidence > 0.8, "two of three have the row that one left out, and in all others all agree"
    short = merged(full, full[1:])
    assert short.said == {"value": full} and short.tied, "one of two: a person looks"
    assert short.confidence < 0.8


def test_a_row_that_one_of_three_saw_is_left_out_and_told() -> None:
    outcome = merged([AXE, RING], [AXE, SWORD, RING], [AXE, RING])
    assert outcome.said == {"value": [AXE, RING]} and not outcome.tied
    assert outcome.confidence < 0.8, "not sure enough to be taken without a look"
    counts = row_counts(FINDS, outcome.evidence, outcome.said)
    assert [(one.said["what"]["value"], one.count, one.among, one.place) for one in counts] == [
        ("Socketed axe", 3, 3, 1),
        ("Bent sword", 1, 3, None),
        ("Gold ring", 3, 3, 2),
    ]
    extra = counts[1]
    assert [SWORD in outcome.evidence[n - 1]["said"]["value"] for n in extra.readings] == [True]


def test_who_is_often_right_is_believed_about_a_row_of_their_own() -> None:
    tables = [[AXE, RING], [AXE, SWORD, RING], [AXE, RING]]
    assert merged(*tables, trusts=[0.5, 0.98, 0.5]).said == {"value": [AXE, SWORD, RING]}
    assert merged(*tables, trusts=[0.9, 0.3, 0.9]).said == {"value": [AXE, RING]}


def test_cells_are_merged_by_the_type_of_their_column() -> None:
    one, other, third = row("Socketed axe", "12"), row("socketed  AXE", "12.0"), row("Socketed axes", "13")
    third["found"] = {"value": "1907-10-13"}
    outcome = merged([one, RING], [RING | {"found": {"value": "1907-11-12"}}, other][::-1], [third, RING])
    assert outcome.said["value"][0]["length"]["value"]["amount"] in ("12", "12.0")
    assert outcome.said["value"][0]["found"] == {"value": "1907-10-12"}
    assert outcome.said["value"][0]["what"]["value"].casefold().split() == ["socketed", "axe"]
    counts = row_counts(FINDS, outcome.evidence, outcome.said)
    assert [one.open for one in counts] == [("what", "length", "found"), ("found",)]


def test_one_row_twice_is_two_rows() -> None:
    assert merged([AXE, AXE, RING], [AXE, AXE, RING]).said == {"value": [AXE, AXE, RING]}
    outcome = merged([AXE, AXE, RING], [AXE, RING])
    assert outcome.said == {"value": [AXE, AXE, RING]} and outcome.tied


def test_a_cell_left_out_is_blank_and_empty_rows_never_come_of_it() -> None:
    bare = {"what": AXE["what"]}
    assert merged([bare], [bare], [AXE]).said == {"value": [bare]}
    assert merged([AXE], [AXE], [bare]).said == {"value": [AXE]}
    unread = {"what": {"mark": "illegible"}, "length": AXE["length"]}
    assert merged([unread], [unread]).said == {"value": [unread]}
    doubted = {"what": {"mark": "unsure"}, "length": AXE["length"]}
    assert merged([doubted], [doubted]).said == {"value": [doubted]}
    assert merged([doubted], [{"what": AXE["what"], "length": AXE["length"]}]).said["value"][0]["what"] == AXE["what"]


def test_of_tables_with_nothing_in_common_all_rows_are_a_guess() -> None:
    outcome = merged([AXE], [row("Gold ring", "777", "1850-01-01")], [row("Whorl", "0.5", "XXXX-02-XX")])
    assert outcome.tied and len(outcome.said["value"]) == 3
    assert outcome.confidence < 0.5


def test_a_mark_for_the_whole_table_wins_by_votes() -> None:
    answers: list[Any] = [{"mark": "blank"}, {"value": [AXE]}, {"mark": "blank"}]
    assert merge(FINDS, answers).said == {"mark": "blank"}
    assert merge(FINDS, answers).evidence[0]["count"] == 2
    assert row_counts(FINDS, merge(FINDS, answers).evidence, {"mark": "blank"})[0].place is None


@settings(max_examples=60, deadline=None)
@given(st.lists(TABLES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(tables: list[list[Row]], chance: random.Random) -> None:
    mixed = list(tables)
    chance.shuffle(mixed)
    assert merged(*tables) == merged(*mixed)


@settings(max_examples=60, deadline=None)
@given(TABLES, st.integers(1, 4))
def test_a_table_that_all_gave_is_returned(table: list[Row], times: int) -> None:
    outcome = merged(*[table] * times)
    assert outcome.said == {"value": table} and not outcome.tied
    assert all(one.count == one.among == times for one in row_counts(FINDS, outcome.evidence, outcome.said))
    assert merged(*[table] * (times + 1)).confidence >= outcome.confidence


@settings(max_examples=60, deadline=None)
@given(st.lists(TABLES, min_size=1, max_size=4))
def test_a_merged_table_is_one_that_the_field_takes(tables: list[list[Row]]) -> None:
    outcome = merged(*tables)
    assert parse_said(FINDS, outcome.said) == outcome.said
    assert 0 <= outcome.confidence <= 1
    names = {one["what"]["value"] for table in tables for one in table}
    assert {one["what"]["value"] for one in outcome.said["value"]} <= names
    counts = row_counts(FINDS, outcome.evidence, outcome.said)
    assert sorted(n.place for n in counts if n.place) == list(range(1, len(outcome.said["value"]) + 1))


def test_whoever_left_out_a_cell_of_many_still_taught_that_they_read_well() -> None:
    full = [AXE, RING, SWORD, BEAD, WHORL]
    nearly = [*full[:4], {"what": WHORL["what"], "found": WHORL["found"]}]
    other = [row("Something else", "1", "1850-01-01")]
    answers, truth = taught(FINDS, [(n, {"value": each}) for n, each in enumerate((full, nearly, full, other))])
    assert truth is None
    assert answers[0].key == answers[1].key == answers[2].key != answers[3].key


def lines(*texts: str) -> dict[str, Any]:
    return {"value": [{"value": text} if text else {"mark": "blank"} for text in texts]}


def test_lines_of_a_known_layout_stay_in_their_places() -> None:
    outcome = merge(PAGE, [lines("In", "", "God"), lines("In", "the", "God"), lines("In", "the", "Gott")])
    assert outcome.said == lines("In", "the", "God")
    assert merge(PAGE, [lines("", "the")] * 2).said == lines("", "the")


@pytest.mark.parametrize("turn", range(3))
def test_a_line_that_one_left_out_shifts_no_other(turn: int) -> None:
    full = ("In the name of God", "amen, I give", "and bequeath to my son")
    answers = [lines(*full), lines(*full[1:]), lines(full[0], "amen I give", full[2])]
    outcome = merge(PAGE, answers[turn:] + answers[:turn])
    assert [key_of(PAGE, {"value": [line]}) for line in outcome.said["value"]] == [
        key_of(PAGE, lines(text)) for text in full
    ]
    assert not outcome.tied


def test_a_large_register_is_merged_in_a_moment() -> None:
    full = [row(f"{NAMES[n % 5]} no. {n * 37 % 101}", str(n)) for n in range(60)]
    outcome = merged(full, full[1:], [*full[:30], *full[31:]], full)
    assert outcome.said == {"value": full}
