"""Response headers, the check that a form was sent from our own page, and rate limits."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from werkzeug.exceptions import Forbidden, RequestURITooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.urls import iri_to_uri

from consent.core import tokens
from consent.core.errors import BadToken, Compressed, Unmeasured
from consent.core.settings import Settings
from consent.counting.networks import subscriber
from consent.web import context, problems

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HTMX_VERSION = "4.0.1"
HTMX_CDN = f"https://cdn.jsdelivr.net/npm/htmx.org@{HTMX_VERSION}/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"

# Bytes. The largest honest body is a decision with a choice for every service.
MAX_BODY = 16 * 1024
# Of forms of staff, with a site file.
LARGEST_FORM = 512 * 1024
# Bytes of path and query. RFC 9110, section 4.1, wants 8000 to be read.
LONGEST_ADDRESS = 8000

# The cookie of a browser in which a member of staff has logged in before.
DEVICE = "consent_device"


def own_cookie(name: str, settings: Settings) -> str:
    """What a cookie of staff pages is called: over https so that no other host, such as a website beside this server,
    can set one in its place (RFC 6265bis, section 4.1.3.2).
    """
    return f"__Host-{name}" if settings.is_https else name


def address() -> str:
    """Whom a limit is for."""
    return subscriber(request.remote_addr or "127.0.0.1")


def known_device() -> str | None:
    """Which browser it is, where somebody with the address in the form has logged in with it before."""
    token = request.cookies.get(own_cookie(DEVICE, context.settings()), "")
    try:
        return tokens.read_device(context.settings().secret_keys, token, _account())
    except BadToken:
        return None


def _account() -> str:
    return request.form.get("email", "").strip().lower()


def who_logs_in() -> str:
    """Whose wrong passwords are counted together.

    One account from one address, so that whoever guesses shuts out neither its owner, who is elsewhere, nor colleagues
    behind the same address; and the owner not even there, whose browser is known (OWASP, Device Cookies).
    """
    return known_device() or f"{address()} {_account()}"


# In memory, so that an address is forgotten with its window and never reaches a disk.
limiter = Limiter(address, storage_uri="memory://", headers_enabled=True)
# Wrong passwords of one account from one address.
LOGIN_LIMIT = "10 per 15 minutes"
# Attempts per address, for whatever accounts, but from browsers that are known: each keeps the server busy for a while.
ATTEMPTS_LIMIT = "100 per minute"
# Wrong codes of the second factor per account. Nobody gets there without the password.
CODE_LIMIT = "5 per 15 minutes"
# Per address, and per account that it is about. Each sends an e-mail.
MAIL_LIMIT = "10 per hour"
# Per address. Each has the server fetch a page of the website.
CHECK_LIMIT = "20 per minute"


def refused(response: Response) -> bool:
    """Whether the response refuses a password or a code: only that is counted."""
    return response.status_code == 401


def require_plain(environ: Mapping[str, Any]) -> None:
    """Refuses a body that is compressed, which nothing here unpacks. Raises Compressed."""
    encoding = environ.get("HTTP_CONTENT_ENCODING")
    if encoding and encoding.strip().lower() not in ("", "identity"):
        raise Compressed("Send the body without a Content-Encoding.")


def require_whole() -> None:
    """Refuses a form that may have broken off: what is missing of it would be a box that nobody ticked.

    `consent serve` passes on whole bodies only, each with its length. Some other servers set `wsgi.input_terminated`
    and pass on what had come when a body broke off; then Werkzeug would not compare it with the length. A body in
    chunks may end in the same way. Browsers send none, and proxies pass the length on.
    """
    if request.method != "POST":
        return
    require_plain(request.environ)
    if "HTTP_TRANSFER_ENCODING" in request.environ:
        raise Unmeasured("Send the form with a Content-Length.")
    request.environ.pop("wsgi.input_terminated", None)


def encode_query(environ: dict[str, Any]) -> None:
    """Percent-encodes bytes in the query that no browser sends as they are: of some Werkzeug makes an error."""
    query = environ.get("QUERY_STRING", "")
    if not query.isascii():
        environ["QUERY_STRING"] = "".join(
            each if each.isascii() else f"%{ord(each):02X}" for each in query
        )


def require_short() -> None:
    """Refuses an address that is longer than anybody needs: what it leads to may say it again, encoded."""
    sent = request.environ
    if len(sent.get("PATH_INFO", "")) + len(sent.get("QUERY_STRING", "")) > LONGEST_ADDRESS:
        raise RequestURITooLarge()


def init_app(app: Flask, settings: Settings) -> None:
    # First of all, for limits read the form.
    app.before_request(require_short)
    app.before_request(require_whole)
    limiter.init_app(app)
    # It logs the address of whoever it stops.
    logging.getLogger("flask-limiter").disabled = True
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    htmx_url = settings.htmx_url or HTMX_CDN
    app.jinja_env.globals["htmx"] = {
        "url": htmx_url,
        "integrity": "" if settings.htmx_url else HTMX_INTEGRITY,
    }
    app.after_request(lambda response: headers(response, htmx_url, settings.hsts))


def behind_proxies(hops: int, app: WSGIApplication) -> WSGIApplication:
    """The application, which believes what so many proxies in front of it say of a client."""
    return ProxyFix(app, x_for=hops, x_proto=hops, x_host=hops) if hops else app


def common_headers(scheme: str, hsts: str) -> dict[str, str]:
    """Those of every response to a request over `scheme`."""
    secure = {"Strict-Transport-Security": hsts} if scheme == "https" and hsts else {}
    return {"X-Content-Type-Options": "nosniff", **secure}


@lru_cache(maxsize=1024)
def embed_headers(scheme: str, hsts: str, origin: str = "") -> tuple[tuple[str, str], ...]:
    """Those of what pages of other origins read. Pages of `origin` may also send credentials, and read the answer."""
    shared = {
        **common_headers(scheme, hsts),
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if origin:
        shared |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Vary": "Origin",
        }
    return tuple(shared.items())


def headers(response: Response, htmx_url: str, hsts: str) -> Response:
    """Sets every security header there is, on every response."""
    if response.location and response.status_code < 400:
        # Werkzeug's page for people whose browser does not follow says the address twice more.
        response.set_data("")
        # Where only a slash is missing it names the host, as the request did: a cache might tell others.
        here = response.location.removeprefix(request.host_url.rstrip("/"))
        if here.startswith("/") and not here.startswith("//"):
            response.location = here
        if len(iri_to_uri(response.location)) > LONGEST_ADDRESS:
            response = problems.http_error(RequestURITooLarge())
    if request.path.startswith("/e/"):
        response.headers.update(embed_headers(request.scheme, hsts))
        return response
    response.headers.update(common_headers(request.scheme, hsts))
    staff = request.path.startswith("/dashboard")
    # The search among recipients is the one visitor page that loads it.
    htmx = staff or request.endpoint == "privacy.recipients"
    script = f"'self' {htmx_url}" if htmx else "'self'"
    # Previews of the banner.
    frame = "frame-src 'self'; " if staff else ""
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; {frame}form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    # For browsers and scanners that know no frame-ancestors.
    may_frame = "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]
    response.headers["X-Frame-Options"] = "SAMEORIGIN" if may_frame else "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = (
        "camera=(), geolocation=(), microphone=(), browsing-topics=()"
    )
    response.headers.setdefault("Cache-Control", "no-store" if staff else "no-cache")
    return response


def require_own_page() -> None:
    """Refuses a form that another website sent in a person's name.

    The browser says where a request comes from (Fetch Metadata), which needs no secret in the page and
    no cookie for people who have not decided; older browsers say it with Origin. A client that sends
    neither is no browser, and acts in nobody's name.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site != "same-origin":
            raise Forbidden("This form must be sent from its own page.")
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise Forbidden("This form must be sent from its own page.")
