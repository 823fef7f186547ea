"""Attacks on the figures: what docs/anonymity.md promises, tried by somebody who knows the rules and a lot more."""

import itertools
import random
from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sqlalchemy import select

from consent.core.db import db
from consent.counting import hits
from consent.counting.bounds import OTHER
from consent.counting.hits import Hit, Seen
from consent.counting.useragent import Client
from consent.demo import SITE_FILE
from consent.models import Site
from consent.site import schema
from consent.stats import closing, consents, visits
from consent.stats.figures import FigureRow
from consent.stats.noise import FIGURES, Noise
from consent.stats.suppression import K
from tests.factories import decide, decision, hit, refusal

SITE = schema.parse(SITE_FILE.read_text())
ORIGIN = SITE.site.origins[0]
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
PAGES = ("/", "/a", "/b", "/c")
CLIENTS = (
    Client("Chrome", "Windows", "desktop"),
    Client("Safari", "Mac OS X", "desktop"),
    Client("Chrome", "Chrome OS", "desktop"),
    Client("Safari", "iOS", "phone"),
    Client("Safari", "iOS", "tablet"),
    Client("Samsung Internet", "Android", "phone"),
)


@dataclass(frozen=True)
class Visit:
    """Somebody who comes from somewhere, and views these pages one after the other."""

    client: Client
    referrer: str
    language: str
    hour: int
    pages: tuple[str, ...]
    # Whether they came from another page of the site, that nobody is seen to view.
    from_inside: bool = False

    def cells(self) -> Iterable[hits.Cell]:
        came_from = ORIGIN + "/secret" if self.from_inside else self.referrer
        for page in self.pages:
            seen = Seen(ORIGIN, self.client, self.language, None, None)
            page_view = Hit(path=page, referrer=came_from, banner="nb" if len(page) > 1 else False)
            yield from hits.cells(SITE, page_view, seen, NOON.replace(hour=self.hour), 1)
            came_from = ORIGIN + page


@st.composite
def crowds(draw: st.DrawFn) -> list[Visit]:
    """A day's visits: a few kinds of people, each kind so many times."""
    kind = st.builds(
        Visit,
        st.sampled_from(CLIENTS),
        st.sampled_from(("", "https://www.google.com/", "https://example.org/")),
        st.sampled_from(("nb", "en", "se")),
        st.sampled_from((8, 12, 20)),
        st.lists(st.sampled_from(PAGES), min_size=1, max_size=4).map(tuple),
    )
    kinds = draw(st.lists(st.tuples(kind, st.integers(1, 25)), min_size=1, max_size=8))
    return [visit for visit, times in kinds for _ in range(times)]


def counted(crowd: Iterable[Visit]) -> dict[str, Tally[tuple[str, str]]]:
    found: dict[str, Tally[tuple[str, str]]] = {}
    for visit in crowd:
        for _, dimension, value, onward in visit.cells():
            found.setdefault(dimension, Tally())[value, onward] += 1
    return found


def figures_of(rows: Iterable[FigureRow], dimension: str) -> dict[tuple[str, str], int]:
    return {(row.value, row.onward): row.number for row in rows if row.dimension == dimension}


@given(crowds())
def test_no_figure_of_a_day_is_small(crowd: list[Visit]) -> None:
    of_page_views = [row for row in closing.released(counted(crowd)) if row.dimension != "banner"]

    assert all(row.number >= K for row in of_page_views)


@given(crowds())
def test_totals_less_what_is_shown_leave_nothing_small(crowd: list[Visit]) -> None:
    rows = closing.released(counted(crowd))
    total = {value: number for (value, _), number in figures_of(rows, "total").items()}

    if "visits" in total:
        onward = total["views"] - total["visits"]
        assert onward == 0 or onward >= K
    for dimension in (*closing.PARTS_OF_VIEWS, *closing.PARTS_OF_VISITS):
        shown = figures_of(rows, dimension)
        others = shown.pop((OTHER, ""), 0)
        whole = total.get("views" if dimension in closing.PARTS_OF_VIEWS else "visits", 0)
        rest = whole - sum(shown.values())
        assert not shown or rest == 0 or rest >= K
        assert others in (0, rest)


