"""What is left of addresses and headers before anything is counted: nothing that may point at a person."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from babel import Locale
from werkzeug.http import parse_accept_header

from consent.counting import domains, shapes

LONGEST_VALUE = 300
DIRECT = "direct"
UNKNOWN = "unknown"
# Stands for what may point at a person.
HIDDEN = "…"

AFTER_PATH = re.compile("[?#;]")
LANGUAGES = frozenset(Locale("en").languages)
# What Android allows as the name of an app's package, in small letters.
PACKAGE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
# The apps from which most visitors come, by their package, under the names that browsers inside them have.
ANDROID_APPS = {
    "com.discord": "Discord",
    "com.facebook.katana": "Facebook",
    "com.facebook.orca": "Messenger",
    "com.google.android.apps.magazines": "Google News",
    "com.google.android.gm": "Gmail",
    "com.google.android.googlequicksearchbox": "Google app",
    "com.google.android.youtube": "YouTube",
    "com.instagram.android": "Instagram",
    "com.instagram.barcelona": "Threads",
    "com.linkedin.android": "LinkedIn",
    "com.microsoft.office.outlook": "Outlook",
    "com.microsoft.teams": "Microsoft Teams",
    "com.pinterest": "Pinterest",
    "com.reddit.frontpage": "Reddit",
    "com.slack": "Slack",
    "com.snapchat.android": "Snapchat",
    "com.tencent.mm": "WeChat",
    "com.twitter.android": "X (Twitter)",
    "com.whatsapp": "WhatsApp",
    "com.zhiliaoapp.musically": "TikTok",
    "jp.naver.line.android": "Line",
    "org.telegram.messenger": "Telegram",
}


def bare(address: str) -> str:
    """An address without its query, its fragment and its parameters."""
    found = AFTER_PATH.search(address)
    return address[: found.start()] if found else address


# What pages and referrers come to is worked out once for many hits. These few are kept in memory, and nowhere else.
@lru_cache(maxsize=4096)
def path(address: str) -> str:
    """A path without what may point at a person: no query, no fragment, no segment that looks like an id."""
    # Of more, nothing would be left.
    segments = bare(address).split("/", LONGEST_VALUE + 2)[: LONGEST_VALUE + 2]
    cleaned = "/".join(
        HIDDEN if shapes.kind(each, segments[max(0, place - 2) : place]) else each
        for place, each in enumerate(segments)
    )
    if len(cleaned) > LONGEST_VALUE:
        # Half a segment may look like something else.
        cleaned = cleaned[: LONGEST_VALUE - 2].rpartition("/")[0] + "/" + HIDDEN
    return cleaned or "/"


class Source(NamedTuple):
    """Where a visitor came from."""

    # Scheme, host and port; None: from no web page that is known.
    origin: str | None
    # The website, as it is counted: its registrable domain, or the name of an app.
    host: str
    page: str


@lru_cache(maxsize=4096)
def source(referrer: str, subdomains: frozenset[str] = frozenset()) -> Source:
    """Where a referrer says that a visitor came from. Hosts in `subdomains` are counted under these names."""
    origin = origin_of(referrer)
    if origin is None:
        return Source(None, _android_app(referrer) or DIRECT, "")
    parts = urlsplit(referrer)
    host = parts.hostname or DIRECT
    site = domains.named(host, subdomains) or domains.registrable(host) or HIDDEN
    return Source(origin, site, path(parts.path or "/"))


def _android_app(referrer: str) -> str | None:
    """The app in `android-app://package/…`: its name, or else its package. None where it names none.

    Android writes such referrers for links that an app opens in the browser (Intent.EXTRA_REFERRER).
    """
    try:
        parts = urlsplit(referrer)
        package = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme != "android-app" or not PACKAGE.fullmatch(package):
        return None
    return ANDROID_APPS.get(package, package[:LONGEST_VALUE])


def origin_of(address: str) -> str | None:
    """Scheme, host and port of a web address; None where it is none."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


@lru_cache(maxsize=1024)
def language(accepted: str) -> str:
    """The language that an Accept-Language header likes best, without its region."""
    try:
        best = parse_accept_header(accepted[:LONGEST_VALUE]).best
    except ValueError:
        return UNKNOWN
    code = (best or "").partition("-")[0].lower()
    return code if code in LANGUAGES else UNKNOWN


def campaign(address: str, wanted: Iterable[str]) -> dict[str, str]:
    """Those of the parameters in an address's query that are wanted."""
    query = address.partition("#")[0].partition("?")[2]
    if not query:
        return {}
    given = dict(parse_qsl(query[:LONGEST_VALUE]))
    return {name: given[name] for name in wanted if name in given}
