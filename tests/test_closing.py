"""Closing a day: counters become figures once, whoever does it, and stay what they are."""

import threading
from collections import Counter as Tally
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from consent import closing, consents, figures, ledger, retention, sitefile, versions, visits
from consent.bounds import Bounds
from consent.counters import Sums
from consent.days import Period
from consent.db import db
from consent.figures import Row
from consent.models import Counter, Decision, Figure, Site
from tests.conftest import count_hits, publish
from tests.factories import decide, decision, hit, post_json, refusal

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
DAY = NOON.date()
MIDNIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)  # in Oslo


def close(moment: datetime, site: str = "07sor") -> None:
    site_file = versions.site_file(versions.current(db.session(), site))
    closing.close_due(db.engine, site, site_file, moment)
    db.session.remove()


def answer(by: str, moment: datetime = NOON + timedelta(days=1), **period: date) -> Any:
    first, last = period.get("first", DAY), period.get("last", DAY)
    return visits.answer(db.session(), "07sor", Period(first, last), by, moment)  # type: ignore[arg-type]


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def fill(site: str, day: date, views: int) -> None:
    """So many visits of one page each."""
    cells = [
        (day, dimension, value, "")
        for dimension, value in (
            ("total", "views"),
            ("total", "visits"),
            ("page", "/a"),
            ("entry", "/a"),
        )
    ]
    with db.engine.begin() as connection:
        visits.add(connection, Sums({(site, cell): views for cell in cells}), Bounds())


def test_a_day_is_closed_ten_minutes_after_its_end(app: Flask) -> None:
    with app.app_context():
        fill("07sor", DAY, 12)
        close(MIDNIGHT + timedelta(minutes=9))
        running = answer("day", MIDNIGHT + timedelta(minutes=9)).days[0]
        close(MIDNIGHT + timedelta(minutes=10))
        closed = answer("day").days[0]

    assert (running.views, running.running) == (10, True)
    assert (closed.views, closed.running) == (12, False)


def test_nothing_stays_of_a_closed_day_but_its_figures(app: Flask, client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False):
        for page, times in (("/", 30), ("/b", 12), ("/rare", 1)):
            for _ in range(times):
                hit(client, page)
    with app.app_context():
        count_hits(app)
        assert count(Counter) > 0
        close(NOON + timedelta(days=1))

        assert count(Counter) == 0
        stored = set(db.session.scalars(select(Figure.value)))
        assert "/" in stored
        assert "/rare" not in stored


def test_who_closes_at_the_same_time_closes_once(app: Flask) -> None:
    with app.app_context():
        for ago in range(20):
            fill("07sor", DAY - timedelta(days=ago), 15)
        site_file = versions.site_file(versions.current(db.session(), "07sor"))
        engine = db.engine
        threads = [
            threading.Thread(
                target=closing.close_due,
                args=(engine, "07sor", site_file, NOON + timedelta(days=1)),
            )
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        found = answer("page", first=DAY - timedelta(days=19))

    assert [(row.value, row.count) for row in found.rows] == [("/a", 15 * 20)]


@pytest.mark.parametrize("late", [15, 5])
def test_what_comes_late_is_added_if_it_may_be_shown_by_itself(app: Flask, late: int) -> None:
    with app.app_context():
        fill("07sor", DAY, 20)
        close(NOON + timedelta(days=1))
        fill("07sor", DAY, late)
        close(NOON + timedelta(days=1))
        found = answer("page")

    assert (found.views, found.rows[0].count) == ((35, 35) if late == 15 else (20, 20))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 1, 17), date(2026, 11, 3)),
        (date(2026, 2, 2), date(2026, 2, 27)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2025, 12, 31), date(2026, 3, 1)),
    ],
)
def test_months_and_days_make_up_any_period(app: Flask, first: date, last: date) -> None:
    begin = date(2026, 1, 1)
    expected = 0
    with app.app_context():
        with db.engine.begin() as connection:
            for offset in range(0, 365, 3):
                day = begin + timedelta(days=offset)
                figures.add(connection, "07sor", day, [Row("page", "/a", "", 100 + offset)])
                expected += (100 + offset) * (first <= day <= last)
        (row,) = figures.totals(db.session(), "07sor", "page", Period(first, last))

    assert row.number == expected


def test_what_a_purge_erases_leaves_the_month_too(app: Flask) -> None:
    with app.app_context():
        for day in (date(2026, 3, 10), date(2026, 3, 11)):
            with db.engine.begin() as connection:
                figures.add(connection, "07sor", day, [Row("page", f"/{day.day}", "", 50)])
        kept = sitefile.parse(sitefile_of("07sor")).keep.counters.days
        now = datetime(2026, 3, 11, 12, tzinfo=UTC) + timedelta(days=kept)

        retention.purge(db.session(), "07sor", now)
        found = figures.totals(
            db.session(), "07sor", "page", Period(date(2026, 3, 1), date(2026, 3, 31))
        )

    assert [(row.value, row.number) for row in found] == [("/11", 50)]


def sitefile_of(site: str) -> str:
    return versions.current(db.session(), site).source


