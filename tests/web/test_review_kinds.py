"""Amending a record of every kind: its own fragment, with everything that was said in its inputs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from micro.house import House
from micro.kinds import all_kinds
from micro.services.settling import version_of
from tests.cast import Cast, signed_in
from tests.forms import CARD, PAGE, TREE
from tests.services.releasing import everybody_answers, make, record_of
from tests.services.test_kinds_through import project_of
from tests.web.test_manage import page_of

TAGS: dict[str, Any] = {
    "fields": [
        {"name": "shows", "type": "tags", "label": {"en": "Shows"}, "choices": [{"code": "axe"}, {"code": "pin"}]}
    ]
}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "text": (
        PAGE,
        {"text": {"value": [{"value": "One [two?]"}, {"mark": "illegible"}]}},
        [
            "> One [two?]</textarea>",
            'name="text.value.r2.mark" value="illegible" checked',
            'name="text.value.r1.value"',
            "data-palette",
        ],
    ),
    "classify": (
        TREE,
        {"shows": {"value": "coin"}, "part": {}, "decor": {}},
        ['<option value="coin" selected>', "data-if=", "Only if “What is it?” is “A vessel”."],
    ),
    "transcribe": (
        CARD,
        {
            "parish": {"value": "Melun"},
            "metal": {"value": "gold"},
            "alloy": {"value": "tin"},
            "length": {"mark": "blank"},
            "notes": {"value": "an [axe?]"},
            "finds": {"value": [{"what": {"value": "Axe"}, "weight": {"value": "12"}}]},
        },
        [
            'name="finds.value.r1.weight.value.amount" value="12"',
            "/p/new-kind/suggest/parish",
            "> an [axe?]</textarea>",
        ],
    ),
    "tag": (TAGS, {"shows": {"value": {"codes": "pin"}}}, ['value="pin" checked']),
}


def test_every_kind_is_looked_at() -> None:
    assert set(CASES) == set(all_kinds())


@pytest.mark.parametrize("kind", sorted(CASES))
def test_what_was_said_stands_in_the_inputs_of_the_kind(house: House, cast: Cast, app: Flask, kind: str) -> None:
    form, answer, shown = CASES[kind]
    everybody_answers(house, project_of(house, cast, kind, form), answer, answer)
    with house.database.reading() as session:
        record = record_of(session, "HM 1").public_id
    page = page_of(signed_in(app, cast.ben).get(f"/review/{record}?edit=1"))
    for words in shown:
        assert words in page, words
    assert page_of(signed_in(app, cast.ben).get(f"/review/{record}")), "and the page itself"


def test_a_row_that_not_all_have_is_told_and_shifts_no_other(house: House, cast: Cast, app: Flask) -> None:
    form, answer, _ = CASES["transcribe"]
    ring = {"what": {"value": "Gold ring"}, "weight": {"value": "4"}}
    rows = {"value": [ring, *answer["finds"]["value"]]}
    everybody_answers(house, project_of(house, cast, "transcribe", form), answer, {**answer, "finds": rows})
    with house.database.reading() as session:
        record = record_of(session, "HM 1")
        version = version_of(session, record, record.proposed or record.current)
        assert version is not None
        entry = version.values["finds"]
    assert [row["what"]["value"] for row in entry["value"]] == ["Gold ring", "Axe"]
    assert entry["tied"] and entry["confidence"] < 0.8 and [one["count"] for one in entry["evidence"]] == [1, 1]
    page = page_of(signed_in(app, cast.ben).get(f"/review/{record.public_id}?field=finds"))
    doubted = page[page.index("The rows that not everybody has") :].split("</table>")[0]
    assert "Gold ring" in doubted and "1 of 2" in doubted and "Axe" not in doubted
    mine = re.search(r"in answer (\d)", doubted)
    assert mine is not None
    answers = page[page.index("The answers to this field") :].split("<tr>")[1 + int(mine[1])]
    assert "Gold ring" in answers, "the number is that of the answer that has the row"
    assert "The rows that not" not in page_of(signed_in(app, cast.ben).get(f"/review/{record.public_id}?field=parish"))


def test_the_page_of_a_release_tells_of_the_file_with_the_rows(house: House, cast: Cast, app: Flask) -> None:
    form, answer, _ = CASES["transcribe"]
    project = project_of(house, cast, "transcribe", form)
    everybody_answers(house, project, answer, answer)
    release = make(house, project)
    page = page_of(app.test_client().get(f"/data/new-kind/{release.number}"))
    assert "rows-finds.csv" in page and "One row per row of “finds”, for its record" in page
    file = app.test_client().get(f"/data/new-kind/{release.number}/rows-finds.csv")
    assert file.status_code == 200 and b"Axe" in file.data
