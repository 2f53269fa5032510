"""The record screen beyond the decision itself: as written, places, who answered, undo, holds, versions, filters."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from micro.data.models import Decision, Membership, Move, Project, Record
from micro.house import House
from micro.services import people
from micro.services.assignments import LendingRule, lend_task
from micro.services.review import holds
from micro.services.review.sight import record_named
from micro.services.review_queue import COUNTED
from tests.cast import Cast, signed_in
from tests.services.reading import GOLD, card, decided, disputed, read, record_of, settle, tasks_of
from tests.web.test_review import decide, now, page_of, value

LONG = "Found in the gravel pit at Nether Aldersby by the ferryman while dredging below the old weir"


@pytest.fixture
def record(house: House, cast: Cast) -> Record:
    with house.database.writing() as session:
        return disputed(session, house, cast)


@pytest.fixture
def ben(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ben)


def read_by(house: House, cast: Cast, field: str, *texts: str) -> Record:
    """A record of which readers wrote these texts in a field."""
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for number, text in enumerate(texts):
            read(session, house, tasks_of(session, item)[0], f"reader {number}", **{field: {"value": text}})
        settle(session, house, item.project)
        return record_of(session, item)


def test_spellings_stand_apart_as_written_and_together_when_normalised(
    ben: FlaskClient, house: House, cast: Cast
) -> None:
    found = read_by(house, cast, "object", "Socketed Axe", "socketed axe.", "Palstave", "Palstave")
    written = page_of(ben.get(f"/review/{found.public_id}?field=object"))
    assert written.count('data-key="3"') == 1
    assert "one person" in written
    normal = page_of(ben.get(f"/review/{found.public_id}?field=object&shown=normal"))
    assert 'data-key="3"' not in normal
    assert "Capitals, punctuation and spaces do not count here." in normal
    assert "shown=normal&field=object&take=object:n2" in normal
    (token,) = set(re.findall(r"take=(object:3)", written))
    page = page_of(ben.get(f"/review/{found.public_id}?field=object&take={token}"))
    taken = re.search(r'name="object.value" value="([^"]+)"', page)
    assert taken is not None
    assert taken[1].lower().startswith("socketed axe")


def test_a_long_text_is_shown_place_by_place_some_at_a_time(ben: FlaskClient, house: House, cast: Cast) -> None:
    words = LONG.split()
    other = " ".join(word + "x" if number % 2 else word for number, word in enumerate(words))
    found = read_by(house, cast, "notes", LONG, LONG, other, other)
    page = page_of(ben.get(f"/review/{found.public_id}?field=notes"))
    assert "Place 1" in page and "Place 4" in page and "Place 5" not in page
    assert '<sup><span class="u-hidden">place </span>1</sup>' in page
    assert "1 to 4 of 8 places" in page
    later = page_of(ben.get(f"/review/{found.public_id}?field=notes&places=2"))
    assert "Place 5" in later and "Place 1" not in later
    assert ben.get(f"/review/{found.public_id}?field=notes&places=99&take=notes:n99").status_code == 200


def test_who_answered_is_shown_to_whoever_asks_and_that_is_noted(
    ben: FlaskClient, app: Flask, house: House, cast: Cast, record: Record
) -> None:
    with house.database.reading() as session:
        name = people.volunteer_of_cookie(session, "one", house.clock()).public_id[:6]
    address = f"/review/{record.public_id}"
    assert f"<code>{name}</code>" not in ben.get(address).text
    assert ben.get(f"{address}/contributors").status_code == 405
    assert ben.post(f"{address}/contributors", data={"field": "material"}).location.endswith("#who")
    assert f"<code>{name}</code>" in ben.get(address).text
    assert f"<code>{name}</code>" not in signed_in(app, cast.mia).get(address).text
    with house.database.reading() as session:
        asked = session.scalars(select(Move).where(Move.subject == "contributors")).one()
        assert (asked.subject_id, asked.account_id) == (record.id, cast.ben.id)
    assert "Ben looked at who had answered" in page_of(ben.get(f"{address}/history"))
    house.clock.pass_(hours=2)  # type: ignore[attr-defined]
    assert f"<code>{name}</code>" not in ben.get(address).text


def test_ones_own_decision_is_taken_back_by_one_button(
    ben: FlaskClient, app: Flask, house: House, cast: Cast, record: Record
) -> None:
    decide(ben, record, "reject")
    page = page_of(ben.get(f"/review/{record.public_id}"))
    found = re.search(r'name="decision" value="(\w+)"', page)
    assert found is not None
    assert "<form" in page and "data-undo hidden" not in page
    mias = signed_in(app, cast.mia)
    assert mias.post("/review/undo", data={"decision": found[1]}).location == "/review"
    assert now(house, record).state == "rejected"
    answer = ben.post("/review/undo", data={"decision": found[1]})
    assert (answer.status_code, answer.location) == (303, f"/review/{record.public_id}")
    assert now(house, record).state == "review"
    assert "data-undo hidden" in page_of(ben.get("/review/" + record.public_id))
    assert "nothing of yours to undo" in page_of(
        ben.post("/review/undo", data={"decision": "x"}, follow_redirects=True)
    )


def test_nobody_takes_a_decision_back_in_a_house_they_have_left(
    ben: FlaskClient, house: House, cast: Cast, record: Record
) -> None:
    decide(ben, record, "reject")
    with house.database.writing() as session:
        made = session.scalars(select(Decision.public_id)).one()
        session.query(Membership).filter_by(account_id=cast.ben.id).one().institution = session.merge(cast.other_museum)
    answer = ben.post("/review/undo", data={"decision": made}, follow_redirects=True)
    assert "nothing of yours to undo" in page_of(answer)
    assert now(house, record).state == "rejected"
    with house.database.reading() as session:
        assert session.scalars(select(Decision.action)).all() == ["reject"]


def test_a_record_that_a_colleague_has_open_names_them_and_is_taken_over(
    ben: FlaskClient, app: Flask, house: House, cast: Cast, record: Record
) -> None:
    address = f"/review/{record.public_id}"
    assert "Yours until" in page_of(ben.get(address))
    mia = signed_in(app, cast.mia)
    page = page_of(mia.get(address))
    assert "Ben has this record open until" in page
    assert 'value="accept"' not in page
    assert mia.post(f"{address}/hold", data={"over": "1"}).status_code == 303
    assert "Yours until" in page_of(mia.get(address))
    assert "Mia has this record open" in page_of(ben.get(address))
    told = ben.post(f"{address}/hold", headers={"Accept": "application/json"}).get_json()
    assert (told["mine"], told["name"]) == (False, "Mia")


def test_a_page_that_is_fetched_ahead_holds_nothing(ben: FlaskClient, house: House, record: Record) -> None:
    assert ben.get(f"/review/{record.public_id}", headers={"X-Ahead": "1"}).status_code == 200
    with house.database.reading() as session:
        assert holds.holding(session, record_named(session, record.public_id), house.clock()) is None


def test_the_script_is_told_what_comes_next(ben: FlaskClient, house: House, record: Record) -> None:
    seen = {"revision": str(record.revision), "version": str(record.current), "took_s": "4.5"}
    address = f"/review/{record.public_id}/decide"
    told = ben.post(address, data={"action": "accept", **seen}, headers={"X-Swap": "1"}).get_json()
    with house.database.reading() as session:
        made = session.scalars(select(Decision)).one()
    assert told == {"next": "/review", "message": "HM 1 is accepted.", "decision": made.public_id}
    assert (made.took_s, made.asked, made.fields_count) == (4.5, "conflict", 5)
    refused = ben.post(address, data={"action": "reject", **seen}, headers={"X-Swap": "1"})
    assert (refused.status_code, refused.mimetype) == (409, "text/html")


def test_how_long_it_took_is_measured_without_a_script_too(ben: FlaskClient, house: House, record: Record) -> None:
    shown_at = str(int(house.clock().timestamp()))
    house.clock.pass_(seconds=30)  # type: ignore[attr-defined]
    decide(ben, record, "accept", shown_at=shown_at, took_s="")
    with house.database.reading() as session:
        assert session.scalars(select(Decision.took_s)).one() == 30


def test_the_field_on_the_screen_is_called_illegible(ben: FlaskClient, house: House, record: Record) -> None:
    assert decide(ben, record, "illegible", field="material").status_code == 303
    assert value(house, record, "material") == {"mark": "illegible"}
    assert value(house, record, "object") == {"value": "Socketed axe"}


def test_a_record_is_handed_on_and_stands_in_the_colleagues_queue(
    ben: FlaskClient, app: Flask, house: House, cast: Cast, record: Record
) -> None:
    wrong = decide(ben, record, "hand", to=cast.cleo.public_id, question="still here")
    assert wrong.status_code == 422
    assert "Choose a colleague of this institution." in page_of(wrong)
    assert 'value="still here"' in page_of(wrong)
    assert decide(ben, record, "hand", to=cast.mia.public_id).status_code == 303
    assert "One record waits" in page_of(signed_in(app, cast.mia).get("/review?whose=mine"))
    assert "Nothing matches these filters" in page_of(ben.get("/review?whose=mine"))
    assert "for Mia" in page_of(ben.get("/review"))
    assert "handed on to Mia" in page_of(ben.get(f"/review/{record.public_id}/history"))


def test_volunteers_read_the_reviewers_question_above_the_form(
    ben: FlaskClient, app: Flask, house: House, cast: Cast, record: Record
) -> None:
    decide(ben, record, "return", question="Is the <a> closed?")
    with house.database.writing() as session:
        project = session.get_one(Project, record.project_id)
        ada = people.volunteer_of_account(session, cast.ada.id, house.clock())
        lent = lend_task(session, project, ada, house.clock(), LendingRule(3600, 5))
        assert lent is not None
        address = f"/work/{lent.public_id}"
    assert "Is the &lt;a&gt; closed?" in signed_in(app, cast.ada).get(address).text
    assert "The volunteers are asked: “Is the <a> closed?”" in page_of(ben.get(f"/review/{record.public_id}"))


def test_every_version_is_shown_and_can_stand_again(ben: FlaskClient, house: House, record: Record) -> None:
    decide(ben, record, "amend", **{"material.value": "gold"})
    page = page_of(ben.get(f"/review/{record.public_id}/history"))
    assert "Version 2" in page and "stands now" in page
    assert "Make version 1 stand again" in page and "Make version 2 stand again" not in page
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision is not None
    sent = {"action": "revert", "revision": revision[1], "to_version": "1"}
    assert ben.post(f"/review/{record.public_id}/decide", data=sent).status_code == 303
    assert value(house, record, "material") == {"value": "bronze"}
    assert now(house, record).current == 3


def test_with_four_eyes_the_first_is_told_to_wait_and_the_second_confirms(
    ben: FlaskClient, app: Flask, house: House, cast: Cast, record: Record
) -> None:
    with house.database.writing() as session:
        session.get_one(Project, record.project_id).four_eyes = True
    decide(ben, record, "amend", **{"material.value": "gold"})
    found = now(house, record)
    assert found.reason == "second"
    page = page_of(ben.get(f"/review/{record.public_id}"))
    assert "You said this. A colleague has to confirm it" in page
    assert 'value="accept"' not in page
    assert decide(ben, found, "accept").status_code == 403
    mia = signed_in(app, cast.mia)
    mia.post(f"/review/{record.public_id}/hold", data={"over": "1"})
    assert "Ben amended on" in page_of(mia.get(f"/review/{record.public_id}"))
    assert decide(mia, found, "accept").status_code == 303
    assert now(house, record).state == "decided"


def test_a_manager_asks_for_four_eyes_in_the_settings(app: Flask, house: House, cast: Cast) -> None:
    mia = signed_in(app, cast.mia)
    page = mia.get("/desk/finds/settings").text
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    sent = {"seen": seen[1], "title_en": "Catalogue of finds", "four_eyes": "yes"}
    assert mia.post("/desk/finds/settings", data=sent).status_code == 303
    with house.database.reading() as session:
        assert session.scalars(select(Project.four_eyes)).one()
    assert re.search(r'<option value="yes" selected', mia.get("/desk/finds/settings").text)


@pytest.mark.parametrize(
    ("asked", "is_there"),
    [
        ("least=10&most=90", True),
        ("least=99", False),
        ("age=day", False),
        ("contributor=zzzzzz", False),
        ("whose=nobody", True),
        ("reason=flagged", False),
        ("least=x&most=-3&age=x&whose=x&band=x&state=x&after=x&before=y", True),
    ],
)
def test_filters_of_the_address(ben: FlaskClient, record: Record, asked: str, is_there: bool) -> None:
    assert (f"/review/{record.public_id}" in ben.get(f"/review?{asked}").text) == is_there


def test_more_than_a_thousand_are_not_counted(ben: FlaskClient, app: Flask) -> None:
    with app.test_request_context():
        some = app.jinja_env.get_template("review/words.html").module.some  # type: ignore[attr-defined]
        assert [some(count, COUNTED).strip() for count in (0, 1000, 1001)] == ["0", "1,000", "1,000+"]


def test_whoever_answered_can_only_point_and_pass_on(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who in (cast.ben, "two"):
            read(session, house, tasks_of(session, item)[0], who, **(GOLD if who == "two" else {}))
        settle(session, house, item.project)
        found = record_of(session, item)
        decided(session, house, found, cast.mia, "flag")
    ben = signed_in(app, cast.ben)
    page = page_of(ben.get(f"/review/{found.public_id}"))
    assert "You gave one of these answers yourself." in page
    assert 'value="hand"' in page and 'value="accept"' not in page and 'data-key="1"' not in page
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1
