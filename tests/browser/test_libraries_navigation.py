"""Libraries that fetch the next page and put it in the place of the one that is there: the window stays, with all that
ran in it.
"""

from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import banner
from tests.browser.libraries import (
    IN_BODY,
    IN_HEAD,
    ONCE_EACH,
    Trial,
    accept,
    assert_asks,
    assert_stays,
    source,
    tag,
    wait_until_started,
)
from tests.browser.test_gate import external, inline, note, ran

NAMES = ("Pots", "Cups", "Bowls")
LINKS = "".join(f'<a href="/{name.lower()}">{name}</a> ' for name in NAMES)


@pytest.fixture
def trial(bench, page, new_context) -> Trial:
    return Trial(bench, page, new_context().new_page())


def shop(trial: Trial, head: str, main: str = "", body: str = "") -> Callable[[str], str]:
    """Three pages that are alike but for their heading; `main` is in the part that changes."""

    def put(script: str) -> str:
        for name in NAMES:
            trial.bench.page(
                f"<head>{script}{head}</head><body {body}><nav>{LINKS}</nav>"
                f'<main id="swup" class="transition-main"><h1>{name}</h1>{main}</main></body>',
                f"/{name.lower()}",
            )
        return trial.bench.origin("localhost") + "/pots"

    return put


def arrived(page: Page, name: str) -> None:
    """Also the transition is over: one that another cuts short is an uncaught error, with the banner or without."""
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.wait_for_function("!document.documentElement.matches(':active-view-transition')")


