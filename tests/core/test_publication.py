"""What the public may see: fields held back, and points blurred to a grid."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.fields import Field, field_from_setup
from micro.core.fields.points import metres_between
from micro.core.publication import (
    cell_of,
    held_back,
    is_public,
    public_answer,
    public_fields,
    public_said,
    public_values,
)

TODAY = date(2026, 3, 1)


def field(**body: Any) -> Field:
    return field_from_setup({"name": "findspot", "type": "text", **body})


def point(grid_m: int = 1000, **body: Any) -> Field:
    return field(type="point", grid_m=grid_m, **body)


GRIDS = st.sampled_from([100, 250, 1000, 5000, 10_000, 100_000])
LATITUDES = st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 0.0, 89.99999, -89.99999])
LONGITUDES = st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 179.99999, -179.99999, 0.0])


@pytest.mark.parametrize(
    ("publish", "on", "public"),
    [
        ("always", TODAY, True),
        ("never", date(9999, 1, 1), False),
        ("2026-03-02", TODAY, False),
        ("2026-03-01", TODAY, True),
        ("2020-01-01", TODAY, True),
    ],
)
def test_a_field_is_public_always_never_or_from_a_day_on(publish: str, on: date, public: bool) -> None:
    one = field(publish=publish)
    assert is_public(one, on) is public
    assert public_fields([one], on) == ((one,) if public else ())
    assert held_back([one], on) == (() if public else (one,))
    assert public_said(one, {"value": "Aldersby"}, on) == ({"value": "Aldersby"} if public else {})


def test_a_mark_of_a_field_that_is_held_back_is_held_back_too() -> None:
    assert public_said(field(publish="never"), {"mark": "blank"}, TODAY) == {}


@given(LATITUDES, LONGITUDES, GRIDS)
def test_a_point_is_at_most_the_stated_uncertainty_away_from_its_cells_centre(
    lat: float, lon: float, grid: int
) -> None:
    cell = cell_of(lat, lon, grid)
    away = metres_between({"lat": cell.lat, "lon": cell.lon}, {"lat": lat, "lon": lon})
    assert away <= cell.uncertainty_m
    assert -90 <= float(cell.lat) <= 90 and -180 <= float(cell.lon) <= 180


@given(LATITUDES, LONGITUDES, GRIDS)
def test_a_blurred_point_blurred_again_is_the_same(lat: float, lon: float, grid: int) -> None:
    once = cell_of(lat, lon, grid)
    assert cell_of(float(once.lat), float(once.lon), grid) == once


@settings(max_examples=300)
@given(LATITUDES, LONGITUDES, GRIDS, st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))
def test_points_of_one_cell_become_one_point(lat: float, lon: float, grid: int, north: float, east: float) -> None:
    """The same row and column by the definition, or another centre: never the same centre for two cells."""
    once = cell_of(lat, lon, grid)
    height = grid / 111_195
    other = (min(90.0, max(-90.0, float(once.lat) + north * height)), float(once.lon) + east * height)
    if not -180 <= other[1] <= 180:
        return
    moved = cell_of(*other, grid)
    apart = metres_between(vars(once), vars(moved))
    assert apart == 0 or apart > grid * 0.6
    if abs(north) < 0.45 and abs(east) < 0.45 and abs(lat) < 85:
        assert moved == once, "well inside of the cell"


@given(LATITUDES, LONGITUDES, GRIDS)
def test_a_cell_is_about_as_large_as_its_grid(lat: float, lon: float, grid: int) -> None:
    uncertainty = cell_of(lat, lon, grid).uncertainty_m
    assert uncertainty >= grid / 2, "never finer than the grid"
    if abs(lat) < 80:
        assert uncertainty <= grid * 1.2


@pytest.mark.parametrize(("lat", "lon"), [(90.0, 0.0), (-90.0, 0.0), (90.0, 180.0), (0.0, 180.0), (0.0, -180.0)])
def test_poles_and_the_antimeridian_have_cells_like_any_other_place(lat: float, lon: float) -> None:
    assert cell_of(lat, lon, 1000).uncertainty_m < 1500
    assert cell_of(0.0, 180.0, 1000) == cell_of(0.0, -180.0, 1000)


@given(st.decimals(-90, 90, places=7), st.decimals(-180, 180, places=7), GRIDS)
def test_what_is_published_never_holds_the_exact_point(lat: Any, lon: Any, grid: int) -> None:
    exact = {"lat": f"{lat:f}", "lon": f"{lon:f}"}
    entry = {
        "value": exact,
        "confidence": 0.9,
        "tied": False,
        "evidence": [{"said": {"value": exact}, "count": 2, "unsure": 1}],
    }
    shown = json.dumps(public_values({"findspot": entry}, [point(grid)], TODAY))
    # A point that was given as a cell's own centre is no secret; seven decimals never are one.
    if not exact["lat"].endswith("00"):
        assert exact["lat"] not in shown
    if not exact["lon"].endswith("00"):
        assert exact["lon"] not in shown


@given(st.decimals(-89, 89, places=6), st.decimals(-180, 180, places=6), GRIDS)
def test_a_published_value_published_again_stays_as_it_is(lat: Any, lon: Any, grid: int) -> None:
    once = public_said(point(grid), {"value": {"lat": f"{lat:f}", "lon": f"{lon:f}"}, "mark": "unsure"}, TODAY)
    assert public_said(point(grid), once, TODAY) == once
    assert once["mark"] == "unsure"


def test_a_point_without_a_grid_is_published_as_it_was_given() -> None:
    said = {"value": {"lat": "51.5357", "lon": "-0.9028"}}
    assert public_said(point(0), said, TODAY) == said


def test_answers_in_one_cell_are_counted_together() -> None:
    def said(lat: str) -> dict[str, Any]:
        return {"value": {"lat": lat, "lon": "-0.9028"}}

    middle = cell_of(51.5357, -0.9028, 1000)
    near = f"{float(middle.lat) + 0.001:.6f}"
    evidence = [
        {"said": said(middle.lat), "count": 1, "unsure": 0},
        {"said": {"mark": "blank"}, "count": 1, "unsure": 0},
        {"said": said(near), "count": 1, "unsure": 1},
    ]
    entry = {**said(near), "confidence": 0.7, "tied": False, "evidence": evidence}
    shown = public_values({"findspot": entry, "notes": {"value": "secret"}}, [point()], TODAY)
    centre = {"lat": middle.lat, "lon": middle.lon, "uncertainty_m": middle.uncertainty_m}
    assert shown == {
        "findspot": {
            "value": centre,
            "confidence": 0.7,
            "tied": False,
            "evidence": [
                {"said": {"value": centre}, "count": 2, "unsure": 1},
                {"said": {"mark": "blank"}, "count": 1, "unsure": 0},
            ],
        }
    }


EXACT = {"findspot": {"value": {"lat": "51.5357", "lon": "-0.9028"}}}
PLACE_NAME = {"findspot": {"value": "51.5357, -0.9028"}}


@pytest.mark.parametrize(
    ("said", "own", "now", "shown"),
    [
        (PLACE_NAME, field(), point(), False),  # Written as a text before the field became a point with a grid.
        (PLACE_NAME, field(), field(publish="never"), False),
        (PLACE_NAME, field(publish="never"), field(), True),  # The newest form opens it.
        (EXACT, point(0), point(0, publish="2030-01-01"), False),
        (EXACT, point(0), point(0), True),
    ],
)
def test_the_newest_form_says_what_is_published_of_older_answers(
    said: dict[str, Any], own: Field, now: Field, shown: bool
) -> None:
    assert public_answer(said, [own], {"findspot": now}, TODAY) == (said if shown else {})


@pytest.mark.parametrize(("own", "now"), [(point(0), point()), (point(), point(0)), (point(publish="never"), field())])
def test_a_grid_of_either_form_blurs_an_older_answer(own: Field, now: Field) -> None:
    shown = public_answer(EXACT, [own], {"findspot": now}, TODAY)
    assert shown["findspot"]["value"] == vars(cell_of(51.5357, -0.9028, 1000))
