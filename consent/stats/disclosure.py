"""What could be worked out from all figures of a day together: systems of linear equations, which solver.py audits.

suppression.py judges one table at a time. Tables hold each other, too: phones hold iPhones, a source holds its
campaigns, visits hold those on which the banner was shown. What is published of such tables is one system: its cells
are the smallest groups that somebody may tell apart, and each figure is a sum of them.
"""

import itertools
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from consent.counting.hits import BANNER
from consent.stats.suppression import K

# Devices, and the systems that only they have; systems, and the browsers that only they have; browsers, and the
# systems that have no other.
DEVICES = (
    (("desktop",), ("Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "FreeBSD")),
    (("phone", "tablet"), ("iOS", "Android", "Windows Phone", "KaiOS", "BlackBerry OS")),
)
SYSTEMS = (
    (("iOS", "Mac OS X"), ("Safari",)),
    (("Android",), ("Samsung Internet", "Android")),
    (("Windows",), ("IE",)),
)
BROWSERS = (
    (("Chrome",), ("Chrome OS",)),
    (("KaiOS Browser", "Firefox"), ("KaiOS",)),
)
KINDS_OF_DEVICE = ("phone", "tablet", "desktop", "other")
KNOWN_SYSTEMS = {name for _, only in DEVICES for name in only}
KNOWN_BROWSERS = {name for _, only in SYSTEMS for name in only} | {
    name for those, _ in BROWSERS for name in those
}
# All other values that are not shown.
REST = "*"
# Ways between pages that are looked at. Beyond these, somebody is taken to know which pages have no way between them:
# that much cannot tell more of a small way than the figures do.
MOST_WAYS = 4000

Tables = Mapping[str, Mapping[str, int]]
# A page, and the page that followed; or a value, and what was decided.
Way = tuple[str, str]


class Figure(NamedTuple):
    """The name of a figure that may be withheld."""

    dimension: str
    value: str
    onward: str = ""


class System:
    """Cells, and what is published of them. Of tables that hold each other, `first` stays where time is up."""

    def __init__(self, first: str = "") -> None:
        self.first = first
        # None: not counted, since it would take more than one dimension to do so.
        self.cells: list[int | None] = []
        self.sums: list[tuple[int, list[int], Figure | None]] = []

    def add_cell(self, count: int | None) -> int:
        self.cells.append(count)
        return len(self.cells) - 1

    def know(self, number: int, cells: Iterable[int], figure: Figure | None = None) -> None:
        """That these cells make up so much. `figure` names what says so; without it, it cannot be withheld."""
        self.sums.append((number, list(cells), figure))

    @property
    def figures(self) -> list[Figure]:
        return [figure for _, _, figure in self.sums if figure]

    @property
    def may_tell(self) -> bool:
        """Whether there is a figure to withhold, and a cell that it may tell."""
        return bool(self.figures) and any(count is None or 0 < count < K for count in self.cells)


def of_clients(
    tables: Tables, visits: int, shown: int | None, clients: Mapping[tuple[str, ...], int]
) -> System:
    """Devices, systems and browsers, and on which devices the banner was shown. `shown` is how often in all.

    `clients` are the visits of each device, system and browser, with the banner (BANNER) or without. Where they are not
    all visits, any combination may be a small one.
    """
    system = System("device")
    names = [
        {*KINDS_OF_DEVICE},
        {*tables.get("system", {}), *KNOWN_SYSTEMS},
        {*tables.get("browser", {}), *KNOWN_BROWSERS},
        {BANNER} if shown is not None else set(),
    ]
    counts = Tally[tuple[str, ...]]()
    for client, count in clients.items():
        counts[_named(client, names)] += count
    is_known = counts.total() == visits
    kinds = (
        KINDS_OF_DEVICE,
        sorted({*names[1], REST}),
        sorted({*names[2], REST}),
        ("", BANNER) if shown is not None else ("",),
    )
    cells = {
        kind: system.add_cell(counts[kind] if is_known else None)
        for kind in itertools.product(*kinds)
        if kind in counts or _is_possible(*kind[:3])
    }
    system.know(visits, cells.values())
    for at, dimension in enumerate(("device", "system", "browser")):
        for value, count in tables.get(dimension, {}).items():
            inside = [cell for kind, cell in cells.items() if kind[at] == value]
            system.know(count, inside, Figure(dimension, value))
    if shown is not None:
        system.know(shown, [cell for kind, cell in cells.items() if kind[3]])
        for value, count in tables.get("shown.device", {}).items():
            inside = [cell for kind, cell in cells.items() if kind[3] and kind[0] == value]
            system.know(count, inside, Figure("shown.device", value))
    return system


def _named(client: tuple[str, ...], names: Sequence[set[str]]) -> tuple[str, ...]:
    device, system, browser, banner = client
    return (
        device,
        system if system in names[1] else REST,
        browser if browser in names[2] else REST,
        banner if banner in names[3] else "",
    )


def _is_possible(device: str, system: str, browser: str) -> bool:
    return (
        all(device in those for those, only in DEVICES if system in only)
        and all(system in those for those, only in SYSTEMS if browser in only)
        and all(browser in those for those, only in BROWSERS if system in only)
    )


def of_countries(
    tables: Tables, visits: int, shown: int | None, counted: Mapping[str, Mapping[str, int]]
) -> System:
    """Countries, and those in which the banner was shown."""
    system = System("country")
    with_banner = counted.get("shown.country", {})
    cells = {
        country: (
            system.add_cell(with_banner.get(country, 0)),
            system.add_cell(max(0, count - with_banner.get(country, 0))),
        )
        for country, count in counted.get("country", {}).items()
    }
    rest = system.add_cell(None), system.add_cell(None)
    every = [*cells.values(), rest]
    system.know(visits, itertools.chain(*every))
    for country, count in tables.get("country", {}).items():
        system.know(count, cells[country], Figure("country", country))
    if shown is not None:
        system.know(shown, [yes for yes, _ in every])
        for country, count in tables.get("shown.country", {}).items():
            system.know(count, cells[country][:1], Figure("shown.country", country))
    return system


def of_combinations(
    tables: Tables,
    dimensions: Sequence[str],
    combinations: Mapping[tuple[str, ...], int],
    visits: int,
) -> System:
    """Tables of which it was counted what came together: sources and campaigns, countries and networks."""
    system = System(next(each for each in dimensions if tables.get(each)))
    cells = {values: system.add_cell(count) for values, count in combinations.items()}
    system.know(visits, cells.values())
    for at, dimension in enumerate(dimensions):
        for value, count in tables.get(dimension, {}).items():
            inside = [cell for values, cell in cells.items() if values[at] == value]
            system.know(count, inside, Figure(dimension, value))
    return system


def of_clicks(
    counted: Mapping[Way, int],
    shown: Iterable[Way],
    kind: Callable[[Way], str],
    is_possible: Callable[[Way], bool],
) -> System:
    """The click stream, of whose rows, columns and kinds the totals are known."""
    system = System()
    cells = {way: system.add_cell(count) for way, count in counted.items()}
    rows, columns = ({way[at] for way in counted} for at in (0, 1))
    if len(rows) * len(columns) <= MOST_WAYS:
        cells |= {
            way: system.add_cell(0)
            for way in sorted(itertools.product(rows, columns))
            if way not in counted and is_possible(way)
        }
    lines: dict[tuple[str, str], list[Way]] = {}
    for way in cells:
        for line in (("row", way[0]), ("column", way[1]), ("kind", kind(way))):
            lines.setdefault(line, []).append(way)
    for ways in lines.values():
        system.know(sum(counted.get(way, 0) for way in ways), [cells[way] for way in ways])
    for way in shown:
        system.know(counted[way], [cells[way]], Figure(kind(way), *way))
    return system


def of_decisions(
    dimension: str,
    table: Mapping[Way, int],
    values: Iterable[str],
    shown: Iterable[Way],
) -> System:
    """What breaks decisions down, by action. How many there are of each action is known."""
    system = System()
    cells = {place: system.add_cell(count) for place, count in table.items()}
    actions = Tally[str]()
    for (_, action), count in table.items():
        actions[action] += count
    for action, count in actions.items():
        system.know(count, [cell for place, cell in cells.items() if place[1] == action])
    for value in values:
        row = [place for place in table if place[0] == value]
        number = sum(table[place] for place in row)
        system.know(number, [cells[place] for place in row], Figure(dimension, value))
    for place in shown:
        system.know(table[place], [cells[place]], Figure(dimension, *place))
    return system
