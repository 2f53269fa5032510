"""What the replay study sees: a project in which the pilot is answered in full and the other items n times each."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from micro.core.consensus import keys
from micro.core.gains import Givers, Sight, Told, likeness, looks_of, sight_of

Row = dict[str, Any]
Engine = Callable[[Sequence[Row], Mapping[tuple[str, str], str]], Iterable[Mapping[str, Any]]]

SEED = 20261123
CHECKED = 300
_POINT = "\ue000"


row_key = lru_cache(maxsize=500_000)(keys.row_key)


@dataclass(frozen=True)
class Seen:
    """A row after some answers: what the engine says, of which answers, and how right it is. ``right`` of ``whole``:
    words of the gold, or 1 of 1 where the whole value is right."""

    item: str
    field: str
    value: str
    confidence: float
    answers: tuple[tuple[str, str], ...]
    right: float
    whole: float


@dataclass(frozen=True)
class Parts:
    """Which items have which part. ``pilot``: answered in full; ``checked``: those of them that professionals decided;
    ``halves``: the studied items, each half tuning the rule that the other is measured with."""

    pilot: frozenset[str]
    checked: frozenset[str]
    halves: tuple[frozenset[str], frozenset[str]]


def parts_of(lengths: Mapping[str, int], least: int, share: float, split: int = 0) -> Parts:
    """Items with fewer than ``least`` answers, and a ``share`` of the others, are the pilot; up to CHECKED are checked.

    ``split`` divides the halves in another way; the pilot stays.
    """
    chance = random.Random(SEED)
    enough, others = (sorted(i for i in lengths if (lengths[i] >= least) == wanted) for wanted in (True, False))
    chance.shuffle(enough)
    chance.shuffle(others)
    count = int(len(enough) * share)
    checked = [*enough[:count], *others[: max(0, CHECKED - count)]]
    studied = sorted(enough[count:])
    random.Random(SEED + split).shuffle(studied)
    halves = frozenset(studied[::2]), frozenset(studied[1::2])
    return Parts(frozenset(enough[:count]) | frozenset(others), frozenset(checked), halves)


def in_order(rows: Sequence[Row], chance: random.Random | None) -> list[Row]:
    """The rows with "turns": for every answer when it came for its item, from 1; by time, or each row's at random."""
    if chance is not None:
        return [
            {**row, "turns": list(enumerate(chance.sample(row["answers"], len(row["answers"])), 1))} for row in rows
        ]
    came: dict[str, dict[Any, str]] = defaultdict(dict)
    for row in rows:
        for answer in row["answers"]:
            came[row["item"]].setdefault(answer["worker"], answer["at"])
    turns = {
        item: {who: turn for turn, who in enumerate(sorted(at, key=lambda one: (at[one], str(one))), 1)}
        for item, at in came.items()
    }
    return [{**row, "turns": [(turns[row["item"]][a["worker"]], a) for a in row["answers"]]} for row in rows]


def lengths_of(rows: Sequence[Row]) -> dict[str, int]:
    """How many answers every item has."""
    lengths: dict[str, int] = defaultdict(int)
    for row in rows:
        lengths[row["item"]] = max(lengths[row["item"]], *(turn for turn, _ in row["turns"]))
    return dict(lengths)


def rounds_of(rows: Sequence[Row], parts: Parts, engine: Engine, by_words: bool) -> list[list[Seen]]:
    """What is seen of the studied items when every one of them has one answer, two, and so on.

    The engine is told the gold of checked items, which are all of the pilot, and of no other.
    """
    checked = {(row["item"], row["field"]): row["gold"] for row in rows if row["item"] in parts.checked}
    lengths = lengths_of(rows)
    rounds = []
    for count in range(1, max(lengths[item] for half in parts.halves for item in half) + 1):
        known = [
            {**row, "answers": [a for turn, a in row["turns"] if turn <= count or row["item"] in parts.pilot]}
            for row in rows
        ]
        known = [row for row in known if row["answers"]]
        bare = [{name: row[name] for name in ("item", "field", "type", "answers")} for row in known]
        said = {(one["item"], one["field"]): one for one in engine(bare, checked)}
        studied = [row for row in known if row["item"] not in parts.pilot]
        rounds.append([_seen(row, said[row["item"], row["field"]], by_words) for row in studied])
    return rounds


