"""Composes the embed script of a version from the parts in static/embed/, and keeps it ready in memory."""

import gzip
import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import brotli
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import versions
from consent.db import upsert
from consent.errors import NotFound, UnknownSite
from consent.models import Script, Site, Version, VersionText
from consent.paths import EMBED
from consent.sitefile import NECESSARY, SiteFile

# In the order of a page view. Together they are one function; each says what it takes from the others.
PARTS = (
    "address.js",
    "choice.js",
    "gate.js",
    "send.js",
    "banner.js",
    "settings.js",
    "handover.js",
    "hits.js",
    "api.js",
    "start.js",
)
STYLE = "banner.css"
# Seconds for which a process may go on serving a script after another one has published.
FRESH_FOR = 1.0


@dataclass(frozen=True)
class Served:
    """A script as it goes out: its bytes in every encoding, and its strong entity tag."""

    etag: str
    plain: bytes
    gzip: bytes
    brotli: bytes


class Memory:
    """The scripts of one process. Asks the database at most once a second whether a newer one is in force."""

    def __init__(self) -> None:
        self._served: dict[str, tuple[float, int, Served]] = {}

    def current(self, session: Session, site: str) -> Served:
        """The script in force. Raises UnknownSite."""
        now = time.monotonic()
        held = self._served.get(site)
        if held and now - held[0] < FRESH_FOR:
            return held[2]
        number = session.scalar(select(Site.current).where(Site.site == site))
        if number is None:
            raise UnknownSite(f"There is no site {site!r} on this server.")
        unchanged = held is not None and held[1] == number
        served = held[2] if held and unchanged else encode(_of_version(session, site, number))
        self._served[site] = (now, number, served)
        return served

    def forget(self) -> None:
        self._served.clear()


def encode(body: str) -> Served:
    plain = body.encode()
    return Served(
        etag=hashlib.sha256(plain).hexdigest(),
        plain=plain,
        gzip=gzip.compress(plain, 9, mtime=0),
        brotli=brotli.compress(plain, quality=11),
    )


def pinned(session: Session, site: str, script_hash: str) -> Served:
    """The script with this hash, whichever version it belongs to. Raises NotFound."""
    found = session.get(Script, (site, script_hash))
    if found is None:
        raise NotFound(f"Site {site!r} has no script with the hash {script_hash!r}.")
    return encode(found.body)


def store(
    session: Session,
    version: Version,
    site_file: SiteFile,
    texts: Iterable[VersionText],
) -> str:
    """Composes the script of `version` and adds it to the session. Returns its body."""
    body = compose(config(version.number, site_file, texts))
    row = {
        "site": version.site,
        "hash": hashlib.sha256(body.encode()).hexdigest(),
        "version": version.number,
        "build": build(),
        "body": body,
    }
    session.execute(upsert(session, Script).values(row).on_conflict_do_nothing())
    return body


def _of_version(session: Session, site: str, number: int) -> str:
    stored = session.scalar(
        select(Script.body).where(
            Script.site == site, Script.version == number, Script.build == build()
        )
    )
    if stored is not None:
        return stored
    # The program is newer than the publication: compose the same version from the newer parts.
    version = versions.get(session, site, number)
    site_file = versions.site_file(version)
    texts = [versions.text(session, version, language) for language in site_file.site.languages]
    body = store(session, version, site_file, texts)
    session.commit()
    return body


def config(number: int, site_file: SiteFile, texts: Iterable[VersionText]) -> dict[str, Any]:
    """What the parts know about the site, as they read it from CONFIG."""
    return {
        "site": site_file.site.key,
        "version": number,
        "months": site_file.asking.months,
        "hits": site_file.hits.when,
        "purposes": versions.fingerprints(site_file),
        "services": {
            service.key: [service.purpose, [cookie.name for cookie in service.cookies]]
            for service in site_file.services
            if service.purpose != NECESSARY
        },
        "words": {text.language: text.banner for text in texts},
    }


def compose(configuration: dict[str, Any]) -> str:
    import minify  # here, because its runtime must not be loaded before a server forks

    style = minify.string("text/css", (EMBED / STYLE).read_text())
    body = "\n".join((EMBED / part).read_text() for part in PARTS)
    source = (
        # A second copy of the script in one page does nothing.
        '(()=>{"use strict";if(window.samtykke)return;window.samtykke=1;\n'
        f"const CONFIG={_literal(configuration)};\nconst STYLE={_literal(style)};\n{body}\n}})();"
    )
    return str(minify.string("application/javascript", source))


@cache
def build() -> str:
    """The hash of the parts that this program composes from."""
    made = hashlib.sha256()
    for name in (*PARTS, STYLE):
        made.update((EMBED / name).read_bytes())
    return made.hexdigest()


def _literal(value: Any) -> str:
    # "<" is escaped so that the text stays harmless where somebody puts it inside a page.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
