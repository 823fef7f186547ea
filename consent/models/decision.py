import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base, Json


class Decision(Base):
    """One choice by one visitor against one version. Rows are added, never changed."""

    __tablename__ = "decisions"
    __table_args__ = (
        ForeignKeyConstraint(["site", "version"], ["versions.site", "versions.number"]),
        Index("ix_decisions_site_day", "site", "day"),
        Index("ix_decisions_site_visitor", "site", "visitor", "decided_at"),
    )

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # Made in the browser, so that a decision sent twice is recorded once.
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    visitor: Mapped[uuid.UUID]
    version: Mapped[int]
    language: Mapped[str] = mapped_column(String(20))
    # What the visitor had before them: the version text's words_hash.
    words_hash: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(12))
    purposes: Mapped[dict[str, bool]] = mapped_column(Json)
    # Only the services that were decided apart from their purpose.
    services: Mapped[dict[str, bool]] = mapped_column(Json)
    # Whether the browser sent Global Privacy Control, and Do Not Track.
    gpc: Mapped[bool]
    dnt: Mapped[bool]
    # phone, tablet, desktop or other; nothing finer is kept of the browser.
    device: Mapped[str] = mapped_column(String(10))
    # Where the address was (ISO 3166-1), or `unknown`; nothing where nobody looks it up.
    country: Mapped[str | None] = mapped_column(String(7))
    # Seconds that the banner had been there, up to a limit of its class (ledger.TOOK); nothing finer is kept.
    took: Mapped[int | None]
    decided_at: Mapped[datetime]
    # The day of decided_at in the site's time zone.
    day: Mapped[date]
