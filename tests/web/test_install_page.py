"""The page of installation: the lines to copy, and whether a page carries them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.demo import SITE_FILE
from consent.site import schema, signals
from consent.web.dashboard import installation
from consent.web.dashboard.installation import Page
from tests import pages
from tests.conftest import publish

SERVER = "https://consent.example.no"
TAG = f'<script async src="{SERVER}/e/shop.js"></script>'
SNIPPET = "<script>gtag('consent','default');document.cookie.match(/consent=/)</script>"


def found(head: str, policy: str = "", address: str = "https://shop.example/") -> tuple[str, ...]:
    page = Page(f"<html><head>{head}</head></html>", {"content-security-policy": policy})
    return installation.check(page, address, SERVER, "shop").findings


@pytest.mark.parametrize(
    ("head", "findings"),
    [
        (TAG, ("found",)),
        (SNIPPET + TAG, ("found",)),
        ('<script type="application/ld+json">{}</script>' + TAG, ("found",)),
        ('<script type="text/plain" data-consent="x">1</script>' + TAG, ("found",)),
        (
            f'<script src="{SERVER}/e/shop/abc.js" integrity="sha256-x"></script>',
            ("found", "pinned"),
        ),
        ('<script src="/app.js"></script>' + TAG, ("found", "not_first")),
        ("<script>start()</script>" + TAG, ("found", "not_first")),
        (f'<script src="{SERVER}/e/other.js"></script>', ("other_site", "missing")),
        (f"<!-- {TAG} -->", ("missing",)),
        (f"<!-- {TAG}", ("missing",)),
        (f"<!-- <script> -->{TAG}", ("found",)),
        (f"<textarea>{TAG}</textarea>", ("missing",)),
        (f"<style>a::before {{ content: '<script>' }}</style>{TAG}", ("found",)),
        (f"<title><script></title>{TAG}", ("found",)),
        (TAG.replace("script", "SCRIPT"), ("found",)),
        (f"<scripted>{TAG}</scripted>", ("found",)),
        (f"<script>{'a' * 20_000}</script>{TAG}", ("found", "not_first")),
        ('<script src="https://evil.example/e/shop.js"></script>', ("missing",)),
        ("", ("missing",)),
    ],
)
def test_what_a_page_carries(head: str, findings: tuple[str, ...]) -> None:
    assert found(head) == findings


def test_the_lines_to_copy_are_in_the_right_order() -> None:
    site_file = schema.parse(SITE_FILE.read_text())
    lines = signals.lines(site_file, SERVER)

    checked = installation.check(Page(lines, {}), "https://shop.example/", SERVER, "07sor")

    assert "gtag" in lines
    assert checked.findings == ("found",)


@pytest.mark.parametrize(
    ("policy", "may_run"),
    [
        ("", True),
        (f"script-src 'self' {SERVER}", True),
        ("script-src https:", True),
        ("script-src *.example.no", True),
        ("default-src 'self'; script-src 'nonce-abc' 'strict-dynamic'", True),
        ("default-src 'self'", False),
        ("script-src 'self' https://other.example", False),
        ("img-src 'self'", True),
    ],
)
def test_what_a_policy_lets_run(policy: str, may_run: bool) -> None:
    assert ("policy" not in found(TAG, policy)) is may_run


class Website(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/secret")
            self.end_headers()
            return
        kind = "image/png" if self.path == "/picture" else "text/html; charset=utf-8"
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(b'<script async src="http://localhost/e/07sor.js"></script>')

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def website(app: Flask) -> Iterator[str]:
    """A website of the site, on this machine."""
    server = HTTPServer(("127.0.0.1", 0), Website)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    with app.app_context():
        publish(SITE_FILE.read_text().replace("origins = [", f'origins = ["{origin}", ', 1))
    yield origin
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_page_has_the_lines(alice: FlaskClient, language: str) -> None:
    said = pages.check(alice.get(f"/dashboard/07sor/install?lang={language}"), language)

    assert '<script async src="http://localhost/e/07sor.js"></script>' in said
    assert "integrity=" in said
    assert "hits.gif" in said


def test_a_page_is_looked_at(alice: FlaskClient, website: str) -> None:
    answer = alice.post("/dashboard/07sor/install?lang=en", data={"address": f"{website}/"})

    assert "The tag is on the page." in pages.check(answer)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/gone", "answers with 404"),
        ("/picture", "its type is image/png"),
        ("/away", "This address is not on the site"),
    ],
)
def test_what_is_no_page_is_said(alice: FlaskClient, website: str, path: str, said: str) -> None:
    answer = alice.post("/dashboard/07sor/install?lang=en", data={"address": website + path})

    assert answer.status_code == 422
    assert said in pages.check(answer)


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "file:///etc/passwd", "http://127.0.0.1:1/", "https://evil.example/"],
)
def test_nothing_else_is_fetched(alice: FlaskClient, address: str) -> None:
    answer = alice.post("/dashboard/07sor/install?lang=en", data={"address": address})

    assert answer.status_code == 422
    assert "This address is not on the site" in pages.check(answer)


def test_a_website_that_is_away_is_said(alice: FlaskClient, app: Flask) -> None:
    with app.app_context():
        publish(
            SITE_FILE.read_text().replace("origins = [", 'origins = ["http://127.0.0.1:1", ', 1)
        )

    answer = alice.post("/dashboard/07sor/install?lang=en", data={"address": "http://127.0.0.1:1/"})

    assert "does not answer" in pages.check(answer)


@pytest.mark.parametrize("path", ["/dashboard/krukke/install", "/dashboard/nowhere/install"])
def test_what_is_not_theirs_does_not_exist(alice: FlaskClient, path: str) -> None:
    assert alice.get(path).status_code == 404
    assert alice.post(path, data={"address": "https://shop.example/"}).status_code == 404


def test_a_stranger_is_asked_to_log_in(client: FlaskClient) -> None:
    assert client.get("/dashboard/07sor/install").status_code == 303
    assert client.post("/dashboard/07sor/install", data={"address": "x"}).status_code == 303
