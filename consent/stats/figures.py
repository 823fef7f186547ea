"""The figures of closed days: stored once, summed for any period, and forgotten day by day.

Each is stored for its day and added to its month, so that a question about a year reads twelve months and not three
hundred and sixty-five days.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, union_all, update
from sqlalchemy.orm import Session

from consent.core.bulk import Bulk
from consent.core.periods import Period, month_of
from consent.models import Figure, Site


class FigureRow(NamedTuple):
    dimension: str
    value: str
    # The page that followed, or what was decided.
    onward: str
    number: int


def add(connection: Connection, site: str, day: date, rows: Sequence[FigureRow]) -> None:
    """Adds a day's figures to those that it has, and to its month's. The caller commits."""
    spans = (("day", day), ("month", day.replace(day=1)))
    # In the order of the key, so that two writers never wait for each other crosswise.
    values = sorted(
        (site, row.dimension, span, start, row.value, row.onward, row.number)
        for span, start in spans
        for row in rows
    )
    _ADD.execute(connection, values)


_ADD = Bulk(
    Figure,
    '(site, dimension, span, day, value, onward) DO UPDATE SET "count" = stored."count" + excluded."count"',
)


def lock(connection: Connection, site: str) -> date | None:
    """The last day that is closed. Until the transaction ends, nobody else closes one."""
    this = Site.site == site
    connection.execute(update(Site).where(this).values(closed_through=Site.closed_through))
    return connection.scalar(select(Site.closed_through).where(this))


def closed_through(session: Session, site: str) -> date | None:
    """The last day that is closed."""
    return session.scalar(select(Site.closed_through).where(Site.site == site))


def closed(session: Session, site: str, period: Period) -> Period | None:
    """The part of a period that is closed, and so has figures."""
    through = closed_through(session, site)
    if through is None or through < period.first:
        return None
    return Period(period.first, min(period.last, through))


def totals(session: Session, site: str, dimension: str, period: Period) -> list[FigureRow]:
    """The sums of a dimension's values over a period, the largest first."""
    parts = union_all(*(_part(site, dimension, *each) for each in _spans(period))).subquery()
    count = func.sum(parts.c.count).label("total")
    query = (
        select(parts.c.value, parts.c.onward, count)
        .group_by(parts.c.value, parts.c.onward)
        .order_by(count.desc(), parts.c.value, parts.c.onward)
    )
    return [
        FigureRow(dimension, value, onward, int(counted))
        for value, onward, counted in session.execute(query)
    ]


def sums(
    session: Session, sites: Sequence[str], dimension: str, period: Period
) -> dict[tuple[str, str], int]:
    """The sums of a dimension's values over the closed days of a period, for each of some sites."""
    query = (
        select(Figure.site, Figure.value, func.sum(Figure.count))
        .where(
            Figure.site.in_(sites),
            Figure.dimension == dimension,
            Figure.span == "day",
            Figure.day.between(period.first, period.last),
        )
        .group_by(Figure.site, Figure.value)
    )
    return {(site, value): int(count) for site, value, count in session.execute(query)}


def by_day(
    session: Session, site: str, dimension: str, period: Period
) -> dict[date, list[FigureRow]]:
    """A dimension's values on each day that has some."""
    found: dict[date, list[FigureRow]] = {}
    query = select(Figure.day, Figure.value, Figure.onward, Figure.count).where(
        Figure.site == site,
        Figure.dimension == dimension,
        Figure.span == "day",
        Figure.day.between(period.first, period.last),
    )
    for day, value, onward, count in session.execute(query):
        found.setdefault(day, []).append(FigureRow(dimension, value, onward, count))
    return found


def of_days_before(site: str, dimensions: Sequence[str], before: date) -> list[ColumnElement[bool]]:
    """Which figures of days are of these dimensions, and from before a day."""
    return [
        Figure.site == site,
        Figure.dimension.in_(dimensions),
        Figure.span == "day",
        Figure.day < before,
    ]


def erase_oldest(connection: Connection, site: str, dimensions: Sequence[str], before: date) -> int:
    """Deletes the figures of these dimensions on the oldest day before `before`. How many rows that was.

    The month gives up what the day had. The caller commits.
    """
    lock(connection, site)
    of_days = of_days_before(site, dimensions, before)
    day = connection.scalar(select(func.min(Figure.day)).where(*of_days))
    if day is None:
        return 0
    rows = [
        FigureRow(dimension, value, onward, -count)
        for dimension, value, onward, count in connection.execute(
            select(Figure.dimension, Figure.value, Figure.onward, Figure.count).where(
                *of_days, Figure.day == day
            )
        )
    ]
    add(connection, site, day, rows)
    gone = delete(Figure).where(
        Figure.site == site,
        Figure.dimension.in_(dimensions),
        Figure.day.in_([day, day.replace(day=1)]),
        Figure.count == 0,
    )
    connection.execute(gone)
    return len(rows)


def _part(site: str, dimension: str, span: str, first: date, last: date) -> "Select[str, str, int]":
    return select(Figure.value, Figure.onward, Figure.count).where(
        Figure.site == site,
        Figure.dimension == dimension,
        Figure.span == span,
        Figure.day.between(first, last),
    )


def _spans(period: Period) -> Iterable[tuple[str, date, date]]:
    """The whole months in a period, and the days before and after them."""
    first_month = period.first
    if period.first.day != 1:
        first_month = month_of(period.first).last + timedelta(days=1)
    after = period.last + timedelta(days=1)
    last_month = after.replace(day=1)
    if first_month >= last_month:
        yield "day", period.first, period.last
        return
    yield "month", first_month, last_month - timedelta(days=1)
    if period.first < first_month:
        yield "day", period.first, first_month - timedelta(days=1)
    if last_month <= period.last:
        yield "day", last_month, period.last
