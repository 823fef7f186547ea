"""Pages that React renders whole, <html> and all: on the server, and once more in the browser, over what came.

React takes the page for its own then. What others have put where it expects a child of its own makes it throw the
page away and build it anew, or fail.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import banner, libraries
from tests.browser.conftest import NODE_MODULES
from tests.browser.libraries import ONCE_EACH, Trial, accept, assert_asks, assert_stays

ESBUILD = NODE_MODULES / ".bin/esbuild"
# package.json has the older one under other names.
ALIASES = {"18": ["--alias:react=react-18", "--alias:react-dom=react-dom-18"], "19": []}
CLIENT = "**/client.js"
SCRIPT = "**/e/07sor.js"


class React:
    """The application of react/page.jsx, built with one version of React."""

    def __init__(self, version: str, build: str, out: Path) -> None:
        self.version = version
        self.client = self._bundle("client", build, out).read_text()
        self._server = self._bundle("server", build, out, "--platform=node")

    def _bundle(self, name: str, build: str, out: Path, *more: str) -> Path:
        bundle = out / f"{name}.js"
        options = ["--bundle", "--minify", "--jsx=automatic", f"--outfile={bundle}"]
        mode = f'--define:process.env.NODE_ENV="{build}"'
        page = libraries.source(f"react/{name}.jsx")
        subprocess.run(
            [ESBUILD, page, "--log-level=warning", *options, mode, *ALIASES[self.version], *more],
            check=True,
            cwd=NODE_MODULES.parent,
        )
        return bundle

    def rendered(self, **props: Any) -> list[str]:
        """What the server sends at once, and what it sends later."""
        command = ["node", self._server, json.dumps(props)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], React]:
    known: dict[tuple[str, str], React] = {}

    def build(version: str, mode: str) -> React:
        if (version, mode) not in known:
            out = tmp_path_factory.mktemp(f"react-{version}-{mode}")
            known[version, mode] = React(version, mode, out)
        return known[version, mode]

    return build


@pytest.fixture(params=ALIASES)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["development", "production"])
def react(
    request: pytest.FixtureRequest, built: Callable[[str, str], React], version: str
) -> React:
    """React says more in development, and gives up on other things than in production."""
    return built(version, request.param)


@pytest.fixture
def in_production(built: Callable[[str, str], React], version: str) -> React:
    return built(version, "production")


@pytest.fixture
def trial(bench, page, new_context) -> Trial:
    return Trial(bench, page, new_context().new_page())


@pytest.fixture
def rest(bench) -> Iterator[threading.Event]:
    """Lets the server send what comes later."""
    event = threading.Event()
    yield event
    event.set()


class Shop:
    """The application's page, without the banner and with it; hydration waits until a test lets it begin."""

    def __init__(
        self, trial: Trial, react: React, rest: threading.Event | None = None, **props: Any
    ) -> None:
        self.trial = trial
        self.rest = rest
        trial.bench.javascript("/client.js", react.client)
        src = trial.bench.script.split('"')[1]
        parts = {"/alone": react.rendered(**props), "/shop": react.rendered(script=src, **props)}
        self.addresses = {
            path: libraries.put_whole(trial.bench, path, lambda it=it: self._send(*it))
            for path, it in parts.items()
        }

    def _send(self, shell: str, later: str) -> Iterator[str]:
        yield shell
        if self.rest:
            self.rest.wait(20)
        yield later

    def open(self, page: Page, path: str, held: str = CLIENT) -> Callable[[], None]:
        """Returns what lets the held script go on."""
        routes: list[Route] = []
        page.route(held, lambda route: routes.append(route), times=1)
        with page.expect_request(held):
            page.goto(self.addresses[path], wait_until="commit")
        page.locator("h1").evaluate("(heading) => { heading.fromServer = true }")

        return lambda: routes[0].continue_()

    def alone(self, use: Callable[[Page], None]) -> None:
        """What React complains about anyway."""
        page = self.trial.other_page
        self.open(page, "/alone")()
        use(page)


def is_hydrated(page: Page) -> None:
    """React took over what the server sent, and did not build it anew."""
    page.wait_for_function("window.hydrated")
    assert page.locator("h1").evaluate("(heading) => heading.fromServer === true"), "built anew"


def count(page: Page) -> None:
    """The page does what React is for."""
    is_hydrated(page)
    button = page.get_by_role("button", name="Pressed")
    pressed = int(button.inner_text().split()[1])
    button.click()
    expect(button).to_have_text(f"Pressed {pressed + 1}")


