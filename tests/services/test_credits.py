"""How volunteers are named: kept once, carried along with claimed answers, and frozen with each release."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from micro.core.credit import Credit, checked_credit
from micro.data.models import Account, Release, Volunteer
from micro.errors import BadAnswer
from micro.house import House
from micro.services import claims, people, setting_aside
from micro.services.credits import choose_credit, credit_of, shown_names
from tests.cast import Cast, add_cards, good_answer
from tests.services.releasing import everybody_answers, files_of, look, make, settle, volunteers

ORCID = "0000-0002-1825-0097"


@pytest.mark.parametrize(
    ("sort", "name", "orcid", "kept"),
    [
        ("alias", "  Hedge\thog\u202e ", ORCID, Credit("alias", "Hedge hog")),
        ("real", "Ada Łukasiewicz", "nonsense", Credit("real", "Ada Łukasiewicz")),
        ("orcid", "Ada", f"https://orcid.org/{ORCID}", Credit("orcid", "Ada", ORCID)),
        ("none", "Ada", ORCID, Credit("none")),
        ("alias", "Σοφία", "", Credit("alias", "Σοφία")),
    ],
)
def test_only_what_is_wanted_is_kept(sort: str, name: str, orcid: str, kept: Credit) -> None:
    assert checked_credit(sort, name, orcid) == kept


@pytest.mark.parametrize(
    ("sort", "name", "orcid", "field"),
    [
        ("", "Ada", "", "credit"),
        ("loud", "Ada", "", "credit"),
        ("alias", " \u202e ", "", "credit_name"),
        ("real", "12", "", "credit_name"),
        ("alias", "x" * 81, "", "credit_name"),
        ("alias", "ada@example.org", "", "credit_name"),
        ("alias", "Buy at https://example.org", "", "credit_name"),
        ("orcid", "Ada", "", "credit_orcid"),
        ("orcid", "Ada", "0000-0002-1825-0098", "credit_orcid"),
    ],
)
def test_what_cannot_be_kept_says_where(sort: str, name: str, orcid: str, field: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        checked_credit(sort, name, orcid)
    assert refused.value.field == field


def cookie(session: Session, house: House, name: str) -> Volunteer:
    return people.volunteer_of_cookie(session, name, house.clock())


def test_a_claim_brings_the_choice_along_unless_the_account_has_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        for number, (account, own) in enumerate(((cast.ada, ""), (cast.ben, "Benjamin"), (cast.mia, None))):
            token = f"browser {number}"
            theirs = cookie(session, house, token)
            choose_credit(session, theirs, "alias", "Hedgehog", "")
            if own is not None:
                mine = people.volunteer_of_account(session, account.id, house.clock())
                if own:
                    choose_credit(session, mine, "real", own, "")
            claims.claim(session, session.get_one(Account, account.id).id, token)
            mine = people.volunteer_of_account(session, account.id, house.clock())
            assert credit_of(mine).name == (own or "Hedgehog")
            assert shown_names(session, [theirs.id]) == {theirs.id: own or "Hedgehog"}


def named_in(release: Release) -> list[dict[str, str]]:
    return list((release.manifest or {})["named"])


def file_text(house: House, release: Release, name: str) -> str:
    return files_of(house, release)[name].decode("utf-8-sig")


def test_a_release_names_those_who_wish_it_and_stays_as_it_is(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    everybody_answers(house, cast.project, good_answer(), good_answer())
    with house.database.writing() as session:
        first, second = volunteers(session, house, 2)
        choose_credit(session, first, "orcid", "Zoë Adams", ORCID)
        choose_credit(session, second, "alias", "anna", "")
        choose_credit(session, cookie(session, house, "read nothing"), "alias", "Stranger", "")
    before = make(house, cast.project)
    assert named_in(before) == [
        {"name": "anna", "orcid": ""},
        {"name": "Zoë Adams", "orcid": ORCID},
    ]
    assert f"\n  anna\n  Zoë Adams, https://orcid.org/{ORCID}\n" in file_text(house, before, "citation.txt")
    package = json.loads(file_text(house, before, "datapackage.json"))
    assert package["contributors"][2:] == [
        {"title": "anna", "role": "contributor"},
        {"title": "Zoë Adams", "role": "contributor", "path": f"https://orcid.org/{ORCID}"},
    ]
    for name in ("records.csv", "answers.csv", "values.csv", "records.jsonl"):
        assert "anna" not in file_text(house, before, name), "a name beside an answer would lift its pseudonym"
    with house.database.writing() as session:
        first, second = volunteers(session, house, 2)
        choose_credit(session, first, "none", "", "")
        setting_aside.set_aside(session, session.merge(cast.project), second, cast.mia.id, "sells", house.clock())
        choose_credit(session, second, "alias", "anna the second", "")
    settle(house, cast.project)
    after = make(house, cast.project)
    assert named_in(after) == []
    assert "want to be named" not in file_text(house, after, "citation.txt")
    assert len(named_in(look(house, before.id))) == 2
