"""The volunteer's workbench over HTTP: taking, typing, sending, and everything that may happen meanwhile."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from micro.core import terms
from micro.data.models import Acceptance, Account, Answer, Assignment, Project, Report, Task
from micro.house import House
from micro.services import setting_aside
from micro.services.forms import change_setup
from micro.services.people import accept_terms, volunteer_of_account
from tests.cast import FORM, Cast, add_cards, make_project, signed_in
from tests.conftest import Clock

TYPED = {
    "object.value": "Socketed axe",
    "material.value": "bronze",
    "length.value.amount": "12,4",
    "length.value.unit": "cm",
    "found_on.value.year": "1907",
    "found_on.value.month": "10",
    "found_on.value.day": "",
    "notes.mark": "blank",
}
JSON = {"Accept": "application/json"}


@pytest.fixture
def cards(house: House, cast: Cast) -> None:
    """Three cards to read."""
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 3)


@pytest.fixture
def ada(app: Flask, house: House, cast: Cast, cards: None) -> FlaskClient:
    """Ada's browser; she has accepted the terms."""
    return reader(app, house, cast.ada)


def reader(app: Flask, house: House, account: Account, licence: str = "CC-BY-4.0") -> FlaskClient:
    with house.database.writing() as session:
        volunteer = volunteer_of_account(session, account.id, house.clock())
        accept_terms(session, volunteer, terms.VERSION, licence, "en", "the words", house.clock())
    return signed_in(app, account)


def take(client: FlaskClient, project: str = "finds") -> str:
    """Takes a task; returns the address of its workbench."""
    response = client.post(f"/p/{project}/take")
    assert response.status_code == 303
    assert response.location.startswith("/work/"), response.location
    return response.location


def key_on(page: TestResponse) -> str:
    return str(re.search(r'name="submission_key" value="([\w-]+)"', page.text)[1])  # type: ignore[index]


def count(house: House, model: Any) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def only(house: House, model: Any) -> Any:
    with house.database.reading() as session:
        return session.scalars(select(model)).one()


def set_project(house: House, **changed: Any) -> None:
    with house.database.writing() as session:
        for name, value in changed.items():
            setattr(session.scalars(select(Project).where(Project.slug == "finds")).one(), name, value)


# Taking ----------------------------------------------------------------------------------------------------------


def test_a_visitor_whose_cookie_does_not_come_back_holds_no_task(house: House, cards: None, app: Flask) -> None:
    crawler = app.test_client(use_cookies=False)
    response = crawler.post("/p/finds/take")
    assert (response.status_code, response.location) == (303, "/p/finds")
    assert count(house, Assignment) == 0


def test_a_visitor_without_an_account_reads_the_terms_and_then_a_card(
    house: House, cards: None, client: FlaskClient
) -> None:
    client.get("/p/finds/take")
    to_terms = client.post("/p/finds/take")
    assert (to_terms.status_code, to_terms.location) == (303, "/p/finds/terms")
    assert count(house, Assignment) == 0
    assert "CC BY 4.0" in client.get("/p/finds/terms").text
    accepted = client.post("/p/finds/terms", data={"version": terms.VERSION})
    assert accepted.location.startswith("/work/")
    kept = only(house, Acceptance)
    assert (kept.licence, kept.wording) == ("CC-BY-4.0", "\n\n".join(terms.wording("en", "CC-BY-4.0")))


def test_terms_that_changed_meanwhile_are_not_accepted(house: House, cards: None, client: FlaskClient) -> None:
    client.get("/p/finds/terms")
    assert client.post("/p/finds/terms", data={"version": "2001-1"}).location == "/p/finds/terms"
    assert count(house, Acceptance) == 0


def test_following_a_link_never_takes_a_task(house: House, ada: FlaskClient) -> None:
    assert "A card is waiting for you." in ada.get("/p/finds/take").text
    assert count(house, Assignment) == 0


def test_taking_again_goes_on_with_the_card_that_was_begun(house: House, ada: FlaskClient) -> None:
    assert take(ada) == take(ada)
    assert "You have begun a card." in ada.get("/p/finds/take").text


