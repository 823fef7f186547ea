"""Browsers in which staff have logged in, until they log out, end them from elsewhere, or stay away."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from consent.core.hashes import of_secret
from consent.models import Staff, StaffSession

# However often it is used.
LIFETIME = timedelta(days=30)
# Without being used.
IDLE = timedelta(days=7)
# How exact `seen_at` is, so that reading a page seldom writes.
SEEN = timedelta(minutes=10)


def begin(session: Session, member: Staff, browser: str, now: datetime) -> str:
    """What the browser's cookie is to hold. Commits."""
    secret = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            staff=member.id, hash=of_secret(secret), browser=browser[:80], began_at=now, seen_at=now
        )
    )
    session.commit()
    return secret


def find(session: Session, member: Staff, secret: str, now: datetime) -> StaffSession | None:
    """The session of a cookie, if it has neither ended nor expired. Commits, if it notes that it was seen."""
    found = session.get(StaffSession, (member.id, of_secret(secret)))
    if found is None or _has_expired(found, now):
        return None
    if now - found.seen_at > SEEN:
        found.seen_at = now
        session.commit()
    return found


def of(session: Session, member: Staff, now: datetime) -> list[StaffSession]:
    """A member's sessions, the last used first."""
    query = select(StaffSession).where(StaffSession.staff == member.id)
    found = session.scalars(query.order_by(StaffSession.seen_at.desc(), StaffSession.hash))
    return [each for each in found if not _has_expired(each, now)]


def _has_expired(each: StaffSession, now: datetime) -> bool:
    return now - each.began_at > LIFETIME or now - each.seen_at > IDLE


def end_old(session: Session, now: datetime) -> int:
    """Deletes the sessions that have expired, and says how many those were. The caller commits."""
    expired = or_(StaffSession.began_at < now - LIFETIME, StaffSession.seen_at < now - IDLE)
    return int(session.execute(delete(StaffSession).where(expired)).rowcount)  # type: ignore[attr-defined]


def end(session: Session, member: Staff, session_hash: str) -> None:
    """Ends one of a member's sessions, if there is such a one. The caller commits."""
    session.execute(
        delete(StaffSession).where(
            StaffSession.staff == member.id, StaffSession.hash == session_hash
        )
    )


def end_all(session: Session, member: Staff, but: str = "") -> None:
    """Ends a member's sessions, all but the one with this hash. The caller commits."""
    session.execute(
        delete(StaffSession).where(StaffSession.staff == member.id, StaffSession.hash != but)
    )
