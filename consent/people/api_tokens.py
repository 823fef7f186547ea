"""Tokens for the API: what each opens, and for how long."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.core.choices import SCOPES as SCOPES
from consent.core.choices import TOKEN_LIFETIME
from consent.core.errors import Invalid, NotFound, Unauthenticated, WrongScope
from consent.core.hashes import of_secret
from consent.models import ApiToken
from consent.site import versions

LONGEST_NAME = 80


def issue(
    session: Session,
    site: str,
    name: str,
    now: datetime,
    scopes: Sequence[str] = ("stats",),
    lifetime: timedelta = TOKEN_LIFETIME,
) -> str:
    """A new token for what the API has of the site. Commits. It is stored as a hash only.

    Raises UnknownSite, and Invalid for no scope, or no name.
    """
    versions.current(session, site)
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid(f"A token is for some of {', '.join(SCOPES)}.")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"A token needs a name of at most {LONGEST_NAME} characters.")
    token = f"ct_{secrets.token_urlsafe(32)}"
    session.add(
        ApiToken(
            site=site,
            hash=of_secret(token),
            name=name.strip(),
            scope=" ".join(sorted(set(scopes))),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.commit()
    return token


def of_site(session: Session, site: str) -> list[ApiToken]:
    """The site's tokens, the oldest first. Raises UnknownSite."""
    versions.current(session, site)
    query = select(ApiToken).where(ApiToken.site == site)
    return list(session.scalars(query.order_by(ApiToken.created_at, ApiToken.hash)))


def revoke(session: Session, site: str, beginning: str, now: datetime) -> ApiToken:
    """Ends the token whose hash begins so. Commits. Raises NotFound, and Invalid where that is more than one."""
    found = [each for each in of_site(session, site) if each.hash.startswith(beginning.lower())]
    if not beginning or not found:
        raise NotFound(
            f"Site {site!r} has no token {beginning!r}; `consent tokens {site}` lists them."
        )
    if len(found) > 1:
        raise Invalid(f"{beginning!r} begins more than one token. Give more of it.")
    found[0].revoked_at = found[0].revoked_at or now
    session.commit()
    return found[0]


def require(session: Session, site: str, token: str, scope: str, now: datetime) -> None:
    """Refuses a token that is not this site's, has expired or was revoked.

    Raises Unauthenticated, and WrongScope for one that is for something else.
    """
    found = session.get(ApiToken, (site, of_secret(token)))
    if found is None or found.revoked_at is not None:
        raise Unauthenticated(
            f"The token opens nothing of {site!r}. `consent token {site}` makes one that does."
        )
    if found.expires_at <= now:
        raise Unauthenticated(f"The token expired at {found.expires_at.isoformat()}.")
    if scope not in found.scope.split():
        raise WrongScope(
            f"The token is for {found.scope}. `consent token {site} --scope {scope}` makes one that opens this."
        )
