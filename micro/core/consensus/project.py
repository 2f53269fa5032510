"""Merging all rows of a project together, learning from them whom to trust and what is usual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from micro.core.consensus.features import features_of
from micro.core.consensus.keys import row_key
from micro.core.consensus.own_weights import own_weights
from micro.core.consensus.plain import merged_alone, wordy
from micro.core.consensus.point_rows import merged_points
from micro.core.consensus.ranker import Weights, ranked
from micro.core.consensus.reliability import Numbers
from micro.core.consensus.rewrites import Decided, Rewrites
from micro.core.consensus.rows import Checked, Prediction, Row, Settings, in_order
from micro.core.consensus.shipped import shipped_for
from micro.core.consensus.spelling import best_spelling, written
from micro.core.consensus.table import page_of, table_of
from micro.core.consensus.trees import corrections, leading, log_odds
from micro.core.consensus.typed_rows import TYPED, merged_typed, read_row
from micro.core.consensus.unfilled import unfilled_rows
from micro.core.consensus.units import in_one_unit
from micro.core.consensus.weighing import Together, Writers, merged_words

ENOUGH_DECIDED = 30
"""From so many decided rows on, the weights are fitted to the project; before, what ships is used as it is."""

LITTLE = 1e-3
"""How much a professional's way of writing weighs beside the volunteers': it serves for words that none of them has."""

SURE_OF_NOTHING = 0.5
"""That a field is blank although nobody said so is never believed more than this."""


class Keys(dict[str, str]):
    """The comparison key of each text, worked out once."""

    def __init__(self, abbreviations: Mapping[str, str]) -> None:
        super().__init__()
        self._abbreviations = abbreviations

    def __missing__(self, text: str) -> str:
        key = self[text] = row_key(text, self._abbreviations)
        return key


def merge_project(
    rows: Sequence[Row],
    checked: Checked | None = None,
    settings: Settings | None = None,
    told: Callable[[float], None] = lambda share: None,
) -> list[Prediction]:
    """One prediction for each row, in their order. Neither the order of rows nor that of answers decides anything.

    ``checked`` holds what professionals decided: it teaches, and is never handed back as a prediction. With
    ``settings.learning`` false each row is merged by itself. ``told`` hears the share of the work that is done (0 to
    1). No rows: nothing. Cost: some 50 microseconds a row.
    """
    settings = settings or Settings()
    rows = [in_order(row) for row in rows]
    keys = Keys(settings.abbreviations)
    points = [number for number, row in enumerate(rows) if row.type == "point"]
    read = {n: one for n, row in enumerate(rows) if row.type in TYPED and (one := read_row(row)) is not None}
    others = [number for number, row in enumerate(rows) if row.type != "point" and number not in read]
    found = dict(zip(points, merged_points([rows[n] for n in points], settings.learning), strict=True))
    typed = merged_typed([rows[n] for n in read], list(read.values()), checked or {}, settings.learning)
    found |= dict(zip(read, typed, strict=True))
    told(0.05)
    rows = [in_one_unit(row, keys.__getitem__) for row in rows]
    texts = [rows[n] for n in others]
    if not settings.learning:
        found |= {n: merged_alone(rows[n], keys.__getitem__, lambda values: _aligned(values, keys)) for n in others}
    elif texts:
        found |= dict(zip(others, TextProject(texts, checked or {}, keys, told).predictions(), strict=True))
    told(1.0)
    return [found[number] for number in range(len(rows))]


def _aligned(values: Sequence[str], keys: Keys) -> str:
    words, _ = merged_words([keys[value] for value in values], [1.0] * len(values))
    return written(words, values, [1.0] * len(values))


class TextProject:
    """What was learned over rows of any type but points: the table of candidates, their features and chances."""

    def __init__(
        self, rows: Sequence[Row], checked: Checked, keys: Keys, told: Callable[[float], None] = lambda share: None
    ) -> None:
        self.rows, self.keys = rows, keys
        self.aligned = _aligned_rows(rows, keys)
        told(0.3)
        more = {number: [" ".join(words)] for number, (words, _) in self.aligned.items()}
        for number in unfilled_rows(rows, keys.__getitem__):
            more.setdefault(number, []).append("")
        self.table = table_of(rows, keys.__getitem__, more, checked)
        told(0.5)
        self.features = features_of(self.table, self._support())
        told(0.7)
        self.weights = self._weights()
        self.chance, self.none = ranked(self.table, self.features, self.weights)
        self.sure = self._sure()
        self.rewrites = self._rewrites(checked)

    def _support(self) -> Numbers:
        """Per candidate the least support of a stretch, where aligning made it."""
        support = np.zeros(len(self.table.key))
        for number, (words, least) in self.aligned.items():
            support[self._place(number, " ".join(words))] = max(least, 1e-3)
        return support

    def _place(self, number: int, key: str) -> int:
        start, end = self.table.start[number], self.table.start[number + 1]
        return int(start) + self.table.key[start:end].index(key)

    def _weights(self) -> Weights:
        shipped = shipped_for(self.features)
        if self.table.decided.sum() < ENOUGH_DECIDED:
            return shipped.weights
        return own_weights(self.table, self.features, shipped.weights, shipped.spread, shipped.spread_none)

    def _sure(self) -> Numbers:
        """Per candidate its chance, as the trees (trees.py) correct it for the leading one of a row."""
        added = corrections(self.table, self.features, self.chance, self.none)[self.table.row]
        return np.where(self.table.given > 0, 1 / (1 + np.exp(-log_odds(self.chance) - added)), self.chance)

    def _rewrites(self, checked: Checked) -> Rewrites:
        """What the decided rows teach of rewriting their leading candidates."""
        best = leading(self.table, self.chance).tolist() if checked else []
        return Rewrites(
            [
                Decided(page_of(row.item), row.field, self.table.key[at], self.keys[text], text)
                for row, at in zip(self.rows, best, strict=False)
                if (text := checked.get((row.item, row.field))) is not None
            ]
        )

    def predictions(self) -> Iterator[Prediction]:
        """One for each row, in order."""
        starts, chances, sure = self.table.start.tolist(), self.chance.tolist(), self.sure.tolist()
        reliability = self.features.reliability.tolist()
        answer = 0
        for number, row in enumerate(self.rows):
            many = len(row.values)
            weights = reliability[answer : answer + many]
            place = slice(starts[number], starts[number + 1])
            yield self._rewritten(self._one(number, place.start, chances[place], sure[place], weights), row, weights)
            answer += many

    def _rewritten(self, told: Prediction, row: Row, weights: list[float]) -> Prediction:
        """The prediction, rewritten as professionals would, where that is likelier right than it is as it stands."""
        key = self.keys[told.value]
        found = self.rewrites.best(page_of(row.item), row.field, key) if key and self.rewrites else None
        if found is None:
            return told
        if found.chance <= told.confidence:
            doubted = min(
                told.confidence, 1 - found.chance
            )  # Half of it: that it was seldom rewritten is known already.
            return told._replace(confidence=(told.confidence + doubted) / 2)
        text = written(found.key.split(), [*row.values, found.example], [*weights, LITTLE])
        return told._replace(value=text, confidence=found.chance, tied=False)

    def _one(
        self, number: int, start: int, chance: list[float], corrected: list[float], weights: list[float]
    ) -> Prediction:
        row = self.rows[number]
        if not row.values:
            return Prediction(row.item, row.field, "", 0.0)
        if len(chance) == 1:
            value = (
                row.values[0].strip()
                if row.values.count(row.values[0]) == len(row.values)
                else best_spelling(row.values, weights)
            )
            return Prediction(row.item, row.field, value, corrected[0], False, tuple(weights))
        best = max(chance)
        leaders = [place for place, one in enumerate(chance) if one > best - 1e-9]
        place = leaders[0]
        if number in self.aligned and wordy(Counter(self.keys[value] for value in row.values)):
            place = self._place(number, " ".join(self.aligned[number][0])) - start
        key = self.table.key[start + place]
        same = [n for n, value in enumerate(row.values) if self.keys[value] == key]
        if same:
            value = best_spelling([row.values[n] for n in same], [weights[n] for n in same])
        else:
            value = written(key.split(), row.values, weights)
        sure = corrected[place] if same or key else min(SURE_OF_NOTHING, corrected[place])
        return Prediction(row.item, row.field, value, sure, len(leaders) > 1, tuple(weights))


def _aligned_rows(rows: Sequence[Row], keys: Keys) -> dict[int, tuple[tuple[str, ...], float]]:
    """By number of row the words of texts that differ: three different texts or more that have spaces.

    How well each volunteer writes is learned first, from how far they are from the text most like all others.
    """
    given = {number: _texts(row, keys) for number, row in enumerate(rows) if len(row.values) > 2}
    found = {number: (Together([key for key, _ in texts]), texts) for number, texts in given.items() if texts}
    writers = Writers()
    for together, texts in found.values():
        middle = together.words[together.backbone([1.0] * len(texts))]
        for words, (_, worker) in zip(together.words, texts, strict=True):
            writers.saw(worker, words, middle)
    return {
        number: together.merged([writers.accuracy(worker) for _, worker in texts])
        for number, (together, texts) in found.items()
    }


def _texts(row: Row, keys: Keys) -> list[tuple[str, str]]:
    """The keys that are not blank, each with who wrote it; none where there is nothing to align."""
    if row.type in ("number", "choice"):
        return []
    texts = [(key, worker) for value, worker in zip(row.values, row.workers, strict=True) if (key := keys[value])]
    different = {key for key, _ in texts}
    return texts if len(different) > 2 and any(" " in key for key in different) else []
