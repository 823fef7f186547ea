"""A visitor's own history, and the tokens that open it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from consent.core import tokens
from tests.conftest import KEY, make_app, publish
from tests.factories import decide, decision, refusal, shop

NEW_KEY = "another-key-for-tests-long-enough-00000"


def me(client: FlaskClient, token: str, site: str = "07sor"):  # type: ignore[no-untyped-def]
    return client.get(
        f"/api/v1/sites/{site}/visitors/me", headers={"Authorization": f"Bearer {token}"}
    )


def test_the_token_returns_the_history_latest_first(client: FlaskClient) -> None:
    token = decide(client).get_json()["token"]
    again = decide(client, refusal(token=token)).get_json()["token"]

    answer = me(client, again)

    assert answer.status_code == 200
    assert [each["action"] for each in answer.get_json()["decisions"]] == ["refuse", "accept"]
    assert me(client, token).get_json() == answer.get_json()


def test_it_shows_nobody_else(client: FlaskClient) -> None:
    decide(client)
    token = decide(client, refusal()).get_json()["token"]

    assert [each["action"] for each in me(client, token).get_json()["decisions"]] == ["refuse"]


@pytest.mark.parametrize(
    ("make", "status", "kind"),
    [
        (lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), 401, "bad-token"),
        (lambda token: "x", 401, "bad-token"),
        (
            lambda token: tokens.issue(("k" * 40,), "07sor", uuid.uuid4(), datetime.now(UTC)),
            401,
            "bad-token",
        ),
        (
            lambda token: tokens.issue((KEY,), "krukke", uuid.uuid4(), datetime.now(UTC)),
            403,
            "foreign-token",
        ),
    ],
    ids=["changed", "nonsense", "another server's", "another site's"],
)
def test_a_token_that_is_not_the_sites_is_refused(
    client: FlaskClient, make, status: int, kind: str
) -> None:  # type: ignore[no-untyped-def]
    answer = me(client, make(decide(client).get_json()["token"]))

    assert answer.status_code == status
    assert answer.get_json()["type"] == f"urn:samtykke:problem:{kind}"


def test_without_a_token_it_says_what_to_send(client: FlaskClient) -> None:
    answer = client.get("/api/v1/sites/07sor/visitors/me")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in answer.get_json()["detail"]


def test_a_token_expires(client: FlaskClient) -> None:
    token = decide(client).get_json()["token"]

    with time_machine.travel(datetime.now(UTC) + tokens.LIFETIME + timedelta(minutes=1)):
        answer = me(client, token)

    assert answer.status_code == 401
    assert answer.get_json()["type"] == "urn:samtykke:problem:expired-token"


def test_keys_rotate_and_retire(settings) -> None:  # type: ignore[no-untyped-def]
    first = make_app(settings)
    with first.app_context():
        publish(shop())
    body = decision(language="en", purposes={"analytics": True, "sizing": True})
    post = {"content_type": "text/plain", "json": body}
    token = first.test_client().post("/e/krukke/decisions", **post).get_json()["token"]

    rotated = make_app({**settings, "secret_keys": (NEW_KEY, KEY)}).test_client()
    retired = make_app({**settings, "secret_keys": (NEW_KEY,)}).test_client()

    assert me(rotated, token, "krukke").status_code == 200
    assert me(retired, token, "krukke").status_code == 401
    # The newest key signs: the same decision's token is another one now.
    renewed = rotated.post("/e/krukke/decisions", **post).get_json()["token"]
    assert me(retired, renewed, "krukke").status_code == 200


def test_websites_may_read_it_from_their_own_origin(client: FlaskClient) -> None:
    preflight = client.options(
        "/api/v1/sites/07sor/visitors/me", headers={"Origin": "https://www.example.no"}
    )

    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Headers"] == "Authorization"
