"""Counts page views, so that nobody can be found in the counts.

A hit is turned into cells as it arrives: for each dimension, one value seen on one day. Only sums of cells
are stored. The address was used for the network's name before it came here, and goes no further. There is
no id of a visitor or a visit: a visit is a page view that did not come from the same site.
"""

import ipaddress
import re
import uuid
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from consent import db, versions
from consent.days import Period
from consent.db import Bulk
from consent.models import Counter, Merge
from consent.sitefile import SiteFile
from consent.suppression import K, release, release_table, step
from consent.useragent import Client

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
    "network",
    "hour",
]
DIMENSIONS: tuple[By, ...] = By.__args__  # type: ignore[attr-defined]
# What each dimension counts. The rest count visits.
OF_VIEWS = ("page", "exit", "flow", "hour")

LONGEST_VALUE = 300
# Rows in one statement; SQLite allows 32,766 values.
ROWS_AT_ONCE = 1000
DIRECT = "direct"
UNKNOWN_PAGE = "?"
OTHER_PAGES = "*"
QUERY = re.compile("[?#;]")
# Stands for what may point at a person.
HIDDEN = "…"

Cell = tuple[date, str, str, str]


class Hit(BaseModel):
    """A page view as the browser sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(min_length=1, max_length=4096, pattern="^/")
    referrer: str = Field(default="", max_length=4096)


def cells(
    site_file: SiteFile,
    hit: Hit,
    origin: str | None,
    client: Client,
    network: str | None,
    now: datetime,
) -> list[Cell]:
    """The cells that one hit adds to. `origin` is the page's own, as the browser names it."""
    moment = now.astimezone(site_file.zone)
    day = moment.date()
    page = clean(_bare(hit.path))
    came_from, host, path = _source(_bare(hit.referrer))
    found = [
        (day, "total", "views", ""),
        (day, "page", page, ""),
        (day, "hour", f"{moment.hour:02}", ""),
    ]
    if came_from is not None and (came_from == origin or came_from in site_file.site.origins):
        # Another of the site's origins shows only itself, not the page.
        if came_from == origin or origin is None:
            found.append((day, "flow", path, page))
        return found
    found += [
        (day, "total", "visits", ""),
        (day, "entry", page, ""),
        (day, "referrer", host, ""),
        (day, "browser", client.browser[:LONGEST_VALUE], ""),
        (day, "system", client.system[:LONGEST_VALUE], ""),
        (day, "device", client.device, ""),
    ]
    if network is not None:
        found.append((day, "network", network[:LONGEST_VALUE], ""))
    return found


def _bare(address: str) -> str:
    """An address without its query and fragment."""
    return QUERY.split(address, maxsplit=1)[0]


# What pages and referrers come to is worked out once for many hits. These few are kept in memory, and nowhere else.
@lru_cache(maxsize=2048)
def clean(path: str) -> str:
    """A path without what may point at a person: no query, no fragment, no segment that looks like an id."""
    segments = [
        HIDDEN if _looks_like_id(segment) else segment for segment in _bare(path).split("/")
    ]
    return "/".join(segments)[:LONGEST_VALUE] or "/"


@lru_cache(maxsize=2048)
def _source(referrer: str) -> tuple[str | None, str, str]:
    """Of a referrer its origin, its host as it is counted, and its page; without an origin, that there is none."""
    origin = _origin(referrer)
    if origin is None:
        return None, DIRECT, ""
    parts = urlsplit(referrer)
    host = parts.hostname or DIRECT
    hidden = _is_address(host) or not host.isprintable()
    return origin, HIDDEN if hidden else host[:LONGEST_VALUE], clean(parts.path or "/")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _looks_like_id(segment: str) -> bool:
    if "@" in segment or "%40" in segment or not segment.isprintable():
        return True
    plain = unquote(segment)
    if (":" in plain or "." in plain) and _is_address(plain):
        return True
    # A token: long, without a separator, capitals and small letters mixed.
    if len(segment) >= 16 and segment.isalnum() and not (segment.islower() or segment.istitle()):
        return True
    digits = sum(character.isdigit() for character in segment)
    # Years and short numbers (page 2, part 12) are names of pages; longer runs are numbers of somebody.
    return digits > 4 and (digits * 3 > len(segment) or len(segment) > 24)


