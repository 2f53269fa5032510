"""Frames: where a layout's coordinates lie on the upright scan."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from micro.core.geometry import upright_size
from micro.core.layout.frames import (
    LOOKS,
    Frame,
    Upright,
    choices,
    guess,
    place,
    place_line,
    read_frame,
    seen_size,
    within,
)
from micro.core.layout.parts import Line, Points, bounds
from micro.errors import BadAnswer

ORIENTATIONS = st.integers(1, 8)
SIZES = st.tuples(st.integers(1, 9000), st.integers(1, 9000))
FRAMES = st.builds(Frame, st.sampled_from(sorted(LOOKS)), st.none() | st.integers(1, 9000).map(float))
COORDINATES = st.floats(-20_000, 20_000, allow_nan=False)
PAGES = st.just((0.0, 0.0)) | st.tuples(st.floats(1, 9000), st.floats(1, 9000))


def scan_of(stored: tuple[int, int], orientation: int) -> Upright:
    return Upright(*upright_size(*stored, orientation), orientation)


def line(x: float, y: float, width: float, height: float, baseline: Points = ()) -> Line:
    return Line("l1", "b1", "", (x, y, width, height), (), baseline, None, None)


@given(FRAMES)
def test_a_frame_is_written_and_read_again(frame: Frame) -> None:
    assert read_frame(str(frame)) == frame and len(str(frame)) <= 40


@pytest.mark.parametrize(
    "text",
    ["", "sideways", "turned-45", "stored\n", "upright@height=3"]
    + [f"stored@width={width}" for width in ("", "0", "0.5", "-4", "99999999", "١", "1e3")],
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer):
        read_frame(text)


@given(SIZES, ORIENTATIONS, FRAMES, PAGES)
def test_the_picture_as_it_was_seen_lies_exactly_on_the_scan(
    stored: tuple[int, int], orientation: int, frame: Frame, page: tuple[float, float]
) -> None:
    scan = scan_of(stored, orientation)
    seen = seen_size(frame, scan)
    evenly = (frame.width or 0, seen[1] * (frame.width or 0) / seen[0])
    whole = evenly if frame.width else (page[0] or seen[0], page[1] or seen[1])
    x, y, width, height = bounds(place([(0, 0), whole], frame, page, scan))
    assert (x, y) == pytest.approx((0, 0), abs=1e-6)
    assert (width, height) == pytest.approx((scan.width_px, scan.height_px))


@given(SIZES, ORIENTATIONS, FRAMES, PAGES, st.lists(st.tuples(COORDINATES, COORDINATES), min_size=3, max_size=3))
def test_no_frame_loses_anything_there_is_a_way_back(
    stored: tuple[int, int],
    orientation: int,
    frame: Frame,
    page: tuple[float, float],
    points: list[tuple[float, float]],
) -> None:
    scan = scan_of(stored, orientation)
    (ox, oy), (ax, ay), (bx, by) = place([(0, 0), (1, 0), (0, 1)], frame, page, scan)
    across, down = (ax - ox, ay - oy), (bx - ox, by - oy)
    twist = across[0] * down[1] - across[1] * down[0]
    assume(abs(twist) > 1e-9)
    for (x, y), (px, py) in zip(points, place(points, frame, page, scan), strict=True):
        dx, dy = px - ox, py - oy
        assert (dx * down[1] - dy * down[0]) / twist == pytest.approx(x, abs=1e-2, rel=1e-3)
        assert (across[0] * dy - across[1] * dx) / twist == pytest.approx(y, abs=1e-2, rel=1e-3)


@given(SIZES, ORIENTATIONS, st.integers(1, 3))
def test_a_picture_turned_by_people_is_turned_back(stored: tuple[int, int], orientation: int, quarters: int) -> None:
    scan = scan_of(stored, orientation)
    frame = Frame(("turned-90", "turned-180", "turned-270")[quarters - 1])
    width, height = seen_size(frame, scan)
    # The scan's top left corner goes clockwise round the picture that people saw.
    corner = [(width, 0), (width, height), (0, height)][quarters - 1]
    assert place([corner], frame, (0, 0), scan) == ((0, 0),)


@given(SIZES, ORIENTATIONS, FRAMES, PAGES, COORDINATES, COORDINATES, st.floats(0, 5000), st.floats(0, 5000))
def test_every_box_ends_inside_the_scan_and_is_never_empty(
    stored: tuple[int, int],
    orientation: int,
    frame: Frame,
    page: tuple[float, float],
    x: float,
    y: float,
    width: float,
    height: float,
) -> None:
    scan = scan_of(stored, orientation)
    placed = place_line(line(x, y, width, height, ((x, y), (x + width, y))), frame, page, scan)
    if placed is None:
        return
    box = placed.box
    assert 0 <= box.x < box.x + box.width <= scan.width_px and 0 <= box.y < box.y + box.height <= scan.height_px
    assert all(0 <= px <= scan.width_px and 0 <= py <= scan.height_px for px, py in placed.baseline)


def test_a_line_wholly_beside_the_scan_is_left_out_and_one_that_sticks_out_is_cut_off() -> None:
    scan = Upright(100, 80, 1)
    assert place_line(line(100, 10, 5, 5), Frame("stored"), (0, 0), scan) is None
    assert place_line(line(-30, 10, 30, 5), Frame("stored"), (0, 0), scan) is None
    cut = place_line(line(90, -5, 500, 20), Frame("stored"), (0, 0), scan)
    assert cut is not None and (cut.box.x, cut.box.y, cut.box.width, cut.box.height) == (90, 0, 10, 15)


def test_a_box_is_rounded_outward_to_whole_pixels() -> None:
    box = within((10.4, 10.0, 5.2, 5.0), Upright(100, 80, 1))
    assert (box.x, box.y, box.width, box.height) == (10, 10, 6, 5)


@pytest.mark.parametrize(
    ("page", "stored", "orientation", "lines", "expected"),
    [
        ((1000, 800), (1000, 800), 1, [line(10, 10, 300, 40)], ("stored", True)),
        ((500, 400), (1000, 800), 1, [line(10, 10, 300, 40)], ("stored", True)),
        ((2117, 1693), (1000, 800), 1, [], ("stored", True)),  # Tenths of a millimetre.
        ((1000, 800), (1000, 800), 1, [line(10, 10, 30, 400)], ("stored", True)),  # Vertical writing.
        ((800, 1000), (1000, 800), 1, [line(10, 10, 300, 40)], ("stored", False)),
        ((1000, 500), (1000, 800), 1, [line(10, 10, 300, 40)], ("stored", False)),
        ((0, 0), (1000, 800), 1, [line(10, 10, 300, 40)], ("stored", False)),
        # Turned by EXIF, by 90° to the right.
        ((1000, 800), (1000, 800), 6, [line(10, 10, 30, 400, ((20, 400), (20, 10)))], ("stored", True)),
        ((1000, 800), (1000, 800), 6, [line(10, 10, 300, 40)], ("stored", False)),
        ((800, 1000), (1000, 800), 6, [line(10, 10, 300, 40)], ("upright", True)),
        ((800, 1000), (1000, 800), 6, [line(10, 10, 30, 400)], ("upright", False)),
        # Upside down: the size says nothing, but the baselines do.
        ((1000, 800), (1000, 800), 3, [line(10, 10, 300, 40, ((310, 40), (10, 40)))], ("stored", True)),
        ((1000, 800), (1000, 800), 3, [line(10, 10, 300, 40, ((10, 40), (310, 40)))], ("stored", False)),
    ],
)
def test_a_frame_is_certain_when_the_size_fits_and_the_lines_do_not_stand_on_end(
    page: tuple[float, float], stored: tuple[int, int], orientation: int, lines: list[Line], expected: tuple[str, bool]
) -> None:
    frame, certain = guess(page, scan_of(stored, orientation), lines)
    assert (str(frame), certain) == expected


def test_the_likeliest_choice_is_the_first_and_none_is_there_twice() -> None:
    # The size of the stored picture beside boxes of the turned one, which was scaled to that width.
    scan = scan_of((1416, 1832), 6)
    found = choices((1416, 1832), scan, [line(233, 383, 993, 75)])
    assert str(found[0]) == "upright@width=1416" and Frame("stored") in found
    corners = [place([(0, 0), (1000, 0), (0, 1000)], frame, (1416, 1832), scan) for frame in found]
    assert len({tuple((round(x), round(y)) for x, y in points) for points in corners}) == len(found)


@given(SIZES, ORIENTATIONS, PAGES)
def test_every_choice_is_a_frame_and_the_guess_is_among_them(
    stored: tuple[int, int], orientation: int, page: tuple[float, float]
) -> None:
    scan = scan_of(stored, orientation)
    lines = [line(10, 10, 300, 40)]
    found = choices(page, scan, lines)
    assert [read_frame(str(frame)) for frame in found] and len(found) <= 15
    frame, _ = guess(page, scan, lines)
    ends = [(0.0, 0.0), (1000.0, 0.0), (0.0, 1000.0)]
    placed = [place(ends, choice, page, scan) for choice in found]
    assert any(
        point == pytest.approx(other, abs=0.2)
        for choice in placed
        for point, other in [(sum(choice, ()), sum(place(ends, frame, page, scan), ()))]
    )
