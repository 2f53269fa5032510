"""The viewer's geometry, and the shape of forms, in the browser that runs them: pure modules, tables and properties."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

MODULES = Path(__file__).parents[2] / "static" / "js" / "bench"
TURNS = (0, 90, 180, 270)
STAGE = {"width": 800, "height": 600}
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def call() -> Iterator[Callable[..., Any]]:
    """Calls a function of a module with JSON values; {"KeyboardEvent": {…}} stands for such an event."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()

        def run(module: str, function: str, *values: Any) -> Any:
            source = (MODULES / f"{module}.js").read_text(encoding="utf-8")
            return page.evaluate(
                "async ([source, name, values]) => {"
                " const address = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));"
                " const made = values.map((value) => value?.KeyboardEvent"
                "   ? new KeyboardEvent('keydown', value.KeyboardEvent) : value);"
                " return (await import(address))[name](...made); }",
                [source, function, json.loads(json.dumps(values))],
            )

        yield run
        browser.close()


def view(turn: int = 0, scale: float = 1.5) -> dict[str, float]:
    return {"x": 300, "y": 200, "scale": scale, "turn": turn}


def near(one: dict[str, float], other: dict[str, float]) -> bool:
    return all(abs(one[name] - other[name]) < 1e-6 for name in other)


@pytest.mark.parametrize("turn", TURNS)
def test_a_point_goes_to_the_scan_and_back(call: Callable[..., Any], turn: int) -> None:
    at = {"x": 33, "y": 77}
    assert near(call("geometry", "toStage", view(turn), call("geometry", "toScan", view(turn), at, STAGE), STAGE), at)


def test_a_quarter_turn_is_clockwise(call: Callable[..., Any]) -> None:
    right_of_middle = {"x": 400, "y": 200}
    assert near(call("geometry", "toStage", view(90, 1), right_of_middle, STAGE), {"x": 400, "y": 400})


@pytest.mark.parametrize("turn", TURNS)
def test_the_scan_follows_the_hand(call: Callable[..., Any], turn: int) -> None:
    held = call("geometry", "toScan", view(turn), {"x": 100, "y": 100}, STAGE)
    moved = call("geometry", "panned", view(turn), 25, -40)
    assert near(call("geometry", "toScan", moved, {"x": 125, "y": 60}, STAGE), held)


@pytest.mark.parametrize("turn", TURNS)
def test_zooming_keeps_what_is_under_the_pointer(call: Callable[..., Any], turn: int) -> None:
    at = {"x": 700, "y": 50}
    closer = call("geometry", "zoomed", view(turn), 1.8, at, STAGE)
    assert near(call("geometry", "toScan", closer, at, STAGE), call("geometry", "toScan", view(turn), at, STAGE))
    assert closer["scale"] == pytest.approx(2.7)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    "box", [{"x": 10, "y": 20, "width": 900, "height": 100}, {"x": 0, "y": 0, "width": 5, "height": 700}]
)
def test_a_fitted_box_is_on_the_stage_whole(call: Callable[..., Any], turn: int, box: dict[str, int]) -> None:
    assert call("geometry", "shows", call("geometry", "fitted", box, STAGE, turn), box, STAGE)


def test_turns_go_round(call: Callable[..., Any]) -> None:
    assert [call("geometry", "turned", view(270), 90)["turn"], call("geometry", "turned", view(0), -90)["turn"]] == [
        0,
        270,
    ]


def test_the_scan_never_leaves_the_stage(call: Callable[..., Any]) -> None:
    lost = {"x": -5000, "y": 9999, "scale": 900, "turn": 0}
    assert call("geometry", "held", lost, {"width": 1600, "height": 1000}, STAGE) == {
        "x": 0,
        "y": 1000,
        "scale": 6,
        "turn": 0,
    }
    tiny = call("geometry", "held", {**lost, "scale": 0.0001}, {"width": 1600, "height": 1000}, STAGE)
    assert tiny["scale"] == pytest.approx(0.225)


def test_a_field_that_is_seen_well_moves_nothing(call: Callable[..., Any]) -> None:
    wide = {"x": 0, "y": 100, "width": 1500, "height": 100}
    whole = call("geometry", "fitted", {"x": 0, "y": 0, "width": 1600, "height": 1000}, STAGE)
    rule = {"fit": whole["scale"], "byHand": False}
    assert call("geometry", "revealing", whole, wide, STAGE, rule) == whole


def test_a_small_field_comes_closer_but_never_by_more_than_twice(call: Callable[..., Any]) -> None:
    small = {"x": 100, "y": 100, "width": 60, "height": 20}
    whole = call("geometry", "fitted", {"x": 0, "y": 0, "width": 1600, "height": 1000}, STAGE)
    seen = call("geometry", "revealing", whole, small, STAGE, {"fit": whole["scale"], "byHand": False})
    assert near(seen, {"x": 130, "y": 110, "scale": 2 * whole["scale"]})


