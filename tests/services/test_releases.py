"""Releases: what is in their files, and that nothing ever changes them."""

from __future__ import annotations

import io
import re
import subprocess
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from frictionless import validate
from sqlalchemy import select

from micro import jobs
from micro.core.release.papers import files_with
from micro.data.models import Project, Setup, Task, Volunteer
from micro.data.snapshot import hold_still
from micro.errors import BadAnswer, Conflict, OutsideFailed
from micro.house import House
from micro.services import releases
from micro.services.releases import gather, publish, releases_behind, start_release
from tests.cast import FORM, Cast, add_cards, good_answer
from tests.services.releasing import (
    begin,
    decide_on,
    everybody_answers,
    files_of,
    look,
    make,
    objects,
    record_of,
    settle,
    table,
)

NASTY = {
    "a formula": '=HYPERLINK("http://evil","x")',
    "a full-width formula": "＝1+1",
    "a command": "@SUM(A1:A9)",
    "an apostrophe": "'s-Hertogenbosch",
    "quotes and commas": 'a "quoted", and; separated word',
    "right to left": "חותם מן המקדש, שנת ١٢٣",
    "emoji": "🏺 amphora 👩🏽‍🚀",
    "signs that end lines elsewhere": "one\u2028two\x85three",
}


def stock(house: House, cast: Cast, count: int) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), count)


def test_a_release_says_what_was_agreed_decided_and_left_open(house: House, cast: Cast) -> None:
    stock(house, cast, 3)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    decide_on(house, cast.ben, "HM 2", "amend", {"object": {"value": "Palstave"}})
    with house.database.writing() as session:
        third = record_of(session, "HM 3")
        third.state, third.reason = "review", "conflict"
    rows = {row["identifier"]: row for row in table(files_of(house, make(house, cast.project))["records.csv"])}
    assert [rows[name]["state"] for name in ("HM 1", "HM 2", "HM 3")] == ["agreed", "checked", "unresolved"]
    first, second = rows["HM 1"], rows["HM 2"]
    assert (first["object"], first["object_status"]) == ("Socketed axe", "given")
    assert (first["material"], first["length"], first["length_unit"], first["found_on"]) == (
        "Bronze",
        "12.4",
        "cm",
        "1907-10-12",
    )
    assert (first["notes"], first["notes_status"]) == ("", "blank")
    assert second["object"] == "Palstave"
    assert (first["reviewed_at"], second["reviewed_at"]) == ("", "2026-03-01T09:00:00Z")
    assert first["credit"] == "Drawn for a test"


def test_a_disputed_value_is_empty_in_the_flat_file_and_told_as_a_guess_elsewhere(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer(object={"value": "Flat axe"}))
    files = files_of(house, make(house, cast.project))
    (row,) = table(files["records.csv"])
    assert (row["object"], row["object_status"], row["state"]) == ("", "unresolved", "unresolved")
    value = next(value for value in table(files["values.csv"]) if value["field"] == "object")
    assert value["value"] == "" and value["best_guess"] in ("Flat axe", "Socketed axe")
    assert (value["answers"], value["agreeing"]) == ("2", "1")
    (line,) = objects(files["records.jsonl"])
    assert {said["said"]["value"] for said in line["fields"]["object"]["evidence"]} == {"Flat axe", "Socketed axe"}


def test_a_rejected_record_and_one_without_an_answer_are_left_out_with_their_answers(house: House, cast: Cast) -> None:
    stock(house, cast, 2)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    stock_more(house, cast)
    decide_on(house, cast.ben, "HM 1", "reject")
    files = files_of(house, make(house, cast.project))
    assert [row["identifier"] for row in table(files["records.csv"])] == ["HM 2"]
    assert {row["identifier"] for row in table(files["answers.csv"])} == {"HM 2"}


def stock_more(house: House, cast: Cast) -> None:
    """A third card that nobody has looked at."""
    with house.database.writing() as session:
        other = session.get_one(Project, cast.project.id)
        scan = add_cards(session, house, _elsewhere(session, other), 1)[0]
        assert scan.identifier == "HM 1"


