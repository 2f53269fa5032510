"""What is typed as a command and changes something is in the log of acts, beside what is done at the desk."""

from __future__ import annotations

import getpass

from sqlalchemy import select

from micro.app import create_app
from micro.data.models import Account, Act, Institution, Project
from micro.services import act_search
from micro.services.act_search import Row, Wanted
from micro.services.acts import COMMAND_LINE
from micro.web.acts import COMMANDS
from tests.cast import signed_in
from tests.faults.commanding import Micro
from tests.faults.test_cli_imports import files
from tests.services.importing import run, task

PASSWORD = "a long enough password"


def lines(micro: Micro) -> list[Act]:
    with micro.reading() as session:
        return list(session.scalars(select(Act).order_by(Act.id)))


def found(micro: Micro, **wanted: str) -> list[Row]:
    with micro.reading() as session:
        return act_search.acts(session, Wanted(None, **wanted))


def make_account(micro: Micro, email: str, *more: str) -> None:
    micro.does("admin", "create", email, "--name", "Nora", "--password", PASSWORD, *more)


def test_every_command_that_changes_something_leaves_who_what_where_and_what_came_of_it(micro: Micro) -> None:
    micro.prepare("sites", boxes=[])
    make_account(micro, "nora@example.org")
    with micro.reading() as session:
        institution = session.scalars(select(Act.institution_id).where(Act.project == "sites")).one()
    micro.does("ingest", micro.drawer(2), "--project", "sites")
    micro.does("cut", micro.file("way.json", {"by": "grid", "rows": 2, "columns": 2}), "--project", "sites")
    micro.does(*files(micro, [task(1), task(2)], [run(1, 1), run(2, 1)]), "--project", "axes")
    with micro.writing() as session:
        session.scalars(select(Project).where(Project.slug == "axes")).one().state = "live"
    micro.does("release", "--project", "axes", "--notes", "The first.")
    told = lines(micro)
    assert {act.verb for act in told} | {"command.import_csv"} == set(COMMANDS)
    assert {act.who for act in told} == {COMMAND_LINE}
    assert {act.details.get("system user") for act in told} == {getpass.getuser()}
    assert {act.project for act in told if act.verb in ("command.ingest", "command.cut")} == {"sites"}
    assert {act.institution_id for act in told if act.project == "sites"} == {institution}
    ends = {act.verb: act.details for act in told if act.to_state == "done"}
    assert ends["command.ingest"]["files"] == "2 taken in, 0 were there already, 0 refused"
    assert ends["command.cut"]["scans"] == "2 cut, 0 not cut"
    assert ends["command.import_pybossa"]["tasks"] == "2 read, 2 added, 0 skipped (here already), 0 bad"
    assert ends["command.import_pybossa"]["runs"] == "2 read, 2 added, 0 skipped (here already), 0 bad"
    assert ends["command.release"]["release"] == "1"
    begun = next(act for act in told if act.verb == "command.release")
    assert (begun.project, begun.why) == ("axes", "")
    everything = "\n".join(f"{vars(act)}" for act in told)
    assert not [secret for secret in ("nora@example.org", "Nora", PASSWORD) if secret in everything]


def test_a_command_that_changes_nothing_or_only_looks_leaves_no_line(micro: Micro) -> None:
    micro.prepare("sites")
    command = files(micro, [task(1)], [run(1, 1)])
    micro.does(*command, "--project", "axes")
    table = micro.file("answers.csv", "task,worker,title\n1,ann,Axe\n")
    before = [act.id for act in lines(micro)]
    micro.does(*command, "--project", "axes")
    micro.does(*command, "--project", "other", "--dry-run")
    micro.does("project", "what-if", "axes", "--set", "target_confidence=0.9")
    micro.run("import-csv", table, "--project", "axes", "--dry-run")
    micro.fails("admin", "create", "no address", "--name", "Nora", "--password", PASSWORD)
    micro.fails("project", "create", micro.folder / "plan.json")  # There is one at this address.
    micro.does("sweep")
    assert [act.id for act in lines(micro)] == before


def test_staff_made_by_a_command_are_named_by_their_public_id_at_their_institution(micro: Micro) -> None:
    micro.prepare("sites")
    place = lines(micro)[-1].institution_id
    with micro.reading() as session:
        slug = session.get_one(Institution, place).slug
    make_account(micro, "ben@example.org", "--institution", slug, "--role", "reviewer")
    with micro.reading() as session:
        public_id = session.scalars(select(Account.public_id)).one()
    act = lines(micro)[-1]
    assert (act.verb, act.subject, act.subject_key, act.to_state) == (
        "command.account",
        "account",
        public_id,
        "reviewer",
    )
    assert (act.institution_id, act.details["people"]) == (place, [public_id])


def test_they_are_searched_and_taken_away_like_the_others(embedded: Micro) -> None:
    embedded.prepare("sites")
    make_account(embedded, "nora@example.org")
    embedded.does("ingest", embedded.drawer(1), "--project", "sites")
    whole = ["command.ingest", "command.ingest", "command.account", "command.project"]
    for typed in ("Command", "command line", "LINE"):
        assert [row.act.verb for row in found(embedded, who=typed)] == whole
    assert [row.act.verb for row in found(embedded, project="sites", words="taken")] == ["command.ingest"]
    assert len(found(embedded, words=getpass.getuser())) == 4
    with embedded.house() as house:
        with house.database.reading() as session:
            nora = session.scalars(select(Account)).one()
        browser = signed_in(create_app(opened=house), nora)
        page = browser.get("/desk/institutions/acts?who=command+line").text
        assert "<b>The command line</b> took in a folder of pictures" in page
        assert f"system user: {getpass.getuser()}" in page
        assert "An account that is no more" not in page
        rows = browser.get("/desk/institutions/acts.csv?verb=command.ingest").data.decode("utf-8-sig").splitlines()
        assert len(rows) == 3 and COMMAND_LINE in rows[1] and "1 taken in" in rows[1]


def test_a_command_that_fails_after_it_changed_something_says_so(micro: Micro) -> None:
    micro.prepare("sites")
    micro.does("ingest", micro.drawer(1), "--project", "sites")
    broken = micro.file("drawer/card-9.jpg", b"no picture at all")
    result = micro.run("ingest", broken.parent, "--project", "sites")
    assert result.exit_code == 1
    said = lines(micro)[-1].details["files"]
    assert said.endswith(", 1 refused") and f"{said}\n" in result.stdout
