import uuid
from datetime import datetime

import uuid_utils.compat
from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base

# What the outbox holds: a message to a webhook, the announcement of a version, a report to a member, a letter.
WEBHOOK, ANNOUNCEMENT, REPORT, LETTER = "webhook", "announcement", "report", "letter"


class OutboxItem(Base):
    """Something to be sent: by one process at a time, tried again, and given up after some attempts."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_next_attempt_at", "kind", "next_attempt_at"),
        Index("ix_outbox_about", "site", "kind", "about"),
    )

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # In the order of time. A webhook's receiver is told it, and knows by it a message it has had.
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    # The id of the webhook or member, the number of the version, or the kind of letter.
    about: Mapped[str] = mapped_column(String(40))
    # JSON: what is sent, or what is needed to write it. No secrets: links are signed when a letter is sent.
    content: Mapped[str] = mapped_column(Text)
    queued_at: Mapped[datetime]
    # Those that failed.
    attempts: Mapped[int]
    # When a process may try it. While one tries, another may not until then. None: sent, stopped or given up.
    next_attempt_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    # What went wrong last.
    error: Mapped[str | None] = mapped_column(String(300))


def queued(kind: str, site: str, about: str, content: str, now: datetime) -> OutboxItem:
    """An item that is due now, to be added to the transaction of what it follows from."""
    return OutboxItem(
        site=site,
        id=uuid_utils.compat.uuid7(),
        kind=kind,
        about=about,
        content=content,
        queued_at=now,
        attempts=0,
        next_attempt_at=now,
    )
