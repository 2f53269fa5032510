"""What confidences of votes are worth before anything was decided: the prior of calibration.py, and how it was judged.

    python scripts/consensus/prior.py FOLDER

FOLDER holds NAME.dev.jsonl.gz and fields.json. Sets are merged as on the site: reliabilities by a full fit, each row
from its own answers. Shift and stretch are fitted with the same weight for each collection. A collection is judged by
what the others give, with 0 to 300 of its items decided, drawn at random DRAWS times: expected calibration error, and
Brier's score with its standard deviation over draws, in per cent. Last it prints SHIFT and STRETCH from all.

    decided items                  0             10                    30                   100
    bai, votes as they are    20.9 / 23.2    6.3 / 18.4 ± 0.4     4.7 / 17.9 ± 0.2     3.8 / 17.5 ± 0.1
    bai, prior of hmsnhs       4.3 / 18.3    3.2 / 18.0 ± 0.1     4.0 / 17.7 ± 0.3     3.1 / 17.3 ± 0.1
    hmsnhs, votes             10.2 / 10.9    8.3 /  9.1 ± 0.8     7.3 /  8.3 ± 0.6
    hmsnhs, prior of bai       3.2 /  9.4    7.9 /  8.9 ± 0.4     7.6 /  8.2 ± 0.6

Sets of long dictations have no part in it: no two texts are the same there, and their confidence is that of the
weakest stretch of words, which is another quantity.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fit import read
from scoring import calibration_error, plain

from micro.core.consensus import calibration as site
from micro.core.consensus import merge
from micro.core.consensus.calibration import calibrated
from micro.core.consensus.lessons import taught
from micro.core.consensus.running import Running, full_fit
from micro.core.fields import Field, Said

COLLECTIONS = {"bai": ("bai", "bai-wide"), "hmsnhs": ("hmsnhs",)}
MANY, DRAWS = (0, 10, 30, 100, 300), 6
FIELDS = {"text": Field("x", "text", {}, {}), "long text": Field("x", "long_text", {}, {})}
Known = tuple[str, str, float, bool]
"""Item, field, confidence of the votes, and whether the value is right."""


def known_of(folder: Path, name: str) -> list[Known]:
    """The rows of a set as the site would merge them; a number or a choice is taken as a text."""
    rows, gold = read(folder, name)
    fields = [FIELDS.get(row.type, FIELDS["text"]) for row in rows]
    said = [[_said(value) for value in row.values] for row in rows]
    trust = {}
    for field in FIELDS.values():
        mine = [n for n in range(len(rows)) if fields[n] is field]
        lessons = (taught(field, list(zip(rows[n].workers, said[n], strict=True))) for n in mine)
        trust[field.type] = Running(full_fit(lessons))
    found = []
    for row, field, given in zip(rows, fields, said, strict=True):
        outcome = merge(field, given, reliabilities=[trust[field.type].of(who) for who in row.workers])
        right = plain(outcome.said.get("value", "")) == plain(gold[row.item, row.field])
        found.append((row.item, row.field, outcome.confidence, right))
    return found


def _said(value: str) -> Said:
    return {"value": value} if plain(value) else {"mark": "blank"}


def fitted(collections: Sequence[Sequence[Known]]) -> tuple[float, float]:
    """Shift and stretch that fit best, with the same weight for each collection."""
    lines = np.array([site._line(sure, "", ()) for each in collections for _, _, sure, _ in each])
    right = np.array([float(one) for each in collections for *_, one in each])
    weight = np.concatenate([np.full(len(each), 1 / len(each)) for each in collections])
    found = np.array([0.0, 0.4])
    for _ in range(100):
        expected = 1 / (1 + np.exp(-lines @ found))
        curve = (lines * (weight * expected * (1 - expected))[:, None]).T @ lines
        step = np.linalg.solve(curve, lines.T @ (weight * (right - expected)))
        found = found + step * min(1.0, 0.3 / (float(np.abs(step).max()) + 1e-12))
    return float(found[0]), float(found[1])


def judged(known: Sequence[Known], many: int) -> str:
    """Calibration error and Brier's score over the items that were not decided, by the prior as it is set."""
    items, found = sorted({item for item, *_ in known}), []
    for draw in range(DRAWS):
        chosen = set(np.random.default_rng(draw).permutation(items)[:many].tolist())
        reading = calibrated([(field, sure, right) for item, field, sure, right in known if item in chosen])
        rest = [(reading.of(sure, field), right) for item, field, sure, right in known if item not in chosen]
        sure, right = (np.array(part, float) for part in zip(*rest, strict=True))
        found.append((100 * calibration_error(sure, right), 100 * float(((sure - right) ** 2).mean())))
    error, brier = zip(*found, strict=True)
    return f"{np.mean(error):6.1f} / {np.mean(brier):4.1f} ± {np.std(brier):.1f}"


def main() -> None:
    folder = Path(sys.argv[1])
    known = {name: known_of(folder, name) for names in COLLECTIONS.values() for name in names}
    every = {name: [one for part in names for one in known[part]] for name, names in COLLECTIONS.items()}
    print(f"{'decided items':24s}" + "".join(f"{many:>19d}" for many in MANY))
    for left in COLLECTIONS:
        site.SHIFT, site.STRETCH = fitted([each for name, each in every.items() if name != left])
        for name in COLLECTIONS[left]:
            most = len({item for item, *_ in known[name]}) / 2
            print(f"{name:24s}" + "".join(f"{judged(known[name], many):>19s}" for many in MANY if many <= most))
    print("SHIFT {:.2f}, STRETCH {:.2f}".format(*fitted(list(every.values()))))


if __name__ == "__main__":
    main()
