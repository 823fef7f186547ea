from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class PublicPage(Base):
    """A page that is in the site's own sitemap, so that its public figures may name it."""

    __tablename__ = "public_pages"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 -- as SQLAlchemy has it

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # As it is counted (cleaning.path).
    path: Mapped[str] = mapped_column(String(300), primary_key=True)
