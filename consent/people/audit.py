"""What staff did, and when: for the owners of a site, and for each of what was done to their own account."""

import uuid
from datetime import datetime
from typing import Any

import uuid_utils.compat
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.models import AuditEntry

# Where the site's name would stand, of what is done to an account.
ACCOUNT = ""
ACTIONS = (
    "logged-in",
    "password-changed",
    "second-factor-on",
    "second-factor-off",
    "recovery-codes-made",
    "sessions-ended",
    "invited",
    "invitation-withdrawn",
    "joined",
    "role-changed",
    "removed",
    "token-made",
    "token-ended",
    "published",
    "decisions-erased",
    "announced",
    "announcement-stopped",
    "webhook-added",
    "webhook-removed",
)


def note(session: Session, site: str, who: str, action: str, now: datetime, **detail: Any) -> None:
    """Notes that somebody did something. The caller commits, with what was done."""
    assert action in ACTIONS
    session.add(
        AuditEntry(
            site=site,
            id=uuid_utils.compat.uuid7(),
            who=who,
            action=action,
            detail=detail,
            at=now,
        )
    )


def of_site(
    session: Session, site: str, limit: int, before: uuid.UUID | None = None
) -> list[AuditEntry]:
    """What was done to a site, the latest first; `before`: what is older than the entry with this id."""
    query = select(AuditEntry).where(AuditEntry.site == site)
    if before:
        query = query.where(AuditEntry.id < before)
    return list(session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)))


def of_account(session: Session, who: str, limit: int) -> list[AuditEntry]:
    """What was done to an account, the latest first."""
    query = select(AuditEntry).where(AuditEntry.site == ACCOUNT, AuditEntry.who == who)
    return list(session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)))
