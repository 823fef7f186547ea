"""The formats of web servers' logs: from a line of text to what it says of one request.

Each reader knows one family. `Layout` reads what Apache's and nginx's configuration describes, `Columns` the W3C's
extended format (IIS, CloudFront), `Json` objects of whatever names, `Caddy` its own. All hand the same few texts to
`loglines.line_of`, so that a new format is a table of names.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Protocol
from urllib.parse import unquote

from consent.core.errors import Invalid
from consent.counting.loglines import (
    ESCAPED,
    FIELDS,
    Line,
    Texts,
    hour,
    line_of,
    plain,
    require,
    unescaped,
)


class Reader(Protocol):
    """Reads the lines of one file, in their order."""

    name: str

    def read(self, text: str) -> Line | None:
        """None: a line that is about no request. Raises ValueError: this is none of the format's lines."""


# Of Apache, for what nginx has in names. https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats
APACHE = {
    **{"a": "client_ip", "h": "remote_addr", "t": "time_local", "r": "request"},
    **{"m": "request_method", "U": "uri", "q": "args", "s": "status"},
    **{"v": "server_name", "V": "server_name", "p": "server_port"},
}
DIRECTIVE = re.compile(
    r"%(?P<percent>%)|%(?:!?\d{3}(?:,\d{3})*)?[<>]?(?:\{(?P<argument>[^}]*)\})?(?P<letter>\^[A-Za-z]{2}|[A-Za-z])"
    r"|\$(?:(?P<nginx>\w+)|\{(?P<braced>\w+)\})"
)
# What some look like, where others are whatever stands before the next part of the layout.
SHAPES = {
    "status": r"\d{3}",
    "server_name": r"\[[^\]]*+\]|[^ :]*+",
    "server_port": r"\d+",
    "client_ip": r"[0-9A-Fa-f.:]{2,}+",
}


class Layout:
    """A line as `log_format` of nginx or `LogFormat` of Apache describes it.

    http://nginx.org/en/docs/http/ngx_http_log_module.html#log_format; for Apache see APACHE. Raises Invalid where the
    layout lacks what is needed.
    """

    def __init__(self, name: str, layout: str) -> None:
        self.name = name
        self._match, names = _compiled(layout.replace('\\"', '"').replace("\\t", "\t"))
        require(names, f"--format {layout!r}")
        # The last group, which matches nothing, stands for what the layout does not have.
        self._groups = [place + 1 for place in _places(names, FIELDS.values())]

    def read(self, text: str) -> Line | None:
        found = self._match(text)
        if found is None:
            raise ValueError("not of this layout")
        values: Texts = found.group(*self._groups)
        if "\\" in text:
            values = [each and unescaped(each) for each in values]
        return line_of(values)


def _places(names: list[str], wanted: Iterable[Sequence[str]]) -> list[int]:
    """Where among `names` each of those wanted is, under the first of its names; behind them all where it is not."""
    return [
        next((names.index(each) for each in known if each in names), len(names)) for known in wanted
    ]


def _compiled(layout: str) -> tuple[Callable[[str], re.Match[str] | None], list[str]]:
    """What matches a line, and the names of its groups."""
    parts = _parts(layout)
    pattern, names = [re.escape(parts[0])], []
    for name, before, after in zip(parts[1::2], parts[0::2], parts[2::2], strict=False):
        is_wanted = any(name in known for known in FIELDS.values())
        shape = SHAPES.get(name) or _shape(before, after)
        if after == "" and name is not parts[-2]:
            # Of what stands together only these can be told apart: $host$request_uri, %U%q.
            shape = r"[^? ]*+" if name in FIELDS["path"] else r"[^/? ]*+"
        pattern.append((f"({shape})" if is_wanted else f"(?:{shape})") + re.escape(after))
        names += [name] if is_wanted else []
    return re.compile("".join(pattern) + "((?!))?").match, names


def _parts(layout: str) -> list[str]:
    """A layout as text, name, text, name, … text."""
    parts, end = [""], 0
    for found in DIRECTIVE.finditer(layout):
        parts[-1] += layout[end : found.start()]
        end = found.end()
        if found["percent"]:
            parts[-1] += "%"
            continue
        name = found["nginx"] or found["braced"] or _name(found["argument"], found["letter"])
        if name == "time_local" and found["letter"] and not found["argument"]:
            # Apache writes these by itself.
            parts[-1] += "["
            parts += [name, "]"]
        else:
            parts += [name, ""]
    parts[-1] += layout[end:]
    return parts


