"""What every blueprint needs of the running application and the request."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import current_app, request
from sqlalchemy.orm import Session

from consent.core.db import db
from consent.core.errors import NotFound
from consent.core.settings import Settings
from consent.counting.journal import Journal
from consent.outbox.announcements import Sender
from consent.site import versions
from consent.site.schema import SiteFile
from consent.stats import closing


def session() -> Session:
    """The database session of this request."""
    return db.session()


def settings() -> Settings:
    found: Settings = current_app.extensions["consent_settings"]
    return found


def settle(site: str) -> SiteFile:
    """Counts the page views that this process has answered, and closes the days that are over: figures are read next.

    Where counting fails it is done later, and the figures lag behind. Returns the site file in force.
    Raises UnknownSite.
    """
    journal: Journal = current_app.extensions["consent_journal"]
    journal.settle()
    site_file = versions.site_file(versions.current(session(), site))
    closing.close_due(db.engine, site, site_file, now())
    return site_file


def now() -> datetime:
    return datetime.now(UTC)


def public_url() -> str:
    """The server's own address, without a slash at its end."""
    return settings().public_url or request.url_root.rstrip("/")


def sends_mail() -> bool:
    """Whether e-mails can be sent. Links in them take their address from the setting: a request may name any."""
    found = settings()
    return bool(found.smtp_url and found.mail_from and found.public_url)


def sender() -> Sender:
    found = settings()
    return Sender(found.secret_keys, found.mail_from, found.public_url)


def two_versions() -> tuple[int, int]:
    """The numbers that the form of two versions asks to compare, the older first. Raises NotFound."""
    chosen = [request.args.get(name, type=int) for name in ("from", "to")]
    if None in chosen:
        raise NotFound("Say which two versions to compare: from=1&to=2.")
    old, new = sorted(each or 0 for each in chosen)
    return old, new


def bearer() -> str | None:
    """The token in the Authorization header."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def sends_gpc(environ: Mapping[str, Any]) -> bool:
    """Whether one of the Sec-GPC fields is exactly 1 (Global Privacy Control, section 3.3)."""
    sent = environ.get("HTTP_SEC_GPC")
    return sent is not None and any(value.strip() == "1" for value in sent.split(","))


def sends_dnt(environ: Mapping[str, Any]) -> bool:
    return environ.get("HTTP_DNT") == "1"
