"""What is delicate stays out of everything public: every file of a release, its page's figures, and the front page."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from frictionless import validate
from sqlalchemy import select

from micro.data.models import Project, SetAside, Setup, Volunteer
from micro.house import House
from micro.services.projects import a_read_record
from micro.services.workbench import own_answers
from tests.cast import Cast, add_cards
from tests.services.releasing import decide_on, everybody_answers, files_of, make, objects, table

SECRET = "Aldersby gravel pit"
EXACT = {"lat": "51.5357123", "lon": "-0.9028321"}
SHOWS = {
    "name": "shows",
    "type": "tags",
    "free": True,
    "label": {"en": "What it shows", "fr": "Ce qu’on voit"},
    "choices": [
        {"code": "axe", "label": {"en": "Axe", "fr": "Hache"}, "uri": "https://vocabulary.example/axe"},
        {"code": "hoard", "label": {"en": "Hoard", "fr": "Dépôt"}},
    ],
}
PLACE = {"name": "place", "type": "text", "label": {"en": "Place", "fr": "Lieu"}, "publish": "never"}
SPOT = {"name": "spot", "type": "point", "label": {"en": "Findspot"}, "grid_m": 1000}
SAID: dict[str, Any] = {
    "place": {"value": SECRET},
    "shows": {"value": ["axe", {"free": "Bent tip"}]},
    "spot": {"value": EXACT},
}


def stock(house: House, cast: Cast, *fields: dict[str, Any], people: int = 2, boxes: Any = None) -> None:
    """A form of these fields, one card, and one task that asks so many people for all of them; or a task a box."""
    asked = [field["name"] for field in fields]
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        form(session, house, cast, *fields, version=2)
        project.min_answers = people
        project.cutting = {
            "boxes": boxes or [{"name": "card", "x": 0, "y": 0, "width": 1, "height": 0.9, "fields": asked}]
        }
        add_cards(session, house, project, 1)


def form(session: Any, house: House, cast: Cast, *fields: dict[str, Any], version: int) -> None:
    session.add(
        Setup(
            project_id=cast.project.id,
            version=version,
            kind="transcribe",
            kind_version=1,
            body={"fields": list(fields)},
            created_at=house.clock(),
        )
    )
    session.flush()


def everything(house: House, release: Any) -> str:
    """All bytes that a release shows: its files, the archive, and what its page is made of."""
    files = files_of(house, release)
    with zipfile.ZipFile(io.BytesIO(house.storage.get(f"{release.manifest['folder']}/all.zip"))) as archive:
        packed = b"".join(archive.read(name) for name in archive.namelist())
    return (b"".join(files.values()) + packed).decode() + str(release.manifest)


@pytest.mark.parametrize("publish", ["never", "2026-03-02"])
def test_a_field_that_is_held_back_is_in_no_file(house: House, cast: Cast, publish: str, tmp_path: Path) -> None:
    stock(house, cast, {**PLACE, "publish": publish}, SHOWS, people=3)
    wrong = {**SAID, "place": {"value": f"{SECRET} no. 2"}}
    everybody_answers(house, cast.project, *[{n: s[n] for n in ("place", "shows")} for s in (SAID, SAID, wrong)])
    decide_on(house, cast.ben, "HM 1", "amend", {"place": {"value": f"{SECRET} by Ben"}})
    release = make(house, cast.project)
    assert SECRET not in everything(house, release)
    files = files_of(house, release)
    assert not [name for name in table(files["records.csv"])[0] if name.startswith("place")]
    assert not [name for name in table(files["answers.csv"])[0] if name.startswith("place")]
    assert {row["field"] for row in table(files["values.csv"])} == {"shows"}
    (line,) = objects(files["records.jsonl"])
    assert list(line["fields"]) == ["shows"]
    assert {name for region in line["regions"] for name in region["fields"]} == {"shows"}
    (told,) = [row for row in table(files["dictionary.csv"]) if row["column"] == "place"]
    assert (told["file"], told["label_en"], told["label_fr"]) == ("(none)", "Place", "Lieu")
    assert ("Not for publication" if publish == "never" else "Closed until 2026-03-02") in told["meaning"]
    assert release.manifest is not None
    assert release.manifest["figures"]["statuses"] == {"given": 1}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert validate(str(tmp_path / "datapackage.json")).valid


def test_a_field_is_in_the_release_of_the_day_on_which_it_opens(house: House, cast: Cast, clock: Any) -> None:
    stock(house, cast, {**PLACE, "publish": "2026-03-02"})
    everybody_answers(house, cast.project, *[{"place": SAID["place"]}] * 2)
    assert SECRET not in everything(house, make(house, cast.project))
    clock.pass_(days=1)
    later = files_of(house, make(house, cast.project))
    assert table(later["records.csv"])[0]["place"] == SECRET
    assert table(later["answers.csv"])[0]["place"] == SECRET


def test_the_newest_form_closes_what_an_older_one_had_open(house: House, cast: Cast) -> None:
    stock(house, cast, {**PLACE, "publish": "always"}, SHOWS)
    everybody_answers(house, cast.project, *[{n: SAID[n] for n in ("place", "shows")}] * 2)
    assert SECRET in everything(house, make(house, cast.project))
    with house.database.writing() as session:
        form(session, house, cast, PLACE, SHOWS, version=3)
    assert SECRET not in everything(house, make(house, cast.project))


def test_a_field_held_back_by_the_last_form_that_had_it_stays_so(house: House, cast: Cast) -> None:
    stock(house, cast, PLACE, SHOWS)
    everybody_answers(house, cast.project, *[{n: SAID[n] for n in ("place", "shows")}] * 2)
    with house.database.writing() as session:
        form(session, house, cast, SHOWS, version=3)
    assert SECRET not in everything(house, make(house, cast.project))


def test_a_part_that_was_cut_for_nothing_else_is_left_out_too(house: House, cast: Cast) -> None:
    boxes = [
        {"name": name, "x": 0.1, "y": y, "width": 0.5, "height": 0.1} for name, y in (("place", 0.1), ("shows", 0.5))
    ]
    stock(house, cast, PLACE, SHOWS, boxes=boxes)
    everybody_answers(house, cast.project, *[{n: SAID[n] for n in ("place", "shows")}] * 2)
    (line,) = objects(files_of(house, make(house, cast.project))["records.jsonl"])
    assert "place" not in {region["name"] for region in line["regions"]}


def test_points_are_published_as_the_middle_of_their_cell_in_every_file(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    stock(house, cast, SPOT, SHOWS, people=3)
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).target_confidence = 0.6  # Two of three are enough for this museum.
    near = {"lat": "51.5357999", "lon": "-0.9028777"}
    far = {"lat": "52.1234567", "lon": "0.7654321"}
    said = [{"spot": {"value": place}, "shows": SAID["shows"]} for place in (EXACT, near, far)]
    everybody_answers(house, cast.project, *said)
    release = make(house, cast.project)
    shown = everything(house, release)
    for place in (EXACT, near, far):
        assert not re.search("|".join(re.escape(text[:7]) for text in place.values()), shown), place
    files = files_of(house, release)
    (row,) = table(files["records.csv"])
    assert abs(float(row["spot_lat"]) - 51.5357) < 0.01 and abs(float(row["spot_lon"]) + 0.9028) < 0.015
    assert 600 < int(row["spot_uncertainty_m"]) < 900
    published = {(r["spot_lat"], r["spot_lon"]) for r in table(files["answers.csv"])}
    assert (row["spot_lat"], row["spot_lon"]) in published and len(published) == 2
    spot = objects(files["records.jsonl"])[0]["fields"]["spot"]
    assert [(one["count"], set(one["said"]["value"])) for one in spot["evidence"]] == [
        (2, {"lat", "lon", "uncertainty_m"}),
        (1, {"lat", "lon", "uncertainty_m"}),
    ]
    (told,) = [r for r in table(files["dictionary.csv"]) if r["column"] == "spot_lat" and r["file"] == "records.csv"]
    assert told["values"] == "centres of cells of 1000 m"
    assert b"centre of a cell of 1000 m" in files["README.txt"]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    report = validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "note", "rowNumber", "fieldName"])


def test_a_place_written_down_before_the_field_became_a_point_is_not_told(house: House, cast: Cast) -> None:
    stock(house, cast, {**SPOT, "type": "text", "grid_m": None}, SHOWS)
    everybody_answers(house, cast.project, *[{"spot": {"value": "51.5357123, -0.9028321"}, "shows": SAID["shows"]}] * 2)
    with house.database.writing() as session:
        form(session, house, cast, SPOT, SHOWS, version=3)
    assert "51.5357" not in everything(house, make(house, cast.project))


def test_labels_come_with_identifiers_and_a_vocabulary_in_both_languages(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    stock(house, cast, SHOWS)
    everybody_answers(house, cast.project, *[{"shows": SAID["shows"]}] * 2)
    release = make(house, cast.project)
    files = files_of(house, release)
    (row,) = table(files["records.csv"])
    assert (row["shows"], row["shows_uri"]) == ("Axe | Bent tip", "https://vocabulary.example/axe | ")
    assert [r["shows"] for r in table(files["answers.csv"])] == ["Axe | Bent tip"] * 2
    assert table(files["values.csv"])[0]["code"] == "axe"
    assert [list(r.values()) for r in table(files["vocabulary.csv"]) if r["field"] != "material"] == [
        ["shows", "axe", "Axe", "Hache", "https://vocabulary.example/axe"],
        ["shows", "hoard", "Hoard", "Dépôt", ""],
    ]
    assert b"vocabulary.csv" in files["SHA256SUMS"] and b"vocabulary.csv" in files["README.txt"]
    words = [r["column"] for r in table(files["dictionary.csv"]) if r["file"] == "vocabulary.csv"]
    assert words == ["field", "code", "label_en", "label_fr", "uri"]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    report = validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "note", "rowNumber", "fieldName"])
    assert report.stats["tasks"] == 6


def test_answers_of_a_volunteer_who_is_set_aside_are_in_no_file_and_no_count(house: House, cast: Cast) -> None:
    stock(house, cast, SHOWS, people=3)
    everybody_answers(house, cast.project, *[{"shows": SAID["shows"]}] * 2, {"shows": {"value": [{"free": "rubbish"}]}})
    assert len(table(files_of(house, make(house, cast.project))["answers.csv"])) == 3
    with house.database.writing() as session:
        vandal = session.query(Volunteer).order_by(Volunteer.id.desc()).first()
        assert vandal is not None
        session.add(
            SetAside(project_id=cast.project.id, volunteer_id=vandal.id, state="aside", changed_at=house.clock())
        )
    release = make(house, cast.project)
    assert release.manifest is not None
    assert [row["shows"] for row in table(files_of(house, release)["answers.csv"])] == ["Axe | Bent tip"] * 2
    assert (release.manifest["figures"]["answers"], release.manifest["figures"]["volunteers"]) == (2, 2)


def test_who_answered_is_not_told_what_was_decided_where_it_is_held_back_or_blurred(house: House, cast: Cast) -> None:
    stock(house, cast, PLACE, SPOT, SHOWS)
    everybody_answers(house, cast.project, *[SAID] * 2)
    decided = {"place": {"value": f"{SECRET} by Ben"}, "shows": {"value": ["hoard"]}}
    decide_on(house, cast.ben, "HM 1", "amend", decided)
    with house.database.reading() as session:
        someone = session.scalars(select(Volunteer)).first()
        assert someone is not None
        (own,), _ = own_answers(session, [someone.id], 1, 10, house.clock().date())
    assert own.answer.value["place"] == SAID["place"], "one's own answer is one's own"
    assert own.decided == {"shows": {"value": ["hoard"]}}


def test_the_front_page_shows_no_field_that_is_held_back(house: House, cast: Cast, client: FlaskClient) -> None:
    boxes = [
        {"name": name, "x": 0.1, "y": y, "width": 0.5, "height": 0.1} for name, y in (("place", 0.1), ("spot", 0.5))
    ]
    stock(house, cast, PLACE, SPOT, boxes=boxes)
    everybody_answers(house, cast.project, *[{n: SAID[n] for n in ("place", "spot")}] * 2)
    with house.database.reading() as session:
        example = a_read_record(session, house.clock().date())
    assert example is not None
    assert example.field.name == "spot"
    assert "uncertainty_m" in example.said["value"]
    page = client.get("/").text
    assert SECRET not in page and EXACT["lat"][:7] not in page
    assert example.said["value"]["lat"] in page
