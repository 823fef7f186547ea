"""What a line of a web server's log says of one request, whatever its format calls it."""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from consent.core.errors import Invalid


class Line(NamedTuple):
    """What a line says of one request. Its addresses go no further than the network's name."""

    # As the log has it: see `hour`.
    time: str
    method: str
    # With its query.
    path: str
    # Three digits.
    status: str
    # Empty: there was none; None: the log does not say.
    referrer: str | None
    agent: str | None
    # As the log has them, separated by commas: those that proxies named, then the other end of the connection.
    addresses: str
    # Without its port; None: the log does not say.
    host: str | None


# What `line_of` takes, and what it is called: in nginx's log_format, in JSON (small letters, "_" for "-"), and in what
# logformats.py makes of Apache's and the W3C's names. Of several the first that has a value.
FIELDS: dict[str, tuple[str, ...]] = {
    "time": (
        *("time_iso8601", "time_local", "msec", "@timestamp", "timestamp", "time", "ts"),
        *("datetime", "startutc"),
    ),
    "request": ("request", "request_line"),
    "method": ("request_method", "method", "verb", "requestmethod"),
    "path": ("request_uri", "uri", "path", "url", "requestpath"),
    "query": ("args", "query_string", "query"),
    "status": ("status", "status_code", "response", "downstreamstatus"),
    "referrer": ("http_referer", "http_referrer", "referer", "referrer", "request_referer"),
    "agent": ("http_user_agent", "user_agent", "useragent", "agent", "request_user_agent"),
    "forwarded": (
        *("http_x_forwarded_for", "proxy_add_x_forwarded_for", "x_forwarded_for", "forwarded_for"),
        *("xff", "request_x_forwarded_for", "http_cf_connecting_ip", "http_true_client_ip"),
        *("http_x_real_ip", "x_real_ip"),
    ),
    "address": (
        *("remote_addr", "client_ip", "remote_ip", "clientip", "remote_address", "clienthost"),
        *("client", "ip"),
    ),
    "host": ("http_host", "host", "server_name", "vhost", "virtual_host", "requesthost"),
}
Texts = Sequence[str | None]
# What a format has to name.
NEEDED = ("time", "status")


def line_of(values: Texts) -> Line:
    """`values` are in the order of FIELDS. Raises ValueError where one that is needed is missing."""
    time, request, method, path, query, status, referrer, agent, forwarded, address, host = values
    if request is not None and (path is None or method is None):
        method, path = _request(request)
    if not time or path is None or not status:
        raise ValueError("a request has a time, a path and a status")
    if query and query != "-" and "?" not in path:
        path = f"{path}?{query.removeprefix('?')}"
    return Line(
        time,
        method or "GET",
        path if path.isascii() else _encoded(path),
        status,
        "" if referrer == "-" else referrer,
        "" if agent == "-" else agent,
        f"{forwarded}, {address}" if forwarded else address or "",
        bare_host(host) if host else None,
    )


# Most lines ask for what others have asked for.
@lru_cache(maxsize=4096)
def _request(line: str) -> tuple[str, str]:
    """Method and path of `GET / HTTP/1.1`. What was no HTTP at all, or nothing, is logged too."""
    method, _, rest = line.partition(" ")
    return method, rest.partition(" ")[0]


def _encoded(path: str) -> str:
    """As browsers send it, and the script."""
    return quote(path, safe="/?#[]@!$&'()*+,;=:%-._~")


@lru_cache(maxsize=1024)
def bare_host(host: str) -> str | None:
    """A host without its port, in small letters."""
    if host == "-":
        return None
    return re.sub(r":\d*$", "", host).strip("[]").lower()


def hour(text: str, zone: tzinfo) -> datetime:
    """The hour in `zone` of a time as logs write it: 20/Nov/2026:08:00:00 +0100, ISO 8601, or seconds since 1970 (or
    thousandths, or millionths). One that names no zone is in `zone`. Raises ValueError.
    """
    # The same for a whole minute, so that most are found and not worked out. The seconds are no part of what is kept.
    if text[2:3] == "/":
        return _of_common(text[:17] + text[20:], zone)
    if text[4:5] in ("-", "/"):
        rest = text[19:]
        if rest[:1] in (".", ","):
            rest = rest[1:].lstrip("0123456789")
        return _of_iso(text[:16] + rest, zone)
    try:
        seconds = float(text)
        if not math.isfinite(seconds):  # "inf", and more digits than a float has
            raise ValueError(f"{text!r} is no time")
        while seconds > 1e11:
            seconds /= 1000
        return _of_epoch(int(seconds // 60), zone)
    except OverflowError:
        raise ValueError(f"{text!r} is no time") from None


MONTHS = dict(
    zip(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        range(1, 13),
        strict=True,
    )
)
MINUTE = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d) ([+-]\d{4})")


@lru_cache(maxsize=4096)
def _of_common(minute: str, zone: tzinfo) -> datetime:
    # strptime takes ten times as long, and a month has many minutes.
    found = MINUTE.fullmatch(minute)
    if found is None or found[2] not in MONTHS:
        raise ValueError(f"{minute!r} is no time")
    day, year, hours, minutes, offset = (int(found[each]) for each in (1, 3, 4, 5, 6))
    sign = -1 if offset < 0 else 1
    ahead = timezone(sign * timedelta(hours=abs(offset) // 100, minutes=abs(offset) % 100))
    return _whole(datetime(year, MONTHS[found[2]], day, hours, minutes, tzinfo=ahead), zone)


@lru_cache(maxsize=4096)
def _of_iso(minute: str, zone: tzinfo) -> datetime:
    found = datetime.fromisoformat(minute.replace("/", "-").rstrip())
    return _whole(found if found.tzinfo else found.replace(tzinfo=zone), zone)


@lru_cache(maxsize=4096)
def _of_epoch(minute: int, zone: tzinfo) -> datetime:
    return _whole(datetime.fromtimestamp(minute * 60, UTC), zone)


def _whole(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    except OverflowError:
        raise ValueError("beyond all calendars") from None


ESCAPED = re.compile(r'(?:\\x[0-9A-Fa-f]{2})+|\\["\\]')


def unescaped(text: str) -> str:
    r"""A text without the escapes of Apache and nginx, which write `æ` as \xC3\xA6, and `"` as \" or \x22."""
    return ESCAPED.sub(plain, text)


def plain(found: re.Match[str]) -> str:
    if found[0][1] != "x":
        return found[0][1]
    return bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", "replace")


def require(names: Iterable[str], where: str) -> None:
    found = {field for field, known in FIELDS.items() if any(each in known for each in names)}
    lacking = [each for each in NEEDED if each not in found]
    if not found & {"request", "path"}:
        lacking.append("request")
    if lacking:
        raise Invalid(f"{where} does not say where the {' and the '.join(lacking)} is.")