def _elsewhere(session: Any, project: Project) -> Project:
    made = Project(
        collection=project.collection,
        slug="elsewhere",
        content_language="en",
        created_at=project.created_at,
        texts={},
        state="live",
        licence="CC0-1.0",
        cutting=project.cutting,
    )
    session.add(made)
    session.flush()
    session.add(
        Setup(
            project_id=made.id, version=1, kind="transcribe", kind_version=1, body=FORM, created_at=project.created_at
        )
    )
    session.flush()
    return made


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_any_text_comes_back_from_every_file_as_it_was_said(house: House, cast: Cast, text: str) -> None:
    stock(house, cast, 1)
    said = good_answer(object={"value": text}, notes={"value": "first\nsecond\tand\nthird"})
    everybody_answers(house, cast.project, said, said)
    files = files_of(house, make(house, cast.project))
    kept = objects(files["records.jsonl"])[0]["fields"]["object"]["value"]
    for row in (*table(files["records.csv"]), *table(files["answers.csv"])):
        assert re.sub("^'", "", row["object"]) == kept
        assert row["object"][0] not in "=+-@＝＋－＠"
        assert "second" in row["notes"] and row["length"] == "12.4"


def test_a_text_of_ten_thousand_characters_and_an_empty_project_text_are_kept(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    long = "\n".join(["lorem, “ipsum”;"] * 625)
    everybody_answers(house, cast.project, *[good_answer(notes={"value": long}, object={"mark": "illegible"})] * 2)
    (row,) = table(files_of(house, make(house, cast.project))["records.csv"])
    assert row["notes"] == long and len(long) > 9_000
    assert (row["object"], row["object_status"]) == ("", "illegible")


def test_a_negative_number_stays_a_number_and_a_formula_does_not_stay_one(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    said = good_answer(length={"value": {"amount": "-3.5", "unit": "cm"}}, object={"value": "-3.5"})
    everybody_answers(house, cast.project, said, said)
    (row,) = table(files_of(house, make(house, cast.project))["records.csv"])
    assert (row["length"], row["object"]) == ("-3.5", "'-3.5")


def test_the_data_package_is_valid_and_the_sums_are_right(house: House, cast: Cast, tmp_path: Path) -> None:
    stock(house, cast, 2)
    said = good_answer(
        object={"value": "=1+1"}, notes={"value": 'two\nlines, "quoted"'}, found_on={"value": "1907-10-XX"}
    )
    everybody_answers(house, cast.project, said, said)
    for name, content in files_of(house, make(house, cast.project, "First go.")).items():
        (tmp_path / name).write_bytes(content)
    report = validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "note", "rowNumber", "fieldName"])
    assert not report.warnings and report.stats["tasks"] == 5, report.to_summary()
    checked = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True
    )
    assert checked.returncode == 0 and checked.stdout.count(": OK") == len(files_with(())) - 1, checked.stderr


def test_a_data_package_with_a_changed_byte_is_not_valid(house: House, cast: Cast, tmp_path: Path) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    for name, content in files_of(house, make(house, cast.project)).items():
        (tmp_path / name).write_bytes(content.replace(b"Socketed", b"Sacketed"))
    assert not validate(str(tmp_path / "datapackage.json")).valid


