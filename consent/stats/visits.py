"""Counts page views, so that nobody can be found in the counts.

A hit is turned into cells as it arrives: for each dimension, one value seen on one day. Only sums of cells
are stored, until the day is closed (closing.py) and they become figures. The address was used for the network's name
before it came here, and goes no further. There is no id of a visitor or a visit: a visit is a page view that did not
come from the same site.
"""

import hmac
import json
import uuid
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from consent.core import db
from consent.core.db import Bulk
from consent.core.periods import Period, steps
from consent.counting import cleaning, counters
from consent.counting.bounds import OPEN, OTHER, Bounds
from consent.counting.cleaning import LONGEST_VALUE
from consent.counting.counters import Cell, Sums
from consent.counting.useragent import Client
from consent.models import Counter, Merge, Site
from consent.site import versions
from consent.site.schema import CAMPAIGN_PARAMETERS, SiteFile
from consent.stats import figures, public_pages
from consent.stats.disclosure import BANNER
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
# What a link may say of the campaign that it is part of.
CAMPAIGNS = tuple(CAMPAIGN_PARAMETERS.values())
# Tables that hold each other, by the dimension that tells how: a campaign's links, and networks in their countries.
TOGETHER: dict[str, tuple[str, ...]] = {"link": CAMPAIGNS, "place": ("country", "network")}
# What each dimension counts. The rest count visits.
OF_VIEWS = ("page", "exit", "flow", "hour")
# What is counted of visits on which the banner was shown.
SHOWN = ("shown.language", "shown.device", "shown.country", "shown.version")

# Pages, the largest first, of which it is looked up whether everybody may see them.
MOST_COMPARED = 500

# Stands for a campaign that a visit was not part of, or one that the site file does not list.
NO_CAMPAIGN = "none"
OTHER_CAMPAIGN = "other"


class Hit(BaseModel):
    """A page view as the browser sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Of a query only the campaign's parameters are looked at.
    path: str = Field(min_length=1, max_length=4096, pattern="^/")
    # Empty: the visitor came from nowhere; null: nobody knows.
    referrer: str | None = Field(default="", max_length=4096)
    # The language in which the banner asks on this page; nothing where it does not ask.
    banner: Annotated[str, Field(max_length=20)] | Literal[False] | None = None


class PageView(Protocol):
    """What is counted of a page view: a hit, or a line of a log, which has been checked."""

    @property
    def path(self) -> str: ...

    @property
    def referrer(self) -> str | None: ...

    @property
    def banner(self) -> str | Literal[False] | None: ...


class Seen(NamedTuple):
    """What a server sees of whoever sends a hit."""

    # The page's own origin, as the browser names it.
    origin: str | None
    client: Client
    # The Accept-Language header; None where it is not known, as in a log.
    languages: str | None
    # The name of the network, and the code of the country; None where nobody looks it up.
    network: str | None
    country: str | None


def cells(
    site_file: SiteFile, hit: PageView, seen: Seen, now: datetime, version: int
) -> list[Cell]:
    """The cells that one page view adds to. `version` is the one in force."""
    moment = now.astimezone(site_file.zone)
    day = moment.date()
    page = cleaning.path(cleaning.bare(hit.path))
    found = [
        (day, "total", "views", ""),
        (day, "page", page, ""),
        (day, "hour", f"{moment.hour:02}", ""),
    ]
    if hit.referrer is None:
        return found
    came_from, host, path = cleaning.source(cleaning.bare(hit.referrer), site_file.hits.named_hosts)
    if came_from is not None and (came_from == seen.origin or came_from in site_file.site.origins):
        # Another of the site's origins shows only itself, not the page.
        if came_from == seen.origin or seen.origin is None:
            found.append((day, "flow", path, page))
        return found
    client = seen.client
    browser, system = client.browser[:LONGEST_VALUE], client.system[:LONGEST_VALUE]
    found += [
        (day, "total", "visits", ""),
        (day, "entry", page, ""),
        (day, "referrer", host, ""),
        (day, "browser", browser, ""),
        (day, "system", system, ""),
        (day, "device", client.device, ""),
    ]
    is_asked = hit.banner in site_file.site.languages
    found += _together(day, "client", (client.device, system, browser, BANNER if is_asked else ""))
    if seen.languages is not None:
        found.append((day, "language", cleaning.language(seen.languages), ""))
    if seen.network is not None:
        found.append((day, "network", seen.network[:LONGEST_VALUE], ""))
    if seen.country is not None:
        found.append((day, "country", seen.country, ""))
    if seen.network is not None and seen.country is not None:
        found += _together(day, "place", (seen.country, seen.network[:LONGEST_VALUE]))
    if site_file.hits.campaigns:
        found += _campaign(site_file, hit.path, day)
    if is_asked:
        found += [
            (day, "banner", "shown", ""),
            (day, "shown.language", str(hit.banner), ""),
            (day, "shown.device", client.device, ""),
            (day, "shown.version", str(version), ""),
        ]
        if seen.country is not None:
            found.append((day, "shown.country", seen.country, ""))
    return found


def _campaign(site_file: SiteFile, path: str, day: date) -> list[Cell]:
    wanted = site_file.hits.campaigns
    given = cleaning.campaign(path, wanted)
    values: dict[str, str] = {}
    for parameter, listed in wanted.items():
        value = given.get(parameter, NO_CAMPAIGN)
        known = value if value in listed or value == NO_CAMPAIGN else OTHER_CAMPAIGN
        values[CAMPAIGN_PARAMETERS[parameter]] = known
    found = [(day, dimension, value, "") for dimension, value in values.items()]
    if len(values) > 1:
        found += _together(day, "link", tuple(values.get(each, NO_CAMPAIGN) for each in CAMPAIGNS))
    return found


def _together(day: date, dimension: str, values: tuple[str, ...]) -> list[Cell]:
    """Values that come together, as one: it tells which of them hold which (closing.py), and is never shown."""
    combined = combine(values)
    # What is longer is not counted: then closing.py sees that it misses some.
    return [(day, dimension, combined, "")] if len(combined) <= LONGEST_VALUE else []


@lru_cache(maxsize=4096)
def combine(values: tuple[str, ...]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def combinations(counted: Mapping[str, int]) -> "Tally[tuple[str, ...]]":
    """How often values came together."""
    return Tally({tuple(json.loads(combined)): count for combined, count in counted.items()})


def add(connection: Connection, counted: Sums, bounds: Bounds) -> None:
    """Adds the counts of sites' cells to the counters, within bounds. The caller commits."""
    totals, closed, opened = Sums(), Sums(), Sums()
    for (site, cell), count in counted.items():
        kind = totals if cell[1] == "total" else opened if cell[1] in OPEN else closed
        kind[site, cell] += count
    # The totals first: whoever adds to a site's day, or closes it, has them locked from then on.
    counters.add(connection, totals)
    counters.add(connection, closed)
    counters.add(connection, bounds.fold(connection, opened))


