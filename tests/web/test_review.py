"""The reviewer's desk in the browser's eyes: status, rights, and what is on the page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from micro.core.geometry import Box
from micro.data.models import Record, Scan
from micro.house import House
from micro.services import people
from micro.services.assignments import LendingRule, lend_task
from micro.services.review.sight import record_named
from micro.services.settling import version_of
from micro.web.review.page import strip
from tests.cast import Cast, make_project, signed_in
from tests.services.reading import GOLD, agreed, card, decided, disputed, read, record_of, settle, tasks_of


@pytest.fixture
def record(house: House, cast: Cast) -> Record:
    """A record about whose material people differ."""
    with house.database.writing() as session:
        return disputed(session, house, cast)


@pytest.fixture
def ben(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ben)


def page_of(response: TestResponse) -> str:
    return " ".join(unescape(response.text).split())


def decide(client: FlaskClient, record: Record, action: str, **sent: str) -> TestResponse:
    seen = {"revision": str(record.revision), "version": str(record.current)}
    return client.post(f"/review/{record.public_id}/decide", data={"action": action, **seen, **sent})


def now(house: House, record: Record) -> Record:
    with house.database.reading() as session:
        return record_named(session, record.public_id)


def value(house: House, record: Record, name: str) -> dict[str, object]:
    with house.database.reading() as session:
        version = version_of(session, record, now(house, record).current)
        assert version is not None
        return {part: version.values[name][part] for part in ("value", "mark") if part in version.values[name]}


# --- the queue ---------------------------------------------------------------------------------------------------


def test_the_queue_shows_what_waits_and_why(ben: FlaskClient, record: Record) -> None:
    page = page_of(ben.get("/review"))
    assert "One record waits for a decision" in page
    assert f'href="/review/{record.public_id}"' in page
    assert "HM 1" in page
    assert "Material" in page
    assert re.search(r'Bronze</span></span> <span class="versus">× 2</span>', page)
    assert re.search(r'Gold</span></span> <span class="versus">× 2</span>', page)
    assert "People differ" in page


def test_filters_of_the_address_choose_and_stay_in_the_links(ben: FlaskClient, record: Record) -> None:
    page = page_of(ben.get("/review?band=low&reason=conflict&project=finds"))
    assert f'/review/{record.public_id}?project=finds&reason=conflict&band=low"' in page
    assert "Nothing matches these filters" in page_of(ben.get("/review?band=high"))
    assert ben.get("/review?project=unknown").status_code == 404


def test_an_empty_queue_says_what_to_do_next(app: Flask, house: House, cast: Cast) -> None:
    client = signed_in(app, cast.ben)
    assert "volunteers read the same scan differently" in page_of(client.get("/review"))
    with house.database.writing() as session:
        agreed(session, house, cast)
    page = page_of(client.get("/review"))
    assert "Everything that needed you is decided." in page
    assert '/review?state=settled"' in page
    assert "Volunteers agreed on one record" in page_of(client.get("/review?state=settled"))


def test_a_strange_page_number_shows_a_page(ben: FlaskClient, record: Record) -> None:
    for number in ("0", "-3", "99999", "x"):
        assert ben.get(f"/review?page={number}").status_code == 200


# --- one record --------------------------------------------------------------------------------------------------


def test_the_record_opens_on_its_weakest_field_with_the_reason(ben: FlaskClient, record: Record) -> None:
    page = page_of(ben.get(f"/review/{record.public_id}"))
    assert '<h2 id="field">Material</h2>' in page
    assert "Several readings have the same support" in page
    assert page.count('data-key="1"') == page.count('data-key="2"') == 1
    for key in "aer":
        assert f'data-key="{key}"' in page


def test_another_field_can_be_chosen(ben: FlaskClient, record: Record) -> None:
    page = page_of(ben.get(f"/review/{record.public_id}?field=object"))
    assert '<h2 id="field">Object</h2>' in page
    assert "All 4 people read the same." in page
    assert ben.get(f"/review/{record.public_id}?field=nothing&take=x:9&take=object:77&take=:").status_code == 200


def test_contributors_are_hidden(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who in (cast.ada, "two"):
            read(session, house, tasks_of(session, item)[0], who)
        settle(session, house, item.project)
        found = record_of(session, item)
    assert "Ada" not in signed_in(app, cast.ben).get(f"/review/{found.public_id}").text


def test_differences_to_the_proposal_are_marked_by_word_and_shape(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who, text in (("one", "a big axe"), ("two", "a big axe"), ("three", "a pig axe head"), ("four", "a axe")):
            read(session, house, tasks_of(session, item)[0], who, object={"value": text})
        settle(session, house, item.project)
        found = record_of(session, item)
    page = page_of(signed_in(app, cast.ben).get(f"/review/{found.public_id}?field=object"))
    assert "2 of 4 people read this." in page
    assert '<span class="differs"><span class="u-hidden">differs: </span><b>p</b>ig</span>' in page
    assert '<span class="differs differs--missing">without “big”</span>' in page
    assert '<span class="differs differs--added"><span class="u-hidden">added: </span>head</span>' in page


def test_the_whole_page_can_be_shown(ben: FlaskClient, record: Record) -> None:
    assert "The whole scan of HM 1" in page_of(ben.get(f"/review/{record.public_id}?page=1"))


@given(st.integers(0, 900), st.integers(0, 700), st.integers(1, 100), st.integers(1, 100), st.sampled_from([2.6, 6.5]))
def test_the_strip_holds_the_box_and_never_leaves_the_scan(
    x: int, y: int, width: int, height: int, ratio: float
) -> None:
    box = Box(x, y, width, height)
    view = strip(box, Scan(width_px=1000, height_px=800), ratio)
    assert 0 <= view.x <= box.x
    assert 0 <= view.y <= box.y
    assert box.x + box.width <= view.x + view.width <= 1001
    assert box.y + box.height <= view.y + view.height <= 801


# --- decisions ---------------------------------------------------------------------------------------------------


def test_accepting_goes_on_to_the_next_record(app: Flask, house: House, cast: Cast, record: Record) -> None:
    with house.database.writing() as session:
        project = make_project(session, session.merge(cast.collection), house.clock(), slug="other")
        other = disputed(session, house, cast, project)
    client = signed_in(app, cast.ben)
    response = decide(client, record, "accept", reason="clear")
    assert response.status_code == 303
    assert response.location == f"/review/{other.public_id}"
    assert "HM 1 is accepted." in page_of(client.get(response.location))
    assert now(house, record).state == "decided"
    last = decide(client, other, "reject")
    assert (last.status_code, last.location) == (303, "/review")


def test_what_was_taken_is_saved_with_one_button(ben: FlaskClient, house: House, record: Record) -> None:
    page = page_of(ben.get(f"/review/{record.public_id}?take=material:2"))
    assert "Save with what you took" in page
    assert '<input type="hidden" name="material.value" value="gold">' in page
    assert decide(ben, record, "amend", **{"material.value": "gold"}).status_code == 303
    assert value(house, record, "material") == {"value": "gold"}
    assert value(house, record, "object") == {"value": "Socketed axe"}


def test_all_fields_can_be_amended(ben: FlaskClient, house: House, record: Record) -> None:
    page = page_of(ben.get(f"/review/{record.public_id}?edit=1"))
    for name in (
        "object.value",
        "material.value",
        "length.value.amount",
        "length.value.unit",
        "found_on.value.year",
        "notes.value",
        "notes.mark",
    ):
        assert f'name="{name}"' in page
    sent = {
        "object.value": "Axe",
        "material.value": "gold",
        "length.value.amount": "13",
        "length.value.unit": "mm",
        "found_on.value.year": "1908",
        "found_on.value.month": "",
        "found_on.value.day": "",
        "notes.mark": "illegible",
    }
    assert decide(ben, record, "amend", **sent).status_code == 303
    assert value(house, record, "length") == {"value": {"amount": "13", "unit": "mm"}}
    assert value(house, record, "found_on") == {"value": "1908-XX-XX"}
    assert value(house, record, "notes") == {"mark": "illegible"}


def test_a_bad_value_brings_the_form_back_with_the_problem(ben: FlaskClient, house: House, record: Record) -> None:
    response = decide(
        ben,
        record,
        "amend",
        **{"object.value": "A new name", "length.value.amount": "long", "length.value.unit": "cm", "reason": "because"},
    )
    assert response.status_code == 422
    page = page_of(response)
    assert "“long” is not a number." in page
    for kept in ('value="A new name"', 'value="long"', 'value="because"'):
        assert kept in page
    assert now(house, record).state == "review"


def test_a_value_with_a_mark_that_rules_it_out_is_asked_about(ben: FlaskClient, record: Record) -> None:
    response = decide(ben, record, "amend", **{"object.value": "Typed by hand", "object.mark": "blank"})
    assert response.status_code == 422
    assert 'value="Typed by hand"' in page_of(response)


@pytest.mark.parametrize("action", ["approve", "", "amend"])
def test_a_decision_that_says_nothing_is_refused(ben: FlaskClient, house: House, record: Record, action: str) -> None:
    assert decide(ben, record, action).status_code == 422
    assert now(house, record).state == "review"


def test_a_returned_record_is_read_by_one_more(ben: FlaskClient, house: House, record: Record) -> None:
    assert decide(ben, record, "return").status_code == 303
    with house.database.writing() as session:
        found = record_named(session, record.public_id)
        assert (found.state, tasks_of(session, found.item)[0].wanted) == ("open", 5)
        volunteer = people.volunteer_of_cookie(session, "five", house.clock())
        assert lend_task(session, found.project, volunteer, house.clock(), LendingRule(3600, 5)) is not None


def test_a_stale_decision_is_refused_and_nothing_typed_is_lost(
    ben: FlaskClient, house: House, cast: Cast, record: Record
) -> None:
    with house.database.writing() as session:
        decided(
            session,
            house,
            record_named(session, record.public_id),
            cast.mia,
            "amend",
            values={"object": {"value": "Palstave"}},
            reason="I know it.",
        )
    response = decide(ben, record, "amend", **{"object.value": "A typed long name", "reason": "mine"})
    assert response.status_code == 409
    page = page_of(response)
    assert "This record changed after you opened it" in page
    assert "Mia decided on" in page
    assert "“I know it.”" in page
    assert 'A typed long name</span></td><td><span lang="en">Palstave</span>' in page
    assert '<input class="input input--reading" id="field-object" name="object.value" value="A typed long name"' in page
    assert 'value="mine"' in page
    assert value(house, record, "object") == {"value": "Palstave"}
    again = ben.post(
        f"/review/{record.public_id}/decide",
        data={
            "action": "amend",
            "revision": re.findall(r'name="revision" value="(\d+)"', page)[0],
            "object.value": "Axe",
        },
    )
    assert again.status_code == 303
    assert value(house, record, "object") == {"value": "Axe"}


def test_a_stale_acceptance_shows_what_was_seen_and_how_it_is_now(
    ben: FlaskClient, house: House, cast: Cast, record: Record
) -> None:
    with house.database.writing() as session:
        decided(session, house, record_named(session, record.public_id), cast.mia, "amend", values=GOLD)
    response = decide(ben, record, "accept")
    assert response.status_code == 409
    page = page_of(response)
    assert '<td><span lang="en">Bronze</span></td><td><span lang="en">Gold</span>' in page
    assert "You had accepted. Decide again if that still holds." in page


def test_a_double_click_is_one_decision(ben: FlaskClient, record: Record) -> None:
    assert [decide(ben, record, "accept").status_code for _ in range(2)] == [303, 303]


def test_a_post_without_a_revision_is_refused(ben: FlaskClient, house: House, record: Record) -> None:
    assert ben.post(f"/review/{record.public_id}/decide", data={"action": "accept"}).status_code == 409
    assert now(house, record).state == "review"


def test_what_was_decided_and_what_is_new_stand_side_by_side(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        found = agreed(session, house, cast)
        decided(session, house, found, cast.ben)
        for who in ("three", "four", "five", "six"):
            read(session, house, tasks_of(session, found.item)[0], who, object={"value": "Sword"})
        settle(session, house, found.project)
    client = signed_in(app, cast.mia)
    assert "New answers" in page_of(client.get("/review"))
    page = page_of(client.get(f"/review/{found.public_id}"))
    assert "Ben decided" in page
    assert "The answers say" in page
    assert "Keep what was decided" in page
    assert f'href="/review/{found.public_id}?field=object&take=object:new"' in page
    taken = page_of(client.get(f"/review/{found.public_id}?take=object:new"))
    assert '<input type="hidden" name="object.value" value="Sword">' in taken


def test_the_history_is_on_the_page(ben: FlaskClient, record: Record) -> None:
    decide(ben, record, "reject", reason="Not a find.")
    page = page_of(ben.get(f"/review/{record.public_id}"))
    assert "History, 4 entries" in page
    assert "<b>Ben</b>: rejected, “Not a find.”" in page


# --- rights ------------------------------------------------------------------------------------------------------


def test_ben_cannot_decide_on_his_own_answer(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who in (cast.ben, "two"):
            read(session, house, tasks_of(session, item)[0], who)
        settle(session, house, item.project)
        found = record_of(session, item)
    client = signed_in(app, cast.ben)
    page = page_of(client.get(f"/review/{found.public_id}"))
    assert "You gave one of these answers yourself." in page
    assert 'data-key="a"' not in page
    refused = decide(client, found, "accept")
    assert refused.status_code == 403
    assert "a colleague has to decide" in page_of(refused)
    assert decide(signed_in(app, cast.mia), found, "accept").status_code == 303


def test_cleo_of_another_institution_finds_nothing(app: Flask, house: House, cast: Cast, record: Record) -> None:
    cleo = signed_in(app, cast.cleo)
    assert cleo.get(f"/review/{record.public_id}").status_code == 404
    assert decide(cleo, record, "accept").status_code == 404
    assert "HM 1" not in page_of(cleo.get("/review"))
    assert now(house, record).state == "review"


def test_a_volunteer_has_no_desk(app: Flask, cast: Cast, record: Record, client: FlaskClient) -> None:
    assert signed_in(app, cast.ada).get("/review").status_code == 403
    assert signed_in(app, cast.ada).get(f"/review/{record.public_id}").status_code == 404
    assert client.get("/review").status_code == 302
    assert decide(client, record, "accept").status_code == 303


def test_nora_of_the_network_may_decide_everywhere(app: Flask, cast: Cast, record: Record) -> None:
    nora = signed_in(app, cast.nora)
    assert "HM 1" in page_of(nora.get("/review"))
    assert decide(nora, record, "accept").status_code == 303


def test_a_decision_needs_the_token_of_the_page(app: Flask, house: House, cast: Cast, record: Record) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert decide(signed_in(app, cast.ben), record, "accept").status_code == 400
    assert now(house, record).state == "review"


def test_only_a_post_decides(ben: FlaskClient, record: Record) -> None:
    assert ben.get(f"/review/{record.public_id}/decide").status_code == 405
