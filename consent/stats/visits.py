"""Answers questions about a site's visits, from what may be shown of them."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.core.periods import Period, steps
from consent.counting.bounds import OTHER
from consent.models import Counter, Site
from consent.site import versions
from consent.stats import figures, public_pages
from consent.stats.suppression import PUBLIC_K, K, late_step

By = Literal[
    "day",
    "page",
    "entry",
    "exit",
    "flow",
    "referrer",
    "browser",
    "system",
    "device",
    "language",
    "network",
    "country",
    "hour",
    "campaign",
    "source",
    "medium",
    "term",
    "content",
]
DIMENSIONS: tuple[By, ...] = By.__args__  # type: ignore[attr-defined]
# What each dimension counts. The rest count visits.
OF_VIEWS = ("page", "exit", "flow", "hour")
# Pages, the largest first, of which it is looked up whether everybody may see them.
MOST_COMPARED = 500


@dataclass(frozen=True)
class Day:
    """A day's totals; None where they are withheld, or nothing was counted: the two look alike."""

    day: date
    views: int | None
    visits: int | None
    # The day is not closed: its totals come in steps of k.
    running: bool = False


@dataclass(frozen=True)
class VisitRow:
    value: str
    count: int
    # The page that followed, in the click stream.
    onward: str | None = None


@dataclass(frozen=True)
class VisitResult:
    period: Period
    by: By
    days: list[Day]
    rows: list[VisitRow]
    # Counted in the period but in no row.
    other: int
    # The epsilons with which noise was added to figures of the period (noise.py).
    noise: list[float]

    @property
    def unit(self) -> str:
        return "views" if self.by in OF_VIEWS else "visits"

    @property
    def views(self) -> int:
        return sum(day.views or 0 for day in self.days)

    @property
    def visits(self) -> int:
        return sum(day.visits or 0 for day in self.days)

    def table(self) -> list[dict[str, Any]]:
        """The rows for programs: each figure under its name."""
        if self.by == "day":
            return [
                {
                    "day": each.day.isoformat(),
                    "views": each.views,
                    "visits": each.visits,
                    "running": each.running,
                }
                for each in self.days
            ]
        if self.by == "flow":
            return [
                {"page": each.value, "onward": each.onward, self.unit: each.count}
                for each in self.rows
            ]
        return [{self.by: each.value, self.unit: each.count} for each in self.rows]


@dataclass(frozen=True)
class Step:
    """A part of a period, in a picture of the whole: its closed days' totals."""

    period: Period
    views: int | None
    visits: int | None


def timeline(days: Sequence[Day], period: Period) -> list[Step]:
    """How the days of an answer look in a picture."""
    of_days = {day.day: day for day in days if not day.running}
    found = []
    for part in steps(period):
        inside = [of_days[day] for day in part if day in of_days]
        views = sum(day.views or 0 for day in inside)
        found.append(Step(part, views or None, sum(day.visits or 0 for day in inside) or None))
    return found


def answer(session: Session, site: str, period: Period, by: By, now: datetime) -> VisitResult:
    """What may be shown of the site's visits. Raises UnknownSite."""
    site_file = versions.site_file(versions.current(session, site))
    closed = figures.closed(session, site, period)
    today = now.astimezone(site_file.zone).date()
    days = _days(session, site, period, closed, today, site_file.hits.noise is None)
    rows, other = detail(session, site, period, by)
    noise = figures.totals(session, site, "noise", closed) if closed else []
    return VisitResult(period, by, days, rows, other, sorted(float(each.value) for each in noise))


def detail(session: Session, site: str, period: Period, by: By) -> tuple[list[VisitRow], int]:
    """The rows of an answer, and what was counted and is in none of them."""
    closed = figures.closed(session, site, period)
    if closed is None or by == "day":
        return [], 0
    found = figures.totals(session, site, by, closed)
    rows = [
        VisitRow(each.value, each.number, each.onward if by == "flow" else None)
        for each in found
        if each.value != OTHER
    ]
    if by == "hour":
        rows.sort(key=lambda row: row.value)
    return rows, sum(each.number for each in found if each.value == OTHER)


def for_everybody(session: Session, site: str, found: VisitResult, most: int) -> VisitResult:
    """What everybody may see of an answer: so many of its values, from PUBLIC_K on, and of pages those that the site
    itself names. All else is among the others. Raises UnknownSite.
    """
    rows = [row for row in found.rows if row.count >= PUBLIC_K]
    if found.by == "page":
        site_file = versions.site_file(versions.current(session, site))
        largest_rows = rows[:MOST_COMPARED]
        named = public_pages.among(session, site, site_file, [row.value for row in largest_rows])
        rows = [row for row in largest_rows if row.value in named]
    rows = rows[:most]
    hidden = sum(row.count for row in found.rows) - sum(row.count for row in rows)
    return replace(found, rows=rows, other=found.other + hidden)


def largest(
    session: Session, site: str, period: Period, by: By, most: int
) -> tuple[list[VisitRow], int]:
    """So many rows of an answer, and what was counted and is in none of them."""
    rows, other = detail(session, site, period, by)
    return rows[:most], other + sum(each.count for each in rows[most:])


def _days(
    session: Session,
    site: str,
    period: Period,
    closed: Period | None,
    today: date,
    shows_running: bool,
) -> list[Day]:
    of_closed = figures.by_day(session, site, "total", closed) if closed else {}
    counted: dict[date, dict[str, int]] = {}
    key = b""
    if shows_running and (closed is None or closed.last < period.last):
        counted = _running(session, site, closed.last if closed else None, period)
        key = session.scalars(select(Site.lag_key).where(Site.site == site)).one()
    days = []
    for day in period:
        if closed and day <= closed.last:
            shown = {row.value: row.number for row in of_closed.get(day, ())}
            days.append(Day(day, shown.get("views"), shown.get("visits")))
        else:
            so_far = counted.get(day, {})
            # Late by the same: what is known of both tells no more than what is known of one.
            lag = partial(_lag, key, day)
            views, visits = (
                late_step(so_far.get(name, 0), lag) or None for name in ("views", "visits")
            )
            days.append(Day(day, views, visits, running=day <= today))
    return days


def _lag(key: bytes, day: date, steps: int) -> int:
    """How many more page views it takes until this step is shown: from 0 to k."""
    drawn = hmac.digest(key, f"{day} {steps}".encode(), "sha256")
    return int.from_bytes(drawn) % (K + 1)


def _running(
    session: Session, site: str, after: date | None, period: Period
) -> dict[date, dict[str, int]]:
    """The totals of the days that are not closed yet."""
    found: dict[date, dict[str, int]] = {}
    query = select(Counter.day, Counter.value, Counter.count).where(
        Counter.site == site,
        Counter.day.between(max(period.first, after or period.first), period.last),
        Counter.dimension == "total",
    )
    for day, value, count in session.execute(query):
        found.setdefault(day, {})[value] = count
    return found
