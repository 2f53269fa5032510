"""How one reading differs from another, word by word: what a reviewer has to look at and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import Levenshtein

_TOKEN = re.compile(r"\n|\S+")
# Words that share less than this are shown as other words, not as one word with other letters.
_ALIKE = 0.4


@dataclass(frozen=True)
class Letters:
    """A run of letters within a word: ``same``, ``other``, or ``gone`` (they stand in the proposal only)."""

    how: Literal["same", "other", "gone"]
    text: str


@dataclass(frozen=True)
class Piece:
    """A stretch of a reading: ``same``, ``other`` letters, words left out (``missing``) or ``added``.

    ``text`` is what the reading says there; for ``missing`` it is what only the proposal says. ``letters`` are the
    runs of an ``other`` text.
    """

    how: Literal["same", "other", "missing", "added"]
    text: str
    letters: tuple[Letters, ...] = ()


def differences(proposal: str, reading: str) -> tuple[Piece, ...]:
    """The reading, cut where it differs from the proposal; words are compared as they stand, line breaks are words.

    Joined by blanks, the texts of all pieces that are not ``missing`` give the reading's words in order. Two equal
    texts give one piece, two empty ones none. Cost: words of one times words of the other.

    >>> [(piece.how, piece.text) for piece in differences("a big axe", "a pig axe head")]
    [('same', 'a'), ('other', 'pig'), ('same', 'axe'), ('added', 'head')]
    """
    old, new = _TOKEN.findall(proposal), _TOKEN.findall(reading)
    pieces: list[Piece] = []
    # Neighbouring changes are one: "Palstave" for "Socketed axe" is one other reading, not a word and a half.
    for is_same, steps in groupby(Levenshtein.opcodes(old, new), key=lambda step: step.tag == "equal"):
        run = list(steps)
        was = _joined(old[run[0].src_start : run[-1].src_end])
        now = _joined(new[run[0].dest_start : run[-1].dest_end])
        pieces.append(Piece("same", now) if is_same else _changed(was, now))
    return tuple(pieces)


def _changed(was: str, now: str) -> Piece:
    if not was:
        return Piece("added", now)
    return Piece("other", now, _letters(was, now)) if now else Piece("missing", was)


def _joined(words: Sequence[str]) -> str:
    return " ".join(words).replace(" \n", "\n").replace("\n ", "\n")


def _letters(was: str, now: str) -> tuple[Letters, ...]:
    """Which letters of ``now`` differ from ``was``; all of them when the two have little in common."""
    if Levenshtein.normalized_similarity(was, now) < _ALIKE:
        return (Letters("other", now),)
    runs: list[Letters] = []
    for step in Levenshtein.opcodes(was, now):
        gone = step.tag == "delete"
        text = was[step.src_start : step.src_end] if gone else now[step.dest_start : step.dest_end]
        how: Literal["same", "other", "gone"] = "gone" if gone else "same" if step.tag == "equal" else "other"
        if runs and runs[-1].how == how:
            text = runs.pop().text + text
        runs.append(Letters(how, text))
    return tuple(runs)
