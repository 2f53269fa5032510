"""The consensus engine: from redundant, imperfect answers to one value per field, a confidence, and the evidence.

Pure: no database, no web. Two ways in:

* :func:`merge` takes what volunteers said of one field of a form. Answers are grouped by a comparison key (keys.py),
  the winner is chosen by the type of the field (majority, ties broken by who is reliable; medoid or words aligned for
  text; part by part for dates; label by label for tags; the heaviest place for points), and the confidence comes from
  the votes (confidence.py), calibrated on what professionals decided (calibration.py). Reliabilities are kept by
  running.py, with a full fit in reliability.py; conduct.py tells who behaves oddly, differing.py where answers differ.
* :func:`merge_project` takes a whole table of answers at once and learns from it: whom to trust, what is usual, and
  from decided records how values are written (features.py, usualness.py, habits.py, ranker.py). ``micro consensus``
  runs it.

No result depends on the order in which answers came.
"""

from micro.core.consensus.aligned_rows import RowCount, row_counts
from micro.core.consensus.differing import Part, Reading, differences
from micro.core.consensus.labels import LabelCount, label_counts
from micro.core.consensus.merge import ENGINE, merge
from micro.core.consensus.outcome import Outcome
from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Prediction, Row, Settings

__all__ = [
    "ENGINE",
    "LabelCount",
    "Outcome",
    "Part",
    "Prediction",
    "Reading",
    "Row",
    "RowCount",
    "Settings",
    "differences",
    "label_counts",
    "merge",
    "merge_project",
    "row_counts",
]
