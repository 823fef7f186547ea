"""Random days with small facts planted in all tables, attacked with everything that is published of them at once.

`DAYS=10000 pytest tests/promises/test_figures.py` tries as many days as one likes.
"""

import itertools
import os
import random
from collections import Counter as Tally
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from consent.counting import hits
from consent.stats import closing
from consent.stats.figures import FigureRow
from consent.stats.suppression import K

DAYS = int(os.environ.get("DAYS", "40"))
# No database is asked.
pytestmark = pytest.mark.same
# The browsers that there are: device, system, browser, and how common they are.
CLIENTS = {
    ("desktop", "Windows", "Chrome"): 30,
    ("desktop", "Windows", "Edge"): 12,
    ("desktop", "Windows", "Firefox"): 4,
    ("desktop", "Windows", "IE"): 1,
    ("desktop", "Mac OS X", "Safari"): 9,
    ("desktop", "Mac OS X", "Chrome"): 6,
    ("desktop", "Linux", "Firefox"): 2,
    ("desktop", "Chrome OS", "Chrome"): 2,
    ("phone", "iOS", "Safari"): 28,
    ("phone", "iOS", "Instagram"): 3,
    ("phone", "Android", "Chrome"): 20,
    ("phone", "Android", "Samsung Internet"): 5,
    ("phone", "KaiOS", "KaiOS Browser"): 1,
    ("tablet", "iOS", "Safari"): 3,
    ("tablet", "Android", "Chrome"): 2,
    ("other", "Other", "Other"): 1,
}
# What anybody knows of them: what there is not.
IMPOSSIBLE = {
    (device, system)
    for device, systems in {
        "desktop": ("iOS", "Android", "KaiOS"),
        "phone": ("Windows", "Mac OS X", "Linux", "Chrome OS"),
        "tablet": ("Windows", "Mac OS X", "Linux", "Chrome OS"),
        "other": ("Windows", "Mac OS X", "Linux", "Chrome OS", "iOS", "Android", "KaiOS"),
    }.items()
    for system in systems
} | {
    (system, browser)
    for browser, systems in {
        "Safari": ("Windows", "Linux", "Chrome OS", "Android", "KaiOS", "Other"),
        "IE": ("Mac OS X", "Linux", "Chrome OS", "iOS", "Android", "KaiOS", "Other"),
        "Samsung Internet": ("Windows", "Mac OS X", "Linux", "Chrome OS", "iOS", "KaiOS", "Other"),
        "Edge": ("Chrome OS", "KaiOS"),
        "Firefox": ("Chrome OS",),
        "Instagram": ("Chrome OS", "KaiOS"),
        "KaiOS Browser": ("Chrome OS",),
        "Other": ("Chrome OS", "KaiOS"),
        "Chrome": ("KaiOS",),
    }.items()
    for system in systems
}
LINKS = (
    ("none", "none", "none"),
    ("spring", "newsletter", "email"),
    ("autumn", "newsletter", "email"),
    ("none", "newsletter", "email"),
    ("spring", "facebook", "social"),
    ("spring", "facebook", "cpc"),
    ("other", "google", "cpc"),
    ("none", "google", "cpc"),
)
COUNTRIES = ("NO", "SE", "DK", "FO", "GL")
TOOK = ("1", "2", "5", "unknown")
ACTIONS = ("accept", "refuse", "choose", "withdraw")

Cell = tuple[str, ...]


