import uuid
from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class Subscriber(Base):
    """Somebody who is told by e-mail when a site's notice changes materially. Deleted when they leave."""

    __tablename__ = "subscribers"
    __table_args__ = (UniqueConstraint("site", "email"),)

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    # None until the page in the first e-mail was used; nothing is announced before.
    confirmed_at: Mapped[datetime | None]


class Delivery(Base):
    """That an address was told of a version, so that nobody is told twice."""

    __tablename__ = "deliveries"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # HMAC-SHA-256 of the address under the server's key, in hex: a list's addresses are not kept.
    recipient: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent_at: Mapped[datetime]


class Announcement(Base):
    """That staff want a version announced, and how far the server has come with it. Kept as long as its version."""

    __tablename__ = "announcements"
    __table_args__ = (
        ForeignKeyConstraint(["site", "version"], ["versions.site", "versions.number"]),
    )

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # What says when a process goes on with it, and what became of it.
    item: Mapped[uuid.UUID]
    asked_at: Mapped[datetime]
    # The last subscriber that this round came to; they are taken in the order of their ids.
    through: Mapped[uuid.UUID | None]
    # How many the mail server refused in this round: for good, and for now.
    refused: Mapped[int]
    put_off: Mapped[int]
    # How many have been told.
    told: Mapped[int]
