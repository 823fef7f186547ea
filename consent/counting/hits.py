"""Counts page views, so that nobody can be found in the counts.

A hit is turned into cells as it arrives: for each dimension, one value seen on one day. Only sums of cells
are stored, until the day is closed (stats/closing.py) and they become figures. The address was used for the network's
name before it came here, and goes no further. There is no id of a visitor or a visit: a visit is a page view that did
not come from the same site.
"""

import json
import uuid
from collections import Counter as Tally
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Engine

from consent.core import db
from consent.core.bulk import Bulk
from consent.counting import cleaning, counters
from consent.counting.bounds import OPEN, Bounds
from consent.counting.cleaning import LONGEST_VALUE
from consent.counting.counters import Cell, Sums
from consent.counting.useragent import Client
from consent.models import Merge
from consent.site.schema import CAMPAIGN_PARAMETERS, SiteFile

# What a link may say of the campaign that it is part of.
CAMPAIGNS = tuple(CAMPAIGN_PARAMETERS.values())
# Tables that hold each other, by the dimension that tells how: a campaign's links, and networks in their countries.
TOGETHER: dict[str, tuple[str, ...]] = {"link": CAMPAIGNS, "place": ("country", "network")}
# What is counted of visits on which the banner was shown.
SHOWN = ("shown.language", "shown.device", "shown.country", "shown.version")

# Stands, in a client's combination, for the banner having been shown.
BANNER = "shown"
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
        is_new = bool(_MARK.count_written(connection, rows))
        if is_new:
            add(connection, counted, bounds)
    return is_new


_MARK = Bulk(
    Merge,
    "(site, process) DO UPDATE SET number = excluded.number, merged_at = excluded.merged_at "
    "WHERE stored.number < excluded.number",
)
