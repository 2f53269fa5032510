"""The demo drawer: what is written on a card is what its truth says, where its boxes say."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageOps

from micro.demo.cards import FIELDS, CardTruth, make_truths
from micro.demo.draw import BOXES, CARD_SIZE_PX, draw_card, draw_unwritten_card
from micro.demo.drawer import MANIFEST_COLUMNS, read_truth, save_in_orientation, write_drawer
from micro.demo.form import FONTS, HEADINGS, LABELS, PRINT_FONT, WritingLine
from micro.demo.hands import HANDS, DoesNotFit, Hand, missing_characters, write_line
from micro.demo.illustration import draw_illustration
from micro.demo.vessels import FIGURES
from micro.demo.words import FINDS, FINDSPOTS, MATERIALS, Find
from micro.demo.writing import MONTHS, written_date, written_length, written_lines

SEEDS_AND_LANGUAGES = [(1, "en"), (2, "fr"), (3, "en"), (4, "fr"), (5, "en"), (6, "fr")]
INK_THRESHOLD = 14  # Below it, a difference is the scanner's softening at the rim of a stroke.


def handwriting(truth: CardTruth, seed: int) -> np.ndarray:
    """Where a card is darker for having been written on: height × width, true for ink."""
    written, unwritten = draw_card(truth, seed), draw_unwritten_card(truth, seed)
    ink: np.ndarray = np.asarray(ImageChops.difference(written, unwritten)).max(axis=2) > INK_THRESHOLD
    return ink


def cut(ink: np.ndarray, field: str) -> np.ndarray:
    x, y, width, height = BOXES[field]
    return ink[y : y + height, x : x + width]


@pytest.fixture(scope="module")
def drawer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawer")
    write_drawer(folder, 3, "fr", 7)
    return folder


def test_equal_arguments_give_equal_files(drawer: Path, tmp_path: Path) -> None:
    write_drawer(tmp_path, 3, "fr", 7)
    names = sorted(path.name for path in drawer.iterdir())
    assert names == ["card-001.jpg", "card-002.jpg", "card-003.jpg", "manifest.csv", "truth.json"]
    assert all((drawer / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_another_seed_gives_other_cards() -> None:
    assert make_truths(5, "en", 1) != make_truths(5, "en", 2)


def test_a_longer_drawer_begins_with_the_same_cards() -> None:
    assert make_truths(50, "fr", 9)[:12] == make_truths(12, "fr", 9)


def test_the_manifest_names_the_cards_of_the_truth_in_page_order(drawer: Path) -> None:
    with (drawer / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    truths = read_truth(drawer)
    assert tuple(rows[0]) == MANIFEST_COLUMNS
    assert [(row["file"], row["identifier"]) for row in rows] == [
        (file, card.identifier) for file, card in truths.items()
    ]
    assert [row["page"] for row in rows] == ["1", "2", "3"]
    assert {row["rights"] for row in rows} == {"CC0-1.0"}
    assert list(truths.values()) == make_truths(3, "fr", 7)


def test_the_manifest_does_not_give_answers_away(drawer: Path) -> None:
    manifest = (drawer / "manifest.csv").read_text(encoding="utf-8")
    assert not any(str(card.value("object")) in manifest for card in read_truth(drawer).values())


def test_an_empty_drawer_has_an_empty_manifest(tmp_path: Path) -> None:
    assert write_drawer(tmp_path / "new", 0, "en", 1) == []
    assert (tmp_path / "new" / "manifest.csv").read_text(encoding="utf-8") == ",".join(MANIFEST_COLUMNS) + "\n"
    assert read_truth(tmp_path / "new") == {}


@pytest.mark.parametrize(("count", "language"), [(-1, "en"), (1, "de"), (0, "")])
def test_a_drawer_that_cannot_be_is_refused(tmp_path: Path, count: int, language: str) -> None:
    with pytest.raises(ValueError):
        write_drawer(tmp_path, count, language, 1)


@pytest.mark.parametrize("text", ["[]", '{"card-001.jpg": {"identifier": "HM 1"}}', '{"card-001.jpg": 3}'])
def test_a_file_that_is_no_truth_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "truth.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError):
        read_truth(tmp_path)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_values_have_the_promised_shapes(language: str) -> None:
    cards = make_truths(300, language, 3)
    assert len({card.identifier for card in cards}) == 300
    for card in cards:
        assert tuple(card.fields) == FIELDS
        assert "value" in card.fields["object"]
        assert card.value("material") in {None, *MATERIALS}
        assert re.fullmatch(r"\d{4}-(\d\d-(\d\d|XX)|XX-XX)", card.value("found_on") or "1907-XX-XX")
        length = card.value("length") or {"amount": "1", "unit": "cm"}
        assert re.fullmatch(r"\d+(\.\d)?", length["amount"])
        assert length["unit"] in {"cm", "mm"}
        assert len((card.value("description") or "\n").split("\n")) in {2, 3}


def test_about_six_in_a_hundred_fields_are_blank() -> None:
    marks = [card.fields[field] for card in make_truths(600, "en", 5) for field in FIELDS if field != "object"]
    assert 0.04 < sum(mark == {"mark": "blank"} for mark in marks) / len(marks) < 0.08


def test_dates_and_lengths_are_written_as_people_write_them() -> None:
    source = np.random.default_rng(1)
    assert {written_date("1907-10-12", "en", source) for _ in range(40)} == {"12 October 1907", "12 Oct. 1907"}
    french = {written_date("1907-10-01", "fr", source) for _ in range(60)}
    assert french == {"1er octobre 1907", "1er oct. 1907", "1er 8bre 1907"}
    assert written_date("1907-XX-XX", "fr", source) == "1907"
    assert written_length({"amount": "12.4", "unit": "cm"}, "fr") == "12,4 cm"
    assert written_length({"amount": "12.4", "unit": "cm"}, "en") == "12.4 cm"


@pytest.mark.parametrize(("seed", "language"), SEEDS_AND_LANGUAGES)
def test_handwriting_lies_in_the_boxes_of_its_fields_and_nowhere_else(seed: int, language: str) -> None:
    for truth in make_truths(3, language, seed):
        ink = handwriting(truth, seed)
        for field in FIELDS:
            is_blank = truth.value(field) is None
            assert cut(ink, field).any() != is_blank, (truth.identifier, field)
            cut(ink, field)[:] = False
        assert not ink.any(), truth.identifier


def test_a_card_with_only_blank_fields_bears_no_handwriting() -> None:
    truth = make_truths(1, "en", 1)[0]
    blank = replace(truth, fields={**{field: {"mark": "blank"} for field in FIELDS}, "object": truth.fields["object"]})
    ink = handwriting(blank, 1)
    cut(ink, "object")[:] = False
    assert not ink.any()


def test_boxes_lie_on_the_card_and_do_not_overlap() -> None:
    assert set(BOXES) == {"card", *FIELDS}
    assert BOXES["card"] == (0, 0, *CARD_SIZE_PX)
    taken = np.zeros(CARD_SIZE_PX[::-1], dtype=int)
    for field in FIELDS:
        x, y, width, height = BOXES[field]
        assert x >= 0
        assert y >= 0
        assert x + width <= CARD_SIZE_PX[0]
        assert y + height <= CARD_SIZE_PX[1]
        cut(taken, field)[:] += 1
    assert taken.max() == 1


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_longest_words_fit_their_line_in_every_hand(hand: Hand, language: str) -> None:
    line = WritingLine(170, 190, 985, 258, 236)
    source = np.random.default_rng(3)
    for text in (*FINDSPOTS[language], *(find.names[language] for find in FINDS)):
        write_line(text, hand, line, source)


def test_a_text_too_long_to_be_read_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        write_line("m" * 120, HANDS[0], WritingLine(60, 0, 900, 90, 60), np.random.default_rng(1))


def test_every_character_on_the_cards_is_in_the_fonts() -> None:
    source = np.random.default_rng(2)
    texts = {word for names in MONTHS.values() for word in names}
    for language in ("en", "fr"):
        for card in make_truths(400, language, 11):
            texts.update(line for field in FIELDS for line in written_lines(card, field, source))
    for font_file in {hand.font_file for hand in HANDS}:
        assert missing_characters(font_file, "".join(texts) + "éèêëàâäçœŒæîïôöùûüÉÈÀÊÇ²½°–’") == set()
    printed = "".join([*LABELS["fr"].values(), *HEADINGS["fr"], *HEADINGS["en"], *LABELS["en"].values()])
    assert missing_characters(PRINT_FONT, printed) == set()
    assert missing_characters(PRINT_FONT, "漢") == {"漢"}


def test_every_font_has_its_licence_and_all_are_small() -> None:
    families = {path.name.split("-")[0] for path in FONTS.glob("*.ttf")}
    assert families == {path.name.split("-")[0] for path in FONTS.glob("*-OFL.txt")}
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 600_000


@pytest.mark.parametrize("find", {find.figure: find for find in FINDS}.values(), ids=lambda find: find.figure)
def test_every_kind_of_find_has_a_drawing_beside_the_fields(find: Find) -> None:
    assert {known.figure for known in FINDS} == set(FIGURES)
    name = find.names["en"]
    fields = {field: {"mark": "blank"} for field in FIELDS} | {"object": {"value": name}}
    inked = draw_illustration(CardTruth("HM 1900.1", "en", fields), np.random.default_rng(4)).getbbox()
    assert inked is not None
    assert inked[0] > BOXES["object"][0] + BOXES["object"][2]
    assert inked[3] - inked[1] > 200


def test_an_object_outside_the_vocabulary_is_still_drawn() -> None:
    fields = {field: {"mark": "blank"} for field in FIELDS} | {"object": {"value": "Whalebone"}}
    assert draw_card(CardTruth("HM 1900.1", "en", fields), 1).size == CARD_SIZE_PX


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_every_orientation_comes_back_to_the_same_picture(tmp_path: Path, orientation: int, suffix: str) -> None:
    picture = draw_unwritten_card(make_truths(1, "en", 1)[0], 1).resize((400, 250))
    path = tmp_path / f"turned{suffix}"
    save_in_orientation(picture, path, orientation)
    with Image.open(path) as stored:
        assert stored.size == (picture.size if orientation < 5 else picture.size[::-1])
        upright = ImageOps.exif_transpose(stored).convert("RGB")
    assert upright.size == picture.size
    off_by = np.abs(np.asarray(upright, dtype=int) - np.asarray(picture, dtype=int))
    assert off_by.max() == 0 if suffix == ".png" else off_by.mean() < 4


@pytest.mark.parametrize(("orientation", "name"), [(0, "a.png"), (9, "a.jpg"), (1, "a.gif")])
def test_an_impossible_orientation_or_kind_of_file_is_refused(tmp_path: Path, orientation: int, name: str) -> None:
    with pytest.raises(ValueError):
        save_in_orientation(Image.new("RGB", (8, 8)), tmp_path / name, orientation)
