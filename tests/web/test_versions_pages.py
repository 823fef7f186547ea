"""Versions of a notice: each as it was, what it changed, the comparison of two, the feed, and the same as data."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.core.db import db
from consent.notice import publishing
from tests import factories, pages

ATOM = {"atom": "http://www.w3.org/2005/Atom"}


@pytest.fixture(autouse=True)
def three_versions(app: Flask) -> None:
    """The shop's: another recipient, then a right less, which its publisher does not take for much."""
    with app.app_context():
        now = datetime.now(UTC)
        renamed = factories.shop(**{"Counter GmbH": "Zähler GmbH"})
        publishing.publish(db.session(), renamed, now)
        fewer = renamed.replace('text.en = "Ask us."', 'text.en = "Write to us."')
        publishing.publish(db.session(), fewer, now, lowered_because="The same in other words")


def read(client: FlaskClient, path: str, language: str = "en") -> str:
    return pages.check(client.get(f"/privacy/krukke{path}?lang={language}"), language)


def test_all_are_listed_the_newest_first(client: FlaskClient) -> None:
    said = read(client, "/versions")

    assert said.index("Version 3") < said.index("Version 2") < said.index("Version 1")
    assert said.count("Material change") == 1
    assert "Current" in said


def test_each_can_be_read_as_it_was(client: FlaskClient) -> None:
    assert "Counter GmbH" in read(client, "/versions/1")
    second = read(client, "/versions/2")
    assert "no longer the current one" in second
    assert "Changed Recipient: Zähler GmbH (Name) Another recipient receives data." in second
    assert "Counter Zähler GmbH" in second


def test_why_a_change_was_lowered_is_shown(client: FlaskClient) -> None:
    assert "for this reason: The same in other words" in read(client, "/versions/3")


def test_two_are_compared_and_it_says_who_is_asked_again(client: FlaskClient) -> None:
    said = read(client, "/versions/3/since/1")

    assert "Another recipient receives data." in said
    assert "asked again: Statistics, Finding your size" in said
    chosen = client.get("/privacy/krukke/versions/compare?from=3&to=1")
    assert (chosen.status_code, chosen.location) == (303, "/privacy/krukke/versions/3/since/1")


def test_in_another_language_the_same_is_said(client: FlaskClient) -> None:
    assert "Zähler GmbH" in read(client, "/versions/3/since/1", "nb")


@pytest.mark.parametrize(
    "path",
    [
        "/versions/4",
        "/versions/0",
        "/versions/3/since/9",
        "/versions/compare",
        "/versions/99999999999",
    ],
)
def test_what_was_never_published_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/privacy/krukke{path}").status_code == 404


def test_a_row_of_any_name_is_shown(app: Flask, client: FlaskClient) -> None:
    more = '\n[[statements]]\nkey = "cookies"\ntitle = {en = "C", nb = "C"}\ntext = {en = "We do more.", nb = "Mer."}\n'
    with app.app_context():
        publishing.publish(db.session(), factories.shop() + more, datetime.now(UTC))

    assert "Added Other information: C" in read(client, "/versions/4")


def test_who_reads_a_language_that_is_gone_sees_the_changes(
    app: Flask, client: FlaskClient
) -> None:
    source = re.sub(r"(?m)^\w+\.nb = .*\n", "", factories.shop()).replace('["en", "nb"]', '["en"]')
    with app.app_context():
        publishing.publish(db.session(), source, datetime.now(UTC))

    said = pages.check(client.get("/privacy/krukke/versions/4/since/2?lang=nb"), "en")
    assert "Changes that may matter to you" in said


def test_the_feed_has_an_entry_for_each(client: FlaskClient) -> None:
    answer = client.get("/privacy/krukke/feed.atom?lang=en")

    feed = ElementTree.fromstring(answer.data)
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    entries = feed.findall("atom:entry", ATOM)
    ids = [entry.findtext("atom:id", namespaces=ATOM) for entry in entries]
    assert ids == [f"http://localhost/privacy/krukke/versions/{number}" for number in (3, 2, 1)]
    said = entries[1].findtext("atom:content", namespaces=ATOM) or ""
    assert "Another recipient receives data." in said
    assert "<ins>" in said
    assert entries[1].findtext("atom:title", namespaces=ATOM) == "Version 2 · Material change"


def test_a_version_is_there_as_data_for_ever(client: FlaskClient) -> None:
    answer = client.get("/privacy/krukke/versions/2.json")

    found = answer.get_json()
    assert (found["number"], found["material"]) == (2, True)
    assert found["notice"]["processors"][0]["name"] == "Zähler GmbH"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_version_is_there_in_the_data_privacy_vocabulary(client: FlaskClient) -> None:
    answer = client.get("/privacy/krukke/versions/2.jsonld")

    found = answer.get_json()
    assert answer.content_type == "application/ld+json"
    assert found["@id"] == "http://localhost/privacy/krukke/versions/2"
    assert [each["dpv:hasName"] for each in found["dpv:hasRecipient"]] == ["Zähler GmbH"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_current_document_names_them(client: FlaskClient) -> None:
    addresses = client.get("/privacy/krukke/current.json").get_json()["addresses"]

    for name in ("versions", "feed", "json", "json_ld"):
        assert client.get(addresses[name]).status_code == 200
