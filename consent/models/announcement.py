import uuid
from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consent.db import Base


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