@pytest.mark.parametrize(
    ("state", "sentence"), [("paused", "This project is paused."), ("finished", "This project is finished.")]
)
def test_a_project_that_takes_no_readers_says_so(house: House, ada: FlaskClient, state: str, sentence: str) -> None:
    set_project(house, state=state)
    page = ada.post("/p/finds/take", follow_redirects=True)
    assert sentence in page.text
    assert count(house, Assignment) == 0


@pytest.mark.parametrize("state", ["draft", "archived"])
def test_a_project_that_is_not_public_is_not_there(house: House, ada: FlaskClient, state: str) -> None:
    set_project(house, state=state)
    assert [
        ada.get("/p/finds/take").status_code,
        ada.post("/p/finds/take").status_code,
        ada.get("/p/finds/terms").status_code,
    ] == [404, 404, 404]


def test_all_read_by_you_and_all_read_by_everyone_are_told_apart(
    app: Flask, house: House, cast: Cast, ada: FlaskClient
) -> None:
    for _ in range(3):
        ada.post(take(ada) + "/answer", data=TYPED)
    assert "You have read all of it." in ada.post("/p/finds/take", follow_redirects=True).text
    with house.database.writing() as session:
        for task in session.scalars(select(Task)):
            task.state = "done"
    assert "Everything is read." in ada.get("/p/finds/take").text


def test_what_is_in_other_hands_may_come_back(app: Flask, house: House, cast: Cast, ada: FlaskClient) -> None:
    set_project(house, max_answers=1)
    with house.database.writing() as session:
        for task in session.scalars(select(Task)):
            task.wanted = 1
    others = [reader(app, house, account) for account in (cast.ben, cast.cleo, cast.mia)]
    for other in others:
        take(other)
    assert "in other hands" in ada.post("/p/finds/take", follow_redirects=True).text


def test_too_many_open_cards_are_listed(app: Flask, house: House, cast: Cast, cards: None, client: FlaskClient) -> None:
    with house.database.writing() as session:
        collection = session.merge(cast.collection)
        for number in range(3):
            add_cards(session, house, make_project(session, collection, house.clock(), slug=f"more-{number}"), 1)
    client.get("/p/finds/terms")
    client.post("/p/more-0/terms", data={"version": terms.VERSION})
    begun = [take(client, f"more-{number}") for number in range(3)]
    page = client.post("/p/finds/take", follow_redirects=True)
    assert "You have several cards open already." in page.text
    assert all(address in page.text for address in begun)


def test_leases_that_ran_out_are_not_open_cards_and_the_page_offers_what_a_post_lends(
    house: House, cast: Cast, cards: None, client: FlaskClient, clock: Clock
) -> None:
    with house.database.writing() as session:
        collection = session.merge(cast.collection)
        for number in range(3):
            add_cards(session, house, make_project(session, collection, house.clock(), slug=f"more-{number}"), 1)
    client.get("/p/finds/terms")
    client.post("/p/more-0/terms", data={"version": terms.VERSION})
    begun = [take(client, f"more-{number}") for number in range(2)]
    clock.pass_(seconds=house.settings.lease_s - 1)
    last = take(client, "more-2")
    assert "You have several cards open already." in client.get("/p/finds/take").text
    clock.pass_(seconds=1)
    page = client.get("/p/finds/take").text
    assert "A card is waiting for you." in page
    assert "Read a card" in page
    assert take(client) not in (*begun, last)


def test_of_the_open_cards_only_those_are_listed_that_count(
    house: House, cast: Cast, cards: None, client: FlaskClient, clock: Clock
) -> None:
    with house.database.writing() as session:
        collection = session.merge(cast.collection)
        for number in range(4):
            add_cards(session, house, make_project(session, collection, house.clock(), slug=f"more-{number}"), 1)
    client.get("/p/finds/terms")
    client.post("/p/more-0/terms", data={"version": terms.VERSION})
    over = take(client, "more-0")
    clock.pass_(seconds=house.settings.lease_s)
    begun = [take(client, f"more-{number}") for number in range(1, 4)]
    page = client.get("/p/finds/take").text
    assert "You have several cards open already." in page
    assert all(address in page for address in begun)
    assert over not in page


