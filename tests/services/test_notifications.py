"""Notifications: each occasion once for each person, and a digest once whatever is killed."""

from __future__ import annotations

import email.policy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from string import Formatter
from threading import Thread

import pytest
from sqlalchemy import func, select

from micro import jobs, posting
from micro.adapters.mail import open_mail
from micro.core.notices import LANGUAGES, SENTENCES, SORTS
from micro.data.models import Account, Decision, Digest, Membership, Notification, Project, QueueLimit, Record, Task
from micro.errors import BadAnswer, Closed, NotFound, OutsideFailed
from micro.house import House
from micro.services import (
    answers,
    assignments,
    digests,
    messages,
    notifications,
    occasions,
    people,
    projects,
    settling,
)
from micro.services.assignments import LendingRule
from micro.services.messages import INTERRUPTED
from tests.cast import Cast, add_cards, good_answer
from tests.conftest import Clock, Letters
from tests.servers import smtp_server


def tell(house: House, cast: Cast, *who: str, sort: str = "assigned", about: str = "one", **details: object) -> int:
    with house.database.writing() as session:
        people = [getattr(cast, name).id for name in who]
        given = {"name": "HM 1", "who": cast.mia.public_id, **details}
        return notifications.notify(
            session, people, sort, about, cast.project.id, "/review/abc", house.clock(), **given  # type: ignore[arg-type]
        )  # fmt: skip


def rows(house: House) -> list[Notification]:
    with house.database.reading() as session:
        return list(session.scalars(select(Notification).order_by(Notification.id)))


def names(house: House, cast: Cast, sort: str = "") -> list[str]:
    known = {getattr(cast, name).id: name for name in ("ada", "ben", "mia", "cleo", "nora")}
    return sorted(known[row.account_id] for row in rows(house) if not sort or row.sort == sort)


def choose(house: House, who: Account, **choices: str) -> None:
    with house.database.writing() as session:
        notifications.choose(session, who.id, choices, house.clock())


def next_morning(clock: Clock) -> None:
    clock.now = (clock.now + timedelta(days=1)).replace(hour=6, minute=1)


def digest_states(house: House) -> list[str]:
    with house.database.reading() as session:
        return sorted(session.scalars(select(Digest.state)))


# --- one for each person ----------------------------------------------------------------------------------------------


def test_the_same_occasion_twice_is_one_notification(house: House, cast: Cast) -> None:
    assert tell(house, cast, "ben", "mia", "ben") == 2
    assert tell(house, cast, "ben", "mia", "nora") == 1
    assert tell(house, cast, "ben", about="two") == 1
    assert names(house, cast) == ["ben", "ben", "mia", "nora"]


def test_two_at_once_tell_once(house: House, cast: Cast) -> None:
    both = [Thread(target=tell, args=(house, cast, "ben", "mia")) for _ in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert names(house, cast) == ["ben", "mia"]


def test_thousands_are_told_in_one_go(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        many = [
            Account(email=f"{n}@x.org", name="N", password_hash="", session_stamp="", created_at=house.clock())
            for n in range(1200)
        ]
        session.add_all(many)
        session.flush()
        people = [one.id for one in many]
        assert (
            notifications.notify(session, people, "finished", "x", cast.project.id, "/p/finds", house.clock()) == 1200
        )
        assert notifications.notify(session, [], "finished", "y", cast.project.id, "/p/finds", house.clock()) == 0


# --- what happens -----------------------------------------------------------------------------------------------------


def a_record(house: House, cast: Cast, **changed: object) -> int:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        add_cards(session, house, project, 1)
        task = session.scalars(select(Task).limit(1)).one()
        given = {"state": "review", "reason": "conflict", "changed_at": house.clock(), **changed}
        record = Record(project_id=project.id, item_id=task.item_id, **given)
        session.add(record)
        session.flush()
        return record.id


def test_a_record_handed_over_tells_the_colleague_and_not_oneself(house: House, cast: Cast) -> None:
    record_id = a_record(house, cast)
    with house.database.writing() as session:
        record = session.get_one(Record, record_id)
        for to in (cast.ben, cast.ben, cast.mia):
            occasions.assigned(session, record, to.id, cast.mia.id, house.clock())
    (row,) = rows(house)
    assert (row.account_id, row.sort, row.details) == (
        cast.ben.id,
        "assigned",
        {"name": "HM 1", "who": cast.mia.public_id},
    )


@pytest.mark.parametrize(("action", "told"), [("return", ["ben"]), ("accept", [])])
def test_a_record_that_comes_back_tells_whoever_sent_it_out_last(
    house: House, cast: Cast, action: str, told: list[str]
) -> None:
    record_id = a_record(house, cast)
    with house.database.writing() as session:
        record = session.get_one(Record, record_id)
        for number, (who, what) in enumerate(((cast.mia, "return"), (cast.ben, action))):
            session.add(Decision(record=record, revision=number, account_id=who.id, action=what, at=house.clock()))
            session.flush()
        for _ in range(2):
            occasions.came_back(session, record, house.clock())
    assert names(house, cast) == told


def test_settling_tells_the_reviewer_once_the_volunteers_have_answered_again(house: House, cast: Cast) -> None:
    def settle(*who: str) -> None:
        with house.database.writing() as session:
            project = session.get_one(Project, cast.project.id)
            for name in who:
                volunteer = people.volunteer_of_cookie(session, name, house.clock())
                lent = assignments.lend_task(session, project, volunteer, house.clock(), LendingRule(600, 3))
                assert lent is not None
                answers.give_answer(session, lent, good_answer(), name, house.clock())
            settling.settle_some(session, project.id, house.clock())

    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 1)
    settle("one", "two")
    assert names(house, cast) == []
    with house.database.writing() as session:
        record = session.scalars(select(Record)).one()
        session.add(Decision(record=record, revision=99, account_id=cast.ben.id, action="return", at=house.clock()))
        record.state = "open"
        for task in session.scalars(select(Task)):
            task.state, task.wanted = "open", task.answered + 1
    settle("three")
    assert names(house, cast, "returned") == ["ben"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("@Ben, please look", ["ben"]),
        ("(@ben)", ["ben"]),
        ("see @Ben and @MIA", ["ben"]),
        ("ben@example.org wrote; mail@Ben", []),
        ("@Benjamin and @Bens", []),
        ("@Cleo of another museum", []),
        ("no name", []),
        ("@Ada only reads", []),
    ],
)
def test_an_at_and_a_name_tells_the_colleague(house: House, cast: Cast, words: str, told: list[str]) -> None:
    record_id = a_record(house, cast)
    with house.database.writing() as session:
        occasions.mentioned(session, session.get_one(Record, record_id), words, cast.mia.id, house.clock())
    assert names(house, cast, "mentioned") == told


