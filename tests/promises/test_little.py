"""Whoever sends little does not get much: what is sent does not come back longer, in a page, a header or an error."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from consent.web import security
from tests.conftest import PASSWORD, make_app
from tests.factories import CHROME

# Pages are the same on each kind of database.
pytestmark = pytest.mark.same
LIMIT = 16 * 1024
# Some grow where they are quoted, escaped or encoded.
FILLERS = {"quotes": "\"'<&", "emoji": "😀", "percent": "%25"}
PARAMETERS = (
    *("lang", "next", "q", "country", "from", "by", "cursor", "limit", "path", "invitation"),
    *("code", "unknown"),
)
SEGMENTS = ("site", "script_hash", "language", "name", "token", "secret", "uuid:identity")
HEADERS = (
    *("Accept-Language", "Accept", "Cookie", "Referer", "Origin", "User-Agent", "If-None-Match"),
    *("Authorization", "Access-Control-Request-Headers", "X-Forwarded-Host", "Sec-GPC", "Range"),
)
FORMS = {
    "dashboard.log_in": ("email", "password", "next"),
    "dashboard.second_step": ("code", "next"),
    "passwords.ask": ("email",),
    "passwords.choose": ("password",),
    "invitation.accept": ("password",),
    "privacy.choose": ("version", "id", "answer", "language", "page", "unknown"),
    "privacy.open_choices": ("token",),
    "subscriptions.ask": ("email", "language"),
}


@pytest.fixture
def app(mailing: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Flask:
    provider = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "a"}
    made = make_app({**mailing, **provider, "oidc_client_secret": "b", "embed_limit": 0})
    made.testing = False
    monkeypatch.setattr(security.limiter, "enabled", False)
    return made


def public(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and address of what takes no login; of the hot paths, which Flask does not know, too."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/dashboard/<site>") or rule.endpoint == "static":
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule.endpoint, method, rule.rule
    for what in (".js", "/decisions", "/hits", "/cookie"):
        yield "", "GET" if what == ".js" else "POST", f"/e/<site>{what}"


def filled(rule: str, **values: str) -> str:
    known = {
        **{"site": "07sor", "int:number": "1", "int:old": "1", "language": "nb", "name": "notice"},
        "any('autoconsent', 'consent-o-matic'):client": "autoconsent",
        **values,
    }
    for name, value in known.items():
        rule = rule.replace(f"<{name}>", value)
    return rule.replace("<", "").replace(">", "")


def size(answer: TestResponse) -> int:
    found = len(answer.get_data()) + len(str(answer.headers).encode())
    answer.close()
    return found


def ask(client: FlaskClient, method: str, path: str, **more: Any) -> TestResponse:
    headers = {"User-Agent": CHROME, **more.pop("headers", {})}
    return client.open(path, method=method, headers=headers, **more)


def long(filler: str, size: int) -> str:
    return filler * (size // len(filler.encode()))


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
def test_no_address_comes_back_longer(app: Flask, filler: str) -> None:
    client, much = app.test_client(), []
    text = long(quote(filler, safe="%"), security.LONGEST_ADDRESS - 100)
    for _, method, written in public(app):
        path = filled(written)
        usual = size(ask(client, method, path))
        for name in PARAMETERS:
            if size(ask(client, method, path, query_string=f"{name}={text}")) > usual + LIMIT:
                much.append((method, path, name))
        for name in SEGMENTS:
            longer = filled(written, **{name: text})
            if longer != path and size(ask(client, method, longer)) > LIMIT:
                much.append((method, written, name))
    assert much == []


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
def test_nor_does_a_header_a_form_or_a_body(app: Flask, filler: str) -> None:
    client, much = app.test_client(), []
    text = long(filler, LIMIT - 1000)
    header = text.encode().decode("latin-1")
    for endpoint, method, written in public(app):
        path = filled(written)
        usual = size(ask(client, method, path))
        tried: list[dict[str, Any]] = [{"headers": {name: header}} for name in HEADERS]
        tried += [{"data": {name: text}} for name in FORMS.get(endpoint, ())]
        if not endpoint and method == "POST":
            keys = {f"{text[: len(text) // 60]}{number}": 1 for number in range(10)}
            tried.append({"data": json.dumps(keys, ensure_ascii=False)})
        for sent in tried:
            if size(ask(client, method, path, **sent)) > usual + LIMIT:
                much.append((method, path, *sent, *next(iter(sent.values()))))
    assert much == []


def test_an_address_that_is_too_long_is_refused(client: FlaskClient) -> None:
    for path in ("/privacy/07sor/", "/no/such/page", "/dashboard/login"):
        room = security.LONGEST_ADDRESS - len(path)
        assert client.get(path, query_string="a" * room).status_code < 414
        assert client.get(path, query_string="a" * (room + 1)).status_code == 414


@pytest.mark.parametrize("path", ["/privacy/07sor", "/dashboard/07sor"])
def test_a_missing_slash_is_mended_in_few_words_and_names_no_host(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path, query_string="a=b")
    assert (answer.status_code, answer.location) == (308, f"{path}/?a=b")
    assert answer.data == b""
    # Each becomes three.
    assert client.get(path, query_string='"' * 7000).status_code == 414


@pytest.mark.parametrize("query", ["lang=\xf8", "\xff=1", "next=\xc3", "by=\xc3\xb8"])
@pytest.mark.parametrize("path", ["/privacy/07sor/", "/privacy/07sor", "/dashboard/login", "/no"])
def test_bytes_that_are_no_text_are_no_error(client: FlaskClient, path: str, query: str) -> None:
    answer = client.get(path, environ_overrides={"QUERY_STRING": query})
    assert answer.status_code in (200, 308, 404)
    assert client.get(path, environ_overrides={"QUERY_STRING": query * 2000}).status_code == 414


@pytest.mark.parametrize(
    "wished", ["/dashboard/07sor/?from=2026-01-01", "/dashboard/-/account", "/dashboard/"]
)
def test_after_a_login_people_are_where_they_wanted_to_be(
    app: Flask, alice: FlaskClient, wished: str
) -> None:
    sent_on = app.test_client().get(wished).location
    assert sent_on == f"/dashboard/login?{urlencode({'next': wished}, safe='/?')}"
    login = {"email": "alice@example.no", "password": PASSWORD, "next": wished}
    assert app.test_client().post("/dashboard/login?lang=nb", data=login).location == wished


@pytest.mark.parametrize(
    "wished",
    ["//evil.example", "/dashboard/" + "a" * 500, "https://evil.example", "/privacy/07sor/"],
)
def test_elsewhere_nobody_is_sent(app: Flask, alice: FlaskClient, wished: str) -> None:
    client = app.test_client()
    assert wished not in client.get("/dashboard/login", query_string={"next": wished}).text
    login = {"email": "alice@example.no", "password": PASSWORD, "next": wished}
    assert client.post("/dashboard/login", data=login).location == "/dashboard/"
