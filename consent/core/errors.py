"""What the rules raise. web/problems.py makes answers of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

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


class NotAtHand(Exception):
    """The answer is not in memory, and the caller must not wait for the database."""


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
            "pointer": short("".join(f"/{part}" for part in each["loc"]), 100),
            "detail": short(each["msg"].rstrip("."), 100),
        }
        for each in listed[:MOST_NAMED]
    ]
    if more := len(listed) - len(found):
        mend = f" And {more} more.{mend}"
    return Invalid(
        "; ".join(f"{each['pointer'] or '/'}: {each['detail']}" for each in found) + "." + mend,
        found,
    )


def short(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
