"""The hot paths, answered before Flask is entered: the script, a decision and its cookie, a hit.

A layer around the application's `wsgi_app`, so that every server and the test client pass through it. It reads the
request, calls the rules that everything else calls, and writes the answer.
"""

import logging
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from flask import Flask
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Accept
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    MethodNotAllowed,
    RequestEntityTooLarge,
)
from werkzeug.http import HTTP_STATUS_CODES, parse_accept_header, parse_etags
from werkzeug.wsgi import get_input_stream

from consent.banner.in_force import Memory
from consent.banner.script import Served
from consent.core import errors, log_throttle, tokens
from consent.core.errors import (
    Conflict,
    ConsentError,
    Invalid,
    Malformed,
    NotFound,
    Overloaded,
    TooMany,
    UnknownSite,
    WrongOrigin,
)
from consent.core.settings import Settings
from consent.counting import cleaning, hits
from consent.counting.counters import Cell
from consent.counting.hits import Hit, Seen
from consent.counting.journal import Journal
from consent.counting.networks import Countries, Networks
from consent.counting.robots import is_robot
from consent.counting.useragent import classify
from consent.ledger import decisions, first_party
from consent.ledger.decisions import Choice, Decided, Recorded
from consent.ledger.group_commit import GroupCommit
from consent.site.schema import SiteFile
from consent.site.versions import Published
from consent.web import context, problems, security
from consent.web.embed.crowding import Crowding

Environ = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)

# A site's key is as in a site file; no other is asked for.
ADDRESS = re.compile(r"/e/([a-z0-9-]{1,40})(\.js|/decisions|/cookie|/hits)")
METHODS = {
    ".js": ("GET", "HEAD"),
    "/decisions": ("POST",),
    "/cookie": ("POST",),
    "/hits": ("POST",),
}

# Seconds. A browser may use its copy for five minutes, and a stale one while it asks for a newer.
SCRIPT_AGE = "public, max-age=300, stale-while-revalidate=3600"
ENCODINGS = ("br", "gzip")
# Stands in the environment of a request that the limit has counted.
COUNTED_ALREADY = "consent.counted"
FETCHED_FOR = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


class Target(NamedTuple):
    site: str
    what: str


