"""Migrations: a database with something in it keeps it, on the way up and down."""

from alembic import command
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from consent.core.db import db, is_current, migrate, migrations
from consent.models import Decision, Version
from tests.factories import decide, hit

FIRST = "2026_11_24_first_tables"


def rows() -> tuple[int | None, ...]:
    session = db.session()
    found = tuple(
        session.scalar(select(func.count()).select_from(each)) for each in (Version, Decision)
    )
    db.session.remove()
    return found


def test_what_is_stored_survives_the_way_down_and_up(app: Flask, client: FlaskClient) -> None:
    decide(client)
    hit(client)
    with app.app_context():
        before = rows()
        config = migrations()
        with db.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, FIRST)

        migrate(db.engine)

        assert rows() == before == (2, 1)
        assert is_current(db.session())
    assert decide(client).status_code == 201
