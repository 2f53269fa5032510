"""The command that merges any table, as it is typed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

ROWS = [
    {"item": "1", "field": "kind", "answers": [{"worker": 1, "value": "Axe"}, {"worker": 2, "value": "axe."}]},
    {"item": "1", "field": "note", "type": "long text", "answers": [{"worker": 1, "value": "a big axe"}]},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def run(told: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "micro", "consensus", *options]
    return subprocess.run(command, input=told, capture_output=True, text=True, check=False)


def test_rows_are_merged_from_standard_input() -> None:
    done = run(LINES, "--jsonl")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [(one["item"], one["field"]) for one in found] == [("1", "kind"), ("1", "note")]
    assert found[1]["value"] == "a big axe"
    assert all(0 <= one["confidence"] <= 1 for one in found)
    assert done.stderr == ""


def test_bad_rows_are_told_by_number_and_the_rest_goes_on() -> None:
    bad = (
        "not json\n"
        + LINES
        + '{"item": "2"}\n\n[]\n{"item": "3", "field": "f", "answers": [{"worker": 1, "value": {}}]}\n'
    )
    done = run(bad)
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 2
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == ["line 1", "line 4", "line 6", "line 7"]


def test_a_table_of_answers_as_csv() -> None:
    done = run('item,field,worker,value\n1,kind,a,"Axe, big"\n1,kind,b,"Axe, big"\n2,kind,a\n', "--csv")
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == "item,field,value,confidence"
    assert done.stdout.splitlines()[1].startswith('1,kind,"Axe, big",0.')
    assert "line 4" in done.stderr


def test_a_csv_without_its_columns_is_refused() -> None:
    done = run("a,b\n1,2\n", "--csv")
    assert done.returncode == 2
    assert "item, field, worker, value" in done.stderr


def test_the_evidence_is_told_when_asked_for() -> None:
    done = run(LINES, "--explain", "--no-learning")
    evidence = json.loads(done.stdout.splitlines()[0])["evidence"]
    assert evidence["given"] == [{"value": "Axe", "workers": ["1"]}, {"value": "axe.", "workers": ["2"]}]
    assert evidence["parts"] == [[{"text": "Axe.", "share": 1.0, "answers": 2}]]


def test_the_evidence_counts_by_how_often_people_were_right() -> None:
    rows = [
        {
            "item": str(n),
            "field": "kind",
            "answers": [
                {"worker": "good", "value": f"axe {n}"},
                {"worker": "poor", "value": f"pin {n * 7}"},
                {"worker": "other", "value": f"axe {n}"},
            ],
        }
        for n in range(1, 30)
    ]
    last = {
        "item": "0",
        "field": "kind",
        "answers": [{"worker": "poor", "value": "pin"}, {"worker": "good", "value": "axe"}],
    }
    done = run("".join(json.dumps(row) + "\n" for row in [*rows, last]), "--explain")
    evidence = json.loads(done.stdout.splitlines()[-1])["evidence"]
    trusts = {one["workers"][0]: one["trusts"][0] for one in evidence["given"]}
    assert trusts["good"] > 0.7 > 0.5 > trusts["poor"]
    (part,) = evidence["parts"]
    assert [one["text"] for one in part] == ["axe", "pin"] and part[0]["share"] > 0.6, "not half each"


def test_decided_values_and_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(LINES)
    (tmp_path / "checked.jsonl").write_text('{"item": "1", "field": "kind", "value": "Axe"}\n')
    done = run("", "--checked", str(tmp_path / "checked.jsonl"), str(tmp_path / "rows.jsonl"))
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    assert run("", str(tmp_path / "missing.jsonl")).returncode == 2


def test_nothing_gives_nothing() -> None:
    assert run("").returncode == 0
    assert run("").stdout == ""
    assert run(LINES, "--checked", "/dev/null").returncode == 0


def test_neither_the_web_nor_the_database_is_loaded() -> None:
    script = "import sys, micro.cli_consensus; print([n for n in ('flask', 'sqlalchemy', 'redis') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_evidence_stands_in_a_csv_too() -> None:
    done = run("item,field,worker,value\n1,kind,a,axe\n1,kind,b,Axe\n", "--csv", "--explain")
    head, line = csv.reader(done.stdout.splitlines())
    assert head == ["item", "field", "value", "confidence", "evidence"]
    assert [one["workers"] for one in json.loads(line[4])["given"]] == [["b"], ["a"]]


def test_abbreviations_are_the_same_as_what_they_stand_for(tmp_path: Path) -> None:
    (tmp_path / "short.json").write_text('{"St.": "Saint"}')
    values = ("St Ives", "Saint Ives", "Truro")
    row = {"item": "1", "field": "place", "answers": [{"worker": n, "value": value} for n, value in enumerate(values)]}
    plain, known = (
        json.loads(run(json.dumps(row), "--no-learning", *options).stdout)
        for options in ((), ("--abbreviations", str(tmp_path / "short.json")))
    )
    assert known["value"] == "Saint Ives"
    assert known["confidence"] > plain["confidence"]
    (tmp_path / "short.json").write_text('{"St. John": "Saint John"}')
    refused = run("", "--abbreviations", str(tmp_path / "short.json"))
    assert refused.returncode == 2
    assert "one word" in refused.stderr
