from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consent.core.db import Base


class Version(Base):
    """An immutable publication of a site file."""

    __tablename__ = "versions"
    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # SHA-256, in hex, over the content and all texts that were rendered from it.
    hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    # The site file as its owner wrote it, comments and all.
    source: Mapped[str] = mapped_column(Text, deferred=True)
    published_at: Mapped[datetime]
    # Whether it changed the one before materially; so that it need not be worked out each time, and as it was weighed.
    is_material: Mapped[bool]
    # Why whoever published it did not take its material changes for such.
    lowered_because: Mapped[str | None] = mapped_column(Text)


class VersionText(Base):
    """What a version says in one language, frozen as visitors see it: evidence, and ready to serve."""

    __tablename__ = "version_texts"
    __table_args__ = (
        ForeignKeyConstraint(["site", "version"], ["versions.site", "versions.number"]),
    )

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    # SHA-256, in hex, over the words of the banner and its settings layer.
    words_hash: Mapped[str] = mapped_column(String(64))
    banner: Mapped[dict[str, str]] = mapped_column(JSON)
    settings: Mapped[str] = mapped_column(Text, deferred=True)
    cookies: Mapped[str] = mapped_column(Text, deferred=True)
    notice: Mapped[str] = mapped_column(Text, deferred=True)


class Script(Base):
    """An embed script as composed for a version. Kept for ever: its pinned address must keep working."""

    __tablename__ = "scripts"
    __table_args__ = (
        ForeignKeyConstraint(["site", "version"], ["versions.site", "versions.number"]),
        UniqueConstraint("site", "version", "build", "part"),
    )

    site: Mapped[str] = mapped_column(String(40), primary_key=True)
    # SHA-256, in hex, of the body.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    # first, which every page view loads; after, more and text-nb, which are loaded on demand.
    part: Mapped[str] = mapped_column(String(30))
    # SHA-256, in hex, of the parts it was composed from and the server's address.
    build: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
