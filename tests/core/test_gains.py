"""When to stop asking, learned from decided records."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.gains import GIVER_ANSWERS, LEAST_STEPS, Gains, Givers, Sight, Told, likeness, looks_of, sight_of

SHARES = st.floats(0, 1)
SIGHTS = st.lists(
    st.builds(Sight, SHARES, SHARES, SHARES, st.integers(0, 30), st.lists(SHARES, min_size=1, max_size=4).map(tuple)),
    max_size=5,
)


def look(confidence: float, reliability: float = 0.8) -> tuple[float, ...]:
    return looks_of([Sight(confidence, 1.0, 0.0, 3, (reliability,))])


DOUBTFUL, SURE = look(0.4), look(0.95)


def project(items: int, seed: int = 1) -> list[Told]:
    """Items that are sure stay as they are; of the doubtful four fifths are mended by the third answer, none later."""
    chance = random.Random(seed)
    told = []
    for number in range(items):
        sure, mended = chance.random() < 0.5, chance.random() < 0.8
        right = (1.0,) * 4 if sure else (0.0, 0.0, float(mended), float(mended))
        looks = (SURE,) * 4 if sure else (DOUBTFUL, DOUBTFUL, *[SURE if mended else DOUBTFUL] * 2)
        told.append(Told(str(number), looks, right))
    return told


def worth(gains: Gains, answers: int, looks: tuple[float, ...]) -> float:
    found = gains.worth(answers, looks)
    assert found is not None
    return found


def test_what_is_in_doubt_is_worth_an_answer_and_what_is_sure_is_not() -> None:
    gains = Gains.fitted(project(1000), 0.05)
    assert worth(gains, 2, DOUBTFUL) == pytest.approx(0.75, abs=0.1)
    assert worth(gains, 2, SURE) < 0


def test_an_answer_that_brings_nothing_is_worth_asking_when_the_next_one_does() -> None:
    gains = Gains.fitted(project(1000), 0.05)
    assert worth(gains, 1, DOUBTFUL) == pytest.approx(0.7, abs=0.1)
    assert worth(Gains.fitted(project(1000), 0.5), 1, DOUBTFUL) < 0


def test_what_no_answer_mends_is_not_expected_to_be_mended() -> None:
    assert worth(Gains.fitted(project(1000), 0.01), 3, DOUBTFUL) == pytest.approx(-0.01, abs=0.005)


def test_who_answered_decides_where_nothing_else_differs() -> None:
    """One answer each, as sure as any other; those of poor volunteers are mended by a second."""
    told = []
    for number in range(400):
        good = number % 2 == 0
        first = look(0.7, 0.95 if good else 0.4)
        told.append(Told(str(number), (first, SURE), (1.0 if good else 0.2, 1.0)))
    gains = Gains.fitted(told, 0.1)
    assert worth(gains, 1, look(0.7, 0.4)) > 0 > worth(gains, 1, look(0.7, 0.95))


@pytest.mark.parametrize("told", [[], project(LEAST_STEPS - 1)])
def test_of_too_few_decided_records_nothing_is_learned(told: list[Told]) -> None:
    assert Gains.fitted(told, 0.02).worth(2, DOUBTFUL) is None
    assert Gains.as_good_as(told, 3) is None


def test_beyond_the_most_answers_of_decided_records_it_is_as_with_the_most() -> None:
    gains = Gains.fitted(project(100), 0.02)
    assert gains.worth(9, DOUBTFUL) == gains.worth(3, DOUBTFUL)


def stops(gains: Gains, one: Told) -> int:
    return next((n for n in range(1, len(one.looks)) if worth(gains, n, one.looks[n - 1]) <= 0), len(one.looks))


def test_as_good_as_three_answers_for_every_item_takes_fewer_and_is_as_good_on_other_items() -> None:
    gains = Gains.as_good_as(project(400), 3)
    assert gains is not None
    others = project(400, seed=2)
    ends = [stops(gains, one) for one in others]
    assert sum(ends) < 0.7 * 3 * len(others)
    right = sum(one.quality[end - 1] for one, end in zip(others, ends, strict=True))
    assert right >= sum(one.quality[2] for one in others) - 1e-9


def test_what_was_learned_survives_being_kept_and_is_dropped_when_items_look_otherwise() -> None:
    gains = Gains.fitted(project(100), 0.02)
    again = Gains.of_kept(json.loads(json.dumps(gains.kept())))
    assert again is not None
    assert again.price == 0.02
    assert again.worth(2, DOUBTFUL) == gains.worth(2, DOUBTFUL)
    assert Gains.of_kept({**gains.kept(), "looks": 3}) is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_decided_records_never_matters(seed: int) -> None:
    told = project(60)
    mixed = random.Random(seed).sample(told, len(told))
    one, other = Gains.fitted(told, 0.02), Gains.fitted(mixed, 0.02)
    assert worth(one, 2, DOUBTFUL) == pytest.approx(worth(other, 2, DOUBTFUL), abs=1e-9)
    both = Gains.as_good_as(told, 3), Gains.as_good_as(mixed, 3)
    assert both[0] is not None and both[1] is not None
    assert both[0].price == both[1].price


@given(SIGHTS, SIGHTS)
def test_an_item_looks_the_same_whatever_the_order_of_its_fields(now: list[Sight], before: list[Sight]) -> None:
    assert looks_of(now, before) == pytest.approx(looks_of(now[::-1], before[::-1]))
    assert len(looks_of(now, before)) == len(looks_of([]))


@given(st.lists(st.sampled_from(["a b c", "a b", "x", ""]), min_size=1, max_size=5))
def test_a_field_looks_the_same_whatever_the_order_of_its_answers(given_: list[str]) -> None:
    reliabilities = [0.5 + place / 10 for place in range(len(given_))]
    one = sight_of("a b c", given_, 0.8, reliabilities)
    assert one == sight_of("a b c", given_[::-1], 0.8, reliabilities[::-1])
    assert 0 <= one.contested <= 1
    assert 0 <= one.agreement <= 1


def test_where_all_agree_nothing_is_contested_and_a_word_of_a_minority_is() -> None:
    assert sight_of("a b", ["a b", "a b"], 0.9, [0.8, 0.8]) == Sight(0.9, 1.0, 0.0, 2, (0.8, 0.8))
    assert sight_of("a b", ["a b", "a c"], 0.9, [0.8, 0.8]).contested == 0.5
    assert likeness("a b", "a c") == 0.5


def test_volunteers_are_known_by_decided_records_and_newcomers_are_like_everybody() -> None:
    givers = Givers([("good", 1.0)] * 20 + [("poor", 0.0)] * 20)
    assert givers.of("new") == givers.usual == 0.5
    assert givers.of("good") == pytest.approx((20 + GIVER_ANSWERS * 0.5) / (20 + GIVER_ANSWERS))
    assert givers.of("poor") < 0.1
    assert Givers([("good", 1.0), ("poor", 0.0), ("once", 1.0)]).of("once") < 0.8
    assert Givers([]).of("anybody") == 0.75
