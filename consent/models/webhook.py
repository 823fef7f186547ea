import uuid
from datetime import datetime

from sqlalchemy import String
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
