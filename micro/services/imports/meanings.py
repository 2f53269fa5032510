"""What the columns of a table mean: a task's or an answer's parts, fields of the form, or more that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from micro.core.fields import MARKS, Field
from micro.core.tables import Cells, Table
from micro.data.models import Project
from micro.errors import BadAnswer, Closed
from micro.kinds import kind_named
from micro.services.assignments import current_setup

TASKS, ANSWERS = "tasks", "answers"
# What a column may mean besides the name of a field, and by which words it is known.
TASK_WORDS: Mapping[str, tuple[str, ...]] = {
    "item": ("item", "identifier", "identifiant", "inventory number", "numéro d'inventaire", "cote", "shelfmark"),
    "picture": ("picture", "image", "file", "file name", "filename", "fichier", "url", "image url", "link", "photo"),
    "title": ("title", "titre"),
    "document": ("document",),
    "page": ("page",),
    "rights": ("rights", "droits", "licence", "license"),
    "credit": ("credit", "crédit", "credit line"),
    "wanted": ("wanted", "n answers"),
    "number": ("number", "id", "task id"),
}
ANSWER_WORDS: Mapping[str, tuple[str, ...]] = {
    "item": (*TASK_WORDS["item"], "card", "fiche", "subject"),
    "volunteer": ("volunteer", "bénévole", "user", "user id", "user name", "worker", "annotator", "contributor"),
    "time": ("time", "at", "date time", "timestamp", "created", "created at", "finish time", "answered on"),
    "number": ("number", "id", "answer", "answer id", "run", "run id", "classification id"),
}
KEPT = "kept"
CELL_MARKS: Mapping[str, str] = {
    "": "blank",
    "[blank]": "blank",
    "[illegible]": "illegible",
    "[unsure]": "unsure",
}
NOTHING = "nothing"


@dataclass(frozen=True)
class Plan:
    """What a table means. ``what``: tasks or answers; ``columns``: the meaning of each, in their order.

    A meaning is one of the words above, the name of a field of the form, or "kept": it says more, and is kept beside.
    """

    what: str
    columns: Mapping[str, str]
    fields: Mapping[str, Field]
    setup_id: int
    marks: Mapping[str, str]

    def cell(self, cells: Cells, meaning: str) -> str:
        """The text of the column that means this; empty when there is none."""
        return next((cells[column].strip() for column, one in self.columns.items() if one == meaning), "")

    def kept(self, cells: Cells) -> dict[str, str]:
        """What is kept beside."""
        return {column: cells[column] for column, meaning in self.columns.items() if meaning == KEPT and cells[column]}


def understand(
    session: Session, project: Project, table: Table, what: str, said: Mapping[str, str], marks: Mapping[str, str]
) -> Plan:
    """What the table means for this project.

    ``what`` is tasks, answers, or empty: then it is guessed. ``said`` gives columns another
    meaning than their names have, ``marks`` words another mark ("nothing": not asked, not said). Raises BadAnswer for
    a column, meaning or mark that is not there, and when a needed column is missing.
    """
    if project.state == "archived":
        raise Closed("The project “%(slug)s” is archived and stays as it is.", slug=project.slug)
    setup = current_setup(session, project.id)
    fields = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
    _check(table, said, marks)
    what = what or _guessed(table, fields, said)
    words = TASK_WORDS if what == TASKS else ANSWER_WORDS
    columns = _meanings(table, words, fields if what == ANSWERS else {}, said)
    given = set(columns.values())
    if what == TASKS and "picture" not in given:
        raise BadAnswer("table", "No column has the address or the file of a picture. Name it with --map.")
    if what == ANSWERS and "item" not in given:
        raise BadAnswer("table", "No column has the identifier of the item. Name it with --map.")
    if what == ANSWERS and not given & set(fields):
        raise BadAnswer("table", "No column is a field of the form. Name them with --map.")
    return Plan(what, columns, fields, setup.id, {**CELL_MARKS, **marks})


def _check(table: Table, said: Mapping[str, str], marks: Mapping[str, str]) -> None:
    for column in said:
        if column not in table.columns:
            raise BadAnswer("table", "There is no column “%(column)s”.", column=column)
    for mark in marks.values():
        if mark not in (*MARKS, NOTHING):
            raise BadAnswer("table", "“%(mark)s” is not a mark: blank, illegible, unsure or nothing.", mark=mark)


def _guessed(table: Table, fields: Mapping[str, Field], said: Mapping[str, str]) -> str:
    """Answers when a column is a field of the form, unless another one is a picture."""
    answers = _meanings(table, ANSWER_WORDS, fields, {column: one for column, one in said.items() if one in fields})
    tasks = _meanings(table, TASK_WORDS, {}, {column: one for column, one in said.items() if one in TASK_WORDS})
    return ANSWERS if set(answers.values()) & set(fields) and "picture" not in tasks.values() else TASKS


def _meanings(
    table: Table, words: Mapping[str, tuple[str, ...]], fields: Mapping[str, Field], said: Mapping[str, str]
) -> dict[str, str]:
    """The meaning of each column: as it was said, else by its name; each but "kept" is that of one column only."""
    known = {*words, *fields, KEPT}
    for column, meaning in said.items():
        if meaning not in known:
            raise BadAnswer(
                "table",
                "“%(meaning)s” is nothing that the column “%(column)s” could be. It could be: %(known)s.",
                meaning=meaning,
                column=column,
                known=", ".join([*words, *fields, KEPT]),
            )
    found = dict(said)
    names = _names(words, fields)
    for column in (column for column in table.columns if column and column not in said):
        meaning = names.get(_plain(column), KEPT)
        found[column] = KEPT if meaning in found.values() else meaning
    given = [meaning for meaning in found.values() if meaning != KEPT]
    for meaning in given:
        if given.count(meaning) > 1:
            raise BadAnswer("table", "Two columns would be “%(meaning)s”.", meaning=meaning)
    return {column: found[column] for column in table.columns if column}


def _names(words: Mapping[str, tuple[str, ...]], fields: Mapping[str, Field]) -> dict[str, str]:
    """Meanings by the words that columns are known by; the form's own words come first."""
    known = {_plain(word): meaning for meaning, some in words.items() for word in some}
    for field in reversed(list(fields.values())):
        known |= {_plain(str(word)): field.name for word in (*field.labels.values(), field.name)}
    return known


def _plain(word: str) -> str:
    return " ".join(word.replace("_", " ").casefold().split())
