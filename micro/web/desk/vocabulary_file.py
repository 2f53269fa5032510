"""Taking a file into a vocabulary: it is read, its plan is looked at, and only then anything is written.

Between the two steps what was read waits in the storage, under the vocabulary and a random name.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.core.vocabularies import FILE_LARGEST, LANGUAGES, Entry, Read, read_file
from micro.errors import BadAnswer, NotFound
from micro.services import uploads, vocabularies
from micro.web.context import house
from micro.web.desk.frame import blueprint
from micro.web.desk.vocabularies import vocabulary_page
from micro.web.forms import storable
from micro.web.language import current_language
from micro.web.problems import said

SHOWN = 100
_TOKEN = re.compile(r"[0-9]{1,10}-[0-9a-f]{32}")


@blueprint.route("/desk/vocabulary/<vocabulary>/import", methods=["GET", "POST"])
def vocabulary_file(vocabulary: str) -> ResponseReturnValue:
    """Reads a file and leads to what it would change."""
    if request.method == "GET":
        return _file_page(vocabulary)
    language = request.form.get("language", "")
    try:
        read = _read(language if language in LANGUAGES else current_language())
    except BadAnswer as error:
        return _file_page(vocabulary, said(error)), 422
    with house().database.reading() as session:
        name = vocabularies.vocabulary_named(session, vocabulary).public_id
    token = f"{int(house().clock().timestamp())}-{secrets.token_hex(16)}"
    house().storage.put(_key(name, token), _as_json(read))
    return redirect(url_for("manage.vocabulary_plan", vocabulary=vocabulary, token=token), code=303)


def _file_page(vocabulary: str, problem: str = "") -> str:
    with house().database.reading() as session:
        found = vocabularies.vocabulary_named(session, vocabulary)
        asked = request.form.get("language") or current_language()
        return vocabulary_page("manage/vocabulary_file.html", found, problem=problem, asked=asked)


def _read(language: str) -> Read:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise BadAnswer("file", "Choose a file first.")
    return read_file(storable(sent.filename)[:255], sent.read(FILE_LARGEST + 1), language)


@blueprint.route("/desk/vocabulary/<vocabulary>/import/<token>", methods=["GET", "POST"])
def vocabulary_plan(vocabulary: str, token: str) -> ResponseReturnValue:
    """What the file would change; by POST it is done."""
    read = _kept(vocabulary, token)
    if read is None:
        flash(gettext("This file is not here any more. Please send it once more."), "warn")
        return redirect(url_for("manage.vocabulary_file", vocabulary=vocabulary), code=303)
    if request.method == "POST":
        with house().database.writing() as session:
            found = vocabularies.vocabulary_named(session, vocabulary)
            plan = vocabularies.take_in(session, found, read, house().clock())
        house().storage.delete(_key(vocabulary, token))
        flash(_done(len(plan.added), len(plan.changed)), "good")
        return redirect(url_for("manage.vocabulary", vocabulary=vocabulary), code=303)
    with house().database.reading() as session:
        found = vocabularies.vocabulary_named(session, vocabulary)
        try:
            plan = vocabularies.plan_of(session, found, read)
        except BadAnswer as error:
            return _file_page(vocabulary, said(error)), 422
        return vocabulary_page("manage/vocabulary_plan.html", found, plan=plan, read=read, token=token, shown=SHOWN)


def _done(added: int, changed: int) -> str:
    return str(gettext("%(added)s concepts were added, %(changed)s changed.", added=added, changed=changed))


def _key(vocabulary: str, token: str) -> str:
    """Swept once it is a day old; the token says when it came."""
    begun = datetime.fromtimestamp(int(token.partition("-")[0]), UTC)
    return uploads.passing_key(f"vocabulary-{vocabulary}-{token}.json", begun)


def _kept(vocabulary: str, token: str) -> Read | None:
    """What was read of a file, if it waits here."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        return _from_json(house().storage.get(_key(vocabulary, token)))
    except NotFound:
        return None


def _as_json(read: Read) -> bytes:
    body = {
        "entries": [[e.code, dict(e.labels), e.uri, e.broader, e.place, e.code_is_said] for e in read.entries],
        "problems": [[p.field, p.sentence, p.values] for p in read.problems],
        "name": read.name,
        "uri": read.uri,
        "columns": list(read.columns),
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _from_json(content: bytes) -> Read:
    body: dict[str, Any] = json.loads(content)
    return Read(
        tuple(Entry(*entry) for entry in body["entries"]),
        tuple(BadAnswer(field, sentence, **values) for field, sentence, values in body["problems"]),
        body["name"],
        body["uri"],
        tuple(body["columns"]),
    )
