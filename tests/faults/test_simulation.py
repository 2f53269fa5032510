"""`micro simulate` as a real process, and the parts that decide what its people read and how right the records are."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from micro.config import BadSetting, Settings
from micro.core.fields import FIELD_TYPES, field_from_setup, parse_said
from micro.demo.cards import make_truths
from micro.demo.drawer import read_truth
from micro.demo.seed import FORM
from micro.kinds import kind_folders, kind_named
from micro.simulation.people import WAYS, Habits, everybody, read_card
from micro.simulation.place import MARKER, own_settings
from micro.simulation.scoring import score
from micro.web.api.lending import describe_field
from tests.faults.running import CHECKOUT, descendants, eventually, gone

FIELDS = [field_from_setup(body) for body in FORM["fields"]]
ASKED = [
    {
        "name": field.name,
        "type": field.type,
        "units": list(field.units),
        "choices": [{"code": code} for code, _ in field.choices],
    }
    for field in FIELDS
]


class Simulation:
    """A running `micro simulate` with 4 cards and 4 volunteers, in a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data, self.output = folder / "var", folder / "output"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MICRO_")}
        # The real database, which a simulation never touches: this one would stop it.
        environment = {
            **inherited,
            "PYTHONPATH": str(CHECKOUT),
            "MICRO_DATA": str(self.data),
            "MICRO_PORT": "1",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
            "REDIS_URL": "redis://127.0.0.1:1",
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "micro", "simulate", "--cards", "4", "--volunteers", "4", "--seed", "3"],
                cwd=folder,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def reached(self, label: str) -> None:
        """Waits until the simulation has come so far."""

        def is_there() -> bool:
            assert self.process.poll() is None, f"it ended:\n{self.said}"
            return label in self.said

        eventually(is_there, limit_s=60)


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    running = Simulation(tmp_path)
    yield running
    for _ in range(2):  # A second signal stops without patience.
        if running.process.poll() is None:
            running.process.terminate()
    running.process.wait(timeout=30)


def test_the_whole_main_job_runs_through_and_its_json_line_is_right(simulation: Simulation) -> None:
    simulation.reached("volunteers answer")
    family = descendants(simulation.process.pid)
    assert len(family) >= 5, "queue, worker and its scheduler, web server and its processes"

    assert simulation.process.wait(timeout=150) == 0, simulation.said
    assert gone(family)
    told = json.loads(simulation.said.splitlines()[-1])
    place = Path(told["release"])
    records = [json.loads(line) for line in (place / "records.jsonl").read_text().splitlines()]
    with (place / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        answers = list(csv.DictReader(file))

    assert place.is_relative_to(simulation.data / "simulation")
    assert (told["records"], told["asked_in_vain"]) == (4, 0)
    assert told["answers"] == len(answers)
    assert {row["surplus"] for row in answers} == {"false"}
    assert max(Counter(row["record"] for row in answers).values()) <= 4
    assert told["exact_after_review"] == pytest.approx(share_of_exact_cells(simulation, records), abs=1e-4)
    assert told["exact_after_review"] >= told["exact_before_review"] > 0.5
    assert all(record["state"] in ("agreed", "checked") for record in records), "nobody is asked any more"


def share_of_exact_cells(simulation: Simulation, records: list[dict[str, Any]]) -> float:
    """Counted here once more, without the simulation's own scoring."""
    cards = {card.identifier: card for card in read_truth(simulation.data / "simulation" / "cards").values()}
    cells = [
        (record["fields"][field.name], parse_said(field, cards[record["identifier"]].fields[field.name]))
        for record in records
        for field in FIELDS
    ]
    exact = [
        released["value"] == truth["value"] and released["status"] in ("given", "unsure")
        if "value" in truth
        else released["status"] == truth["mark"]
        for released, truth in cells
    ]
    return sum(exact) / len(exact)


def test_ctrl_c_half_way_leaves_no_process_and_claims_no_result(simulation: Simulation) -> None:
    simulation.reached("scans are taken in")
    family = descendants(simulation.process.pid)

    simulation.process.send_signal(signal.SIGINT)

    assert simulation.process.wait(timeout=25) == 130, simulation.said
    assert gone(family)
    assert "asked_in_vain" not in simulation.said
    assert "Traceback" not in simulation.said


# Where it happens ------------------------------------------------------------------------------------------------


def test_a_folder_that_somebody_else_made_is_not_emptied(tmp_path: Path) -> None:
    treasure = tmp_path / "simulation" / "thesis.txt"
    treasure.parent.mkdir()
    treasure.write_text("ten years of work")

    with pytest.raises(BadSetting, match="not made by a simulation"):
        own_settings(Settings(data_folder=tmp_path))

    assert treasure.read_text() == "ten years of work"


def test_the_folder_of_an_earlier_simulation_is_emptied_but_nothing_that_it_links_to(tmp_path: Path) -> None:
    own = own_settings(Settings(data_folder=tmp_path / "var"))
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "kept").touch()
    (own.folder / "micro.db").touch()
    (own.folder / "link").symlink_to(beside)

    again = own_settings(Settings(data_folder=tmp_path / "var"))

    assert again.folder == own.folder
    assert {path.name for path in own.folder.iterdir()} == {MARKER, "lock"}
    assert (beside / "kept").exists()


def test_the_real_database_queue_and_storage_are_left_alone(tmp_path: Path) -> None:
    own = own_settings(
        Settings(
            data_folder=tmp_path,
            database_url="postgresql://museum",
            redis_url="redis://museum",
            storage_url="s3://key:secret@museum/scans",
            host="0.0.0.0",
            web_processes=3,
        )
    )
    assert own.database == f"sqlite:///{tmp_path}/simulation/micro.db"
    assert (own.redis_url, own.storage_url, own.host, own.demo, own.web_processes) == ("", "", "127.0.0.1", False, 3)


