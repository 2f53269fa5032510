"""Numbers with units: properties of the weighted mode and median, then units and the habit of rounding."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus.measurements import (
    Amount,
    Reading,
    base_of,
    normal_unit,
    rounding_habits,
    rounds_to,
    shown_in,
    support_of,
    weighted_median,
    weighted_mode,
)

AMOUNTS = st.builds(
    Amount,
    st.sampled_from(["1", "1.0", "1.04", "12", "12.0", "12.04", "11.96", "120", "0", "-0", "5"]).map(Decimal),
    st.sampled_from(["cm", "mm", "in", ""]),
)
WEIGHED = st.lists(st.tuples(AMOUNTS, st.sampled_from([0.5, 1.0, 1.5, 2.0])), min_size=1, max_size=7)


def mode(*texts: str, weights: list[float] | None = None, habits: list[float] | None = None) -> tuple[str, Reading]:
    amounts = [Amount(Decimal(t.split(" ")[0]), t.partition(" ")[2]) for t in texts]
    reading = weighted_mode(amounts, weights or [1.0] * len(texts), habits or ())
    assert reading is not None
    return texts[reading.chosen], reading


@settings(max_examples=300, deadline=None)
@given(WEIGHED, st.randoms(use_true_random=False), st.sampled_from([weighted_mode, weighted_median]))
def test_the_order_of_answers_never_matters(
    weighed: list[tuple[Amount, float]], chance: random.Random, merge: object
) -> None:
    mixed = list(weighed)
    chance.shuffle(mixed)
    found = []
    for some in (weighed, mixed):
        reading = merge([a for a, _ in some], [w for _, w in some])  # type: ignore[operator]
        chosen = some[reading.chosen][0]
        found.append(
            (str(chosen.amount), chosen.unit, reading.tied, round(reading.support, 9), round(reading.rival, 9))
        )
    assert found[0] == found[1]


@settings(max_examples=200, deadline=None)
@given(WEIGHED, st.sampled_from([0.01, 3.0, 1000.0]), st.sampled_from([weighted_mode, weighted_median]))
def test_the_scale_of_weights_never_matters(weighed: list[tuple[Amount, float]], scale: float, merge: object) -> None:
    amounts, weights = [a for a, _ in weighed], [w for _, w in weighed]
    once, scaled = merge(amounts, weights), merge(amounts, [w * scale for w in weights])  # type: ignore[operator]
    assert (once.chosen, once.tied, once.backers) == (scaled.chosen, scaled.tied, scaled.backers)
    assert once.support == pytest.approx(scaled.support)


@settings(max_examples=200, deadline=None)
@given(WEIGHED)
def test_every_answer_twice_is_the_same(weighed: list[tuple[Amount, float]]) -> None:
    amounts, weights = [a for a, _ in weighed], [w for _, w in weighed]
    once, twice = weighted_mode(amounts, weights), weighted_mode(amounts * 2, weights * 2)
    assert once is not None
    assert twice is not None
    assert base_of(amounts[once.chosen]) == base_of((amounts * 2)[twice.chosen])
    assert (once.tied, once.support) == (twice.tied, pytest.approx(twice.support))


@given(AMOUNTS, st.integers(1, 6))
def test_what_everybody_says_is_the_value(amount: Amount, times: int) -> None:
    for merge in (weighted_mode, weighted_median):
        reading = merge([amount] * times, [1.0] * times)
        assert reading is not None
        assert (reading.support, reading.rival, reading.tied) == (pytest.approx(1), pytest.approx(0, abs=1e-9), False)


def test_without_an_answer_there_is_no_value() -> None:
    assert weighted_mode([], []) is None
    assert weighted_median([], []) is None
    assert rounding_habits([]) == {}


@settings(max_examples=300, deadline=None)
@given(WEIGHED)
def test_one_more_who_agrees_never_lowers_the_support(weighed: list[tuple[Amount, float]]) -> None:
    amounts, weights = [a for a, _ in weighed], [w for _, w in weighed]
    before = weighted_mode(amounts, weights)
    assert before is not None
    same = amounts[before.chosen]
    after = weighted_mode([*amounts, same], [*weights, 1.0])
    assert after is not None
    assert after.support >= before.support - 1e-8
    assert base_of([*amounts, same][after.chosen]) == base_of(same)
    assert not after.tied


def test_a_tie_stays_open_whoever_came_first() -> None:
    one, reading = mode("10 cm", "14 cm")
    other, again = mode("14 cm", "10 cm")
    assert one == other
    assert reading.tied
    assert again.tied


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12.0 cm", "120 mm"),
        ("1 in", "2.54 cm"),
        ("3 feet", "1 yd"),
        ("1 lb", "16 oz"),
        ('1 "', "25.4 millimetres"),
        ("-0 cm", "0 mm"),
    ],
)
def test_one_value_in_two_units_is_one_value(one: str, other: str) -> None:
    _, reading = mode(one, other, "77 cm")
    assert reading.support == pytest.approx(2 / 3)


def test_the_unit_that_most_wrote_is_kept() -> None:
    assert mode("12 cm", "120 mm", "120 mm")[0] == "120 mm"


def test_different_things_are_never_the_same() -> None:
    assert base_of(Amount(Decimal(1), "mm")) != base_of(Amount(Decimal(1), "g"))
    assert base_of(Amount(Decimal(1), "cubits")) != base_of(Amount(Decimal(1), "mm"))
    assert base_of(Amount(Decimal(1))) != base_of(Amount(Decimal(1), "mm"))


def test_who_rounds_supports_the_finer_value() -> None:
    said, reading = mode("12 cm", "12.04 cm")
    assert said == "12.04 cm"
    assert not reading.tied
    assert reading.backers == (0, 1)


def test_two_sure_readings_are_not_outweighed_by_one_finer_number_unless_they_are_known_to_round() -> None:
    assert mode("12 cm", "12 cm", "12.04 cm")[0] == "12 cm"
    assert mode("12 cm", "12 cm", "12.04 cm", habits=[0.9, 0.9, 0.1])[0] == "12.04 cm"


def test_of_one_value_the_spelling_of_most_is_kept_and_then_the_finest() -> None:
    assert mode("12 cm", "12.0 cm", "12 cm")[0] == "12 cm"
    assert mode("12 cm", "12.0 cm")[0] == "12.0 cm"


def test_rounding_goes_one_way_and_stays_in_its_unit() -> None:
    fine, coarse = Amount(Decimal("12.5"), "cm"), Amount(Decimal(13), "cm")
    assert rounds_to(fine, coarse)
    assert rounds_to(fine, Amount(Decimal(12), "cm"))
    assert not rounds_to(coarse, fine)
    assert not rounds_to(fine, Amount(Decimal(13), "mm"))


def test_who_always_rounds_is_found_and_a_newcomer_is_given_the_usual_habit() -> None:
    answers = []
    for item in range(30):
        fine = Decimal(f"{10 + item}.37")
        answers += [(item, "rounds", Amount(fine.quantize(Decimal(1)), "cm")), (item, "exact", Amount(fine, "cm"))]
    habits = rounding_habits([*answers, (99, "new", Amount(Decimal(5), "cm"))])
    assert habits["rounds"] > 0.9
    assert habits["exact"] < 0.1
    assert habits["new"] == pytest.approx(0.3)


def test_the_middle_of_measurements_is_not_dragged_along_by_one_slip() -> None:
    amounts = [Amount(Decimal(text), "mm") for text in ("101", "99", "100", "1000")]
    reading = weighted_median(amounts, [1.0] * 4)
    assert reading is not None
    assert str(amounts[reading.chosen].amount) == "100"
    assert reading.backers == (0, 1, 2)
    heavy = weighted_median(amounts, [1.0, 1.0, 1.0, 9.0])
    assert heavy is not None
    assert str(amounts[heavy.chosen].amount) == "1000"


@pytest.mark.parametrize(
    ("given_", "system", "shown"),
    [
        ("12.0 cm", "metric", "120 mm"),
        ("4.72 in", "metric", "120 mm"),
        ("25.4 mm", "imperial", "1.00 in"),
        ("3 cubits", "metric", "3 cubits"),
        ("0 in", "metric", "0 mm"),
        ("2 in.", "imperial", "2 in"),
    ],
)
def test_a_project_shows_all_in_one_system(given_: str, system: str, shown: str) -> None:
    number, _, unit = given_.partition(" ")
    found = shown_in(Amount(Decimal(number), unit), system)  # type: ignore[arg-type]
    assert f"{found.amount:f} {found.unit}" == shown


def test_the_evidence_says_how_much_weight_each_value_has() -> None:
    shares = support_of(
        [Amount(Decimal(12), "cm"), Amount(Decimal(120), "mm"), Amount(Decimal(5), "mm")], [1.0, 1.0, 2.0]
    )
    assert dict(shares) == {("length", Decimal(120)): 0.5, ("length", Decimal(5)): 0.5}


def test_units_are_known_by_their_usual_names() -> None:
    assert [normal_unit(unit) for unit in ("MM", "Centimètres", "feet", "smoots", "")] == [
        "mm",
        "cm",
        "ft",
        "smoots",
        "",
    ]
