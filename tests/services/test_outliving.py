"""A person's word outlives whatever is recomputed: random sequences beside a small model of what has to stand.

The steps are those of a project's life: answers, decisions of reviewers, recomputations by a newer engine, other
settings, volunteers set aside and counted again, undos, reverts and releases. After each, product and model agree on
what stands and on how many versions and decisions there are; the whole history is compared every few steps and at the
end of each run. On SQLite and on PostgreSQL.
"""

from __future__ import annotations

import csv
import io
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select

from micro import jobs
from micro.config import Settings
from micro.core.consensus import merge
from micro.core.consensus.keys import key_of
from micro.core.consensus.outcome import Outcome
from micro.core.fields import Field, Said
from micro.data.models import Account, Base, Decision, Item, Project, Record
from micro.errors import BadAnswer, Conflict, MicroError, NotAllowed
from micro.house import House, open_house
from micro.kinds import kind_named
from micro.services import people, releases, setting_aside, settling
from micro.services.review.history import history
from micro.services.reviewing import Details, decide, undo
from micro.services.settling import Engine
from tests.cast import CUTTING, FORM, Cast, add_cards, make_cast, make_project
from tests.conftest import POSTGRES, Clock
from tests.services.outliving_sight import Sight, moves_of, seen_now, versions_after
from tests.services.reading import read, tasks_of

STEPS = int(os.environ.get("MICRO_OUTLIVING_STEPS", "10000"))
ON_POSTGRES = 0.2  # Of the steps; where no server is named, SQLite has them all.
STEPS_A_RUN = 100
WHOLE_HISTORY_EVERY = 10
OBJECTS = ("Axe", "Sword", "Palstave")
MATERIALS = ("bronze", "gold")
READERS = ("one", "two", "three", "four", "five")
FIELDS = {one.name: one for one in kind_named("transcribe").fields(FORM)}
STEPS_THAT_OCCUR = {
    *("answer", "recompute", "engine", "settings", "aside", "four eyes", "accept", "amend", "illegible", "revert"),
    *("reject", "return", "flag", "stale", "undo", "undo refused", "release", "revert refused"),
}
WORDS = ("accept", "amend", "illegible", "revert", "reject")


def plain(asked: Field, answers: Any, reliabilities: Any = None) -> Outcome:
    """An engine to which everybody is alike, as to the model."""
    return merge(asked, answers)


def stubborn(asked: Field, answers: Any, reliabilities: Any = None) -> Outcome:
    """Another engine, which believes what the fewest said."""
    outcome = merge(asked, answers)
    fewest = outcome.evidence[-1]["said"] if outcome.evidence else {}
    return Outcome(dict(fewest), outcome.confidence, outcome.evidence, tied=False)


ENGINES = (Engine("first-1", plain), Engine("same-2", plain), Engine("stubborn-3", stubborn))


@dataclass(frozen=True)
class Belief:
    """What the model holds true of the record: a person's word or None, and where the record stands by it.

    ``standing``: none (the engine is believed), decided, rejected, second, flagged, changed. ``seen`` is what the
    engine had proposed when the word was given.
    """

    standing: str = "none"
    word: Mapping[str, Said] | None = None
    seen: Mapping[str, Said] = field(default_factory=dict)


@pytest.fixture
def lasting(tmp_path: Path, tables_url: str) -> Iterator[House]:
    """An open house for thousands of steps: what a power cut would lose is no matter here, so nothing waits for it."""
    clock = Clock(datetime(2026, 3, 1, tzinfo=UTC))
    settings = Settings(data_folder=tmp_path, database_url=tables_url, secret_key="for tests only").checked()
    opened = open_house(settings, clock)
    engine = opened.database.engine
    event.listen(engine, "connect", _is_careless)
    if opened.database.is_sqlite:
        Base.metadata.create_all(engine)
    yield opened
    engine.dispose()


def _is_careless(connection: Any, _: Any) -> None:
    is_sqlite = isinstance(connection, sqlite3.Connection)
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF" if is_sqlite else "SET synchronous_commit = off")
    cursor.close()
    connection.commit()


