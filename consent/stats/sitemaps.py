"""Reads the sitemaps of sites whose figures are public, so that these may name the pages that the website itself lists.

Where they are, `robots.txt` says, or else it is `/sitemap.xml` (https://www.sitemaps.org/protocol.html). They are read
with Expat, whose time grows with their length. An HTML parser would forgive more; but where elements are closed that
were never opened, its time grows with the square.
"""

import time
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.parse import quote, urljoin, urlsplit
from xml.parsers import expat

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from consent.core import log_throttle, outside
from consent.counting.cleaning import origin_of
from consent.models import Site
from consent.site import versions
from consent.stats import public_pages

# Between two looks at a site's sitemaps; and where not all could be read.
PAUSE = timedelta(days=1)
PAUSE_AFTER_FAILURE = timedelta(hours=6)
# What a process that reads them has them to itself for; then another may try.
CLAIM = timedelta(minutes=10)
# Seconds, for one file and for all of a site.
PATIENCE = 10.0
PATIENCE_FOR_ALL = 60.0
# What a site is asked for in one look, redirects too.
MOST_REQUESTS = 20
# Bytes of a sitemap, as it is sent and unpacked. Of a longer one the beginning counts.
LARGEST = 5_000_000
# Crawlers read that much at the least (RFC 9309, section 2.5).
LARGEST_ROBOTS = 512_000
# Characters. The protocol's addresses are shorter.
LONGEST_ADDRESS = 2048
# Characters that Expat gets at once: when a handler has had enough, it goes on to their end.
PIECE = 1 << 18
# Elements within each other. Sitemaps of pictures and films have five.
DEEPEST = 20
# The elements around an address, by what it is of.
PAGE = ("urlset", "url", "loc")
SITEMAP = ("sitemapindex", "sitemap", "loc")
GZIP = b"\x1f\x8b"
HEADERS = {"User-Agent": "Samtykke (reads which pages its site has)"}


def fetch_due(session: Session, clock: Callable[[], datetime], inside: Collection[str]) -> None:
    """Reads the sitemaps of each site with public figures whose time has come, and commits.

    `inside` as in outside.exchange. A site that fails keeps no other from it.
    """
    sites = select(Site.site, Site.sitemaps_due_at).order_by(Site.site)
    for site, due_at in session.execute(sites).all():
        try:
            site_file = versions.site_file(versions.current(session, site))
            is_due = due_at is None or due_at <= clock()
            if not site_file.hits.public and due_at is not None:
                _forget(session, site)
            elif site_file.hits.public and is_due and _claim(session, site, clock()):
                _refresh(session, site, site_file.site.origins, clock, inside)
        except Exception as error:
            session.rollback()
            log_throttle.log_error(__name__, f"Site {site}: its sitemaps are not read: {error}")


def _claim(session: Session, site: str, now: datetime) -> bool:
    """Whether this process is the one that reads them now. Once another has them, they are not due."""
    due = or_(Site.sitemaps_due_at.is_(None), Site.sitemaps_due_at <= now)
    claimed = session.execute(
        update(Site).where(Site.site == site, due).values(sitemaps_due_at=now + CLAIM)
    )
    session.commit()
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _refresh(
    session: Session,
    site: str,
    origins: Sequence[str],
    clock: Callable[[], datetime],
    inside: Collection[str],
) -> None:
    found = read(origins, inside)
    public_pages.keep(session, site, found.pages, is_whole=not found.problems)
    pause = PAUSE_AFTER_FAILURE if found.problems else PAUSE
    session.execute(update(Site).where(Site.site == site).values(sitemaps_due_at=clock() + pause))
    session.commit()
    if found.problems:
        log_throttle.log_error(__name__, f"Site {site}: a sitemap is not read: {found.problems[0]}")


def _forget(session: Session, site: str) -> None:
    """Deletes what is kept of a site whose figures are public no longer, and commits."""
    public_pages.forget(session, site)
    session.execute(update(Site).where(Site.site == site).values(sitemaps_due_at=None))
    session.commit()


@dataclass
class Found:
    # As they are counted, each once, in the order of the files.
    pages: dict[str, None] = field(default_factory=dict)
    # What could not be read, and why: pages may be missing.
    problems: list[str] = field(default_factory=list)


def read(origins: Sequence[str], inside: Collection[str] = ()) -> Found:
    """The pages in the sitemaps of a site's origins, at most public_pages.MOST. `inside` as in outside.exchange."""
    look = _Look(origins, inside)
    with suppress(_Enough):
        for origin in origins:
            for address in look.sitemaps(origin):
                # An index names sitemaps, and no further index.
                for inner in look.sitemap(address):
                    look.sitemap(inner)
    return look.found


class _Enough(Exception):
    """More is not asked for, or not kept."""


