"""What a release holds, decided purely: cells, columns, rows, figures and papers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import median as plain_median
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from frictionless import Dialect, Resource, Schema, validate
from frictionless.formats import CsvControl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from micro.core.fields import field_from_setup
from micro.core.kind import Column, cells_of, columns_of
from micro.core.release import papers
from micro.core.release.cells import BYTE_ORDER_MARK, csv_lines, json_line, neutralised, restored, storable
from micro.core.release.columns import (
    ANSWER_HEAD,
    DICTIONARY,
    HEAD,
    JSON_KEYS,
    STATES,
    STATUSES,
    TAIL,
    VALUES,
    VOCABULARY,
    field_columns,
    flat,
    held_back_rows,
)
from micro.core.release.figures import Tally, bars, compared_with, confidence_class, median
from micro.core.release.objects import record_object
from micro.core.release.papers import Colophon
from micro.core.release.rows import (
    RecordFacts,
    RegionFacts,
    field_facts,
    record_row,
    share,
    value_rows,
    vocabulary_rows,
)

AXE = field_from_setup({"name": "object", "type": "text", "label": {"en": "Object"}})
METAL = field_from_setup(
    {
        "name": "material",
        "type": "choice",
        "label": {"en": "Material"},
        "choices": [{"code": "gold", "label": {"en": "Gold", "fr": "Or"}}],
    }
)
SHOWS = field_from_setup(
    {
        "name": "shows",
        "type": "tags",
        "label": {"en": "What it shows"},
        "free": True,
        "choices": [
            {"code": "axe", "label": {"en": "Axe", "fr": "Hache"}, "uri": "https://vocabulary.example/axe"},
            {"code": "hoard", "label": {"en": "Hoard"}},
        ],
    }
)
SPOT = field_from_setup({"name": "spot", "type": "point", "label": {"en": "Findspot"}, "grid_m": 1000})
LENGTH = field_from_setup({"name": "length", "type": "number", "units": ["cm"]})
LIKELY = st.sampled_from(
    [
        *"=+-@＝＋－＠'\"\t\r\n,;| ",
        "\r\n",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u2028",
        "\u2029",
        "\ufeff",
        "é",
        "ש",
        "👩🏽‍🚀",
    ]
)
ANY_TEXT = st.one_of(st.lists(LIKELY, max_size=12).map("".join), st.text(max_size=60)).map(storable)
TABLES = st.integers(1, 5).flatmap(
    lambda wide: st.lists(st.lists(ANY_TEXT, min_size=wide, max_size=wide), min_size=1, max_size=8)
)


def colophon(**changed: Any) -> Colophon:
    known: dict[str, Any] = {
        "slug": "finds",
        "number": 2,
        "title": "Catalogue of finds",
        "about": "Cards.",
        "institution": "Harrowby Museum",
        "collection": "Finds",
        "licence": "CC-BY-4.0",
        "url": "https://m.example/data/finds/2",
        "home": "https://m.example/data/finds",
        "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        "notes": "",
        "volunteers": 3,
        "language": "en",
    }
    return Colophon(**known | changed)


def facts(values: dict[str, Any], **changed: Any) -> RecordFacts:
    known: dict[str, Any] = {
        "record": "r1",
        "identifier": "HM 1",
        "title": "",
        "state": "settled",
        "reason": "",
        "answers": 2,
        "reviewed_at": None,
        "version": 1,
        "engine": "simple-1",
        "values": values,
        "newest": values,
        "scan": {"url": "https://m.example/s", "rights": "", "credit": "", "document": "drawer", "page": 1},
        "regions": (RegionFacts("whole", ("object",), True, "https://m.example/r", 0, 0, 10, 10),),
    }
    return RecordFacts(**known | changed)


def outcome(
    said: dict[str, Any], confidence: float = 0.99, tied: bool = False, *others: dict[str, Any]
) -> dict[str, Any]:
    evidence = [
        {"said": said, "count": 2, "unsure": 0},
        *({"said": other, "count": 1, "unsure": 0} for other in others),
    ]
    return {**said, "confidence": confidence, "tied": tied, "evidence": evidence if said else []}


@given(ANY_TEXT)
def test_a_neutralised_cell_is_no_formula_and_comes_back_exactly(text: str) -> None:
    assert restored(neutralised(text)) == text
    assert neutralised(text)[:1] not in tuple("=+-@\t\r\n＝＋－＠")


@given(TABLES)
def test_rows_come_back_from_csv_without_a_shifted_column(rows: list[list[str]]) -> None:
    written = csv_lines(rows)
    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == [row or [""] for row in rows]
    assert written.endswith("\r\n")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(TABLES)
def test_frictionless_reads_the_same_rows(rows: list[list[str]]) -> None:
    names = [f"c{place}" for place in range(len(rows[0]))]
    kept = [[cell or "x" for cell in row] for row in rows]  # A row of nothing but empty cells is an error of its own.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes((BYTE_ORDER_MARK + csv_lines([names, *kept])).encode())
        control = CsvControl(
            delimiter=",", line_terminator="\r\n", quote_char='"', double_quote=True, skip_initial_space=False
        )
        schema = Schema.from_descriptor(
            {"fields": [{"name": name, "type": "string"} for name in names], "missingValues": [""]}
        )
        with Resource(
            path.name,
            basepath=folder,
            format="csv",
            encoding="utf-8",
            schema=schema,
            dialect=Dialect(controls=[control]),
        ) as resource:
            assert [list(row.to_dict().values()) for row in resource.row_stream] == kept


@given(st.recursive(ANY_TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3)))
def test_a_json_line_is_one_line_for_every_reader(value: Any) -> None:
    line = json_line(value)
    assert len(line.splitlines()) == 1
    assert json.loads(line) == value


def test_nul_and_half_characters_never_reach_a_file() -> None:
    assert storable("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    csv_lines([["\x00"]]).encode()


@pytest.mark.parametrize(
    ("entry", "state", "reason", "status", "said"),
    [
        (outcome({"value": "Axe"}), "settled", "", "given", {"value": "Axe"}),
        (outcome({"value": "Axe", "mark": "unsure"}), "settled", "", "unsure", {"value": "Axe", "mark": "unsure"}),
        (outcome({"mark": "blank"}), "settled", "", "blank", {"mark": "blank"}),
        (outcome({"mark": "illegible"}), "settled", "", "illegible", {"mark": "illegible"}),
        (outcome({"value": "Axe"}, 0.5, True, {"value": "Adze"}), "review", "conflict", "unresolved", {}),
        (outcome({"value": "Axe"}, 0.5), "open", "", "unresolved", {}),
        (outcome({"value": "Axe"}, 0.5, True), "decided", "", "given", {"value": "Axe"}),
        (outcome({"value": "Axe"}, 0.5), "review", "evidence_changed", "given", {"value": "Axe"}),
        (outcome({}), "settled", "", "unresolved", {}),
        (outcome({"value": {"amount": "1", "unit": "cm"}}), "settled", "", "unresolved", {}),
    ],
)
def test_a_value_has_one_status(
    entry: dict[str, Any], state: str, reason: str, status: str, said: dict[str, Any]
) -> None:
    (value,) = field_facts(facts({"object": entry}, state=state, reason=reason), [AXE], 0.8)
    assert (value.status, value.said) == (status, said)


@pytest.mark.parametrize(
    ("state", "reason", "standing"),
    [
        ("decided", "", "checked"),
        ("review", "evidence_changed", "checked"),
        ("settled", "", "agreed"),
        ("review", "conflict", "unresolved"),
        ("open", "", "unresolved"),
        ("open", "returned", "unresolved"),
    ],
)
def test_a_record_stands_in_one_of_three_ways(state: str, reason: str, standing: str) -> None:
    assert facts({}, state=state, reason=reason).standing == standing


def test_agreeing_counts_answers_that_differ_in_spelling_only() -> None:
    newest = {
        "object": {
            "evidence": [
                {"said": {"value": "axe"}, "count": 2, "unsure": 0},
                {"said": {"value": "adze"}, "count": 1, "unsure": 0},
            ]
        }
    }
    (value,) = field_facts(
        facts({"object": {"value": "Axe", "confidence": 1.0}}, state="decided", newest=newest), [AXE], 0.8
    )
    assert (value.answers, value.agreeing) == (3, 2)


def test_a_confidence_is_never_rounded_up_to_certainty() -> None:
    assert [share(0.99996), share(1), share(0), share(0.8)] == ["0.999", "1.000", "0.000", "0.800"]


def test_a_row_has_as_many_cells_as_there_are_columns_and_labels_not_codes() -> None:
    kind_columns = [
        Column("object", "string", {}, AXE),
        Column("material", "string", {}, METAL),
        Column("length", "number", {}, LENGTH),
        Column("length_unit", "unit", {}, LENGTH),
    ]
    groups = field_columns(kind_columns, "fr", [c.name for c in (*HEAD, *TAIL)], STATUSES)
    columns = (*HEAD, *flat(groups), *TAIL)
    known = facts(
        {
            "object": outcome({"value": "=1"}),
            "material": outcome({"value": "gold"}),
            "length": outcome({"value": {"amount": "-3.5", "unit": "cm"}}),
        }
    )
    values = field_facts(known, [AXE, METAL, LENGTH], 0.8)
    cells = {"object": "=1", "material": "Or", "length": "-3.5", "length_unit": "cm"}
    row = dict(zip([c.name for c in columns], record_row(known, values, cells, columns, groups), strict=True))
    assert (row["object"], row["material"], row["length"], row["length_unit"]) == ("'=1", "Or", "-3.5", "cm")
    long = value_rows(known, values, VALUES, "fr")
    assert [line[4:7] for line in long] == [["'=1", "", "given"], ["Or", "gold", "given"], ["'-3.5 cm", "", "given"]]
    assert record_object(known, values)["fields"]["material"]["label"] == {"en": "Gold", "fr": "Or"}


def test_tags_and_points_have_columns_of_their_own() -> None:
    groups = field_columns([*columns_of(SHOWS), *columns_of(SPOT)], "en", [c.name for c in (*HEAD, *TAIL)], STATUSES)
    assert [(c.name, c.holds) for c in flat(groups)] == [
        ("shows", "string"),
        ("shows_uri", "string"),
        ("shows_status", "string"),
        ("spot_lat", "number"),
        ("spot_lon", "number"),
        ("spot_uncertainty_m", "integer"),
        ("spot_status", "string"),
    ]
    assert all(column.note == "centres of cells of 1000 m" for _, column in groups[1].cells)
    columns = (*HEAD, *flat(groups), *TAIL)
    place = {"lat": "51.53", "lon": "-0.9", "uncertainty_m": 708}
    known = facts(
        {
            "shows": outcome({"value": ["axe", "hoard", {"free": "=bent"}]}, 0.99, False, {"value": ["axe"]}),
            "spot": outcome({"value": place}),
        }
    )
    values = field_facts(known, [SHOWS, SPOT], 0.8)
    cells = {**cells_of(SHOWS, values[0].said, "fr"), **cells_of(SPOT, values[1].said, "fr")}
    row = dict(zip([c.name for c in columns], record_row(known, values, cells, columns, groups), strict=True))
    assert row["shows"] == "Hache | Hoard | =bent"
    assert row["shows_uri"] == "https://vocabulary.example/axe |  | "
    assert (row["spot_lat"], row["spot_lon"], row["spot_uncertainty_m"]) == ("51.53", "-0.9", "708")
    long = value_rows(known, values, VALUES, "en")
    assert [line[4:6] for line in long] == [["Axe | Hoard | =bent", "axe | hoard"], ["51.53, -0.9", ""]]
    told = record_object(known, values)["fields"]
    assert told["spot"]["value"] == place
    assert told["shows"]["labels"] == [
        {
            "code": "axe",
            "label": {"en": "Axe", "fr": "Hache"},
            "uri": "https://vocabulary.example/axe",
            "count": 3,
            "given": True,
        },
        {"code": "hoard", "label": {"en": "Hoard"}, "count": 2, "given": True},
        {"free": "=bent", "count": 2, "given": True},
    ]


def test_choices_get_identifiers_only_where_there_are_any() -> None:
    assert [column.name for column in columns_of(METAL)] == ["material"]
    metal = field_from_setup(
        {"name": "material", "type": "choice", "choices": [{"code": "gold", "uri": "http://a.example/gold"}]}
    )
    assert [column.name for column in columns_of(metal)] == ["material", "material_uri"]
    assert cells_of(metal, {"value": "gold"}, "en") == {"material": "gold", "material_uri": "http://a.example/gold"}
    assert cells_of(metal, {"mark": "blank"}, "en") == {"material": "", "material_uri": ""}
    entry = outcome({"value": "gold"})
    (value,) = field_facts(facts({"material": entry}), [metal], 0.8)
    assert record_object(facts({"material": entry}), [value])["fields"]["material"]["uri"] == "http://a.example/gold"


def test_a_vocabulary_has_each_label_once_and_only_where_there_is_need() -> None:
    assert vocabulary_rows([AXE, METAL, SPOT]) == []
    older = field_from_setup({**{"name": "shows", "type": "tags"}, "choices": [{"code": "axe"}, {"code": "=old"}]})
    assert vocabulary_rows([SHOWS, METAL, older]) == [
        ["shows", "axe", "Axe", "Hache", "https://vocabulary.example/axe"],
        ["shows", "hoard", "Hoard", "", ""],
        ["material", "gold", "Gold", "Or", ""],
        ["shows", "'=old", "", "", ""],
    ]


def test_what_is_held_back_is_told_in_words_and_nothing_else() -> None:
    never = field_from_setup({"name": "finder", "type": "text", "label": {"en": "Finder"}, "publish": "never"})
    later = field_from_setup({"name": "found_on", "type": "date", "publish": "2030-12-31"})
    assert held_back_rows([never, later]) == [
        [
            "(none)",
            "finder",
            "string",
            "Finder",
            "Finder",
            "Not for publication: its values are in no file of this release.",
            "",
        ],
        [
            "(none)",
            "found_on",
            "edtf",
            "found_on",
            "found_on",
            "Closed until 2030-12-31: its values are in no file of this release.",
            "",
        ],
    ]
    text = papers.readme_text(colophon(), {"records.csv": 3}, [never, later], [SPOT])
    assert "finder: not for publication." in text
    assert "found_on: closed until 2030-12-31." in text
    assert "spot: each point is the centre of a cell of 1000 m" in text
    assert "vocabulary.csv" not in text
    assert "Held back" not in papers.readme_text(colophon(), {"records.csv": 3})


def test_columns_never_share_a_name() -> None:
    names = ["record", "state", "length", "length_unit", "object", "object_status", "record_status"]
    fields = [field_from_setup({"name": name, "type": "number" if name == "length" else "text"}) for name in names]
    made: list[Column] = []
    for field in fields:
        made.append(Column(field.name, "string", {}, field))
        if field.type == "number":
            made.append(Column(f"{field.name}_unit", "unit", {}, field))
    groups = field_columns(made, "en", [c.name for c in (*HEAD, *TAIL)], STATUSES)
    found = [c.name for c in (*HEAD, *flat(groups), *TAIL)]
    assert len(set(found)) == len(found)
    assert found[:5] == ["record", "identifier", "title", "record_2", "record_status"]


@given(st.dictionaries(st.integers(0, 60), st.integers(1, 5), max_size=12))
def test_medians_and_bars_agree_with_the_plain_list(counted: dict[int, int]) -> None:
    plain = list(Counter(counted).elements())
    assert median(counted) == (plain_median(plain) if plain else 0)
    drawn = bars(counted)
    assert sum(count for _, count in drawn) == len(plain)
    assert len(drawn) <= 10


@pytest.mark.parametrize(
    ("confidence", "least"), [(0, 0), (0.499, 0), (0.5, 50), (0.899, 80), (0.9, 90), (0.97, 97), (1, 97)]
)
def test_confidences_fall_into_classes(confidence: float, least: int) -> None:
    assert confidence_class(confidence) == least


def test_values_are_unanimous_when_all_of_two_or_more_answers_agree() -> None:
    tally = Tally()
    for entry in (outcome({"value": "Axe"}), outcome({"value": "Axe"}, 0.9, False, {"value": "Adze"})):
        known = facts({"object": entry})
        tally.add(known, field_facts(known, [AXE], 0.8))
    figures = tally.figures()
    assert (figures["records"], figures["compared"], figures["unanimous"], figures["median_answers"]) == (2, 2, 1, 2)


def line(record: str, value: str, state: str = "agreed", **more: str) -> str:
    fields = {name: {"status": "given", "value": said} for name, said in {"object": value, **more}.items()}
    return json.dumps({"record": record, "state": state, "fields": fields})


def test_changes_are_counted_by_record_and_value() -> None:
    before = [line("a", "Axe"), line("b", "Axe"), line("gone", "Axe")]
    now = [line("a", "Axe", weight="1"), line("b", "Adze", "checked"), line("new", "Pin", "checked")]
    assert compared_with(before, now) == {"added": 1, "removed": 1, "changed": 1, "checked": 1}


def test_citations_name_the_institution_and_count_the_volunteers() -> None:
    assert papers.citation_text(colophon()) == (
        "Harrowby Museum and 3 volunteers (2026). Catalogue of finds, release 2 [data set]. micro. https://m.example/data/finds/2"
    )
    assert papers.citation_text(colophon(volunteers=1)).startswith("Harrowby Museum and 1 volunteer (")
    assert papers.citation_text(colophon(volunteers=0)).startswith("Harrowby Museum (2026)")


def test_citations_survive_odd_titles() -> None:
    odd = colophon(title='50 % of "A_B" & {C}\nD: #1', institution="Musée d’Été: l'autre")
    assert r"50 \% of " in papers.citation_bibtex(odd) and r"A\_B" in papers.citation_bibtex(odd)
    assert json.loads(papers.citation_csl(odd))[0]["title"] == '50 % of "A_B" & {C} D: #1'
    title = next(part for part in papers.citation_cff(odd).splitlines() if part.startswith("title: "))
    assert json.loads(title.removeprefix("title: ")) == '50 % of "A_B" & {C} D: #1'


@pytest.mark.parametrize("licence", ["CC0-1.0", "CC-BY-4.0", "ODbL-1.0", "etalab-2.0"])
def test_an_empty_data_package_is_valid_for_every_licence(licence: str, tmp_path: Path) -> None:
    tables = {"records.csv": (*HEAD, *TAIL), "values.csv": VALUES, "answers.csv": ANSWER_HEAD}
    for name, columns in tables.items():
        (tmp_path / name).write_bytes((BYTE_ORDER_MARK + csv_lines([[c.name for c in columns]])).encode())
    (tmp_path / "records.jsonl").write_text("")
    sums = {name: _sum(tmp_path / name) for name in (*tables, "records.jsonl")}
    (tmp_path / "datapackage.json").write_text(papers.data_package(colophon(licence=licence), tables, sums))
    report = validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "note"])


def _sum(path: Path) -> tuple[int, str]:
    content = path.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()


def test_the_documentation_names_every_file_column_state_and_status() -> None:
    text = (Path(__file__).parents[2] / "docs" / "researcher.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([^`]+)` \|", text.partition("## Files")[2].partition("##")[0], re.MULTILINE)
    assert listed == list(papers.FILES)
    for name, known in (
        ("records.csv", (*HEAD, *TAIL)),
        ("values.csv", VALUES),
        ("answers.csv", ANSWER_HEAD),
        ("records.jsonl", JSON_KEYS),
        ("vocabulary.csv", VOCABULARY),
        ("dictionary.csv", DICTIONARY),
    ):
        paragraph = text.partition(f"### `{name}`\n\n")[2].partition("\n\n")[0]
        written = re.findall(r"`([^`]+)`", paragraph.partition(". A field")[0])
        assert written == [column.name for column in known], name
    for state in STATES:
        assert f"| `{state}` |" in text
    for status in STATUSES:
        assert f"| `{status}` |" in text