class Outliving(RuleBasedStateMachine):
    """One card of a project of its own, five readers, three reviewers."""

    house: House
    cast: Cast
    numbers = count(1)
    made: Counter[str] = Counter()

    @initialize()
    def open_a_project(self) -> None:
        self.clock: Any = self.house.clock
        number = next(Outliving.numbers)
        with self.house.database.writing() as session:
            project = make_project(
                session, session.merge(self.cast.collection), self.clock(), f"run-{number}", cutting=CUTTING
            )
            add_cards(session, self.house, project, 1)
            self.project_id = project.id
            self.item_id = session.scalars(select(Item.id).where(Item.project_id == project.id)).one()
        self.answers: dict[str, Mapping[str, Said]] = {}
        self.aside: set[str] = set()
        self.restored: set[str] = set()
        self.belief, self.proposed = Belief(), dict[str, Said]()
        self.versions: dict[int, Any] = {}
        self.decisions = 0
        self.undoable: tuple[str, int, Belief, int] | None = None
        self.behind, self.engine, self.four_eyes = False, ENGINES[0], False
        self.released: list[tuple[str, str]] = []
        self.sight: Sight | None = None
        self.last_step = ""
        self.compared = 0
        for who, material in zip(READERS[:2], MATERIALS, strict=True):
            self._answer(who, "Axe", material)
        self._settle()

    # --- the steps ---------------------------------------------------------------------------------------------------

    @rule(who=st.sampled_from(READERS), thing=st.sampled_from(OBJECTS), material=st.sampled_from(MATERIALS))
    def answer(self, who: str, thing: str, material: str) -> None:
        self._answer(who, thing, material)
        self._step("answer")

    def _answer(self, who: str, thing: str, material: str) -> None:
        said = {"object": {"value": thing}, "material": {"value": material}}
        with self._writing() as session:
            item = session.get_one(Item, self.item_id)
            given = read(session, self.house, tasks_of(session, item)[0], f"{self.project_id}-{who}", **said)
            self.answers[who] = given.value
        self.behind = True

    @precondition(lambda self: self.behind)
    @rule()
    def recompute(self) -> None:
        """The job runs: what waits is settled."""
        self._settle()
        self._step("recompute")

    @rule(engine=st.sampled_from(ENGINES))
    def newer_engine(self, engine: Engine) -> None:
        self.engine = engine
        with self._writing() as session:
            settling.settle_anew(session, self.project_id)
        self.behind = self.behind or bool(self.answers)
        self._settle()
        self._step("engine")

    @rule(least=st.integers(1, 3), more=st.integers(0, 3), sure=st.sampled_from([0.5, 0.8, 0.97]))
    def other_settings(self, least: int, more: int, sure: float) -> None:
        with self._writing() as session:
            project = session.get_one(Project, self.project_id)
            project.min_answers, project.max_answers, project.target_confidence = least, least + more, sure
            settling.settle_anew(session, self.project_id)
        self.behind = self.behind or bool(self.answers)
        self._settle()
        self._step("settings")

    @rule(who=st.sampled_from(READERS))
    def set_aside_or_count_again(self, who: str) -> None:
        who = who if who in self.answers else READERS[0]
        with self._writing() as session:
            project = session.get_one(Project, self.project_id)
            volunteer = people.volunteer_of_cookie(session, f"{self.project_id}-{who}", self.clock())
            if who in self.aside:
                setting_aside.count_again(session, project, volunteer, None, "", self.clock())
                self.aside.remove(who)
                self.restored.add(who)
            else:
                setting_aside.set_aside(session, project, volunteer, None, "a test", self.clock())
                self.aside.add(who)
                self.restored.discard(who)
        self.behind = True
        self._step("aside")

    @precondition(lambda self: self.last_step != "four eyes")
    @rule()
    def want_four_eyes_or_not(self) -> None:
        on = not self.four_eyes
        with self._writing() as session:
            session.get_one(Project, self.project_id).four_eyes = on
        self.four_eyes = on
        self._step("four eyes")

    @rule(who=st.sampled_from(["ben", "mia", "nora"]))
    def accept(self, who: str) -> None:
        self._decide(who, "accept", None, lambda word: word)

    @rule(who=st.sampled_from(["ben", "mia"]), thing=st.sampled_from(OBJECTS))
    def amend(self, who: str, thing: str) -> None:
        said: dict[str, Said] = {"object": {"value": thing}}
        self._decide(who, "amend", said, lambda word: {**word, **said})

    @rule(who=st.sampled_from(["ben", "mia"]))
    def illegible(self, who: str) -> None:
        self._decide(who, "illegible", {"material": {}}, lambda word: {**word, "material": {"mark": "illegible"}})

    @rule(who=st.sampled_from(["ben", "mia"]), back=st.integers(1, 5))
    def revert(self, who: str, back: int) -> None:
        number = max(1, len(self.versions) - back)
        self._decide(who, "revert", None, lambda _: self.versions[number], version=number)

    @rule(who=st.sampled_from(["ben", "mia"]), action=st.sampled_from(["reject", "return", "flag"]))
    def say_where_it_goes(self, who: str, action: str) -> None:
        self._decide(who, action, None, None)

    @precondition(lambda self: self.last_step != "stale")
    @rule()
    def decide_on_an_old_sight(self) -> None:
        public_id, old = self._seen().public_id, self._seen().revision - 1
        with pytest.raises((Conflict, NotAllowed)), self._writing() as session:
            decide(session, public_id, self.cast.cleo.id, "accept", old, None, "", self.clock())
        self._step("stale")

    @precondition(lambda self: self.undoable is not None)
    @rule()
    def undo_the_newest(self) -> None:
        assert self.undoable is not None
        decision, who, before, revision = self.undoable
        if self._seen().revision != revision:
            with pytest.raises(Conflict), self._writing() as session:
                undo(session, decision, who, self.clock())
            self.undoable = None
            self._step("undo refused")
            return
        with self._writing() as session:
            undo(session, decision, who, self.clock())
        self.belief, self.undoable, self.behind = before, None, True
        self.decisions += 1
        self._step("undo")

    @precondition(lambda self: self.belief.standing in ("decided", "changed", "rejected") and len(self.released) < 2)
    @rule()
    def release(self) -> None:
        if self.belief.standing == "rejected":  # There is nothing else in the project.
            with pytest.raises(BadAnswer), self._writing() as session:
                releases.start_release(session, session.get_one(Project, self.project_id), None, "", self.clock())
            self._step("nothing to release")
            return
        with self._writing() as session:
            project = session.get_one(Project, self.project_id)
            made = releases.start_release(session, project, None, "", self.clock())
            release_id, public_id = made.id, made.public_id
        jobs.write_release(self.house, release_id)
        text = self._released_text(public_id)
        self.released.append((public_id, text))
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        said = (self.belief.word or {}).get("object", {})
        assert [(row["state"], row["object"]) for row in rows] == [("checked", said.get("value", ""))]
        self._step("release")

    # --- what the model does with them -------------------------------------------------------------------------------

    def _decide(
        self,
        who: str,
        action: str,
        values: Any,
        says: Callable[[Mapping[str, Said]], Mapping[str, Said]] | None,
        version: int = 0,
    ) -> None:
        self.clock.pass_(seconds=1)
        account: Account = getattr(self.cast, who)
        seen, before, details = self._seen(), self.belief, Details(version=version)
        public_id, revision = seen.public_id, seen.revision
        expected = self._after(seen, account.id, action, says, version)
        if expected is None:
            with pytest.raises(MicroError), self._writing() as session:
                decide(session, public_id, account.id, action, revision, values, "", self.clock(), details)
            self._step(f"{action} refused")
            return
        with self._writing() as session:
            made = decide(session, public_id, account.id, action, revision, values, "", self.clock(), details)
            self.undoable = made.public_id, account.id, before, revision + 1
        self.belief = expected
        self.decisions += 1
        self._step(action)

    def _after(
        self,
        seen: Sight,
        who: int,
        action: str,
        says: Callable[[Mapping[str, Said]], Mapping[str, Said]] | None,
        version: int,
    ) -> Belief | None:
        """What the model believes after a decision; None where it has to be refused."""
        belief = self.belief
        if (seen.state, action) in (("open", "return"), ("rejected", "reject")):
            return None
        if action == "revert" and version == seen.current:
            return None
        if action == "flag":
            return replace(belief, standing="flagged")
        if action == "return":
            return Belief()
        word = None if says is None else says(seen.said)
        same = action != "revert" and (says is None or word == seen.said)
        first = self._first_word(seen) if belief.standing == "second" and self.four_eyes else None
        if first is not None:
            confirms = same and (first.action == "reject") == (action == "reject")
            if confirms and first.account_id == who:
                return None
        else:
            confirms = not self.four_eyes
        standing = "second" if not confirms else "rejected" if action == "reject" else "decided"
        if word is None:
            return replace(belief, standing=standing)
        return Belief(standing, word, self.proposed)

    def _settle(self) -> None:
        self.clock.pass_(seconds=1)
        with self._writing() as session:
            settling.settle_some(session, self.project_id, self.clock(), engine=self.engine)
        if not self.behind:
            return
        self.behind = False
        counted = [said for who, said in self.answers.items() if who not in self.aside]
        outcome: dict[str, Said] = {
            name: dict(self.engine.merge(one, [said[name] for said in counted if name in said]).said)
            for name, one in FIELDS.items()
        }
        self._compare_with_the_word(outcome)
        self.proposed = outcome

    def _compare_with_the_word(self, outcome: Mapping[str, Said]) -> None:
        belief, keys = self.belief, _keys(outcome)
        if belief.word is None:
            return
        is_news = keys not in (_keys(belief.word), _keys(self.proposed))
        if belief.standing in ("decided", "second") and is_news:
            self.belief = belief = replace(belief, standing="changed")
        if belief.standing == "changed" and self.restored & set(self.answers) and keys == _keys(belief.seen):
            self.belief = replace(belief, standing="decided")

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def product_and_model_agree(self) -> None:
        if not hasattr(self, "sight"):
            return
        self.sight = now = seen_now(self.house, self.item_id)
        self._the_last_human_word_stands(now)
        if now.versions > len(self.versions):
            self.versions |= versions_after(self.house, now.record_id, len(self.versions))
        assert (now.versions, now.decisions) == (len(self.versions), self.decisions)
        self.compared += 1
        if self.compared % WHOLE_HISTORY_EVERY == 0:
            self._the_history_is_complete_and_unchanged(now)

    def _the_last_human_word_stands(self, now: Sight) -> None:
        shown = "none" if now.state in ("open", "settled") else now.state
        if now.state == "review":
            shown = {"evidence_changed": "changed"}.get(now.reason, now.reason)
            shown = "none" if shown in ("conflict", "contentious") else shown
        assert shown == self.belief.standing
        if self.belief.word is not None:
            assert (now.made_by, now.said) == ("decision", self.belief.word)
        elif self.belief.standing in ("none", "flagged"):
            assert now.current == now.proposed

    def _the_history_is_complete_and_unchanged(self, now: Sight) -> None:
        assert list(self.versions) == list(range(1, len(self.versions) + 1))
        assert versions_after(self.house, now.record_id, 0) == self.versions
        at = "open"
        for from_state, to_state in moves_of(self.house, now.record_id):
            assert from_state == at
            at = to_state
        assert at == now.state

    def teardown(self) -> None:
        """At the end of a run: what was released is what it was, and the history tells of everything."""
        if getattr(self, "sight", None) is None:
            return
        self._the_history_is_complete_and_unchanged(self._seen())
        for public_id, text in self.released:
            assert self._released_text(public_id) == text
        with self._reading() as session:
            told = [event.what for event in history(session, session.get_one(Record, self._seen().record_id))]
            assert (told.count("version"), told.count("decision")) == (len(self.versions), self.decisions)

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _writing(self) -> Any:
        return self.house.database.writing()

    def _reading(self) -> Any:
        return self.house.database.reading()

    def _seen(self) -> Sight:
        """The record as the newest look found it: nothing happened since."""
        assert self.sight is not None
        return self.sight

    def _first_word(self, seen: Sight) -> Decision | None:
        """The newest decision that says what the record is and was not taken back."""
        with self._reading() as session:
            query = select(Decision).where(Decision.record_id == seen.record_id).order_by(Decision.id.desc())
            found = session.scalars(query).all()
        undone = {(one.before or {}).get("undoes") for one in found}
        return next((one for one in found if one.action in WORDS and one.public_id not in undone), None)

    def _released_text(self, public_id: str) -> str:
        keys = self.house.storage.keys(f"releases/{public_id}/")
        return self.house.storage.get(next(key for key in keys if key.endswith("records.csv"))).decode("utf-8")

    def _step(self, kind: str) -> None:
        Outliving.made[kind] += 1
        self.last_step = kind  # Twice in a row some steps would prove nothing new.


