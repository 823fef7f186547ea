"""Closing a day: counters become figures once, whoever does it, and stay what they are."""

import threading
import uuid
from collections import Counter as Tally
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from consent import retention
from consent.core.db import db, write
from consent.core.errors import Invalid
from consent.core.periods import Period
from consent.counting import hits
from consent.counting.bounds import Bounds
from consent.counting.counters import Sums
from consent.demo import SITE_FILE
from consent.ledger import decisions
from consent.models import Counter, Decision, Figure, Site
from consent.notice import publishing
from consent.site import schema, versions
from consent.stats import closing, consents, figures, visits
from consent.stats.figures import FigureRow
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
        hits.add(connection, Sums({(site, cell): views for cell in cells}), Bounds())


def test_a_day_is_closed_ten_minutes_after_its_end(app: Flask) -> None:
    with app.app_context():
        fill("07sor", DAY, 32)
        close(MIDNIGHT + timedelta(minutes=9))
        running = answer("day", MIDNIGHT + timedelta(minutes=9)).days[0]
        close(MIDNIGHT + timedelta(minutes=10))
        closed = answer("day").days[0]

    assert (running.views in (10, 20), running.running) == (True, True)
    assert (closed.views, closed.running) == (32, False)


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
                figures.add(connection, "07sor", day, [FigureRow("page", "/a", "", 100 + offset)])
                expected += (100 + offset) * (first <= day <= last)
        (row,) = figures.totals(db.session(), "07sor", "page", Period(first, last))

    assert row.number == expected


def test_what_a_purge_erases_leaves_the_month_too(app: Flask) -> None:
    with app.app_context():
        for day in (date(2026, 3, 10), date(2026, 3, 11)):
            with db.engine.begin() as connection:
                figures.add(connection, "07sor", day, [FigureRow("page", f"/{day.day}", "", 50)])
        kept = schema.parse(sitefile_of("07sor")).keep.counters.days
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
                decisions.erase(db.session(), "07sor", visitor)
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


def test_who_counts_and_who_closes_never_wait_for_each_other_crosswise(app: Flask) -> None:
    failed: list[Exception] = []

    def count_many(engine: Any, bounds: Bounds) -> None:
        try:
            for number in range(60):
                cells = [
                    (DAY, *rest, "")
                    for rest in (("hour", "12"), ("language", "nb"), ("page", f"/{number % 9}"))
                ]
                cells += [(DAY, "total", "views", ""), (DAY, "total", "visits", "")]
                with write(engine) as connection:
                    hits.add(connection, Sums({("07sor", cell): 20 for cell in cells}), bounds)
        except Exception as error:
            failed.append(error)

    def close_many(engine: Any, site_file: Any) -> None:
        try:
            for _ in range(60):
                closing.close_due(engine, "07sor", site_file, NOON + timedelta(days=1))
        except Exception as error:
            failed.append(error)

    with app.app_context():
        site_file = versions.site_file(versions.current(db.session(), "07sor"))
        engine = db.engine
        threads = [
            threading.Thread(target=count_many, args=(engine, Bounds())) for _ in range(2)
        ] + [threading.Thread(target=close_many, args=(engine, site_file))]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        close(NOON + timedelta(days=1))
        found = answer("hour")

    assert failed == []
    assert found.views == 2 * 60 * 20
    assert [(row.value, row.count) for row in found.rows] == [("12", 2 * 60 * 20)]


def test_views_from_nowhere_are_no_small_rest_of_the_click_stream(app: Flask) -> None:
    """All views less visits and all ways are those of which nobody knows where they came from."""
    for strange in range(12):
        cells = {
            ("total", "views"): 100 + strange,
            ("total", "visits"): 60,
            ("page", "/"): 60,
            ("page", "/a"): 40 + strange,
            ("entry", "/"): 60,
        }
        counted = {dimension: Tally[tuple[str, str]]() for dimension, _ in cells}
        for (dimension, value), times in cells.items():
            counted[dimension][value, ""] = times
        counted["flow"] = Tally({("/", "/a"): 40})
        rows = closing.released(counted)
        flows = sum(row.number for row in rows if row.dimension == "flow")
        listed = [row for row in rows if row.dimension == "flow" and row.value != "*"]

        assert flows in (0, 40 + strange) or not listed