def merge(
    engine: Engine,
    bounds: Bounds,
    process: uuid.UUID,
    number: int,
    counted: Sums,
    remembered_for: timedelta = timedelta(0),
) -> bool:
    """Adds what a process counted in its file of this number, unless that is done, in a transaction of its own.

    The files of a process have to come in their order. That this one came is remembered for so long, and some days.
    False: it came before.
    """
    # The day is enough to forget it by; the moment would say when a page was viewed.
    now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [
        (site, process, number, now + remembered_for)
        for site in sorted({site for site, _ in counted})
    ]
    if not rows:
        return True
    with db.write(engine) as connection:
        mark = _MARK.statement(connection.dialect, rows)
        is_new = bool(connection.exec_driver_sql(*mark).rowcount)
        if is_new:
            add(connection, counted, bounds)
    return is_new


_MARK = Bulk(
    Merge,
    "(site, process) DO UPDATE SET number = excluded.number, merged_at = excluded.merged_at "
    "WHERE stored.number < excluded.number",
)


@dataclass(frozen=True)
class Day:
    """A day's totals; None where they are withheld, or nothing was counted: the two look alike."""

    day: date
    views: int | None
    visits: int | None
    # The day is not closed: its totals come in steps of k.
    running: bool = False


@dataclass(frozen=True)
class Row:
    value: str
    count: int
    # The page that followed, in the click stream.
    onward: str | None = None


@dataclass(frozen=True)
class Answer:
    period: Period
    by: By
    days: list[Day]
    rows: list[Row]
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


def answer(session: Session, site: str, period: Period, by: By, now: datetime) -> Answer:
    """What may be shown of the site's visits. Raises UnknownSite."""
    site_file = versions.site_file(versions.current(session, site))
    closed = figures.closed(session, site, period)
    today = now.astimezone(site_file.zone).date()
    days = _days(session, site, period, closed, today, site_file.hits.noise is None)
    rows, other = detail(session, site, period, by)
    noise = figures.totals(session, site, "noise", closed) if closed else []
    return Answer(period, by, days, rows, other, sorted(float(each.value) for each in noise))


def detail(session: Session, site: str, period: Period, by: By) -> tuple[list[Row], int]:
    """The rows of an answer, and what was counted and is in none of them."""
    closed = figures.closed(session, site, period)
    if closed is None or by == "day":
        return [], 0
    found = figures.totals(session, site, by, closed)
    rows = [
        Row(each.value, each.number, each.onward if by == "flow" else None)
        for each in found
        if each.value != OTHER
    ]
    if by == "hour":
        rows.sort(key=lambda row: row.value)
    return rows, sum(each.number for each in found if each.value == OTHER)


def for_everybody(session: Session, site: str, found: Answer, most: int) -> Answer:
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
) -> tuple[list[Row], int]:
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
