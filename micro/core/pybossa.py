"""Work done in PyBossa, as its JSON exports have it: tasks and task runs. Pure: rows in, values or sentences out.

A task is {"id", "info": {…}, "n_answers", "app_id" or "project_id", …}; a run of it is {"id", "task_id", "user_id",
"info": {…}, "created", "finish_time", …}. ``info`` is whatever the project's makers liked, and maybe JSON in a string.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from micro.core.fields import Field, Said
from micro.core.imports import BadRow, is_address, last_part, moment_of, said_in, source_id_of, storable, visible
from micro.errors import BadAnswer, MicroError

# Words of its forms that say nothing: an untouched list sends "None".
BLANKS: Mapping[str, str] = {"": "blank", "None": "blank", "-": "blank"}
ADDRESS_KEYS = ("url_b", "url", "url_m")
NAME_KEYS = ("identifier", "title", "name")
# Who sat where is nobody's business: these never leave the file.
PERSONAL = ("user_ip", "external_uid", "user_id")
USUAL_WANTED = 2
WANTED_MOST = 1000
ZIP_LARGEST = 4_000_000_000
_IMAGE = re.compile(r"\.(jpe?g|png|gif|tiff?|webp|jp2)([?#].*)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task. ``names`` are what its item may be called, the best first; ``reference`` is the picture's address.

    ``details`` is all that the task says.
    """

    number: int
    source_id: str
    names: tuple[str, ...]
    title: str
    reference: str
    wanted: int
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run: what one volunteer said of a task. ``user`` is empty for an anonymous one; ``app``: the project there."""

    number: int
    source_id: str
    task: str
    user: str
    app: str
    begun: datetime
    at: datetime
    info: Mapping[str, Any]
    rest: Mapping[str, Any]


def rows_of(content: bytes) -> list[Any]:
    """The rows of an export: a JSON list, an object with just one list in it, or a zip with one such file.

    Raises BadAnswer("file") for anything else. All of it is read at once: count with six times the size of the JSON.
    """
    if content[:4] == b"PK\x03\x04":
        content = _unzipped(content)
    try:
        found = json.loads(content, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("file", "This is not JSON: %(why)s.", why=str(error)[:200]) from None
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else found
    if not isinstance(found, list):
        raise BadAnswer("file", "This is not a list of rows, as PyBossa exports them.")
    return found


def _unzipped(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [
                entry
                for entry in archive.infolist()
                if entry.filename.endswith(".json") and not entry.filename.endswith("_info_only.json")
            ]
            if len(inside) != 1:
                raise BadAnswer("file", "There are %(count)s JSON files in this zip, not one.", count=len(inside))
            if inside[0].file_size > ZIP_LARGEST:
                raise BadAnswer("file", "The file in this zip is too large.")
            return archive.read(inside[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:  # Damaged, or with a password.
        raise BadAnswer("file", "This zip cannot be read: %(why)s.", why=str(error)[:200]) from None


def read_tasks(rows: Sequence[Any]) -> tuple[list[TaskRow], list[BadRow]]:
    """The tasks in the order of the file, and the rows that are none. A name that two tasks have is nobody's."""
    tasks: list[TaskRow] = []
    bad: list[BadRow] = []
    for number, row in enumerate(rows, start=1):
        try:
            tasks.append(_task(number, row))
        except MicroError as problem:
            bad.append(BadRow(number, problem))
    # A task that is in the file twice shares no name with another.
    taken = Counter(name for names in {task.source_id: set(task.names) for task in tasks}.values() for name in names)
    own = [replace(task, names=tuple(name for name in task.names if taken[name] == 1)) for task in tasks]
    return own, bad


def _task(number: int, row: Any) -> TaskRow:
    source_id, info = _head(row)
    reference = best_address(info)
    title = next((text for key in ("title", "name") if (text := visible(info.get(key), 300))), "")
    said = (visible(info.get(key), 200) for key in NAME_KEYS)
    stem = visible(last_part(reference).rpartition(".")[0] or last_part(reference), 200)
    return TaskRow(
        number,
        source_id,
        tuple(dict.fromkeys(name for name in (*said, stem, source_id) if name)),
        title,
        reference,
        _wanted(row.get("n_answers")),
        storable({**info, "pybossa": _rest(row)}),
    )