class TestTogether:
    """What the parts of an answer would tell beside each other."""

    def all_of(self, client: FlaskClient, bodies: list[dict[str, Any]]) -> None:
        with time_machine.travel(NOON, tick=False):
            for body in bodies:
                assert decide(client, body).status_code == 201

    def ask(self, by: str) -> consents.ConsentResult:
        close(NOON + timedelta(days=1))
        return consents.answer(db.session(), "07sor", Period(DAY, DAY), by, NOON)  # type: ignore[arg-type]

    def test_one_decision_without_a_time_is_not_told(self, app: Flask, client: FlaskClient) -> None:
        self.all_of(client, [*[decision(took=4) for _ in range(20)], decision()])
        with app.app_context():
            found = self.ask("took")

        assert (found.decisions, found.rows, found.other) == (21, [], 21)

    def test_times_that_are_not_known_are_a_row(self, app: Flask, client: FlaskClient) -> None:
        bodies = [decision(took=4) for _ in range(20)] + [decision() for _ in range(12)]
        self.all_of(client, bodies)
        with app.app_context():
            found = self.ask("took").table()

        assert [(row["took"], row["decisions"]) for row in found] == [(5, 20), (None, 12)]

    @pytest.mark.parametrize("private", [0, 1, 12])
    def test_few_who_ask_not_to_be_counted_are_not_told(
        self, app: Flask, client: FlaskClient, private: int
    ) -> None:
        with time_machine.travel(NOON, tick=False):
            for _ in range(40):
                post_json(client, "/e/07sor/hits", {"path": "/", "referrer": "", "banner": "nb"})
        self.all_of(client, [decision() for _ in range(20)])
        self.all_of(client, [decision(gpc=True, id=str(uuid.uuid4())) for _ in range(private)])
        with app.app_context():
            count_hits(app)
            funnel = self.ask("action").funnel

        assert funnel.shown == (None if private == 1 else 40)

    def test_a_layout_is_that_of_versions_that_are_shown(
        self, app: Flask, client: FlaskClient
    ) -> None:
        with app.app_context():
            source = SITE_FILE.read_text()
            for layout in ("bar", "box"):
                publish(f'{source}\n[looks]\nlayout = "{layout}"\n')
        few = [decision(version=1) for _ in range(4)] + [decision(version=3) for _ in range(20)]
        self.all_of(client, few + [decision(version=2) for _ in range(30)])
        with app.app_context():
            by_version, by_layout = self.ask("version"), self.ask("layout")

        shown = {row.value: row.decisions for row in by_version.rows}
        assert shown == {"2": 30}
        assert {row.value: row.decisions for row in by_layout.rows} == {"bar": 30}
        assert by_version.other == by_layout.other == 24

    def test_banners_that_come_late_do_not_seem_unanswered(
        self, app: Flask, client: FlaskClient
    ) -> None:
        self.all_of(client, [decision() for _ in range(30)])
        with app.app_context():
            close(NOON + timedelta(days=1))
        with time_machine.travel(NOON, tick=False):
            for _ in range(60):
                post_json(client, "/e/07sor/hits", {"path": "/", "referrer": "", "banner": "nb"})
        with app.app_context():
            count_hits(app)
            found = self.ask("action")

        assert found.funnel == consents.Funnel(None, None, None)


def test_a_day_that_is_closed_does_not_begin_anew_in_another_time_zone(app: Flask) -> None:
    with app.app_context():
        source = versions.current(db.session(), "07sor").source
        east = source.replace("[site]", '[site]\ntimezone = "Pacific/Auckland"', 1)
        west = source.replace("[site]", '[site]\ntimezone = "America/Los_Angeles"', 1)
        if "timezone" in source:
            east, west = (
                source.replace("Europe/Oslo", zone)
                for zone in ("Pacific/Auckland", "America/Los_Angeles")
            )
        publish(east)
        close(datetime(2026, 11, 20, 12, tzinfo=UTC))  # the 21st has begun in Auckland
        with pytest.raises(Invalid, match="Publish the other time zone when it is 2026-11-21"):
            publishing.publish(db.session(), west, datetime(2026, 11, 20, 12, tzinfo=UTC))