class TestDecisions:
    def counts(self, moment: datetime) -> tuple[dict[str, int], dict[str, int], list[Any]]:
        period = Period(DAY - timedelta(days=3), DAY + timedelta(days=3))
        found = consents.answer(db.session(), "07sor", period, "service", moment)
        return found.actions, found.granted, found.rows

    def test_closing_changes_no_total(self, app: Flask, client: FlaskClient) -> None:
        with time_machine.travel(NOON, tick=False):
            for body in (
                decision(),
                decision(),
                refusal(),
                decision(services={"youtube": False}, action="choose"),
            ):
                assert decide(client, body).status_code == 201
        with app.app_context():
            before = self.counts(NOON)
            close(NOON + timedelta(days=1))
            after = self.counts(NOON + timedelta(days=1))

        assert before == after
        assert before[0] == {"accept": 2, "refuse": 1, "choose": 1, "withdraw": 0}
        assert {row.value: row.granted for row in before[2]}["youtube"] == 2

    def test_erasure_changes_no_figure(self, app: Flask, client: FlaskClient) -> None:
        with app.app_context():
            for day in (NOON - timedelta(days=1), NOON):
                with time_machine.travel(day, tick=False):
                    for _ in range(12):
                        decide(client, decision())
                    decide(client, refusal(language="nn"))
            close(NOON)
            before = [self.counts(NOON)]
            for visitor in db.session.scalars(select(Decision.visitor)).all():
                ledger.erase(db.session(), "07sor", visitor)
                db.session.commit()
                assert self.counts(NOON) == before[0]
            assert count(Decision) == 0
            close(NOON + timedelta(days=1))

            assert self.counts(NOON + timedelta(days=1)) == before[0]
            by_language = consents.answer(
                db.session(), "07sor", Period(DAY - timedelta(days=1), DAY), "language", NOON
            )
            # 12 and 1 would tell the 1.
            assert (by_language.rows, by_language.other) == ([], 26)

    def test_figures_outlive_the_decisions(self, app: Flask, client: FlaskClient) -> None:
        with time_machine.travel(NOON, tick=False):
            for _ in range(3):
                decide(client, decision())
        later = NOON + timedelta(days=5 * 366 + 2)
        with app.app_context():
            erased = retention.purge(db.session(), "07sor", later)
            period = Period(DAY, DAY)
            found = consents.answer(db.session(), "07sor", period, "action", later)

        assert erased["decisions"] == 3
        assert found.actions["accept"] == 3

    def test_each_action_is_shown_where_it_gives_none_away(
        self, app: Flask, client: FlaskClient
    ) -> None:
        with time_machine.travel(NOON, tick=False):
            for language in ("nb", "nn"):
                for _ in range(20):
                    decide(client, decision(language=language, took=4))
                for _ in range(15):
                    decide(client, refusal(language=language, took=20))
        with app.app_context():
            close(NOON + timedelta(days=1))
            asked = {
                by: consents.answer(db.session(), "07sor", Period(DAY, DAY), by, NOON).rows  # type: ignore[arg-type]
                for by in ("language", "took", "version", "layout", "device")
            }

        shown = {"accept": 20, "of accept": 35, "refuse": 15, "of refuse": 35}
        assert [(row.value, row.actions) for row in asked["language"]] == [
            ("nb", shown),
            ("nn", shown),
        ]
        assert [(row.value, row.decisions) for row in asked["took"]] == [("5", 40), ("30", 30)]
        assert [row.value for row in asked["version"]] == ["1"]
        assert [row.value for row in asked["layout"]] == ["box"]
        assert [row.value for row in asked["device"]] == ["desktop"]


@pytest.mark.parametrize(
    ("shown", "answered", "expected"),
    [
        (40, 25, (40, 25, 15)),
        (40, 40, (40, 40, None)),
        (40, 35, (None, None, None)),  # five who did not answer
        (9, 0, (None, None, None)),
    ],
)
def test_the_funnel_tells_no_few(
    app: Flask, client: FlaskClient, shown: int, answered: int, expected: tuple[int | None, ...]
) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(shown):
            post_json(client, "/e/07sor/hits", {"path": "/", "referrer": "", "banner": "nb"})
        for _ in range(answered):
            decide(client, decision())
    with app.app_context():
        count_hits(app)
        close(NOON + timedelta(days=1))
        found = consents.answer(db.session(), "07sor", Period(DAY, DAY), "day", NOON).funnel

    assert (found.shown, found.answered, found.undecided) == expected


class TestNoise:
    @pytest.fixture
    def noisy(self, app: Flask) -> Flask:
        with app.app_context():
            source = versions.current(db.session(), "07sor").source
            publish(source.replace('when = "always"', 'when = "always"\nnoise = 20.0'))
        return app

    def test_figures_differ_and_stay(self, noisy: Flask) -> None:
        with noisy.app_context():
            sums = Tally[int]()
            for ago in range(30):
                fill("07sor", DAY - timedelta(days=ago), 500)
            close(NOON + timedelta(days=1))
            found = answer("page", first=DAY - timedelta(days=29))
            again = answer("page", first=DAY - timedelta(days=29))
            for day in found.days:
                sums[day.views or 0] += 1

        assert found == again
        assert found.noise == [20.0]
        assert len(sums) > 3
        assert abs(found.rows[0].count - 15_000) < 500
        assert found.other == 0

    def test_the_running_day_shows_nothing(self, noisy: Flask) -> None:
        with noisy.app_context():
            fill("07sor", DAY, 500)
            day = answer("day", NOON).days[0]

        assert (day.views, day.visits) == (None, None)


def test_a_site_that_cannot_be_closed_keeps_no_other_open(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = closing.close_due

    def fails(engine: Any, site: str, *others: Any) -> None:
        if site == "07sor":
            raise OSError("no room")
        real(engine, site, *others)

    monkeypatch.setattr(closing, "close_due", fails)
    with app.app_context():
        closing.close_all(db.session(), NOON)
        closed = {row.site: row.closed_through for row in db.session.scalars(select(Site))}

    assert closed == {"07sor": None, "krukke": DAY - timedelta(days=1)}
