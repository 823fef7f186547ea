"""Staff and programs: passwords, tokens, and which sites each may see."""

import hashlib
import re
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

import uuid_utils.compat
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import versions
from consent.db import upsert
from consent.errors import Invalid, NotFound, Unauthenticated, WrongScope
from consent.models import ApiToken, Membership, Site, Staff

SHORTEST_PASSWORD = 12
# What a token may open.
SCOPES = ("stats", "versions", "decisions")
LONGEST_NAME = 80
TOKEN_LIFETIME = timedelta(days=365)
_hasher = PasswordHasher()


def add(session: Session, email: str, password: str, sites: list[str], now: datetime) -> Staff:
    """Adds a member of staff, or gives one a new password and more sites. Commits.

    Raises Invalid for a short password or no e-mail address, UnknownSite.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email.strip()):
        raise Invalid(f"{email!r} is no e-mail address.")
    for site in sites:
        versions.current(session, site)
    email = email.strip().lower()
    member = session.scalar(select(Staff).where(Staff.email == email))
    if member is None:
        member = Staff(id=uuid_utils.compat.uuid7(), email=email, created_at=now)
        session.add(member)
    member.password_hash = _hasher.hash(password)
    session.flush()
    for site in sites:
        session.execute(
            upsert(session, Membership).values(site=site, staff=member.id).on_conflict_do_nothing()
        )
    session.commit()
    return member


@cache
def _nobody() -> str:
    """Checked where there is no such member, so that the answer takes as long as a wrong password's."""
    return _hasher.hash(secrets.token_urlsafe(16))


def log_in(session: Session, email: str, password: str) -> Staff:
    """The member with this e-mail and password. Raises Unauthenticated."""
    member = session.scalar(select(Staff).where(Staff.email == email.strip().lower()))
    try:
        _hasher.verify(member.password_hash if member else _nobody(), password)
    except (VerificationError, InvalidHashError):
        raise Unauthenticated(
            "The e-mail address and the password do not belong together."
        ) from None
    if member is None:
        raise Unauthenticated("The e-mail address and the password do not belong together.")
    if _hasher.check_needs_rehash(member.password_hash):
        member.password_hash = _hasher.hash(password)
        session.commit()
    return member


def member(session: Session, identity: str) -> Staff | None:
    return session.get(Staff, uuid.UUID(hex=identity))


def sites_of(session: Session, member: Staff) -> list[str]:
    return list(
        session.scalars(
            select(Membership.site).where(Membership.staff == member.id).order_by(Membership.site)
        )
    )


def require_site(session: Session, member: Staff, site: str) -> Site:
    """The site, if this member may see it. Unknown and not theirs are both NotFound."""
    if session.get(Membership, (site, member.id)) is None:
        raise NotFound(f"There is no site {site!r} here.")
    return session.get_one(Site, site)


def issue_token(
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
            hash=_hash(token),
            name=name.strip(),
            scope=" ".join(sorted(set(scopes))),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.commit()
    return token


def tokens_of(session: Session, site: str) -> list[ApiToken]:
    """The site's tokens, the oldest first. Raises UnknownSite."""
    versions.current(session, site)
    query = select(ApiToken).where(ApiToken.site == site)
    return list(session.scalars(query.order_by(ApiToken.created_at, ApiToken.hash)))


def revoke_token(session: Session, site: str, beginning: str, now: datetime) -> ApiToken:
    """Ends the token whose hash begins so. Commits. Raises NotFound, and Invalid where that is more than one."""
    found = [each for each in tokens_of(session, site) if each.hash.startswith(beginning.lower())]
    if not beginning or not found:
        raise NotFound(
            f"Site {site!r} has no token {beginning!r}; `consent tokens {site}` lists them."
        )
    if len(found) > 1:
        raise Invalid(f"{beginning!r} begins more than one token. Give more of it.")
    found[0].revoked_at = found[0].revoked_at or now
    session.commit()
    return found[0]


def require_token(session: Session, site: str, token: str, scope: str, now: datetime) -> None:
    """Refuses a token that is not this site's, has expired or was revoked.

    Raises Unauthenticated, and WrongScope for one that is for something else.
    """
    found = session.get(ApiToken, (site, _hash(token)))
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


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
