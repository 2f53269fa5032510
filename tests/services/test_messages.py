"""Messages to a project's volunteers: to those who agreed, once, and ended by one link."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro import jobs, posting
from micro.data.models import Message, MessageCopy, Project
from micro.errors import BadAnswer, Closed, Conflict, OutsideFailed
from micro.house import House
from micro.services import messages
from tests.cast import Cast
from tests.conftest import Clock, Letters

TEXTS = {"en": {"subject": "Half is read", "text": "Thank you."}, "fr": {"subject": "La moitié", "text": "Merci."}}


def agree(house: House, cast: Cast, *who: str) -> None:
    with house.database.writing() as session:
        for name in who:
            messages.agree(session, getattr(cast, name).id, cast.project.id, "Yes.", house.clock())


def start(house: House, cast: Cast, texts: dict[str, dict[str, str]] | None = None) -> int:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        return messages.start_message(session, project, texts or TEXTS, cast.mia.id, house.clock()).id


def states(house: House) -> list[str]:
    with house.database.reading() as session:
        return sorted(session.scalars(select(MessageCopy.state)))


def state(house: House, message_id: int) -> str:
    with house.database.reading() as session:
        return session.get_one(Message, message_id).state


def test_a_message_goes_to_those_who_agreed_and_to_nobody_else(house: House, cast: Cast, letters: Letters) -> None:
    agree(house, cast, "ada", "ben")
    message_id = start(house, cast)
    assert posting.drain_message(house, message_id) == 2
    assert sorted(to for to, _, _ in letters.sent) == sorted([cast.ada.email, cast.ben.email])
    assert posting.drain_message(house, message_id) == 0
    assert state(house, message_id) == "done"


def test_everybody_gets_their_own_language_and_a_link_that_ends_it(house: House, cast: Cast, letters: Letters) -> None:
    agree(house, cast, "ada")
    with house.database.writing() as session:
        session.merge(cast.ada).language = "fr"
    posting.drain_message(house, start(house, cast))
    ((_, subject, text),) = letters.sent
    assert subject == "La moitié" and text.startswith("Merci.") and "Fiches des trouvailles" in text
    token = text.rpartition("/messages/end/")[2].strip()
    with house.database.reading() as session:
        account, project = messages.behind_token(session, house.secret, token)
        assert (account.id, project.id) == (cast.ada.id, cast.project.id)
        with pytest.raises(Closed):
            messages.behind_token(session, house.secret, token[:-1])


def test_a_language_that_was_not_written_reads_the_other(house: House, cast: Cast, letters: Letters) -> None:
    agree(house, cast, "ada")
    posting.drain_message(house, start(house, cast, {"fr": TEXTS["fr"], "en": {"subject": "", "text": " "}}))
    assert letters.sent[0][1] == "La moitié" and "qui y met fin" in letters.sent[0][2]


def test_whoever_withdraws_before_it_goes_gets_nothing(house: House, cast: Cast, letters: Letters) -> None:
    agree(house, cast, "ada", "ben")
    message_id = start(house, cast)
    with house.database.writing() as session:
        messages.withdraw(session, cast.ada.id, cast.project.id, house.clock())
        messages.withdraw(session, cast.ada.id, cast.project.id, house.clock())
    posting.drain_message(house, message_id)
    assert [to for to, _, _ in letters.sent] == [cast.ben.email]
    assert states(house) == ["dropped", "sent"]


def test_two_who_send_the_same_message_at_once_send_one(house: House, cast: Cast, letters: Letters) -> None:
    agree(house, cast, "ada", "ben")
    together = threading.Barrier(4)

    def click(_: int) -> int:
        together.wait()
        message_id = start(house, cast)
        posting.drain_message(house, message_id)
        return message_id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 1
    assert len(letters.sent) == 2


def test_agreeing_twice_and_again_after_withdrawing_is_one_agreement(house: House, cast: Cast) -> None:
    agree(house, cast, "ada", "ada")
    with house.database.writing() as session:
        messages.withdraw(session, cast.ada.id, cast.project.id, house.clock())
        assert messages.readers(session, cast.project.id) == 0
    agree(house, cast, "ada")
    with house.database.reading() as session:
        assert messages.readers(session, cast.project.id) == 1
        assert [found.project_id for found in messages.agreements_of(session, cast.ada.id)] == [cast.project.id]


def test_an_address_that_is_not_confirmed_gets_no_message(house: House, cast: Cast) -> None:
    agree(house, cast, "ada")
    with house.database.writing() as session:
        session.merge(cast.ada).email_confirmed = False
    with pytest.raises(Conflict, match="Nobody has agreed"):
        start(house, cast)


def test_a_double_click_is_one_message_and_a_fourth_in_a_day_is_refused(house: House, cast: Cast, clock: Clock) -> None:
    agree(house, cast, "ada")
    assert start(house, cast) == start(house, cast)
    for number in range(2):
        start(house, cast, {"en": {"subject": f"{number}", "text": "Text"}})
    other = {"en": {"subject": "One more", "text": "Text"}}
    with pytest.raises(Conflict, match="3 messages today"):
        start(house, cast, other)
    clock.now += timedelta(days=1, minutes=1)
    start(house, cast, other)


@pytest.mark.parametrize(
    ("texts", "where"),
    [
        ({"en": {"subject": "", "text": ""}, "fr": {"subject": "", "text": ""}}, "en.subject"),
        ({"en": {"subject": "Only this", "text": " "}}, "en.text"),
        ({"en": {"subject": "a" * 151, "text": "b"}}, "en.subject"),
        ({"en": {"subject": "a", "text": "b" * 10_001}}, "en.text"),
    ],
)
def test_half_a_message_is_refused(house: House, cast: Cast, texts: dict[str, dict[str, str]], where: str) -> None:
    agree(house, cast, "ada")
    with pytest.raises(BadAnswer) as refused:
        start(house, cast, texts)
    assert refused.value.field == where


@dataclass
class Faulty:
    """A mail server that refuses one address for good and is down for some calls."""

    refused: str = ""
    down: int = 0
    sent: list[str] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None:
        if self.down:
            self.down -= 1
            raise OutsideFailed("The mail could not be sent. Please try again in a few minutes.")
        if to == self.refused:
            raise OutsideFailed("The mail was refused: the address does not exist.", permanent=True)
        assert ends_at.startswith("http")
        self.sent.append(to)


def with_mail(house: House, mail: Faulty) -> House:
    return replace(house, mail=mail)


def test_an_address_that_is_refused_fails_by_reason_and_the_others_go(house: House, cast: Cast) -> None:
    agree(house, cast, "ada", "ben", "mia")
    faulty = Faulty(refused=cast.ben.email)
    message_id = start(house, cast)
    posting.drain_message(with_mail(house, faulty), message_id)
    assert sorted(faulty.sent) == sorted([cast.ada.email, cast.mia.email])
    with house.database.writing() as session:
        message = session.get_one(Message, message_id)
        progress = messages.progress_of(session, message)
        assert (progress.total, progress.sent, progress.waiting) == (3, 2, 0)
        assert progress.failed == {"The mail was refused: the address does not exist.": 1}
        assert message.state == "done"
        messages.move(session, message, "waiting", cast.mia.id, house.clock())
    faulty.refused = ""
    posting.drain_message(with_mail(house, faulty), message_id)
    assert sorted(faulty.sent) == sorted([cast.ada.email, cast.ben.email, cast.mia.email])


def test_a_mail_server_that_is_down_is_waited_for(house: House, cast: Cast) -> None:
    agree(house, cast, "ada", "ben")
    faulty = Faulty(down=1)
    message_id = start(house, cast)
    assert posting.drain_message(with_mail(house, faulty), message_id) == 0
    with house.database.reading() as session:
        assert "could not be sent" in messages.progress_of(session, session.get_one(Message, message_id)).trouble
    assert jobs.sweep_all(with_mail(house, faulty))["messages sent"] == 2
    assert len(faulty.sent) == 2 and state(house, message_id) == "done"


def test_a_message_that_is_stopped_goes_no_further_and_can_go_on(house: House, cast: Cast, letters: Letters) -> None:
    agree(house, cast, "ada", "ben")
    message_id = start(house, cast)

    def move(to: str) -> None:
        with house.database.writing() as session:
            messages.move(session, session.get_one(Message, message_id), to, cast.mia.id, house.clock())

    move("cancelled")
    assert posting.drain_message(house, message_id) == 0 and letters.sent == []
    move("waiting")
    assert posting.drain_message(house, message_id) == 2


def test_a_copy_whose_sender_was_killed_is_not_sent_again_by_itself(
    house: House, cast: Cast, letters: Letters, clock: Clock
) -> None:
    agree(house, cast, "ada")
    message_id = start(house, cast)

    def take(session: Session) -> messages.Copy | None:
        return messages.next_copy(session, message_id, house.secret, house.clock())

    with house.database.writing() as session:
        assert take(session) is not None
    assert posting.drain_message(house, message_id) == 0 and state(house, message_id) == "waiting"
    clock.now += timedelta(minutes=11)
    assert posting.drain_message(house, message_id) == 0
    assert states(house) == ["failed"] and letters.sent == [] and state(house, message_id) == "done"
