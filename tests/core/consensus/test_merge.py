"""Merging what several people said: properties that hold for every field, then cases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus import label_counts, merge
from micro.core.consensus.confidence import posterior
from micro.core.consensus.keys import key_of, text_key
from micro.core.consensus.places import SAME_PLACE_M
from micro.core.fields import Field, Said, parse_said
from micro.core.fields.points import metres_between
from micro.core.fields.tags import label_key

TEXT = Field("object", "text", {}, {})
NUMBER = Field("length", "number", {}, {}, units=("cm", "mm"))
DATE = Field("found_on", "date", {}, {})
CHOICE = Field("material", "choice", {}, {}, choices=(("bronze", {}), ("gold", {}), ("iron", {})))
TAGS = Field("shows", "tags", {}, {}, choices=(("axe", {}), ("sword", {}), ("hoard", {})), free=True)
POINT = Field("findspot", "point", {}, {})
EVERY = (TEXT, NUMBER, DATE, CHOICE, TAGS, POINT)

VALUES = {
    "text": st.sampled_from(
        ["axe", "Axe", "axe ", "axes", "ax", "spear", "?", "-", "3,5 cm", "3.5 cm", "l'axe", "l’axe"]
    ),
    "number": st.builds(
        lambda amount, unit: {"amount": amount, "unit": unit},
        st.sampled_from(["1", "1.0", "1.00", "2", "10", "12.4", "0", "-0"]),
        st.sampled_from(["cm", "mm"]),
    ),
    "date": st.builds(
        lambda *parts: "-".join(parts),
        st.sampled_from(["1907", "1908", "XXXX"]),
        st.sampled_from(["10", "11", "XX"]),
        st.sampled_from(["12", "13", "XX"]),
    ).filter(lambda d: d != "XXXX-XX-XX"),
    "choice": st.sampled_from(["bronze", "gold", "iron"]),
    "tags": st.lists(
        st.sampled_from(["axe", "sword", "hoard", {"free": "axe"}, {"free": "Bent tip"}, {"free": "bent  TIP"}]),
        min_size=1,
        max_size=5,
    ).map(lambda labels: parse_said(TAGS, {"value": labels})["value"]),
    # Steps of some 700 m: a place, its neighbours, and the neighbours' neighbours; and the far side of the world.
    "point": st.builds(
        lambda lat, lon: {"lat": lat, "lon": lon},
        st.sampled_from(["51.5", "51.50", "51.506", "51.512", "-89.999"]),
        st.sampled_from(["-0.9", "-0.89", "0", "180", "-179.999"]),
    ),
}


@st.composite
def field_and_answers(draw: st.DrawFn, least: int = 0, most: int = 7) -> tuple[Field, list[Said]]:
    field = draw(st.sampled_from(EVERY))
    said = st.one_of(
        VALUES[field.type].map(lambda value: {"value": value}),
        VALUES[field.type].map(lambda value: {"value": value, "mark": "unsure"}),
        st.sampled_from(["blank", "illegible", "unsure"]).map(lambda mark: {"mark": mark}),
    )
    return field, draw(st.lists(said, min_size=least, max_size=most))


@settings(max_examples=300, deadline=None)
@given(field_and_answers(least=2), st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(given_: tuple[Field, list[Said]], chance: Any) -> None:
    field, answers = given_
    other = list(answers)
    chance.shuffle(other)
    assert merge(field, answers) == merge(field, other)


@settings(max_examples=300, deadline=None)
@given(field_and_answers(least=1, most=1), st.integers(1, 9))
def test_a_unanimous_answer_is_returned(given_: tuple[Field, list[Said]], times: int) -> None:
    field, (said,) = given_
    outcome = merge(field, [said] * times)
    if said == {"mark": "unsure"}:
        assert outcome.said == {}
        return
    assert outcome.said == {name: part for name, part in said.items() if name == "value" or "value" not in said}
    assert not outcome.tied
    assert outcome.evidence[0]["count"] == times


@settings(max_examples=300, deadline=None)
@given(field_and_answers())
def test_an_outcome_is_a_value_that_somebody_gave_and_a_confidence(given_: tuple[Field, list[Said]]) -> None:
    field, answers = given_
    outcome = merge(field, answers)
    assert 0 <= outcome.confidence <= 1
    keys = {key_of(field, said) for said in answers} - {None}
    assert (outcome.said == {}) == (not keys)
    if outcome.said and field.type not in ("date", "tags", "point"):
        assert key_of(field, outcome.said) in keys
    if field.type == "point" and "value" in outcome.said:
        given_points = [said["value"] for said in answers if "value" in said]
        assert min(metres_between(outcome.said["value"], point) for point in given_points) <= SAME_PLACE_M
    if field.type == "tags" and "value" in outcome.said:
        named = {label_key(label) for said in answers for label in said.get("value", ())}
        assert {label_key(label) for label in outcome.said["value"]} <= named
        assert parse_said(field, outcome.said) == outcome.said
    if outcome.said and field.type == "date" and "value" in outcome.said:
        assert outcome.said["value"] != "XXXX-XX-XX"
        parts = zip(*(said["value"].split("-") for said in answers if "value" in said), strict=True)
        assert all(
            part in given_parts for part, given_parts in zip(outcome.said["value"].split("-"), parts, strict=True)
        )
    assert sum(entry["count"] for entry in outcome.evidence) == sum(key_of(field, said) is not None for said in answers)
    assert [entry["count"] for entry in outcome.evidence] == sorted(
        (e["count"] for e in outcome.evidence), reverse=True
    )


@settings(max_examples=600, deadline=None)
@given(field_and_answers(least=1), st.booleans())
def test_an_agreeing_answer_never_lowers_the_confidence(given_: tuple[Field, list[Said]], sure: bool) -> None:
    field, answers = given_
    before = merge(field, answers)
    if not before.said:
        return
    more = {**before.said, "mark": "unsure"} if "value" in before.said and not sure else before.said
    after = merge(field, [*answers, more])
    assert after.confidence >= before.confidence - 1e-12
    assert key_of(field, after.said) == key_of(field, before.said)


@settings(max_examples=300, deadline=None)
@given(field_and_answers(least=1, most=4))
def test_everything_said_twice_says_the_same(given_: tuple[Field, list[Said]]) -> None:
    field, answers = given_
    once, twice = merge(field, answers), merge(field, answers * 2)
    assert [entry["count"] * 2 for entry in once.evidence] == [entry["count"] for entry in twice.evidence]
    if not once.tied:
        assert key_of(field, twice.said) == key_of(field, once.said)


def test_without_an_answer_nothing_is_proposed() -> None:
    for field in EVERY:
        outcome = merge(field, [])
        assert (dict(outcome.said), outcome.confidence, outcome.evidence, outcome.tied) == ({}, 0.0, (), False)


def test_a_bare_not_sure_says_nothing_about_the_value() -> None:
    assert merge(CHOICE, [{"mark": "unsure"}, {"value": "gold"}]) == merge(CHOICE, [{"value": "gold"}])


@pytest.mark.parametrize("field", EVERY, ids=lambda field: field.type)
@pytest.mark.parametrize("mark", ["blank", "illegible"])
def test_a_mark_can_win_over_a_value_and_against_the_other_mark(field: Field, mark: str) -> None:
    value = {
        "text": "axe",
        "number": {"amount": "1", "unit": "cm"},
        "date": "1907-10-12",
        "choice": "gold",
        "tags": ["axe"],
        "point": {"lat": "51.5", "lon": "-0.9"},
    }[field.type]
    other = {"blank": "illegible", "illegible": "blank"}[mark]
    outcome = merge(field, [{"mark": mark}, {"value": value}, {"mark": other}, {"mark": mark}])
    assert outcome.said == {"mark": mark}
    assert not outcome.tied


@pytest.mark.parametrize(
    "answers",
    [
        [{"value": "gold"}, {"value": "iron"}],
        [{"value": "gold"}, {"mark": "blank"}],
        [{"mark": "illegible"}, {"mark": "blank"}],
        [{"value": "gold", "mark": "unsure"}, {"value": "iron", "mark": "unsure"}],
    ],
)
def test_a_tie_is_told_and_not_decided_by_who_came_first(answers: list[Said]) -> None:
    first, second = merge(CHOICE, answers), merge(CHOICE, answers[::-1])
    assert first == second
    assert first.tied
    assert first.confidence < 0.5


def test_somebody_who_is_sure_weighs_more_than_somebody_who_is_not() -> None:
    outcome = merge(CHOICE, [{"value": "gold", "mark": "unsure"}, {"value": "iron"}])
    assert outcome.said == {"value": "iron"}
    assert not outcome.tied


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (TEXT, "Socketed axe", "socketed  AXE"),
        (TEXT, "axe, broken", "axe broken"),
        (TEXT, "l'axe", "l’axe"),
        (TEXT, "3,5 cm", "3.5 cm"),
        (TEXT, "caf\u00e9", "CAFÉ"),
        (NUMBER, {"amount": "12.40", "unit": "cm"}, {"amount": "12.4", "unit": "cm"}),
        (NUMBER, {"amount": "12.4", "unit": "cm"}, {"amount": "124", "unit": "mm"}),
        (NUMBER, {"amount": "-0", "unit": "cm"}, {"amount": "0", "unit": "cm"}),
        (NUMBER, {"amount": "100", "unit": "cm"}, {"amount": "1E+2", "unit": "cm"}),
        (TAGS, ["axe", {"free": "Bent  tip"}], [{"free": "bent TIP"}, "axe"]),
        (POINT, {"lat": "51.50", "lon": "-0"}, {"lat": "51.5", "lon": "0.0"}),
    ],
)
def test_two_ways_to_write_the_same_agree(field: Field, one: Any, other: Any) -> None:
    assert key_of(field, {"value": one}) == key_of(field, {"value": other})


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (TEXT, "?", "-"),
        (TEXT, "1.5", "15"),
        (TEXT, "axe", "axes"),
        (CHOICE, "gold", "Gold"),
        (NUMBER, {"amount": "1", "unit": "cm"}, {"amount": "1", "unit": "mm"}),
        (DATE, "1907-10-XX", "1907-10-12"),
        (TAGS, ["axe"], [{"free": "axe"}]),
        (TAGS, ["axe"], ["axe", "sword"]),
        (POINT, {"lat": "51.5", "lon": "-0.9"}, {"lat": "51.5", "lon": "0.9"}),
    ],
)
def test_what_differs_in_meaning_differs(field: Field, one: Any, other: Any) -> None:
    assert key_of(field, {"value": one}) != key_of(field, {"value": other})


def test_a_typed_word_is_not_a_mark() -> None:
    assert key_of(TEXT, {"value": "blank"}) != key_of(TEXT, {"mark": "blank"})


def test_the_most_frequent_spelling_is_proposed() -> None:
    assert merge(TEXT, [{"value": "AXE"}, {"value": "axe"}, {"value": "axe"}]).said == {"value": "axe"}


def test_among_texts_that_all_differ_the_one_in_the_middle_is_proposed() -> None:
    outcome = merge(TEXT, [{"value": "socketed axe"}, {"value": "socketed ax"}, {"value": "socket axe"}])
    assert outcome.tied
    assert outcome.said == {"value": "socketed axe"}


def test_among_numbers_that_all_differ_the_median_is_proposed() -> None:
    outcome = merge(NUMBER, [{"value": {"amount": a, "unit": "cm"}} for a in ("9", "10", "11")])
    assert outcome.tied
    assert outcome.said == {"value": {"amount": "10", "unit": "cm"}}


def test_dates_are_voted_part_by_part() -> None:
    outcome = merge(DATE, [{"value": "1907-10-12"}, {"value": "1907-11-12"}, {"value": "1907-10-13"}])
    assert outcome.said == {"value": "1907-10-12"}
    assert not outcome.tied
    assert outcome.confidence < merge(DATE, [{"value": "1907-10-12"}] * 3).confidence


def labels(*given: Any) -> Said:
    return {"value": list(given)}


def test_each_label_is_decided_by_itself() -> None:
    outcome = merge(TAGS, [labels("axe", "hoard"), labels("axe"), labels("axe", "sword"), labels("hoard", "axe")])
    assert outcome.said == {"value": ["axe", "hoard"]}
    assert outcome.tied, "the hoard has half of the answers"
    clear = merge(TAGS, [labels("axe", "hoard"), labels("axe"), labels("axe", "hoard")])
    assert (clear.said, clear.tied) == ({"value": ["axe", "hoard"]}, False)
    assert clear.confidence < merge(TAGS, [labels("axe")] * 3).confidence, "the weakest label's"


def test_labels_that_nobody_shares_leave_one_as_a_guess() -> None:
    outcome = merge(TAGS, [labels("sword"), labels("axe"), labels("hoard")])
    assert outcome.said == {"value": ["axe"]}
    assert outcome.tied
    assert outcome.confidence < 0.5


def test_none_of_these_is_voted_against_all_lists_together() -> None:
    assert merge(TAGS, [{"mark": "blank"}, {"mark": "blank"}, labels("axe")]).said == {"mark": "blank"}
    assert merge(TAGS, [{"mark": "blank"}, labels("sword"), labels("axe", "sword")]).said == labels("axe", "sword")


def test_the_evidence_counts_every_label_among_those_who_looked() -> None:
    answers = [labels("axe", {"free": "Bent"}), labels("axe", {"free": "bent"}), labels("axe"), {"mark": "blank"}]
    counted = label_counts(TAGS, merge(TAGS, [*answers, {"mark": "illegible"}]).evidence)
    assert [(one.label, one.count, one.among) for one in counted] == [("axe", 3, 4), ({"free": "Bent"}, 2, 4)]


def at(lat: str, lon: str = "-0.9") -> Said:
    return {"value": {"lat": lat, "lon": lon}}


def test_points_close_together_are_one_place_and_its_middle_stands_for_it() -> None:
    outcome = merge(POINT, [at("51.500"), at("51.504"), at("51.507"), at("52.9")])
    assert outcome.said == at("51.504")
    assert not outcome.tied
    assert outcome.confidence == merge(POINT, [at("51.504")] * 3 + [at("52.9")]).confidence
    assert len(outcome.evidence) == 4


def test_two_places_with_the_same_support_are_a_tie() -> None:
    outcome = merge(POINT, [at("51.5"), at("52.9")])
    assert outcome.tied
    assert outcome == merge(POINT, [at("52.9"), at("51.5")])


def test_a_place_does_not_end_at_the_antimeridian() -> None:
    assert merge(POINT, [at("-17", "179.999"), at("-17", "-179.999"), at("-17", "10")]).said in (
        at("-17", "179.999"),
        at("-17", "-179.999"),
    )


def test_the_stated_distance_is_that_of_one_place() -> None:
    near, far = at("51.5089"), at("51.5091")
    assert metres_between(at("51.5")["value"], near["value"]) < SAME_PLACE_M
    assert metres_between(at("51.5")["value"], far["value"]) > SAME_PLACE_M
    assert not merge(POINT, [at("51.5"), near]).tied
    assert merge(POINT, [at("51.5"), far]).tied


def test_three_who_agree_are_surer_than_two_and_two_than_one() -> None:
    one, two, three = (merge(CHOICE, [{"value": "gold"}] * n).confidence for n in (1, 2, 3))
    assert one < 0.9 < two < three


@given(st.dictionaries(st.text(max_size=3), st.lists(st.floats(0.3, 0.99), min_size=1, max_size=50), max_size=6))
def test_probabilities_leave_room_for_a_value_that_nobody_gave(votes: dict[str, list[float]]) -> None:
    chances = posterior(votes)
    assert set(chances) == set(votes)
    assert all(0 <= chance <= 1 for chance in chances.values())
    assert sum(chances.values()) <= 1 + 1e-9


@given(st.text(max_size=30))
def test_a_text_has_one_key_whatever_its_case_and_white_space(text: str) -> None:
    assert text_key(f"  {text}\n") == text_key(text)


@settings(max_examples=300, deadline=None)
@given(field_and_answers(least=1, most=4), st.floats(0.3, 0.98), st.data())
def test_with_reliabilities_an_agreeing_answer_never_lowers_the_confidence(
    given_: tuple[Field, list[Said]], more: float, data: st.DataObject
) -> None:
    field, answers = given_
    if field.type == "point":
        return  # A place is not one key: places.py has a property of its own.
    many = len(answers)
    reliabilities = data.draw(st.lists(st.floats(0.3, 0.98), min_size=many, max_size=many))
    before = merge(field, answers, reliabilities=reliabilities)
    if not before.said:
        return
    after = merge(field, [*answers, before.said], reliabilities=[*reliabilities, more])
    assert after.confidence >= before.confidence - 1e-9


def test_between_two_the_more_reliable_is_followed_and_it_is_no_tie() -> None:
    outcome = merge(CHOICE, [{"value": "gold"}, {"value": "iron"}], reliabilities=[0.7, 0.9])
    assert (outcome.said, outcome.tied) == ({"value": "iron"}, False)
    turned = merge(CHOICE, [{"value": "iron"}, {"value": "gold"}], reliabilities=[0.9, 0.7])
    assert turned == outcome


def test_the_spelling_of_the_more_reliable_is_proposed() -> None:
    outcome = merge(TEXT, [{"value": "AXE"}, {"value": "axe"}], reliabilities=[0.6, 0.9])
    assert outcome.said == {"value": "axe"}


def test_long_texts_that_all_differ_are_merged_word_by_word() -> None:
    texts = ["a big red axe", "a bigg red axe", "a big rad axe", "a big red ax", "one big red axe"]
    outcome = merge(TEXT, [{"value": text} for text in texts])
    assert outcome.said == {"value": "a big red axe"}
    assert 0 < outcome.confidence < 1
    assert merge(TEXT, [{"value": text} for text in texts[::-1]]) == outcome
