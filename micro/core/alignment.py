"""Several readings of one text, aligned place by place: where does anybody differ from the proposal, and how?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from micro.core.differences import Piece, differences

_TOKEN = re.compile(r"\n|\S+")
# So many words are shown before and behind a place, to find it by.
AROUND = 2


@dataclass(frozen=True)
class Place:
    """A stretch of the proposal in which some reading differs; empty where words were only added.

    ``before`` and ``after`` are the words beside it. ``cells`` holds, for each reading in order, what it says there,
    compared with the proposal; a reading that leaves it out has one ``missing`` piece.
    """

    number: int
    text: str
    before: str
    after: str
    cells: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True)
class Stretch:
    """A part of the proposal; ``place`` is the number of its place, 0 where nobody differs."""

    text: str
    place: int


@dataclass(frozen=True)
class Alignment:
    """The proposal in stretches, and its places in order, numbered from 1."""

    stretches: tuple[Stretch, ...]
    places: tuple[Place, ...]


def align(proposal: str, readings: Sequence[str]) -> Alignment:
    """The places in which any of the readings differs from the proposal, by words; line breaks are words.

    Changes that touch each other are one place, also those of different readings, so that every reading has one cell
    in it. Cost: words of the proposal times words of the readings.

    >>> made = align("a big axe of bronze", ["a pig axe of bronze", "a big axe of gold"])
    >>> [(place.text, place.before, [cell[0].text for cell in place.cells]) for place in made.places]
    [('big', 'a', ['pig', 'big']), ('bronze', 'axe of', ['bronze', 'gold'])]
    """
    old = _TOKEN.findall(proposal)
    rows = [_Row(old, _TOKEN.findall(reading)) for reading in readings]
    spans = _merged(span for row in rows for span in row.changed)
    places = tuple(_place(number, old, rows, *span) for number, span in enumerate(spans, start=1))
    return Alignment(tuple(_stretches(old, spans)), places)


class _Row:
    """One reading beside the proposal: which spans of the proposal it changes, and where each word lies in it."""

    def __init__(self, old: list[str], new: list[str]) -> None:
        self.new = new
        self.changed: list[tuple[int, int]] = []
        # By place in the proposal: where the reading is, before and behind whatever it adds there.
        self._low, self._high = [0] * (len(old) + 1), [0] * (len(old) + 1)
        self._low[len(old)] = self._high[len(old)] = len(new)
        steps = Levenshtein.opcodes(old, new)
        for step in steps:
            if step.tag != "equal":
                self.changed.append((step.src_start, step.src_end))
            for at in range(step.src_start, step.src_end):
                same = step.tag == "equal"
                self._low[at] = self._high[at] = step.dest_start + (at - step.src_start if same else 0)
        for step in steps:  # Words that are added before the word at the same place.
            if step.tag == "insert":
                self._low[step.src_start], self._high[step.src_start] = step.dest_start, step.dest_end

    def text(self, start: int, end: int) -> str:
        """What the reading says in a place of the proposal whose ends lie between two changes."""
        return _joined(self.new[self._low[start] : self._high[end]])


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap or touch, as one."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made


def _place(number: int, old: list[str], rows: Sequence[_Row], start: int, end: int) -> Place:
    text = _joined(old[start:end])
    return Place(
        number,
        text,
        _joined(old[max(0, start - AROUND) : start]),
        _joined(old[end : end + AROUND]),
        tuple(differences(text, row.text(start, end)) for row in rows),
    )


def _stretches(old: list[str], spans: Sequence[tuple[int, int]]) -> list[Stretch]:
    made, at = [], 0
    for number, (start, end) in enumerate(spans, start=1):
        made += [Stretch(_joined(old[at:start]), 0), Stretch(_joined(old[start:end]), number)]
        at = end
    return [one for one in (*made, Stretch(_joined(old[at:]), 0)) if one.text or one.place]


def _joined(words: Sequence[str]) -> str:
    return " ".join(words).replace(" \n", "\n").replace("\n ", "\n")