@given(crowds())
def test_devices_and_systems_together_tell_no_small_count(crowd: list[Visit]) -> None:
    rows = closing.released(counted(crowd))
    devices, systems = figures_of(rows, "device"), figures_of(rows, "system")

    visits_of_day = figures_of(rows, "total").get(("visits", ""), 0)
    for of_device, of_system in closing.DEVICES:
        of_devices = sum(devices.get((each, ""), 0) for each in of_device)
        inside = sum(n for (value, _), n in systems.items() if value in of_system)
        outside = sum(n for (value, _), n in systems.items() if value not in (*of_system, OTHER))
        for known, shown in ((of_devices, inside), (visits_of_day - of_devices, outside)):
            difference = abs(known - shown)
            assert not of_devices or not shown or difference == 0 or difference >= K


@given(crowds())
def test_systems_and_browsers_together_tell_no_small_count(crowd: list[Visit]) -> None:
    rows = closing.released(counted(crowd))
    systems, browsers = figures_of(rows, "system"), figures_of(rows, "browser")

    for of_system, of_browser in closing.SYSTEMS:
        of_systems = sum(systems.get((each, ""), 0) for each in of_system)
        inside = sum(browsers.get((each, ""), 0) for each in of_browser)
        difference = abs(of_systems - inside)
        assert not of_systems or not inside or difference == 0 or difference >= K


class Attack:
    """All that the figures of a day say of its click stream, as equations: what can each way have been walked?

    The attacker knows the pages of the site, and that nobody comes from another of its origins. One variable for each
    way from a page to a page, from outside ("" before) and to outside ("" after).
    """

    def __init__(self, rows: list[FigureRow]) -> None:
        total = {value: number for (value, _), number in figures_of(rows, "total").items()}
        pages = {value: n for (value, _), n in figures_of(rows, "page").items() if value != OTHER}
        named = [*pages, OTHER]
        self.ways = [
            (page, onward) for page in ("", *named) for onward in ("", *named) if page or onward
        ]
        place = {way: at for at, way in enumerate(self.ways)}
        self._sums: list[tuple[list[int], int]] = []

        def know(ways: Iterable[tuple[str, str]], number: int) -> None:
            self._sums.append(([place[way] for way in ways], number))

        pages[OTHER] = total["views"] - sum(pages.values())
        for page, number in pages.items():
            know([way for way in self.ways if way[1] == page], number)
            know([way for way in self.ways if way[0] == page], number)
        know([way for way in self.ways if way[0] == ""], total["visits"])
        kinds = {
            "entry": [way for way in self.ways if way[0] == ""],
            "exit": [way for way in self.ways if way[1] == ""],
            "flow": [way for way in self.ways if "" not in way],
        }
        for kind, ways in kinds.items():
            shown = figures_of(rows, kind)
            for (value, onward), number in shown.items():
                if value != OTHER:
                    know([("", value) if kind == "entry" else (value, onward)], number)
            if (OTHER, "") in shown:
                know(ways, sum(shown.values()))

    def range_of(self, way: tuple[str, str]) -> tuple[float, float]:
        """The least and the most that this way can have been walked."""
        matrix = np.zeros((len(self._sums), len(self.ways)))
        for row, (places, _) in enumerate(self._sums):
            matrix[row, places] = 1
        sums = [number for _, number in self._sums]
        cost = np.zeros(len(self.ways))
        found = []
        for sign in (1, -1):
            cost[self.ways.index(way)] = sign
            solved = linprog(cost, A_eq=matrix, b_eq=sums, bounds=(0, None))
            assert solved.success
            found.append(sign * solved.fun)
        return found[0], found[1]


@settings(max_examples=60)
@given(crowds())
def test_the_click_stream_gives_no_small_way_away(crowd: list[Visit]) -> None:
    """Margins of two tables, and every combination of them: linear programming finds what follows from all."""
    cells = counted(crowd)
    rows = closing.released(cells)
    if not figures_of(rows, "total").keys() >= {("visits", "")}:
        return
    pages = figures_of(rows, "page")
    walked = closing._table(
        cells, {page: n for (page, _), n in pages.items()}, cells["total"]["views", ""]
    )
    if not any(figures_of(rows, kind) for kind in ("entry", "exit", "flow")):
        return
    attack = Attack(rows)
    # What the views of the pages tell, which are always published.
    clicks = ("entry", "exit", "flow")
    without_clicks = Attack([row for row in rows if row.dimension not in clicks])

    for way, number in walked.items():
        if 0 < number < K:
            least, most = attack.range_of(way)
            if most - least < K - 0.5:
                least_anyway, most_anyway = without_clicks.range_of(way)
                assert most_anyway - least_anyway < K - 0.5, (way, number, least, most)


