"""Composes the embed script of a version from the parts in static/embed/."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

import brotli
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import looks, signals, versions
from consent.db import upsert
from consent.errors import NotFound
from consent.integrity import integrity
from consent.models import Script, Version, VersionText
from consent.paths import EMBED
from consent.sitefile import NECESSARY, SiteFile

# The parts of the script that is fetched on demand, and the words that only it shows.
MORE = (
    "more/settings.js",
    "more/placeholder.js",
    "more/clean.js",
    "more/news.js",
    "more/fill.js",
    "more/focus.js",
    "more/start.js",
)
COMMENT = re.compile(r"^ *//.*$", re.MULTILINE)
MORE_WORDS = ("settings", "save", "close", "opted_out")


@dataclass(frozen=True)
class Served:
    """A script as it goes out: its bytes in every encoding, and its strong entity tag."""

    etag: str
    plain: bytes
    gzip: bytes
    brotli: bytes


def body(session: Session, site: str) -> str:
    """The script in force, as text. Raises UnknownSite."""
    return of_version(session, site, versions.current(session, site).number)


def encode(body: str) -> Served:
    plain = body.encode()
    return Served(
        etag=hashlib.sha256(plain).hexdigest(),
        plain=plain,
        gzip=gzip.compress(plain, 9, mtime=0),
        # Which of its models fits short scripts best differs from one to the next.
        brotli=min(
            (brotli.compress(plain, mode=mode) for mode in (brotli.MODE_TEXT, brotli.MODE_FONT)),
            key=len,
        ),
    )


def pinned(session: Session, site: str, script_hash: str) -> Served:
    """The script with this SHA-256, in hex or in base64url as browsers take it, whichever version it is of.

    Raises NotFound.
    """
    found = session.get(Script, (site, _hex(script_hash)))
    if found is None:
        raise NotFound(f"Site {site!r} has no script with the hash {script_hash!r}.")
    return encode(found.body)


def _base64url(body: str) -> str:
    digest = hashlib.sha256(body.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hex(script_hash: str) -> str:
    if len(script_hash) != 43:
        return script_hash
    try:
        return base64.urlsafe_b64decode(script_hash + "=").hex()
    except ValueError:
        return script_hash


def store(session: Session, version: Version, site_file: SiteFile, texts: list[VersionText]) -> str:
    """Composes the scripts of `version` and adds them to the session. Returns the body of the first."""
    composed = compose(version.number, site_file, texts)
    rows = [
        {
            "site": version.site,
            "hash": hashlib.sha256(body.encode()).hexdigest(),
            "version": version.number,
            "part": part,
            "build": build(),
            "body": body,
        }
        for part, body in composed.items()
    ]
    session.execute(upsert(session, Script).values(rows).on_conflict_do_nothing())
    return composed["first"]


def of_version(session: Session, site: str, number: int) -> str:
    """The first script of a version, as this program composes it."""
    stored = session.scalar(
        select(Script.body).where(
            Script.site == site,
            Script.version == number,
            Script.build == build(),
            Script.part == "first",
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


def compose(number: int, site_file: SiteFile, texts: list[VersionText]) -> dict[str, str]:
    """The two scripts of a version: `first`, that every page view loads, and `more`, that few need."""
    words = {text.language: _as_html(text.banner) for text in texts}
    told = signals.used(site_file)
    services = [service for service in site_file.services if service.purpose != NECESSARY]
    known = {
        "VERSION": number,
        "PURPOSES": versions.fingerprints(site_file),
        "SERVICES": {
            service.key: [service.purpose, *([service.obeys] if service.obeys in told else [])]
            for service in services
        },
    }
    more = _script(
        "const main=samtykke,consent=main.api;",
        {
            **known,
            "SITE": site_file.site.key,
            "COOKIES": {
                service.key: [cookie.name for cookie in service.cookies]
                for service in site_file.services
            },
            "WORDS": words,
            # A page that pins the script gets no other settings either.
            "SETTINGS": {text.language: integrity(text.settings) for text in texts},
            "FRAGMENTS": {
                name: {text.language: integrity(getattr(text, name)) for text in texts}
                for name in ("notice", "cookies")
            },
            "STYLE": _style(_read("more/settings.css")),
            "PLACEHOLDER_STYLE": _style(
                looks.variables(site_file.looks, ":root"),
                *(_read(f"{name}.css") for name in ("reset", "more/settings", "more/placeholder")),
            ),
        },
        [*(["more/google.js"] if "google" in told else []), *MORE],
    )
    # Firefox takes no base64url in an integrity hash, and an address no plain base64: one that is both.
    while set(digest := _base64url(more)) & set("-_"):
        more += "\n"
    first = _script(
        # A second copy of the script in one page does nothing.
        "if(window.samtykke?.BASE)return;",
        {
            # In the order that makes it shortest.
            "MORE": digest,
            "STYLE": _style(
                _read("banner.css"), _read(_layout(site_file)), looks.logo(site_file.looks)
            ),
            "SITE": site_file.site.key,
            "HITS": ["analytics"] if site_file.hits.when == "analytics" else [],
            **(
                {"CAMPAIGNS": site_file.hits.campaigns}
                if site_file.hits.campaigns
                else {"TAGS": ""}
            ),
            "TAB_STYLE": _style(
                # The last word on the colour scheme is the site file's.
                *(_read(name) for name in ("reset.css", "tab.css")),
                looks.variables(site_file.looks, ":host"),
            ),
            "PURPOSES": known["PURPOSES"],
            "SERVICES": known["SERVICES"],
            "WITHHELD": site_file.withheld_purposes,
            "VERSION": known["VERSION"],
            **signals.constants(site_file),
            "WORDS": {
                language: {name: said[name] for name in said if name not in MORE_WORDS}
                for language, said in words.items()
            },
            "MONTHS": site_file.asking.months,
        },
        _parts(site_file),
    )
    return {"first": first, "more": more}


def _as_html(words: dict[str, str]) -> dict[str, str]:
    """The words for use in a page, and in double quotes there."""
    return {name: escape(text, quote=False).replace('"', "&quot;") for name, text in words.items()}


def _parts(site_file: SiteFile) -> list[str]:
    """The parts of the first script that this site uses, in the order of a page view.

    Together they are one function; each says what it takes from the others.
    """
    told = signals.used(site_file)
    campaigns = site_file.hits.campaigns and site_file.hits.when != "never"
    return [
        "address.js",
        "choice.js",
        "send.js",
        "gate.js",
        *(["signals.js"] if told else []),
        *(f"{signal}.js" for signal in told),
        *(["google-set.js"] if "google" in told and signals.commands(site_file) else []),
        *(["campaigns.js"] if campaigns else []),
        *(["hits.js"] if site_file.hits.when != "never" else []),
        "banner.js",
        "more.js",
        "handover.js",
        "api.js",
        "start.js",
    ]


def _layout(site_file: SiteFile) -> str:
    return f"layouts/{site_file.looks.layout}.css"


def _script(opening: str, constants: dict[str, Any], parts: Iterable[str]) -> str:
    import minify  # here, because its runtime must not be loaded before a server forks

    body = COMMENT.sub("", "\n".join(_read(part) for part in parts))
    defined = ""
    for name, value in constants.items():
        places = list(re.finditer(rf"\b{name}\b", body))
        if len(places) == 1 and len(_literal(value)) < 30:
            # What is used once needs no name.
            body = body[: places[0].start()] + _literal(value) + body[places[0].end() :]
        else:
            defined += f"const {name}={_literal(value)};\n"
    source = f"(()=>{{{opening}\n{defined}\n{body}\n}})();"
    return str(minify.string("application/javascript", source))


def _style(*sheets: str) -> str:
    import minify

    return str(minify.string("text/css", "\n".join(sheets)))


def _read(name: str) -> str:
    return (EMBED / name).read_text()


@cache
def build() -> str:
    """The hash of the parts that this program composes from."""
    made = hashlib.sha256()
    for path in sorted(EMBED.rglob("*.*")):
        made.update(path.read_bytes())
    return made.hexdigest()


def _literal(value: Any) -> str:
    # "<" is escaped so that the text stays harmless where somebody puts it inside a page.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
