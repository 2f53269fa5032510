"""Addresses of the IIIF Image API 3.0: what they ask for, what they may not, and their one canonical writing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.geometry import Box
from micro.core.iiif import (
    MOST_PX,
    WIDEST_PX,
    canonical,
    describe,
    largest,
    read_region,
    read_size,
    read_wish,
    region_address,
    scale_factors,
)
from micro.errors import BadAnswer, NotOffered

WIDTH, HEIGHT = 6000, 4000


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("full", Box(0, 0, 6000, 4000)),
        ("square", Box(1000, 0, 4000, 4000)),
        ("10,20,300,400", Box(10, 20, 300, 400)),
        ("5900,3900,500,500", Box(5900, 3900, 100, 100)),
        ("pct:25,50,50,50", Box(1500, 2000, 3000, 2000)),
        ("pct:41.6,7.5,40,70", Box(2496, 300, 2400, 2800)),
        ("pct:90,90,20,20", Box(5400, 3600, 600, 400)),
    ],
)
def test_a_region_is_cut_at_the_edges_of_the_page(text: str, box: Box) -> None:
    assert read_region(text, WIDTH, HEIGHT) == box


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whole",
        "6000,0,10,10",
        "0,4000,10,10",
        "1,1,0,5",
        "1,1,5",
        "1,1,5,5,5",
        "-1,0,5,5",
        "1.5,0,5,5",
        "pct:1,1,0,5",
        "pct:100,0,5,5",
        "pct:a,b,c,d",
        "٣,٣,٣,٣",
        "1e3,0,5,5",
        "pct:0,0,0.001,50",
        "1,1,9999999999,5",
        "full ",
    ],
)
def test_a_region_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        read_region(text, WIDTH, HEIGHT)
    assert refused.value.field == "region"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("max", (600, 400)),
        ("300,", (300, 200)),
        (",100", (150, 100)),
        ("pct:50", (300, 200)),
        ("pct:33.3", (200, 133)),
        ("120,400", (120, 400)),
        ("!300,300", (300, 200)),
        ("!9000,200", (300, 200)),
        ("!600,9000", (600, 400)),
        ("^!600,9000", (600, 400)),
        ("600,400", (600, 400)),
        ("^1200,", (1200, 800)),
        ("^,800", (1200, 800)),
        ("^pct:200", (1200, 800)),
        ("^900,900", (900, 900)),
        ("^!1200,1200", (1200, 800)),
        ("^300,", (300, 200)),
    ],
)
def test_a_size_is_reckoned_from_the_region(text: str, size: tuple[int, int]) -> None:
    assert read_size(text, Box(10, 10, 600, 400)) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "full",
        ",",
        "!",
        "!300,",
        "!,300",
        "0,",
        ",0",
        "0,0",
        "601,",
        ",401",
        "600,401",
        "pct:101",
        "pct:0",
        "^",
        "^,",
        "^pct:0",
        "^10001,",
        "^6000,6000",
        "-5,",
        "1e2,",
        "max,",
        "pct:0.05",
        "!0,0",
        "!9000,9000",
        "300",
        "99999999999,",
    ],
)
def test_a_size_that_is_none_or_too_large_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        read_size(text, Box(10, 10, 600, 400))
    assert refused.value.field == "size"


@given(st.integers(1, 60_000), st.integers(1, 60_000), st.booleans())
def test_the_largest_size_keeps_the_limits_and_the_proportions(width: int, height: int, enlarges: bool) -> None:
    across, down = largest(Box(0, 0, width, height), enlarges)
    assert 1 <= across <= WIDEST_PX and 1 <= down <= WIDEST_PX and across * down <= MOST_PX
    if not enlarges:
        assert across <= width and down <= height
        if width * height <= MOST_PX and max(width, height) <= WIDEST_PX:
            assert (across, down) == (width, height)
    assert abs(across * height - down * width) <= max(width, height)


@pytest.mark.parametrize(
    ("text", "found"), [("0", (False, 0)), ("!90", (True, 90)), ("270.0", (False, 270)), ("360", (False, 0))]
)
def test_a_page_is_turned_by_right_angles(text: str, found: tuple[bool, int]) -> None:
    wish = read_wish("full", "max", text, "default.jpg", 100, 50)
    assert (wish.mirrored, wish.degrees) == found


@pytest.mark.parametrize(("rotation", "name"), [("22.5", "default.jpg"), ("0", "default.tif"), ("0", "color.pdf")])
def test_what_the_standard_allows_and_micro_does_not_do_is_told_apart(rotation: str, name: str) -> None:
    with pytest.raises(NotOffered):
        read_wish("full", "max", rotation, name, 100, 50)


@pytest.mark.parametrize(
    ("rotation", "name", "field"),
    [
        ("-90", "default.jpg", "rotation"),
        ("361", "default.jpg", "rotation"),
        ("", "default.jpg", "rotation"),
        ("0", "native.jpg", "quality"),
        ("0", "default", "quality"),
        ("0", "default.exe", "format"),
        ("0", "x", "quality"),
    ],
)
def test_a_rotation_quality_or_format_that_is_none_is_refused(rotation: str, name: str, field: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        read_wish("full", "max", rotation, name, 100, 50)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("full/max/0/default.jpg", "full/max/0/default.jpg"),
        ("pct:0,0,100,100/600,/0/color.jpg", "full/max/0/default.jpg"),
        ("0,0,600,400/300,/!360/gray.png", "full/300,200/!0/gray.png"),
        ("square/pct:50/90/bitonal.webp", "100,0,400,400/200,200/90/bitonal.webp"),
        ("500,300,900,900/^200,/0/default.gif", "500,300,100,100/^200,200/0/default.gif"),
        ("0,0,100,100/^max/0/default.jpg", "0,0,100,100/^max/0/default.jpg"),
        ("0,0,100,100/^5000,5000/0/default.jpg", "0,0,100,100/^max/0/default.jpg"),
    ],
)
def test_one_picture_has_one_canonical_address(asked: str, written: str) -> None:
    wish = read_wish(*asked.split("/"), 600, 400)  # type: ignore[arg-type]
    assert canonical(wish, 600, 400) == written
    assert read_wish(*written.split("/"), 600, 400) in (wish, wish.__class__(**{**vars(wish), "quality": "default"}))  # type: ignore[arg-type]


def test_a_region_is_linked_by_its_canonical_address() -> None:
    assert (
        region_address("https://x/iiif/3/k", Box(1, 2, 30, 40), 600, 400)
        == "https://x/iiif/3/k/1,2,30,40/max/0/default.jpg"
    )
    assert (
        region_address("https://x/iiif/3/k", Box(0, 0, 600, 400), 600, 400)
        == "https://x/iiif/3/k/full/max/0/default.jpg"
    )


def test_a_page_has_levels_until_it_fits_into_one_tile() -> None:
    assert scale_factors(6000, 4000) == [1, 2, 4, 8, 16]
    assert scale_factors(512, 512) == [1] and scale_factors(513, 1) == [1, 2]
    told = describe("https://x/iiif/3/k", 6000, 4000, "https://example.org/rights")
    assert told["tiles"] == [{"width": 512, "height": 512, "scaleFactors": [1, 2, 4, 8, 16]}]
    assert told["sizes"][0] == {"width": 375, "height": 250} and told["sizes"][-1] == {"width": 6000, "height": 4000}
    assert told["rights"] == "https://example.org/rights" and "rights" not in describe("k", 10, 10)
    assert {"width": 12000, "height": 9000} not in describe("k", 12_000, 9_000)["sizes"]
