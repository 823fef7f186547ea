from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class Draft(Base):
    """The next version of a site file, while its editors work on it. A site has one at most."""

    __tablename__ = "drafts"

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # TOML, which may have mistakes of any kind but in its syntax.
    source: Mapped[str] = mapped_column(Text)
    # The version that it began as.
    based_on: Mapped[int]
    # Counts the changes, so that two at the same moment do not undo each other.
    revision: Mapped[int]
    # E-mail address of whoever made the last change.
    changed_by: Mapped[str] = mapped_column(String(254))
    changed_at: Mapped[datetime]