class Day:
    """Who came, as nobody counts it, and what is counted of it."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        size = chance.choice((15, 40, 100, 300, 1000))
        self.clients = self._crowd(chance, size, list(CLIENTS), list(CLIENTS.values()))
        # Of these a few: the facts that somebody looks for.
        for client in chance.sample(list(CLIENTS), 3):
            self.clients[client] = chance.randrange(1, K)
        visits_of_day = self.clients.total()
        weights = [chance.choice((0, 1, 1, 4, 20)) for _ in LINKS]
        self.links = self._crowd(chance, visits_of_day, list(LINKS), [40, *weights[1:]])
        weights = [60, *(chance.choice((0, 1, 5)) for _ in COUNTRIES[1:])]
        self.countries = self._crowd(chance, visits_of_day, list(COUNTRIES), weights)
        self.with_banner = Tally(
            {
                client: max(0, count - chance.choice((0, 0, 0, 1, 3, 12)))
                for client, count in self.clients.items()
            }
        )
        everybody = list(self.countries.elements())
        self.banner_in = Tally(chance.sample(everybody, self.with_banner.total()))
        self.decisions: Tally[Cell] = Tally(
            {
                (took, action): chance.choice((0, 0, 1, 3, 9, 12, 40))
                for took in TOOK
                for action in ACTIONS[:3]
            }
        )
        self.withdrawals = chance.choice((0, 1, 9, 12))

    @staticmethod
    def _crowd(
        chance: random.Random, size: int, kinds: list[Any], weights: list[int]
    ) -> Tally[Any]:
        return Tally(chance.choices(kinds, weights, k=size))

    def counted(self) -> dict[str, Tally[tuple[str, str]]]:
        total = self.clients.total()
        found = {
            "total": Tally({("views", ""): total + 40, ("visits", ""): total}),
            "banner": Tally({("shown", ""): self.with_banner.total()}),
            "consents.action": Tally[tuple[str, str]](),
            "consents.answer": Tally[tuple[str, str]](),
            "consents.took": Tally(self.decisions),
        }
        for at, dimension in enumerate(("device", "system", "browser")):
            found[dimension] = _margin(self.clients, at)
        found["shown.device"] = _margin(self.with_banner, 0)
        found["client"] = Tally[tuple[str, str]]()
        for client, count in self.clients.items():
            for banner, part in (
                ("shown", self.with_banner[client]),
                ("", count - self.with_banner[client]),
            ):
                if part:
                    found["client"][hits.combine((*client, banner)), ""] = part
        for at, dimension in enumerate(("campaign", "source", "medium")):
            found[dimension] = _margin(self.links, at)
        found["link"] = Tally(
            {
                (
                    hits.combine((*link, "none", "none")),
                    "",
                ): n
                for link, n in self.links.items()
            }
        )
        found["country"] = Tally({(country, ""): n for country, n in self.countries.items()})
        found["shown.country"] = Tally({(country, ""): n for country, n in self.banner_in.items()})
        for (_, action), count in self.decisions.items():
            found["consents.action"][action, ""] += count
            found["consents.answer"][action, ""] += count
        found["consents.action"]["withdraw", ""] += self.withdrawals
        return found


def _margin(cells: Mapping[Cell, int], at: int) -> Tally[tuple[str, str]]:
    sums = Tally[tuple[str, str]]()
    for cell, count in cells.items():
        sums[cell[at], ""] += count
    return +sums


class Intruder:
    """Knows some sums of cells, and works out what a group of them can have been."""

    def __init__(self, cells: Iterable[Hashable]) -> None:
        self._places = {cell: place for place, cell in enumerate(cells)}
        self._rows: list[Any] = []
        self._numbers: list[int] = []

    def know(self, number: int, inside: Callable[[Any], bool]) -> None:
        self._rows.append(self._vector(inside))
        self._numbers.append(number)

    def range_of(self, inside: Callable[[Any], bool]) -> tuple[float, float]:
        found = []
        for sign in (1, -1):
            solved = linprog(
                sign * self._vector(inside),
                A_eq=np.array(self._rows),
                b_eq=self._numbers,
                bounds=(0, None),
            )
            assert solved.success
            found.append(sign * solved.fun)
        return found[0], found[1]

    def _vector(self, inside: Callable[[Any], bool]) -> Any:
        vector = np.zeros(len(self._places))
        vector[[place for cell, place in self._places.items() if inside(cell)]] = 1
        return vector


def shown(rows: Iterable[FigureRow], dimension: str) -> dict[tuple[str, str], int]:
    return {
        (row.value, row.onward): row.number
        for row in rows
        if row.dimension == dimension and row.value != "*"
    }


def tells(intruder: Intruder, inside: Callable[[Any], bool], count: int) -> bool:
    """Whether the figures tell this small count nearer than k."""
    least, most = intruder.range_of(inside)
    assert least - 0.01 <= count <= most + 0.01
    return most - least < K - 0.01


@pytest.mark.parametrize("seed", range(DAYS))
def test_all_tables_together_tell_no_small_count(seed: int) -> None:
    day = Day(seed)
    rows = closing.released(day.counted())

    told = [
        *of_clients(day, rows),
        *of_links(day, rows),
        *of_countries(day, rows),
        *of_took(day, rows),
    ]

    assert told == []


def of_clients(day: Day, rows: list[FigureRow]) -> Iterable[Any]:
    """Small groups of a device and a system, of a system and a browser, with the banner or without."""
    names = [sorted({client[at] for client in CLIENTS}) for at in range(3)]
    intruder = Intruder(
        (device, system, browser, banner)
        for device, system, browser in itertools.product(*names)
        if not IMPOSSIBLE & {(device, system), (system, browser)}
        for banner in (True, False)
    )
    intruder.know(day.clients.total(), lambda _: True)
    for at, dimension in enumerate(("device", "system", "browser")):
        for (value, _), count in shown(rows, dimension).items():
            intruder.know(count, lambda cell, at=at, value=value: cell[at] == value)
    for (value, _), count in shown(rows, "banner").items():
        if value == "shown":
            intruder.know(count, lambda cell: cell[3])
    for (value, _), count in shown(rows, "shown.device").items():
        intruder.know(count, lambda cell, value=value: cell[3] and cell[0] == value)
    for at in (0, 1):
        groups = Tally[Cell]()
        for client, count in day.clients.items():
            groups[client[at : at + 2]] += count
        for group, count in groups.items():
            inside = lambda cell, at=at, group=group: cell[at : at + 2] == group  # noqa: E731
            if 0 < count < K and tells(intruder, inside, count):
                yield group, count


def of_links(day: Day, rows: list[FigureRow]) -> Iterable[Any]:
    """Small groups of a campaign and a source, or a source and a medium, by somebody who knows the links."""
    intruder = Intruder(day.links)
    intruder.know(day.links.total(), lambda _: True)
    for at, dimension in enumerate(("campaign", "source", "medium")):
        for (value, _), count in shown(rows, dimension).items():
            intruder.know(count, lambda link, at=at, value=value: link[at] == value)
    for link, count in day.links.items():
        if count < K and tells(intruder, lambda each, link=link: each == link, count):
            yield link, count


def of_countries(day: Day, rows: list[FigureRow]) -> Iterable[Any]:
    intruder = Intruder(itertools.product(COUNTRIES, (True, False)))
    intruder.know(day.countries.total(), lambda _: True)
    for (value, _), count in shown(rows, "country").items():
        intruder.know(count, lambda cell, value=value: cell[0] == value)
    for (value, _), count in shown(rows, "banner").items():
        if value == "shown":
            intruder.know(count, lambda cell: cell[1])
    for (value, _), count in shown(rows, "shown.country").items():
        intruder.know(count, lambda cell, value=value: cell == (value, True))
    for country in COUNTRIES:
        with_banner = day.banner_in[country]
        for banner, count in ((True, with_banner), (False, day.countries[country] - with_banner)):
            cell = country, banner
            if 0 < count < K and tells(intruder, lambda each, cell=cell: each == cell, count):
                yield cell, count


def of_took(day: Day, rows: list[FigureRow]) -> Iterable[Any]:
    """How long an answer took, by action. Of each action it is known how many there were."""
    intruder = Intruder(itertools.product(TOOK, ACTIONS[:3]))
    actions = Tally({value: count for (value, _), count in shown(rows, "consents.action").items()})
    for action in ACTIONS[:3]:
        intruder.know(actions[action], lambda cell, action=action: cell[1] == action)
    for (value, onward), count in shown(rows, "consents.took").items():
        if not onward:
            intruder.know(count, lambda cell, value=value: cell[0] == value)
        elif onward in ACTIONS:
            place = value, onward
            intruder.know(count, lambda cell, place=place: cell == place)
    for cell, count in day.decisions.items():
        # Of an action that was rare, staff know that it was.
        if 0 < count < K <= actions[cell[1]] and tells(
            intruder, lambda each, cell=cell: each == cell, count
        ):
            yield cell, count