def _seen(row: Row, said: Mapping[str, Any], by_words: bool) -> Seen:
    answers = tuple((str(answer["worker"]), answer["value"]) for answer in row["answers"])
    right, whole = scored(said["value"], row["gold"], by_words)
    return Seen(row["item"], row["field"], said["value"], float(said["confidence"]), answers, right, whole)


def scored(value: str, gold: str, by_words: bool) -> tuple[float, float]:
    """How much is right, of how much. Words: those of the gold less the errors, so that 1 - right / whole is WER."""
    one, other = normalised(value), normalised(gold)
    if not by_words:
        return float(one == other), 1.0
    many = len(other.split())
    return many - (1 - likeness(one, other)) * max(many, len(one.split())), float(many)


def normalised(text: str) -> str:
    """Case, apostrophes, punctuation and white space folded; a decimal comma is a point."""
    text = re.sub(r"(?<=\d)[.,](?=\d)", _POINT, unicodedata.normalize("NFKC", text).casefold())
    signs = ("" if sign in "'’‘`´" else " " if unicodedata.category(sign)[0] == "P" else sign for sign in text)
    return " ".join("".join(signs).split()).replace(_POINT, ".")


def givers_of(rows: Sequence[Row], parts: Parts, by_words: bool) -> Givers:
    """How often everybody was right on checked items of the pilot."""
    return Givers(_told(rows, parts, by_words))


def _told(rows: Sequence[Row], parts: Parts, by_words: bool) -> Iterator[tuple[str, float]]:
    for row in rows:
        if row["item"] in parts.checked:
            gold = row_key(row["gold"])
            for answer in row["answers"]:
                key = row_key(answer["value"])
                yield str(answer["worker"]), likeness(key, gold) if by_words else float(key == gold)


@dataclass(frozen=True)
class History:
    """A studied item in one order. ``told`` holds how it looked and how much was right (fields or words); ``sure``: the
    mean confidence after every answer; ``whole``: how much there is to get right; ``name``: the project."""

    order: int
    told: Told
    sure: tuple[float, ...]
    whole: float
    name: str = ""

    @property
    def item(self) -> str:
        return self.told.item


def histories_of(
    rounds: Sequence[Sequence[Seen]], order: int, givers: Givers, lengths: Mapping[str, int]
) -> list[History]:
    """Every studied item answer by answer."""
    sights: dict[str, list[list[Sight]]] = defaultdict(list)
    right: dict[str, list[float]] = defaultdict(list)
    sure: dict[str, list[float]] = defaultdict(list)
    whole: dict[str, float] = {}
    for count, seen in enumerate(rounds, start=1):
        fields: dict[str, list[Seen]] = defaultdict(list)
        for one in seen:
            if count <= lengths[one.item]:
                fields[one.item].append(one)
        for item, several in fields.items():
            sights[item].append([_sight(one, givers) for one in several])
            right[item].append(sum(one.right for one in several))
            sure[item].append(sum(one.confidence for one in several) / len(several))
            whole[item] = sum(one.whole for one in several)
    return [
        History(
            order,
            Told(
                item,
                tuple(looks_of(now, before) for before, now in zip([[], *those], those, strict=False)),
                tuple(right[item]),
            ),
            tuple(sure[item]),
            whole[item],
        )
        for item, those in sights.items()
    ]


def _sight(one: Seen, givers: Givers) -> Sight:
    given = [row_key(value) for _, value in one.answers]
    return sight_of(row_key(one.value), given, one.confidence, [givers.of(who) for who, _ in one.answers])