def _keys(outcome: Mapping[str, Said]) -> dict[str, str | None]:
    return {name: key_of(FIELDS[name], said) for name, said in outcome.items()}


def steps_of(house: House) -> int:
    """How many of the steps are made on this database."""
    on_postgres = round(STEPS * ON_POSTGRES) if POSTGRES else 0
    return STEPS - on_postgres if house.database.is_sqlite else on_postgres


def test_a_persons_word_outlives_every_recomputation(lasting: House) -> None:
    with lasting.database.writing() as session:
        Outliving.house, Outliving.cast = lasting, make_cast(session, lasting)
    Outliving.numbers, Outliving.made, wanted = count(1), Counter(), steps_of(lasting)
    while (left := wanted - Outliving.made.total()) > 0:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Outliving,
            settings=settings(
                max_examples=-(-left // STEPS_A_RUN),
                stateful_step_count=STEPS_A_RUN,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                phases=[Phase.generate],
                print_blob=True,
            ),
        )
    print(f"\n{Outliving.made.total()} steps in {next(Outliving.numbers) - 1} projects: {dict(Outliving.made)}")
    assert sum(Outliving.made.values()) >= wanted
    if wanted >= 5000:  # In fewer, what is rare may not come up by chance.
        assert set(Outliving.made) >= STEPS_THAT_OCCUR
