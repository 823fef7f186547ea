"""Public figures show what the website and its visitors make, and no stranger's words."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser

from consent.core.db import db
from consent.demo import SITE_FILE
from consent.stats import sitemaps
from consent.stats.suppression import PUBLIC_K
from tests import pages
from tests.conftest import ORIGIN, publish
from tests.factories import hit
from tests.websites import Website, serving

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
LISTED = 'public_pages = ["/", "/tjenester", "/kundeservice", "/video", "/en"]'
WORDS = "buy-our-pills"
# Publishes the demo's site with these pages in its site file, at this origin.
Publish = Callable[..., None]


@pytest.fixture
def website() -> Iterator[Website]:
    with serving() as found:
        yield found


@pytest.fixture
def publish_with(app: Flask) -> Publish:
    def publish_site(public_pages: str, origin: str = ORIGIN) -> None:
        source = SITE_FILE.read_text()
        assert LISTED in source
        with app.app_context():
            publish(source.replace(LISTED, public_pages).replace(ORIGIN, origin))

    return publish_site


def read_sitemaps(app: Flask) -> None:
    with app.app_context():
        sitemaps.fetch_due(db.session(), lambda: NOON, ("127.0.0.1",))


def send(client: FlaskClient, views: int, path: str, referrer: str = "", **more: str) -> None:
    """As many page views as a stranger wants: they come from as many addresses as it takes."""
    with time_machine.travel(NOON, tick=False):
        for _ in range(views):
            hit(client, path, referrer, **more)


def shown(client: FlaskClient) -> str:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        answer = client.get("/privacy/07sor/visits?lang=en")
    pages.check(answer, "en")
    return answer.text


def rows(text: str, heading: str) -> dict[str, int]:
    """The rows of the table under a heading."""
    (card,) = [
        each for each in LexborHTMLParser(text).css(".tables .card") if heading in each.text()
    ]
    found = [[cell.text() for cell in row.css("th, td")] for row in card.css("tbody tr")]
    return {name: int(count) for name, count in found}


@pytest.mark.parametrize("views", [10, 40, 400])
class TestPaths:
    def test_one_that_a_stranger_made_up_is_not_named(self, client: FlaskClient, views: int):
        send(client, views, f"/{WORDS}")
        text = shown(client)
        assert WORDS not in text
        assert rows(text, "Pages") == {"All others": views}

    def test_nor_where_the_site_lists_none(self, client, publish_with: Publish, views):
        publish_with("")
        send(client, views, f"/{WORDS}")
        assert WORDS not in shown(client)

    @pytest.mark.parametrize("listed", [f"/{WORDS}", "/*"])
    def test_one_of_the_site_files_list_is_with_enough_views(
        self, client, publish_with: Publish, views, listed
    ):
        publish_with(f'public_pages = ["{listed}"]')
        send(client, views, f"/{WORDS}")
        assert (f"/{WORDS}" in rows(shown(client), "Pages")) == (views >= PUBLIC_K)

    def test_so_is_one_of_the_sites_sitemap(
        self, app: Flask, client, publish_with: Publish, website: Website, views
    ):
        website.files["/sitemap.xml"] = website.sitemap(f"/{WORDS}")
        publish_with("", website.origin)
        read_sitemaps(app)
        for path in (f"/{WORDS}", f"/{WORDS}-now", f"/{WORDS}/now"):
            send(client, views, path, Origin=website.origin)
        found = rows(shown(client), "Pages")
        enough = views >= PUBLIC_K
        assert found == (
            {f"/{WORDS}": views, "All others": 2 * views} if enough else {"All others": 3 * views}
        )


@pytest.mark.parametrize(
    ("written", "sent", "is_named"),
    [
        ("/shop/*", "/shop/cups", True),
        ("/shop/*", "/shop/cups/red", True),
        ("/shop/*", "/shop/", True),
        ("/shop/*", "/shop", False),
        ("/shop/*", "/shopping", False),
        ("/shop", "/shop/", False),
        ("/shop", "/shop?x=1", True),
        ("/kafé", "/kaf%C3%A9", True),
        ("/order/7301942/*", "/order/8402931/thanks", True),
        ("/*", "/", True),
    ],
)
def test_pages_of_the_list(client, publish_with: Publish, written, sent, is_named):
    publish_with(f'public_pages = ["{written}"]')
    send(client, PUBLIC_K, sent)
    named = rows(shown(client), "Pages").keys() - {"All others"}
    assert bool(named) == is_named


@pytest.mark.parametrize("views", [10, 40, PUBLIC_K - 1, PUBLIC_K])
@pytest.mark.parametrize(
    ("heading", "more"),
    [
        ("Referrers", {"referrer": "https://buy-our-pills.example/"}),
        ("Browser languages", {"Accept_Language": "eo"}),
    ],
)
def test_other_values_take_as_many(client: FlaskClient, views, heading, more):
    """What remains possible: somebody who sends so many visits has a host's name shown."""
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    send(client, views, "/", **headers)
    found = rows(shown(client), heading)
    assert list(found.values()) == [views]
    assert (found.keys() == {"All others"}) == (views < PUBLIC_K)


def test_values_below_it_add_up_over_the_days(client: FlaskClient):
    for days in range(5):
        with time_machine.travel(NOON - timedelta(days=days), tick=False):
            for _ in range(12):
                hit(client, "/tjenester", "https://www.bing.com/")
    text = shown(client)
    assert rows(text, "Pages") == {"/tjenester": 60}
    assert list(rows(text, "Referrers").values()) == [60]
