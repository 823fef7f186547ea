from datetime import date, datetime
from secrets import token_bytes

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class Site(Base):
    __tablename__ = "sites"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    created_at: Mapped[datetime]
    # The number of the version in force.
    current: Mapped[int]
    # First and last day (site's time zone) whose decisions and counters are invented samples.
    samples_from: Mapped[date | None]
    samples_to: Mapped[date | None]
    # The last day (UTC) on which a process erased what is no longer kept.
    purged_on: Mapped[date | None]
    # The last day (site's time zone) whose counters have become figures. Later days are still counted.
    closed_through: Mapped[date | None]
    # Says how late a running day's totals are shown (suppression.py), which nobody may know.
    lag_key: Mapped[bytes] = mapped_column(LargeBinary(16), default=lambda: token_bytes(16))
    # Until then a log is being read, and its days are not closed.
    importing_until: Mapped[datetime | None]
    # Its sitemaps are not read before then: a process is reading them, or has done so lately.
    sitemaps_due_at: Mapped[datetime | None]
