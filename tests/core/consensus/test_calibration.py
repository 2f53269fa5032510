"""Confidences fitted on decided records: modest with few, right with many."""

from __future__ import annotations

import random

import pytest

from micro.core.consensus.calibration import (
    Calibration,
    calibrated,
    expected_error,
    in_votes,
    reliability_diagram,
    wilson,
)
from micro.core.consensus.confidence import posterior
from micro.core.consensus.merge import merge
from micro.core.fields import Field

CONFIDENCES = (0.3, 0.5, 0.7, 0.85, 0.95)


def records(many: int, seed: int = 1) -> list[tuple[str, float, bool]]:
    """An engine that is too sure of itself: right in 0.7 of what it believes, and less in the second field."""
    draw = random.Random(seed)
    found = []
    for _ in range(many):
        field, confidence = draw.choice(("length", "remarks")), draw.choice(CONFIDENCES)
        found.append((field, confidence, draw.random() < confidence * (0.9 if field == "length" else 0.6)))
    return found


def error_after(many: int) -> float:
    fitted = calibrated(records(many))
    fresh = records(6000, seed=2)
    return expected_error([(fitted.of(confidence, field), right) for field, confidence, right in fresh])


def test_with_nothing_decided_a_confidence_is_read_as_in_other_collections_and_is_uncertain() -> None:
    nothing = calibrated([])
    votes = posterior({"axe": [0.85, 0.85]})["axe"]  # Two who agree were right in 85 to 89 % of fields, not in 99 %.
    assert votes > 0.98 and 0.83 < nothing.of(votes, "length") < 0.9
    assert nothing.of(posterior({"axe": [0.85], "pin": [0.85]})["axe"], "length") < 0.4
    read = [nothing.of(confidence, "length") for confidence in (*CONFIDENCES, 0.99, 0.999, 0.999999)]
    assert read == sorted(set(read)), "more votes still say more"
    assert read[-1] > 0.94
    for confidence in CONFIDENCES:
        low, high = nothing.interval(confidence, "length")
        assert low < nothing.of(confidence, "length") < high
    low, high = nothing.interval(0.7, "length")
    assert high - low > 0.4


def test_what_a_confidence_would_be_in_votes_is_the_way_back() -> None:
    nothing = calibrated([])
    for votes in (0.2, 0.5, 0.85, 0.98, 0.99, 0.9999):
        assert in_votes(nothing.of(votes, "length")) == pytest.approx(votes)
    assert in_votes(0.0) < 0.001 and in_votes(1.0) > 0.999


def test_of_a_field_in_which_nothing_was_decided_less_is_known() -> None:
    fitted = calibrated(records(300))
    (low, high), (low_new, high_new) = fitted.interval(0.7, "length"), fitted.interval(0.7, "a new field")
    assert high_new - low_new > 2 * (high - low)


def test_the_more_is_decided_the_nearer_confidences_come_and_the_surer_they_are() -> None:
    errors = [error_after(many) for many in (0, 10, 100, 300)]
    assert errors[0] > errors[2] > errors[3]
    assert errors[1] < errors[0] + 0.05
    assert errors[3] < 0.05
    widths = []
    for many in (0, 10, 100, 300):
        low, high = calibrated(records(many)).interval(0.7, "length")
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[1] > 0.2
    assert widths[3] < 0.2


def test_the_order_of_confidences_is_kept_within_a_field() -> None:
    contrary = calibrated([("a", 0.9, False), ("a", 0.2, True)] * 50)
    values = [contrary.of(confidence / 100, "a") for confidence in range(101)]
    assert values == sorted(values)


def test_the_order_of_records_does_not_matter() -> None:
    one, other = calibrated(records(80)), calibrated(records(80)[::-1])
    assert one.weights == pytest.approx(other.weights)


def test_a_calibration_is_used_in_merging() -> None:
    field = Field("length", "text", {}, {})
    doubted: Calibration = calibrated([("length", 0.85, False)] * 200)
    answers = [{"value": "axe"}, {"value": "axe"}]
    assert merge(field, answers, calibration=doubted).confidence < merge(field, answers).confidence


def test_the_diagram_counts_every_record_once() -> None:
    decided = [(confidence, right) for _, confidence, right in records(500)]
    diagram = reliability_diagram(decided)
    assert sum(one.records for one in diagram) == 500
    assert all(one.low <= one.right <= one.high for one in diagram)
    assert reliability_diagram([]) == ()
    assert expected_error([]) == 0
    assert wilson(0.5, 0) == (0.0, 1.0)


def test_confidences_far_too_high_in_many_fields_are_brought_down() -> None:
    """A full Newton step overshoots here, and would go back and forth for ever."""
    draw = random.Random(4)
    kinds = ((0.9923, 0.8), (0.9999, 0.8), (0.469, 0.25))
    decided = [(f"field {n % 20}", kinds[n % 3][0], draw.random() < kinds[n % 3][1]) for n in range(600)]
    fitted = calibrated(decided)
    assert expected_error([(fitted.of(sure, field), right) for field, sure, right in decided]) < 0.12
