"""Points in a table of answers, written "lon,lat" in degrees."""

from __future__ import annotations

from collections.abc import Sequence

from micro.core.consensus.place_weights import PlaceAnswer, place_weights
from micro.core.consensus.places import Place, merge_places
from micro.core.consensus.rows import Prediction, Row


def merged_points(rows: Sequence[Row], learning: bool) -> list[Prediction]:
    """One prediction for each row: the geometric median of the heaviest place. What is no point is left out.

    The value is the text of a volunteer where the place is exactly theirs. No point at all: the first text by letters,
    with no confidence.
    """
    read = [[(n, point) for n, text in enumerate(row.values) if (point := read_point(text))] for row in rows]
    answers = [
        PlaceAnswer((row.item, row.field), row.workers[n], point[0], point[1])
        for row, points in zip(rows, read, strict=True)
        for n, point in points
    ]
    weights = iter(place_weights(answers) if learning else [1.0] * len(answers))
    return [
        _prediction(row, points, merge_places([point for _, point in points], [next(weights) for _ in points]))
        for row, points in zip(rows, read, strict=True)
    ]


def read_point(text: str) -> tuple[float, float] | None:
    """The latitude and longitude of "lon,lat", or None."""
    try:
        lon, lat = map(float, text.split(","))
    except ValueError:
        return None
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 360 else None


def _prediction(row: Row, points: Sequence[tuple[int, tuple[float, float]]], place: Place | None) -> Prediction:
    if place is None:
        return Prediction(row.item, row.field, min(row.values, default=""), 0.0)
    if place.given is not None:
        value = row.values[points[place.given][0]].strip()
    else:
        value = f"{place.lon:.5f},{place.lat:.5f}"
    return Prediction(row.item, row.field, value, _sure(place, len(points)), place.tied)


def _sure(place: Place, among: int) -> float:
    """How often such a place was right on the development half of bai-geo: its support, shrunk for few answers."""
    agreeing = len(place.members)
    return min(0.95, place.support * agreeing / (agreeing + 1.0)) if among else 0.0