def _name(argument: str | None, letter: str) -> str:
    """What nginx calls what Apache calls `%{argument}letter`."""
    if letter == "i":
        return "http_" + (argument or "").lower().replace("-", "_")
    if argument and letter not in ("t", "v", "V"):
        return f"{{{argument}}}{letter}"
    return APACHE.get(letter, letter)


def _shape(before: str, after: str) -> str:
    """What may stand between two texts. Never in two ways, so that no line takes long to be refused."""
    if before.endswith('"') and after.startswith('"'):
        return r'[^"\\]*+(?:\\.[^"\\]*+)*+'
    if after == " ":
        # A list such as that of X-Forwarded-For goes on behind a comma.
        return r"[^ ]*+(?:(?<=,) [^ ]*+)*+"
    if after == "":
        return ".*+"
    first, rest = re.escape(after[0]), re.escape(after[1:])
    if not rest:
        return f"[^{first}]*+"
    return f"[^{first}]*+(?:{first}(?!{rest})[^{first}]*+)*+"


# Of the W3C, IIS and CloudFront, for what nginx has in names.
W3C = {
    **{"cs-method": "request_method", "cs-uri-stem": "uri", "cs-uri-query": "args"},
    **{"cs-uri": "request_uri", "sc-status": "status", "c-ip": "remote_addr"},
    **{"cs(referer)": "http_referer", "cs(user-agent)": "http_user_agent"},
    **{
        "x-forwarded-for": "http_x_forwarded_for",
        "cs(x-forwarded-for)": "http_x_forwarded_for",
    },
    **{"cs-host": "host", "cs(host)": "host", "x-host-header": "http_host"},
}


class Columns:
    """The W3C's extended log format: `#Fields:` names the columns, and times are UTC.

    https://www.w3.org/TR/WD-logfile.html; IIS: https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging;
    CloudFront: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
    """

    name = "iis"

    def __init__(self) -> None:
        self._date = ""
        self._columns: list[str] = []

    def read(self, text: str) -> Line | None:
        if text.startswith("#"):
            self._direct(text)
            return None
        # CloudFront's names stand apart by blanks, its values by tabs.
        found = text.split("\t" if "\t" in text else " ")
        if not self._columns or len(found) != len(self._columns):
            raise ValueError("as many columns as #Fields names")
        values = self._pick((*found, None))
        date, time, method, path, query, status, referrer, agent, forwarded, address, host = values
        moment = f"{date or self._date} {time}+00:00"
        if self.name == "cloudfront":
            path, query, referrer = _once(path), _once(query), _once(referrer)
            agent, forwarded = _decoded(agent), _decoded(forwarded)
        else:
            # IIS writes + for blanks.
            agent, forwarded = (each and each.replace("+", " ") for each in (agent, forwarded))
        request = [None, method, path, query, status, referrer, agent, forwarded, address, host]
        return line_of([moment, *request])

    def _direct(self, text: str) -> None:
        name, _, value = text.partition(":")
        if name == "#Date":
            self._date = value.strip()[:10]
        elif name == "#Fields":
            self._columns = [each.lower() for each in value.split()]
            is_cloudfront = "x-edge-location" in self._columns
            self.name = "cloudfront" if is_cloudfront else "iis"
            names = [W3C.get(each, each) for each in self._columns]
            if is_cloudfront:
                # The name of the distribution, which no visitor sees.
                names = ["" if each == "host" else each for each in names]
            require(names, text)
            wanted = [("date",), ("time",), *list(FIELDS.values())[2:]]
            self._pick = itemgetter(*_places(names, wanted))


def _once(text: str | None) -> str | None:
    """What the browser sent, where CloudFront has encoded its % once more."""
    return unquote(text) if text and "%25" in text else text


def _decoded(text: str | None) -> str | None:
    """Plain text, which CloudFront has encoded once, or (a blank as %2520) twice."""
    once = unquote(text) if text else text
    return unquote(once) if once and "%20" in once else once


class Json:
    """One flat JSON object a line, its names whatever the owner chose among those of FIELDS.

    http://nginx.org/en/docs/http/ngx_http_log_module.html#log_format (escape=json).
    """

    name = "json"

    def read(self, text: str) -> Line | None:
        found = _object(text)
        return line_of([_first(found, keys) for keys in _keys(tuple(found))])


