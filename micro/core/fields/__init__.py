"""Types of fields: what a volunteer may say, how it is read from a form, and how it is written down.

One given value of a field is a small mapping, the same in forms, answers, records and the JSON interface:
``{"value": …}``, ``{"mark": "blank" | "illegible" | "unsure"}``, or ``{"value": …, "mark": "unsure"}``.
Blank, illegible and not sure are values of their own, never typed words. Values by type:

=========== ======================================= ================================================
type        value                                   example
=========== ======================================= ================================================
text        one line                                ``"Socketed axe"``
long_text   lines joined by ``\\n``                  ``"Found in\\na field"``
number      ``{"amount": decimal, "unit": str}``     ``{"amount": "12.4", "unit": "cm"}``
date        EDTF level 1, unknown digits as X       ``"1907-10-XX"`` (ISO 8601-2:2019)
choice      the code of one choice                  ``"bronze"``
tags        codes, then ``{"free": text}``          ``["axe", "hoard", {"free": "bent at the tip"}]``
point       degrees of WGS 84 as decimal texts      ``{"lat": "51.5357", "lon": "-0.9028"}``
table       rows: what is said of each column       ``[{"object": {"value": "Axe"}}]``
lines       what is said of each line               ``[{"value": "In the name"}, {"mark": "illegible"}]``
=========== ======================================= ================================================

An empty list of tags is nothing said; "none of these" is the mark ``blank``. A field that depends on another and was
not asked has the mark ``unasked``, which nobody chooses. field.py says what a field is, setup.py makes one with the
help of asking.py, said.py reads and writes values with that of plain.py, tags.py, points.py and rows.py; marks.py reads
the marks within a text.
"""

from micro.core.fields.field import FIELD_TYPES, MARKS, UNASKED, WIDTHS, Condition, Field, FieldType, Said
from micro.core.fields.plain import LONGEST
from micro.core.fields.said import as_tei, has_form, parse_said, read_out, written
from micro.core.fields.setup import checked_uri, field_from_setup

__all__ = [
    "FIELD_TYPES",
    "LONGEST",
    "MARKS",
    "UNASKED",
    "WIDTHS",
    "Condition",
    "Field",
    "FieldType",
    "Said",
    "as_tei",
    "checked_uri",
    "field_from_setup",
    "has_form",
    "parse_said",
    "read_out",
    "written",
]
