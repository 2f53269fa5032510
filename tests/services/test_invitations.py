"""Invitations and staff: who may accept what, twice, too late, withdrawn; and never without a manager."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from micro.core.accounts import Wish
from micro.data.models import Account, Invitation, Membership
from micro.errors import BadAnswer, Closed, Conflict, MicroError, NotAllowed, NotFound
from micro.house import House
from micro.services import accounts, invitations, staff
from micro.services.invitations import Invited
from micro.services.moves import moves_of
from micro.services.people import hash_token, person_of
from tests.cast import Cast
from tests.conftest import Clock

WISH = Wish("ignored@example.org", "Dora", "a long enough password", "fr")


def invited(
    session: Session, house: House, cast: Cast, email: str = "ada@example.org", role: str = "reviewer"
) -> Invited:
    return invitations.invite(session, session.merge(cast.museum), email, role, cast.mia.id, house.clock())


def role_of(session: Session, cast: Cast, account: Account) -> str:
    found = session.query(Membership).filter_by(account_id=account.id, institution_id=cast.museum.id).one_or_none()
    return found.role if found else ""


# Inviting ------------------------------------------------------------------------------------------------------------


def test_only_a_hash_of_the_token_is_kept(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast, " Ada@Example.org ")
        kept = session.query(Invitation).one()
        assert kept.token_hash == hash_token(made.token) and made.token not in vars(kept).values()
        assert (kept.email, kept.state, (kept.expires_at - kept.created_at).days) == ("ada@example.org", "open", 14)


@pytest.mark.parametrize(
    ("email", "role", "place"),
    [("nobody", "reviewer", "email"), ("a@example.org", "director", "role"), ("ben@example.org", "manager", "email")],
)
def test_who_cannot_be_invited(house: House, cast: Cast, email: str, role: str, place: str) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer) as refused:
        invited(session, house, cast, email, role)
    assert refused.value.field == place


def test_an_address_is_invited_once_at_a_time(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        invited(session, house, cast)
        with pytest.raises(Conflict, match="invited already"):
            invited(session, house, cast, "ADA@example.org")
        clock.pass_(days=14)
        invited(session, house, cast)  # The first has expired.


def test_of_two_who_invite_the_same_address_at_once_one_does(house: House, cast: Cast) -> None:
    both = Barrier(2)

    def one(_: int) -> bool:
        both.wait(30)
        try:
            with house.database.writing() as session:
                invited(session, house, cast)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(one, range(2))) == [False, True]


def test_sending_again_ends_the_link_before(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        first = invited(session, house, cast)
        clock.pass_(days=20)
        museum = session.merge(cast.museum)
        again = invitations.send_again(session, museum, first.invitation.public_id, cast.mia.id, clock())
        with pytest.raises(NotFound):
            invitations.invitation_behind(session, first.token, clock())
        assert invitations.invitation_behind(session, again.token, clock()).email == "ada@example.org"


def test_an_invitation_of_another_institution_is_not_found(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast)
        with pytest.raises(NotFound):
            invitations.withdraw(
                session, session.merge(cast.other_museum), made.invitation.public_id, cast.cleo.id, house.clock()
            )


# Accepting -----------------------------------------------------------------------------------------------------------


def test_accepting_gives_the_role_once(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast, role="manager")
        ada = session.merge(cast.ada)
        assert invitations.accept(session, made.token, ada, house.clock()).slug == "harrowby"
        assert role_of(session, cast, cast.ada) == "manager"
        with pytest.raises(Closed, match="accepted already"):
            invitations.accept(session, made.token, ada, house.clock())
        assert [move.to_state for move in moves_of(session, "invitation", made.invitation.id)] == ["accepted", "open"]
        assert session.query(Membership).filter_by(account_id=cast.ada.id).count() == 1


def test_another_account_cannot_accept(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast)
        with pytest.raises(NotAllowed, match=r"ada@example\.org"):
            invitations.accept(session, made.token, session.merge(cast.cleo), house.clock())
        assert role_of(session, cast, cast.cleo) == ""


def test_an_unconfirmed_account_cannot_accept(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast)
        ada = session.merge(cast.ada)
        ada.email_confirmed = False
        with pytest.raises(NotAllowed):
            invitations.accept(session, made.token, ada, house.clock())


def test_links_that_are_over_say_why(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        museum = session.merge(cast.museum)
        withdrawn = invited(session, house, cast, "one@example.org")
        invitations.withdraw(session, museum, withdrawn.invitation.public_id, cast.mia.id, clock())
        with pytest.raises(Conflict):
            invitations.withdraw(session, museum, withdrawn.invitation.public_id, cast.mia.id, clock())
        with pytest.raises(Conflict):
            invitations.send_again(session, museum, withdrawn.invitation.public_id, cast.mia.id, clock())
        expired = invited(session, house, cast, "two@example.org")
        clock.pass_(days=14)
        for token, error, words in (
            (withdrawn.token, Closed, "withdrawn"),
            (expired.token, Closed, "expired"),
            ("anything", NotFound, "no such invitation"),
        ):
            with pytest.raises(error, match=words):
                invitations.invitation_behind(session, token, clock())


def test_a_member_by_now_is_told(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast)
        ada = session.merge(cast.ada)
        accounts.give_role(session, ada, session.merge(cast.museum), "reviewer", house.clock())
        with pytest.raises(Conflict, match="already"):
            invitations.accept(session, made.token, ada, house.clock())


def test_of_two_posts_of_one_link_one_accepts(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        token = invited(session, house, cast, "dora@example.org").token
    both = Barrier(2)

    def one(_: int) -> str:
        both.wait(30)
        try:
            with house.database.writing() as session:
                invitations.accept_anew(session, token, WISH, "hash", house.clock())
        except MicroError as error:
            return type(error).__name__
        return "in"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(one, range(2))) == ["Closed", "in"]


def test_the_link_makes_a_confirmed_account_of_the_invited_address(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast, "dora@example.org")
        dora = invitations.accept_anew(session, made.token, WISH, "hash", house.clock())
        assert (dora.email, dora.email_confirmed, dora.language) == ("dora@example.org", True, "fr")
        assert role_of(session, cast, dora) == "reviewer"


def test_the_link_never_opens_an_account_that_is_there(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        made = invited(session, house, cast)
        before = session.merge(cast.ada).password_hash
        with pytest.raises(Conflict, match="sign in"):
            invitations.accept_anew(session, made.token, WISH, "another", house.clock())
        assert session.merge(cast.ada).password_hash == before and role_of(session, cast, cast.ada) == ""


def test_whoever_typed_the_address_before_without_proof_loses_the_account(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        thief = accounts.create_account(
            session,
            "dora@example.org",
            "Thief",
            "the thief's password",
            house.clock(),
            house.passwords,
            confirmed=False,
        )
        stamp = thief.session_stamp
        made = invited(session, house, cast, "dora@example.org")
        dora = invitations.accept_anew(session, made.token, WISH, "hash", house.clock())
        assert dora.id == thief.id and (dora.name, dora.password_hash) == ("Dora", "hash")
        assert dora.session_stamp != stamp and dora.email_confirmed


# Staff ---------------------------------------------------------------------------------------------------------------


def change(session: Session, house: House, cast: Cast, whom: Account, role: str, seen: str, actor: Account) -> None:
    staff.change_role(
        session,
        session.merge(cast.museum),
        whom.public_id,
        role,
        seen,
        person_of(session, session.merge(actor)),
        house.clock(),
    )


def test_roles_are_changed_and_taken_away_and_logged(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        member = session.query(Membership).filter_by(account_id=cast.ben.id).one().id
        change(session, house, cast, cast.ben, "manager", "reviewer", cast.mia)
        assert role_of(session, cast, cast.ben) == "manager"
        change(session, house, cast, cast.ben, "", "manager", cast.mia)
        assert role_of(session, cast, cast.ben) == ""
        assert [move.to_state for move in moves_of(session, "membership", member)] == ["", "manager"]


@pytest.mark.parametrize("role", ["", "reviewer"])
def test_the_last_manager_stays_one_unless_the_network_says_so(house: House, cast: Cast, role: str) -> None:
    with house.database.writing() as session:
        with pytest.raises(Conflict, match="needs a manager"):
            change(session, house, cast, cast.mia, role, "manager", cast.mia)
        assert [one.is_needed for one in staff.colleagues(session, session.merge(cast.museum))] == [True, False]
        change(session, house, cast, cast.mia, role, "manager", cast.nora)
        assert role_of(session, cast, cast.mia) == role


def test_two_managers_who_remove_each_other_at_once_leave_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        change(session, house, cast, cast.ben, "manager", "reviewer", cast.mia)
    both = Barrier(2)

    def remove(pair: tuple[Account, Account]) -> bool:
        whom, actor = pair
        both.wait(30)
        try:
            with house.database.writing() as session:
                change(session, house, cast, whom, "", "manager", actor)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(remove, ((cast.ben, cast.mia), (cast.mia, cast.ben)))) == [False, True]


@pytest.mark.parametrize(
    ("role", "seen", "error"), [("manager", "manager", Conflict), ("director", "reviewer", BadAnswer)]
)
def test_roles_that_cannot_be_are_refused(
    house: House, cast: Cast, role: str, seen: str, error: type[MicroError]
) -> None:
    with house.database.writing() as session:
        with pytest.raises(error):
            change(session, house, cast, cast.ben, role, seen, cast.mia)
        with pytest.raises(NotFound):
            change(session, house, cast, cast.cleo, "reviewer", "manager", cast.mia)
