"""Reading what PyBossa exports: tasks, runs, their form, and what a run says."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from micro.core.fields import Field
from micro.core.import_form import FIELDS_MOST, grown, look_over, name_of, names_by_key, typed_keys, words_of
from micro.core.imports import is_address, moment_of, storable, visible
from micro.core.pybossa import BLANKS, answer_of, best_address, read_runs, read_tasks, rows_of, usual_wanted
from micro.errors import BadAnswer
from micro.services import forms

URL = "https://example.org/scans/card-7_b.jpg"


def a_task(**changed: Any) -> dict[str, Any]:
    return {"id": 7, "app_id": 41, "n_answers": 2, "info": {"url_b": URL, "link": "https://example.org/7"}, **changed}


def a_run(**changed: Any) -> dict[str, Any]:
    times = {"created": "2014-08-18T16:00:01", "finish_time": "2014-08-18T16:00:02"}
    return {"id": 70, "task_id": 7, "user_id": 3, "app_id": 41, "info": {"objectType": "Axe"}, **times, **changed}


# --- the file -------------------------------------------------------------------------------------------------------


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b'[{"id": 1}]',
        b'\xef\xbb\xbf[{"id": 1}]',
        '[{"id": 1}]'.encode("utf-16"),
        b'{"task": [{"id": 1}], "count": 1}',
        zipped(x_task__json=b'[{"id": 1}]'),
        zipped(x_task__json=b'[{"id": 1}]', x_task_info_only__json=b"[]", readme__txt=b"x"),
    ],
    ids=["list", "with a mark", "UTF-16", "wrapped", "zip", "zip with its short form"],
)
def test_rows_are_found_however_they_are_packed(content: bytes) -> None:
    assert rows_of(content) == [{"id": 1}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b'"text"',
        b"{}",
        b'{"a": [], "b": []}',
        b"[" * 200_000,
        b"\xff\x00\xff",
        b"PK\x03\x04 broken",
        zipped(),
        zipped(a__json=b"[]", b__json=b"[]"),
        b"[" + b"9" * 5000 + b"]",
    ],
)
def test_what_holds_no_rows_is_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(BadAnswer) as refused:
        rows_of(content)
    assert refused.value.field == "file"
    assert len(str(refused.value)) < 400


# --- tasks ----------------------------------------------------------------------------------------------------------


def test_a_task_keeps_all_that_it_says_and_where_its_picture_is() -> None:
    (task,), bad = read_tasks([a_task(priority_0=0.5, state="completed")])
    assert not bad
    assert (task.source_id, task.reference, task.wanted) == ("7", URL, 2)
    assert task.names == ("card-7_b", "7"), "the last part of the address, else its number"
    assert task.details["link"] == "https://example.org/7"
    assert task.details["pybossa"] == {"app_id": 41, "n_answers": 2, "priority_0": 0.5, "state": "completed"}


def test_info_may_be_json_in_a_string() -> None:
    (task,), _ = read_tasks([a_task(info=json.dumps({"title": "Card 7"}))])
    assert (task.title, task.names) == ("Card 7", ("Card 7", "7"))


def test_a_name_that_two_tasks_have_is_nobodys() -> None:
    tasks, _ = read_tasks([a_task(id=n, info={"title": "Same", "url": f"https://e.org/{n}.jpg"}) for n in (1, 2)])
    assert [task.names for task in tasks] == [("1",), ("2",)]
    assert all(task.title == "Same" for task in tasks)


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ({"url_m": "https://e.org/m.jpg", "url_b": "https://e.org/b.jpg"}, "https://e.org/b.jpg"),
        ({"url_m": "https://e.org/m.jpg", "url": "https://e.org/u.jpg"}, "https://e.org/u.jpg"),
        ({"link": "https://e.org/page", "scan": "https://e.org/s.png?x=1"}, "https://e.org/s.png?x=1"),
        ({"link": "https://e.org/page"}, "https://e.org/page"),
        ({"where": "HTTP://E.ORG/x"}, "HTTP://E.ORG/x"),
        ({"url": "javascript:alert(1)", "url_b": "https://e.org/a b.jpg", "link": 'https://e.org/"><script>'}, ""),
        ({"url": 7, "link": None, "a": ["https://e.org/x.jpg"]}, ""),
        ({"url": "https://e.org/" + "x" * 3000}, ""),
        ({}, ""),
    ],
)
def test_the_best_address_of_a_task_is_that_of_its_largest_picture(info: dict[str, Any], found: str) -> None:
    assert best_address(info) == found


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (None, "not an object"),
        ([], "not an object"),
        (a_task(id=None), "no number"),
        (a_task(id=True), "no number"),
        (a_task(id="x" * 100), "not a number that can be kept"),
        (a_task(id="a\0b"), "not a number that can be kept"),
        (a_task(info=None), "neither an object"),
        (a_task(info="{"), "neither an object"),
        (a_task(info="[1]"), "neither an object"),
        (a_task(n_answers=0), "whole number"),
        (a_task(n_answers="2"), "whole number"),
        (a_task(n_answers=10**9), "whole number"),
        (a_task(info={"a": "x" * 600_000}), "more in this row"),
        (a_task(info={"a": json.loads("[" * 50 + "]" * 50)}), "too deeply"),
    ],
)
def test_a_bad_task_is_told_by_its_number_and_the_others_are_read(row: Any, part: str) -> None:
    tasks, (bad,) = read_tasks([a_task(id=1), row, a_task(id=2)])
    assert [task.source_id for task in tasks] == ["1", "2"]
    assert bad.number == 2
    assert part in bad.words


def test_without_a_wanted_number_two_answers_are_wanted() -> None:
    tasks, _ = read_tasks([a_task(id=1, n_answers=None), a_task(id=2, n_answers=5)])
    assert [task.wanted for task in tasks] == [2, 5]
    assert usual_wanted(tasks) == usual_wanted([]) == 2


# --- runs -----------------------------------------------------------------------------------------------------------


def test_a_run_says_who_when_and_of_which_app() -> None:
    (run,), bad = read_runs([a_run(user_ip="10.0.0.1", external_uid="me@example.org", calibration=1)])
    assert not bad
    assert (run.source_id, run.task, run.user, run.app) == ("70", "7", "3", "41")
    assert run.begun == datetime(2014, 8, 18, 16, 0, 1, tzinfo=UTC)
    assert run.at == datetime(2014, 8, 18, 16, 0, 2, tzinfo=UTC)
    assert "10.0.0.1" not in str(run.rest), "where somebody sat is not taken over"
    assert "me@example.org" not in str(run.rest)


def test_app_and_project_id_are_the_same_thing_and_nobody_known_is_nobody() -> None:
    row = a_run(project_id=277, user_id=None)
    del row["app_id"]
    (run,), _ = read_runs([row])
    assert (run.app, run.user) == ("277", "")


def test_runs_come_in_the_order_of_their_times() -> None:
    rows = [a_run(id=2, finish_time="2015-01-01T00:00:00"), a_run(id=1, finish_time="2015-01-01T01:00:00+02:00")]
    runs, _ = read_runs([*rows, a_run(id=10, finish_time="2015-01-01T00:00:00")])
    assert [run.source_id for run in runs] == ["1", "2", "10"]


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"id": None}, "no number"),
        ({"task_id": None}, "task_id"),
        ({"user_id": {}}, "user_id"),
        ({"finish_time": None, "created": None}, "not a time"),
        ({"finish_time": "yesterday"}, "not a time"),
        ({"finish_time": 1408377600}, "not a time"),
        ({"finish_time": "0001-01-01T00:00:00+23:00"}, "not a time"),
        ({"finish_time": "9999-01-01T00:00:00"}, "cannot be meant"),
        ({"info": "Axe"}, "neither an object"),
        ({"info": ["Axe"]}, "neither an object"),
    ],
)
def test_a_bad_run_is_told_by_its_number(changed: dict[str, Any], part: str) -> None:
    runs, (bad,) = read_runs([a_run(id=1), a_run(**changed)])
    assert len(runs) == 1
    assert bad.number == 2
    assert part in bad.words


def test_a_time_without_a_zone_is_utc() -> None:
    assert moment_of("2014-08-18T15:31:13.365300", "at") == datetime(2014, 8, 18, 15, 31, 13, 365300, tzinfo=UTC)
    assert moment_of("2014-08-18 17:31:13+02:00", "at") == datetime(2014, 8, 18, 15, 31, 13, tzinfo=UTC)


# --- what a run says ------------------------------------------------------------------------------------------------


def field(name: str, type_: Any = "text", **more: Any) -> Field:
    return Field(name, type_, {}, {}, **more)


def test_what_people_typed_becomes_fields_and_everything_else_is_kept() -> None:
    info = {"objectType": " Axe ", "length": 115, "edge": "None", "site": "-", "geojson": {"a": [1]}, "more": "x"}
    fields = {key: field(name_of(key)) for key in ("objectType", "length", "edge", "site")}
    value, kept = answer_of(info, fields)
    assert value == {
        "object_type": {"value": "Axe"},
        "length": {"value": "115"},
        "edge": {"mark": "blank"},
        "site": {"mark": "blank"},
    }
    assert kept == {"geojson": {"a": [1]}, "more": "x"}


def test_nested_values_of_a_field_are_kept_beside() -> None:
    value, kept = answer_of({"a": {"x": 1}, "b": "y"}, {"a": field("a"), "b": field("b")})
    assert (value, kept) == ({"b": {"value": "y"}}, {"a": {"x": 1}})


@pytest.mark.parametrize("typed", ["", " ", "None", " None ", "-", None, "\u200b", "\0"])
def test_these_say_that_nothing_is_written_there(typed: Any) -> None:
    assert answer_of({"a": typed}, {"a": field("a")})[0] == {"a": {"mark": "blank"}}
    assert set(BLANKS) == {"", "None", "-"}


@pytest.mark.parametrize("typed", ["none", "--", "0", 0, False, "N/A"])
def test_these_are_words_like_any_other(typed: Any) -> None:
    assert "value" in answer_of({"a": typed}, {"a": field("a")})[0]["a"]


def test_a_huge_text_and_an_empty_run_are_refused_by_name() -> None:
    with pytest.raises(BadAnswer) as refused:
        answer_of({"a": "x" * 30_000}, {"a": field("a", "long_text")})
    assert refused.value.field == "a"
    with pytest.raises(BadAnswer):
        answer_of({}, {"a": field("a")})


def test_nothing_reaches_the_database_that_it_could_not_hold() -> None:
    assert storable({"a\0": ["x\ud800\0", float("nan"), float("inf"), 1.5, None]}) == {
        "a": ["x", None, None, 1.5, None]
    }


def test_signs_that_nobody_sees_are_left_out() -> None:
    assert visible("a\u202eb\n c", 10) == "ab c"
    assert is_address("https://example.org/x")
    assert not is_address("ftp://example.org/x")


# --- the form -------------------------------------------------------------------------------------------------------

RUNS: list[dict[str, Any]] = [
    {"objectType": "Axe", "site": "Kent\nEngland", "geojson": {"a": 1}, "lon": "1.2", "Find it": "Find it", "edge": ""},
    {"objectType": "Spear", "site": "", "geojson": "", "lon": "", "Find it": "Find it", "edge": "", "odd": ["x"]},
    {"objectType": "x" * 300, "late": "y"},
]


def test_each_key_that_people_typed_into_is_a_field() -> None:
    fields = grown((), look_over(RUNS))
    assert [(one["name"], one["type"]) for one in fields] == [
        ("object_type", "long_text"),
        ("site", "long_text"),
        ("edge", "text"),
        ("late", "text"),
    ]
    assert fields[0]["label"] == {"en": "Object type", "fr": "Object type"}
    assert names_by_key(fields, ["objectType", "geojson"]) == {"objectType": "object_type"}


def test_a_form_that_has_everything_stays_as_it_is() -> None:
    fields = grown((), look_over(RUNS))
    assert grown(fields, look_over(RUNS)) == fields
    assert grown(fields, {}) == fields


def test_a_new_key_is_added_behind_and_a_line_grows_to_several() -> None:
    before = grown((), look_over([{"a": "x", "b": "y"}]))
    after = grown(before, look_over([{"c": "z", "a": "one\ntwo"}]))
    assert [(one["name"], one["type"]) for one in after] == [("a", "long_text"), ("b", "text"), ("c", "text")]
    assert before[0]["type"] == "text", "the form before is not touched"


def test_a_field_that_a_manager_made_is_taken_for_the_key_of_its_name() -> None:
    mine = [{"name": "object_type", "type": "choice", "label": {}, "choices": [{"code": "axe"}]}]
    assert grown(mine, look_over([{"objectType": "Axe"}])) == mine


def test_two_keys_that_read_alike_get_two_names() -> None:
    fields = grown((), look_over([{"objectType": "a", "object type": "b", "名": "c", "字": "d"}]))
    assert [one["name"] for one in fields] == ["object_type", "object_type_2", "field", "field_2"]
    assert names_by_key(fields, ["object type", "字"]) == {"object type": "object_type_2", "字": "field_2"}


def test_a_form_has_bounds() -> None:
    assert FIELDS_MOST == forms.FIELDS_MOST
    full = grown((), look_over([{f"k{n}": "v" for n in range(FIELDS_MOST)}]))
    assert grown(full, look_over([{"one more": "v"}])) == full
    assert [one["name"] for one in grown((), look_over([{"whole": "v"}]))] == ["whole_2"], "a region is called so"
    assert len(name_of("x" * 200)) == 40
    many = look_over([{f"k{n}": "v" for n in range(500)}, {"k499": "w"}])
    assert len(typed_keys(many)) == FIELDS_MOST
    assert "k499" in typed_keys(many), "what more answers have comes first"
    assert words_of("x" * 200) == "X" + "x" * 99
