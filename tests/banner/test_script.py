"""The script: composed once, small, served from memory, with conditional requests."""

import gzip
import re
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.core.paths import EMBED
from tests.conftest import make_app, publish
from tests.factories import shop

# Bytes, brotli, for the demo's site in three languages, with Google's and Meta's signals.
BUDGET = 5000


def fetch(client: FlaskClient, path: str = "/e/07sor.js", **headers: str):  # type: ignore[no-untyped-def]
    return client.get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.mark.parametrize(
    ("wish", "encoding", "unpack"),
    [
        ("br, gzip", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
    ],
)
def test_each_encoding_carries_the_same_script(
    client: FlaskClient, wish: str, encoding: str | None, unpack
) -> None:  # type: ignore[no-untyped-def]
    answer = fetch(client, Accept_Encoding=wish)

    assert answer.headers.get("Content-Encoding") == encoding
    assert unpack(answer.data) == fetch(client, Accept_Encoding="identity").data
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.content_type == "text/javascript; charset=utf-8"


def test_it_stays_within_the_budget(settings: dict[str, Any]) -> None:
    client = make_app({**settings, "public_url": "http://127.0.0.1:8080"}).test_client()

    assert len(fetch(client, Accept_Encoding="br").data) <= BUDGET


def test_browsers_are_asked_to_compile_it_while_it_comes_in(client: FlaskClient) -> None:
    first, *_ = client.get("/e/07sor.js").text.splitlines()
    assert first == "//# allFunctionsCalledOnLoad"


def test_a_known_tag_is_answered_with_304_and_no_body(client: FlaskClient) -> None:
    tag = fetch(client, Accept_Encoding="br").headers["ETag"]
    assert not tag.startswith("W/")

    answer = fetch(client, Accept_Encoding="br", If_None_Match=tag)

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert "max-age" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/e/07sor.js", "GET, HEAD, OPTIONS"),
        ("/e/07sor/decisions", "POST, OPTIONS"),
        ("/e/07sor/hits", "POST, OPTIONS"),
    ],
)
def test_other_methods_are_told_which_there_are(
    client: FlaskClient, path: str, allowed: str
) -> None:
    asked, refused = client.options(path), client.delete(path)

    assert (asked.status_code, asked.headers["Allow"]) == (204, allowed)
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) <= set(allowed.split(", "))
    assert refused.content_type == "application/problem+json"


def test_the_head_is_that_of_the_whole(client: FlaskClient) -> None:
    whole, head = client.get("/e/07sor.js"), client.head("/e/07sor.js")

    assert dict(head.headers) == dict(whole.headers)
    assert head.data == b""


def test_encodings_have_tags_of_their_own(client: FlaskClient) -> None:
    assert (
        fetch(client, Accept_Encoding="br").headers["ETag"]
        != fetch(client, Accept_Encoding="gzip").headers["ETag"]
    )


def test_a_publication_changes_the_script(app: Flask, client: FlaskClient) -> None:
    before = fetch(client, "/e/krukke.js").headers["ETag"]
    with app.app_context():
        publish(shop(**{"Finding your size": "Your size"}))
    app.extensions["consent_memory"].forget()

    assert fetch(client, "/e/krukke.js").headers["ETag"] != before


def test_a_pinned_script_stays_for_ever(app: Flask, client: FlaskClient) -> None:
    served = fetch(client, "/e/krukke.js", Accept_Encoding="identity")
    import hashlib

    address = f"/e/krukke/{hashlib.sha256(served.data).hexdigest()}.js"
    with app.app_context():
        publish(shop(**{"Finding your size": "Your size"}))

    answer = fetch(client, address, Accept_Encoding="identity")

    assert answer.data == served.data
    assert "immutable" in answer.headers["Cache-Control"]


def test_it_is_open_to_every_website(client: FlaskClient) -> None:
    answer = fetch(client)

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers


def test_an_unknown_site_has_none(client: FlaskClient) -> None:
    assert fetch(client, "/e/nowhere.js").status_code == 404


@pytest.mark.parametrize("name", ["settings", "cookies", "notice"])
def test_fragments_are_whole_for_ever_and_open(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/e/07sor/1/nn/{name}")

    assert answer.status_code == 200
    assert "Google Analytics" in answer.get_data(as_text=True)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Language"] == "nn"
    assert client.get(f"/e/07sor/2/nn/{name}").status_code == 404
    assert client.get(f"/e/07sor/1/de/{name}").status_code == 404


def test_an_unknown_fragment_says_which_there_are(client: FlaskClient) -> None:
    answer = client.get("/e/07sor/1/nb/secrets")

    assert answer.status_code == 404
    assert "settings, cookies, notice" in answer.get_json()["detail"]


@pytest.mark.parametrize("part", sorted(EMBED.rglob("*.js")), ids=lambda path: path.name)
def test_parts_declare_no_pattern(part: Path) -> None:
    # The minifier moves a destructuring declaration before its neighbours, and so before what it reads.
    assert not re.search(r"^\s*(const|let|var)\s*[\[{]", part.read_text(), re.MULTILINE)
