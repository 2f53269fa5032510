"""The picture of a card: paper, print, illustration and handwriting laid over one another, aged and scanned."""

import numpy as np
from PIL import Image

from micro.demo.cards import FIELDS, CardTruth
from micro.demo.chance import Plane, stream
from micro.demo.form import BOXES, CARD_SIZE_PX, draw_print, draw_rules, draw_stamp, writing_lines
from micro.demo.hands import HANDS, Hand, write_line
from micro.demo.illustration import draw_illustration
from micro.demo.paper import age, blank_paper, ink_in, scan
from micro.demo.writing import written_lines

__all__ = ["BOXES", "CARD_SIZE_PX", "draw_card", "draw_unwritten_card", "hand_of"]

PRINT_BLACK, RULE_BLUE, DRAWING_INK, STAMP_RED = (44, 38, 36), (126, 132, 150), (36, 32, 34), (178, 36, 44)
STAMPED_SHARE = 0.45
SECOND_HAND_SHARE = 0.12


def draw_card(truth: CardTruth, seed: int) -> Image.Image:
    """The scanned card, RGB of CARD_SIZE_PX, the same for equal arguments; about 0.4 s.

    Each field's writing lies inside its box in BOXES. Raises DoesNotFit when a text is too long for its line.
    """
    colours = _unwritten(truth, seed)
    _write(colours, truth, seed)
    return _aged_and_scanned(colours, truth, seed)


def draw_unwritten_card(truth: CardTruth, seed: int) -> Image.Image:
    """The same card, to the last speck, before a clerk wrote on it: what differs from `draw_card` is handwriting."""
    return _aged_and_scanned(_unwritten(truth, seed), truth, seed)


def hand_of(truth: CardTruth, seed: int, field: str) -> Hand:
    """The clerk who wrote a field: one for the card, but now and then a colleague measured the find later."""
    source = stream(seed, truth.identifier, "clerks")
    clerk, colleague = source.choice(len(HANDS), 2, replace=False)
    is_measured_later = source.random() < SECOND_HAND_SHARE
    return HANDS[int(colleague if field == "length" and is_measured_later else clerk)]


def _unwritten(truth: CardTruth, seed: int) -> Plane:
    def layer(name: str) -> np.random.Generator:
        return stream(seed, truth.identifier, name)

    colours = blank_paper(layer("paper"))
    ink_in(colours, draw_rules(CARD_SIZE_PX), RULE_BLUE)
    ink_in(colours, draw_print(truth.identifier, truth.language, layer("print")), PRINT_BLACK)
    ink_in(colours, draw_illustration(truth, layer("illustration")), DRAWING_INK)
    if layer("is stamped").random() < STAMPED_SHARE:
        ink_in(colours, draw_stamp(truth.language, layer("stamp")), STAMP_RED)
    return colours


def _write(colours: Plane, truth: CardTruth, seed: int) -> None:
    for field in FIELDS:
        source = stream(seed, truth.identifier, f"writing/{field}")
        hand = hand_of(truth, seed, field)
        lines = written_lines(truth, field, source)
        for text, line in zip(lines, writing_lines(field, truth.language), strict=False):
            ink_in(colours, write_line(text, hand, line, source), hand.colour)


def _aged_and_scanned(colours: Plane, truth: CardTruth, seed: int) -> Image.Image:
    age(colours, stream(seed, truth.identifier, "age"))
    return scan(colours, stream(seed, truth.identifier, "scan"))