class HotResponse(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


class ToCommit(NamedTuple):
    """A decision that is to be committed, and what is answered then."""

    decided: Decided
    answer: Callable[[Recorded | Conflict], HotResponse]


class ToCount(NamedTuple):
    """Cells of a page view that are to be counted. The answer is empty."""

    site: str
    cells: list[Cell]


# What is known of a request once it was read: the answer, or what has to be written before there is one.
Asked = HotResponse | ToCommit | ToCount
COUNTED = HotResponse(204, [])


class HotPaths:
    """The layer; `app` answers what is not hot."""

    def __init__(
        self,
        app: Flask,
        memory: Memory,
        decisions: GroupCommit[Decided, Recorded | Conflict],
    ) -> None:
        self._app = app
        self._inner = app.wsgi_app
        self._memory = memory
        self._decisions = decisions
        self._settings: Settings = app.extensions["consent_settings"]
        self._crowding: Crowding = app.extensions["consent_crowding"]
        self._journal: Journal = app.extensions["consent_journal"]

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        target = self.target(environ)
        if target is None:
            security.encode_query(environ)
            return self._inner(environ, start_response)
        try:
            answer = self.written(self.asked(environ, target))
        except Exception as error:
            answer = refusal(error)
        headers = [*answer.headers, *self.shared_headers(environ, target)]
        if answer.status not in (204, 304):
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {HTTP_STATUS_CODES[answer.status]}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def target(self, environ: Environ) -> Target | None:
        """The hot path that a request is for. None: it is for another."""
        found = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        return found and Target(*found.groups())

    def written(self, asked: Asked) -> HotResponse:
        """Waits until all is written that the answer has to wait for."""
        match asked:
            case ToCommit(decided, answer):
                return answer(self._decisions.commit(decided))
            case ToCount(site, cells):
                self._journal.add(site, cells)
                return COUNTED
        return asked

    def asked(self, environ: Environ, target: Target, wait: bool = True) -> Asked:
        """What a request to a hot path asks for. Raises what it is refused for.

        A caller that does not `wait` is never held up by a database: NotAtHand is raised instead.
        """
        site, what = target
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            with suppress(UnknownSite, SQLAlchemyError):  # which the request that follows is told
                self._memory.current(site, wait)
            return HotResponse(
                204, [("Allow", ", ".join((*METHODS[what], "OPTIONS"))), *_preflight(environ)]
            )
        if method not in METHODS[what]:
            raise MethodNotAllowed(METHODS[what])
        in_force = self._memory.current(site, wait)
        if what == ".js":
            return script(environ, in_force.script, SCRIPT_AGE)
        if COUNTED_ALREADY not in environ:  # else it comes back from a thread that has waited
            environ[COUNTED_ALREADY] = True
            if not self._crowding.takes_request(environ.get("REMOTE_ADDR", "")):
                raise TooMany("Try again in a minute.")
        _require_origin(environ, in_force.published.site_file)
        match what:
            case "/hits":
                return self._hit(environ, in_force.published)
            case "/cookie":
                return self._keep(environ, in_force.published)
        return self._decide(environ, in_force.published, wait)

    def shared_headers(self, environ: Environ, target: Target) -> tuple[tuple[str, str], ...]:
        """What an answer to this request has beside its own headers."""
        origin = ""
        if environ["REQUEST_METHOD"] in ("POST", "OPTIONS"):
            origin = environ.get("HTTP_ORIGIN", "")
            held = origin and self._memory.held(target.site)
            if not held or origin not in held.published.site_file.site.origins:
                origin = ""
        return security.embed_headers(environ["wsgi.url_scheme"], self._settings.hsts, origin)

    def _decide(self, environ: Environ, in_force: Published, wait: bool) -> ToCommit:
        site = in_force.site
        choice = _body(environ, Choice)
        # What the browser says of itself in headers, a page's scripts cannot take back.
        gpc, dnt = context.sends_gpc(environ), context.sends_dnt(environ)
        if gpc or dnt:
            choice = choice.model_copy(update={"gpc": choice.gpc or gpc, "dnt": choice.dnt or dnt})
        keys, now = self._settings.secret_keys, context.now()
        visitor = tokens.read(keys, site, choice.token, now) if choice.token else None
        device = classify(environ.get("HTTP_USER_AGENT", "")).device
        countries: Countries = self._app.extensions["consent_countries"]
        country = countries.of(environ.get("REMOTE_ADDR"))
        try:
            version = self._memory.version(site, choice.version, wait)
        except NotFound as error:
            raise Invalid(error.detail) from None

        def answer(recorded: Recorded | Conflict) -> HotResponse:
            if isinstance(recorded, Conflict):
                raise recorded
            decision = recorded.decision
            said: dict[str, Any] = {"receipt": decisions.receipt(decision, version.hash)}
            token = choice.token if visitor else None
            if recorded.is_senders(visitor, now):
                token = said["token"] = tokens.issue(
                    keys, site, decision.visitor, decision.decided_at
                )
            headers = [("Content-Type", "application/json")]
            if where := first_party.place(environ, site):
                cookie = first_party.value(environ, where, version, choice, token or "", now)
                if cookie:
                    seconds = in_force.site_file.asking.seconds
                    headers.append(first_party.header(where, cookie, seconds))
                    said["cookie"] = cookie
            return HotResponse(201 if recorded.is_new else 200, headers, to_json(said))

        return ToCommit(decisions.decided(version, choice, visitor, device, country, now), answer)

    def _keep(self, environ: Environ, in_force: Published) -> HotResponse:
        """Sets the cookie again as the page has changed it since its decision."""
        kept = _body(environ, first_party.Kept)
        where = first_party.place(environ, in_force.site)
        if where is None:
            return HotResponse(204, [("X-Consent", "not kept: this is not the website's own host")])
        seconds = min(kept.seconds, in_force.site_file.asking.seconds)
        return HotResponse(204, [first_party.header(where, kept.value, seconds)])

    def _hit(self, environ: Environ, in_force: Published) -> HotResponse | ToCount:
        return viewed(self._app, environ, in_force, _body(environ, Hit))


def viewed(app: Flask, environ: Environ, in_force: Published, hit: Hit) -> HotResponse | ToCount:
    """What is to be counted of a page view, or why it is none that counts."""
    site_file = in_force.site_file
    reason = _uncounted(environ, site_file)
    if reason:
        return HotResponse(204, [("X-Consent", f"not counted: {reason}")])
    crowding: Crowding = app.extensions["consent_crowding"]
    page = cleaning.path(cleaning.bare(hit.path))
    if not crowding.takes_view(environ.get("REMOTE_ADDR", ""), in_force.site, page):
        return HotResponse(
            204, [("X-Consent", "not counted: this address has seen the page already")]
        )
    networks: Networks = app.extensions["consent_networks"]
    countries: Countries = app.extensions["consent_countries"]
    seen = Seen(
        environ.get("HTTP_ORIGIN"),
        classify(environ.get("HTTP_USER_AGENT", "")),
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        networks.of(environ.get("REMOTE_ADDR")),
        countries.of(environ.get("REMOTE_ADDR")),
    )
    cells = hits.cells(site_file, hit, seen, context.now(), in_force.number)
    return ToCount(in_force.site, cells)


def script(environ: Environ, served: Served, cache_control: str) -> HotResponse:
    """The script in the encoding that suits the client, or that its copy is still good."""
    encoding = _encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
    # A strong tag names these very bytes, so each encoding has its own.
    tag = f"{served.etag[:32]}-{encoding or 'plain'}"
    headers = [
        ("Cache-Control", cache_control),
        ("Vary", "Accept-Encoding"),
        ("ETag", f'"{tag}"'),
    ]
    if (known := environ.get("HTTP_IF_NONE_MATCH")) and parse_etags(known).contains_weak(tag):
        return HotResponse(304, headers)
    headers.append(("Content-Type", "text/javascript; charset=utf-8"))
    if encoding:
        headers.append(("Content-Encoding", encoding))
    body = {"br": served.brotli, "gzip": served.gzip}.get(encoding, served.plain)
    return HotResponse(200, headers, body)


@lru_cache(maxsize=256)
def _encoding(accepted: str) -> str:
    return parse_accept_header(accepted, Accept).best_match(ENCODINGS) or "" if accepted else ""


def _preflight(environ: Environ) -> list[tuple[str, str]]:
    """Headers that a page's own wrapper of `fetch` adds are allowed, and mean nothing here."""
    wanted = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    if not re.fullmatch(r"[\w, -]{1,500}", wanted, re.ASCII):
        return []
    return [("Access-Control-Allow-Headers", wanted), ("Access-Control-Max-Age", "86400")]


def _uncounted(environ: Environ, site_file: SiteFile) -> str | None:
    """Why this page view is left out of the counters, in a word for whoever looks at the network panel."""
    if site_file.hits.when == "never":
        return "the site file says never"
    if context.sends_gpc(environ):
        return "Global Privacy Control"
    if context.sends_dnt(environ):
        return "Do Not Track"
    # Fetched in advance: nobody has seen it yet (Fetch, Sec-Purpose; earlier browsers had names of their own).
    for name in FETCHED_FOR:
        if "pre" in environ.get(name, ""):
            return "prefetch"
    return "a robot" if is_robot(environ.get("HTTP_USER_AGENT", "")) else None


def _require_origin(environ: Environ, site_file: SiteFile) -> None:
    # Browsers always name the origin of a page that posts; a client without one acts for nobody else.
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin not in site_file.site.origins:
        raise WrongOrigin(
            f"{origin} is not among the origins of site {site_file.site.key!r}: "
            f"{', '.join(site_file.site.origins)}. Add it to site.origins and publish."
        )


def _body(environ: Environ, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(_read(environ))
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors()):
            raise Malformed(f"The body is no JSON: {error.errors()[0]['ctx']['error']}.") from None
        raise errors.invalid_values(error) from None


def _read(environ: Environ) -> bytes:
    security.require_plain(environ)
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal():
        return _read_chunks(environ)
    if len(length) > 9 or int(length) > security.MAX_BODY:
        raise RequestEntityTooLarge()
    body: bytes = environ["wsgi.input"].read(int(length))
    if len(body) < int(length):
        raise ClientDisconnected()
    return body


def _read_chunks(environ: Environ) -> bytes:
    # One byte more than it may have: what Werkzeug cuts off at the limit would look whole.
    body = get_input_stream(environ, max_content_length=security.MAX_BODY + 1).read()
    if len(body) > security.MAX_BODY:
        raise RequestEntityTooLarge()
    return body


def refusal(error: Exception) -> HotResponse:
    """The answer to a request that was refused or failed; what failed is logged."""
    if isinstance(error, SQLAlchemyError):
        problems.log_database(error)
    elif isinstance(error, Overloaded):
        log_throttle.log_error(__name__, error.detail)
    elif not isinstance(error, (ConsentError, HTTPException)):
        logging.getLogger(__name__).error("A mistake of this program", exc_info=error)
    made = problems.as_problem(error)
    headers = [(name, value) for name, value in made.headers if name != "Content-Length"]
    return HotResponse(made.status_code, headers, made.data)
