"""The progress page: for nothing, for one answer, for many; its charts, tables, files and the limit of the queue."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from micro.core.forecast import Forecast
from micro.data.models import Account, Project, Scan, Setup
from micro.house import House
from micro.services import assignments, people, settling
from micro.services.answers import give_answer
from micro.services.assignments import LendingRule
from micro.web.charts import bar_chart, curve_chart, dots_chart, mean_line, row_chart
from micro.web.desk.progress import cell
from micro.web.desk.progress_figures import FIGURES
from tests.cast import Cast, add_cards, good_answer, signed_in
from tests.conftest import Clock

PAGE = "/desk/finds/progress"


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def read(house: House, cast: Cast, who: Account, times: int = 5) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        volunteer = people.volunteer_of_account(session, who.id, house.clock())
        for number in range(times):
            lent = assignments.lend_task(session, project, volunteer, house.clock(), LendingRule(600, 5))
            if lent is not None:
                give_answer(session, lent, good_answer(), f"{number}", house.clock())
        settling.settle_some(session, project.id, house.clock())


def rows(client: FlaskClient, figure: str) -> list[dict[str, str]]:
    answer = client.get(f"{PAGE}/{figure}.csv")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    assert f"finds-{figure}.csv" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_an_empty_project_says_so_and_every_file_has_its_header(mia: FlaskClient) -> None:
    page = mia.get(PAGE)
    assert page.status_code == 200 and "Nothing to read yet" in page.text
    for figure in FIGURES:
        text = mia.get(f"{PAGE}/{figure}.csv").data.decode("utf-8-sig")
        assert "," in text.splitlines()[0] and "nan" not in text
    assert mia.get(f"{PAGE}/nothing.csv").status_code == 404


def test_one_answer_makes_a_page(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 1)
    assert "Nobody has answered yet" in mia.get(PAGE).text
    read(house, cast, cast.ada, 1)
    page = mia.get(PAGE)
    assert page.status_code == 200 and "Too early to say" in page.text
    assert rows(mia, "answers")[-1] == {"day": "2026-03-01", "answers": "1", "people": "1"}


def test_a_week_of_answers_makes_a_forecast_and_figures(
    house: House, cast: Cast, clock: Clock, mia: FlaskClient
) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 40)
    for _ in range(8):
        read(house, cast, cast.ada, 3)
        read(house, cast, cast.cleo, 2)
        clock.pass_(days=1)
    page = mia.get(PAGE).text
    assert "On course for" in page and "8 times in 10 between" in page
    assert 'class="band"' in page and 'class="trend trend--guess"' in page
    told = {row["what"]: row for row in rows(mia, "forecast")}
    days = [date.fromisoformat(told[f"forecast, {which}"]["day"]) for which in ("earliest", "expected", "latest")]
    assert days == sorted(days) and days[0] > clock.now.date() - timedelta(days=1)
    agreed = {row["field"]: row for row in rows(mia, "agreement")}
    assert float(agreed["Object"]["agreed"]) == 1 and int(agreed["Object"]["n"]) > 0
    assert float(agreed["Object"]["agreed_low"]) < 1


def test_every_drawing_has_a_title_a_description_a_table_and_a_file(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 3)
    read(house, cast, cast.ada)
    read(house, cast, cast.cleo)
    page = mia.get(PAGE).text
    figures = re.findall(r'<figure class="chart".*?</figure>', page, re.S)
    assert len(figures) == len(FIGURES)
    for figure in figures:
        assert re.search(r'href="[^"]+\.csv"', figure)
        if "<svg viewBox" in figure.replace('class="icon" viewBox', ""):
            assert re.search(
                r"<svg viewBox[^>]*role=\"img\"[^>]*><title id=[^>]*>[^<]+</title><desc>[^<]+</desc>", figure
            )
            assert "<table" in figure and "As a table" in figure


def test_a_name_that_is_a_formula_is_none_in_the_file_and_no_markup_on_the_page(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 1)
        session.query(Scan).one().title = "=cmd|' /C calc'!A0<script>"
    read(house, cast, cast.ada)
    read(house, cast, cast.cleo)
    assert rows(mia, "pages")[0]["scan"] == "'=cmd|' /C calc'!A0<script>"
    assert "calc&#39;!A0&lt;script&gt;" in mia.get(PAGE).text


def test_a_long_label_is_shortened_in_the_drawing_and_whole_in_the_table(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    label = "The place in which it was found, as the finder told it to the curator of that time"
    with house.database.writing() as session:
        setup = session.query(Setup).one()
        setup.body = {"fields": [{**one, "label": {"en": label}} for one in setup.body["fields"]]}
        add_cards(session, house, session.get_one(Project, cast.project.id), 1)
    for who in (cast.ada, cast.ben):
        read(house, cast, who)
    page = mia.get(PAGE).text
    drawn = [words for words in re.findall(r'<text x="0"[^>]*>([^<]*)</text>', page) if words.startswith("The place")]
    assert drawn and all(len(words) <= 50 and words.endswith("…") for words in drawn)
    assert f"<bdi>{label}</bdi>" in page


def test_dates_are_those_of_the_readers_language(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 1)
    read(house, cast, cast.ada)
    mia.post("/language", data={"language": "fr"})
    assert "1 mars 2026" in mia.get(PAGE).text
    assert rows(mia, "answers")[-1]["day"] == "2026-03-01"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ("-1", "'-1"),
        (-1, "-1"),
        (0.5, "0.5"),
        (1.0, "1"),
        (1 / 3, "0.3333"),
        (date(2026, 3, 1), "2026-03-01"),
    ],
)
def test_cells_are_for_programs_and_only_text_can_be_a_formula(value: object, written: str) -> None:
    assert cell(value) == written


def test_the_limit_is_set_kept_and_taken_away(mia: FlaskClient) -> None:
    assert mia.post("/desk/finds/limit", data={"most": "25"}).status_code == 303
    assert 'name="most" inputmode="numeric" value="25"' in mia.get(PAGE).text
    wrong = mia.post("/desk/finds/limit", data={"most": "many"})
    assert wrong.status_code == 422 and 'value="many"' in wrong.text and "whole number between 1" in wrong.text
    mia.post("/desk/finds/limit", data={"most": ""})
    assert 'inputmode="numeric" value=""' in mia.get(PAGE).text


def test_reviewers_see_no_progress_page_and_outsiders_nothing(app: Flask, cast: Cast) -> None:
    for who, status in ((cast.ben, 403), (cast.cleo, 404)):
        client = signed_in(app, who)
        assert client.get(PAGE).status_code == client.get(f"{PAGE}/answers.csv").status_code == status


# --- geometry ---------------------------------------------------------------------------------------------------------


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]


@pytest.mark.parametrize("late", [None, 20, 5000])
@pytest.mark.parametrize("whole", [0.0, 10.0, 500.0])
def test_a_course_stays_within_its_drawing(late: int | None, whole: float) -> None:
    today = date(2026, 3, 1)
    ahead = Forecast(
        today + timedelta(days=10), today + timedelta(days=8), today + timedelta(days=late) if late else None, 1.0, 28
    )
    history = [(today - timedelta(days=back), 10 - back) for back in range(9, -1, -1)]
    for drawn in (curve_chart(history, whole, ahead), curve_chart(history[-1:], whole, None)):
        for number in numbers(drawn.trend + drawn.guess + drawn.band):
            assert -0.1 <= number <= drawn.right + 0.1
        assert 0 <= drawn.goal <= drawn.floor and drawn.ticks[0][0] == 0
        assert all(0 <= y <= drawn.floor for _, y in drawn.ticks)


def test_dots_lie_where_claim_and_truth_meet() -> None:
    drawn = dots_chart([(1.0, 1.0, 0.5, 1.0, "a"), (0.6, 0.6, 0.4, 0.8, "b")])
    first, second = drawn.dots
    assert (first.x, first.y) == (drawn.right, drawn.ticks[-1][1]) and first.top <= first.y <= first.bottom
    low, high = drawn.ticks[0][1], drawn.ticks[-1][1]
    across = (second.x - drawn.left) / (drawn.right - drawn.left)
    assert across == pytest.approx((low - second.y) / (low - high), abs=0.01)
    assert dots_chart([]).dots == () and dots_chart([(1.0, 1.0, 1.0, 1.0, "sure")]).dots[0].x == drawn.right


def test_the_line_of_means_runs_through_equal_bars() -> None:
    chart = bar_chart([("a", 5)] * 10)
    assert set(numbers(mean_line(chart))[1::2]) == {chart.bars[0].y}
    assert mean_line(bar_chart([])) == "" == mean_line(bar_chart([("a", 1)]))


def test_lying_bars_are_as_long_as_their_shares() -> None:
    drawn = row_chart([("all", 1.0, 0.5, 1.0), ("none", 0.0, None, None)])
    assert [row.width for row in drawn.rows] == [drawn.right, 0.0] and drawn.rows[0].low == drawn.right / 2
    assert row_chart([]).height == 1
