"""Amending a record of every kind: its own fragment, with everything that was said in its inputs."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from micro.house import House
from micro.kinds import all_kinds
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


def test_the_page_of_a_release_tells_of_the_file_with_the_rows(house: House, cast: Cast, app: Flask) -> None:
    form, answer, _ = CASES["transcribe"]
    project = project_of(house, cast, "transcribe", form)
    everybody_answers(house, project, answer, answer)
    release = make(house, project)
    page = page_of(app.test_client().get(f"/data/new-kind/{release.number}"))
    assert "rows-finds.csv" in page and "One row per row of “finds”, for its record" in page
    file = app.test_client().get(f"/data/new-kind/{release.number}/rows-finds.csv")
    assert file.status_code == 200 and b"Axe" in file.data
