"""Operations: is the process alive, and may it be sent requests."""

import time

from flask import Blueprint, Response, current_app
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from consent.core.db import db, is_current, write
from consent.models import Site
from consent.web import context

blueprint = Blueprint("health", __name__)

# Seconds for which a write that worked is believed.
FRESH_FOR = 1.0
# Seconds for which a decision that could not be stored counts. Without any for so long, the next one shows.
BELIEVED_FOR = 30.0


@blueprint.get("/healthz")
def healthz() -> Response:
    return _plain("ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Ready when the database answers, its schema is this program's, and decisions can be stored."""
    try:
        if not is_current(context.session()):
            return _plain("the schema is not current; run `consent migrate`", 503)
    except SQLAlchemyError:
        return _plain("the database does not answer", 503)
    try:
        _write()
        is_refused = current_app.extensions["consent_decisions"].is_failing(BELIEVED_FOR)
    except SQLAlchemyError:
        is_refused = True
    if is_refused:
        return _plain("nothing can be stored: is the disk full, or read-only?", 503)
    return _plain("ok")


def _write() -> None:
    """Writes something that changes nothing, as a decision would be written; not each time that somebody asks."""
    extensions, now = current_app.extensions, time.monotonic()
    if now - extensions.get("consent_written", -FRESH_FOR) < FRESH_FOR:
        return
    context.session().rollback()
    with write(db.engine) as connection:
        first = select(func.min(Site.site)).scalar_subquery()
        connection.execute(
            update(Site).where(Site.site == first).values(importing_until=Site.importing_until)
        )
    extensions["consent_written"] = now


def _plain(text: str, status: int = 200) -> Response:
    return Response(
        text + "\n", status, {"Cache-Control": "no-store"}, content_type="text/plain; charset=utf-8"
    )