def _origin(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def add(connection: Connection, counted: Tally[tuple[str, Cell]]) -> None:
    """Adds the counts of sites' cells to the counters. The caller commits."""
    # In one order everywhere, so that two writers never wait for each other crosswise.
    rows = [(site, *cell, count) for (site, cell), count in sorted(counted.items())]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        connection.exec_driver_sql(
            *_ADD.statement(connection.dialect, rows[start : start + ROWS_AT_ONCE])
        )


_ADD = Bulk(
    Counter,
    '(site, day, dimension, value, onward) DO UPDATE SET "count" = stored."count" + excluded."count"',
)


def merge(
    engine: Engine, process: uuid.UUID, number: int, counted: Tally[tuple[str, Cell]]
) -> None:
    """Adds what a process counted in its file of this number, unless that is done, in a transaction of its own.

    The files of a process have to come in their order.
    """
    # The day is enough to forget it by; the moment would say when a page was viewed.
    now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [(site, process, number, now) for site in sorted({site for site, _ in counted})]
    if not rows:
        return
    with db.write(engine) as connection:
        mark = _MARK.statement(connection.dialect, rows)
        if connection.exec_driver_sql(*mark).rowcount:
            add(connection, counted)


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
    # The day is not over: its totals come in steps of k.
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

    @property
    def unit(self) -> str:
        return "views" if self.by in OF_VIEWS else "visits"

    @property
    def views(self) -> int:
        return sum(day.views or 0 for day in self.days)

    @property
    def visits(self) -> int:
        return sum(day.visits or 0 for day in self.days)


def answer(session: Session, site: str, period: Period, by: By, now: datetime) -> Answer:
    """What may be shown of the site's visits. Raises UnknownSite."""
    today = now.astimezone(versions.site_file(versions.current(session, site)).zone).date()
    wanted = {"page": PAGES, "entry": PAGES, "exit": PAGES, "flow": PAGES, "day": ()}.get(by, (by,))
    counted = _read(session, site, period, ("total", *wanted))
    days = [_day(day, counted[day]["total"], today) for day in period]
    sums: Tally[tuple[str, str | None]] = Tally()
    other = 0
    for day in days:
        # The click stream tells how many views were no visits, and so how many were.
        needs_visits = by not in OF_VIEWS or by in ("exit", "flow")
        if day.running or day.views is None or (needs_visits and day.visits is None):
            continue
        shown, rest = _detail(counted[day.day], by)
        sums.update(shown)
        other += rest
    rows = [Row(value, count, onward) for (value, onward), count in sums.items()]
    order = (
        (lambda row: row.value)
        if by == "hour"
        else (lambda row: (-row.count, row.value, row.onward))
    )
    return Answer(period, by, days, sorted(rows, key=order), other)


PAGES = ("page", "entry", "flow")
Counted = dict[str, dict[tuple[str, str], int]]


def _read(
    session: Session, site: str, period: Period, dimensions: Iterable[str]
) -> dict[date, Counted]:
    found: dict[date, Counted] = defaultdict(lambda: defaultdict(dict))
    query = select(
        Counter.day, Counter.dimension, Counter.value, Counter.onward, Counter.count
    ).where(
        Counter.site == site,
        Counter.day.between(period.first, period.last),
        Counter.dimension.in_(list(dimensions)),
    )
    for day, dimension, value, onward, count in session.execute(query):
        found[day][dimension][value, onward] = count
    return found


def _day(day: date, total: dict[tuple[str, str], int], today: date) -> Day:
    views, visits = total.get(("views", ""), 0), total.get(("visits", ""), 0)
    if day >= today:
        return Day(day, step(views) or None, step(visits) or None, running=day == today)
    shown_views, _ = release({"views": views})
    # Visits and the views that followed them make up the views: showing visits shows both.
    shown, _ = release({"visits": visits, "onward": views - visits})
    return Day(day, shown_views.get("views"), shown.get("visits"))


def _detail(counted: Counted, by: By) -> tuple[dict[tuple[str, str | None], int], int]:
    if by == "day":
        return {}, 0
    if by not in ("page", "entry", "exit", "flow"):
        shown, rest = release({value: count for (value, _), count in counted[by].items()})
        return {(value, None): count for value, count in shown.items()}, rest
    if by == "page":
        pages, rest = release({page: count for (page, _), count in counted["page"].items()})
        return {(page, None): count for page, count in pages.items()}, rest
    table = _clicks(counted)
    shown_cells = release_table(table, _kind)
    of_this_kind = {cell: count for cell, count in table.items() if _kind(cell) == by}
    picked: dict[tuple[str, str | None], int] = {}
    for (source, target), count in of_this_kind.items():
        if (source, target) in shown_cells and OTHER_PAGES not in (source, target):
            key = {"entry": (target, None), "exit": (source, None), "flow": (source, target)}[by]
            picked[key] = count
    rest = sum(of_this_kind.values()) - sum(picked.values())
    return picked, rest if rest >= K else 0


def _kind(cell: tuple[str, str]) -> str:
    source, target = cell
    if source == "":
        return "entry"
    if target == "":
        return "exit"
    return "unknown" if source == UNKNOWN_PAGE else "flow"


def _clicks(counted: Counted) -> dict[tuple[str, str], int]:
    """A day's click stream as a table from page to page: from "" is an entry, to "" is an exit.

    Its rows and columns add up to the views of the pages, so the pages that are withheld there are one
    page, `*`, here.
    """
    shown, rest = release({page: count for (page, _), count in counted["page"].items()})

    def name(page: str) -> str:
        return page if page in shown else OTHER_PAGES

    table: dict[tuple[str, str], int] = defaultdict(int)
    for (page, _), count in counted["entry"].items():
        table["", name(page)] += count
    for (page, onward), count in counted["flow"].items():
        table[name(page), name(onward)] += count
    arrived, went_on = Tally[str](), Tally[str]()
    for (source, target), count in table.items():
        arrived[target] += count
        went_on[source] += count
    for page, views in {**shown, OTHER_PAGES: rest}.items():
        # Where somebody opened several pages from one, more went on than came.
        table[page, ""] = max(0, views - went_on[page])
        table[UNKNOWN_PAGE, page] = max(0, views - arrived[page])
    return {cell: count for cell, count in table.items() if count}