class _Look:
    """One look at the sitemaps of a site: what it has found, and how much it may still ask for."""

    def __init__(self, origins: Sequence[str], inside: Collection[str]) -> None:
        self.found = Found()
        self._origins, self._inside = origins, inside
        self._requests = 0
        self._until = time.monotonic() + PATIENCE_FOR_ALL
        self._seen: set[str] = set()

    def sitemaps(self, origin: str) -> list[str]:
        """The addresses of an origin's sitemaps: those that its robots.txt names, or the usual one."""
        answer = self._ask(f"{origin}/robots.txt", LARGEST_ROBOTS)
        if answer is None:
            return []
        # As if there were none (RFC 9309, section 2.3.1.3).
        is_missing = 400 <= answer.status < 500
        if answer.status != 200 and not is_missing:
            self._note(f"{origin}/robots.txt", f"it answered {answer.status}")
            return []
        named = [] if is_missing else self._own(_named(answer.body, origin))
        return named or [f"{origin}/sitemap.xml"]

    def sitemap(self, address: str) -> list[str]:
        """Takes the pages out of a sitemap; returns the sitemaps that it names, where it is an index."""
        if address in self._seen:
            return []
        self._seen.add(address)
        answer = self._ask(address, LARGEST)
        if answer is None or answer.status in (404, 410):
            return []
        if answer.status != 200:
            self._note(address, f"it answered {answer.status}")
            return []
        listed = addresses(answer.body)
        if listed.fault:
            self._note(address, listed.fault)
        for page in self._own(listed.pages):
            if len(self.found.pages) >= public_pages.MOST:
                raise _Enough
            self.found.pages[public_pages.as_counted(urlsplit(page).path)] = None
        return self._own(listed.sitemaps)

    def _own(self, found: Iterable[str]) -> list[str]:
        return [each for each in found if origin_of(each) in self._origins]

    def _ask(self, address: str, most: int) -> outside.Response | None:
        """The answer of an address; None where there is none, which is noted. Raises _Enough."""
        self._count()
        left = self._until - time.monotonic()
        if left <= 0:
            self._note(address, f"all took longer than {PATIENCE_FOR_ALL:g} seconds")
            raise _Enough
        try:
            return outside.exchange(
                "GET",
                quote(address, safe=public_pages.SENT_AS_IT_IS + "?#"),
                HEADERS,
                seconds=min(PATIENCE, left),
                most=most,
                inside=self._inside,
                may_lead_to=self._follow,
            )
        except (OSError, HTTPException, ValueError) as error:
            self._note(address, str(error))
            return None

    def _follow(self, target: str) -> None:
        if origin_of(target) not in self._origins:
            raise OSError(f"it leads to {target}, which is no address of the site")
        self._count()

    def _count(self) -> None:
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            raise _Enough

    def _note(self, address: str, problem: str) -> None:
        # Others have written some of it, and it goes into the log.
        text = f"{address}: {problem}"[:300]
        self.found.problems.append("".join(each if each.isprintable() else "?" for each in text))


def _named(robots: bytes, origin: str) -> Iterator[str]:
    """The addresses in the lines `Sitemap: …` of a robots.txt (RFC 9309, section 2.2.4)."""
    for line in robots.decode("utf-8-sig", "replace").splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        if name.strip().lower() == "sitemap":
            with suppress(ValueError):
                yield urljoin(f"{origin}/", value.strip())


@dataclass
class Listed:
    """The addresses in a file, up to its first fault."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    # What is wrong with the file; empty where all of it could be read.
    fault: str = ""


def addresses(body: bytes) -> Listed:
    """What a sitemap or an index of sitemaps lists, packed with gzip or not."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    try:
        whole = _unpacked(body)
        text = _decoded(whole)
        # It can define entities, which grow to any size. Looked for first, since Expat reads on for a while.
        if "<!DOCTYPE" in text:
            raise ValueError("it has a document type, which sitemaps have not")
        for start in range(0, len(text), PIECE):
            parser.Parse(text[start : start + PIECE], False)
        try:
            parser.Parse("", True)
        except expat.ExpatError:
            # Of one that was cut, the end is missing.
            if LARGEST not in (len(body), len(whole)):
                raise
    except (expat.ExpatError, zlib.error, ValueError) as error:
        reader.listed.fault = str(error)
    return reader.listed


class _Reader:
    """What Expat tells of a file."""

    def __init__(self) -> None:
        self.listed = Listed()
        self._lists: dict[tuple[str, ...], list[str]] = {
            PAGE: self.listed.pages,
            SITEMAP: self.listed.sitemaps,
        }
        self._open: list[str] = []
        # Of an address, once it has begun.
        self._text: list[str] = []
        self._list: list[str] | None = None

    def start(self, name: str, _attributes: object) -> None:
        self._open.append(name)
        if len(self._open) > DEEPEST:
            raise ValueError("its elements lie too deep within each other")
        self._text, self._list = [], self._lists.get(_place(self._open))

    def data(self, text: str) -> None:
        if self._list is not None:
            self._text.append(text)

    def end(self, _name: str) -> None:
        self._open.pop()
        if self._list is None:
            return
        address = "".join(self._text).strip()
        if len(address) <= LONGEST_ADDRESS:
            self._list.append(address)
        self._list = None


def _place(elements: Sequence[str]) -> tuple[str, ...]:
    """Their names without a prefix that all of them share: an image's address has another than its page."""
    if len(elements) != len(PAGE):
        return ()
    prefix = elements[0].rpartition(":")[0]
    start = f"{prefix}:" if prefix else ""
    return tuple(each.removeprefix(start) for each in elements)


def _unpacked(body: bytes) -> bytes:
    """At most LARGEST bytes. Raises zlib.error."""
    if not body.startswith(GZIP):
        return body
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, LARGEST)


def _decoded(body: bytes) -> str:
    """Sitemaps are in UTF-8. One in UTF-16 says so by its mark; what another encoding has in it is lost."""
    is_utf_16 = body.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return body.decode("utf-16" if is_utf_16 else "utf-8-sig", "replace")
