"""What is left of addresses and headers before anything is counted: nothing that may point at a person."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from babel import Locale
from werkzeug.http import parse_accept_header

LONGEST_VALUE = 300
DIRECT = "direct"
UNKNOWN = "unknown"
# Stands for what may point at a person.
HIDDEN = "…"

AFTER_PATH = re.compile("[?#;]")
SEPARATORS = re.compile(r"[\s._~:+()/,'-]+")
# An e-mail address, or a query that was encoded into the path.
PARAMETERS = re.compile("[@?#&=]")
HEX = re.compile("[0-9a-f]{8,}")
EXTENSION = re.compile(r"\.[a-z][a-z0-9]{1,4}$", re.IGNORECASE)
LANGUAGES = frozenset(Locale("en").languages)
YEAR = re.compile("(?:19|20)[0-9]{2}")
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
RUNS = re.compile(r"\d+|\D+")
# Letters and digits in turn: ab12cd is a name yet, and ab1cd2 is none.
MOST_RUNS = 3
# A word with a digit in it that is longer is none.
SHORTEST_TOKEN = 16
MOST_TURNS = 3
# How often a segment may have been encoded over and over.
MOST_ENCODED = 5


def bare(address: str) -> str:
    """An address without its query, its fragment and its parameters."""
    found = AFTER_PATH.search(address)
    return address[: found.start()] if found else address


# What pages and referrers come to is worked out once for many hits. These few are kept in memory, and nowhere else.
@lru_cache(maxsize=4096)
def path(address: str) -> str:
    """A path without what may point at a person: no query, no fragment, no segment that looks like an id."""
    cleaned = "/".join(
        HIDDEN if _may_point_at_somebody(each) else each for each in bare(address).split("/")
    )
    if len(cleaned) > LONGEST_VALUE:
        # Half a segment may look like something else.
        cleaned = cleaned[: LONGEST_VALUE - 2].rpartition("/")[0] + "/" + HIDDEN
    return cleaned or "/"


class Source(NamedTuple):
    """Where a visitor came from."""

    # Scheme, host and port; None: from no web page that is known.
    origin: str | None
    # The host, as it is counted, or the name of an app.
    host: str
    page: str


@lru_cache(maxsize=4096)
def source(referrer: str) -> Source:
    origin = origin_of(referrer)
    if origin is None:
        return Source(None, _android_app(referrer) or DIRECT, "")
    parts = urlsplit(referrer)
    host = parts.hostname or DIRECT
    hidden = _is_address(host) or not host.isprintable()
    return Source(origin, HIDDEN if hidden else host[:LONGEST_VALUE], path(parts.path or "/"))


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


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _may_point_at_somebody(segment: str) -> bool:
    """Whether it looks like an address (of a person or a machine), a number, a token or an id."""
    plain = _decoded(segment)
    if PARAMETERS.search(plain) or not plain.isprintable() or not segment.isprintable():
        return True
    if (":" in plain or "." in plain) and _is_address(plain):
        return True
    words = [each for each in SEPARATORS.split(EXTENSION.sub("", plain)) if each]
    whole = "".join(words)
    if whole and all(each.isdigit() for each in whole):
        return True
    if HEX.fullmatch(whole.lower()) and any(each.isdigit() for each in whole):
        return True
    # A year in the name of a page is none of somebody's numbers.
    if len(words) > 1:
        words = [each for each in words if not YEAR.fullmatch(each)]
    return any(map(_is_id, words)) or sum(map(_turns_capital, words)) > MOST_TURNS


def _decoded(segment: str) -> str:
    for _ in range(MOST_ENCODED):
        decoded = unquote(segment)
        if decoded == segment:
            break
        segment = decoded
    return unicodedata.normalize("NFKC", segment)


def _is_id(word: str) -> bool:
    """Part 12 and windows11 are names; longer numbers, and letters and digits in turn, are somebody's."""
    runs = RUNS.findall(word)
    if any(each.isdigit() and len(each) > 2 for each in runs) or len(runs) > MOST_RUNS:
        return True
    return len(word) >= SHORTEST_TOKEN and len(runs) > 1


def _turns_capital(word: str) -> int:
    """How often a small letter is followed by a capital: in tokens often, in names seldom."""
    return sum(one.islower() and other.isupper() for one, other in pairwise(word))
