"""Other people's libraries on the same rows, in an environment of their own; never installed with the product.

    PYTHON scripts/consensus/peers.py METHOD < rows.jsonl > merged.jsonl

is run by compare.py (--peers PYTHON) for each of METHODS. Rows are {"item", "field", "answers": [[worker, value], …]};
values are given as scoring.py compares them, so that no library loses by punctuation. A library that is not in that
environment is left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

METHODS = ("crowd-kit MajorityVote", "crowd-kit ROVER")
NOT_HERE = 3
"""The exit code of a METHOD whose library is missing."""


def merged(python: Path, method: str, rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], str] | None:
    """The value of each row and the version of the library, or None where it is not installed."""
    lines = "\n".join(json.dumps(row) for row in rows)
    ran = subprocess.run([python, __file__, method], input=lines, capture_output=True, text=True, check=False)
    if ran.returncode == NOT_HERE:
        return None
    if ran.returncode:
        raise RuntimeError(f"{method} failed: {ran.stderr[-2000:]}")
    version, *told = ran.stdout.splitlines()
    return [json.loads(line) for line in told], version


def main() -> None:
    try:
        from importlib.metadata import version  # noqa: PLC0415

        import crowdkit.aggregation as crowdkit  # noqa: PLC0415
        import pandas  # noqa: PLC0415
    except ImportError:
        sys.exit(NOT_HERE)
    rows = [json.loads(line) for line in sys.stdin]
    method = sys.argv[1].split()[1]
    column = "text" if method == "ROVER" else "label"
    given = [(n, who, value) for n, row in enumerate(rows) for who, value in row["answers"]]
    table = pandas.DataFrame(given, columns=["task", "worker", column])
    if method == "ROVER":
        chosen = crowdkit.ROVER(tokenizer=str.split, detokenizer=" ".join).fit_predict(table)
    else:
        chosen = getattr(crowdkit, method)().fit_predict(table)
    print(version("crowd-kit"))
    for n in range(len(rows)):
        print(json.dumps(chosen.get(n, "")))


if __name__ == "__main__":
    main()
