import uuid
from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class Webhook(Base):
    """An address of somebody's program that is told of what happens to a site."""

    __tablename__ = "webhooks"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
    # whsec_ and base64: the receiver has it too, and knows by it that a message is ours.
    secret: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


class WebhookMessage(Base):
    """What one webhook is to be told: kept until it has taken it, or for long enough not to have."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["site", "webhook"], ["webhooks.site", "webhooks.id"], ondelete="CASCADE"
        ),
        Index("ix_webhook_messages_next_attempt_at", "next_attempt_at"),
    )

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # The same at each attempt, so that the receiver knows a message it has had.
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    webhook: Mapped[uuid.UUID]
    body: Mapped[str] = mapped_column(Text)
    queued_at: Mapped[datetime]
    attempts: Mapped[int]
    # None: taken, or given up.
    next_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    # What went wrong last.
    error: Mapped[str | None] = mapped_column(String(300))