def test_a_begun_card_that_is_done_without_you_does_not_hold_up_the_next(house: House, ada: FlaskClient) -> None:
    begun = take(ada)
    assert "You have begun a card." in ada.get("/p/finds/take").text
    with house.database.writing() as session:
        session.scalars(select(Task).join(Assignment, Assignment.task_id == Task.id)).one().state = "done"
    assert "A card is waiting for you." in ada.get("/p/finds/take").text
    assert take(ada) != begun


# The workbench ---------------------------------------------------------------------------------------------------


def test_the_workbench_shows_where_one_is(house: House, ada: FlaskClient) -> None:
    page = ada.get(take(ada))
    assert page.status_code == 200
    for text in (
        "Catalogue of finds",
        "Harrowby Museum",
        'data-institution="harrowby"',
        "card 1 of 3",
        "Drawn for a test",
    ):
        assert text in page.text
    assert 'name="object.value"' in page.text


def test_where_a_scan_has_many_pieces_its_pages_are_counted(house: House, cast: Cast, ada: FlaskClient) -> None:
    with house.database.writing() as session:
        session.merge(cast.project).cutting = {"by": "grid", "rows": 2, "columns": 1}
    page = ada.get(take(ada)).text
    assert "page 1 of 3" in page and "card 1 of 3" not in page


def test_a_task_of_somebody_else_is_not_there(app: Flask, house: House, cast: Cast, ada: FlaskClient) -> None:
    address, other = take(ada), reader(app, house, cast.ben)
    answers = [
        other.get(address),
        other.post(address + "/answer", data=TYPED),
        other.post(address + "/skip"),
        other.post(address + "/draft", json={"value": {}}),
        other.post(address + "/renew"),
        other.post(address + "/report", data={"words": "x"}),
        app.test_client().get(address),
    ]
    assert {response.status_code for response in answers} == {404}
    assert (count(house, Answer), count(house, Report)) == (0, 0)


def test_a_draft_is_kept_as_typed_and_shown_again(house: House, ada: FlaskClient, clock: Clock) -> None:
    address = take(ada)
    clock.pass_(minutes=10)
    kept = ada.post(
        address + "/draft", json={"value": {"length": {"value": {"amount": "12,"}}, "object": {"mark": "unsure"}}}
    )
    assert kept.json["saved_at"] == clock.now.isoformat()
    assert kept.json["left_s"] == house.settings.lease_s, "a draft renews the lease"
    page = ada.get(address).text
    assert 'name="length.value.amount" value="12,"' in page
    assert 'name="object.mark" value="unsure" checked' in page


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"value": 3}'])
def test_a_draft_of_another_shape_is_refused(ada: FlaskClient, body: str) -> None:
    refused = ada.post(take(ada) + "/draft", data=body, content_type="application/json", headers=JSON)
    assert (refused.status_code, refused.json["status"]) == (422, 422)


def test_a_lease_is_renewed_and_then_taken_up_again(house: House, ada: FlaskClient, clock: Clock) -> None:
    address = take(ada)
    clock.pass_(seconds=house.settings.lease_s - 1)
    assert ada.post(address + "/renew", headers=JSON).json["left_s"] == house.settings.lease_s
    clock.pass_(seconds=house.settings.lease_s + 1)
    assert "The time for this card has run out." in ada.get(address).text
    assert ada.post(address + "/renew", headers=JSON).json["left_s"] == house.settings.lease_s


# Sending ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_and_the_next_card_lent_at_once(house: House, ada: FlaskClient) -> None:
    address = take(ada)
    sent = ada.post(address + "/answer", data={**TYPED, "submission_key": key_on(ada.get(address))})
    assert sent.status_code == 303
    assert sent.location.startswith("/work/")
    assert sent.location != address
    assert "Sent. Thank you." in ada.get(sent.location).text
    assert only(house, Answer).value == {
        "object": {"value": "Socketed axe"},
        "material": {"value": "bronze"},
        "length": {"value": {"amount": "12.4", "unit": "cm"}},
        "found_on": {"value": "1907-10-XX"},
        "notes": {"mark": "blank"},
    }


