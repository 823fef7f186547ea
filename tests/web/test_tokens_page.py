"""The page of tokens: made, shown once, ended."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.core.db import db
from consent.people import api_tokens
from tests import pages

NEW = {"name": "Agency", "scope": ["stats", "versions"], "days": "30"}


def ask(client: FlaskClient, token: str, what: str = "stats/visits") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return client.get(f"/api/v1/sites/07sor/{what}", headers=headers).status_code


def make(client: FlaskClient, **fields: object) -> tuple[str, str]:
    """What the page says, and the token on it."""
    said = pages.check(client.post("/dashboard/07sor/tokens?lang=en", data={**NEW, **fields}))
    (token,) = re.findall(r"ct_[\w-]{43}", said)
    return said, token


def test_a_token_is_shown_once_and_opens_what_it_is_for(alice: FlaskClient) -> None:
    said, token = make(alice)
    again = pages.check(alice.get("/dashboard/07sor/tokens?lang=en"))

    assert "Agency Statistics, Versions" in said
    assert "Agency" in again
    assert token not in again
    assert (ask(alice, token), ask(alice, token, "versions"), ask(alice, token, "decisions")) == (
        200,
        200,
        403,
    )


def test_it_is_ended_at_once(alice: FlaskClient) -> None:
    _, token = make(alice)
    page = alice.get("/dashboard/07sor/tokens?lang=en").get_data(as_text=True)
    (action,) = re.findall(r'action="(/dashboard/07sor/tokens/\w+/revoke[^"]*)"', page)

    assert alice.post(action).status_code == 303

    assert ask(alice, token) == 401
    assert "Revoked" in pages.check(alice.get("/dashboard/07sor/tokens?lang=en"))


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 81}, {"scope": []}, {"scope": ["all"]}, {"days": "9999"}],
)
def test_what_is_no_token_is_not_made(alice: FlaskClient, fields: dict[str, object]) -> None:
    answer = alice.post("/dashboard/07sor/tokens?lang=en", data={**NEW, **fields})

    assert answer.status_code == 422
    assert "ct_" not in pages.check(answer)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_it_is_a_good_page_in_each_language(alice: FlaskClient, language: str) -> None:
    pages.check(alice.get(f"/dashboard/07sor/tokens?lang={language}"), language)


def test_what_is_not_theirs_does_not_exist(app: Flask, alice: FlaskClient) -> None:
    with app.app_context():
        api_tokens.issue(db.session(), "krukke", "theirs", datetime.now(UTC))
        (theirs,) = api_tokens.of_site(db.session(), "krukke")
        token_hash = theirs.hash

    assert alice.get("/dashboard/krukke/tokens").status_code == 404
    assert alice.post("/dashboard/krukke/tokens", data=NEW).status_code == 404
    assert alice.post(f"/dashboard/krukke/tokens/{token_hash}/revoke").status_code == 404
    assert alice.post(f"/dashboard/07sor/tokens/{token_hash}/revoke").status_code == 404
    with app.app_context():
        assert api_tokens.of_site(db.session(), "krukke")[0].revoked_at is None


def test_a_stranger_is_asked_to_log_in(client: FlaskClient) -> None:
    assert client.get("/dashboard/07sor/tokens").status_code == 303
    assert client.post("/dashboard/07sor/tokens", data=NEW).status_code == 303


def test_another_website_makes_none(alice: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}

    assert alice.post("/dashboard/07sor/tokens", data=NEW, headers=headers).status_code == 403
