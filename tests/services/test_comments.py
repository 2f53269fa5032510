"""Comments: who may read them and when, what bounds them, what hides them, and how the museum answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.plain import plain_text
from micro.data.models import (
    Assignment,
    Comment,
    Gold,
    Item,
    Membership,
    Move,
    Notification,
    Project,
    Record,
    Setup,
    Task,
    Volunteer,
)
from micro.errors import BadAnswer, Closed, Conflict, NotFound, TooMuch
from micro.house import House
from micro.services import answers, comments, correcting, people, scan_care, setting_aside, trials
from micro.services.comment_sight import Thread, marks_of, overheard, thread_of, unread_answers, unread_count
from micro.services.credits import choose_credit
from tests.cast import Cast, good_answer
from tests.conftest import Clock
from tests.services.reading import card, read, record_of, settle, tasks_of


class Table:
    """One card that "one" and "two" have read and "three" has not, with what they say about it."""

    def __init__(self, session: Session, house: House, cast: Cast) -> None:
        self.session, self.house, self.cast = session, house, cast
        self.project = session.merge(cast.project)
        self.item: Item = card(session, house, self.project)
        self.task: Task = tasks_of(session, self.item)[0]
        for who in ("one", "two"):
            read(session, house, self.task, who)
        settle(session, house, self.project)

    @property
    def record(self) -> Record:
        return record_of(self.session, self.item)

    def volunteer(self, who: str) -> Volunteer:
        return people.volunteer_of_cookie(self.session, who, self.house.clock())

    def sent(self, who: str) -> Assignment:
        mine = Assignment.volunteer_id == self.volunteer(who).id, Assignment.task_id == self.task.id
        return self.session.scalars(select(Assignment).where(*mine)).one()

    def say(self, who: str, words: str = "A drawing!", key: str = "") -> Comment:
        return comments.say(self.session, self.sent(who), [self.volunteer(who).id], words, key, self.house.clock())

    def opened(self, who: str) -> Thread:
        comments.open_to_others(self.session, self.sent(who), [self.volunteer(who).id])
        return self.thread(who)

    def thread(self, who: str) -> Thread:
        return thread_of(self.session, self.sent(who), [self.volunteer(who).id], self.house.clock().date())

    def words(self, who: str) -> list[str]:
        return [row.comment.words for row in self.opened(who).rows]

    def answer(self, said: Comment, words: str = "It is an axe.", key: str = "") -> Comment:
        return comments.answer_comment(
            self.session, self.record, said.public_id, self.cast.ben.id, words, key, self.house.clock()
        )

    def hide(self, said: Comment, state: str = "hidden", why: str = "") -> Comment:
        return comments.move_comment(
            self.session, self.record, said.public_id, state, self.cast.ben.id, why, self.house.clock()
        )


# Independence --------------------------------------------------------------------------------------------------------


def test_whoever_has_not_sent_the_card_reads_nothing_and_says_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        theirs = table.sent("one").public_id
        with pytest.raises(NotFound):
            comments.sent_card(session, theirs, [table.volunteer("three").id])
        with pytest.raises(NotFound):
            comments.sent_card(session, theirs, [])
        mine = [table.volunteer("one").id]
        assert comments.sent_card(session, theirs, mine).public_id == theirs
        for state in ("lent", "skipped", "expired", "released"):
            table.sent("one").state = state
            with pytest.raises(Conflict):
                comments.sent_card(session, theirs, mine)


def test_what_others_say_opens_when_it_is_asked_for_and_then_the_answer_stays(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.say("one", "It says palstave.")
        before = table.thread("two")
        assert (before.rows, before.waiting) == ((), 1), "nothing of it is told before"
        assert correcting.still_correctable(session, [table.sent("two")])
        assert table.words("two") == ["It says palstave."]
        assert not correcting.still_correctable(session, [table.sent("two")])
        assert correcting.still_correctable(session, [table.sent("one")]), "who reads nothing may correct"
        with pytest.raises(Conflict):
            correcting.check_correctable(session, table.sent("two"))
        other = good_answer(object={"value": "Palstave"})
        with pytest.raises(Conflict):
            answers.give_answer(session, table.sent("two"), other, "another", house.clock())
        again = answers.give_answer(session, table.sent("two"), good_answer(), "", house.clock())
        assert not again.new, "the same post once more is no correction"


def test_ones_own_words_are_always_there_and_do_not_close_the_answer(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.say("one", "Mine.")
        thread = table.thread("one")
        assert [(row.comment.words, row.own) for row in thread.rows] == [("Mine.", True)] and thread.waiting == 0
        assert correcting.still_correctable(session, [table.sent("one")])


def test_a_card_whose_answer_is_known_is_just_the_same(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.say("one")
        ordinary = table.thread("two")
        session.add(
            Gold(project_id=table.project.id, task_id=table.task.id, values=good_answer(), state="mixed",
                 created_at=house.clock(), changed_at=house.clock())
        )  # fmt: skip
        table.sent("two").gold = True
        session.flush()
        known = table.thread("two")
        assert (known.waiting, known.rows, known.closed) == (ordinary.waiting, ordinary.rows, ordinary.closed)
        table.say("two", "Mine as well.")
        assert table.words("two") == ["A drawing!", "Mine as well."]
        assert table.words("one") == ["A drawing!", "Mine as well."]


# Bounds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["", "  \n\t ", "\u202e\u200f", "x" * 1001])
def test_nothing_and_too_much_are_asked_again(house: House, cast: Cast, words: str) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        with pytest.raises(BadAnswer) as refused:
            table.say("one", words)
        assert refused.value.field == "words"
        table.say("one", "x" * 1000)


def test_words_are_plain(house: House, cast: Cast) -> None:
    assert plain_text("a\x00b\u202ec \r\n\r\n\r\n\r\n d\re") == "a bc\n\nd\ne"
    with house.database.writing() as session:
        table = Table(session, house, cast)
        assert table.say("one", "<b>bold</b>\x07").words == "<b>bold</b>"


def test_twenty_an_hour_and_no_more_and_the_same_post_is_one(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        first = table.say("one", "0", "the key")
        assert table.say("one", "0", "the key").id == first.id
        for number in range(1, comments.MOST):
            table.say("one", str(number))
        with pytest.raises(TooMuch) as refused:
            table.say("one", "one more")
        assert refused.value.wait_s == 3600
        assert table.say("one", "0", "the key").id == first.id, "a repeated post is none too many"
        table.say("two", "others go on")
        table.answer(first, "and the museum is not bound")
        clock.pass_(hours=1)
        table.say("one", "an hour later")


def test_two_posts_at_once_are_one_comment(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        public_id = Table(session, house, cast).sent("one").public_id
    both = Barrier(2)

    def post(_: int) -> int:
        both.wait()
        with house.database.writing() as session:
            ids = [people.volunteer_of_cookie(session, "one", house.clock()).id]
            sent = comments.sent_card(session, public_id, ids)
            return comments.say(session, sent, ids, "At once.", "the key", house.clock()).id

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(post, range(2)))) == 1
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) == 1


# What hides them -----------------------------------------------------------------------------------------------------


def test_a_hidden_comment_is_gone_for_others_and_comes_back_and_both_are_logged(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        said = table.say("one")
        table.answer(said)
        assert len(table.opened("two").rows[0].answers) == 1
        assert table.hide(table.hide(said, why="rude")).state == "hidden", "twice is once"
        assert table.opened("two").rows == ()
        mine = table.opened("one").rows
        assert (mine[0].comment.state, len(mine[0].answers)) == ("hidden", 1), "whoever wrote it is told"
        assert overheard(session, table.record, house.clock().date(), False).hidden == {said.id: ("Ben", "rude")}
        with pytest.raises(Conflict):
            table.answer(said)
        table.hide(said, "shown")
        assert len(table.opened("two").rows) == 1
        moves = session.scalars(select(Move).where(Move.subject == "comment").order_by(Move.id))
        assert [(one.from_state, one.to_state, one.account_id, one.why) for one in moves] == [
            ("shown", "hidden", cast.ben.id, "rude"),
            ("hidden", "shown", cast.ben.id, ""),
        ]
        with pytest.raises(BadAnswer):
            table.hide(said, "gone")


def test_a_comment_on_another_record_is_not_found(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        said = table.say("one")
        other = Record(project_id=table.project.id, item_id=table.item.id + 1)
        with pytest.raises(NotFound):
            comments.answer_comment(session, other, said.public_id, cast.ben.id, "yes", "", house.clock())
        with pytest.raises(NotFound):
            comments.move_comment(session, other, said.public_id, "hidden", cast.ben.id, "", house.clock())


def test_a_scan_that_is_taken_down_takes_its_comments_along(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.answer(table.say("one"))
        ids = [table.volunteer("one").id]
        table.opened("one")
        scan = table.task.region.scan
        scan_care.withdraw(session, scan, cast.mia.id, "by mistake", house.clock())
        session.refresh(table.task)
        assert table.thread("one").rows == () and table.thread("two").waiting == 0
        assert unread_count(session, ids) == 0 and unread_answers(session, ids) == []
        assert marks_of(session, [table.sent("one")], ids, house.clock().date()) == {}
        with pytest.raises(Closed):
            table.say("one", "still there?")
        assert len(overheard(session, table.record, house.clock().date(), False).rows) == 1, "the museum reads on"
        scan_care.restore(session, scan, cast.mia.id, "", house.clock())
        assert len(table.thread("one").rows) == 1 and unread_count(session, ids) == 1


@pytest.mark.parametrize("publish", ["never", "2031-01-01", "grid"])
def test_where_a_field_is_not_for_publication_only_the_museum_reads(house: House, cast: Cast, publish: str) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.answer(table.say("one", "Found near the mill."))
        close(session, table.project, publish)
        assert table.opened("two").rows == () and table.thread("two").waiting == 0
        mine = table.opened("one")
        assert mine.closed and [len(row.answers) for row in mine.rows] == [1], "the museum still answers whoever wrote"
        assert overheard(session, table.record, house.clock().date(), False).closed
        later = house.clock().date() + timedelta(days=365 * 6)
        found = thread_of(session, table.sent("two"), [table.volunteer("two").id], later)
        assert bool(found.rows) == (publish == "2031-01-01")


def close(session: Session, project: Project, publish: str) -> None:
    """Closes the first field of the form: as it is, until a day, or by a grid."""
    setup = session.scalars(select(Setup).where(Setup.project_id == project.id)).one()
    first, *others = setup.body["fields"]
    more: dict[str, Any] = {"type": "point", "grid_m": 1000} if publish == "grid" else {"publish": publish}
    setup.body = {**setup.body, "fields": [{**first, **more}, *others]}
    session.flush()


def test_whoever_is_set_aside_is_read_by_nobody_and_told_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.say("one", "Buy here.")
        setting_aside.set_aside(session, table.project, table.volunteer("one"), cast.mia.id, "sells", house.clock())
        assert table.words("two") == []
        mine = table.thread("one").rows[0]
        assert (mine.comment.state, mine.comment.words) == ("shown", "Buy here.")
        assert overheard(session, table.record, house.clock().date(), False).rows[0].aside
        table.say("one", "And here.")
        assert table.words("two") == []


@pytest.mark.parametrize("state", ["draft", "archived"])
def test_in_a_project_that_is_closed_nothing_more_is_said_and_nothing_is_counted(
    house: House, cast: Cast, state: str
) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.answer(table.say("one"))
        table.project.state = state
        session.flush()
        assert unread_count(session, [table.volunteer("one").id]) == 0
        with pytest.raises(Closed):
            table.say("one", "again")


@pytest.mark.parametrize("known", [False, True])
def test_what_was_said_in_a_trial_goes_with_it(house: House, cast: Cast, known: bool) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.hide(table.answer(table.say("one")))
        for one in session.scalars(select(Assignment)):
            one.trial, one.gold = True, known
        table.project.state = "trial"
        session.flush()
        trials.discard_trial(session, table.project, house.clock())
        for what in (select(Comment.id), select(Move.id).where(Move.subject == "comment")):
            assert session.scalars(what).all() == []


# The museum answers --------------------------------------------------------------------------------------------------


def test_an_answer_is_unread_until_whoever_was_answered_has_seen_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        said = table.say("one")
        answer = table.answer(said, "It is an axe.", "the key")
        assert table.answer(said, "It is an axe.", "the key").id == answer.id
        one, two = ([table.volunteer(who).id] for who in ("one", "two"))
        assert (unread_count(session, one), unread_count(session, two)) == (1, 0)
        assert [found.task.item.id for found in unread_answers(session, one)] == [table.item.id]
        mark = marks_of(session, [table.sent("one")], one, house.clock().date())[table.task.id]
        assert (mark.count, mark.new) == (2, 1)
        assert table.thread("one").unread == [], "it waits until it is opened"
        assert table.opened("one").unread == [answer.id] and table.opened("two").unread == []
        comments.mark_seen(session, two, [answer.id])
        assert unread_count(session, one) == 1, "nobody marks what is for somebody else"
        comments.mark_seen(session, one, [answer.id])
        assert unread_count(session, one) == 0
        session.refresh(answer)
        assert answer.reading == "seen"
        with pytest.raises(Conflict):
            table.answer(answer, "an answer to an answer")


def test_a_colleague_who_is_named_is_told_and_a_volunteer_tells_nobody(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        said = table.say("one", "@Mia look at this")
        assert session.scalars(select(Notification)).all() == []
        table.answer(said, "@Mia knows more.")
        told = session.scalars(select(Notification)).one()
        assert (told.account_id, told.sort, told.path) == (
            cast.mia.id,
            "mentioned",
            f"/review/{table.record.public_id}",
        )
        assert session.scalar(select(func.count()).select_from(Membership)) == 3


def test_a_comment_stands_under_the_name_that_its_writer_chose_last(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        table = Table(session, house, cast)
        table.say("one")
        assert table.opened("two").rows[0].name == ""
        choose_credit(session, table.volunteer("one"), "alias", "Hedgehog", "")
        assert table.opened("two").rows[0].name == "Hedgehog"
        today = house.clock().date()
        assert overheard(session, table.record, today, True).rows[0].name == "Hedgehog"
        assert overheard(session, table.record, today, False).rows[0].name == "", "names sway: they are asked for"
        choose_credit(session, table.volunteer("one"), "none", "", "")
        assert table.opened("two").rows[0].name == ""
