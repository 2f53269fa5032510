"""The log of acts at the desk: of one institution for its managers, of the whole network for those who run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.core.release.cells import BYTE_ORDER_MARK, csv_lines, neutralised
from micro.services import act_search
from micro.services.act_search import A_PAGE, Row, Wanted
from micro.services.acts import COMMAND_LINE
from micro.services.institutions import institution_named
from micro.web.acts import verb_word
from micro.web.context import house
from micro.web.desk.frame import blueprint
from micro.web.forms import storable

# The columns of the file; they stay as they are in every language, for programs.
COLUMNS = (
    "at", "who", "name", "verb", "institution", "project", "subject", "subject_key", "from", "to", "why", "details",
)  # fmt: skip


@blueprint.get("/desk/institution/<institution>/acts", endpoint="acts")
def of_institution(institution: str) -> str:
    """What the staff of an institution did."""
    with house().database.reading() as session:
        found = institution_named(session, institution)
        return _page(session, (found.id,), institution=found)


@blueprint.get("/desk/institutions/acts", endpoint="all_acts")
def of_everybody() -> str:
    """What professionals did, in the whole network."""
    with house().database.reading() as session:
        return _page(session, None)


@blueprint.get("/desk/institution/<institution>/acts.csv", endpoint="acts_file")
def file_of_institution(institution: str) -> Response:
    """The same as a file."""
    with house().database.reading() as session:
        found = institution_named(session, institution)
    return _file(_wanted((found.id,)), f"{found.slug}-acts.csv")


@blueprint.get("/desk/institutions/acts.csv", endpoint="all_acts_file")
def file_of_everybody() -> Response:
    """The same of the whole network as a file."""
    return _file(_wanted(None), "acts.csv")


def _wanted(institution_ids: tuple[int, ...] | None) -> Wanted:
    """What the address asks for; a day that is none asks for nothing."""
    texts = {name: storable(request.args.get(name, ""))[:200].strip() for name in ("who", "verb", "project", "words")}
    before = request.args.get("before", type=int)
    return Wanted(
        institution_ids,
        **texts,
        since=_day("since"),
        until=_day("until"),
        before=before if before is not None and 0 <= before < 2**31 else None,
    )


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if date.min < found < date(9999, 1, 1) else None


def _page(session: Session, institution_ids: tuple[int, ...] | None, **given: Any) -> str:
    wanted = _wanted(institution_ids)
    rows = act_search.acts(session, wanted, A_PAGE + 1)
    older = rows[A_PAGE - 1].act.id if len(rows) > A_PAGE else None
    args = {name: value for name, value in request.args.items() if name != "before" and value}
    parts: dict[str, Any] = {"institution": given["institution"].slug} if given else {}
    return render_template(
        "manage/acts.html",
        rows=rows[:A_PAGE],
        wanted=wanted,
        verbs=sorted(
            ((verb, verb_word(verb)) for verb in act_search.verbs_of(session, institution_ids)),
            key=lambda pair: pair[1],
        ),
        verb_word=verb_word,
        told=told,
        command_line=COMMAND_LINE,
        is_filtered=bool(args),
        here_again=url_for(f"manage.{'acts' if given else 'all_acts'}", **parts),
        older=url_for(request.endpoint or "", **{**parts, **args, "before": older}) if older else "",
        newest=url_for(request.endpoint or "", **{**parts, **args}) if wanted.before is not None else "",
        file=url_for(f"manage.{'acts_file' if given else 'all_acts_file'}", **{**parts, **args}),
        here="manage",
        **given,
    )


def told(row: Row) -> list[str]:
    """What an act's details say, a line each: columns with what they were and are, then what was made and removed."""
    details = row.act.details
    lines = [f"{name}: {_value(was)} → {_value(became)}" for name, (was, became) in details.get("changed", {}).items()]
    if more := details.get("more"):
        lines.append(gettext("and %(count)s more changes", count=more))
    for name in ("made_count", "removed"):
        lines += [
            f"{table}: {'+' if name == 'made_count' else '−'}{count}" for table, count in details.get(name, {}).items()
        ]
    known = ("changed", "more", "made", "made_count", "removed", "said", "people")
    return lines + [f"{name}: {_value(value)}" for name, value in details.items() if name not in known]


def _value(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)[:200]


def _file(wanted: Wanted, name: str) -> Response:
    """A CSV file: UTF-8 with its mark, RFC 4180, no cell that a spreadsheet would run."""
    response = Response(stream_with_context(_lines(replace(wanted, before=None))), mimetype="text/csv")
    response.headers["Content-Type"] = "text/csv; charset=utf-8; header=present"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(wanted: Wanted) -> Iterator[str]:
    yield BYTE_ORDER_MARK + csv_lines([COLUMNS])
    with house().database.reading() as session:
        for rows in act_search.all_acts(session, wanted):
            yield csv_lines([neutralised(cell) for cell in _cells(row)] for row in rows)


def _cells(row: Row) -> tuple[str, ...]:
    act = row.act
    return (
        act.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        act.who,
        row.name,
        act.verb,
        row.institution,
        act.project,
        act.subject,
        act.subject_key,
        act.from_state,
        act.to_state,
        act.why,
        json.dumps(act.details, ensure_ascii=False, sort_keys=True) if act.details else "",
    )
