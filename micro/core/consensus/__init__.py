"""The consensus engine: from redundant, imperfect answers to one value per field, a confidence, and the evidence.

Pure: no database, no web. :func:`merge` takes what volunteers said of one field. Answers are grouped by a comparison
key (keys.py), the winner is chosen by the type of the field (majority; medoid for text; median for numbers without a
majority; part by part for dates; label by label for tags, labels.py; the heaviest place for points, places.py; row by
row for tables and lines, rows.py), and the confidence comes from one fixed model of how often a volunteer is right
(confidence.py). No result depends on the order in which answers came.
"""

from micro.core.consensus.labels import LabelCount, label_counts
from micro.core.consensus.merge import ENGINE, merge
from micro.core.consensus.outcome import Outcome

__all__ = ["ENGINE", "LabelCount", "Outcome", "label_counts", "merge"]
