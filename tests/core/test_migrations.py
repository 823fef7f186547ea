"""Migrations: a database with something in it keeps it, on the way up and down."""

import uuid

from alembic import command
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from consent.core.db import db, is_current, migrate, migrations
from consent.ledger import decisions
from consent.models import Decision, DecisionCount, Version
from tests.factories import decide, decision, hit, refusal

FIRST = "2026_11_24_first_tables"
WITHOUT_COUNTS = "2026_11_28_outbox"


def rows() -> tuple[int | None, ...]:
    session = db.session()
    found = tuple(
        session.scalar(select(func.count()).select_from(each)) for each in (Version, Decision)
    )
    db.session.remove()
    return found


def go_down_and_up(revision: str) -> None:
    config = migrations()
    with db.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    migrate(db.engine)


def test_what_is_stored_survives_the_way_down_and_up(app: Flask, client: FlaskClient) -> None:
    decide(client)
    hit(client)
    with app.app_context():
        before = rows()

        go_down_and_up(FIRST)

        assert rows() == before == (2, 1)
        assert is_current(db.session())
    assert decide(client).status_code == 201


def test_the_open_day_is_counted_once(app: Flask, client: FlaskClient) -> None:
    """Its decisions, and those that were erased."""
    first, _, _ = (decide(client, each).get_json() for each in (decision(), refusal(), decision()))
    with app.app_context():
        erased = db.session.get_one(Decision, ("07sor", uuid.UUID(first["receipt"]["id"])))
        assert decisions.erase(db.session(), "07sor", erased.visitor) == 1
        db.session.commit()
        before = counts()

        go_down_and_up(WITHOUT_COUNTS)

        assert counts() == before
        assert before["consents.action", "accept", ""] == 2


def counts() -> dict[tuple[str, str, str], int]:
    columns = DecisionCount.dimension, DecisionCount.value, DecisionCount.onward
    query = select(*columns, func.sum(DecisionCount.count)).group_by(*columns)
    found = {tuple(cell): int(count) for *cell, count in db.session.execute(query)}
    db.session.remove()
    return found
