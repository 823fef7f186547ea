"""What grows with visitors is never read from one end to the other: no query of a page or a hot path scans it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event

from consent.core import tokens
from consent.core.db import db
from consent.people import staff
from consent.stats import consents, visits
from tests.conftest import KEY, count_hits
from tests.factories import decide, decision, hit

GROWING = ("decisions", "counters", "decision_counts")
PASSWORD = "correct horse battery"
# A statement and its values, as the database gets them.
Sent = tuple[str, Any]


@contextmanager
def sent(app: Flask) -> Iterator[list[Sent]]:
    """All that is sent to the database meanwhile about the tables that grow."""
    seen: list[Sent] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:  # type: ignore[no-untyped-def]
        if any(table in statement for table in GROWING):
            seen.append((statement, parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def scans(connection: Connection, each: Sent) -> list[str]:
    """The steps of its plan that read the whole of a table that grows, or of its index."""
    statement, values = each
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [row[3] for row in plan if re.match(rf"SCAN ({'|'.join(GROWING)})\b", row[3])]
    # These tables are small, and small tables are read whole; with this, only if nothing else helps.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    (plans,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalars()
    return [
        node["Node Type"]
        for node in nodes(plans[0]["Plan"])
        if node.get("Relation Name") in GROWING
        and "Scan" in node["Node Type"]
        # An index that is not entered by its first column is read whole.
        and "site" not in node.get("Index Cond", node.get("Recheck Cond", ""))
    ]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


def ask_for_everything(app: Flask, client: FlaskClient, token: str) -> None:
    body = decision()
    mine = decide(client, body).get_json()["token"]
    visitor = tokens.read((KEY,), "07sor", mine, datetime.now(UTC))
    decide(client, body)  # looks the stored one up
    hit(client, "/")
    hit(client, "/video", "http://127.0.0.1:8081/")
    count_hits(app)
    asked = [("/api/v1/sites/07sor/visitors/me", mine)]
    asked += [
        (f"/api/v1/sites/07sor/stats/{what}?by={by}", token)
        for what, dimensions in (("visits", visits.DIMENSIONS), ("consents", consents.DIMENSIONS))
        for by in dimensions
    ]
    for path, bearer in asked:
        answer = client.get(path, headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code == 200
    client.post("/privacy/07sor/choices/open", data={"token": mine})
    assert client.get("/privacy/07sor/choices").status_code == 200
    client.post("/dashboard/login", data={"email": "alice@example.no", "password": PASSWORD})
    for path in (
        "",
        "report",
        "preview",
        "draft",
        "draft/services",
        "draft/-/review",
        "people",
        "log",
        "versions",
        "versions/1",
        "decisions",
        "announcements",
        "retention",
    ):
        assert client.get(f"/dashboard/07sor/{path}").status_code == 200
    assert client.get("/dashboard/-/account").status_code == 200
    for identity in (body["id"], visitor):
        found = client.post("/dashboard/07sor/decisions", data={"id": str(identity)})
        assert found.status_code == 200


def test_no_query_scans_what_grows(app: Flask, client: FlaskClient, stats_token: str) -> None:
    with app.app_context():
        staff.add(db.session(), "alice@example.no", PASSWORD, ["07sor"], datetime.now(UTC))

    with sent(app) as seen:
        ask_for_everything(app, client, stats_token)

    assert {table for table in GROWING for statement, _ in seen if table in statement} == {*GROWING}
    with app.app_context(), db.engine.connect() as connection:
        assert [(each, found) for each in seen if (found := scans(connection, each))] == []


def test_a_scan_is_seen(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        for table in GROWING:
            for statement in (
                f"SELECT * FROM {table}",
                f"SELECT day FROM {table} WHERE day = '2026-01-01'",
            ):
                assert scans(connection, (statement, ()))


@pytest.mark.postgresql
def test_postgresql_answers_in_one_process(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        found = connection.exec_driver_sql("SHOW max_parallel_workers_per_gather").scalar()

    assert found == "0"
