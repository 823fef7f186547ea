"""Staff pages: who gets in, and what they see."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent import staff
from consent.db import db
from tests import pages
from tests.factories import decide, refusal

PASSWORD = "correct horse battery"


@pytest.fixture
def people(app: Flask) -> None:
    """Alice looks after 07sor, Bob after the shop."""
    with app.app_context():
        for email, site in (("alice@example.no", "07sor"), ("bob@example.no", "krukke")):
            staff.add(db.session(), email, PASSWORD, [site], datetime.now(UTC))


def log_in(client: FlaskClient, email: str, password: str = PASSWORD, **fields: str):  # type: ignore[no-untyped-def]
    return client.post("/dashboard/login", data={"email": email, "password": password, **fields})


@pytest.fixture
def alice(client: FlaskClient, people: None) -> FlaskClient:
    assert log_in(client, "alice@example.no").status_code == 303
    return client


def test_a_member_sees_the_figures_of_their_site(alice: FlaskClient) -> None:
    decide(alice)
    decide(alice, refusal())

    answer = alice.get("/dashboard/", follow_redirects=True)

    said = pages.check(answer)
    assert "Figures of 07 SØR IT DRIFT AS" in said
    assert "Decisions 2" in said
    assert "Accepted all 1 Refused all 1" in said


@pytest.mark.parametrize("language", ["en", "nb", "nn"])
def test_pages_are_good_pages_in_each_language(alice: FlaskClient, language: str) -> None:
    pages.check(alice.get(f"/dashboard/07sor/?lang={language}"), language)
    pages.check(alice.get(f"/dashboard/login?lang={language}"), language)


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/krukke/",
        "/dashboard/krukke/figures",
        "/dashboard/krukke/visits.svg",
        "/dashboard/nowhere/",
    ],
)
def test_what_is_not_theirs_does_not_exist(alice: FlaskClient, path: str) -> None:
    assert alice.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/dashboard/", "/dashboard/07sor/", "/dashboard/07sor/figures", "/dashboard/07sor/visits.svg"],
)
def test_a_stranger_is_asked_to_log_in(client: FlaskClient, people: None, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 303
    assert answer.location.startswith("/dashboard/login?next=")


@pytest.mark.parametrize(
    ("email", "password"), [("alice@example.no", "wrong"), ("carol@example.no", PASSWORD), ("", "")]
)
def test_a_wrong_login_says_no_more_than_that(
    client: FlaskClient, people: None, email: str, password: str
) -> None:
    answer = log_in(client, email, password)

    assert answer.status_code == 401
    assert "do not belong together" in pages.check(answer)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/dashboard/\\evil.example", "/privacy/07sor/"],
)
def test_after_the_login_nobody_is_sent_elsewhere(
    client: FlaskClient, people: None, target: str
) -> None:
    assert log_in(client, "alice@example.no", next=target).location == "/dashboard/"


def test_logging_out_ends_it(alice: FlaskClient) -> None:
    alice.post("/dashboard/logout")

    assert alice.get("/dashboard/07sor/").status_code == 303


def test_another_website_cannot_log_anybody_in(client: FlaskClient, people: None) -> None:
    answer = client.post(
        "/dashboard/login",
        data={"email": "alice@example.no", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403


def test_guessing_is_slowed_down(app: Flask, people: None) -> None:
    from consent.security import limiter

    limiter.enabled = True
    limiter.reset()
    try:
        answers = [
            log_in(app.test_client(), "alice@example.no", "wrong").status_code for _ in range(11)
        ]
    finally:
        limiter.reset()
        limiter.enabled = False

    assert answers == [401] * 10 + [429]


@pytest.mark.parametrize("name", ["visits", "consents"])
def test_charts_are_pictures_without_scripts_or_strangers(alice: FlaskClient, name: str) -> None:
    answer = alice.get(f"/dashboard/07sor/{name}.svg?from=2026-11-01&to=2026-11-20")

    assert answer.content_type.startswith("image/svg+xml")
    source = answer.get_data(as_text=True)
    assert "<script" not in source
    assert "kozea" not in source
    assert alice.get("/dashboard/07sor/secrets.svg").status_code == 404


def test_the_part_for_htmx_is_the_part_of_the_page(alice: FlaskClient) -> None:
    query = "?from=2026-11-01&to=2026-11-20"
    part = alice.get(f"/dashboard/07sor/figures{query}").get_data(as_text=True)

    assert "<html" not in part
    assert part.strip() in alice.get(f"/dashboard/07sor/{query}").get_data(as_text=True)


def test_passwords_are_kept_as_argon2(app: Flask, people: None) -> None:
    from consent.models import Staff

    with app.app_context():
        member = db.session.query(Staff).filter_by(email="alice@example.no").one()
        assert member.password_hash.startswith("$argon2id$")
