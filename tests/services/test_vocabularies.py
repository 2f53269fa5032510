"""Vocabularies in the database: codes that stay, two colleagues at once, and files taken in twice."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from micro.core.vocabularies import read_file
from micro.data.models import Concept, Vocabulary
from micro.errors import BadAnswer, Conflict
from micro.house import House
from micro.services import vocabularies
from tests.cast import Cast

TABLE = b"code,en,fr,uri,broader\nmetal,Metal,M\xc3\xa9tal,,\nbronze,Bronze,Bronze,https://example.org/bronze,metal\ngold,Gold,Or,,metal\n"


@pytest.fixture
def vocabulary(house: House, cast: Cast) -> Vocabulary:
    with house.database.writing() as session:
        made = vocabularies.make_vocabulary(session, session.merge(cast.museum), "Matériaux & Co.", house.clock())
        vocabularies.take_in(session, made, read_file("m.csv", TABLE), house.clock())
        return made


def codes(house: House, vocabulary: Vocabulary, searched: str = "") -> list[str]:
    with house.database.reading() as session:
        return [one.code for one in vocabularies.concepts_page(session, vocabulary, searched).concepts]


def test_a_file_taken_in_twice_adds_nothing_and_keeps_the_order(house: House, vocabulary: Vocabulary) -> None:
    with house.database.writing() as session:
        plan = vocabularies.take_in(session, session.merge(vocabulary), read_file("m.csv", TABLE), house.clock())
    assert (len(plan.added), len(plan.changed), plan.same) == (0, 0, 3)
    assert codes(house, vocabulary) == ["metal", "bronze", "gold"]


def test_a_later_file_mends_labels_adds_and_removes_nothing(house: House, vocabulary: Vocabulary) -> None:
    later = b"code,en,uri\nBR,Bronze alloy,https://example.org/bronze\ntin,Tin,\n"
    with house.database.writing() as session:
        vocabularies.take_in(session, session.merge(vocabulary), read_file("l.csv", later), house.clock())
    assert codes(house, vocabulary) == ["metal", "bronze", "gold", "tin"]
    with house.database.reading() as session:
        bronze = vocabularies.concept_named(session, vocabulary, "bronze")
        assert bronze.labels == {"en": "Bronze alloy", "fr": "Bronze"} and bronze.broader == "metal"


def test_the_search_finds_words_without_case_and_accents_in_all_that_a_concept_has(
    house: House, vocabulary: Vocabulary
) -> None:
    assert codes(house, vocabulary, "METAL") == ["metal"]
    assert codes(house, vocabulary, "métal") == ["metal"]
    assert codes(house, vocabulary, "example.org bron") == ["bronze"]
    assert codes(house, vocabulary, "bronze gold") == []


def test_thousands_of_concepts_are_shown_page_by_page(house: House, cast: Cast) -> None:
    table = "code\n" + "".join(f"c{number:05}\n" for number in range(2_345))
    with house.database.writing() as session:
        made = vocabularies.make_vocabulary(session, session.merge(cast.museum), "Many", house.clock())
        vocabularies.take_in(session, made, read_file("m.csv", table.encode()), house.clock())
        assert session.scalar(select(func.count()).select_from(Concept)) == 2_345
        page = vocabularies.concepts_page(session, made, page=47)
        assert (page.pages, page.total, page.concepts[0].code, len(page.concepts)) == (47, 2_345, "c02300", 45)
        assert vocabularies.concepts_page(session, made, page=10**12).page == 47


def test_a_name_is_given_once_in_an_institution(house: House, cast: Cast, vocabulary: Vocabulary) -> None:
    with house.database.writing() as session:
        for name, why in (("Matériaux & Co.", "with this name already"), ("  ", "Give the vocabulary a name")):
            with pytest.raises(BadAnswer, match=why):
                vocabularies.make_vocabulary(session, session.merge(cast.museum), name, house.clock())
        other = vocabularies.make_vocabulary(
            session, session.merge(cast.other_museum), "Matériaux & Co.", house.clock()
        )
        assert other.slug == vocabulary.slug == "materiaux-co"


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ({"code": "gold", "en": "Gold"}, "code"),
        ({"code": "a b", "en": "Gold"}, "code"),
        ({"code": "x"}, "en"),
        ({"en": "x" * 301}, "en"),
        ({"en": "Tin", "uri": "https://example.org/bronze"}, "uri"),
        ({"en": "Tin", "uri": "tin"}, "uri"),
        ({"en": "Tin", "broader": "nowhere"}, "broader"),
    ],
)
def test_a_concept_that_cannot_be_is_refused_beside_its_part(
    house: House, vocabulary: Vocabulary, typed: dict[str, str], part: str
) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer) as refused:
        vocabularies.add_concept(session, session.merge(vocabulary), typed, house.clock())
    assert refused.value.field == part


def test_of_two_colleagues_who_mend_one_concept_the_second_is_told(house: House, vocabulary: Vocabulary) -> None:
    with house.database.writing() as session:
        mine = session.merge(vocabulary)
        seen = vocabularies.typed_of(vocabularies.concept_named(session, mine, "gold"))
        vocabularies.change_concept(session, mine, "gold", {**seen, "en": "Pure gold"}, seen, house.clock())
        with pytest.raises(Conflict, match="A colleague has changed"):
            vocabularies.change_concept(session, mine, "gold", {**seen, "en": "Red gold"}, seen, house.clock())
        changed = vocabularies.concept_named(session, mine, "gold")
        assert (changed.code, changed.labels["en"]) == ("gold", "Pure gold")


def test_the_same_file_taken_in_by_two_at_once_is_taken_in_once(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = vocabularies.make_vocabulary(session, session.merge(cast.museum), "Race", house.clock())
    barrier, done = Barrier(2), []

    def take() -> None:
        barrier.wait()
        with house.database.writing() as session:
            plan = vocabularies.take_in(session, session.merge(made), read_file("m.csv", TABLE), house.clock())
        done.append(len(plan.added))

    threads = [Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 3]
    assert codes(house, made) == ["metal", "bronze", "gold"]
