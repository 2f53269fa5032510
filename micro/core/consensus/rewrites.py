"""What professionals write otherwise than everybody: rewritings learned from decided records.

The cards of one drawer say "84.5" and the catalogue 85, "Swiss Lakes" and it has "Switzerland, Swiss Lakes", "Murray
Coll'n" and it has "Murray Collection". Nobody typed these values, so no vote can choose them. Each decided row in
which the merged value is not the decided one teaches the words that were put in place of others (with their neighbours,
after the transformation rules of Brill 1995), or that numbers were rounded: for its column (the field in one drawer or
on one page), for its field, and for the project. A rule is used where it held in most decided rows that it fits, and
then its share, counted carefully, is the confidence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

Words = tuple[str, ...]
Scope = tuple[str, ...]
START, END = "\x02", "\x03"
"""Stand for the ends of a text, so that "at the end" can be a neighbour."""

LONGEST = 3
SEEN = 2
"""A rule has at most so many words to take away or to put; and was seen so often or more in its scope."""

PRIOR_ROWS, SELDOM = 3.0, 0.1
"""What is known of a rule in a wider scope is worth so many rows; of a rule of which nothing is known it is SELDOM."""

LEAST = 0.25
"""A rule of a smaller chance says nothing of a row that it fits."""

_FRACTION = re.compile(r"(?<![\d.])\d{1,15}\.\d{1,10}(?![\d.])")
_ROUNDINGS = {"half up": ROUND_HALF_UP, "half down": ROUND_HALF_DOWN, "cut off": ROUND_FLOOR}


class Decided(NamedTuple):
    """A decided row: the page (or drawer) and field, the key that was merged, and the key and text of the decision."""

    page: str
    field: str
    merged: str
    right: str
    text: str


class Rule(NamedTuple):
    """Words ``before`` become ``after``; or, with ``rounding``, numbers with decimals become whole."""

    before: Words
    after: Words
    rounding: str = ""

    def rewritten(self, key: str) -> str | None:
        """The key after this rule, or None where it does not fit: nowhere, or in more than one place."""
        if self.rounding:
            return _rounded(key, _ROUNDINGS[self.rounding])
        words, many = (START, *key.split(), END), len(self.before)
        fits = [n for n in range(len(words) - many + 1) if words[n : n + many] == self.before]
        if len(fits) != 1:
            return None
        new = (*words[: fits[0]], *self.after, *words[fits[0] + many :])
        return " ".join(word for word in new if word not in (START, END))


class Rewritten(NamedTuple):
    """A key made by a rule, the chance (0 to 1) that it is right, and a decision that was written so."""

    key: str
    chance: float
    example: str


class Rewrites:
    """The rules that decided rows teach."""

    def __init__(self, decided: Sequence[Decided]) -> None:
        """Neither the order of the rows nor their number of fields matters. Cost: rows x rules of a scope."""
        seen: Counter[tuple[Scope, Rule]] = Counter()
        self._example: dict[tuple[Scope, Rule], str] = {}
        for one in sorted(decided):
            for rule in _taught(one.merged, one.right):
                for scope in _scopes(one.page, one.field, rule):
                    seen[scope, rule] += 1
                    self._example.setdefault((scope, rule), one.text)
        self._rules: dict[Scope, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
        for (scope, rule), times in sorted(seen.items()):
            if times >= SEEN:
                self._rules[scope][_first(rule)].append(rule)
        self._fits: Counter[tuple[Scope, Rule]] = Counter()
        self._held: Counter[tuple[Scope, Rule]] = Counter()
        for one in decided:
            for rule, (key, _) in self._fitting(one.page, one.field, one.merged).items():
                for scope in _scopes(one.page, one.field, rule):
                    self._fits[scope, rule] += 1
                    self._held[scope, rule] += key == one.right

    def __bool__(self) -> bool:
        return bool(self._rules)

    def best(self, page: str, field: str, key: str) -> Rewritten | None:
        """The likeliest rewriting of a key, or None where no rule fits it."""
        found: Rewritten | None = None
        for rule, (new, example) in self._fitting(page, field, key).items():
            chance = self._chance(page, field, rule)
            if chance >= LEAST and (found is None or (chance, new) > (found.chance, found.key)):
                found = Rewritten(new, chance, example)
        return found

    def _chance(self, page: str, field: str, rule: Rule) -> float:
        """How often the rule held where it fits; in each scope shrunk to the wider one, and in the widest to SELDOM."""
        chance = SELDOM
        for scope in _scopes(page, field, rule):
            fits, held = self._fits[scope, rule], self._held[scope, rule]
            chance = (held + PRIOR_ROWS * chance) / (fits + PRIOR_ROWS)
        return chance

    def _fitting(self, page: str, field: str, key: str) -> dict[Rule, tuple[str, str]]:
        """The rules that fit, each with what it makes of the key and the text of a decision that taught it."""
        found: dict[Rule, tuple[str, str]] = {}
        words = ("", START, END, *key.split())
        for scope in ((page, field), (field,), ()):
            rules = self._rules.get(scope)
            for rule in (rule for word in words for rule in rules.get(word, ())) if rules else ():
                new = rule.rewritten(key) if rule not in found else None
                if new is not None and new != key:
                    found[rule] = new, self._example[scope, rule]
        return found


def _scopes(page: str, field: str, rule: Rule) -> Iterator[Scope]:
    """Where a rule may hold, the widest first. Roundings and what names no word are too common to hold everywhere."""
    if any(word not in (START, END) for word in rule.before):
        yield ()
    yield (field,)
    if page:
        yield (page, field)


def _first(rule: Rule) -> str:
    return "" if rule.rounding else rule.before[0]


def _taught(merged: str, right: str) -> Iterator[Rule]:
    """The rules that make the right key of the merged one."""
    if not merged or not right or merged == right:
        return
    for name, how in _ROUNDINGS.items():
        if _rounded(merged, how) == right:
            yield Rule((), (), name)
    here, there = (START, *merged.split(), END), (START, *right.split(), END)
    steps = [step for step in Levenshtein.opcodes(here, there) if step.tag != "equal"]
    start, end = min(step.src_start for step in steps), max(step.src_end for step in steps)
    new, stop = min(step.dest_start for step in steps), max(step.dest_end for step in steps)
    if max(end - start, stop - new) > LONGEST:
        return
    before, after = here[start:end], there[new:stop]
    left, right_of = here[start - 1], here[end]
    yield Rule((left, *before, right_of), (left, *after, right_of))
    if before:
        yield Rule(before, after)
    else:
        yield Rule((left,), (left, *after))
        yield Rule((right_of,), (*after, right_of))


def _rounded(key: str, how: str) -> str | None:
    """The key with its numbers rounded to whole ones; None where none has decimals."""
    if not _FRACTION.search(key):
        return None
    return _FRACTION.sub(lambda found: str(Decimal(found[0]).quantize(Decimal(1), how)), key)
