import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from consent.db import Base


class Staff(Base):
    """Somebody who logs in. One of the few things that belong to no site: Membership says which they see."""

    __tablename__ = "staff"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    # Argon2id, salted, with its cost beside it.
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class Membership(Base):
    __tablename__ = "memberships"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)


class ApiToken(Base):
    """A key to what the API has of a site, for programs. The token itself is shown once and never stored."""

    __tablename__ = "api_tokens"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # SHA-256 of the token, in hex. The token is 256 random bits, so a slow hash would add nothing.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    # What it opens, separated by spaces (staff.SCOPES).
    scope: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
