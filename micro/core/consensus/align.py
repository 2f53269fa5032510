"""Several transcriptions of one text, aligned word by word and voted on.

After ROVER (Fiscus 1997, doi:10.1109/ASRU.1997.659110): every text is aligned with a backbone, here the text that is
most like all others, and each place is voted on with the weights of those who wrote. Where the words of a run of places
are disputed the whole run is voted on, so that "may be" and "maybe" compete as wholes, and a reading gains from others
that are nearly the same by their letters: the generalised median of strings (Kohonen 1985), taken among what was given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

Words = tuple[str, ...]
NEAR, STEEPNESS = 0.8, 3
"""A reading's support from another one: their likeness by letters to the power STEEPNESS, times NEAR."""


@dataclass(frozen=True)
class Stretch:
    """Some words in a row of the result; and the share (0 to 1) and number of texts behind each reading."""

    words: Words
    support: dict[Words, float]
    counts: dict[Words, int]


def aligned(texts: Sequence[Words], weights: Sequence[float], backbone: int) -> list[Stretch]:
    """The result of voting on ``texts`` (one or more) with ``weights`` above 0, stretch by stretch, in order.

    A stretch is one word that more than half of the weight agrees on, or a run of disputed places. The words of all
    stretches together are the merged text. Cost: texts x words, with the constant of an edit distance.
    """
    base, whole = texts[backbone], sum(weights)
    units = [_units(base, text) for text in texts]
    return [_stretch(units, weights, run, whole, agreed) for run, agreed, _ in _runs(base, units, weights, whole)]


def voted(texts: Sequence[Words], weights: Sequence[float], backbone: int) -> tuple[Words, float]:
    """The words of :func:`aligned` alone, and the least share (0 to 1) of the weight behind a stretch; much faster."""
    base, whole = texts[backbone], sum(weights)
    units = [_units(base, text) for text in texts]
    words: list[str] = []
    least = 1.0
    for run, agreed, share in _runs(base, units, weights, whole):
        if agreed is None:
            stretch = _stretch(units, weights, run, whole)
            agreed, share = stretch.words, stretch.support[stretch.words]
        words += agreed
        least = min(least, share)
    return tuple(words), least


def _runs(
    base: Words, units: Sequence[Sequence[Words]], weights: Sequence[float], whole: float
) -> list[tuple[list[int], Words | None, float]]:
    """Runs of places with the word that most agree on and their share, or None where it is disputed."""
    runs: list[tuple[list[int], Words | None, float]] = []
    disputed: list[int] = []
    many = len(units)
    for place, given in enumerate(zip(*units, strict=True)):
        wanted = (base[place // 2],) if place % 2 else ()
        agreeing = whole
        if given.count(wanted) < many:
            agreeing = 0.0
            for words, weight in zip(given, weights, strict=True):
                if words == wanted:
                    agreeing += weight
        if 2 * agreeing <= whole * (1 + 1e-9):
            disputed.append(place)
            continue
        if disputed:
            runs.append((disputed, None, 0.0))
            disputed = []
        if wanted:
            runs.append(([place], wanted, agreeing / whole))
    if disputed:
        runs.append((disputed, None, 0.0))
    return runs


def _units(base: Words, text: Words) -> list[Words]:
    """The words of ``text`` at each place of the backbone: gap, word, gap, word, …, gap (2 x words + 1 places)."""
    places: list[Words] = [()] * (2 * len(base) + 1)
    steps: list[tuple[str, int, int, int, int]] = Levenshtein.opcodes(base, text).as_list()  # type: ignore[assignment]
    for step, from_base, to_base, start, end in steps:
        if step == "insert":
            places[2 * from_base] = text[start:end]
        elif step != "delete":
            for away in range(to_base - from_base):
                places[2 * (from_base + away) + 1] = (text[start + away],)
    return places


def _stretch(
    units: Sequence[Sequence[Words]],
    weights: Sequence[float],
    places: Sequence[int],
    whole: float,
    agreed: Words | None = None,
) -> Stretch:
    """The readings of some places, and the words that were ``agreed`` on or are chosen now."""
    support: dict[Words, float] = defaultdict(float)
    counts: dict[Words, int] = defaultdict(int)
    for unit, weight in zip(units, weights, strict=True):
        words = unit[places[0]]
        for place in places[1:]:
            words += unit[place]
        support[words] += weight / whole
        counts[words] += 1
    return Stretch(chosen(support) if agreed is None else agreed, support, counts)


def chosen(support: dict[Words, float]) -> Words:
    """The reading with the most support, its own and that of near ones; of equals the first by letters."""
    if len(support) == 1:
        return next(iter(support))
    joined = [("".join(words), words, share) for words, share in support.items()]
    best, result = -1.0, joined[0][1]
    for text, words, share in sorted(joined):
        total = share
        for other, _, its in joined:
            if text and other and other is not text:
                total += its * NEAR * Levenshtein.normalized_similarity(text, other) ** STEEPNESS
        if total > best + 1e-9:
            best, result = total, words
    return result
