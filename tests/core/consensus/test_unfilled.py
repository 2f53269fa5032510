"""Fields that nobody could leave empty, and in which nothing stands."""

from __future__ import annotations

from micro.core.consensus.keys import row_key
from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Row
from micro.core.consensus.unfilled import ENOUGH_ROWS, unfilled_rows

TOWNS = ("Bristol", "Cork", "Dundee", "Hull", "Leith", "Poole", "Yarmouth", "Exmouth")
SHIPS = ("Victory", "Goliath", "Minotaur", "Alfred", "Zealous", "Culloden", "Majestic", "Swiftsure")


def row(item: str, *values: str, kind: str = "text", field: str = "port") -> Row:
    return Row(item, field, kind, tuple(f"w{n}" for n in range(len(values))), values)


def filler() -> list[Row]:
    """Rows of another field, on which all agree."""
    return [row(f"a/{n}", "Fever", "Fever", "fever", field="complaint") for n in range(ENOUGH_ROWS)]


def unfilled(*rows: Row) -> list[str]:
    told = [*rows, *filler()]
    return [told[number].item for number in unfilled_rows(told, row_key)]


def test_a_row_in_which_everybody_wrote_something_else_may_be_empty() -> None:
    assert unfilled(row("a/1", "00", "London", "Brighton"), row("a/2", "London", "London", "London")) == ["a/1"]


def test_a_part_of_the_other_answer_is_no_other_thing() -> None:
    assert unfilled(row("a/1", "6", "34926")) == []


def test_a_column_that_most_fill_differently_was_never_filled() -> None:
    column = [row(f"a/{n}", SHIPS[n], SHIPS[n], TOWNS[n]) for n in range(5)]
    assert unfilled(*column) == [f"a/{n}" for n in range(5)]
    assert unfilled(*column[:4]) == []
    agreed = [row(f"a/{n}", TOWNS[n], TOWNS[n]) for n in range(5, 8)]
    assert unfilled(*column, *agreed) == [f"a/{n}" for n in range(5)]


def test_items_that_are_on_no_page_make_no_column() -> None:
    assert unfilled(*(row(str(n), SHIPS[n], SHIPS[n], TOWNS[n]) for n in range(5))) == []


def test_where_empty_answers_exist_everybody_is_believed() -> None:
    assert unfilled(row("a/1", "00", "London", "Brighton"), row("a/2", "")) == []


def test_numbers_and_choices_are_never_told_empty() -> None:
    assert unfilled(row("a/1", "1", "97", "45", kind="number")) == []


def test_the_proposal_for_a_row_that_all_agree_on_is_what_they_say() -> None:
    column = [row(f"a/{n}", SHIPS[n], SHIPS[n], TOWNS[n]) for n in range(8)]
    told = {
        one.item: one for one in merge_project([*column, row("a/9", "Deal", "Deal"), *filler()]) if one.field == "port"
    }
    assert told["a/9"].value == "Deal"
    assert all(told[f"a/{n}"].confidence <= 0.5 for n in range(8) if told[f"a/{n}"].value == "")
