"""The staff's pages of versions: all of them, one, the comparison of two, and the site file as it was published."""

import tomllib
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.core.db import db
from consent.notice import publishing
from consent.people import staff
from tests import factories, pages
from tests.conftest import PASSWORD

PAGES = ("versions", "versions/1", "versions/2", "versions/3", "versions/3/since/1")


@pytest.fixture
def bob(app: Flask, client: FlaskClient) -> FlaskClient:
    """Looks after the shop, which has three versions: another recipient, then a right in other words, lowered."""
    renamed = factories.shop(**{"Counter GmbH": "Zähler GmbH"})
    reworded = renamed.replace('text.en = "Ask us."', 'text.en = "Write to us."')
    with app.app_context():
        session, now = db.session(), datetime.now(UTC)
        staff.add(session, "bob@example.no", PASSWORD, ["krukke"], now)
        publishing.publish(session, renamed, now)
        publishing.publish(session, reworded, now, lowered_because="The same in other words")
    client.post("/dashboard/login", data={"email": "bob@example.no", "password": PASSWORD})
    return client


def read(client: FlaskClient, path: str) -> str:
    return pages.check(client.get(f"/dashboard/krukke/{path}?lang=en"), "en")


def test_each_says_what_it_changed_and_who_was_asked_again(bob: FlaskClient) -> None:
    third, second, first = (
        read(bob, "versions").partition("Versions never change")[2].split("Version ")[1:4]
    )

    assert third.startswith("3 ")
    assert "Current" in third
    assert "Changed Your rights: Access" in third
    assert "for this reason: The same in other words" in third
    assert "Nobody was asked again." in third
    assert "Material change" in second
    assert "Changed Recipient: Zähler GmbH (Name)" in second
    assert "Visitors who had accepted Statistics, Finding your size were asked again." in second
    assert "Nobody was asked again: this is the first version." in first


def test_a_version_says_by_meaning_what_it_changed(bob: FlaskClient) -> None:
    said = read(bob, "versions/2")

    assert "Changes in meaning" in said
    assert "Changed Recipient: Zähler GmbH (Name) Another recipient receives data." in said
    assert "Counter Zähler GmbH" in said
    assert "English, Norwegian bokmål" in said


def test_a_version_leads_to_all_that_there_is_of_it(bob: FlaskClient) -> None:
    page = bob.get("/dashboard/krukke/versions/2?lang=en").get_data(as_text=True)

    for path in (
        "/privacy/krukke/versions/2?lang=en",
        "/privacy/krukke/versions/2.json",
        "/dashboard/krukke/versions/2.toml?lang=en",
    ):
        assert f'href="{path}"' in page
        assert bob.get(path).status_code == 200


def test_the_site_file_is_the_one_that_was_published(bob: FlaskClient) -> None:
    answer = bob.get("/dashboard/krukke/versions/1.toml")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="krukke-1.toml"'
    assert answer.get_data(as_text=True) == factories.shop()
    assert tomllib.loads(answer.get_data(as_text=True))["site"]["key"] == "krukke"


def test_any_two_are_compared(bob: FlaskClient) -> None:
    chosen = bob.get("/dashboard/krukke/versions/compare?from=3&to=1&lang=en")
    said = pages.check(bob.get(chosen.location))

    assert (chosen.status_code, chosen.location) == (
        303,
        "/dashboard/krukke/versions/3/since/1?lang=en",
    )
    assert "From version 1 to version 3" in said
    assert "Another recipient receives data." in said
    assert "asked again: Statistics, Finding your size" in said


def test_there_may_be_many(app: Flask, bob: FlaskClient) -> None:
    with app.app_context():
        for number in range(4, 24):
            source = factories.shop(**{"Five years": f"{number} years"})
            publishing.publish(db.session(), source, datetime.now(UTC))

    newest = bob.get("/dashboard/krukke/versions?lang=en")
    assert "versions/4?" in newest.get_data(as_text=True)
    assert "versions/3?" not in newest.get_data(as_text=True)
    assert len(newest.data) < 100_000
    older = pages.check(bob.get("/dashboard/krukke/versions?below=4&lang=en"))
    assert "Version 3" in older
    assert "Nobody was asked again: this is the first version." in older


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_they_are_good_pages_in_each_language(bob: FlaskClient, language: str) -> None:
    for path in PAGES:
        answer = bob.get(f"/dashboard/krukke/{path}?lang={language}")
        pages.check(answer, language)
        assert len(answer.data) < 100_000


@pytest.mark.parametrize("path", ["versions/4", "versions/0", "versions/3/since/9"])
def test_what_was_never_published_is_not_found(bob: FlaskClient, path: str) -> None:
    assert bob.get(f"/dashboard/krukke/{path}").status_code == 404


def test_which_two_has_to_be_said(bob: FlaskClient) -> None:
    assert bob.get("/dashboard/krukke/versions/compare?from=1").status_code == 404
