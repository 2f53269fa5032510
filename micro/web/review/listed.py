"""Rows of a table or of lines at the reviewer's desk: which of them are in doubt, and who has them."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import get_locale

from micro.core.consensus import RowCount, row_counts
from micro.core.fields import has_form
from micro.services.review.sight import FieldSight


@dataclass(frozen=True)
class ListedRow:
    """A row that not everybody has, or in which people differ. ``labels`` name the columns in which they do."""

    row: RowCount
    labels: tuple[str, ...]


def listed(sight: FieldSight) -> tuple[ListedRow, ...]:
    """The rows of a field that a reviewer should look at, in their order; none for fields that have no rows.

    Their readings are numbered as the answers on the page are: as people wrote them.
    """
    if sight.field.type not in ("table", "lines"):
        return ()
    fitting = [one if has_form(sight.field, one["said"].get("value")) else {**one, "said": {}} for one in sight.written]
    said = sight.said if has_form(sight.field, sight.said.get("value")) else {}
    language = str(get_locale())
    labels = {column.name: column.label(language) for column in sight.field.columns}
    return tuple(
        ListedRow(row, tuple(labels[name] for name in row.open))
        for row in row_counts(sight.field, fitting, said)
        if row.open or row.place is None or row.count < row.among
    )
