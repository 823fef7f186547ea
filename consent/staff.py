"""Staff and programs: passwords, tokens, and which sites each may see."""

import hashlib
import re
import secrets
import uuid
from datetime import datetime, timedelta
from functools import cache

import uuid_utils.compat
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import versions
from consent.db import upsert
from consent.errors import Invalid, NotFound, Unauthenticated
from consent.models import ApiToken, Membership, Site, Staff

SHORTEST_PASSWORD = 12
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


def issue_token(session: Session, site: str, name: str, now: datetime) -> str:
    """A new token for the site's statistics. It is stored as a hash only. Commits. Raises UnknownSite."""
    versions.current(session, site)
    token = f"ct_{secrets.token_urlsafe(32)}"
    session.add(
        ApiToken(
            site=site, hash=_hash(token), name=name, created_at=now, expires_at=now + TOKEN_LIFETIME
        )
    )
    session.commit()
    return token


def require_token(session: Session, site: str, token: str, now: datetime) -> None:
    """Refuses a token that is not this site's, has expired or was revoked. Raises Unauthenticated."""
    found = session.get(ApiToken, (site, _hash(token)))
    if found is None or found.revoked_at is not None:
        raise Unauthenticated(
            f"The token does not open the statistics of {site!r}. `consent token {site}` makes one that does."
        )
    if found.expires_at <= now:
        raise Unauthenticated(f"The token expired at {found.expires_at.isoformat()}.")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
