"""JPEG files whose end is missing: taken when nearly all of the picture is there, and told how much is not."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from micro.adapters.images import PillowImages
from micro.core.geometry import Box
from micro.core.ports import Page
from micro.errors import BadPicture
from tests.services.test_images import opened, saved

IMAGES = PillowImages(megapixels=4)
SIZE = (640, 960)


def page_of_writing() -> Image.Image:
    """Something like a written page: no row is like another, and its bytes are spread evenly over its height."""
    chance = np.random.default_rng(3)
    grey = 235 - 150 * (chance.random((SIZE[1] // 4, SIZE[0] // 4)) > 0.7)
    page = Image.fromarray(grey.astype(np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
    return Image.merge("RGB", (page, page.point(lambda value: value * 0.9), page.point(lambda value: value * 0.7)))


PAGE = page_of_writing()
WHOLE: dict[str, bytes] = {
    "baseline": saved(PAGE, "JPEG", quality=85),
    "without subsampling": saved(PAGE, "JPEG", quality=85, subsampling=0),
    "grey": saved(PAGE.convert("L"), "JPEG", quality=85),
    "with restart markers": saved(PAGE, "JPEG", quality=85, restart_marker_rows=1),
    "CMYK": saved(PAGE.convert("CMYK"), "JPEG", quality=85),
}


def only(content: bytes) -> Page:
    (page,) = IMAGES.pages(content)
    return page


@pytest.mark.parametrize("name", list(WHOLE))
@pytest.mark.parametrize("lost", [0.01, 0.03, 0.07])
def test_a_jpeg_of_which_the_last_bytes_are_missing_is_taken_and_told(name: str, lost: float) -> None:
    content = WHOLE[name]
    cut_off = content[: int(len(content) * (1 - lost))]
    page = only(cut_off)
    assert (page.picture.width_px, page.picture.height_px) == SIZE
    assert lost - 0.03 < page.picture.missing < lost + 0.05
    whole = opened(IMAGES.cut(content, None, 3200)).convert("L")
    for made in (page.working_copy, IMAGES.cut(cut_off, None, 3200), IMAGES.working_copy(cut_off, 0)):
        copy = opened(made).convert("L")
        assert copy.size == SIZE
        rows = int(SIZE[1] * (1 - page.picture.missing))
        there = np.abs(np.asarray(copy, dtype=int)[:rows] - np.asarray(whole, dtype=int)[:rows])
        assert there.mean() < 6
    assert opened(IMAGES.cut(cut_off, Box(10, 20, 300, 200), 100)).size == (100, 67)


@pytest.mark.parametrize("name", list(WHOLE))
@pytest.mark.parametrize("kept", [0.85, 0.5, 0.2])
def test_a_jpeg_of_which_too_much_is_missing_is_refused_and_told_how_much_is_there(name: str, kept: float) -> None:
    content = WHOLE[name]
    with pytest.raises(BadPicture, match="cut off") as caught:
        only(content[: int(len(content) * kept)])
    assert abs(int(str(caught.value.values["there"])) - 100 * kept) < 6


@pytest.mark.parametrize("name", list(WHOLE))
def test_a_jpeg_that_only_lacks_its_end_marker_is_whole(name: str) -> None:
    for content in (WHOLE[name][:-2], WHOLE[name][:-1], WHOLE[name] + b"\0" * 5000):
        assert only(content).picture.missing == 0


@pytest.mark.parametrize("name", list(WHOLE))
def test_zeros_where_the_end_should_be_are_seen_for_what_they_are(name: str) -> None:
    """A copy onto a full disk: the size is right, and the rest was never written."""
    content = WHOLE[name]
    kept = int(len(content) * 0.95)
    assert 0.02 < only(content[:kept] + b"\0" * (len(content) - kept)).picture.missing < 0.1
    kept = int(len(content) * 0.6)
    with pytest.raises(BadPicture, match="cut off"):
        only(content[:kept] + b"\0" * (len(content) - kept))


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_progressive_jpeg_is_taken_while_all_but_the_last_sharpness_is_there(mode: str) -> None:
    content = saved(PAGE.convert(mode), "JPEG", quality=85, progressive=True)
    last_scan = content.rindex(b"\xff\xda")
    page = only(content[: int(last_scan + 0.95 * (len(content) - last_scan))])
    assert 0 < page.picture.missing < 0.1
    for there in (0.5, 0.02):
        with pytest.raises(BadPicture, match="of the picture never became sharp"):
            only(content[: int(last_scan + there * (len(content) - last_scan))])
    with pytest.raises(BadPicture):
        only(content[: last_scan - 10])
    with pytest.raises(BadPicture):
        only(content[: content.index(b"\xff\xda") + 500])


def test_a_jpeg_cut_anywhere_is_refused_or_taken_with_its_warning() -> None:
    chance = random.Random(2)
    small: Any = PAGE.resize((160, 240))
    for progressive in (False, True):
        content = saved(small, "JPEG", quality=85, progressive=progressive)
        for _ in range(150):
            at = chance.randrange(1, len(content) - 2)
            try:
                missing = only(content[:at]).picture.missing
            except BadPicture:
                continue
            assert at > 0.85 * len(content) and 0 <= missing <= 0.1 and math.isfinite(missing)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "JPEG2000"])
def test_other_formats_without_their_end_are_refused(form: str) -> None:
    content = saved(PAGE, form)
    for kept in (0.97, 0.5):
        with pytest.raises(BadPicture):
            only(content[: int(len(content) * kept)])
