"""What the rules raise, and the one place that turns it into problem details (RFC 9457) or a page."""

from typing import Any

from flask import Flask, Response, json, render_template, request
from pydantic import ValidationError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError

from consent.core import i18n, log_throttle

JSON_PATHS = ("/e/", "/api/")
# Seconds after which it is worth trying again.
RETRY_AFTER = "5"
# Mistakes that are named, and characters of each text: an answer is no longer than what was asked.
MOST_NAMED = 10
LONGEST_TEXT = 500


class ConsentError(Exception):
    """Base of all that a rule refuses. `kind` names it in a problem's type, `title` says it in general."""

    kind = "error"
    title = "The request was refused"
    status = 400

    def __init__(self, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []


class Malformed(ConsentError):
    kind, title, status = "malformed", "The body is not what this address reads", 400


class Compressed(ConsentError):
    kind, title, status = "compressed", "A body is read as it is", 415


class Unmeasured(ConsentError):
    kind, title, status = "unmeasured", "A form must say its length", 411


class Unauthenticated(ConsentError):
    kind, title, status = "unauthenticated", "A valid token is needed", 401


class BadToken(Unauthenticated):
    kind, title = "bad-token", "The token is not valid"


class ExpiredToken(Unauthenticated):
    kind, title = "expired-token", "The token has expired"


class ForeignToken(ConsentError):
    kind, title, status = "foreign-token", "The token belongs to another site", 403


class WrongScope(ConsentError):
    kind, title, status = "wrong-scope", "The token is for something else", 403


class NotAllowed(ConsentError):
    kind, title, status = "not-allowed", "Your role does not allow this", 403


class WrongOrigin(ConsentError):
    kind, title, status = "wrong-origin", "This website may not send for the site", 403


class NotFound(ConsentError):
    kind, title, status = "not-found", "There is nothing here", 404


class UnknownSite(NotFound):
    kind, title = "unknown-site", "There is no such site"


class Conflict(ConsentError):
    kind, title, status = "conflict", "This contradicts what is already stored", 409


class Contradiction(ConsentError):
    kind, title, status = "contradiction", "What was asked for contradicts itself", 409


class Invalid(ConsentError):
    kind, title, status = "invalid", "The values do not fit together", 422


class TooMany(ConsentError):
    kind, title, status = "too-many", "This address sends too much", 429


class Overloaded(ConsentError):
    kind, title, status = "overloaded", "The server cannot take more at the moment", 503


def invalid_values(error: ValidationError, mend: str = "") -> Invalid:
    """Pydantic's findings as an Invalid, each with a JSON pointer to its place."""
    listed = error.errors(include_url=False, include_input=False, include_context=False)
    found = [
        {
            "pointer": _short("".join(f"/{part}" for part in each["loc"]), 100),
            "detail": _short(each["msg"].rstrip("."), 100),
        }
        for each in listed[:MOST_NAMED]
    ]
    if more := len(listed) - len(found):
        mend = f" And {more} more.{mend}"
    return Invalid(
        "; ".join(f"{each['pointer'] or '/'}: {each['detail']}" for each in found) + "." + mend,
        found,
    )


def _short(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def problem(status: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    body = {
        "type": f"urn:samtykke:problem:{kind}",
        "title": title,
        "status": status,
        "detail": _short(detail, 2 * LONGEST_TEXT),
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
    reason = getattr(error, "orig", None) or error
    # The first line: PostgreSQL goes on with the values of the row, such as somebody's e-mail address.
    first = next(iter(str(reason).splitlines()), "")
    log_throttle.log_error(__name__, f"The database did not answer: {first}")


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