def test_a_script_is_told_in_json(house: House, ada: FlaskClient) -> None:
    sent = ada.post(take(ada) + "/answer", data=TYPED, headers=JSON)
    assert (sent.status_code, sent.json["sent"], sent.json["in_time"], sent.json["new"]) == (200, True, True, True)
    assert sent.json["next"].startswith("/work/")
    last = None
    for _ in range(2):
        last = ada.post(take(ada) + "/answer", data=TYPED, headers=JSON)
    assert last is not None
    assert last.json["next"] is None


def test_two_posts_of_one_form_are_one_answer(house: House, ada: FlaskClient) -> None:
    address = take(ada)
    data = {**TYPED, "submission_key": key_on(ada.get(address))}
    once, twice = (ada.post(address + "/answer", data=data, headers=JSON) for _ in range(2))
    assert (once.json["new"], twice.json["new"]) == (True, False)
    assert once.json["next"] == twice.json["next"]
    assert count(house, Answer) == 1


def test_an_expired_lease_counts_while_the_task_is_free(house: House, ada: FlaskClient, clock: Clock) -> None:
    address = take(ada)
    clock.pass_(days=3)
    assert ada.post(address + "/answer", data=TYPED, headers=JSON).json["in_time"] is True


def test_when_enough_people_read_it_meanwhile_the_answer_is_kept_as_an_extra(
    app: Flask, house: House, cast: Cast, ada: FlaskClient, clock: Clock
) -> None:
    address = take(ada)
    clock.pass_(days=3)
    for account in (cast.ben, cast.cleo):
        other = reader(app, house, account)
        while (given := take(other)) and other.post(given + "/answer", data=TYPED).location.startswith("/work/"):
            pass
    sent = ada.post(address + "/answer", data=TYPED, headers=JSON)
    assert sent.json["in_time"] is False
    assert "kept as an extra" in sent.json["message"]


def test_a_bad_answer_keeps_what_was_typed_and_says_what_is_wrong_beside_it(house: House, ada: FlaskClient) -> None:
    address = take(ada)
    key = key_on(ada.get(address))
    page = ada.post(
        address + "/answer", data={**TYPED, "length.value.amount": "twelve", "object.value": "", "submission_key": key}
    )
    assert page.status_code == 422
    assert "“twelve” is not a number." in page.text
    assert 'value="twelve"' in page.text
    assert 'value="1907"' in page.text
    assert page.text.count('class="field is-wrong"') == 2
    assert key_on(page) == key
    assert count(house, Answer) == 0


def test_a_script_gets_the_problems_by_field(ada: FlaskClient) -> None:
    refused = ada.post(take(ada) + "/answer", data={**TYPED, "found_on.value.month": "14"}, headers=JSON)
    assert (refused.status_code, refused.json["fields"]) == (
        422,
        {"found_on": "A day is a number from 1 to 31, a month one from 1 to 12."},
    )


def test_what_was_typed_and_marked_as_blank_is_not_thrown_away(house: House, ada: FlaskClient) -> None:
    page = ada.post(take(ada) + "/answer", data={**TYPED, "notes.value": "by the mill", "notes.mark": "blank"})
    assert page.status_code == 422
    assert "by the mill" in page.text
    assert count(house, Answer) == 0


def test_an_answer_to_the_form_on_the_screen_is_taken_though_the_form_changed(
    house: House, cast: Cast, ada: FlaskClient
) -> None:
    address = take(ada)
    with house.database.writing() as session:
        change_setup(
            session,
            session.merge(cast.project),
            {"fields": [*FORM["fields"], {"name": "colour", "type": "text"}]},
            house.clock(),
        )
    assert 'name="colour.value"' not in ada.get(address).text
    assert ada.post(address + "/answer", data=TYPED, headers=JSON).json["in_time"] is True


def test_an_answer_is_still_taken_when_the_project_was_paused(house: House, ada: FlaskClient) -> None:
    address = take(ada)
    set_project(house, state="paused")
    assert "You can still send this card." in ada.get(address).text
    sent = ada.post(address + "/answer", data=TYPED)
    assert sent.location == "/p/finds/take"
    assert count(house, Answer) == 1


def test_a_card_that_was_sent_says_so_and_leads_on(ada: FlaskClient) -> None:
    address = take(ada)
    ada.post(address + "/answer", data=TYPED)
    page = ada.get(address).text
    assert "You have sent this card already." in page
    assert "Socketed axe" in page
    assert 'action="/p/finds/take"' in page
    assert ada.post(address + "/draft", json={"value": {}}, headers=JSON).status_code == 409


