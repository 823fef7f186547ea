"""Logging in at one's organization, with a real OpenID provider (node-oidc-provider)."""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from consent.core import settings as rules
from consent.core.db import db
from consent.core.settings import SettingError
from consent.people import staff
from tests import pages
from tests.conftest import KEY, PASSWORD, make_app
from tests.mailbox import Mailbox
from tests.ports import free_port

SERVER = "http://consent.example"
CALLBACK = f"{SERVER}/dashboard/-/oidc/callback"
PROGRAM = Path(__file__).parent / "provider/provider.mjs"

# One provider for all.
pytestmark = pytest.mark.xdist_group("provider")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    address = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        ["node", PROGRAM, address, CALLBACK],
        cwd=PROGRAM.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    yield address
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def app(mailing: dict[str, Any], issuer: str) -> Flask:
    return make_app(
        {
            **mailing,
            "oidc_issuer": issuer,
            "oidc_client_id": "samtykke",
            "oidc_client_secret": "a-secret",
            "oidc_name": "Fjordgruppen",
            "public_url": SERVER,
        }
    )


@pytest.fixture
def alice(app: Flask) -> None:
    with app.app_context():
        staff.add(db.session(), "alice@example.no", PASSWORD, ["07sor"], datetime.now(UTC))


def log_in_there(address: str, name: str) -> str:
    """Goes through the provider's pages as a browser does; the path to which it sends back."""
    browser = requests.Session()
    answer = browser.get(address, allow_redirects=False)
    for _ in range(10):
        if answer.is_redirect:
            address = urljoin(answer.url, answer.headers["Location"])
            if address.startswith(CALLBACK):
                return address.removeprefix(SERVER)
            answer = browser.get(address, allow_redirects=False)
            continue
        form = re.search(r'action="([^"]+)" method="post">', answer.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert form
        assert prompt
        fields = {"prompt": prompt[1], "login": name, "password": "any"}
        answer = browser.post(urljoin(answer.url, form[1]), data=fields, allow_redirects=False)
    raise AssertionError(answer.text)


def log_in(client: FlaskClient, name: str, **query: str) -> Any:
    begun = client.get("/dashboard/-/oidc", query_string=query)
    assert begun.status_code == 302
    return client.get(log_in_there(begun.location, name))


def is_in(client: FlaskClient) -> bool:
    return client.get("/dashboard/07sor/").status_code == 200


def test_a_member_logs_in_and_is_sent_where_they_wanted(app: Flask, alice: None) -> None:
    client = app.test_client()
    page = client.get("/dashboard/07sor/tokens", follow_redirects=True)
    assert "Log in with Fjordgruppen" in pages.check(page)

    answer = log_in(client, "alice", next="/dashboard/07sor/tokens")

    assert answer.location == "/dashboard/07sor/tokens"
    assert is_in(client)


def test_after_the_first_time_the_address_may_change(app: Flask, alice: None) -> None:
    """Issuer and subject are somebody's for ever; an address may become another's (section 5.7)."""
    log_in(app.test_client(), "alice")
    with app.app_context():
        staff.by_email(db.session(), "alice@example.no").email = "alice@elsewhere.example"
        db.session.commit()
    client = app.test_client()

    log_in(client, "alice")

    assert is_in(client)


@pytest.mark.parametrize("name", ["carol", "unverified-alice"])
def test_who_is_no_member_stays_out(app: Flask, alice: None, name: str) -> None:
    if name.startswith("unverified"):
        with app.app_context():
            staff.add(db.session(), f"{name}@example.no", PASSWORD, ["07sor"], datetime.now(UTC))
    client = app.test_client()

    answer = log_in(client, name)

    assert answer.status_code == 401
    assert "no member here has your e-mail address" in pages.check(answer)
    assert not is_in(client)


def test_who_is_invited_needs_no_password(
    app: Flask, alice: None, mailbox: tuple[Mailbox, str]
) -> None:
    owner, client = app.test_client(), app.test_client()
    log_in(owner, "alice")
    owner.post("/dashboard/07sor/people", data={"email": "nina@example.no", "role": "viewer"})
    mailbox[0].wait_for(1)
    (link,) = re.findall(rf"{SERVER}(\S+)", mailbox[0].taken[0].get_content())
    page = client.get(link).get_data(as_text=True)
    (begin,) = re.findall(r'href="(/dashboard/-/oidc[^"]+)"', page)

    begun = client.get(begin.replace("&amp;", "&"))
    back = client.get(log_in_there(begun.location, "nina")).location
    client.post(back)

    assert is_in(client)
    assert "You log in with Fjordgruppen" in pages.check(client.get("/dashboard/-/account?lang=en"))
    refused = app.test_client().post(
        "/dashboard/login", data={"email": "nina@example.no", "password": ""}
    )
    assert refused.status_code == 401


def test_an_invitation_is_for_its_own_address(app: Flask, alice: None) -> None:
    owner, client = app.test_client(), app.test_client()
    log_in(owner, "alice")
    owner.post("/dashboard/07sor/people", data={"email": "nina@example.no", "role": "viewer"})

    answer = log_in(client, "carol", invitation="made-up")

    assert answer.status_code == 401


def test_an_answer_that_was_not_asked_for_logs_nobody_in(app: Flask, alice: None) -> None:
    """Else a stranger could log somebody in as themselves, and see what they type in."""
    thief, victim = app.test_client(), app.test_client()
    path = log_in_there(thief.get("/dashboard/-/oidc").location, "alice")

    answer = victim.get(path)

    assert answer.status_code == 401
    assert "refused the login" in pages.check(answer)
    assert not is_in(victim)


def test_an_answer_opens_once(app: Flask, alice: None) -> None:
    client = app.test_client()
    path = log_in_there(client.get("/dashboard/-/oidc").location, "alice")
    client.get(path)
    client.post("/dashboard/logout")

    assert client.get(path).status_code == 401


def test_who_declines_there_is_told(app: Flask) -> None:
    client = app.test_client()
    client.get("/dashboard/-/oidc")

    answer = client.get("/dashboard/-/oidc/callback?error=access_denied&state=x")

    assert answer.status_code == 401


def test_a_provider_that_is_away_is_said(settings: dict[str, Any]) -> None:
    away = {
        "oidc_issuer": f"http://127.0.0.1:{free_port()}",
        "oidc_client_id": "samtykke",
        "oidc_client_secret": "a-secret",
    }
    client = make_app({**settings, **away}).test_client()

    answer = client.get("/dashboard/-/oidc")

    assert answer.status_code == 503
    assert "127.0.0.1 does not answer" in pages.check(answer)


def test_without_a_provider_there_is_no_such_page(client: FlaskClient, settings: Any) -> None:
    plain = make_app(settings).test_client()

    assert plain.get("/dashboard/-/oidc").status_code == 404
    assert "Or use a password" not in pages.check(plain.get("/dashboard/login?lang=en"))


def test_half_a_provider_is_said_at_the_start() -> None:
    with pytest.raises(SettingError, match="CONSENT_OIDC_CLIENT_ID"):
        rules.read({"CONSENT_SECRET_KEYS": KEY, "CONSENT_OIDC_ISSUER": "https://login.example.no"})
