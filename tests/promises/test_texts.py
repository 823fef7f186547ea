"""What an editor writes into a site file, and a stranger into an address, is text on every page, and no markup."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.core.db import db
from consent.notice import publishing
from consent.people import staff
from consent.site import schema
from tests.conftest import PASSWORD, make_app
from tests.factories import CHROME, SHOP
from tests.promises.test_access import ARGUMENTS

# Ends attributes, elements and scripts, wherever it stands.
HOSTILE = """'">]]></title></textarea></script><!-- --><x-evil onx=1></x-evil>{{7*7}}"""
# Pages that show such texts; the test would say nothing of others.
TELLING = {
    *("/privacy/krukke/", "/privacy/krukke/versions/2", "/privacy/krukke/feed.atom"),
    *("/dashboard/krukke/", "/dashboard/krukke/preview/stage", "/dashboard/krukke/draft"),
    "/e/krukke/2/en/settings",
}
FREE = re.compile(r'^((?:introduction|name|title|description|task|note|what|whose|why|period|use|text)'
                  r'(?:\.\w+)? = )"(.*)"$', re.MULTILINE)  # fmt: skip


def hostile() -> str:
    """The shop's site file, in which each text ends so, but the names of cookies, which are none."""
    found = FREE.sub(lambda line: f"{line[1]}{json.dumps(line[2] + HOSTILE)}", SHOP)
    return found.replace(json.dumps("_count" + HOSTILE), '"_count"')


@pytest.fixture
def app(settings: dict[str, Any]) -> Flask:
    made = make_app(settings)
    with made.app_context():
        publishing.publish(db.session(), hostile(), datetime.now(UTC))
        staff.add(db.session(), "bob@example.no", PASSWORD, ["krukke"], datetime.now(UTC))
    return made


@pytest.fixture
def bob(client: FlaskClient) -> FlaskClient:
    client.post("/dashboard/login", data={"email": "bob@example.no", "password": PASSWORD})
    client.environ_base["HTTP_USER_AGENT"] = CHROME
    return client


def addresses(app: Flask) -> list[str]:
    """Every page of the site, the version with these texts and all that changed with it."""
    known = {**ARGUMENTS, "site": "krukke", "number": 2, "old": 1, "language": "en"}
    names = {"embed.fragment": ("settings", "cookies", "notice"), "figures.card": ("pages",)}
    adapter, found = app.url_map.bind("localhost"), []
    for rule in app.url_map.iter_rules():
        if "site" in rule.arguments and "GET" in (rule.methods or ()):
            for name in names.get(rule.endpoint, ("visits",)):
                given = {each: known.get(each, name) for each in rule.arguments}
                found.append(adapter.build(rule.endpoint, given, "GET"))
    stage = "/dashboard/krukke/preview/stage?show="
    return [*found, *(stage + each for each in ("banner", "settings", "notice", "cookies"))]


def is_told(body: str, kind: str) -> bool:
    """Whether the body has the text; fails where it became markup."""
    if kind.startswith("text/html"):
        tree = html5lib.parse(body, namespaceHTMLElements=False)
        assert tree.find(".//x-evil") is None
        assert not [each for each in tree.iter() if "onx" in each.attrib]
    elif "xml" in kind:
        tree = ElementTree.fromstring(body)
        assert not [each for each in tree.iter() if each.tag.endswith("x-evil")]
    elif "javascript" in kind:
        assert "<x-evil" not in body
        # The banner's words are HTML.
        assert "\\u003cx-evil" not in body
        assert "</script" not in body
    return "x-evil" in body


def test_no_page_takes_it_for_markup(app: Flask, bob: FlaskClient) -> None:
    assert schema.parse(hostile()).site.name.endswith(HOSTILE)
    told = set()
    for address in addresses(app):
        answer = bob.get(address)
        if "image/gif" not in answer.content_type and is_told(answer.text, answer.content_type):
            told.add(address.partition("?")[0])
    script = bob.get("/e/krukke.js")
    assert is_told(script.text, script.content_type)
    assert told >= TELLING


@pytest.mark.parametrize("where", ["http://[x", "//[", "?#?", "http://a/?decisions=\xff"])
def test_an_address_that_is_none_is_no_error(bob: FlaskClient, where: str) -> None:
    for part in ("figures", "cards/pages"):
        answer = bob.get(f"/dashboard/krukke/{part}", headers={"HX-Current-URL": where})
        assert answer.status_code == 200
