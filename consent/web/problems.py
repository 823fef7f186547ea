"""Turns what the rules raise into problem details (RFC 9457) or a page: the one place that does."""

from typing import Any

from flask import Flask, Response, json, render_template, request
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError

from consent.core import i18n, log_throttle
from consent.core.errors import LONGEST_TEXT, ConsentError, Malformed, short

JSON_PATHS = ("/e/", "/api/")
# Seconds after which it is worth trying again.
RETRY_AFTER = "5"


def problem(status: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    body = {
        "type": f"urn:samtykke:problem:{kind}",
        "title": title,
        "status": status,
        "detail": short(detail, 2 * LONGEST_TEXT),
        **more,
    }
    # Escaped, a character of four bytes would take twelve. What is no character, though JSON can name it, is lost.
    written = json.dumps(body, ensure_ascii=False).encode(errors="replace")
    return Response(written, status, content_type="application/problem+json")


def as_problem(error: Exception) -> Response:
    """What a program is told of an error."""
    if isinstance(error, ConsentError):
        more = {"errors": error.errors} if error.errors else {}
        made = problem(error.status, error.kind, error.title, error.detail, **more)
        if error.status == 401:
            made.headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, SQLAlchemyError):
        made = problem(503, "no-database", "The database does not answer", "Try again in a moment.")
    elif isinstance(error, HTTPException) and error.code is not None:
        kind = error.name.lower().replace(" ", "-")
        made = problem(error.code, kind, error.name, error.description or error.name)
        _keep_headers(error.get_response(), made)
    else:
        return as_problem(InternalServerError())
    if made.status_code == 503:
        made.headers["Retry-After"] = RETRY_AFTER
    if made.status_code == 429:
        made.headers.setdefault("Retry-After", "60")
    return made


def init_app(app: Flask) -> None:
    app.register_error_handler(SQLAlchemyError, _no_database)
    app.register_error_handler(ConsentError, _refused)
    app.register_error_handler(HTTPException, http_error)


def _no_database(error: SQLAlchemyError) -> Response:
    """Locked, full, read-only, or away: the browser keeps its decision and tries again."""
    if isinstance(error, DataError):  # such as a text with a NUL, which PostgreSQL does not take
        return _refused(Malformed("This holds what cannot be stored."))
    log_database(error)
    if _wants_json():
        return as_problem(error)
    made = _page(503)
    made.headers["Retry-After"] = RETRY_AFTER
    return made


def log_database(error: SQLAlchemyError) -> None:
    log_throttle.log_exception(__name__, "The database did not answer", error)


def _refused(error: ConsentError) -> Response:
    return as_problem(error) if _wants_json() else _page(error.status)


def http_error(error: HTTPException) -> Response:
    response = error.get_response()
    if error.code is None or error.code < 400:
        return Response(response.response, response.status, dict(response.headers))
    if _wants_json():
        return as_problem(error)
    made = _page(error.code)
    _keep_headers(response, made)
    return made


def _keep_headers(response: Any, made: Response) -> None:
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            made.headers[name] = response.headers[name]


def _wants_json() -> bool:
    return request.path.startswith(JSON_PATHS)


def _page(status: int) -> Response:
    language = i18n.choose(i18n.STAFF_LANGUAGES)
    return Response(render_template("errors/error.html", status=status, language=language), status)
