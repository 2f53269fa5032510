"""One simulation from the first card to the second release."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from micro import supervise
from micro.config import Settings
from micro.core import terms
from micro.core.fields import field_from_setup, parse_said
from micro.data.migrations import migrate
from micro.data.models import Collection, Institution
from micro.demo import drawer, seed
from micro.errors import OutsideFailed
from micro.house import House, open_house
from micro.services import accounts, cutting, intake, projects, releases
from micro.simulation import desk, scoring
from micro.simulation.browser import Browser
from micro.simulation.crowd import Crowd, Truths, Volunteer
from micro.simulation.people import Habits, everybody
from micro.simulation.place import own_settings, put_into_environment

SLUG, LANGUAGE = "simulation", "en"
PASSWORD = "micro-simulation-2026"  # The accounts live in the simulation's own folder, on 127.0.0.1.
REVIEWER_ERRORS = 0.01
MIN_ANSWERS, MAX_ANSWERS, TARGET = 2, 3, 0.6
LOOK_S = 0.1
INTERRUPTED = 128 + signal.SIGINT


@dataclass(frozen=True)
class Plan:
    """How many volunteers answer (3 or more), about how many cards, and where all chance comes from."""

    volunteers: int
    cards: int
    seed: int


@dataclass(frozen=True)
class Staff:
    """What making the project left: its id, and the keys of those volunteers who use one."""

    project_id: int
    keys: dict[str, str]


def run(settings: Settings, plan: Plan, started: float) -> int:
    """Runs a whole simulation in ``simulation`` of the data folder and prints how right its records are.

    ``started`` is when the command began, on time.monotonic(). Returns the exit code, that of an interrupted command
    when somebody stopped it; everything that was started has stopped by then. Raises BadSetting when the folder cannot
    be used.
    """
    own = own_settings(settings)
    put_into_environment(own)
    staff: list[Staff] = []
    finished = False

    def prepare() -> None:
        house = open_house(own)
        migrate(house.database)
        with house.database.writing() as session:
            staff.append(_make_project(session, house, plan))

    def work() -> int:
        nonlocal finished
        _Simulation(open_house(own), plan, staff[0]).run(started)
        finished = True
        return 0

    click.echo(f"{plan.volunteers} volunteers read {plan.cards} cards; data in {own.folder}")
    code = supervise.run(own, prepare=prepare, ready=lambda: None, work=work)
    return code or (0 if finished else INTERRUPTED)


def way_of(number: int, who: Habits) -> str:
    """How a volunteer comes, by number from 0: with a key, signed in, or as a visitor with a cookie, in turn."""
    return "visitor" if who.is_vandal else ("key", "session", "visitor")[number % 3]


def _make_project(session: Session, house: House, plan: Plan) -> Staff:
    now = house.clock()
    institution = Institution(slug="simulated-museum", name="The simulated museum", accent="harrowby", created_at=now)
    collection = Collection(institution=institution, name="Catalogue of finds", created_at=now)
    session.add_all([institution, collection])
    session.flush()
    texts = {"en": {"title": "A simulated drawer", "lead": "Cards that are read by simulated people.", "about": ""}}
    # One person fewer than there are, so that somebody is left to be asked about a record that was returned.
    project = projects.make_project(
        session,
        collection,
        SLUG,
        texts,
        seed.FORM,
        now,
        content_language=LANGUAGE,
        min_answers=MIN_ANSWERS,
        max_answers=min(MAX_ANSWERS, plan.volunteers - 1),
        target_confidence=TARGET,
    )
    cutting.set_way(session, project, seed.cutting_template())
    for role in ("reviewer", "manager"):
        account = accounts.create_account(session, f"{role}@example.org", role.title(), PASSWORD, now, house.passwords)
        accounts.give_role(session, account, institution, role, now)
    keys = {}
    for number, who in enumerate(everybody(plan.volunteers)):
        if (way := way_of(number, who)) != "visitor":
            account = accounts.create_account(
                session, f"{who.name}@example.org", who.name, PASSWORD, now, house.passwords
            )
            if way == "key":
                keys[who.name] = accounts.make_key(session, account.id)
    return Staff(project.id, keys)


class _Simulation:
    """The parts of one simulation, in the order of :meth:`run`."""

    def __init__(self, house: House, plan: Plan, staff: Staff) -> None:
        self.house, self.plan, self.staff = house, plan, staff
        self.fields: list[dict[str, Any]] = []

    def run(self, started: float) -> None:
        truths = self._draw()
        self._take_in()
        manager = desk.Manager(self._signed_in("manager"), SLUG)
        manager.open_project()
        crowd = self._crowd(truths)
        self._answer(crowd, "volunteers answer")
        with _waiting("release 1, before the review"):
            before = scoring.score(manager.publish("Before the review.", lambda: None), truths, self.fields)
        reviewer = self._review(crowd, truths)
        with _waiting("release 2, after the review"):
            records = manager.publish("After the review.", lambda: None)
        after = scoring.score(records, truths, self.fields)
        self._tell(crowd, reviewer, before, after, len(records), started)

    def _draw(self) -> Truths:
        """Draws the cards and returns what stands on them, as micro would write it down."""
        folder = self.house.settings.folder / "cards"
        problems: list[Exception] = []

        def draw() -> None:
            try:
                drawer.write_drawer(folder, self.plan.cards, LANGUAGE, self.plan.seed)
            except Exception as problem:  # noqa: BLE001 - raised again where somebody waits for it
                problems.append(problem)

        artist = threading.Thread(target=draw, daemon=True)  # A simulation that is stopped does not wait for it.
        artist.start()
        _show("cards are drawn", self.plan.cards, lambda: len(list(folder.glob("*.jpg"))), artist.is_alive)
        if problems:
            raise problems[0]
        asked = [field_from_setup(body) for body in seed.FORM["fields"]]
        return {
            card.identifier: {field.name: parse_said(field, card.fields[field.name]) for field in asked}
            for card in drawer.read_truth(folder).values()
        }

    def _take_in(self) -> None:
        with self.house.database.writing() as session:
            project = projects.project_named(session, SLUG)
            folder = self.house.settings.folder / "cards"
            delivery = intake.deliver_folder(session, project, folder, self.house.clock()).id
        self.house.queue.take_in(delivery)
        progress = intake.Progress(0, self.plan.cards, 0, (), ())

        def done() -> int:
            nonlocal progress
            with self.house.database.reading() as session:
                progress = intake.progress_of(session, intake.delivery(session, delivery))
            return progress.total - progress.waiting

        _show("scans are taken in", self.plan.cards, done, lambda: progress.waiting > 0)
        if progress.taken != self.plan.cards:
            raise OutsideFailed(
                "%(taken)s of %(cards)s cards were taken in.", taken=progress.taken, cards=self.plan.cards
            )

    def _browser(self, key: str = "") -> Browser:
        settings = self.house.settings
        return Browser(settings.host, settings.port, {"Authorization": f"Bearer {key}"} if key else {})

    def _signed_in(self, name: str) -> Browser:
        browser = self._browser()
        desk.sign_in(browser, f"{name}@example.org", PASSWORD)
        return browser

    def _crowd(self, truths: Truths) -> Crowd:
        """Everybody with their key, session or cookie."""
        volunteers = []
        for number, who in enumerate(everybody(self.plan.volunteers)):
            by_session = way_of(number, who) == "session"
            browser = self._signed_in(who.name) if by_session else self._browser(self.staff.keys.get(who.name, ""))
            # The form comes from here, and the cookie of those who have neither key nor session.
            _, found = browser.api("GET", f"/api/v1/projects/{SLUG}")
            self.fields = found["fields"]
            volunteers.append(Volunteer(who, browser, terms.VERSION))
        return Crowd(volunteers, SLUG, truths, self.plan.seed, self.house.database, self.staff.project_id)

    def _answer(self, crowd: Crowd, label: str) -> None:
        with click.progressbar(length=self.plan.cards, label=label) as bar:
            crowd.answer_everything(lambda: bar.update(self._done() - bar.pos))
            bar.update(self._done() - bar.pos)

    def _done(self) -> int:
        with self.house.database.reading() as session:
            return projects.progress_of(session, self.staff.project_id).done

    def _review(self, crowd: Crowd, truths: Truths) -> desk.Reviewer:
        titles = {identifier: drawer.TITLES[LANGUAGE].format(identifier) for identifier in truths}
        reviewer = desk.Reviewer(
            self._signed_in("reviewer"), self.fields, desk.everything(truths, titles), REVIEWER_ERRORS, self.plan.seed
        )
        returned = -1
        while len(reviewer.returned) > returned:
            returned = len(reviewer.returned)
            with self.house.database.reading() as session:
                waiting = projects.progress_of(session, self.staff.project_id).waiting_for_review
            with click.progressbar(length=waiting, label="the reviewer decides") as bar:
                while addresses := reviewer.waiting(SLUG):
                    for address in addresses:
                        reviewer.decide(address)
                        bar.update(1)
            if len(reviewer.returned) > returned:
                self._answer(crowd, "volunteers answer what was returned")
        return reviewer

    def _tell(
        self,
        crowd: Crowd,
        reviewer: desk.Reviewer,
        before: scoring.Score,
        after: scoring.Score,
        records: int,
        started: float,
    ) -> None:
        done = reviewer.decisions
        place = self._place_of_release()
        click.echo(
            f"\n{crowd.answers} answers, {crowd.in_vain} of them asked in vain; the reviewer accepted "
            f"{done['accept']}, amended {done['amend']}, returned {done['return']}\n"
        )
        for line in scoring.table(before, after):
            click.echo(line)
        click.echo(f"\nthe release's files: {place}")
        click.echo(
            json.dumps(
                {
                    "records": records,
                    "answers": crowd.answers,
                    "asked_in_vain": crowd.in_vain,
                    "exact_before_review": round(before.share(), 4),
                    "exact_after_review": round(after.share(), 4),
                    "seconds": round(time.monotonic() - started, 1),
                    "release": str(place),
                }
            )
        )

    def _place_of_release(self) -> Path:
        with self.house.database.reading() as session:
            newest = releases.releases_of(session, projects.project_named(session, SLUG))[0]
            return self.house.settings.folder / "files" / str((newest.manifest or {})["folder"])


def _show(label: str, total: int, done: Callable[[], int], goes_on: Callable[[], bool]) -> None:
    """A progress bar of something that happens elsewhere, until it does not go on."""
    with click.progressbar(length=total, label=label) as bar:
        while goes_on():
            bar.update(done() - bar.pos)
            time.sleep(LOOK_S)
        bar.update(done() - bar.pos)


@contextmanager
def _waiting(label: str) -> Iterator[None]:
    """A bar of one step, for what is short."""
    with click.progressbar(length=1, label=label) as bar:
        yield
        bar.update(1)
