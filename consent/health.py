"""Operations: is the process alive, and may it be sent requests."""

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from consent import web
from consent.db import is_current

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    return _plain("ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Ready when the database answers and its schema is this program's."""
    try:
        web.session().execute(select(1))
        current = is_current(web.session())
    except SQLAlchemyError:
        return _plain("the database does not answer", 503)
    return (
        _plain("ok") if current else _plain("the schema is not current; run `consent migrate`", 503)
    )


def _plain(text: str, status: int = 200) -> Response:
    return Response(
        text + "\n", status, {"Cache-Control": "no-store"}, content_type="text/plain; charset=utf-8"
    )