# Skipping and reporting ------------------------------------------------------------------------------------------


def test_a_skipped_card_never_comes_back(ada: FlaskClient) -> None:
    seen = [take(ada)]
    while (onward := ada.post(seen[-1] + "/skip").location).startswith("/work/"):
        seen.append(onward)
    assert len(set(seen)) == 3
    assert "You have read all of it." in ada.post("/p/finds/take", follow_redirects=True).text
    assert "You skipped this card." in ada.get(seen[0]).text


def test_a_report_reaches_the_museum_and_what_was_typed_stays(house: House, ada: FlaskClient) -> None:
    address = take(ada)
    back = ada.post(address + "/report", data={**TYPED, "words": "The scan is\0 blurred."})
    assert back.location == address
    assert only(house, Report).words == "The scan is blurred."
    page = ada.get(address).text
    assert 'value="Socketed axe"' in page
    assert "the museum will look at it" in page


def test_a_report_without_words_is_asked_for_them(house: House, ada: FlaskClient) -> None:
    address = take(ada)
    ada.post(address + "/report", data={**TYPED, "words": " "})
    page = ada.get(address).text
    assert "Tell in a few words what is wrong." in page
    assert 'value="Socketed axe"' in page
    assert count(house, Report) == 0


def test_who_is_set_aside_reads_nothing_else_than_others(house: House, cast: Cast, ada: FlaskClient) -> None:
    """Sent, sent twice, looked at again, in the list of one's own: nothing tells that the answer does not count."""
    with house.database.writing() as session:
        volunteer = volunteer_of_account(session, cast.ada.id, house.clock())
        setting_aside.set_aside(session, session.merge(cast.project), volunteer, None, "scribbles", house.clock())
    address = take(ada)
    data = {**TYPED, "submission_key": key_on(ada.get(address))}
    sent, again = (ada.post(address + "/answer", data=data, headers=JSON) for _ in range(2))
    assert (sent.json["in_time"], sent.json["message"]) == (True, "Sent. Thank you.")
    assert (again.json["in_time"], again.json["message"], again.json["new"]) == (True, "Sent. Thank you.", False)
    for page in (ada.get(address).text, ada.get("/my-answers").text):
        assert "extra" not in page and "aside" not in page
    with house.database.reading() as session:
        assert session.scalars(select(Answer.surplus)).all() == [True], "it was kept, and does not count"


def test_a_project_whose_cards_are_all_read_offers_none_of_them(
    house: House, cast: Cast, ada: FlaskClient, client: FlaskClient
) -> None:
    assert "Read one card" in client.get("/p/finds").text
    address = take(ada)
    assert "Go on where you were" in ada.get("/p/finds").text
    while address.startswith("/work/"):
        address = ada.post(address + "/answer", data=TYPED).location
    assert "You have read all of it." in ada.get("/p/finds").text and "Read one card" not in ada.get("/p/finds").text
    assert "Read one card" in client.get("/p/finds").text, "others still can"
    with house.database.writing() as session:
        session.execute(update(Task).values(state="done"))
    page = client.get("/p/finds").text
    assert "Everything is read." in page and "See the other projects" in page and "Read one card" not in page
    assert "/p/finds/take" not in page
    with house.database.writing() as session:
        make_project(session, session.merge(cast.collection), house.clock(), slug="empty")
    assert "There is no card here yet." in client.get("/p/empty").text


def test_what_the_workbench_fetches_first_is_what_it_needs(ada: FlaskClient) -> None:
    page = ada.get(take(ada)).text
    first = re.findall(r'<link rel="preload" as="(\w+)"[^>]*? href="([^"]+)"', page)
    styles = ada.get("/static/css/tokens.css").text
    fonts = [address for what, address in first if what == "font"]
    assert len(fonts) == 2 and all(address.removeprefix("/static/") in styles for address in fonts)
    assert all(ada.get(address).status_code == 200 for _, address in first)
    (piece,) = (address for what, address in first if what == "image")
    assert f'<image href="{piece}"' in page, "under the same address, or it comes twice"
    assert page.count('<script type="module"') == 1