def test_a_first_name_that_two_have_needs_the_rest(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        session.get_one(Account, cast.ben.id).name = "Ben Archer"
        session.get_one(Account, cast.ada.id).name = "Ben  Miller"
        now = house.clock()
        session.add(Membership(account_id=cast.ada.id, institution_id=cast.museum.id, role="reviewer", created_at=now))
        session.flush()
        assert occasions.named_in(session, cast.project.id, "@Ben?") == []
        assert occasions.named_in(session, cast.project.id, "@ben miller!") == [cast.ada.id]


def test_finishing_tells_the_staff_and_those_who_agreed_and_not_whoever_did_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        messages.agree(session, cast.ada.id, cast.project.id, "Yes.", house.clock())
        found = session.get_one(Project, cast.project.id)
        projects.move_project(session, found, "finished", cast.mia.id, house.clock(), "Thanks @Ben")
    assert names(house, cast, "finished") == ["ada", "ben"] and names(house, cast, "mentioned") == ["ben"]
    assert {row.path for row in rows(house)} == {"/p/finds", "/desk/finds"}


def test_a_queue_over_its_limit_tells_once_until_it_was_under_it(house: House, cast: Cast, clock: Clock) -> None:
    record_id = a_record(house, cast)

    def look(state: str) -> None:
        clock.pass_(minutes=1)
        with house.database.writing() as session:
            session.get_one(Record, record_id).state = state
        jobs.look_round(house)

    with house.database.writing() as session:
        occasions.set_limit(session, session.get_one(Project, cast.project.id), "1", house.clock())
    look("review")
    assert rows(house) == []
    with house.database.writing() as session:
        session.scalars(select(QueueLimit)).one().most = 0
    for state in ("review", "review", "decided", "review"):
        look(state)
    assert names(house, cast, "queue") == ["ben", "ben", "mia", "mia"]
    assert rows(house)[0].details == {"count": 1, "most": 0}


@pytest.mark.parametrize("typed", ["0", "-1", "x", "1.5", "9" * 30, "²"])
def test_a_limit_that_is_none_is_refused(house: House, cast: Cast, typed: str) -> None:
    with pytest.raises(BadAnswer), house.database.writing() as session:
        occasions.set_limit(session, session.get_one(Project, cast.project.id), typed, house.clock())


def test_an_empty_limit_takes_it_away(house: House, cast: Cast) -> None:
    for typed in ("7", "7", "", " "):
        with house.database.writing() as session:
            occasions.set_limit(session, session.get_one(Project, cast.project.id), typed, house.clock())
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(QueueLimit)) == 0


