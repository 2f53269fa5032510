"""The choices of a field: typed as lines, or taken from a vocabulary as a copy with its identifiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from micro.core.fields.setup import LONGEST_CODE, MOST_CHOICES, checked_uri
from micro.core.vocabularies.entries import LABEL_LONGEST, LANGUAGES, Entry, make_code, visible
from micro.errors import BadAnswer, to_translate

Choice = dict[str, Any]
"""{"code", "label": {language: text}, "uri"}, as in the body of a setup; without "uri" where there is none."""

BETWEEN = " / "


def written_lines(choices: Iterable[Mapping[str, Any]]) -> str:
    """The choices as lines "code = English / French".

    >>> written_lines([{"code": "gold", "label": {"en": "Gold", "fr": "Or"}}, {"code": "tin", "label": {"en": "Tin"}}])
    'gold = Gold / Or\\ntin = Tin'
    """
    return "\n".join(f"{choice['code']} = {_written(choice.get('label', {}))}".rstrip(" =") for choice in choices)


def _written(labels: Mapping[str, str]) -> str:
    texts = [str(labels.get(language, "")) for language in LANGUAGES]
    return BETWEEN.join(texts) if texts[-1] else texts[0]


def read_lines(text: str) -> list[Choice]:
    """The choices of such lines; the code may be left out and is then made from the label.

    Raises BadAnswer("choices") with the number of the first line that cannot be read.
    """
    choices: list[Choice] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not visible(line):
            continue
        code, equals, words = line.partition("=")
        labels = _labels(words if equals else code, number)
        code = visible(code) if equals else make_code(next(iter(labels.values()), "")).lower()
        _check_code(code, number, [choice["code"] for choice in choices])
        choices.append({"code": code, "label": labels or {"en": code}})
    return _bounded(choices)


def read_codes(text: str) -> list[str]:
    """The codes of such lines, for choices whose labels come from a vocabulary; each code once."""
    codes = (visible(line.partition("=")[0]) for line in text.splitlines())
    return list(dict.fromkeys(code for code in codes if code))


def _labels(words: str, number: int) -> dict[str, str]:
    texts = [visible(text) for text in words.split(BETWEEN)]
    if len(texts) > len(LANGUAGES):
        sentence = to_translate(
            "Line %(number)s has more than one “ / ”. It stands between the English and the French label only."
        )
        raise BadAnswer("choices", sentence, number=number)
    if any(len(text) > LABEL_LONGEST for text in texts):
        sentence = to_translate("Line %(number)s: a label is longer than %(most)s characters.")
        raise BadAnswer("choices", sentence, number=number, most=LABEL_LONGEST)
    return {language: text for language, text in zip(LANGUAGES, texts, strict=False) if text}


def _check_code(code: str, number: int, before: Sequence[str]) -> None:
    if code in before:
        raise BadAnswer("choices", "Line %(number)s has the code “%(code)s” once more.", number=number, code=code)
    if not code or len(code) > LONGEST_CODE or "|" in code:
        sentence = to_translate(
            "Line %(number)s needs a code before its “=”, of at most %(most)s characters and without “|”."
        )
        raise BadAnswer("choices", sentence, number=number, most=LONGEST_CODE)


def _bounded(choices: list[Choice]) -> list[Choice]:
    if len(choices) > MOST_CHOICES:
        sentence = to_translate(
            "These are %(count)s choices. A field offers at most %(most)s: take a part of the vocabulary."
        )
        raise BadAnswer("choices", sentence, count=len(choices), most=MOST_CHOICES)
    return choices


def branches(entries: Iterable[Entry]) -> list[Entry]:
    """The concepts that have others below them."""
    known = {entry.code: entry for entry in entries}
    above = {entry.broader for entry in known.values() if entry.broader}
    return [entry for code, entry in known.items() if code in above]


def taken(entries: Sequence[Entry], part: str, codes: Sequence[str] = ()) -> list[Choice]:
    """The choices that a part of a vocabulary gives: "all", "below:<code>" (that concept too), or "": these ``codes``.

    A label that is missing in one language is taken from the other. Raises BadAnswer("choices").
    """
    if part == "all":
        return _bounded([_choice(entry) for entry in entries])
    if part.startswith("below:"):
        wanted = _below(entries, part.removeprefix("below:"))
        return _bounded([_choice(entry) for entry in entries if entry.code in wanted])
    known = {entry.code: entry for entry in entries}
    if missing := [code for code in codes if code not in known]:
        raise BadAnswer("choices", "There is no “%(code)s” in this vocabulary.", code=missing[0][:LONGEST_CODE])
    return _bounded([_choice(known[code]) for code in codes])


def _below(entries: Iterable[Entry], top: str) -> set[str]:
    narrower: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        narrower[entry.broader].append(entry.code)
    found, waiting = set(), [top]
    while waiting:
        code = waiting.pop()
        if code not in found:  # Some thesauri run in circles.
            found.add(code)
            waiting.extend(narrower[code])
    return found


def _choice(entry: Entry) -> Choice:
    labels = {language: entry.labels.get(language) or entry.label for language in LANGUAGES}
    choice: Choice = {"code": entry.code, "label": labels}
    try:
        return {**choice, "uri": checked_uri(entry.code, entry.uri)} if entry.uri else choice
    except BadAnswer:  # Identifiers that are no web address stay in the vocabulary.
        return choice


def refreshed(entries: Sequence[Entry], part: str, present: Sequence[Mapping[str, Any]]) -> list[Choice]:
    """The choices of a field as the vocabulary says them now. New ones come at the end; none is taken away."""
    known = {entry.code: _choice(entry) for entry in entries}
    kept = [known.get(str(choice["code"]), dict(choice)) for choice in present]
    codes = {choice["code"] for choice in kept}
    new = [choice for choice in taken(entries, part) if choice["code"] not in codes] if part else []
    return _bounded([*kept, *new])
