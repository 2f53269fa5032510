"""Points: what people type and paste, read in one way or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.fields import Field, parse_said, written
from micro.core.fields.points import metres_between
from micro.errors import BadAnswer

POINT = Field("findspot", "point", {}, {})


def read(value: Any) -> tuple[str, str]:
    kept = parse_said(POINT, {"value": value})["value"]
    return kept["lat"], kept["lon"]


@pytest.mark.parametrize(
    ("typed", "point"),
    [
        ("51.5357, -0.9028", ("51.5357", "-0.9028")),
        ("51.5357,-0.9028", ("51.5357", "-0.9028")),
        (" ( 51.5357 -0.9028 ) ", ("51.5357", "-0.9028")),
        ("51,5357 -0,9028", ("51.5357", "-0.9028")),
        ("51,5357; -0,9028", ("51.5357", "-0.9028")),
        ("51,5357, -0,9028", ("51.5357", "-0.9028")),
        ("51,53,-0,9", ("51.53", "-0.9")),
        ("51,5357,0,9028", ("51.5357", "0.9028")),
        ("51.53,0", ("51.53", "0")),
        ("51 0", ("51", "0")),
        ("51, 53", ("51", "53")),
        ("−33.45\u00a0−70.66", ("-33.45", "-70.66")),
        ("geo:51.5,-0.9", ("51.5", "-0.9")),
        ("+51.50 / -0.90", ("51.50", "-0.90")),
        ("51.535712345678, -0.90281234567", ("51.5357123", "-0.9028123")),
        ("-0.00000001, 0", ("0.0000000", "0")),
        ("90 180", ("90", "180")),
        ("51°32'08.5\"N 0°54'10.1\"W", ("51.535694", "-0.902806")),
        ("51°32′08″N, 0°54′10″W", ("51.535556", "-0.902778")),
        ("51° 32.14' N 0° 54.17' W", ("51.535667", "-0.902833")),
        ("N 51° 32' W 0° 54'", ("51.533333", "-0.900000")),
        ("0.9028W 51.5357N", ("51.5357", "-0.9028")),
        ("51.5357° N, 0.9028° E", ("51.5357", "0.9028")),
        ("48°23′N 4°29′O", ("48.383333", "-4.483333")),
        ("33°27'S 70°40'W", ("-33.450000", "-70.666667")),
        ("51.5357°, -0.9028°", ("51.5357", "-0.9028")),
        ("-33°27' -70°40'", ("-33.450000", "-70.666667")),
        ("51°32''N 0°54''W", ("51.008889", "-0.015000")),
    ],
)
def test_what_people_paste_is_read(typed: str, point: tuple[str, str]) -> None:
    assert read(typed) == point


@pytest.mark.parametrize(
    "typed",
    [
        "51.5357",
        "51,53",  # Half a point, or a whole one?
        "51,53,10",  # 51.53 and 10, or 51 and 53.10?
        "51.5 0.9 3",
        "Nether Aldersby",
        "SU 123 456",
        "51°72'N 0°54'W",
        "51°N 0°N",
        "51.5e1, 0",
        "٥١, ٠",
        "nan, nan",
        "1" * 200,
        "51.5,, 0.9",
    ],
)
def test_what_is_no_point_or_could_be_two_is_refused(typed: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        read(typed)
    assert str(caught.value) == "Give a latitude and a longitude, for example 51.5357, -0.9028."


@pytest.mark.parametrize("typed", ["90.1, 0", "-91 0", "0, 180.0000001", "0, -181", "120.5, 51.5", "91°N 0°E"])
def test_a_point_lies_on_the_earth(typed: str) -> None:
    with pytest.raises(BadAnswer, match="lies between"):
        read(typed)


@pytest.mark.parametrize(
    ("value", "point"),
    [
        ({"lat": "51,5", "lon": " -0.9 "}, ("51.5", "-0.9")),
        ({"lat": 51.5, "lon": -1}, ("51.5", "-1")),
        ({"lat": "51.5", "lon": "−0.9", "uncertainty_m": 700}, ("51.5", "-0.9")),
    ],
)
def test_latitude_and_longitude_may_come_apart(value: Any, point: tuple[str, str]) -> None:
    assert read(value) == point


@pytest.mark.parametrize(
    "value",
    [{"lat": "51.5"}, {"lat": "51.5", "lon": ""}, {"lat": ["51"], "lon": "0"}, ["51.5", "0"], 51.5, True, {"lat": "x"}],
)
def test_half_a_point_is_refused(value: Any) -> None:
    with pytest.raises(BadAnswer):
        read(value)


@given(st.decimals(-90, 90, places=9), st.decimals(-180, 180, places=9))
def test_a_point_is_read_again_as_it_was_kept(lat: Any, lon: Any) -> None:
    once = parse_said(POINT, {"value": f"{lat:f}, {lon:f}"})
    assert parse_said(POINT, once) == once
    assert parse_said(POINT, {"value": written(POINT, once)}) == once
    assert all(len(text.partition(".")[2]) <= 7 for text in once["value"].values())


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        (("0", "0"), ("0", "1"), 111_195),
        (("0", "179.5"), ("0", "-179.5"), 111_195),
        (("90", "0"), ("90", "123"), 0),
        (("90", "0"), ("-90", "0"), 20_015_115),
        (("51.5", "-0.9"), ("51.5", "-0.9"), 0),
    ],
)
def test_distances_are_those_of_the_sphere(one: Any, other: Any, metres: int) -> None:
    points = [{"lat": lat, "lon": lon} for lat, lon in (one, other)]
    assert metres_between(*points) == pytest.approx(metres, abs=1)
