"""Counts the page views in the logs of web servers, as if a browser had sent them.

logfiles.py unpacks a file, and logformats.py reads its lines. Of a line, the addresses are used for the network's name;
nothing of it is kept but cells. Lines that say the same are added up before they are made into cells, which takes most
of the time.
"""

import gc
import hashlib
import re
import uuid
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from io import TextIOWrapper
from itertools import chain, count, islice
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Engine, update

from consent.core.db import write
from consent.core.errors import Invalid
from consent.counting import cleaning, hits, logformats, loglines
from consent.counting.bounds import Bounds
from consent.counting.counters import Cell, Sums
from consent.counting.hits import Seen
from consent.counting.logformats import Reader
from consent.counting.loglines import Line
from consent.counting.networks import Countries, Networks, parsed
from consent.counting.robots import is_robot
from consent.counting.useragent import Client, classify
from consent.models import Site
from consent.site.schema import SiteFile
from consent.site.versions import Published

# A page: without an extension, or with one of these. All else belongs to pages.
EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})$")
PAGES = frozenset(("html", "htm", "xhtml", "php", "asp", "aspx", "jsp", "shtml"))
# Most lines are about pictures, style sheets and scripts. Where a line quotes the request they are told by this, at a
# quarter of what it takes to read the line.
PART_OF_PAGE = re.compile(
    rf'"[A-Z]+ /[^ "?#;]*\.(?!(?i:{"|".join(sorted(PAGES))})[ ?#;])[A-Za-z0-9]{{1,5}}[ ?#;]'
)
# Feeds, JSON, and what administers the common systems: programs ask for them, and those who look after the website.
NO_PAGE = re.compile(
    r"^/(?:api|graphql|jsonapi|admin|administrator|cdn-cgi|\.well-known)(?:/|$)"
    r"|/wp-(?:admin|json|includes|content)(?:/|$)|/(?:wp-login|wp-cron|wp-comments-post|xmlrpc)\.php$"
    r"|/(?:feed|feeds|rss|atom)(?:/(?:rss|rss2|rdf|atom))?/?$",
    re.IGNORECASE,
)
NO_PAGE_QUERY = re.compile(
    r"[?&](?:(?:feed|rest_route|wc-ajax)=|(?:format|_format|output)=(?:json|xml|rss|atom|feed)\b)",
    re.IGNORECASE,
)
# 304: the browser had the page already.
SUCCESSES = ("200", "304")
# Of which one batch is a transaction, so that memory stays small and little has to be done again.
LINES_AT_ONCE = 50_000
# That show in which format a file is.
FIRST_LINES = 100
# Characters of a line that is shown.
LONGEST_SHOWN = 160
# How long a site's days stay open after a batch, in case there is another.
OPEN_FOR = timedelta(minutes=10)
# Names the files that were read, among the processes that counted.
READ = uuid.UUID("0198c0de-7a11-7b0c-9b2e-5c6a6f0e1d20")
# Of a path or a referrer, as of those that browsers send.
LONGEST = 4096
# In characters. Web servers take requests of 8 to 32 kB, and log them once or twice.
LONGEST_LINE = 1 << 17
ADDRESS = re.compile(r"[0-9A-Fa-f:.]{3,}")
HOW_TO_NAME = (
    "Name its fields with --format, as the web server's configuration does: '$remote_addr … $status' or '%h … %>s' "
    "(docs/logs.md)."
)


@dataclass
class Imported:
    """What became of the lines of a log."""

    lines: int = 0
    counted: int = 0
    # In batches that were counted before.
    counted_before: int = 0
    # Robots, pictures, errors: no page that somebody viewed.
    no_views: int = 0
    # Of hosts that are none of the site's.
    elsewhere: int = 0
    unreadable: int = 0
    # Older than counters are kept, or in the future.
    out_of_time: int = 0
    # The number and the text of the first line that could not be read.
    first_unreadable: tuple[int, str] | None = None


class View(NamedTuple):
    """What the cells of a page view are made from."""

    hour: datetime
    # Of the page, and its path with the query.
    origin: str
    path: str
    # None: the log does not say.
    referrer: str | None
    # Whatever of those that are counted alike.
    browser: str
    network: str | None
    country: str | None
    # Shown to nobody that a log knows of.
    banner: None = None


class Rules:
    """Which lines are views of the site's pages, on days that are counted.

    `kept` is the first and the last day that is.
    """

    def __init__(
        self,
        site_file: SiteFile,
        networks: Networks,
        countries: Countries,
        kept: tuple[date, date],
    ) -> None:
        origins = site_file.site.origins
        # The first of several origins of one host. A log that names no host is of the site's first.
        of_host = {urlsplit(each).hostname: each for each in reversed(origins)}
        self._origins = {**of_host, None: origins[0]}
        self._zone, self._kept = site_file.zone, kept
        self._networks, self._countries = networks, countries

    def view(self, line: Line, found: Imported) -> View | None:
        """What a line counts as; None where it is nothing to count, of which `found` is told.

        Raises ValueError where its time is none.
        """
        time, method, path, status, referrer, agent, addresses, host = line
        origin = self._origins.get(host)
        if origin is None:
            found.elsewhere += 1
            return None
        # What costs least comes first.
        is_view = method == "GET" and status in SUCCESSES and _is_page(path)
        browser = "" if agent is None or not is_view else _browser(agent)
        if not is_view or browser is None:
            found.no_views += 1
            return None
        hour = loglines.hour(time, self._zone)
        first, last = self._kept
        if not first <= hour.date() <= last:
            found.out_of_time += 1
            return None
        found.counted += 1
        # Without the browser's name a visit would lack half of its cells.
        came_from = None if agent is None or referrer is None else referrer[:LONGEST]
        network = self._networks.of_first(addresses)
        country = self._countries.of_first(addresses)
        return View(hour, origin, path[:LONGEST], came_from, browser, network, country)