def test_who_chose_a_scale_keeps_it(call: Callable[..., Any]) -> None:
    far = {"x": 5000, "y": 100, "width": 60, "height": 20}
    seen = call("geometry", "revealing", view(), far, STAGE, {"fit": 0.5, "byHand": True})
    assert near(seen, {"x": 5030, "y": 110, "scale": 1.5})


def test_the_form_has_the_shape_of_an_answer(call: Callable[..., Any]) -> None:
    typed = {"object.value": "Axe", "length.value.amount": "12", "length.value.unit": "cm", "length.mark": "unsure"}
    assert call("shape", "nested", typed) == {
        "object": {"value": "Axe"},
        "length": {"value": {"amount": "12", "unit": "cm"}, "mark": "unsure"},
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("ep", [1]),
        ("AXE", [0, 2, 3]),
        ("head", [4]),
        ("flat  axe", [2]),
        ("xyz", []),
    ],
)
def test_a_search_finds_labels_whatever_their_case_and_accents(
    call: Callable[..., Any], typed: str, found: list[int]
) -> None:
    labels = ["Axe", "Épée", "Flat axe", "Poleaxe", "Spearhead"]
    assert call("tags", "matching", labels, typed) == found
    assert call("tags", "matching", labels, typed, 1) == found[:1]


def test_labels_of_ones_own_are_lines_without_repetition(call: Callable[..., Any]) -> None:
    assert call("tags", "withLine", "a\n\n b ", "c") == "a\nb\nc"
    assert call("tags", "withLine", "Épée", "epee") == "Épée"
    assert call("tags", "withoutLine", "a\nb\n a ", "a") == "b"


def test_an_empty_input_is_as_good_as_none(call: Callable[..., Any]) -> None:
    assert call("shape", "same", {"object.value": ""}, {}) is True
    assert call("shape", "same", {"object.value": "a"}, {"object.value": "b"}) is False


@pytest.mark.parametrize(
    ("event", "letter"),
    [
        ({"key": "s", "altKey": True}, "s"),
        ({"key": "S", "altKey": True}, "s"),
        ({"key": "ß", "altKey": True, "code": "KeyS"}, ""),
        ({"key": "ł", "altKey": True, "modifierAltGraph": True}, ""),
        ({"key": "s", "altKey": True, "modifierAltGraph": True}, ""),
        ({"key": "s", "altKey": True, "ctrlKey": True}, ""),
        ({"key": "s", "altKey": True, "isComposing": True}, ""),
        ({"key": "s"}, ""),
        ({"key": "Enter", "altKey": True}, ""),
    ],
)
def test_characters_typed_with_alt_gr_or_option_fire_no_shortcut(
    call: Callable[..., Any], event: dict[str, Any], letter: str
) -> None:
    assert call("letters", "altLetter", {"KeyboardEvent": event}) == letter


@pytest.mark.parametrize(
    ("event", "in_a_text", "elsewhere"),
    [
        ({"key": "ß", "code": "KeyS", "altKey": True}, "", "s"),
        ({"key": "Dead", "code": "KeyU", "altKey": True}, "", "u"),
        ({"key": "ß", "code": "KeyS", "altKey": True, "modifierAltGraph": True}, "", "s"),
        ({"key": "ß", "code": "KeyS", "altKey": True, "ctrlKey": True}, "s", "s"),
        ({"key": "Í", "code": "KeyS", "altKey": True, "shiftKey": True}, "", ""),
        ({"key": "s", "code": "KeyS", "altKey": True, "metaKey": True}, "", ""),
        ({"key": "–", "code": "Minus", "altKey": True}, "", ""),
    ],
)
def test_on_a_mac_option_alone_only_types_while_somebody_writes(
    call: Callable[..., Any], event: dict[str, Any], in_a_text: str, elsewhere: str
) -> None:
    for is_typing, letter in ((True, in_a_text), (False, elsewhere)):
        where = {"isMac": True, "isTyping": is_typing}
        assert call("letters", "altLetter", {"KeyboardEvent": event}, where) == letter


