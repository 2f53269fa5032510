"""What taking a file into a vocabulary would change, decided before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from micro.core.vocabularies.entries import CONCEPTS_MOST, Entry, Read
from micro.errors import BadAnswer, to_translate


@dataclass(frozen=True)
class Change:
    """A concept that is there already and would say something else."""

    before: Entry
    after: Entry


@dataclass(frozen=True)
class Plan:
    """What would be added, changed and left as it is; ``missing`` are in the vocabulary and not in the file: they stay.

    ``problems`` are by place in the file: rows that are left out, and such that are taken in part.
    """

    added: tuple[Entry, ...]
    changed: tuple[Change, ...]
    same: int
    missing: tuple[Entry, ...]
    problems: tuple[BadAnswer, ...]


def plan_import(present: Iterable[Entry], read: Read) -> Plan:
    """Compares a file with a vocabulary. A concept is known again by its URI, else by its code.

    Codes are permanent: a concept that is known by its URI keeps its code whatever the file says. Labels of the file
    replace those of the same language, and nothing that the file does not say is taken away. Raises BadAnswer("file")
    when the vocabulary would grow beyond what is allowed.
    """
    here = {entry.code: entry for entry in present}
    matched, problems = _matched(here, read.entries)
    known = {code: code for code in here} | {entry.uri: entry.code for entry in here.values() if entry.uri}
    for said, _, entry in matched:
        known |= {entry.code: entry.code, said.code: entry.code} | ({entry.uri: entry.code} if entry.uri else {})
    added: list[Entry] = []
    changed: list[Change] = []
    wished = {entry.code: _above(entry, known, problems) for _, _, entry in matched}
    tree = _Tree({code: entry.broader for code, entry in here.items() if not wished.get(code)})
    for _, before, entry in matched:
        broader = wished[entry.code]
        if broader and not tree.put(entry.code, broader):
            sentence = to_translate("“%(broader)s” stands below this concept itself, so this one is taken without it.")
            problems.append(BadAnswer(entry.place, sentence, broader=broader))
            broader = before.broader if before and tree.put(entry.code, before.broader) else ""
        elif not broader and before:
            broader = before.broader
        if before is None:
            added.append(replace(entry, broader=broader))
            continue
        after = replace(
            before,
            labels={**before.labels, **entry.labels},
            uri=entry.uri or before.uri,
            broader=broader,
        )
        if (after.labels, after.uri, after.broader) != (before.labels, before.uri, before.broader):
            changed.append(Change(before, after))
    if len(here) + len(added) > CONCEPTS_MOST:
        raise BadAnswer("file", "A vocabulary holds at most %(most)s concepts.", most=CONCEPTS_MOST)
    found = {before.code for _, before, _ in matched if before is not None}
    missing = tuple(entry for code, entry in here.items() if code not in found)
    return Plan(tuple(added), tuple(changed), len(found) - len(changed), missing, (*read.problems, *problems))


class _Tree:
    """Which concept stands below which, without circles. Cost: nearly the same for each, however deep it is."""

    def __init__(self, above: Mapping[str, str]) -> None:
        self._above: dict[str, str] = {}
        for code, broader in above.items():
            self.put(code, broader)

    def put(self, code: str, broader: str) -> bool:
        """Puts a concept that stands below none yet; False, and nothing is done, where this would close a circle."""
        if not broader:
            return True
        top = self._top(broader)
        if top != code:
            self._above[code] = top  # The top is enough to know a circle by.
        return top != code

    def _top(self, code: str) -> str:
        passed = []
        while code in self._above:
            passed.append(code)
            code = self._above[code]
        self._above |= dict.fromkeys(passed, code)
        return code


Matched = list[tuple[Entry, Entry | None, Entry]]


def _matched(here: Mapping[str, Entry], entries: tuple[Entry, ...]) -> tuple[Matched, list[BadAnswer]]:
    """Each entry as it was said, the concept that it is if it is there, and the entry with the code that it gets."""
    by_uri = {entry.uri: entry for entry in here.values() if entry.uri}
    taken: dict[str, str] = {}  # code or URI -> place in the file
    matched: Matched = []
    problems: list[BadAnswer] = []
    for entry in entries:
        before = by_uri.get(entry.uri) if entry.uri else None
        before = before or _by_code(here, entry)
        code = before.code if before else _free_code(entry, here, taken)
        if double := next((key for key in (entry.uri, code) if key and key in taken), ""):
            problems.append(_once_more(entry, double, taken[double]))
        elif before is None and entry.code_is_said and code in here:
            problems.append(
                BadAnswer(entry.place, "The code “%(code)s” belongs to a concept with another URI.", code=code)
            )
        else:
            taken |= {code: entry.place} | ({entry.uri: entry.place} if entry.uri else {})
            matched.append((entry, before, replace(entry, code=code)))
    return matched, problems


def _once_more(entry: Entry, double: str, place: str) -> BadAnswer:
    sentence = to_translate("“%(double)s” stands here once more; it stood at %(place)s already.")
    return BadAnswer(entry.place, sentence, double=double[:80], place=place[:80])


def _by_code(here: Mapping[str, Entry], entry: Entry) -> Entry | None:
    """The concept with this code, unless both have a URI and these differ."""
    found = here.get(entry.code)
    return found if found and (not entry.uri or not found.uri or entry.uri == found.uri) else None


def _free_code(entry: Entry, here: Mapping[str, Entry], taken: Mapping[str, str]) -> str:
    """The entry's code; one that was made here from a URI gets a number when another concept has it."""
    if entry.code_is_said or not entry.uri:
        return entry.code
    code, number = entry.code, 1
    while code in here or code in taken:
        number += 1
        code = f"{entry.code}-{number}"
    return code


def _above(entry: Entry, known: Mapping[str, str], problems: list[BadAnswer]) -> str:
    """The code of the concept above, empty for none; one that is nowhere is a problem of its own."""
    if not entry.broader:
        return ""
    code = known.get(entry.broader, "")
    if not code:
        sentence = to_translate("There is no concept “%(broader)s” for this one to stand below.")
        problems.append(BadAnswer(entry.place, sentence, broader=entry.broader[:80]))
    return code
