"""`POST /e/<site>/decisions`: what is recorded, once, and what is refused, and how."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select

from consent.core.db import db
from consent.models import Decision, VersionText
from tests import factories
from tests.factories import decide, decision, post_json, refusal


def count(session) -> int:  # type: ignore[no-untyped-def]
    return session.scalar(select(func.count()).select_from(Decision))


def test_a_receipt_opens_nothing_for_whoever_it_was_given_to(client: FlaskClient) -> None:
    """All that was sent stands in it. The browser itself sends a decision again soon, or with its token."""
    body = decision()
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        token = decide(client, body).get_json()["token"]
    with time_machine.travel("2026-11-26T11:00:00Z", tick=False):
        assert decide(client, body).get_json()["token"] == token
    with time_machine.travel("2026-11-28T12:00:00Z", tick=False):
        again, own = decide(client, body), decide(client, {**body, "token": token})

    assert again.status_code == own.status_code == 200
    assert again.get_json().keys() == {"receipt"}
    assert own.get_json()["token"] == token


def test_a_decision_is_recorded_with_the_words_that_were_shown(
    client: FlaskClient, session
) -> None:  # type: ignore[no-untyped-def]
    body = decision(language="nn", gpc=True)

    answer = decide(client, body, **{"User-Agent": factories.IPHONE})

    assert answer.status_code == 201
    row = session.get_one(Decision, ("07sor", uuid.UUID(body["id"])))
    assert row.purposes == {"analytics": True, "marketing": True}
    assert (row.action, row.source, row.language, row.gpc, row.device) == (
        "accept",
        "banner",
        "nn",
        True,
        "phone",
    )
    assert row.words_hash == session.get_one(VersionText, ("07sor", 1, "nn")).words_hash


def test_the_receipt_holds_what_was_recorded(client: FlaskClient) -> None:
    body = decision()

    receipt = decide(client, body).get_json()["receipt"]

    assert receipt["id"] == body["id"]
    assert receipt["site"] == "07sor"
    assert receipt["purposes"] == body["purposes"]
    assert len(receipt["version_hash"]) == len(receipt["words_hash"]) == 64
    assert receipt["decided_at"].endswith("+00:00")


def test_the_same_id_again_gets_the_same_answer_and_counts_once(
    client: FlaskClient, session
) -> None:  # type: ignore[no-untyped-def]
    body = decision()

    first, again = decide(client, body), decide(client, body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert count(session) == 1


def test_the_same_id_for_another_choice_is_a_conflict(client: FlaskClient) -> None:
    body = decision()
    decide(client, body)

    answer = decide(
        client, {**body, "action": "refuse", "purposes": {"analytics": False, "marketing": False}}
    )

    assert answer.status_code == 409
    assert "another action, purposes" in answer.get_json()["detail"]


def test_a_token_keeps_decisions_of_one_visitor_together(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    token = decide(client).get_json()["token"]

    decide(client, refusal(token=token))
    decide(client, decision())

    visitors = session.execute(
        select(Decision.visitor, func.count()).group_by(Decision.visitor)
    ).all()
    assert sorted(count for _, count in visitors) == [1, 2]


def test_a_purpose_that_is_not_named_was_not_agreed_to(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    body = decision(action="choose", purposes={"analytics": True})

    assert decide(client, body).status_code == 201

    assert session.scalar(select(Decision.purposes)) == {"analytics": True, "marketing": False}


def test_single_services_can_be_decided(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    body = decision(action="choose", purposes={"analytics": True}, services={"youtube": True})

    assert decide(client, body).status_code == 201

    assert session.scalar(select(Decision.services)) == {"youtube": True}


BAD = [
    (
        "unknown purpose",
        {"purposes": {"analytics": True, "marketing": True, "spying": True}},
        422,
        "no such purpose",
    ),
    (
        "necessary refused",
        {"purposes": {"necessary": False, "analytics": True, "marketing": True}},
        422,
        "necessary",
    ),
    (
        "accept that refuses",
        {"purposes": {"analytics": True, "marketing": False}},
        422,
        "everything is true",
    ),
    ("refuse that accepts", {"action": "refuse"}, 422, "everything is false"),
    ("unknown service", {"services": {"spy": True}}, 422, "no such service"),
    ("unknown version", {"version": 2}, 422, "no version 2"),
    ("version as text", {"version": "1"}, 422, "/version"),
    ("unknown language", {"language": "de"}, 422, "does not speak 'de'"),
    ("unknown action", {"action": "maybe"}, 422, "/action"),
    ("no id", {"id": None}, 422, "/id"),
    ("purpose as text", {"purposes": {"analytics": "yes"}}, 422, "/purposes/analytics"),
    ("unknown field", {"email": "kari@example.no"}, 422, "/email"),
    ("forged token", {"token": "forged"}, 401, "none of the server's keys"),
]


@pytest.mark.parametrize(
    ("values", "status", "detail"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(  # type: ignore[no-untyped-def]
    client: FlaskClient, session, values: dict[str, object], status: int, detail: str
) -> None:
    answer = decide(client, decision(**values))

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == status
    assert detail in problem["detail"]
    assert set(problem) >= {"type", "title", "status", "detail"}
    assert count(session) == 0


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "detail"),
    [
        ("/e/nowhere/decisions", decision(), {}, 404, "no site 'nowhere'"),
        (
            "/e/07sor/decisions",
            decision(),
            {"Origin": "https://evil.example"},
            403,
            "not among the origins",
        ),
        ("/e/07sor/decisions", decision(), {"Origin": "null"}, 403, "not among the origins"),
        ("/e/07sor/decisions", "{", {}, 400, "no JSON"),
        ("/e/07sor/decisions", "[]", {}, 422, "/"),
        ("/e/07sor/decisions", b"\xff\xfe", {}, 400, "no JSON"),
        ("/e/07sor/decisions", "x" * 1_000_000, {}, 413, ""),
        ("/e/07sor/decisions", '{"id":' * 2000, {}, 400, "no JSON"),
    ],
)
def test_what_cannot_be_read_is_refused(
    client: FlaskClient, path: str, body: object, headers: dict[str, str], status: int, detail: str
) -> None:
    answer = post_json(client, path, body, **headers)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert detail in answer.get_json()["detail"]
    shared_with = "http://127.0.0.1:8081" if path.startswith("/e/07sor/") and status != 403 else "*"
    assert answer.headers["Access-Control-Allow-Origin"] == shared_with


@pytest.mark.sqlite
def test_a_locked_database_is_said_and_nothing_personal_is_logged(  # type: ignore[no-untyped-def]
    app, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    body = decision()
    with app.app_context():
        db.engine.dispose()
        path = db.engine.url.database
    with sqlite3.connect(path) as holder, monkeypatched_timeout():
        holder.execute("BEGIN IMMEDIATE")
        answer = decide(client, body)
        holder.rollback()
    holder.close()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert str(body["id"]) not in caplog.text
    assert decide(client, body).status_code == 201


@contextmanager
def monkeypatched_timeout() -> Iterator[None]:
    """Connections that give up at once, so that the test need not wait."""

    def impatient(connection, _record) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA busy_timeout=0")

    event.listen(Engine, "connect", impatient)
    yield
    event.remove(Engine, "connect", impatient)


def test_other_methods_are_named(client: FlaskClient) -> None:
    answer = client.get("/e/07sor/decisions")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.content_type == "application/problem+json"
