import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class Counter(Base):
    """How often a value of one dimension was seen on one day (site's time zone), until the day is closed."""

    __tablename__ = "counters"
    # Rows in the order of their key: that of their arrival would tell which cells came with one page view.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 -- as SQLAlchemy has it

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(300), primary_key=True)
    # The page that followed, or what was decided; empty for all others.
    onward: Mapped[str] = mapped_column(String(300), primary_key=True, default="")
    count: Mapped[int] = mapped_column(BigInteger)


class DecisionCount(Base):
    """The same of decisions: added in the transaction that stores them, and left when they are erased."""

    __tablename__ = "decision_counts"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 -- as SQLAlchemy has it

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    # Processes that write at the same time add to rows of their own, so that none waits for another's commit.
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    dimension: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(300), primary_key=True)
    # What was decided; empty where `value` says it.
    onward: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class Merge(Base):
    """The last file of page views that a process added to a site's counters, so that none is added twice."""

    __tablename__ = "merges"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    process: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    merged_at: Mapped[datetime]