def test_a_project_that_is_read_tells_its_managers_once_for_ever(house: House, cast: Cast, clock: Clock) -> None:
    assert jobs.look_round(house) == 0  # Without a task nothing is read.
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 1)
    assert jobs.look_round(house) == 0
    with house.database.writing() as session:
        for task in session.scalars(select(Task)):
            task.state = "done"
    assert jobs.look_round(house) == 1
    clock.pass_(days=2)
    assert jobs.look_round(house) == 0
    assert names(house, cast, "finished") == ["mia"]


# --- on the site ------------------------------------------------------------------------------------------------------


def test_what_is_read_is_counted_no_more_and_needs_no_mail(
    house: House, cast: Cast, clock: Clock, letters: Letters
) -> None:
    for about in ("one", "two", "three"):
        tell(house, cast, "ben", "mia", about=about)
    first = next(row for row in rows(house) if row.account_id == cast.ben.id)
    with house.database.writing() as session:
        assert notifications.unread_count(session, cast.ben.id) == 3
        assert notifications.unread_count(session, cast.ben.id, 2) == 2
        notifications.mark_read(session, cast.ben.id, [first.public_id])
        notifications.mark_read(session, cast.mia.id, [first.public_id])  # Not hers.
        assert notifications.unread_count(session, cast.ben.id) == 2
        notifications.mark_read(session, cast.ben.id)
        assert notifications.unread_count(session, cast.mia.id) == 3
        with pytest.raises(NotFound):
            notifications.notification_named(session, first.public_id, cast.mia.id)
    next_morning(clock)
    assert posting.drain_digests(house) == 1
    assert [to for to, _, _ in letters.sent] == [cast.mia.email]


# --- by mail ----------------------------------------------------------------------------------------------------------


def test_a_day_is_one_mail_in_the_morning(house: House, cast: Cast, clock: Clock, letters: Letters) -> None:
    tell(house, cast, "ben")
    tell(house, cast, "ben", sort="queue", about="q", count=12, most=10)
    assert posting.drain_digests(house) == 0
    next_morning(clock)
    assert posting.drain_digests(house) == 1
    ((to, subject, text),) = letters.sent
    assert (to, subject) == (cast.ben.email, "2 notifications")
    assert "Mia handed you the record HM 1." in text and "12 records wait for review, more than 10." in text
    assert f"{house.settings.public_url}/review/abc" in text and text.count("Catalogue of finds") == 1
    clock.pass_(hours=3)
    tell(house, cast, "ben", about="later")
    assert posting.drain_digests(house) == 0
    next_morning(clock)
    assert posting.drain_digests(house) == 1


def test_at_once_goes_at_once_and_never_goes_never(house: House, cast: Cast, clock: Clock, letters: Letters) -> None:
    choose(house, cast.ben, assigned="once", queue="never")
    tell(house, cast, "ben", sort="queue", about="q")
    tell(house, cast, "ben", sort="returned", about="r")
    assert posting.drain_digests(house) == 0
    tell(house, cast, "ben")
    assert posting.drain_digests(house) == 1
    assert letters.sent[0][1] == "Catalogue of finds: 1 notification" and "handed you" in letters.sent[0][2]
    next_morning(clock)
    assert posting.drain_digests(house) == 1
    assert "which you sent back" in letters.sent[1][2] and "handed you" not in letters.sent[1][2]
    assert names(house, cast) == ["ben", "ben", "ben"]  # All of it stands on the site.


def test_never_chosen_afterwards_ends_what_waits(house: House, cast: Cast, clock: Clock, letters: Letters) -> None:
    tell(house, cast, "ben")
    choose(house, cast.ben, assigned="never")
    next_morning(clock)
    assert posting.drain_digests(house) == 0


@pytest.mark.parametrize("choices", [{"assigned": "hourly"}, {"news": "daily"}])
def test_a_choice_that_is_none_is_refused_and_changes_nothing(
    house: House, cast: Cast, choices: dict[str, str]
) -> None:
    with pytest.raises(BadAnswer):
        choose(house, cast.ben, queue="never", **choices)
    with house.database.reading() as session:
        assert set(notifications.mail_choices(session, cast.ben.id).values()) == {"daily"}


def test_an_address_that_is_not_confirmed_gets_no_mail(
    house: House, cast: Cast, clock: Clock, letters: Letters
) -> None:
    with house.database.writing() as session:
        session.get_one(Account, cast.ben.id).email_confirmed = False
    tell(house, cast, "ben", "mia")
    next_morning(clock)
    assert posting.drain_digests(house) == 1
    assert [to for to, _, _ in letters.sent] == [cast.mia.email]


def test_a_french_reader_reads_french(house: House, cast: Cast, clock: Clock, letters: Letters) -> None:
    with house.database.writing() as session:
        session.get_one(Account, cast.ben.id).language = "fr"
    tell(house, cast, "ben", "mia")
    next_morning(clock)
    assert posting.drain_digests(house) == 2
    french = next(text for to, _, text in letters.sent if to == cast.ben.email)
    assert "Bonjour Ben," in french and "Mia vous a confié la notice HM 1." in french
    assert "Fiches des trouvailles" in french and "Ce lien met fin" in french
    assert "handed you" in next(text for to, _, text in letters.sent if to == cast.mia.email)


