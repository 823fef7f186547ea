"""What operators expect of a server that faces the Internet."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.core import settings as rules
from consent.core.db import db
from consent.core.settings import SettingError
from consent.people import staff
from consent.site.schema import SiteFileError, parse
from consent.web.embed import crowding
from tests.conftest import KEY, PASSWORD, make_app
from tests.counting.test_hits import counted
from tests.factories import CHROME, SHOP

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
        assert any("invisible character" in mistake.message for mistake in refused.value.mistakes)

    def test_marks_of_direction_that_arabic_and_hebrew_use_are_taken(self):
        assert parse(SHOP.replace('name = "Krukke', 'name = "\\u200FKrukke', 1))


class TestAnswers:
    """Somebody who sends little must not get much."""

    @pytest.mark.parametrize(
        "body",
        [
            "{" + ",".join(f'"k{number}": 1' for number in range(1200)) + "}",
            '{"' + "k" * 15_000 + '": 1}',
            '{"path": "/", "referrer": ' + "[" * 8000 + "]" * 8000 + "}",
            "ø" * 8000,
            '{"path": "' + "\\u0000" * 2500 + '"}',
        ],
        ids=["many keys", "a long key", "deep", "no JSON", "NULs"],
    )
    @pytest.mark.parametrize("path", ["hits", "decisions"])
    def test_none_is_longer_than_what_was_asked(self, client: FlaskClient, path, body):
        answer = client.post(f"/e/07sor/{path}", data=body, headers={"User-Agent": CHROME})
        assert 400 <= answer.status_code < 500
        assert len(answer.data) < min(len(body.encode()), 8192)

    def test_what_is_left_out_is_counted(self, client: FlaskClient):
        body = "{" + ",".join(f'"k{number}": 1' for number in range(50)) + "}"
        answer = client.post("/e/07sor/hits", data=body, headers={"User-Agent": CHROME}).get_json()
        assert len(answer["errors"]) == 10
        # The path is missing, too.
        assert "And 41 more." in answer["detail"]


class TestViews:
    @pytest.fixture
    def app(self, settings: dict[str, Any]) -> Flask:
        return make_app({**settings, "view_limit": 3})

    def view(self, app: Flask, path: str, address: str = "192.0.2.1", referrer: str = "") -> None:
        answer = app.test_client().post(
            "/e/07sor/hits",
            json={"path": path, "referrer": referrer},
            headers={"User-Agent": CHROME},
            environ_base={"REMOTE_ADDR": address},
        )
        assert answer.status_code == 204

    def counted(self, app: Flask) -> dict[str, int]:
        with app.app_context():
            cells = counted(app.extensions["sqlalchemy"].session)
        return {value: count for (by, value, _), count in cells.items() if by == "page"}

    def test_whoever_loads_a_page_again_and_again_is_not_taken_for_many(self, app: Flask):
        for _ in range(20):
            self.view(app, "/a")
        assert self.counted(app) == {"/a": 3}

    def test_other_pages_and_people_elsewhere_count(self, app: Flask):
        for number, name in enumerate(("cups", "pots", "bowls", "plates")):
            self.view(app, f"/{name}")
            self.view(app, "/a", f"198.51.100.{number}")
        found = self.counted(app)
        assert found.pop("/a") == 4
        assert set(found.values()) == {1}

    def test_parameters_make_no_other_page(self, app: Flask):
        for number in range(20):
            self.view(app, f"/a?x={number}")
        assert self.counted(app) == {"/a": 3}

    def test_the_next_hour_begins_anew(self, app: Flask, monkeypatch):
        for _ in range(5):
            self.view(app, "/a")
        later = crowding.time.monotonic() + 3601
        monkeypatch.setattr(crowding.time, "monotonic", lambda: later)
        self.view(app, "/a")
        assert self.counted(app) == {"/a": 4}

    def test_what_is_kept_tells_no_address(self, app: Flask):
        self.view(app, "/a", "203.0.113.77")
        kept = app.extensions["consent_crowding"]._hour._counts
        assert kept
        assert all(isinstance(key, bytes) and len(key) == 8 for key in kept)


class TestCrowding:
    @pytest.fixture
    def narrow(self, settings: dict[str, Any]) -> FlaskClient:
        return make_app({**settings, "embed_limit": 3}).test_client()

    def view(self, client: FlaskClient, address: str) -> int:
        answer = client.post(
            "/e/07sor/hits",
            data='{"path": "/"}',
            headers={"User-Agent": CHROME},
            environ_base={"REMOTE_ADDR": address},
        )
        return answer.status_code

    def test_one_address_sends_so_much_and_others_go_on(self, narrow: FlaskClient):
        assert [self.view(narrow, "192.0.2.1") for _ in range(5)] == [204] * 3 + [429] * 2
        assert self.view(narrow, "192.0.2.2") == 204

    def test_of_ipv6_the_network_counts(self, narrow: FlaskClient):
        sent = [self.view(narrow, f"2001:db8::{number}") for number in range(1, 6)]
        assert sent == [204] * 3 + [429] * 2
        assert self.view(narrow, "2001:db8:0:1::1") == 204

    def test_the_next_minute_begins_anew(self, narrow: FlaskClient, monkeypatch):
        for _ in range(4):
            self.view(narrow, "192.0.2.1")
        later = crowding.time.monotonic() + 61
        monkeypatch.setattr(crowding.time, "monotonic", lambda: later)
        assert self.view(narrow, "192.0.2.1") == 204

    def test_whoever_is_refused_is_told_when_to_come_again(self, narrow: FlaskClient):
        for _ in range(3):
            self.view(narrow, "192.0.2.1")
        answer = narrow.post("/e/07sor/hits", environ_base={"REMOTE_ADDR": "192.0.2.1"})
        assert answer.headers["Retry-After"] == "60"
        assert answer.content_type == "application/problem+json"

    def test_0_is_any_number(self, settings: dict[str, Any]):
        client = make_app({**settings, "embed_limit": 0}).test_client()
        assert {self.view(client, "192.0.2.1") for _ in range(20)} == {204}

    def test_the_script_is_given_to_everybody(self, narrow: FlaskClient):
        for _ in range(5):
            self.view(narrow, "192.0.2.1")
        found = narrow.get("/e/07sor.js", environ_base={"REMOTE_ADDR": "192.0.2.1"})
        assert found.status_code == 200