@lru_cache(maxsize=256)
def _keys(names: tuple[str, ...]) -> list[list[str]]:
    """For each of FIELDS those of an object's names that may have it."""
    plain = {each.lower().replace("-", "_"): each for each in names}
    return [[plain[each] for each in known if each in plain] for known in FIELDS.values()]


def _first(found: dict[str, Any], keys: list[str]) -> str | None:
    """The first value that is not empty; None where there is none at all."""
    texts = [each for each in (_text(found[key]) for key in keys) if each is not None]
    return next(filter(None, texts), "") if texts else None


def _text(value: Any) -> str | None:
    """A value of JSON as a log would have it; of a list the first."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) else None


def _object(text: str) -> dict[str, Any]:
    """Raises ValueError."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
    except ValueError:
        # nginx without escape=json writes \x22, which is none of JSON's escapes.
        if "\\x" not in text:
            raise
        found = json.loads(ESCAPED.sub(lambda each: json.dumps(plain(each))[1:-1], text))
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


class Caddy:
    """Caddy's own JSON. https://caddyserver.com/docs/caddyfile/directives/log"""

    name = "caddy"

    def read(self, text: str) -> Line | None:
        found = _object(text)
        logger = found.get("logger")
        if isinstance(logger, str) and not logger.startswith("http.log.access"):
            # Something else, even where it names a request.
            return None
        request = found.get("request")
        if not isinstance(request, dict):
            raise ValueError("no request")
        headers = request.get("headers")
        referrer, agent, forwarded = (
            (_text(headers.get(name)) or "") if isinstance(headers, dict) else None
            for name in ("Referer", "User-Agent", "X-Forwarded-For")
        )
        method, path, host = (_text(request.get(name)) for name in ("method", "uri", "host"))
        time, status = _text(found.get("ts")), _text(found.get("status"))
        address = _text(request.get("client_ip") or request.get("remote_ip"))
        said = [None, method, path, None, status, referrer, agent, forwarded, address, host]
        return line_of([time, *said])


# https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#examples and, with the addresses last, nginx's own `main`.
_COMMON = '%l %u %t "%r" %>s %b'
_COMBINED = _COMMON + ' "%{Referer}i" "%{User-Agent}i"'
LAYOUTS = {
    "vhost_combined": f"%v:%p %h {_COMBINED}",
    "forwarded_combined": f"%{{X-Forwarded-For}}i %a {_COMBINED}",
    "combined_forwarded": f'%h {_COMBINED} "%{{X-Forwarded-For}}i"',
    "combined": f"%h {_COMBINED}",
    "common": f"%h {_COMMON}",
}
OTHERS: dict[str, Callable[[], Reader]] = {
    "caddy": Caddy,
    "json": Json,
    "iis": Columns,
    "cloudfront": Columns,
}
NAMES = (*LAYOUTS, *OTHERS)


def detect(lines: Sequence[str]) -> Reader | None:
    """The reader of most of a file's first lines, and of equals the first of NAMES. None: none reads any."""
    return _best([partial(named, each) for each in NAMES], lines)


def fitting(given: str, lines: Sequence[str]) -> Reader | None:
    """The reader that is given (see `named`); None where it reads none of the first lines. Raises Invalid."""
    return _best([partial(named, given)], lines)


def _best(choices: Sequence[Callable[[], Reader]], lines: Sequence[str]) -> Reader | None:
    scores = [_score(make(), lines) for make in choices]
    best = max(scores)
    read, refused = best
    # Begun afresh: some remember what they have read.
    return choices[scores.index(best)]() if read or not refused else None


def _score(reader: Reader, lines: Iterable[str]) -> tuple[int, int]:
    """How many lines it reads, and how many it refuses, as less than nothing."""
    read = refused = 0
    for line in lines:
        try:
            if line and (found := reader.read(line)):
                hour(found.time, UTC)
                read += 1
        except ValueError:
            refused -= 1
    return read, refused


def named(given: str) -> Reader:
    """The reader of a format by its name, or of a layout as the server's configuration has it. Raises Invalid."""
    if given in LAYOUTS:
        return Layout(given, LAYOUTS[given])
    if given in OTHERS:
        return OTHERS[given]()
    if given.startswith("#Fields:"):
        columns = Columns()
        columns.read(given)
        return columns
    if DIRECTIVE.search(given):
        return Layout("--format", given)
    raise Invalid(
        f"--format {given!r} is not a format. Use one of {', '.join(NAMES)}, or fields as in nginx's log_format "
        "($status) or Apache's LogFormat (%s)."
    )