class TestWholePage:
    def test_a_banner_that_is_there_before_react(self, trial, react):
        shop = Shop(trial, react)
        shop.alone(count)
        page = trial.page
        hydrate = shop.open(page, "/shop")
        assert_asks(page)
        hydrate()
        self.holds(trial)

    def test_a_banner_that_comes_after_react(self, trial, in_production):
        shop = Shop(trial, in_production)
        shop.alone(count)
        show_banner = shop.open(trial.page, "/shop", SCRIPT)
        count(trial.page)
        show_banner()
        self.holds(trial)

    def holds(self, trial: Trial) -> None:
        page = trial.page
        count(page)
        assert_asks(page)
        assert libraries.ran(page) == []
        accept(page)
        libraries.wait_until_started(page, ONCE_EACH)
        count(page)
        assert_stays(page, ONCE_EACH)
        trial.no_new_complaints()

    def test_a_choice_before_react_comes(self, trial, in_production):
        shop = Shop(trial, in_production)
        shop.alone(count)
        page = trial.page
        hydrate = shop.open(page, "/shop")
        accept(page)
        libraries.wait_until_started(page, ONCE_EACH)
        hydrate()
        count(page)
        assert_stays(page, ONCE_EACH)
        trial.no_new_complaints()

    def test_the_next_page_view(self, trial, in_production):
        """What was agreed to runs before React looks at the page."""
        shop = Shop(trial, in_production)
        shop.alone(count)
        page = trial.page
        shop.open(page, "/shop")()
        accept(page)
        hydrate = shop.open(page, "/shop")
        libraries.wait_until_started(page, ONCE_EACH)
        hydrate()
        count(page)
        assert_stays(page, ONCE_EACH)
        trial.no_new_complaints()

    def test_settings_that_are_opened_before_react_comes(self, trial, in_production):
        """They come with a script of their own, which is put into the page."""
        shop = Shop(trial, in_production)
        shop.alone(count)
        page = trial.page
        hydrate = shop.open(page, "/shop")
        banner.open_settings(page)
        hydrate()
        is_hydrated(page)
        page.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
        libraries.wait_until_started(page, ONCE_EACH)
        count(page)
        assert_stays(page, ONCE_EACH)
        trial.no_new_complaints()


def test_routes_whose_scripts_were_started_can_be_left(trial, in_production):
    """React removes what it has made, and throws when that is no longer where it was."""

    def go(page: Page, to: str) -> None:
        page.get_by_role("button", name=to).click()
        expect(page.get_by_role("heading", name="All")).to_have_text(f"All {to.lower()}")

    def back_and_forth(page: Page) -> None:
        count(page)
        for to in ("Cups", "Pots", "Cups", "Pots"):
            go(page, to)

    shop = Shop(trial, in_production, routes=True)
    shop.alone(back_and_forth)
    page = trial.page
    shop.open(page, "/shop")()
    back_and_forth(page)
    assert_asks(page)
    accept(page)
    libraries.wait_until_started(page, ONCE_EACH + libraries.Counter(["route"]))
    back_and_forth(page)
    assert_asks_nothing_more(page)
    trial.no_new_complaints()


def assert_asks_nothing_more(page: Page) -> None:
    """As often as a route is entered its script may run, but those of the whole page run once."""
    started = libraries.Counter(libraries.ran(page))
    assert_stays(page, started)
    assert started - libraries.Counter({"route": started["route"]}) == ONCE_EACH


def test_a_page_whose_end_comes_later(trial, in_production, rest):
    """The server sends the page with a gap, keeps the connection, and fills the gap when it can."""

    def complete(page: Page) -> None:
        expect(page.locator("#wait")).to_be_visible()
        count(page)
        rest.set()
        expect(page.locator("#reviews")).to_be_visible()
        expect(page.locator("#wait")).to_have_count(0)
        count(page)

    shop = Shop(trial, in_production, rest, streamed=True)
    shop.alone(complete)
    rest.clear()
    page = trial.page
    with page.expect_response(SCRIPT):
        hydrate = shop.open(page, "/shop")
    page.wait_for_function("window.consent")
    hydrate()
    complete(page)
    page.wait_for_load_state()
    assert_asks(page)
    assert libraries.ran(page) == []
    accept(page)
    libraries.wait_until_started(page, ONCE_EACH)
    count(page)
    assert_stays(page, ONCE_EACH)
    trial.no_new_complaints()
