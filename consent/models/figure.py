from datetime import date

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class Figure(Base):
    """A figure of a closed day, as it may be shown, or the sum of a month's. All that is kept of a day's counters."""

    __tablename__ = "figures"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 -- as SQLAlchemy has it

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(20), primary_key=True)
    # day or month. A month stands under its first day.
    span: Mapped[str] = mapped_column(String(5), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(300), primary_key=True)
    # The page that followed, or what was decided; empty for all others.
    onward: Mapped[str] = mapped_column(String(300), primary_key=True, default="")
    count: Mapped[int] = mapped_column(BigInteger)
