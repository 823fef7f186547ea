"""A bounded number of distinct values per site, day and dimension: whatever is sent, the counters stay small.

The first values of a day are counted under their own names, all further ones together. Which those are is settled in
the transaction that adds them. What a process has seen it remembers as hashes, so that it rarely has to look.
"""

from collections import Counter as Tally
from collections import OrderedDict
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from consent.counting.counters import Sums
from consent.models import Counter

# The dimensions whose values come from outside.
OPEN = frozenset(
    ("page", "entry", "flow", "referrer", "browser", "system", "network", "client", "link", "place")
)
# Distinct values (of `flow`, pairs) of one site, day and dimension.
MOST = 2000
# Stands for all values beyond that, and in figures for all that are in no row.
OTHER = "*"
# Sites' days and dimensions that are remembered.
MOST_REMEMBERED = 1000
# Values in one question. Few sizes, because what is prepared for each is kept.
SIZES = (8, 64, 512)

Place = tuple[str, date, str]


class Bounds:
    """What one process knows of the values that are counted by name."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[Place, set[int]] = OrderedDict()

    def fold(self, connection: Connection, counted: Sums) -> Sums:
        """The same counts, those of values that are too many under OTHER.

        Whoever calls has the site's day locked until the end of its transaction.
        """
        places: dict[Place, Tally[tuple[str, str]]] = {}
        for (site, (day, dimension, value, onward)), count in counted.items():
            places.setdefault((site, day, dimension), Tally())[value, onward] += count
        folded: Sums = Tally()
        for place, values in sorted(places.items(), key=lambda each: each[0][2] == "flow"):
            named = self._named(connection, place, values)
            site, day, dimension = place
            for (value, onward), count in values.items():
                if (value, onward) not in named:
                    # A page that somebody went on from keeps its name, if it has one, so that they did not leave it.
                    is_page = onward and self._knows((site, day, "page"), (value, ""))
                    value, onward = value if is_page else OTHER, OTHER if onward else ""
                folded[site, (day, dimension, value, onward)] += count
        return folded

    def _named(
        self, connection: Connection, place: Place, values: Tally[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        known = self._known.setdefault(place, set())
        self._known.move_to_end(place)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        named = {each for each in values if hash(each) in known}
        new = [each for each, _ in values.most_common() if each not in named]
        if new and len(known) < self._most:
            stored = _stored(connection, place, new)
            room = self._most - _count(connection, place)
            if room <= 0:
                known.update(map(hash, _all(connection, place)))
            new = [*stored, *[each for each in new if each not in stored][: max(room, 0)]]
            known.update(map(hash, new))
            named.update(new)
        return named

    def _knows(self, place: Place, value: tuple[str, str]) -> bool:
        return hash(value) in self._known.get(place, ())


def _stored(
    connection: Connection, place: Place, values: list[tuple[str, str]]
) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for start in range(0, len(values), SIZES[-1]):
        some = values[start : start + SIZES[-1]]
        size = next(each for each in SIZES if len(some) <= each)
        some += some[-1:] * (size - len(some))
        wanted = tuple_(Counter.value, Counter.onward).in_(some)
        query = select(Counter.value, Counter.onward).where(*_at(place), wanted)
        found.update((value, onward) for value, onward in connection.execute(query))
    return found


def _count(connection: Connection, place: Place) -> int:
    count = select(func.count()).select_from(Counter).where(*_at(place))
    return connection.scalar(count) or 0


def _all(connection: Connection, place: Place) -> set[tuple[str, str]]:
    query = select(Counter.value, Counter.onward).where(*_at(place))
    return {(value, onward) for value, onward in connection.execute(query)}


def _at(place: Place) -> tuple[ColumnElement[bool], ...]:
    site, day, dimension = place
    return Counter.site == site, Counter.day == day, Counter.dimension == dimension