# Most lines are about what many ask for: the pages, and their pictures.
@lru_cache(maxsize=4096)
def _is_page(address: str) -> bool:
    path = cleaning.bare(address)
    extension = EXTENSION.search(path)
    if not path.startswith("/") or (extension and extension[1].lower() not in PAGES):
        return False
    return not (NO_PAGE.search(path) or NO_PAGE_QUERY.search(address))


@lru_cache(maxsize=4096)
def _browser(agent: str) -> str | None:
    """One of the browsers that are counted as this one; None: it is a program."""
    return None if is_robot(agent) else _alike.setdefault(classify(agent), agent)


# The first browser of each kind: a few hundred.
_alike: dict[Client, str] = {}


def reader_of(file: IO[bytes], where: Path, given: str | None) -> Reader:
    """The reader of a log's format: the one that is `given` (logformats.named), or that its first lines are of.

    Raises Invalid, which shows the first line if no reader knows the format. The file is at its beginning, then too.
    """
    with _text_of(file) as text:
        lines = [each.rstrip("\r\n") for each in islice(text, FIRST_LINES)]
    file.seek(0)
    found = logformats.detect(lines) if given is None else logformats.fitting(given, lines)
    if found is None:
        number, line = next(each for each in enumerate(lines, 1) if each[1])
        wrong = "no known format reads" if given is None else "--format does not fit"
        raise Invalid(f"{where}:{number}: {wrong} this line: {shown(line)} {HOW_TO_NAME}")
    return found


def shown(line: str) -> str:
    """A line for a terminal: on one line, without addresses, and cut."""
    hidden = ADDRESS.sub(_without_address, line[: 4 * LONGEST_SHOWN])
    plain = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in hidden)
    return plain if len(plain) <= LONGEST_SHOWN else plain[: LONGEST_SHOWN - 1] + "…"


def _without_address(found: re.Match[str]) -> str:
    return cleaning.HIDDEN if parsed(found[0].rstrip(".:")) else found[0]


@contextmanager
def _text_of(file: IO[bytes]) -> Iterator[Iterator[str]]:
    """Its lines. Where one is no UTF-8, what is wrong in it is replaced; one that is too long comes in pieces."""
    text = TextIOWrapper(file, "utf-8-sig", "replace", newline="\n")
    try:
        yield iter(partial(text.readline, LONGEST_LINE), "")
    finally:
        text.detach()


def read(
    engine: Engine,
    version: Published,
    file: IO[bytes],
    reader: Reader,
    rules: Rules,
    found: Imported,
) -> Iterator[None]:
    """Counts the page views in a log, and yields after each batch. `found` is kept up to date.

    A batch that was counted before is left out, so that it may be begun again. Raises SQLAlchemyError.
    """
    name = _identity(file)
    remembered_for = timedelta(days=version.site_file.keep.counters.days)
    bounds = Bounds()
    with _text_of(file) as text, _no_collection():
        for number in count(1):
            lines = list(islice(text, LINES_AT_ONCE))
            if not lines:
                _keep_open(engine, version.site, None)
                return
            before = found.counted
            sums = _sums(_views(lines, reader, rules, found), version)
            found.lines += len(lines)
            _keep_open(engine, version.site, datetime.now(UTC) + OPEN_FOR)
            if not hits.merge(engine, bounds, name, number, sums, remembered_for):
                found.counted_before += found.counted - before
                found.counted = before
            yield


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing here refers to itself in a circle, and to look for what does takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _identity(file: IO[bytes]) -> uuid.UUID:
    """What the file is known by: its content, so that it counts once whatever it is called."""
    made = hashlib.sha256()
    while chunk := file.read(1 << 20):
        made.update(chunk)
    file.seek(0)
    return uuid.uuid5(READ, made.hexdigest())


def _keep_open(engine: Engine, site: str, until: datetime | None) -> None:
    with write(engine) as connection:
        connection.execute(update(Site).where(Site.site == site).values(importing_until=until))


def _views(lines: Iterable[str], reader: Reader, rules: Rules, found: Imported) -> Tally[View]:
    views = Tally[View]()
    for number, whole in enumerate(lines, found.lines + 1):
        text = whole.rstrip("\r\n")
        if not text:
            continue
        if PART_OF_PAGE.search(text):
            found.no_views += 1
            continue
        try:
            line = reader.read(text)
            view = rules.view(line, found) if line else None
        except ValueError:
            found.unreadable += 1
            if found.first_unreadable is None:
                found.first_unreadable = number, text
            continue
        if view:
            views[view] += 1
    return views


def _sums(views: Tally[View], version: Published) -> Sums:
    sums = Tally(chain.from_iterable(_cells(views, version)))
    return Sums({(version.site, cell): count for cell, count in sums.items()})


def _cells(views: Tally[View], version: Published) -> Iterator[list[Cell]]:
    """The cells of views, each as often as it is counted. Views that are the same have the same."""
    for view, times in views.items():
        seen = _seen(view.origin, view.browser, view.network, view.country)
        cells = hits.cells(version.site_file, view, seen, view.hour, version.number)
        yield cells * times if times > 1 else cells


@lru_cache(maxsize=4096)
def _seen(origin: str, browser: str, network: str | None, country: str | None) -> Seen:
    return Seen(origin, classify(browser), None, network, country)
