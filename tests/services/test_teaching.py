"""The teaching loop: who learns what of a decision, and what reliability learns from it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Lesson, Notification, Project, Record, Scan, Setup, Volunteer
from micro.house import House
from micro.services import people
from micro.services.reviewing import Details, decide, undo
from micro.services.teaching import Judged, Taught, judged_answers, mark_seen, taught, unread_count
from tests.cast import FORM, Cast
from tests.services.reading import GOLD, decided, disputed, read, settle, tasks_of


def ids_of(session: Session, who: str) -> list[int]:
    return people.own_ids(session, people.known_volunteer(session, None, who))


def learned(session: Session, house: House, who: str) -> Taught:
    return taught(session, ids_of(session, who), 1, house.clock().date())


def unread(session: Session, house: House, who: str) -> int:
    return unread_count(session, ids_of(session, who), house.clock().date())


def corrected(session: Session, house: House, who: str) -> list[tuple[str, Any, Any]]:
    return [
        (field.name, row.lesson.said[field.name], row.lesson.stands[field.name])
        for row in learned(session, house, who).rows
        for field in row.fields
    ]


def test_whoever_wrote_something_else_learns_of_it_once_and_the_others_are_counted_right(
    house: House, cast: Cast
) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        assert (unread(session, house, "one"), learned(session, house, "one").judged) == (0, 0)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        assert (unread(session, house, "one"), unread(session, house, "two")) == (1, 0)
        assert corrected(session, house, "one") == [("material", {"value": "bronze"}, {"value": "gold"})]
        one, two = learned(session, house, "one"), learned(session, house, "two")
        assert (one.right, one.judged, one.whole, one.records) == (4, 5, 0, 1)
        assert (two.right, two.judged, two.whole, two.records) == (5, 5, 1, 1)
        assert two.rows == ()


def test_a_correction_is_unread_until_it_was_seen_and_anew_when_it_changes(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        seen = [row.lesson.id for row in learned(session, house, "one").rows]
        mark_seen(session, ids_of(session, "two"), seen)
        assert unread(session, house, "one") == 1, "somebody else cannot see it for them"
        mark_seen(session, ids_of(session, "one"), seen)
        assert unread(session, house, "one") == 0
        decided(session, house, record, cast.mia)
        assert unread(session, house, "one") == 0, "the same once more is nothing new"
        decided(session, house, record, cast.mia, "illegible", values={"object": {}})
        assert (unread(session, house, "one"), unread(session, house, "two")) == (1, 1)


def test_an_undo_takes_the_lesson_away_and_an_older_decision_brings_its_own_back(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        made = decided(session, house, record, cast.mia, "amend", values={"material": {"value": "bronze"}})
        assert (corrected(session, house, "one"), unread(session, house, "two")) == ([], 1)
        undo(session, made.public_id, cast.mia.id, house.clock())
        assert (len(corrected(session, house, "one")), corrected(session, house, "two")) == (1, [])
        decided(session, house, record, cast.mia, "reject")
        assert (unread(session, house, "one"), unread(session, house, "two")) == (0, 0)


def test_an_answer_that_comes_after_the_decision_is_compared_too(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        read(session, house, tasks_of(session, record.item)[0], "late", object={"value": "Palstave"}, **GOLD)
        settle(session, house, record.project)
        assert record.state == "decided"
        assert corrected(session, house, "late") == [("object", {"value": "Palstave"}, {"value": "Socketed axe"})]


def test_what_is_not_for_publication_or_taken_down_or_switched_off_is_not_shown(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values={**GOLD, "object": {"value": "Sword"}})
        project, scan = session.get_one(Project, record.project_id), session.scalars(select(Scan)).one()
        assert [name for name, *_ in corrected(session, house, "two")] == ["object"]
        for state in ("withdrawn", "erased"):
            scan.state = state
            session.flush()
            assert (corrected(session, house, "one"), unread(session, house, "one")) == ([], 0)
        scan.state, project.teaching = "shown", False
        session.flush()
        assert (corrected(session, house, "one"), unread(session, house, "one")) == ([], 0)
        project.teaching = True
        fields = [{**field, "publish": "never"} if field["name"] == "object" else field for field in FORM["fields"]]
        body, now = {**FORM, "fields": fields}, house.clock()
        session.add(
            Setup(project_id=project.id, version=2, kind="transcribe", kind_version=1, body=body, created_at=now)
        )
        session.flush()
        assert [name for name, *_ in corrected(session, house, "one")] == ["material"]
        assert (unread(session, house, "two"), learned(session, house, "two").judged) == (0, 4)


def test_reliability_gets_one_row_for_each_person_and_field_of_what_was_looked_at(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        assert list(judged_answers(session, record.project_id)) == []
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        rows = list(judged_answers(session, record.project_id))
        assert len(rows) == 4 * 5
        one, two = (ids_of(session, who)[0] for who in ("one", "two"))
        assert Judged(one, "material", False) in rows and Judged(two, "material", True) in rows
        assert sum(not row.right for row in rows) == 2
        decided(session, house, record, cast.mia, "flag")
        assert list(judged_answers(session, record.project_id)) == []


def test_who_claimed_their_answers_learns_of_them_with_the_account(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        ada = people.volunteer_of_account(session, cast.ada.id, house.clock())
        session.scalars(select(Volunteer).where(Volunteer.id.in_(ids_of(session, "one")))).one().claimed_by_id = ada.id
        session.flush()
        mine = people.own_ids(session, ada)
        assert unread_count(session, mine, house.clock().date()) == 1


def test_settling_again_teaches_nothing_new(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        before = [(one.id, one.state, one.at) for one in session.scalars(select(Lesson).order_by(Lesson.id))]
        house.clock.pass_(days=1)  # type: ignore[attr-defined]
        for task in tasks_of(session, record.item):
            task.unsettled = True
        settle(session, house, record.project)
        assert [(one.id, one.state, one.at) for one in session.scalars(select(Lesson).order_by(Lesson.id))] == before


def test_a_colleague_is_told_of_a_record_in_their_hands_and_of_their_name_in_a_reason(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)

        def say(action: str, reason: str = "", **details: Any) -> None:
            decide(session, record.public_id, cast.ben.id, action, record.revision, None, reason, house.clock(),
                   Details(**details))  # fmt: skip

        say("hand", to=cast.mia.public_id)
        say("flag", "Is this gold, @Mia?")
        say("return", question="Ask @mia too")
        told = session.execute(select(Notification.sort, Notification.account_id).order_by(Notification.id)).all()
        assert [tuple(row) for row in told] == [(sort, cast.mia.id) for sort in ("assigned", "mentioned", "mentioned")]
        assert session.get_one(Record, record.id).question == "Ask @mia too"


def test_nobody_learns_of_a_card_that_they_did_not_read(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        people.volunteer_of_cookie(session, "stranger", house.clock())
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        assert (unread(session, house, "stranger"), learned(session, house, "stranger").records) == (0, 0)
        assert taught(session, [], 1, house.clock().date()).rows == ()