@settings(max_examples=60)
@given(crowds(), st.sampled_from(("/x", "/y")), st.sampled_from(("/x", "/y")))
def test_who_knows_all_visits_but_one_learns_nothing_that_is_withheld(
    crowd: list[Visit], one: str, other: str
) -> None:
    """Somebody came, and viewed one rare page or another: with either the figures are the same."""
    worlds = []
    for page in (one, other):
        rare = Client("Lynx" if page == "/x" else "Dillo", "Haiku", "other")
        target = Visit(
            rare, f"https://{page[1]}.example/", "fo" if page == "/x" else "kl", 8, (page,)
        )
        worlds.append(closing.released(counted([*crowd, target])))

    assert sorted(worlds[0]) == sorted(worlds[1])


@pytest.fixture(scope="module")
def queries() -> list[tuple[str, str]]:
    return [
        *(("visits", by) for by in visits.DIMENSIONS),
        *(("consents", by) for by in consents.DIMENSIONS),
    ]


def ask(
    client: FlaskClient, token: str, what: str, by: str, first: date, last: date, **more: str
) -> dict[str, Any]:
    answer = client.get(
        f"/api/v1/sites/07sor/stats/{what}",
        query_string={"from": str(first), "to": str(last), "by": by, **more},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200
    return dict(answer.get_json())


def as_sums(answer: Mapping[str, Any], by: str) -> Tally[tuple[Any, ...]]:
    """The figures of an answer, for adding those of others."""
    sums: Tally[tuple[Any, ...]] = Tally()
    for row in answer["rows"]:
        names = tuple(value for value in row.values() if isinstance(value, str))
        for name, value in row.items():
            if name != by and isinstance(value, int) and not isinstance(value, bool):
                sums[(by, *names, row.get(by), name)] += value
    sums["other",] += answer["other"] or 0
    return +sums


def test_any_sequence_of_questions_says_no_more_than_the_days(
    client: FlaskClient, stats_token: str, queries: list[tuple[str, str]]
) -> None:
    """Each answer is the sum of what is said of its days, so a difference of two is, too; however often one asks."""
    chance = random.Random(1)
    days = [NOON + timedelta(days=ago) for ago in range(5)]
    for day in days:
        with time_machine.travel(day, tick=False):
            for _ in range(chance.randrange(5, 60)):
                page = chance.choice(PAGES)
                hit(client, page, chance.choice(["", "https://www.google.com/", ORIGIN + "/"]))
            for _ in range(chance.randrange(5, 30)):
                language = chance.choice(["nb", "nb", "en"])
                decide(client, chance.choice([decision, refusal])(language=language))
    with time_machine.travel(days[-1] + timedelta(days=1), tick=False):
        of_days = {
            (what, by, day): as_sums(ask(client, stats_token, what, by, day, day), by)
            for what, by in queries
            for day in (each.date() for each in days)
        }
        for _ in range(150):
            what, by = chance.choice(queries)
            begin, end = sorted(chance.choices(range(5), k=2))
            period = [days[at].date() for at in range(begin, end + 1)]
            found = as_sums(ask(client, stats_token, what, by, period[0], period[-1]), by)
            expected: Tally[tuple[Any, ...]] = Tally()
            for day in period:
                expected.update(of_days[what, by, day])
            assert found == expected, (what, by, period)


def test_the_running_day_is_seen_in_steps(client: FlaskClient, stats_token: str) -> None:
    """Who sends page views sees their own only ten at a time, late, and no detail whatever they send."""
    seen = []
    with time_machine.travel(NOON, tick=False):
        for _ in range(45):
            hit(client, "/a")
            found = ask(client, stats_token, "visits", "day", NOON.date(), NOON.date())
            seen.append((found["rows"][0]["views"], found["rows"][0]["visits"]))
        for by in visits.DIMENSIONS[1:]:
            found = ask(client, stats_token, "visits", by, NOON.date(), NOON.date())
            assert (found["rows"], found["other"]) == ([], 0)

    assert {*seen} in (
        {(None, None), (10, 10), (20, 20)},
        {(None, None), (10, 10), (20, 20), (30, 30)},
    )
    for count, (views, _) in enumerate(seen, 1):
        assert views is None or count - views >= K


def test_no_two_days_or_sites_show_their_steps_equally_late(app: Flask) -> None:
    """Somebody who has their own site on the server, or tried it yesterday, does not know when a step is complete."""
    with app.app_context():
        keys = db.session.scalars(select(Site.lag_key)).all()
    lags = {
        tuple(visits._lag(key, NOON.date() + timedelta(days=ahead), step) for step in range(20))
        for key in keys
        for ahead in range(5)
    }

    assert len(lags) == len(keys) * 5 == 10
    assert {each for lag in lags for each in lag} == {*range(K + 1)}


def test_zero_and_withheld_look_alike(client: FlaskClient, stats_token: str) -> None:
    """Between two days, one with nine visits and one with none, no answer makes a difference."""
    quiet, empty = NOON, NOON + timedelta(days=1)
    with time_machine.travel(quiet, tick=False):
        for number in range(9):
            hit(client, f"/{'abcdefghi'[number]}")
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        for by in visits.DIMENSIONS:
            answers = []
            for day in (quiet.date(), empty.date()):
                found = ask(client, stats_token, "visits", by, day, day)
                text = repr(found).replace(str(day), "DAY")
                answers.append(text)
            assert answers[0] == answers[1]


def test_what_was_sent_to_a_closed_day_is_judged_by_itself() -> None:
    """Whoever waits with a page view, for what is shown already, does not see it."""
    first = closing.released(counted([Visit(CLIENTS[0], "", "nb", 8, ("/a",))] * 12))
    late = closing.released(counted([Visit(CLIENTS[0], "", "nb", 8, ("/a",))] * 3))

    assert first
    assert late == []


def lost(crowd: list[Visit]) -> list[Visit]:
    """The same, and as many who came from a page that nobody viewed."""
    return [*crowd, *(replace(visit, from_inside=True) for visit in crowd)]


@settings(max_examples=60)
@given(crowds().map(lost), crowds().map(lost).flatmap(st.permutations))
def test_with_noise_a_page_view_changes_few_figures_by_one(
    crowd: list[Visit], others: list[Visit]
) -> None:
    """So that noise for so many figures is enough for all."""

    class NoNoise(Noise):
        def __init__(self) -> None:
            self.epsilon = 1.0

        def release(self, count: int) -> int | None:
            return count

    kind = others[0]
    one = Visit(kind.client, kind.referrer, kind.language, 8, kind.pages[:1], kind.from_inside)
    before = {row[:3]: row.number for row in closing.released(counted(crowd), NoNoise())}
    after = {row[:3]: row.number for row in closing.released(counted([*crowd, one]), NoNoise())}
    changes = {
        figure: after.get(figure, 0) - before.get(figure, 0)
        for figure in before.keys() | after.keys()
        if after.get(figure, 0) != before.get(figure, 0)
    }

    assert len(changes) <= FIGURES
    assert all(abs(change) <= 1 for change in changes.values())


@pytest.mark.parametrize("epsilon", [0.5, 5.0])
def test_the_noise_is_as_wide_as_it_has_to_be(epsilon: float) -> None:
    noise = Noise(epsilon)

    # OpenDP's own account of what one more page view may change.
    assert noise._add.map(1) * FIGURES <= epsilon * (1 + 1e-9)
    # Somebody who sends nine page views and waits for the tenth is not told.
    assert [noise.release(K) for _ in range(200)] == [None] * 200
    assert noise.release(K - 1) is None
    shown = [noise.release(100_000) for _ in range(50)]
    assert len(set(shown)) > 10
    assert all(abs((each or 0) - 100_000) < 40 * FIGURES / epsilon for each in shown)


def test_orders_of_arrival_make_no_difference() -> None:
    crowd = [
        Visit(client, "", "nb", 8, pages)
        for client, pages in itertools.product(CLIENTS, (("/",), ("/a", "/b"), ("/b",)))
        for _ in range(4)
    ]
    shuffled = random.Random(3).sample(crowd, len(crowd))

    assert sorted(closing.released(counted(crowd))) == sorted(closing.released(counted(shuffled)))