def test_the_archive_holds_all_files(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    release = make(house, cast.project)
    assert release.manifest is not None
    with zipfile.ZipFile(io.BytesIO(house.storage.get(f"{release.manifest['folder']}/all.zip"))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files_of(house, release)


def test_every_column_is_in_the_data_dictionary(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    files = files_of(house, make(house, cast.project))
    words = table(files["dictionary.csv"])
    for name in ("records.csv", "values.csv", "answers.csv", "dictionary.csv"):
        assert list(table(files[name])[0]) == [word["column"] for word in words if word["file"] == name]
    keys = [word["column"] for word in words if word["file"] == "records.jsonl"]
    assert list(objects(files["records.jsonl"])[0]) == keys
    assert all(word["label_en"] and word["label_fr"] and word["meaning"] for word in words)
    assert next(word for word in words if word["column"] == "material")["values"] == "Bronze | Gold"
    assert next(word for word in words if word["column"] == "length_unit")["values"] == "cm | mm"


def test_a_field_named_like_a_fixed_column_gets_a_name_of_its_own(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        project.cutting = None
        body = {"fields": [{"name": "title", "type": "text"}, {"name": "state", "type": "text"}]}
        session.add(
            Setup(
                project_id=project.id, version=2, kind="transcribe", kind_version=1, body=body, created_at=house.clock()
            )
        )
        session.flush()
        project.cutting = {
            "boxes": [{"name": "card", "x": 0, "y": 0, "width": 1, "height": 1, "fields": ["title", "state"]}]
        }
    stock(house, cast, 1)
    said = {"title": {"value": "A title"}, "state": {"value": "broken"}}
    everybody_answers(house, cast.project, said, said)
    (row,) = table(files_of(house, make(house, cast.project))["records.csv"])
    assert (row["title"], row["title_2"], row["state"], row["state_2"]) == ("", "A title", "agreed", "broken")


def test_volunteers_stand_under_stable_pseudonyms_and_days_without_hours(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    first = table(files_of(house, make(house, cast.project))["answers.csv"])
    second = table(files_of(house, make(house, cast.project))["answers.csv"])
    assert len({row["volunteer"] for row in first}) == 2
    assert {row["volunteer"] for row in first} == {row["volunteer"] for row in second}
    assert {row["answered_on"] for row in first} == {"2026-03-01"}
    with house.database.reading() as session:
        known = set(session.scalars(select(Volunteer.public_id)))
    assert not any(name in row.values() for row in first for name in known)


def test_nothing_that_happens_later_changes_a_published_release(house: House, cast: Cast) -> None:
    stock(house, cast, 2)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    release = make(house, cast.project)
    before, manifest, published_at = files_of(house, release), release.manifest, release.published_at
    decide_on(house, cast.ben, "HM 1", "amend", {"object": {"value": "Palstave"}})
    jobs.write_release(house, release.id)
    with house.database.reading() as session:
        assert gather(session, release.id, "http://localhost", b"key") is None
    with house.database.writing() as session:
        publish(session, release.id, {"files": []}, house.clock())
        releases.fail(session, release.id, "too late", house.clock())
    make(house, cast.project)
    after = look(house, release.id)
    assert (after.state, after.manifest, after.published_at) == ("published", manifest, published_at)
    assert files_of(house, after) == before


def test_a_change_goes_into_the_next_release_which_says_what_changed(house: House, cast: Cast) -> None:
    stock(house, cast, 2)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    decide_on(house, cast.ben, "HM 2", "reject")
    first = make(house, cast.project)
    decide_on(house, cast.ben, "HM 1", "amend", {"object": {"value": "Palstave"}})
    decide_on(house, cast.ben, "HM 2", "accept")
    second = make(house, cast.project)
    assert first.manifest is not None and second.manifest is not None
    assert (first.number, first.manifest["changes"], second.number) == (1, None, 2)
    assert second.manifest["changes"] == {
        "since": 1,
        "added": 1,
        "removed": 0,
        "changed": 1,
        "checked": 1,
        "columns_added": [],
        "columns_removed": [],
    }


def test_a_release_killed_half_way_is_made_again_with_the_same_number_and_bytes(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    release_id = begin(house, cast.project)
    with house.database.reading() as session:
        plan = gather(session, release_id, house.settings.public_url, house.secret.encode())
        assert plan is not None and releases_behind(session) == [release_id]
    lost = releases.write_files(plan, house.storage)  # Killed here: the files are there, nothing is published.
    assert jobs.sweep_all(house)["releases made"] == 1
    release = look(house, release_id)
    assert (release.state, release.number) == ("published", 1)
    assert release.manifest == lost
    with house.database.reading() as session:
        assert releases_behind(session) == []


def test_two_jobs_that_make_one_release_from_different_answers_never_mix_their_files(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    release_id = begin(house, cast.project)
    with house.database.reading() as session:
        slow = gather(session, release_id, house.settings.public_url, house.secret.encode())
    decide_on(house, cast.ben, "HM 1", "amend", {"object": {"value": "Palstave"}})
    jobs.write_release(house, release_id)
    before = files_of(house, look(house, release_id))
    assert slow is not None
    manifest = releases.write_files(slow, house.storage)
    with house.database.writing() as session:
        publish(session, release_id, manifest, house.clock())
    assert files_of(house, look(house, release_id)) == before


def test_a_second_release_is_refused_while_one_is_being_made(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    begin(house, cast.project)
    with pytest.raises(Conflict):
        begin(house, cast.project)


def test_two_who_start_a_release_at_once_start_one(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    ready, outcomes = threading.Barrier(2), []

    def press() -> None:
        ready.wait()
        try:
            outcomes.append(begin(house, cast.project))
        except Conflict:
            outcomes.append(None)

    pressing = [threading.Thread(target=press) for _ in range(2)]
    for thread in pressing:
        thread.start()
    for thread in pressing:
        thread.join()
    assert sorted(outcome is None for outcome in outcomes) == [False, True]


def test_a_project_without_an_answer_has_nothing_to_release(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    with house.database.writing() as session, pytest.raises(BadAnswer):
        start_release(session, session.get_one(Project, cast.project.id), None, "", house.clock())


class FullDisk:
    """A storage on which nothing fits."""

    def put(self, key: str, content: bytes) -> None:
        raise OutsideFailed("A file could not be stored: %(why)s.", why="No space left on device")

    def get(self, key: str) -> bytes:
        raise OutsideFailed("A file could not be stored: %(why)s.", why="No space left on device")


def test_a_release_that_failed_is_started_again_under_its_number(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    release_id = begin(house, cast.project)
    broken = type(house)(**{**vars(house), "storage": FullDisk()})
    with pytest.raises(OutsideFailed):
        jobs.write_release(broken, release_id)
    assert look(house, release_id).state == "failed"
    release = make(house, cast.project)
    assert (release.number, release.state) == (1, "published")


def test_a_form_that_changed_keeps_the_old_answers_readable(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    with house.database.writing() as session:
        fields = [
            {"name": "object", "type": "text"},
            {"name": "length", "type": "text"},
            {"name": "weight", "type": "text"},
        ]
        session.add(
            Setup(
                project_id=cast.project.id,
                version=2,
                kind="transcribe",
                kind_version=1,
                body={"fields": fields},
                created_at=house.clock(),
            )
        )
    files = files_of(house, make(house, cast.project))
    (row,) = table(files["records.csv"])
    assert (row["length"], row["length_status"], row["weight_status"]) == ("", "unresolved", "unasked")
    lengths = table(files["answers.csv"])
    assert {(answer["length"], answer["length_unit"], answer["form_version"]) for answer in lengths} == {
        ("12.4", "cm", "1")
    }


def test_a_field_that_came_after_a_record_was_read_was_not_asked(house: House, cast: Cast) -> None:
    stock(house, cast, 2)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    first = table(files_of(house, make(house, cast.project))["records.csv"])
    before = next(row["confidence"] for row in first if row["identifier"] == "HM 1")
    with house.database.writing() as session:
        later = {"name": "weight", "type": "text"}
        body = {"fields": [*FORM["fields"], later]}
        version = {"version": 2, "kind": "transcribe", "kind_version": 1, "created_at": house.clock()}
        session.add(Setup(project_id=cast.project.id, body=body, **version))
        asked = session.scalars(select(Task).where(Task.item_id == record_of(session, "HM 2").item_id)).one()
        asked.fields = [*asked.fields, "weight"]
        asked.unsettled = True
    settle(house, cast.project)
    release = make(house, cast.project)
    files = files_of(house, release)
    old, new = sorted(table(files["records.csv"]), key=lambda row: row["identifier"])
    assert (old["state"], old["weight_status"], old["weight"], old["confidence"]) == ("agreed", "unasked", "", before)
    assert (new["weight_status"], new["confidence"]) == ("unresolved", "0.000")
    told = {row["identifier"]: row for row in table(files["values.csv"]) if row["field"] == "weight"}
    assert (told["HM 1"]["status"], told["HM 1"]["value"], told["HM 1"]["answers"]) == ("unasked", "", "0")
    figures = (release.manifest or {})["figures"]
    assert figures["statuses"]["unasked"] == 1
    assert sum(count for _, count in figures["confidence"]) == len(table(files["values.csv"])) - 1


def test_a_reading_sees_one_moment_however_many_queries_it_asks(house: House, cast: Cast) -> None:
    stock(house, cast, 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    with house.database.reading() as session:
        hold_still(session)
        before = record_of(session, "HM 1").revision
        decide_on(house, cast.ben, "HM 1", "reject")
        session.expire_all()
        assert (record_of(session, "HM 1").revision, record_of(session, "HM 1").state) == (before, "settled")
