"""What every blueprint needs of the running application and the request."""

from datetime import UTC, datetime

from flask import current_app, request
from sqlalchemy.orm import Session

from consent.db import db
from consent.networks import Networks
from consent.script import Memory
from consent.settings import Settings


def session() -> Session:
    """The database session of this request."""
    return db.session()


def settings() -> Settings:
    found: Settings = current_app.extensions["consent_settings"]
    return found


def scripts() -> Memory:
    found: Memory = current_app.extensions["consent_scripts"]
    return found


def networks() -> Networks:
    found: Networks = current_app.extensions["consent_networks"]
    return found


def now() -> datetime:
    return datetime.now(UTC)


def public_url() -> str:
    """The server's own address, without a slash at its end."""
    return settings().public_url or request.url_root.rstrip("/")


def bearer() -> str | None:
    """The token in the Authorization header."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def sends_gpc() -> bool:
    """Whether one of the Sec-GPC fields is exactly 1 (Global Privacy Control, section 3.3)."""
    return any(value.strip() == "1" for value in request.headers.get("Sec-GPC", "").split(","))


def sends_dnt() -> bool:
    return request.headers.get("DNT") == "1"
