"""Composes the embed script of a version from the parts in static/embed/."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from typing import Any

import brotli
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.core.db import upsert
from consent.core.errors import NotFound
from consent.core.integrity import integrity
from consent.core.paths import EMBED
from consent.models import Script, VersionText
from consent.site import looks, signals, versions
from consent.site.schema import NECESSARY, SiteFile

# The parts of the scripts that are fetched on demand: what follows a choice, and the rest.
AFTER = (
    "after/state.js",
    "after/keep.js",
    "after/send.js",
    "after/set.js",
    "after/scripts.js",
    "after/elements.js",
    "after/gate.js",
    "after/watch.js",
    "after/control.js",
    "after/handover.js",
)
MORE = (
    "more/settings.js",
    "more/placeholder.js",
    "more/clean.js",
    "more/news.js",
    "more/fill.js",
    "more/focus.js",
    "more/start.js",
)
# What the first script takes, in the order that makes it shortest: like stands by like.
ORDER = (
    "SERVICES",
    "BASE_STYLE",
    "SCRIPTS",
    "PURPOSES",
    "WORDS",
    "SETTINGS_STYLE",
    "CONDITIONS",
    "SITE",
    "LIFETIME",
    "ADDRESS",
    "BANNER_STYLE",
    "VERSION",
    "LAYER",
    "WAIT",
    "TAGS",
    "CAMPAIGNS",
    "WITHHELD",
    "COMMANDS",
    "UET",
    "CLARITY",
)
# Chromium compiles all functions while the script comes in, beside the page's thread, and not each upon its first call.
# https://v8.dev/blog/explicit-compile-hints
EAGER = "//# allFunctionsCalledOnLoad\n"
COMMENT = re.compile(r"^ *//.*$", re.MULTILINE)
# The words that only those show.
AFTER_WORDS = ("saved", "withdraw")
MORE_WORDS = ("opted_out",)


@dataclass(frozen=True)
class Served:
    """A script as it goes out: its bytes in every encoding, and its strong entity tag."""

    etag: str
    plain: bytes
    gzip: bytes
    brotli: bytes


def body(session: Session, site: str, address: str) -> str:
    """The script in force, as text, of the server at `address`. Raises UnknownSite."""
    return of_version(session, site, versions.current(session, site).number, address)


# A page that pins a script asks for one that is not in force.
@lru_cache(maxsize=256)
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


def digest(body: str) -> str:
    digest = hashlib.sha256(body.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hex(script_hash: str) -> str:
    if len(script_hash) != 43:
        return script_hash
    try:
        return base64.urlsafe_b64decode(script_hash + "=").hex()
    except ValueError:
        return script_hash


def of_version(session: Session, site: str, number: int, address: str) -> str:
    """The first script of a version, as this program composes it for the server at `address`; commits a new one."""
    built = build(address)
    stored = session.scalar(
        select(Script.body).where(
            Script.site == site,
            Script.version == number,
            Script.build == built,
            Script.part == "first",
        )
    )
    if stored is not None:
        return stored
    version = versions.get(session, site, number)
    site_file = versions.site_file(version)
    texts = [versions.text(session, version, language) for language in site_file.site.languages]
    composed = compose(number, site_file, texts, address)
    rows = [
        {
            "site": site,
            "hash": hashlib.sha256(body.encode()).hexdigest(),
            "version": number,
            "part": part,
            "build": built,
            "body": body,
        }
        for part, body in composed.items()
    ]
    session.execute(upsert(session, Script).values(rows).on_conflict_do_nothing())
    session.commit()
    return composed["first"]


def compose(
    number: int, site_file: SiteFile, texts: list[VersionText], address: str = ""
) -> dict[str, str]:
    """The scripts of a version, by the name of their part.

    `first` is what every page view loads. It fetches `after`, what follows a choice, and `more`, what few page views
    need; that fetches the text of the settings, `text-nb` and so on.
    """
    words = {text.language: _as_html(text.banner) for text in texts}
    told = signals.used(site_file)
    services = [service for service in site_file.services if service.purpose != NECESSARY]
    known = {
        "VERSION": number,
        "PURPOSES": versions.fingerprints(site_file),
        "SERVICES": {service.key: service.purpose for service in services},
    }
    scripts = {
        f"text-{text.language}": _addressable(
            f"samtykke[{_literal('text-' + text.language)}]={_literal(text.settings)};"
        )
        for text in texts
    }
    stored = _stored(site_file)
    opening = "const main=samtykke,consent=main.api;"
    scripts["more"] = _addressable(
        _script(
            opening,
            {
                **known,
                "SITE": site_file.site.key,
                "LAYER": site_file.signals.data_layer,
                "COOKIES": {
                    service.key: [cookie.name for cookie in service.cookies]
                    for service in site_file.services
                },
                "STORED": stored,
                "WORDS": _only(MORE_WORDS, words),
                # A page that pins the script gets no other settings either.
                "TEXTS": {
                    text.language: digest(scripts[f"text-{text.language}"]) for text in texts
                },
                "FRAGMENTS": {
                    name: {text.language: integrity(getattr(text, name)) for text in texts}
                    for name in ("notice", "cookies")
                },
                "STYLE": _style(_read("more/settings.css")),
                "UP_STYLE": _style(_read(f"more/{_layout(site_file)}")),
                "PLACEHOLDER_STYLE": _style(
                    looks.variables(site_file.looks, ":root"),
                    *(
                        _read(f"{name}.css")
                        for name in (
                            "reset",
                            "buttons",
                            "settings",
                            "more/settings",
                            "more/placeholder",
                        )
                    ),
                ),
            },
            [*(["more/google.js"] if "google" in told else []), *MORE],
        )
    )
    scripts["after"] = _addressable(
        _script(
            opening,
            {
                "WORDS": _only(AFTER_WORDS, words),
                "CONTROL": site_file.looks.control,
                "STORES": list(stored),
                "LIFETIME": site_file.asking.seconds,
                "RELOADS": site_file.asking.reload_on_withdrawal,
                "META": signals.meta(site_file),
                "LAYER": site_file.signals.data_layer,
                "STYLE": _style(_read("after/control.css"), looks.side(site_file.looks)),
            },
            [
                *AFTER,
                *(f"after/{signal}.js" for signal in told if signal in signals.LATE),
                "after/start.js",
            ],
        )
    )
    taken = {
        "SITE": site_file.site.key,
        "ADDRESS": address,
        "SETTINGS_STYLE": _style(_read("settings.css")),
        **({"CAMPAIGNS": site_file.hits.campaigns} if site_file.hits.campaigns else {"TAGS": ""}),
        "SERVICES": known["SERVICES"],
        "BASE_STYLE": _style(
            # The last word on the colour scheme is the site file's.
            *(_read(name) for name in ("reset.css", "host.css", "buttons.css")),
            looks.variables(site_file.looks, ":host"),
        ),
        "PURPOSES": known["PURPOSES"],
        "WITHHELD": site_file.withheld_purposes,
        "VERSION": known["VERSION"],
        "LIFETIME": site_file.asking.seconds,
        "BANNER_STYLE": _style(
            _read("banner.css"), _read(_layout(site_file)), looks.logo(site_file.looks)
        ),
        **signals.constants(site_file),
        "WORDS": {
            language: {name: said[name] for name in said if name not in (*AFTER_WORDS, *MORE_WORDS)}
            for language, said in words.items()
        },
        "SCRIPTS": {name: digest(scripts[name]) for name in ("after", "more")},
    }
    first = _script(
        # A second copy of the script in one page does nothing.
        "if(window.samtykke?.BASE)return;",
        {name: taken[name] for name in sorted(taken, key=ORDER.index)},
        _parts(site_file, address),
    )
    return {"first": first, **scripts}


def _stored(site_file: SiteFile) -> dict[str, dict[str, list[str]]]:
    """What services store besides cookies: the kind, then the service, then the names."""
    found: dict[str, dict[str, list[str]]] = {}
    for service in site_file.services:
        for each in service.storage:
            found.setdefault(each.kind, {}).setdefault(service.key, []).append(each.name)
    return found


def _only(names: tuple[str, ...], words: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {language: {name: said[name] for name in names} for language, said in words.items()}


def _addressable(body: str) -> str:
    """The body, altered until its digest can be address and integrity hash in one.

    Firefox takes no base64url in an integrity hash, and an address no plain base64.
    """
    while set(digest(body)) & set("-_"):
        body += "\n"
    return body


def _as_html(words: dict[str, str]) -> dict[str, str]:
    """The words for use in a page, and in double quotes there."""
    return {name: escape(text, quote=False).replace('"', "&quot;") for name, text in words.items()}


def _parts(site_file: SiteFile, address: str) -> list[str]:
    """The parts of the first script that this site uses, in the order of a page view.

    Together they are one function; each says what it takes from the others.
    """
    told = signals.used(site_file)
    campaigns = site_file.hits.campaigns and site_file.hits.when != "never"
    return [
        "address.js",
        *([] if address else ["nowhere.js"]),
        "main.js",
        "choice.js",
        "load.js",
        "apply.js",
        *(["signals.js"] if set(told) & {"uet", "clarity"} else []),
        *(f"signals/{signal}.js" for signal in told if signal in signals.EARLY),
        *(
            ["signals/google_settings.js"]
            if "google" in told and signals.commands(site_file)
            else []
        ),
        *(["campaigns.js"] if campaigns else []),
        *(["hits.js", f"hits/{site_file.hits.when}.js"] if site_file.hits.when != "never" else []),
        "banner.js",
        "settings.js",
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
        elif places:
            defined += f"const {name}={_literal(value)};\n"
    source = f"(()=>{{{opening}\n{defined}\n{body}\n}})();"
    return EAGER + str(minify.string("application/javascript", source))


def _style(*sheets: str) -> str:
    import minify

    return str(minify.string("text/css", "\n".join(sheets)))


def _read(name: str) -> str:
    return (EMBED / name).read_text()


@cache
def build(address: str) -> str:
    """The hash of the parts that this program composes from, for the server at `address`."""
    made = hashlib.sha256(address.encode())
    for path in sorted(EMBED.rglob("*.*")):
        made.update(path.read_bytes())
    return made.hexdigest()


def _literal(value: Any) -> str:
    # "<" is escaped so that the text stays harmless where somebody puts it inside a page.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
