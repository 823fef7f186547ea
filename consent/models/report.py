import uuid
from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class ReportSubscription(Base):
    """A member of staff who is sent a site's report of each month, for as long as they may see the site."""

    __tablename__ = "report_subscriptions"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(20))
    # First day of the last month whose report was queued for them, or that was over when they asked.
    sent_through: Mapped[date]
