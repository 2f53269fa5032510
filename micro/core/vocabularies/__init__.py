"""Vocabularies: reading them from tables and SKOS files, and what taking one in would change. No network, ever."""

from micro.core.vocabularies.entries import CODE, CONCEPTS_MOST, LANGUAGES, Entry, Read, make_code
from micro.core.vocabularies.plan import Change, Plan, plan_import
from micro.core.vocabularies.reading import FILE_LARGEST, read_file
from micro.core.vocabularies.table import as_table

__all__ = [
    "CODE",
    "CONCEPTS_MOST",
    "FILE_LARGEST",
    "LANGUAGES",
    "Change",
    "Entry",
    "Plan",
    "Read",
    "as_table",
    "make_code",
    "plan_import",
    "read_file",
]
