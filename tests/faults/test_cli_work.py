"""The `micro` command at work: a project, its scans, its answers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from micro.data.models import (
    Institution,
    IntakeFile,
    Project,
    Record,
    RecordVersion,
    Release,
    Scan,
    Task,
)
from micro.house import utc_now
from micro.services import answers, assignments, intake, people
from tests.cast import CUTTING, card_picture, good_answer
from tests.faults.commanding import NOTHING_LEFT, Micro, plan
from tests.services.releasing import RULE, begin, everybody_answers

# --- a project ----------------------------------------------------------------------------------------------------


def test_the_plan_of_the_guide_makes_a_draft_and_its_address_is_told(micro: Micro) -> None:
    micro.does("migrate")
    said = micro.does("project", "create", micro.file("plan.json", plan()), MICRO_BASE_URL="https://read.example.org")
    assert said == "a draft: https://read.example.org/desk/harrowby-cards\n"
    with micro.reading() as session:
        project = session.scalars(select(Project)).one()
        assert (project.slug, project.state, project.collection.institution.name) == (
            "harrowby-cards",
            "draft",
            "Harrowby Museum",
        )


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([], "one JSON object"),
        ({"slug": "x"}, "The plan needs “institution”."),
        (plan(slug="taken"), "address"),
        (plan(colour="red"), "colour"),
        (plan(form={"fields": [{"name": "x", "type": "song"}]}), "song"),
        (plan(boxes=[]) | {"boxes": plan()["boxes"][:1]}, "notes"),
    ],
    ids=["cut off", "bytes", "deep", "list", "parts missing", "taken", "unknown part", "form", "boxes"],
)
def test_a_plan_that_cannot_be_used_is_one_line_and_leaves_nothing(micro: Micro, content: Any, part: str) -> None:
    micro.prepare("taken")
    assert part in micro.fails("project", "create", micro.file("bad.json", content))
    assert (micro.count(Project), micro.count(Institution)) == (1, 1)


def test_a_plan_that_is_not_there_is_named(embedded: Micro) -> None:
    embedded.prepare()
    assert "nowhere.json" in embedded.fails("project", "create", embedded.folder / "nowhere.json")
    assert str(embedded.folder) in embedded.fails("project", "create", embedded.folder)


# --- scans --------------------------------------------------------------------------------------------------------


def test_a_folder_goes_into_the_only_project_and_a_second_time_changes_nothing(micro: Micro) -> None:
    micro.prepare("cards")
    drawer = micro.drawer(3)
    (drawer / "manifest.csv").write_text("file,title\ncard-2.jpg,An axe\n")
    assert "3 taken in, 0 were there already, 0 refused" in micro.does("ingest", drawer)
    assert "0 refused" in micro.does("ingest", drawer)
    with micro.reading() as session:
        titles = {scan.file_name: scan.title for scan in session.scalars(select(Scan))}
        assert titles == {"card-1.jpg": "", "card-2.jpg": "An axe", "card-3.jpg": ""}
    assert micro.count(Task) == 6, "the plan has two boxes with tasks of their own, and they cut at once"


def test_the_same_picture_in_another_folder_was_there_already(embedded: Micro) -> None:
    embedded.prepare("cards")
    embedded.does("ingest", embedded.drawer(2))
    embedded.file("box/again.jpg", card_picture(1))
    assert "0 taken in, 1 were there already, 0 refused" in embedded.does("ingest", embedded.folder / "box")


def test_among_several_projects_one_has_to_be_named(micro: Micro) -> None:
    micro.prepare("axes", "beads")
    line = micro.fails("ingest", micro.drawer(1))
    assert line == "micro: name the project with --project: axes, beads"
    assert micro.count(Scan) == 0
    micro.does("ingest", micro.drawer(1), "--project", "beads")
    with micro.reading() as session:
        assert [scan.project.slug for scan in session.scalars(select(Scan))] == ["beads"]


def test_without_any_project_there_is_none_to_name(embedded: Micro) -> None:
    embedded.prepare()
    assert "there is none yet" in embedded.fails("ingest", embedded.drawer(1))


def test_a_broken_file_is_named_on_stderr_and_the_others_are_taken_in(micro: Micro) -> None:
    micro.prepare("cards")
    micro.file("drawer/broken.jpg", b"<html>404</html>")
    result = micro.run("ingest", micro.drawer(2))
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("refused: broken.jpg: ")
    assert "2 taken in, 0 were there already, 1 refused" in result.stdout
    assert micro.count(Scan) == 2
    micro.file("drawer/broken.jpg", card_picture(9))
    micro.does("ingest", micro.folder / "drawer")
    assert micro.count(Scan) == 3


def test_a_refused_file_is_one_line_whatever_its_name(embedded: Micro) -> None:
    embedded.prepare("cards")
    embedded.file("drawer/two\nlines.jpg", b"x")
    assert len(embedded.run("ingest", embedded.folder / "drawer").stderr.splitlines()) == 1


def test_an_unknown_project_and_a_missing_folder_are_one_line(micro: Micro) -> None:
    micro.prepare("cards")
    assert "There is no such project." in micro.fails("ingest", micro.drawer(1), "--project", "nothing")
    assert str(micro.folder / "nowhere") in micro.fails("ingest", micro.folder / "nowhere")
    assert "two" in micro.fails("ingest", micro.folder / "two\nlines")
    micro.file("drawer/manifest.csv", b"\xff\x00,\x00")
    assert "manifest" in micro.fails("ingest", micro.folder / "drawer").lower()
    assert micro.count(Scan) == 0


def test_a_template_file_becomes_the_projects_and_cuts_all_scans(micro: Micro) -> None:
    micro.prepare("cards", boxes=[])
    micro.does("ingest", micro.drawer(3))
    assert micro.does("cut") == "0 scans cut\n"
    template = micro.file("boxes.json", {"boxes": plan()["boxes"]})
    assert micro.does("cut", template) == "3 scans cut\n"
    assert micro.count(Task) == 6
    assert micro.does("cut", "--project", "cards") == "0 scans cut\n"
    with micro.reading() as session:
        assert session.scalars(select(Project)).one().cutting == {"boxes": plan()["boxes"]}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("{", "is not JSON"),
        ([], "The boxes must be written as"),
        ({"boxes": plan()["boxes"][:1]}, "notes"),
        ({"boxes": [{"name": "head", "x": 2}]}, "shares of the scan"),
        (CUTTING, "stays as it is"),
    ],
    ids=["cut off", "list", "a field is missing", "outside", "another one"],
)
def test_a_template_that_cannot_be_used_is_one_line_and_the_old_one_stays(
    micro: Micro, content: Any, part: str
) -> None:
    micro.prepare("cards")
    micro.does("ingest", micro.drawer(1))
    assert part in micro.fails("cut", micro.file("bad.json", content))
    with micro.reading() as session:
        assert session.scalars(select(Project)).one().cutting == {"boxes": plan()["boxes"]}


# --- answers ------------------------------------------------------------------------------------------------------


def go_live(micro: Micro) -> Project:
    with micro.writing() as session:
        project = session.scalars(select(Project)).one()
        project.state = "live"
        return project


def test_a_sweep_takes_in_an_upload_that_was_left_waiting(micro: Micro) -> None:
    micro.prepare("cards")
    with micro.house() as house:
        house.storage.put("uploads/1/card.jpg", card_picture(1))
        with house.database.writing() as session:
            project = session.scalars(select(Project)).one()
            delivery = intake.open_delivery(session, project, "upload", utc_now())
            intake.add_file(session, delivery, "card.jpg", "uploads/1/card.jpg", {})
        assert "files taken in: 1\n" in micro.does("sweep")
        assert not house.storage.exists("uploads/1/card.jpg")
    with micro.reading() as session:
        assert session.scalars(select(IntakeFile)).one().state == "taken"
        assert session.scalars(select(Scan)).one().file_name == "card.jpg"
    assert micro.does("sweep") == NOTHING_LEFT


def test_a_sweep_settles_an_answer_that_was_left_behind(micro: Micro) -> None:
    micro.prepare("cards", min_answers=1, max_answers=1)
    micro.does("ingest", micro.drawer(1))
    go_live(micro)
    with micro.writing() as session:
        project, now = session.scalars(select(Project)).one(), utc_now()
        volunteer = people.volunteer_of_cookie(session, "somebody", now)
        while (lent := assignments.lend_task(session, project, volunteer, now, RULE)) is not None:
            said = {name: good_answer()[name] for name in lent.task.fields}
            answers.give_answer(session, lent, said, lent.public_id, now)
    assert micro.count(Record) == 0
    assert "items settled: 1\n" in micro.does("sweep")
    with micro.reading() as session:
        assert session.scalars(select(Record)).one().state != "open"
        assert session.scalars(select(RecordVersion)).one().values["object"]["value"] == "Socketed axe"


def test_with_nothing_to_release_there_is_one_line_and_no_release(micro: Micro) -> None:
    micro.prepare("cards")
    micro.does("ingest", micro.drawer(1))
    assert "This project is not open yet." in micro.fails("release")
    assert micro.count(Release) == 0


def test_a_release_is_made_here_and_now_and_its_files_are_there(micro: Micro) -> None:
    micro.prepare("cards")
    micro.does("ingest", micro.drawer(2))
    project = go_live(micro)
    with micro.house() as house:
        everybody_answers(house, project, good_answer(), good_answer())
    said = micro.does("release", "--notes", "The first one.", MICRO_BASE_URL="https://read.example.org")
    with micro.reading() as session:
        made = session.scalars(select(Release)).one()
    assert said == f"release 1: https://read.example.org/data/cards/1 (files in releases/{made.public_id})\n"
    assert (made.state, made.notes) == ("published", "The first one.")
    files = {path.name: path for path in (micro.data / "files/releases" / made.public_id).rglob("*.*")}
    assert files.keys() >= {"records.csv", "records.jsonl", "README.txt"}
    assert files["records.csv"].read_text(encoding="utf-8").count("Socketed axe") == 2
    assert micro.does("release").startswith("release 2: ")


def test_what_fails_in_a_sweep_or_a_release_ends_it_with_exit_code_1(embedded: Micro) -> None:
    embedded.prepare("cards")
    embedded.does("ingest", embedded.drawer(1))
    project = go_live(embedded)
    with embedded.house() as house:
        everybody_answers(house, project, good_answer(), good_answer())
        begin(house, project)
    in_the_way = embedded.file("var/files/releases", "a file where a folder should be")
    result = embedded.run("sweep")
    assert result.exit_code == 1
    assert "releases made: 0\n" in result.stdout and "failed: 1\n" in result.stdout
    embedded.fails("release")
    in_the_way.unlink()
    assert embedded.does("release").startswith("release 1: ")
    assert embedded.does("sweep") == NOTHING_LEFT
