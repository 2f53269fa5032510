"""Dates: each part by itself, then the whole must be a day that exists."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus.dates import is_day, merge_dates
from micro.core.consensus.outcome import Outcome, groups_of
from micro.core.fields import Field, Said

DATE = Field("found_on", "date", {}, {})
PARTS = st.builds(
    lambda *parts: "-".join(parts),
    st.sampled_from(["1907", "1908", "XXXX"]),
    st.sampled_from(["02", "04", "05", "XX"]),
    st.sampled_from(["12", "29", "30", "31", "XX"]),
).filter(lambda date: date != "XXXX-XX-XX")
SAID = st.one_of(
    PARTS.map(lambda date: {"value": date}),
    PARTS.map(lambda date: {"value": date, "mark": "unsure"}),
    st.sampled_from([{"mark": "blank"}, {"mark": "illegible"}]),
)
ANSWERS = st.lists(SAID, min_size=1, max_size=7).filter(lambda said: any("value" in one for one in said))


def merged(answers: list[Said]) -> Outcome:
    groups = groups_of(DATE, answers)
    return merge_dates(groups, tuple({"said": dict(g.said), "count": g.count, "unsure": g.unsure} for g in groups))


def dates(*given_: str) -> Outcome:
    return merged([{"value": date} for date in given_])


@settings(max_examples=300, deadline=None)
@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(answers: list[Said], chance: random.Random) -> None:
    mixed = list(answers)
    chance.shuffle(mixed)
    assert merged(mixed) == merged(answers)


@given(PARTS, st.integers(1, 6))
def test_a_date_that_all_give_is_returned_even_when_no_calendar_has_it(date: str, times: int) -> None:
    outcome = dates(*[date] * times)
    assert outcome.said == {"value": date}
    assert not outcome.tied


@settings(max_examples=500, deadline=None)
@given(ANSWERS)
def test_what_nobody_gave_is_at_least_a_day_that_exists(answers: list[Said]) -> None:
    outcome = merged(answers)
    if "value" in outcome.said and outcome.said["value"] not in {one.get("value") for one in answers}:
        given_days = [one["value"] for one in answers if "value" in one]
        assert is_day(outcome.said["value"]) or not any(is_day(date) for date in given_days)


@settings(max_examples=500, deadline=None)
@given(ANSWERS)
def test_an_agreeing_answer_never_lowers_the_confidence(answers: list[Said]) -> None:
    before = merged(answers)
    after = merged([*answers, before.said])
    assert after.confidence >= before.confidence - 1e-12
    assert after.said == before.said


@settings(max_examples=200, deadline=None)
@given(ANSWERS)
def test_everything_said_twice_says_the_same_unless_it_was_a_tie(answers: list[Said]) -> None:
    once = merged(answers)
    if not once.tied:
        assert merged(answers * 2).said == once.said


def test_three_who_each_misread_another_part_give_the_right_date() -> None:
    outcome = dates("1907-10-12", "1907-11-12", "1908-10-12")
    assert (outcome.said, outcome.tied) == ({"value": "1907-10-12"}, False)


def test_an_unknown_part_is_a_value_that_can_win() -> None:
    assert dates("1907-10-XX", "1907-10-XX", "1907-10-12").said == {"value": "1907-10-XX"}


def test_a_day_that_does_not_exist_and_that_nobody_gave_stays_open() -> None:
    outcome = dates("1907-02-12", "1907-02-12", "1907-05-31", "1907-05-31", "1907-02-28", "1907-08-31")
    assert outcome.tied
    assert is_day(outcome.said["value"])


def test_31_february_on_the_card_is_kept_and_a_person_looks_at_it_unless_all_agree() -> None:
    outcome = dates("1907-02-31", "1907-02-31", "1907-03-31")
    assert (outcome.said, outcome.tied) == ({"value": "1907-02-31"}, True)


def test_when_unknown_leads_in_every_part_the_best_known_part_is_a_guess() -> None:
    outcome = dates("1907-XX-XX", "XXXX-10-XX", "XXXX-XX-12")
    assert outcome.tied
    assert sum("X" not in part for part in outcome.said["value"].split("-")) == 1


@pytest.mark.parametrize(
    ("date", "is_one"),
    [("1900-02-29", False), ("2000-02-29", True), ("1907-04-31", False), ("XXXX-XX-31", True), ("1907-XX-XX", True)],
)
def test_what_a_calendar_has(date: str, is_one: bool) -> None:
    assert is_day(date) == is_one
