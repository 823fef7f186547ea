"""Reads the logs of web servers, and counts the page views in them as if a browser had sent them.

The format is the combined one of Apache and nginx. Of a line, the address is used for the network's name; nothing of it
is kept but cells.
"""

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from typing import IO

from sqlalchemy import Engine, update

from consent import cleaning, visits
from consent.bounds import Bounds
from consent.counters import Cell, Sums
from consent.db import write
from consent.models import Site
from consent.networks import Networks
from consent.robots import is_robot
from consent.useragent import classify
from consent.versions import Published
from consent.visits import Hit, Seen

LINE = re.compile(
    r'(?P<address>\S+) \S+ .*?\[(?P<moment>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" '
    r'(?P<status>\d{3}) \S+ "(?P<referrer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"'
)
MOMENT = "%d/%b/%Y:%H:%M:%S %z"
# A page: without an extension, or with one of these. All else belongs to pages.
EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})$")
PAGES = frozenset(("html", "htm", "xhtml", "php", "asp", "aspx", "jsp", "shtml"))
# Of which one batch is a transaction, so that memory stays small and little has to be done again.
LINES_AT_ONCE = 50_000
# How long a site's days stay open after a batch, in case there is another.
OPEN_FOR = timedelta(minutes=10)
# Names the files that were read, among the processes that counted.
READ = uuid.UUID("0198c0de-7a11-7b0c-9b2e-5c6a6f0e1d20")


@dataclass
class Imported:
    """What became of the lines of a log."""

    lines: int = 0
    counted: int = 0
    # In batches that were counted before.
    counted_before: int = 0
    # Robots, pictures, errors: no page that somebody viewed.
    no_views: int = 0
    unreadable: int = 0
    # Older than counters are kept, or in the future.
    out_of_time: int = 0


def _identity(file: IO[bytes]) -> uuid.UUID:
    """What the file is known by: its content, so that it counts once whatever it is called."""
    made = hashlib.sha256()
    while chunk := file.read(1 << 20):
        made.update(chunk)
    file.seek(0)
    return uuid.uuid5(READ, made.hexdigest())


def read(
    engine: Engine,
    version: Published,
    networks: Networks,
    file: IO[bytes],
    kept: tuple[date, date],
    found: Imported,
) -> Iterator[int]:
    """Counts the page views in a log, and yields after each batch how many bytes it had. `found` is kept up to date.

    `kept` is the first and the last day that is counted. A batch that was counted before is left out, so that it may be
    begun again. Raises SQLAlchemyError.
    """
    name = _identity(file)
    origin = version.site_file.site.origins[0]
    remembered_for = timedelta(days=version.site_file.keep.counters.days)
    bounds = Bounds()
    for number in count(1):
        lines = list(islice(file, LINES_AT_ONCE))
        if not lines:
            _keep_open(engine, version.site, None)
            return
        sums, before = Sums(), found.counted
        for line in lines:
            text = line.decode("utf-8", "replace")
            for cell in _cells(text, version, networks, origin, kept, found):
                sums[version.site, cell] += 1
        found.lines += len(lines)
        _keep_open(engine, version.site, datetime.now(UTC) + OPEN_FOR)
        if not visits.merge(engine, bounds, name, number, sums, remembered_for):
            found.counted_before += found.counted - before
            found.counted = before
        yield sum(map(len, lines))


def _keep_open(engine: Engine, site: str, until: datetime | None) -> None:
    with write(engine) as connection:
        connection.execute(update(Site).where(Site.site == site).values(importing_until=until))


def _cells(
    line: str,
    version: Published,
    networks: Networks,
    origin: str,
    kept: tuple[date, date],
    found: Imported,
) -> list[Cell]:
    match = LINE.match(line)
    try:
        moment = datetime.strptime(match["moment"], MOMENT) if match else None  # noqa: DTZ007 -- it has %z
        day = moment.astimezone(version.site_file.zone).date() if moment else None
    except (ValueError, OverflowError):
        moment = None
    if match is None or moment is None or day is None:
        found.unreadable += 1
        return []
    if not _is_view(match) or is_robot(match["agent"]):
        found.no_views += 1
        return []
    first, last = kept
    if not first <= day <= last:
        found.out_of_time += 1
        return []
    referrer = "" if match["referrer"] == "-" else match["referrer"][:4096]
    hit = Hit(path=match["path"][:4096], referrer=referrer)
    seen = Seen(origin, classify(match["agent"]), None, networks.name(match["address"]))
    found.counted += 1
    return visits.cells(version.site_file, hit, seen, moment, version.number)


def _is_view(match: re.Match[str]) -> bool:
    """Whether somebody got a page. 304: their browser had it already."""
    if match["method"] != "GET" or match["status"] not in ("200", "304"):
        return False
    path = cleaning.bare(match["path"])
    extension = EXTENSION.search(path)
    return path.startswith("/") and (extension is None or extension[1].lower() in PAGES)
