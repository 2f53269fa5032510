"""Measures the engine beside simpler rules and other people's libraries, and draws the figures of docs/consensus.md.

    python scripts/consensus/compare.py [FOLDER] [--write docs] [--draws 3] [--peers PYTHON] [--kept FILE]

FOLDER holds NAME.dev.jsonl.gz and fields.json; without it $MICRO_REAL_DATA/consensus. The table goes to the standard
output; with --write it is also put into consensus.md and consensus.fr.md of that folder, and its pictures are drawn.
--peers names the python of an environment that has crowd-kit (peers.py): what is there is
measured on the same rows, what is not is left out. --kept keeps what was fitted in a file for the next time. Every
number of the engine is of items that its coefficients were not fitted on, and once more of collections (unseen.py);
how values are compared is told in scoring.py. It takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import peers
from compare_figures import drawn_pictures
from compare_table import Line, put_into, table_of
from fit import Gold, read
from rapidfuzz.distance import Levenshtein
from scoring import Said, Score, near, plain, scored
from unseen import Unseen, drawn, not_drawn

from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Prediction, Row, Settings

CHECKED = 300
PEER_SETS = ("bai", "hmsnhs", "crowdspeech-test-clean", "crowdspeech-test-other")
Rule = Callable[[Row], str]
Measure = Callable[[Score], float]


def said_by(predictions: Iterable[Prediction]) -> Said:
    return {(one.item, one.field): (one.value, one.confidence) for one in predictions}


def by_rule(rows: Iterable[Row], rule: Rule) -> Said:
    return {(row.item, row.field): (rule(row), 0.5) for row in rows}


def plurality(row: Row) -> str:
    """What most wrote, as scoring.py compares; of equals what came first."""
    count = Counter(map(plain, row.values))
    return max(row.values, key=lambda value: count[plain(value)])


def longest(row: Row) -> str:
    """The rule of MicroPasts' own scripts: the longest answer; of equals what came first."""
    return max(row.values, key=len)


def perfect(gold: Gold) -> Rule:
    """The given answer that is nearest to the truth: nobody who only picks can be better."""

    def picked(row: Row) -> str:
        true = plain(gold[row.item, row.field])
        return min(
            row.values, key=lambda one: (plain(one) != true, Levenshtein.distance(plain(one).split(), true.split()))
        )

    return picked


class Compared:
    """What every engine says of every set, worked out once."""

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        self.unseen = Unseen(folder, kept)
        self._said: dict[tuple[str, str], Said] = {}

    def said(self, name: str, engine: str) -> Said:
        if (name, engine) not in self._said:
            self._said[name, engine] = self._work_out(name, engine)
        return self._said[name, engine]

    def _work_out(self, name: str, engine: str) -> Said:
        rows, gold = self.unseen.data[name]
        match engine:
            case "plurality" | "longest" | "perfect":
                rule = {"plurality": plurality, "longest": longest, "perfect": perfect(gold)}[engine]
                return by_rule(rows, rule)
            case "alone":
                return said_by(merge_project(rows, settings=Settings(learning=False)))
            case _:  # "micro", "micro 300", "elsewhere", "elsewhere 300".
                which, _, many = engine.partition(" ")
                return said_by(self.unseen.merged(name, drawn(gold, int(many or 0)), which == "elsewhere"))


def lines(compared: Compared, folder: Path) -> list[Line]:
    """The rows of the table."""

    def line(key: str, name: str, measure: Measure, checked: int = 0, agreed: bool = False) -> Line:
        _, gold = compared.unseen.data[name]
        gold = not_drawn(gold, checked) if checked else gold
        if agreed:
            gold = {place: gold[place] for place in read(folder, f"{name}-agreed")[1] if place in gold}
        sure = key in ("ece", "accepted")
        rules = () if sure else ("plurality", "longest", "perfect")
        scores = {one: scored(compared.said(name, one), gold) for one in (*rules, "alone")}
        for one in ("elsewhere", "micro"):
            scores[one] = scored(compared.said(name, f"{one} {checked}" if checked else one), gold)
        cells = {one: measure(score) for one, score in scores.items()}
        return Line(key, cells, None if sure or key.startswith("speech") else scores["micro"].within, len(gold))

    return [
        line("bai", "bai", lambda s: s.right),
        line("bai 300", "bai", lambda s: s.right, CHECKED),
        line("agreed", "bai", lambda s: s.right, CHECKED, agreed=True),
        line("wide 300", "bai-wide", lambda s: s.right, CHECKED),
        line("ece", "bai", lambda s: s.ece, CHECKED),
        line("accepted", "bai", lambda s: s.accepted, CHECKED),
        line("hmsnhs", "hmsnhs", lambda s: s.right),
        line("speech clean", "crowdspeech-test-clean", lambda s: s.word_errors),
        line("speech other", "crowdspeech-test-other", lambda s: s.word_errors),
        places(folder),
    ]


def places(folder: Path) -> Line:
    """The row of points, which need no coefficients."""
    rows, gold = read(folder, "bai-geo")
    said = {
        "plurality": by_rule(rows, plurality),
        "perfect": by_rule(
            rows,
            lambda row: min(
                row.values,
                key=lambda one: (
                    -near({(row.item, row.field): (one, 0.5)}, {(row.item, row.field): gold[row.item, row.field]})
                ),
            ),
        ),
        "alone": said_by(merge_project(rows, settings=Settings(learning=False))),
        "micro": said_by(merge_project(rows)),
    }
    return Line("geo", {name: near(one, gold) for name, one in said.items()}, None, len(gold))


def print_peers(compared: Compared, python: Path) -> None:
    """What the libraries of another environment say of the same rows, beside micro."""
    for name in PEER_SETS:
        rows, gold = compared.unseen.data[name]
        asked = [
            {
                "item": row.item,
                "field": row.field,
                "answers": list(zip(row.workers, map(plain, row.values), strict=True)),
            }
            for row in rows
        ]
        found = [("micro", scored(compared.said(name, "micro"), gold))]
        for method in peers.METHODS:
            told = peers.merged(python, method, asked)
            if told is not None:
                values, version = told
                said = {(row.item, row.field): (value, 0.5) for row, value in zip(rows, values, strict=True)}
                found.append((f"{method} {version}", scored(said, gold)))
        for who, score in found:
            print(f"{name:24s} {who:32s} right {score.right:5.1f} %  wrong words {score.word_errors:6.2f} %")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, nargs="?")
    options.add_argument("--write", type=Path)
    options.add_argument("--draws", type=int, default=3)
    options.add_argument("--peers", type=Path)
    options.add_argument("--kept", type=Path)
    chosen = options.parse_args()
    folder = chosen.folder or Path(os.environ.get("MICRO_REAL_DATA", ".")) / "consensus"
    if not (folder / "fields.json").is_file():
        sys.exit(f"{folder} has no fields.json: name the folder, or set MICRO_REAL_DATA.")
    compared = Compared(folder, chosen.kept)
    found = lines(compared, folder)
    if chosen.peers:
        print_peers(compared, chosen.peers)
    print(table_of(found, "en"))
    if chosen.write:
        put_into(chosen.write, found)
        drawn_pictures(compared, chosen.write / "pictures", chosen.draws)


if __name__ == "__main__":
    main()
