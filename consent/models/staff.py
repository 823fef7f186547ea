import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base, Json


class Staff(Base):
    """Somebody who logs in. One of the few things that belong to no site: Membership says which they see."""

    __tablename__ = "staff"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    # Argon2id, salted, with its cost beside it. Empty: they have none, and log in at their organization (Identity).
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    # The secret of the second factor, encrypted with the server's key; None: there is none.
    totp_secret: Mapped[str | None] = mapped_column(Text)
    # The last time step whose code was taken: none is taken twice (RFC 6238, section 5.2).
    totp_step: Mapped[int | None]


class Membership(Base):
    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_staff", "staff"),)

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    # One of staff.ROLES.
    role: Mapped[str] = mapped_column(String(10))


class Invitation(Base):
    """Somebody who may become a member of a site. One link may invite to several: they have the same hash."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_hash", "hash"),)

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # SHA-256, in hex, of what the link holds.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(10))
    invited_by: Mapped[str] = mapped_column(String(254))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code that stands in for the second factor, once."""

    __tablename__ = "recovery_codes"

    staff: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    # SHA-256, in hex. The code is 80 random bits.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)


class StaffSession(Base):
    """A browser in which a member of staff has logged in."""

    __tablename__ = "staff_sessions"

    staff: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    # SHA-256, in hex, of what the cookie holds.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Such as "Firefox, Windows": by which its owner knows it again.
    browser: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime]
    # To some minutes.
    seen_at: Mapped[datetime]


class Identity(Base):
    """Who a member of staff is at the organization where they log in (OpenID Connect Core, section 2)."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    staff: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))


class AuditEntry(Base):
    """Something that a member of staff did. Rows are added, never changed."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_site_who", "site", "who", "id"),)

    # Empty: to their own account.
    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # In the order of time.
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    # The e-mail address, as it was then.
    who: Mapped[str] = mapped_column(String(254))
    # One of audit.ACTIONS.
    action: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime]


class ApiToken(Base):
    """A key to what the API has of a site, for programs. The token itself is shown once and never stored."""

    __tablename__ = "api_tokens"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # SHA-256 of the token, in hex. The token is 256 random bits, so a slow hash would add nothing.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    # What it opens, separated by spaces (api_tokens.SCOPES).
    scope: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
