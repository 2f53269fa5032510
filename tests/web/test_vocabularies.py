"""The pages of vocabularies: looked at, mended, and files taken in only after a look at what they would change."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from micro.data.models import Concept, Vocabulary
from micro.house import House
from micro.jobs import drop_uploads
from micro.services import assignments, people, vocabularies
from micro.services.answers import give_answer
from micro.services.forms import change_setup
from tests.cast import FORM, Cast, add_cards, good_answer, signed_in
from tests.web.test_manage import page_of

LIST = "/desk/institution/harrowby/vocabularies"
TABLE = "code,en,fr,uri,broader\nmetal,Metal,Métal,,\nbronze,Bronze,,https://example.org/bronze,metal\nb@d,Bad,,,\n".encode()


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


@pytest.fixture
def address(mia: FlaskClient) -> str:
    return mia.post(LIST, data={"name": "Materials"}).headers["Location"]


def send(client: FlaskClient, address: str, content: bytes, name: str = "m.csv") -> TestResponse:
    return client.post(f"{address}/import", data={"file": (BytesIO(content), name), "language": "en"})


def count(house: House) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Concept)) or 0


def test_a_manager_makes_a_vocabulary_once(mia: FlaskClient) -> None:
    assert "No vocabulary yet." in page_of(mia.get(LIST))
    made = mia.post(LIST, data={"name": "Materials"})
    assert made.status_code == 303 and "No concept yet." in page_of(mia.get(made.headers["Location"]))
    again = mia.post(LIST, data={"name": "Materials"})
    assert again.status_code == 422
    assert "There is a vocabulary with this name already." in page_of(again) and 'value="Materials"' in again.text


def test_nothing_is_written_before_the_plan_was_looked_at(house: House, mia: FlaskClient, address: str) -> None:
    sent = send(mia, address, TABLE)
    assert sent.status_code == 303 and count(house) == 0
    plan = mia.get(sent.headers["Location"])
    page = page_of(plan)
    assert "<dt>new</dt><dd>2</dd>" in page and "Métal" in page
    assert '<th scope="row" class="form-uri">4</th><td>The code “b@d” may hold' in page
    done = mia.post(sent.headers["Location"], follow_redirects=True)
    assert "2 concepts were added, 0 changed." in page_of(done) and count(house) == 2
    # The same once more by the back button of the browser: it is over, and nothing happens twice.
    again = mia.post(sent.headers["Location"], follow_redirects=True)
    assert "This file is not here any more." in page_of(again) and count(house) == 2


def test_a_file_of_one_vocabulary_is_not_taken_into_another(house: House, mia: FlaskClient, address: str) -> None:
    token = send(mia, address, TABLE).headers["Location"].rpartition("/")[2]
    other = mia.post(LIST, data={"name": "Other"}).headers["Location"]
    for wrong in (token, "..%2f..%2fsecret", "none"):
        assert mia.post(f"{other}/import/{wrong}").status_code in (303, 404)
    assert count(house) == 0


def test_a_bad_file_is_refused_beside_its_input(house: House, mia: FlaskClient, address: str) -> None:
    for content, name, why in (
        (b"", "m.csv", "This file is empty."),
        (b"x,y\n1,2\n", "m.csv", "The first row must name the columns"),
        (b"@prefix skos: <oops", "m.ttl", "This file cannot be read as Turtle"),
        (b'{"@context": "https://example.org/context", "@id": "x"}', "m.jsonld", "nothing is fetched from elsewhere"),
        (b"x" * 10_000_001, "m.csv", "This file is larger than 10 MB."),
    ):
        answer = send(mia, address, content, name)
        assert answer.status_code == 422 and why in page_of(answer), name
        assert 'id="file-problem"' in answer.text
    assert "Choose a file first." in page_of(mia.post(f"{address}/import", data={}))
    assert send(mia, address, b"x" * 20_000_001).status_code == 413
    assert count(house) == 0


def test_a_skos_file_gives_the_vocabulary_its_address(house: House, mia: FlaskClient, address: str) -> None:
    skos = b"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    <https://example.org/scheme> a skos:ConceptScheme ; skos:prefLabel "Matter"@en .
    <https://example.org/clay> a skos:Concept ; skos:prefLabel "Clay"@en, "Argile"@fr ."""
    sent = send(mia, address, skos, "m.ttl")
    assert "The file calls itself “Matter”." in page_of(mia.get(sent.headers["Location"]))
    assert "https://example.org/scheme" in page_of(mia.post(sent.headers["Location"], follow_redirects=True))


def test_files_that_nobody_came_back_to_are_forgotten_after_a_day(
    house: House, mia: FlaskClient, address: str, clock: object
) -> None:
    old = send(mia, address, TABLE).headers["Location"]
    drop_uploads(house)
    assert mia.get(old).status_code == 200, "no sweep takes it away under somebody's eyes"
    clock.pass_(days=2)  # type: ignore[attr-defined]
    new = send(mia, address, TABLE).headers["Location"]
    drop_uploads(house)
    assert mia.get(old).status_code == 303 and mia.get(new).status_code == 200
    assert len(list(house.storage.keys("incoming/"))) == 1