def read_runs(rows: Sequence[Any]) -> tuple[list[RunRow], list[BadRow]]:
    """The runs in the order of their times, and the rows that are none."""
    runs: list[RunRow] = []
    bad: list[BadRow] = []
    for number, row in enumerate(rows, start=1):
        try:
            runs.append(_run(number, row))
        except MicroError as problem:
            bad.append(BadRow(number, problem))
    runs.sort(key=lambda run: (run.at, len(run.source_id), run.source_id, run.number))
    return runs, bad


def _run(number: int, row: Any) -> RunRow:
    source_id, info = _head(row)
    user, app = row.get("user_id"), row.get("app_id", row.get("project_id"))
    at = moment_of(row.get("finish_time") or row.get("created"), "finish_time")
    return RunRow(
        number,
        source_id,
        source_id_of(row.get("task_id"), "task_id"),
        "" if user is None else source_id_of(user, "user_id"),
        "" if app is None else visible(str(app), 20),
        min(at, moment_of(row["created"], "created")) if row.get("created") else at,
        at,
        info,
        _rest(row),
    )


def _head(row: Any) -> tuple[str, Mapping[str, Any]]:
    """A row's number and its info."""
    if not isinstance(row, Mapping):
        raise BadAnswer("", "This row is not an object.")
    source_id, info = source_id_of(row.get("id"), "id"), row.get("info")
    if isinstance(info, str):
        try:
            info = json.loads(info, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            raise BadAnswer("info", "This is neither an object nor one written as JSON.") from None
    if not isinstance(info, Mapping):
        raise BadAnswer("info", "This is neither an object nor one written as JSON.")
    return source_id, info


def _rest(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says besides its number and info, and besides who it was."""
    return {key: value for key, value in row.items() if key not in ("id", "info", *PERSONAL) and value is not None}


def _wanted(given: Any) -> int:
    if given is None:
        return USUAL_WANTED
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= WANTED_MOST:
        raise BadAnswer("n_answers", "This is not a whole number from 1 to %(most)s.", most=WANTED_MOST)
    return given


def best_address(info: Mapping[str, Any]) -> str:
    """The address of the largest picture that a task names, else of a page about it; empty when there is none."""
    addresses = {key: value.strip() for key, value in info.items() if is_address(value)}
    named = [addresses[key] for key in ADDRESS_KEYS if key in addresses]
    pictures = [address for address in addresses.values() if _IMAGE.search(address)]
    pages = [addresses["link"]] if "link" in addresses else []
    return next(iter((*named, *pictures, *pages, *addresses.values())), "")


def answer_of(info: Mapping[str, Any], fields: Mapping[str, Field]) -> tuple[dict[str, Said], dict[str, Any]]:
    """What a run says: its fields by name, and what is kept beside them. ``fields`` are those of the form, by key.

    Raises BadAnswer(field) for a value that its field cannot take, and when nothing is said at all.
    """
    value: dict[str, Said] = {}
    kept: dict[str, Any] = {}
    for key, given in info.items():
        field = fields.get(key)
        if field is None or isinstance(given, Mapping | list):
            kept[key] = given
        elif (said := said_in(field, _written(given), BLANKS)) is not None:
            value[field.name] = said
    if not value:
        raise BadAnswer("info", "It says nothing that the form asks for.")
    return value, storable(kept)


def _written(given: Any) -> str:
    match given:
        case None:
            return ""
        case bool():
            return "yes" if given else "no"
        case _:
            return str(given)


def usual_wanted(tasks: Iterable[TaskRow]) -> int:
    """The smallest number of answers that any of the tasks asks for."""
    return min((task.wanted for task in tasks), default=USUAL_WANTED)
