"""The manifest of a delivery, in all the ways that spreadsheets write it."""

from __future__ import annotations

import pytest

from micro.core.manifest import composed, read_manifest
from micro.errors import BadAnswer


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_manifests_are_read_as_spreadsheets_write_them(encoding: str, delimiter: str, ending: str) -> None:
    text = ending.join(
        delimiter.join(row)
        for row in (
            (" File ", "Title", "Dépôt"),
            ("a.jpg", '"Épée, ""longue"""', "Rés. 3"),
            ("", "", ""),
            ("b.jpg", "", " "),
        )
    )
    assert read_manifest((text + ending).encode(encoding)) == {
        "a.jpg": {"title": 'Épée, "longue"', "dépôt": "Rés. 3"},
        "b.jpg": {},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "identifier\nHM 1",
        "file,title\na.jpg,Axe\na.jpg,Axe again",
        "file,title\nx/a.jpg,1\na.jpg,2",
        "file,title\n,Axe",
        "file,page\na.jpg,twelve",
        "file,page\na.jpg,-1",
        "file,page\na.jpg,²",
        "file,page\na.jpg,99999999999",
        "file\n..",
        'file\n"' + "x" * 200_000,
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        read_manifest(text.encode())
    assert caught.value.field == "manifest"


def test_a_manifest_may_hold_anything_without_harm() -> None:
    assert read_manifest(b"file,note\na.jpg,nul\0 here,too,many\nb.jpg\n") == {
        "a.jpg": {"note": "nul here"},
        "b.jpg": {},
    }
    assert read_manifest(b"file\n" + b"x" * 400 + b".jpg")


def test_names_are_compared_as_they_look() -> None:
    assert composed("Gra\u0308ber.jpg") == composed("Gr\u00e4ber.jpg")
    assert list(read_manifest("file\nGra\u0308ber.jpg".encode())) == ["Gr\u00e4ber.jpg"]


def test_paths_in_a_manifest_are_names_of_files_and_nothing_more() -> None:
    named = read_manifest(b"file\n../../etc/passwd\n/etc/shadow\nC:\\scans\\a.jpg\nsub/b.jpg\n")
    assert list(named) == ["passwd", "shadow", "a.jpg", "b.jpg"]
