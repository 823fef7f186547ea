"""One Chromium for all tests; for each test a consent server, the demo website and a bench to build pages on.

The websites are visited as `localhost` and the consent server as `127.0.0.1`: different sites to the browser,
which share no cookie.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from sqlalchemy import select

from consent.core.db import db
from consent.demo import site_file, website
from consent.models import Decision
from tests.browser.install import chromium_path
from tests.browser.servers import Bench, Server
from tests.conftest import publish_once

HERE = Path(__file__).parent
NODE_MODULES = HERE.parents[1] / "node_modules"
HTMX = NODE_MODULES / "htmx.org/dist/htmx.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Only what fails takes this long; a busy machine may take some of it.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


# About what the server stores, and not only about what a visitor sees.
OF_THE_DATABASE = {
    "test_dashboard",
    "test_days",
    "test_journey",
    "test_offline",
    "test_privacy_handover",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.path.stem in OF_THE_DATABASE:
                item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def ports() -> Iterator[dict[str, Server]]:
    """The three servers, not yet running. They keep their ports, so that the site file is published once."""
    servers = {name: Server() for name in ("consent", "website", "bench")}
    yield servers
    for each in servers.values():
        each.release()


@pytest.fixture(scope="session")
def published(ports: dict[str, Server], databases: Any) -> Iterator[str]:
    """A database with the demo's site file in force, for the origins under which the tests serve websites."""
    hosts = ("localhost", "app.localhost", "sub.app.localhost")
    benches = "".join(f'"{ports["bench"].origin(host)}", ' for host in hosts)
    source = site_file(ports["website"].origin("127.0.0.1"))
    yield from publish_once(databases, source.replace("origins = [", f"origins = [{benches}", 1))


@pytest.fixture
def consent(app: Flask, ports: dict[str, Server]) -> Iterator[Server]:
    yield from ports["consent"].serve(app)


@pytest.fixture
def consent_url(consent: Server) -> str:
    return consent.origin("127.0.0.1")


@pytest.fixture(scope="session")
def demo_website(ports: dict[str, Server]) -> Flask:
    source = site_file(ports["website"].origin("127.0.0.1"))
    return website.create_app(ports["consent"].origin("127.0.0.1"), source)


@pytest.fixture
def site(consent: Server, demo_website: Flask, ports: dict[str, Server]) -> Iterator[str]:
    """The demo website's address."""
    for running in ports["website"].serve(demo_website):
        yield running.origin("localhost")


@pytest.fixture
def bench(consent_url: str, ports: dict[str, Server]) -> Iterator[Bench]:
    bench = Bench(ports["bench"], consent_url)
    for _ in ports["bench"].serve(bench.app):
        yield bench


@pytest.fixture(scope="session")
def user_agent(browser: Browser) -> str:
    """What the same Chromium calls itself with windows; without, it is a robot, whose page views do not count."""
    page = browser.new_page()
    name: str = page.evaluate("navigator.userAgent")
    page.close()
    return name.replace("HeadlessChrome", "Chrome")


@pytest.fixture
def new_context(browser: Browser, user_agent: str) -> Iterator[Callable[..., BrowserContext]]:
    """Makes contexts with options of their own: a context is a browser that has been nowhere yet."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"locale": "nb-NO", "user_agent": user_agent, **options})
        context.set_default_timeout(PATIENCE_MS)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def context(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    return new_context()


@pytest.fixture
def requests(context: BrowserContext) -> list[str]:
    """The address of every request that the context makes."""
    addresses: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    return addresses


@pytest.fixture
def page(context: BrowserContext, requests: list[str]) -> Page:
    return context.new_page()


@pytest.fixture
def decisions(app: Flask) -> Callable[[], list[Decision]]:
    """Reads what the ledger holds, the oldest first."""

    def read() -> list[Decision]:
        with app.app_context():
            return list(db.session.scalars(select(Decision).order_by(Decision.decided_at)))

    return read