def test_concepts_are_added_mended_searched_and_exported(house: House, mia: FlaskClient, address: str) -> None:
    added = mia.post(address, data={"en": "Red clay", "fr": "Argile rouge"}, follow_redirects=True)
    assert "“red-clay” is added." in page_of(added)
    refused = mia.post(address, data={"en": "", "uri": "nothing"})
    assert refused.status_code == 422 and "Give a label in at least one language." in page_of(refused)
    assert 'value="nothing"' in refused.text
    concept = f"{address}/concept/red-clay"
    seen = {"seen_en": "Red clay", "seen_fr": "Argile rouge", "seen_uri": "", "seen_broader": ""}
    assert mia.post(concept, data={"en": "Terracotta", "code": "new", **seen}).status_code == 303
    assert "Terracotta" in page_of(mia.get(f"{address}?q=TERRACOTTA")) and "red-clay" in page_of(mia.get(address))
    assert "No concept has all these words." in page_of(mia.get(f"{address}?q=gold"))
    late = mia.post(concept, data={"en": "Mine", **seen})
    assert late.status_code == 409 and "A colleague has changed this concept" in page_of(late)
    assert 'value="Mine"' in late.text and 'name="seen_en" value="Terracotta"' in late.text
    export = mia.get(f"{address}/export")
    assert export.text == "\ufeffcode,en,fr,uri,broader\r\nred-clay,Terracotta,,,\r\n"
    assert export.headers["Content-Disposition"] == 'attachment; filename="materials.csv"'
    assert mia.get(f"{address}/concept/nowhere").status_code == 404


def test_thousands_are_turned_over_page_by_page(house: House, mia: FlaskClient, address: str) -> None:
    sent = send(mia, address, ("code\n" + "".join(f"c{n:04}\n" for n in range(3_000))).encode())
    mia.post(sent.headers["Location"])
    page = page_of(mia.get(f"{address}?page=60"))
    assert "c2999" in page and "c2949" not in page and "60 of 60" in page
    assert "c2999" in page_of(mia.get(f"{address}?page=999999999"))


def test_another_institution_sees_nothing_of_it(house: House, cast: Cast, app: Flask, address: str) -> None:
    for account, status in ((cast.cleo, 404), (cast.ben, 403), (cast.ada, 404)):
        client = signed_in(app, account)
        for path in (LIST, address, f"{address}/import", f"{address}/export"):
            assert client.get(path).status_code == status, path
    with house.database.reading() as session:
        assert vocabularies.vocabulary_named(session, session.scalars(select(Vocabulary.public_id)).one())


def test_a_concept_that_an_answer_has_named_stays_and_others_go(
    house: House, cast: Cast, mia: FlaskClient, address: str
) -> None:
    mia.post(send(mia, address, TABLE).headers["Location"])
    with house.database.writing() as session:
        project = session.merge(cast.project)
        slug = session.scalars(select(Vocabulary.slug)).one()
        taken = [{"code": code, "label": {"en": code}} for code in ("metal", "bronze")]
        asked = {"name": "made_of", "type": "tags", "label": {"en": "Made of"}, "choices": taken, "vocabulary": slug}
        add_cards(session, house, project, 1)
        change_setup(session, project, {"fields": [*FORM["fields"], asked]}, house.clock())
        reader = people.volunteer_of_account(session, cast.ada.id, house.clock())
        lent = assignments.lend_task(session, project, reader, house.clock(), assignments.LendingRule(600, 9))
        assert lent is not None
        lent.task.fields = [*lent.task.fields, "made_of"]
        said = good_answer(made_of={"value": {"codes": ["bronze"]}}, notes={"value": "metal"})
        give_answer(session, lent, said, "one", house.clock())
    above = mia.post(f"{address}/concept/metal/remove")
    assert above.status_code == 409 and "Other concepts are below it (1)" in page_of(above)
    named = mia.post(f"{address}/concept/bronze/remove")
    assert named.status_code == 409 and "Answers in “Catalogue of finds” have named it (1)" in page_of(named)
    mia.post(address, data={"code": "gold", "en": "Gold"})
    gone = mia.post(f"{address}/concept/gold/remove", follow_redirects=True)
    assert "“gold” is deleted." in page_of(gone) and count(house) == 2
    kept = mia.post(f"{address}/remove")
    assert kept.status_code == 409 and "take choices from it, and so it stays: “Catalogue of finds”" in page_of(kept)
    with house.database.writing() as session:
        change_setup(session, session.merge(cast.project), FORM, house.clock())
    assert mia.post(f"{address}/concept/bronze/remove").status_code == 409, "the answer is still there"
    assert "“Materials” is deleted." in page_of(mia.post(f"{address}/remove", follow_redirects=True))
    assert (count(house), mia.get(address).status_code) == (0, 404)


def test_a_concept_is_not_put_below_itself(mia: FlaskClient, address: str) -> None:
    for code, broader in (("a", ""), ("b", "a"), ("c", "b")):
        mia.post(address, data={"code": code, "en": code, "broader": broader})
    seen = {"seen_en": "a", "seen_fr": "", "seen_uri": "", "seen_broader": ""}
    refused = mia.post(f"{address}/concept/a", data={"en": "a", "broader": "c", **seen})
    assert refused.status_code == 422 and "stands below this concept itself" in refused.text


def test_only_addresses_are_links(mia: FlaskClient, address: str) -> None:
    for code, uri in {"a": "https://example.org/a", "b": "urn:x-metals:b", "c": "javascript:alert(1)"}.items():
        mia.post(address, data={"code": code, "en": code, "uri": uri})
    page = mia.get(address).text
    assert 'href="https://example.org/a"' in page and "urn:x-metals:b" in page
    assert 'href="urn' not in page and 'href="javascript' not in page
