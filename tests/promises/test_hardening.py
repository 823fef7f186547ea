"""What operators expect of a server that faces the Internet."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent import settings as rules
from consent import staff
from consent.db import db
from consent.settings import SettingError
from consent.sitefile import SiteFileError, parse
from tests.conftest import KEY, PASSWORD, make_app
from tests.factories import SHOP

HTTPS = "https://consent.example"


@pytest.fixture
def https(settings: dict[str, Any]) -> Flask:
    return make_app({**settings, "public_url": HTTPS})


def hsts(app: Flask, path: str) -> str | None:
    return app.test_client().get(path, base_url=HTTPS).headers.get("Strict-Transport-Security")


class TestHeaders:
    @pytest.mark.parametrize("path", ["/privacy/07sor/", "/e/07sor.js", "/dashboard/login"])
    def test_https_stays_https_as_the_setting_says(self, settings, https, path):
        assert hsts(https, path) == "max-age=31536000"
        longer = "max-age=63072000; includeSubDomains; preload"
        assert hsts(make_app({**settings, "hsts": longer}), path) == longer
        assert hsts(make_app({**settings, "hsts": ""}), path) is None

    @pytest.mark.parametrize("path", ["/privacy/07sor/", "/dashboard/login", "/no/such/page"])
    def test_no_other_website_frames_a_page(self, client: FlaskClient, path):
        found = client.get(path).headers
        assert found["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in found["Content-Security-Policy"]

    def test_only_this_server_frames_a_preview(self, alice: FlaskClient):
        found = alice.get("/dashboard/07sor/preview/stage?version=1").headers
        assert found["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in found["Content-Security-Policy"]


class TestCookies:
    """The proxy in front speaks https, and plain HTTP to this server."""

    def test_those_of_staff_are_for_this_host_alone(self, https: Flask):
        with https.app_context():
            staff.add(db.session(), "alice@example.no", PASSWORD, ["07sor"], datetime.now(UTC))
        client = https.test_client()
        answer = client.post(
            "/dashboard/login",
            data={"email": "alice@example.no", "password": PASSWORD},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        set_by = {each.partition("=")[0]: each for each in answer.headers.getlist("Set-Cookie")}
        assert set(set_by) == {"__Host-consent_staff", "__Host-consent_device"}
        for cookie in set_by.values():
            assert "; Secure" in cookie
            assert "; HttpOnly" in cookie
            assert "; Path=/" in cookie
            assert "Domain" not in cookie


class TestSecurityTxt:
    def test_it_says_where_faults_are_reported(self, settings):
        app = make_app(
            {**settings, "public_url": HTTPS, "security_contact": "mailto:security@example.no"}
        )
        said = app.test_client().get("/.well-known/security.txt")
        assert said.content_type == "text/plain; charset=utf-8"
        lines = dict(line.split(": ", 1) for line in said.text.splitlines())
        assert lines["Contact"] == "mailto:security@example.no"
        assert lines["Canonical"] == f"{HTTPS}/.well-known/security.txt"
        assert lines["Expires"].endswith("-01T00:00:00Z")

    def test_without_a_contact_there_is_none(self, client: FlaskClient):
        assert client.get("/.well-known/security.txt").status_code == 404

    def test_a_contact_is_an_address(self):
        with pytest.raises(SettingError, match="CONSENT_SECURITY_CONTACT"):
            rules.read({"CONSENT_SECURITY_CONTACT": "security@example.no"})


class TestKeys:
    @pytest.mark.parametrize("key", ["a" * 40, "abc" * 20, "0123456" * 6, "short"])
    def test_one_that_can_be_guessed_is_refused(self, key):
        with pytest.raises(SettingError, match="CONSENT_SECRET_KEYS"):
            rules.read({"CONSENT_SECRET_KEYS": key})

    def test_others_are_taken(self):
        assert rules.read({"CONSENT_SECRET_KEYS": KEY}).secret_keys == (KEY,)


class TestSiteFiles:
    def test_a_number_of_thousands_of_digits_is_a_mistake_with_its_line(self):
        with pytest.raises(SiteFileError) as refused:
            parse(f"{SHOP}\n[looks]\nradius = {'9' * 5000}\n")
        (mistake,) = refused.value.mistakes
        assert mistake.line == SHOP.count("\n") + 3
        assert "5000 digits" in mistake.message

    @pytest.mark.parametrize("character", ["\\u0000", "\\u0007", "\\u202E", "\\u202D"])
    def test_what_cannot_be_seen_is_refused_with_its_place(self, character):
        hidden = SHOP.replace('name = "Krukke', f'name = "Kr{character}ukke', 1)
        assert hidden != SHOP
        with pytest.raises(SiteFileError) as refused:
            parse(hidden)
        assert any("cannot be seen" in mistake.message for mistake in refused.value.mistakes)

    def test_marks_of_direction_that_arabic_and_hebrew_use_are_taken(self):
        assert parse(SHOP.replace('name = "Krukke', 'name = "\\u200FKrukke', 1))