def test_every_sentence_is_there_in_both_languages_with_the_same_places() -> None:
    assert set(SORTS) <= set(SENTENCES)
    for words in SENTENCES.values():
        places = [{name for _, name, _, _ in Formatter().parse(words[language])} for language in LANGUAGES]
        assert places[0] == places[1]


@dataclass
class Killed:
    """A mail server during whose work the sender is killed, before or after the mail went."""

    went: bool
    sent: list[str] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None:
        if self.went:
            self.sent.append(to)
        raise KeyboardInterrupt


@pytest.mark.parametrize("went", [True, False])
def test_a_digest_that_was_killed_half_way_is_never_sent_twice(
    house: House, cast: Cast, clock: Clock, letters: Letters, went: bool
) -> None:
    tell(house, cast, "ben", "mia")
    next_morning(clock)
    server = Killed(went)
    with pytest.raises(KeyboardInterrupt):
        posting.drain_digests(replace(house, mail=server))
    assert posting.drain_digests(house) == 1  # The other one goes on.
    clock.now += INTERRUPTED
    for _ in range(3):
        assert posting.drain_digests(house) == 0
        clock.pass_(days=1)
    assert digest_states(house) == ["failed", "sent"]
    assert len(server.sent) + len(letters.sent) == 1 + went
    assert names(house, cast) == ["ben", "mia"]  # On the site it stands all the same.


@dataclass
class Down:
    """A mail server that does not answer for some calls, and then refuses one address for good."""

    calls: int
    refused: str = ""
    sent: list[str] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None:
        if self.calls:
            self.calls -= 1
            raise OutsideFailed("The mail could not be sent. Please try again in a few minutes.")
        if to == self.refused:
            raise OutsideFailed("The mail was refused: the address does not exist.", permanent=True)
        self.sent.append(to)


def test_a_server_that_is_down_is_tried_again_with_the_same_mail(house: House, cast: Cast, clock: Clock) -> None:
    tell(house, cast, "ben", "mia")
    next_morning(clock)
    server = Down(2, refused=cast.ben.email)
    down = replace(house, mail=server)
    assert [posting.drain_digests(down) for _ in range(4)] == [0, 0, 2, 0]
    assert server.sent == [cast.mia.email] and digest_states(house) == ["failed", "sent"]


def test_two_workers_send_each_mail_once(house: House, cast: Cast, clock: Clock, letters: Letters) -> None:
    tell(house, cast, "ada", "ben", "mia", "cleo", "nora")
    next_morning(clock)
    workers = [Thread(target=posting.drain_digests, args=(house,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(letters.sent) == 5 == len({to for to, _, _ in letters.sent})


def test_the_link_in_the_mail_ends_them_and_opens_nothing(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        token = digests.end_token(house.secret, cast.ben)
        assert digests.behind_token(session, house.secret, token).id == cast.ben.id
        for bad in (token[:-1], "", "x.y", messages.end_token(house.secret, cast.ben, cast.project)):
            with pytest.raises(Closed):
                digests.behind_token(session, house.secret, bad)
        digests.end_all(session, cast.ben.id, house.clock())
    tell(house, cast, "ben")
    next_morning(clock)
    assert posting.drain_digests(house) == 0


@pytest.mark.parametrize(
    ("hour", "day"), [(0, 28), (5, 28), (6, 1), (23, 1)], ids=["night", "before six", "at six", "evening"]
)
def test_the_newest_morning_is_the_one_that_has_come(hour: int, day: int) -> None:
    found = digests.due_before(datetime(2026, 3, 1, hour, 30 if hour != 6 else 0, tzinfo=UTC))
    assert (found.day, found.hour) == (day, 6)


def test_a_real_mail_server_gets_the_digest_with_its_one_click_end(house: House, cast: Cast, clock: Clock) -> None:
    tell(house, cast, "ben", name="Hache à douille ”1”")
    with house.database.writing() as session:
        session.get_one(Account, cast.ben.id).language = "fr"
    next_morning(clock)
    with smtp_server() as mailbox:
        real = replace(house, mail=open_mail(mailbox.url, "micro@example.org"))
        assert posting.drain_digests(real) == 1
        (mail,) = mailbox.wait_for(1)
    assert mail["To"] == cast.ben.email and mail["Subject"] == "Fiches des trouvailles : 1 notification"
    end = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and "/notifications/end/" in end
    text = mail.get_content()
    assert "Hache à douille ”1”" in text and end in text and mail.policy is email.policy.default
