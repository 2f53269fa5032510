"""Institutions and collections: made once, described by two editors without loss, refused in one sentence each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from threading import Barrier

import pytest
from sqlalchemy import select

from micro.core.addresses import address_from
from micro.data.models import Collection, Institution
from micro.errors import BadAnswer, Conflict, NotFound
from micro.house import House
from micro.services import institutions
from micro.services.editing import fingerprint
from micro.services.institutions import Description, described
from micro.services.moves import moves_of
from tests.cast import Cast

GOOD = Description(
    "Musée d’Été", "kesten", {"en": "About.", "fr": ""}, "musee.example/finds", "  Bonjour@Musee.example "
)


def test_an_institution_is_made_with_an_address_from_its_name(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = institutions.make_institution(session, "", GOOD, cast.nora.id, house.clock())
        assert made.slug == "musee-d-ete"
        assert described(made) == Description(
            "Musée d’Été", "kesten", {"en": "About."}, "https://musee.example/finds", "bonjour@musee.example"
        )
        (move,) = moves_of(session, "institution", made.id)
        assert move.account_id == cast.nora.id


def test_two_institutions_at_one_address_are_refused(house: House, cast: Cast) -> None:
    with house.database.writing() as session, pytest.raises(Conflict):
        institutions.make_institution(session, "harrowby", GOOD, None, house.clock())


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"name": "  "}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"accent": "red"}, "accent"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "http://[1"}, "website"),
        ({"website": "museum"}, "website"),
        ({"website": 'https://a.example/"onclick="'}, "website"),
        ({"contact": "nobody"}, "contact"),
        ({"about": {"fr": "x" * 5001}}, "about_fr"),
    ],
)
def test_what_cannot_be_is_named_beside_its_field(house: House, changed: dict[str, object], place: str) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer) as refused:
        institutions.make_institution(session, "new", replace(GOOD, **changed), None, house.clock())  # type: ignore[arg-type]
    assert refused.value.field == place


def test_all_problems_are_named_at_once(house: House) -> None:
    wrong = Description("", "red", {}, "x", "y")
    with house.database.writing() as session, pytest.raises(BadAnswer) as refused:
        institutions.make_institution(session, "Not One", wrong, None, house.clock())
    problems = (refused.value, *refused.value.others)
    assert [problem.field for problem in problems] == ["name", "accent", "website", "contact", "slug"]


@pytest.mark.parametrize("title", ["日本", "", "…"])
def test_a_name_that_gives_no_address_needs_one(house: House, title: str) -> None:
    assert address_from(title) == ""
    with house.database.writing() as session, pytest.raises(BadAnswer):
        institutions.make_institution(session, "", replace(GOOD, name=title), None, house.clock())


def test_of_two_editors_the_second_is_told_and_changes_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        museum = session.merge(cast.museum)
        seen = fingerprint(asdict(described(museum)))
        institutions.change_institution(session, museum, replace(GOOD, name="First"), seen)
        with pytest.raises(Conflict):
            institutions.change_institution(session, museum, replace(GOOD, name="Second"), seen)
        assert museum.name == "First"


def test_an_institution_that_is_not_there_is_not_found(house: House) -> None:
    with house.database.reading() as session, pytest.raises(NotFound):
        institutions.institution_named(session, "nowhere")


def test_a_collection_is_made_once_whoever_asks_first(house: House, cast: Cast) -> None:
    both = Barrier(2)

    def make(name: str) -> int:
        both.wait(30)
        with house.database.writing() as session:
            found = institutions.institution_named(session, "harrowby")
            return institutions.collection_called(session, found, name, house.clock()).id

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(make, ("Day books", " Day   books "))
    assert one == other
    with house.database.reading() as session:
        assert len(session.scalars(select(Collection).where(Collection.name == "Day books")).all()) == 1


def test_a_collection_needs_a_name(house: House, cast: Cast) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer) as refused:
        institutions.collection_called(session, session.merge(cast.museum), " ", house.clock())
    assert refused.value.field == "collection"


def test_the_lists_count_what_belongs_to_each(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        rows = institutions.institutions(session)
        assert [(row.institution.slug, row.projects, row.staff) for row in rows] == [
            ("harrowby", 1, 2),
            ("valmont", 0, 1),
        ]
        assert [row.institution.slug for row in institutions.institutions(session, [cast.other_museum.id])] == [
            "valmont"
        ]
        found = institutions.collections_of(session, session.merge(cast.museum))
        assert [(collection.name, count) for collection, count in found] == [("Finds", 1)]
        assert session.scalars(select(Institution)).all()