# Its people ------------------------------------------------------------------------------------------------------


def readings(who: Habits, seed: int = 5, cards: int = 300) -> Iterator[tuple[str, Any, Any]]:
    """(type of field, truth, what was read) of every field of a drawer."""
    for card in make_truths(cards, "en", seed):
        truth = {field.name: parse_said(field, card.fields[field.name]) for field in FIELDS}
        read = read_card(truth, ASKED, who, card.identifier, seed)
        for field in FIELDS:
            yield field.type, truth[field.name], parse_said(field, read[field.name])


def is_right(truth: Any, read: Any) -> bool:
    return {**read, "mark": None} == {**truth, "mark": None} if "value" in truth else bool(read == truth)


def test_everybody_is_as_wrong_as_planned_and_never_says_what_cannot_be_said() -> None:
    careful, *_, vandal = everybody(5)
    assert [round(who.error_rate, 3) for who in everybody(5)] == [0.02, 0.097, 0.173, 0.25, 1.0]
    wrong = [not is_right(truth, read) for _, truth, read in readings(Habits("nobody", 0.0))]
    assert sum(wrong) / len(wrong) == pytest.approx(0.035, abs=0.015), "one field in ten is hard"
    wrong = [not is_right(truth, read) for _, truth, read in readings(careful)]
    assert sum(wrong) / len(wrong) == pytest.approx(0.055, abs=0.02)
    assert sum(is_right(truth, read) for _, truth, read in readings(vandal)) < 150, "a choice is hit by chance"


def test_mistakes_are_those_that_people_make() -> None:
    wrong = [
        (kind, truth["value"], read.get("value"), read.get("mark"))
        for kind, truth, read in readings(Habits("hasty", 0.9))
        if "value" in truth and not is_right(truth, read)
    ]
    assert {mark for _, _, value, mark in wrong if value is None} == {"blank", "illegible"}
    pairs = {
        kind: [(true, said) for of_kind, true, said, _ in wrong if of_kind == kind and said]
        for kind in ("text", "long_text", "number", "date", "choice")
    }
    assert any(said.lower() == true.lower() for true, said in pairs["text"]), "wrong case"
    assert any(said.count("\n") < true.count("\n") for true, said in pairs["long_text"]), "a line left out"
    assert any(said["amount"] == true["amount"].replace(".", "") != true["amount"] for true, said in pairs["number"])
    assert any((said[5:7], said[8:]) == (true[8:], true[5:7]) for true, said in pairs["date"]), "day for month"
    assert all(said != true for true, said in pairs["choice"])
    assert any(mark == "unsure" and value for _, _, value, mark in wrong)


def every_truth() -> list[Any]:
    """(kind, setup, an answer) of every example of every kind of task that there is."""
    found = []
    for folder in kind_folders():
        content = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
        for example in content["examples"]:
            if "value" in example:
                setup = content["setups"][example["setup"]]
                found.append(pytest.param(folder.name, setup, example["value"], id=f"{folder.name}: {example['name']}"))
    return found


@pytest.mark.parametrize(("kind", "setup", "truth"), every_truth())
def test_they_answer_every_kind_of_task_with_what_can_be_said(
    kind: str, setup: dict[str, Any], truth: dict[str, Any]
) -> None:
    asked = [describe_field(field) for field in kind_named(kind).fields(setup)]
    for who in (Habits("careful", 0.0, harder=0.0), Habits("hasty", 0.9), everybody(3)[-1]):
        read = [kind_named(kind).parse(read_card(truth, asked, who, "card", seed), setup) for seed in range(40)]
        if who.name == "careful":
            assert all(is_right(truth[name], one[name]) for one in read for name in truth if "value" in truth[name])
        else:
            said = [name for name in truth if "value" in truth[name]]
            assert any(not is_right(truth[name], one[name]) for one in read for name in said) or not said


def test_mistakes_are_known_for_every_type_of_field() -> None:
    assert set(WAYS) == set(FIELD_TYPES)


def test_what_somebody_reads_depends_on_seed_card_and_person_only() -> None:
    hasty, other = Habits("hasty", 0.5), Habits("other", 0.5)
    assert list(readings(hasty)) == list(readings(hasty))
    assert list(readings(hasty)) != list(readings(other))
    assert list(readings(hasty, cards=20)) == list(readings(hasty, cards=40))[: 20 * len(FIELDS)]


# How right it is -------------------------------------------------------------------------------------------------


def test_a_cell_is_exact_wrong_or_unresolved_and_a_missing_record_claims_nothing() -> None:
    asked = [{"name": "object", "type": "text"}, {"name": "notes", "type": "long_text"}]
    truths = {
        "HM 1": {"object": {"value": "Comb"}, "notes": {"mark": "blank"}},
        "HM 2": {"object": {"value": "Jug"}, "notes": {"value": "Broken"}},
        "HM 3": {"object": {"value": "Pin"}, "notes": {"value": "Bent"}},
    }
    released = [
        {
            "identifier": "HM 1",
            "fields": {"object": {"status": "unsure", "value": "Comb"}, "notes": {"status": "blank", "value": None}},
        },
        {
            "identifier": "HM 2",
            "fields": {"object": {"status": "given", "value": "jug"}, "notes": {"status": "unresolved", "value": None}},
        },
    ]

    found = score(released, truths, asked)

    assert found.cells == {
        "text": {"exact": 1, "wrong": 1, "unresolved": 1},
        "long_text": {"exact": 1, "unresolved": 2},
        "all": {"exact": 2, "wrong": 1, "unresolved": 3},
    }
    assert found.share() == pytest.approx(1 / 3)