SHARED = json.loads((Path(__file__).parents[1] / "core" / "marks.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", SHARED["examples"], ids=lambda example: repr(example["text"]))
def test_marks_are_read_as_the_server_reads_them(call: Callable[..., Any], example: dict[str, Any]) -> None:
    assert call("marks", "readMarks", example["text"], SHARED["allowed"]) == example["read"]


def test_a_field_is_asked_for_one_of_its_codes_or_for_any_value(call: Callable[..., Any]) -> None:
    assert call("conditions", "isAsked", ["gold"], ["tin", "gold"]) is True
    assert call("conditions", "isAsked", ["lead"], ["tin", "gold"]) is False
    assert call("conditions", "isAsked", ["anything"], []) is True
    assert call("conditions", "isAsked", [], []) is False


@pytest.mark.parametrize(
    ("checks", "values", "found"),
    [
        ({"least": "1", "most": "60"}, {"amount": "12"}, []),
        ({"least": "1", "most": "60"}, {"amount": "0,5"}, [["least", "1"]]),
        ({"least": "1", "most": "60"}, {"amount": "1 200"}, [["most", "60"]]),
        ({"least": "1", "most": "60"}, {"amount": "many"}, []),
        ({"least": "1", "most": "60"}, {"amount": ""}, []),
        ({"earliest": "1800", "latest": "1950"}, {"year": "1799", "day": "1"}, [["earliest", "1800"]]),
        ({"earliest": "1800", "latest": "1950"}, {"year": "1951"}, [["latest", "1950"]]),
        ({"earliest": "1800", "latest": "1950"}, {"year": "19"}, []),
        ({"longest": "3"}, {"value": "four"}, [["longest", "3"]]),
        ({"signs": ""}, {"value": "Œuvre d’art, n° 3 [-x-] (½)"}, []),
        ({"signs": "Ж"}, {"value": "☃ Ж Ω Ω"}, [["signs", "☃ Ω"]]),
        ({}, {"value": "☃", "amount": "-9"}, []),
        ({}, {"day": "31", "month": "2", "year": "1911"}, [["calendar", "31"]]),
        ({}, {"day": "29", "month": "02", "year": "1911"}, [["calendar", "29"]]),
        ({}, {"day": "29", "month": "2", "year": "1912"}, []),
        ({}, {"day": "29", "month": "2", "year": ""}, []),
        ({}, {"day": "30", "month": "2", "year": "XX"}, [["calendar", "30"]]),
        ({}, {"day": "31", "month": "11", "year": ""}, [["calendar", "31"]]),
        ({}, {"day": "31", "month": "8", "year": ""}, []),
        ({}, {"day": "31", "month": "", "year": "1911"}, []),
    ],
)
def test_what_is_odd_is_found(
    call: Callable[..., Any], checks: dict[str, str], values: dict[str, str], found: list[list[str]]
) -> None:
    assert call("checks", "oddities", checks, values) == found


@pytest.mark.parametrize(
    ("before", "after", "text", "selected"),
    [
        ("[", "?]", "an [old?] axe", "old"),
        ("[-", "-]", "an [-old-] axe", "old"),
        ("[", "=]", "an [old=] axe", ""),
        ("[la:", "]", "an [la:old] axe", "old"),
    ],
)
def test_a_mark_goes_round_what_is_selected(
    call: Callable[..., Any], before: str, after: str, text: str, selected: str
) -> None:
    made = call("wrapping", "wrapped", "an old axe", 3, 6, before, after)
    assert (made["text"], made["text"][made["start"] : made["end"]]) == (text, selected)
    if after == "=]":
        assert made["text"][made["start"]] == "]", "the full form is written next"


def test_a_copied_row_has_its_own_number(call: Callable[..., Any]) -> None:
    assert call("rows", "renamed", "finds.value.r0.length", 7) == "finds.value.r7.length"
    assert call("rows", "renamed", "Length 0–10, row 0", 7) == "Length 0–10, row 7"


def test_the_view_follows_the_letters_along_a_line_and_stays_on_it(call: Callable[..., Any]) -> None:
    line = {"x": 100, "y": 50, "width": 1000, "height": 40}
    begin, later, end = (call("part", "partOf", line, letters, 1.5) for letters in (0, 30, 900))
    assert begin["x"] == 100 and begin["width"] < 200 and begin["height"] == 40
    assert 100 < later["x"] < end["x"]
    assert end["x"] + end["width"] == 1100
    short = {"x": 10, "y": 0, "width": 60, "height": 40}
    assert call("part", "partOf", short, 3, 1.5) == short


def test_letters_of_shortcuts_are_changed_and_trade_places(call: Callable[..., Any]) -> None:
    usual = {"s": "s", "i": "i"}
    assert call("letters", "withLetter", usual, "s", "X") == {"s": "x", "i": "i"}
    assert call("letters", "withLetter", usual, "s", "i") == {"s": "i", "i": "s"}
    for odd in ("7", "ß", "", "ab"):
        assert call("letters", "withLetter", usual, "s", odd) == usual
    assert call("letters", "withLetter", usual, "q", "x") == usual


@pytest.mark.parametrize("remembered", [None, {"s": "i"}, {"s": "§"}, {"s": 3}])
def test_letters_that_make_no_sense_are_forgotten(call: Callable[..., Any], remembered: Any) -> None:
    assert call("letters", "lettersFrom", remembered, ["s", "i"]) == {"s": "s", "i": "i"}
