"""How the merged value is written: spelling, case, punctuation and lines, chosen by who wrote them.

The words were decided by their keys; here each is given the form, and each gap between two words the signs, that have
the most weight behind them. What is written at ends of lines stays: line breaks and "[;]" are signs between words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from micro.core.consensus.keys import text_key

_WORD = re.compile(r"(\w+(?:(?:['’‘`´]|(?<=\d)[.,](?=\d))\w+)*)")
Votes = Mapping[str, float]


def best_spelling(values: Sequence[str], weights: Sequence[float]) -> str:
    """The text among ``values``, which have one key, with the most weight; then the longest, then the first by letters.

    White space at the ends is dropped.
    """
    votes: dict[str, float] = defaultdict(float)
    for value, weight in zip(values, weights, strict=True):
        votes[value.strip()] += weight
    return min(votes, key=lambda value: (-round(votes[value], 9), -len(value), value))


def written(words: Sequence[str], values: Sequence[str], weights: Sequence[float]) -> str:
    """The text of ``words`` (keys), word by word and gap by gap as ``values`` write them; else the keys."""
    forms: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    gaps: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for value, weight in zip(values, weights, strict=True):
        _count(value.strip(), weight, forms, gaps)
    text, before = "", ""
    for word in words:
        text += _leading(gaps.get((before, word)), " " if before else "")
        text += _leading(forms.get(word), word)
        before = word
    return (text + _leading(gaps.get((before, "")), "")).strip()


def _count(
    value: str, weight: float, forms: dict[str, dict[str, float]], gaps: dict[tuple[str, str], dict[str, float]]
) -> None:
    """Adds the weight to the form of each word, and to the signs of each gap, by the words on its two sides."""
    pieces = _WORD.split(value)  # Gap, word, gap, word, …, gap.
    before = ""
    for gap, form in zip(pieces[::2], pieces[1::2], strict=False):
        word = text_key(form)
        forms[word][form] += weight
        gaps[before, word][gap] += weight
        before = word
    gaps[before, ""][pieces[-1]] += weight


def _leading(votes: Votes | None, otherwise: str) -> str:
    if not votes:
        return otherwise
    return min(votes, key=lambda form: (-round(votes[form], 9), -len(form), form))