def visit(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("link", name=name).click()
        arrived(page, name)
        expect(page).to_have_url(f"{page.url.rsplit('/', 1)[0]}/{name.lower()}")


def go_round(page: Page) -> None:
    """Visits every page and goes back through the history, all within one window."""
    page.evaluate("() => { window.same = true }")
    visit(page, "Cups", "Bowls", "Pots")
    page.go_back()
    arrived(page, "Bowls")
    page.go_back()
    arrived(page, "Cups")
    visit(page, "Pots")
    assert page.evaluate("window.same"), "the page was loaded anew"


def wait_until_times(page: Page, name: str, times: int) -> None:
    page.wait_for_function(
        "([name, times]) => window.ran?.filter((each) => each === name).length >= times",
        arg=[name, times],
    )


class TestTurbo:
    HEAD = tag("@hotwired/turbo/dist/turbo.es2017-umd.js")
    NO_PREVIEW = '<meta name="turbo-cache-control" content="no-preview">'

    def test_what_waits_in_the_head_runs_once(self, trial):
        put = shop(trial, self.HEAD + IN_HEAD)
        trial.holds(put, go_round, Counter(["head"]))

    def test_what_waits_in_the_body_runs_as_often_as_what_does_not(self, trial):
        """Turbo runs what is in a body at each visit."""
        free = f"<script>{note('free')}</script>"
        put = shop(trial, self.HEAD + self.NO_PREVIEW, IN_BODY + free)
        page = trial.page
        page.goto(put(trial.bench.script))
        go_round(page)
        assert_asks(page)
        assert set(ran(page)) == {"free"}
        page.evaluate("() => { window.ran = ['free'] }")
        accept(page)
        for number, name in enumerate(("Cups", "Bowls", "Pots"), start=1):
            wait_until_times(page, "film", number)
            visit(page, name)
        wait_until_times(page, "film", 4)
        assert_stays(page, Counter({"free": 4, "inline": 4, "outside": 4, "film": 4}))

    def test_a_withdrawal_holds_for_pages_from_the_cache(self, trial):
        """Turbo keeps copies of pages as they were left, and shows one until the server has answered."""
        page = trial.page
        page.goto(shop(trial, self.HEAD, IN_BODY)(trial.bench.script))
        accept(page)
        wait_until_started(page, ONCE_EACH - Counter(["head"]))
        visit(page, "Cups")
        wait_until_times(page, "film", 2)
        banner.withdraw(page)
        banner.wait_until_received(page)
        page.evaluate("() => { window.ran = [] }")
        visit(page, "Pots", "Cups", "Bowls")
        page.go_back()
        arrived(page, "Cups")
        expect(page.frame_locator("iframe").locator("[data-consent-once]")).to_be_visible()
        assert ran(page) == []

    def test_a_visitor_is_asked_on_each_page_until_there_is_a_choice(self, trial):
        page = trial.page
        page.goto(shop(trial, self.HEAD)(trial.bench.script))
        for name in ("Cups", "Bowls", "Pots"):
            visit(page, name)
            assert_asks(page)

    def test_a_page_from_the_cache_has_no_second_banner(self, trial):
        """Turbo keeps copies of pages, as they were left: one with the question, when it has been answered since."""
        page = trial.page
        page.goto(shop(trial, self.HEAD)(trial.bench.script))
        visit(page, "Cups")
        accept(page)
        page.go_back()
        arrived(page, "Pots")
        assert_stays(page, Counter())


class TestSwup:
    START = "addEventListener('DOMContentLoaded', () => { window.swup = new Swup({animationSelector: false}) });"
    HEAD = tag("swup/dist/Swup.umd.js") + f"<script>{START}</script>"

    def test_what_waits_outside_of_what_is_swapped_runs_once(self, trial):
        trial.holds(shop(trial, self.HEAD + IN_HEAD), go_round, Counter(["head"]))

    def test_what_waits_inside_runs_as_it_arrives(self, trial):
        put = shop(trial, self.HEAD + IN_HEAD, IN_BODY)
        page = trial.page
        page.goto(put(trial.bench.script))
        go_round(page)
        assert_asks(page)
        assert ran(page) == []
        accept(page)
        wait_until_started(page, ONCE_EACH)
        visit(page, "Cups")
        wait_until_times(page, "film", 2)
        assert_stays(page, Counter({"head": 1, "inline": 2, "outside": 2, "film": 2}))


class TestHtmx:
    HEAD = tag("htmx.org/dist/htmx.min.js")

    def test_boosted_links(self, trial):
        put = shop(trial, self.HEAD + IN_HEAD, body="hx-boost:inherited=true")
        trial.holds(put, go_round, Counter(["head"]))

    def test_what_waits_in_what_arrives(self, trial):
        put = shop(trial, self.HEAD, IN_BODY, body="hx-boost:inherited=true")
        page = trial.page
        page.goto(put(trial.bench.script))
        go_round(page)
        assert_asks(page)
        assert ran(page) == []
        accept(page)
        wait_until_times(page, "film", 1)
        visit(page, "Cups")
        wait_until_times(page, "film", 2)
        assert_stays(page, Counter({"inline": 2, "outside": 2, "film": 2}))


# The addresses of scripts of other origins that are put into the page to run, whatever becomes of them.
WATCH_SCRIPTS = """() => {
  window.newScripts = [];
  const isForeign = ({ tagName, src }) => tagName === "SCRIPT" && src && !src.startsWith(location.origin);
  new MutationObserver((records) => {
    for (const { addedNodes, target } of records) {
      if (target !== document.head) newScripts.push(...[...addedNodes].filter(isForeign).map(({ src }) => src));
    }
  }).observe(document, { childList: true, subtree: true });
}"""


class TestAstro:
    """A stand-in for its client router: see client_router.js."""

    HEAD = '<script type="module" src="/client_router.js"></script>'

    @pytest.fixture(autouse=True)
    def router(self, bench) -> None:
        bench.javascript("/client_router.js", source("client_router.js").read_text())

    def test_what_waits_runs_once_as_what_does_not(self, trial):
        put = shop(trial, self.HEAD + IN_HEAD, inline("inline") + external("/outside.js"))
        trial.holds(put, go_round, ONCE_EACH - Counter(["film"]))

    def test_the_settings_work_on_every_page(self, trial):
        """They come with a script that hangs below <html>, which Astro takes for one that has not run yet."""
        page = trial.page
        page.goto(shop(trial, self.HEAD)(trial.bench.script))
        banner.open_settings(page)
        page.keyboard.press("Escape")
        go_round(page)
        banner.open_settings(page)
        expect(page.locator(banner.SETTINGS)).to_have_count(1)
        page.locator(banner.purpose("analytics")).check()
        page.locator(banner.SAVE).click()
        page.wait_for_function("consent.get().purposes.analytics")
        assert not trial.said

    def test_none_of_our_scripts_runs_twice(self, trial):
        page = trial.page
        page.goto(shop(trial, self.HEAD)(trial.bench.script))
        banner.open_settings(page)
        page.keyboard.press("Escape")
        page.evaluate(WATCH_SCRIPTS)
        go_round(page)
        assert page.evaluate("window.newScripts") == []
