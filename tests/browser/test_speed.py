"""What the banner never makes anybody wait for. No clock is read: what counts is what comes before what."""

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import banner
from tests.browser.servers import Bench, Server

SCRIPT = "/e/07sor.js"
PARAGRAPH = f"<p>{'Båten seiler utover fjorden om morgenen. ' * 20}</p>"
ARTICLE = f"<main><h1>Fyret ved fjorden</h1>{PARAGRAPH * 12}</main>"
LANDING = """<main>
  <h1 style="font-size: 40px">Overnatt på fyret ved fjorden, med frokost og egen brygge</h1>
  <p style="font-size: 20px">Rommene vender mot sjøen, og båten henter deg på fastlandet så sent du vil. Ring
    eller skriv til oss, så finner vi en dag som passer, og sender deg alt du trenger å vite før turen.</p>
</main>"""
SHORT = "<main><h1>Fyret ved fjorden</h1></main>"


@pytest.fixture
def uncounted(app: Flask, bench: Bench) -> None:
    """The site counts no page views, so that a page need not say that it was viewed."""
    banner.put_in_force(app, bench, {'when = "always"': 'when = "never"'})


HASH = re.compile(r"[\w-]{43}\.js$")
AFTER = "/e/07sor/after.js"


def asked(consent: Server) -> list[str]:
    """The paths that the consent server was asked for, in their order."""
    return [HASH.sub("after.js", path) for path, _ in consent.seen]


class TestRequests:
    def test_the_banner_needs_one_request(self, page, bench, consent, uncounted):
        page.goto(bench.page(bench.script + ARTICLE))
        expect(page.locator(banner.BOX)).to_be_visible()
        banner.wait_until_quiet(page)
        assert asked(consent) == [SCRIPT]

    def test_a_page_view_that_is_counted_is_one_more(self, page, bench, consent):
        page.goto(bench.page(bench.script + ARTICLE))
        expect(page.locator(banner.BOX)).to_be_visible()
        banner.wait_until_quiet(page)
        assert sorted(asked(consent)) == [SCRIPT, "/e/07sor/hits"]

    @pytest.mark.parametrize("button", [banner.ACCEPT, banner.REFUSE])
    def test_a_choice_is_two_more(self, page, bench, consent, uncounted, button):
        """What follows it, and that it was made."""
        page.goto(bench.page(bench.script + ARTICLE))
        page.locator(button).dispatch_event("click")  # the pointer goes nowhere near
        banner.wait_until_received(page)
        banner.wait_until_quiet(page)
        assert asked(consent) == [SCRIPT, AFTER, "/e/07sor/decisions"]


# Notes what of ours was ever in the page: a banner that comes and goes leaves no other trace.
ASKED = """
  window.wasAsked = false;
  new MutationObserver(() => {
    wasAsked ||= !!document.querySelector("[data-consent-box]");
  }).observe(document, { childList: true, subtree: true, attributes: true });
"""


class TestReturningVisitor:
    @pytest.fixture(params=[banner.ACCEPT, banner.REFUSE])
    def returning(self, request, page, bench, uncounted) -> Page:
        page.add_init_script(ASKED)
        page.goto(bench.page(bench.script, "/first"))
        page.locator(request.param).click()
        banner.wait_until_received(page)
        banner.wait_until_quiet(page)
        return page

    def test_nothing_is_requested_but_two_scripts_which_are_kept(
        self, returning, bench, consent, requests
    ):
        answered = len(consent.seen)
        requests.clear()
        page = bench.page(bench.script + ARTICLE, "/second")
        returning.goto(page)
        expect(returning.locator(banner.REOPEN)).to_be_visible()
        banner.wait_until_quiet(returning)
        first = bench.script.split('"')[1]
        assert [HASH.sub("after.js", each) for each in requests] == [
            page,
            first,
            first.replace("07sor.js", "07sor/after.js"),
        ]
        assert asked(consent)[answered:] == []

    def test_the_choice_is_applied_without_a_banner(self, returning, bench):
        state = returning.evaluate("consent.get()")
        tag = "<script>document.addEventListener('consent:change', (event) => window.applied = event.detail)</script>"
        returning.goto(bench.page(tag + bench.script + ARTICLE, "/second"))
        returning.wait_for_function("window.applied")
        expect(returning.locator(banner.REOPEN)).to_be_visible()
        assert returning.evaluate("applied") == state
        assert returning.evaluate("wasAsked") is False


class TestWhileThePageLoads:
    @pytest.fixture
    def held(self, page: Page) -> Iterator[list[Route]]:
        """Requests that wait until the test lets them go on."""
        routes: list[Route] = []
        page.route("**/slow*", lambda route: routes.append(route))
        yield routes
        for route in routes:
            route.abort()

    @pytest.fixture
    def in_parts(self, bench: Bench) -> Iterator[Callable[..., str]]:
        """Makes a page of which the server sends all but the last part at once, and the last when the test is over."""
        let_go = threading.Event()

        def make(*parts: str) -> str:
            def send() -> Iterator[str]:
                yield "<!doctype html>" + "".join(parts[:-1])
                let_go.wait()
                yield parts[-1]

            bench.app.add_url_rule("/in-parts", "parts", lambda: Response(send()))
            return bench.origin("localhost") + "/in-parts"

        yield make
        let_go.set()

    def refused_while(self, page: Page, state: str) -> None:
        """Refuses, and makes sure that the page was in this state before and after it."""
        expect(page.locator(banner.BOX)).to_be_visible()
        assert page.evaluate("document.readyState") == state
        page.locator(banner.REFUSE).click()
        banner.wait_until_received(page)
        assert page.evaluate("document.readyState") == state

    def test_a_script_that_holds_up_the_parser_does_not_hold_up_the_banner(
        self, page, bench, held, decisions
    ):
        slow = "<script src='/slow.js'></script>"
        address = bench.page(f"<head>{bench.script}</head><body><h1>Hei</h1>{slow}<p>Etterpå</p>")
        page.goto(address, wait_until="commit")
        self.refused_while(page, "loading")
        assert page.get_by_text("Etterpå").count() == 0
        assert [each.action for each in decisions()] == ["refuse"]

    def test_nor_does_an_image(self, page, bench, held):
        address = bench.page(f"<head>{bench.script}</head><body>{SHORT}<img src='/slow.png'>")
        page.goto(address, wait_until="commit")
        self.refused_while(page, "interactive")

    @pytest.mark.parametrize("is_async", [True, False])
    @pytest.mark.parametrize("there", ["<body>", "<body><h1>Hei</h1>"])
    def test_nor_does_a_server_that_sends_the_page_in_parts(
        self, page, bench, in_parts, there, is_async
    ):
        script = bench.script if is_async else bench.script.replace("async ", "")
        page.goto(in_parts(f"<head>{script}</head>{there}", "<p>Etterpå"), wait_until="commit")
        self.refused_while(page, "loading")


# Refuses as soon as a program can: before the browser does anything else after the task that shows the banner.
REFUSE_AT_ONCE = """
  new MutationObserver((_, observer) => {
    const refuse = document.querySelector("[data-consent-refuse]");
    if (!refuse) return;
    observer.disconnect();
    const { left, top, width, height } = refuse.getBoundingClientRect();
    window.wasInSight = document.elementFromPoint(left + width / 2, top + height / 2) === refuse;
    refuse.click();
    window.remembered = document.cookie;
  }).observe(document, { childList: true, subtree: true });
"""


@pytest.mark.parametrize("is_async", [True, False])
def test_it_can_be_used_in_the_task_that_shows_it(page, bench, decisions, is_async):
    page.add_init_script(REFUSE_AT_ONCE)
    script = bench.script if is_async else bench.script.replace("async ", "")
    page.goto(bench.page(f"<head>{script}</head><body>{ARTICLE}"))
    banner.wait_until_received(page)
    assert page.evaluate("wasInSight") is True
    assert page.evaluate("remembered").startswith("consent=")
    expect(page.locator(banner.BOX)).to_have_count(0)
    assert [each.action for each in decisions()] == ["refuse"]


# What the browser itself reports: every shift, also those it forgives right after a click, and what it takes for
# the largest thing in sight. Of what is drawn by a shadow tree it does not tell the element.
REPORT = """
  window.shifts = [];
  window.largest = [];
  const observe = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
  // Soon after a press, a person expects that something moves: Cumulative Layout Shift leaves that out.
  observe("layout-shift", ({ value, hadRecentInput }) => hadRecentInput || shifts.push(value));
  observe("largest-contentful-paint", ({ element, size }) =>
    largest.push([element?.closest("main") ? "page" : "banner", size]));
"""


@pytest.fixture(params=[banner.PHONE, banner.DESKTOP], ids=["phone", "desktop"])
def reported(request: pytest.FixtureRequest, new_context: Callable[..., BrowserContext]) -> Page:
    context = new_context(**request.param)
    context.add_init_script(REPORT)
    return context.new_page()


def two_frames_later(page: Page) -> None:
    """When what the page shows now has been painted."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def shifts(page: Page) -> list[float]:
    """The shifts so far, when the browser has told of those of the last frame."""
    two_frames_later(page)
    two_frames_later(page)
    found: list[float] = page.evaluate("shifts")
    return found


class TestLayoutShift:
    def show(self, page: Page, bench: Bench) -> None:
        """The banner comes upon a page that has been painted."""
        page.goto(bench.page(banner.FITS_A_PHONE + ARTICLE))
        two_frames_later(page)
        page.add_script_tag(url=bench.script.split('"')[1])
        expect(page.locator(banner.BOX)).to_be_visible()

    def test_showing_the_banner_moves_nothing(self, reported, bench):
        self.show(reported, bench)
        assert shifts(reported) == []

    @pytest.mark.parametrize("button", [banner.ACCEPT, banner.REFUSE])
    def test_deciding_moves_nothing(self, reported, bench, button):
        self.show(reported, bench)
        reported.locator(button).click()
        expect(reported.locator(banner.REOPEN)).to_be_visible()
        banner.wait_until_received(reported)
        assert shifts(reported) == []

    def test_the_settings_move_nothing(self, reported, bench):
        self.show(reported, bench)
        banner.open_settings(reported)
        two_frames_later(reported)
        reported.locator(banner.CLOSE).click()
        expect(reported.locator(banner.BOX)).to_be_visible()
        assert shifts(reported) == []

    def test_reopening_and_withdrawing_move_nothing(self, reported, bench):
        self.show(reported, bench)
        reported.locator(banner.ACCEPT).click()
        banner.open_settings(reported)
        reported.locator(banner.SAVE).click()
        two_frames_later(reported)
        banner.withdraw(reported)
        expect(reported.locator(banner.REOPEN)).to_be_visible()
        assert shifts(reported) == []


# Only where a page holds less than two sentences are those of the banner the largest thing there is.
@pytest.mark.parametrize("content", [ARTICLE, LANDING], ids=["article", "landing page"])
def test_it_is_never_the_largest_contentful_paint(reported, bench, content):
    reported.goto(bench.page(banner.FITS_A_PHONE + bench.script + content))
    expect(reported.locator(banner.BOX)).to_be_visible()
    two_frames_later(reported)
    reported.wait_for_function("largest.length")
    assert reported.evaluate("largest.at(-1)[0]") == "page", reported.evaluate("largest")


# How everything of the banner's looks in each frame from the one in which it is there.
LOOKS = """
  window.looks = [];
  const styles = [
    "opacity", "transform", "translate", "scale", "filter", "visibility", "animationName", "transitionDuration",
  ];
  window.look = () => {
    const host = document.querySelector("consent-banner, consent-settings");
    // What is said to screen readers comes a moment later, where nobody sees it.
    const inside = host.shadowRoot.querySelectorAll(":not([role=status])");
    return JSON.stringify([host, ...host.children, ...inside].map((element) => {
      const style = getComputedStyle(element);
      const { left, top, width, height } = element.getBoundingClientRect();
      return [element.localName, left, top, width, height, ...styles.map((name) => style[name])];
    }));
  };
  requestAnimationFrame(function frame() {
    if (document.querySelector("[data-consent-box]")) looks.push(look());
    if (looks.length < 10) requestAnimationFrame(frame);
  });
"""


class TestNoSteps:
    def test_the_banner_looks_from_its_first_frame_as_it_stays(self, page, bench):
        page.add_init_script(LOOKS)
        page.goto(bench.page(bench.script + ARTICLE))
        page.wait_for_function("looks.length === 10")
        assert page.evaluate("new Set(looks).size") == 1

    def test_nothing_is_animated_or_see_through(self, page, bench):
        page.add_init_script(LOOKS)
        page.goto(bench.page(bench.script + ARTICLE))
        expect(page.locator(banner.BOX)).to_be_visible()
        self.assert_still(page)
        banner.open_settings(page)
        self.assert_still(page)
        page.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
        expect(page.locator(banner.REOPEN)).to_be_visible()
        self.assert_still(page)

    def assert_still(self, page: Page) -> None:
        found = {tuple(each[5:]) for each in page.evaluate("JSON.parse(look())")}
        assert found == {("1", "none", "none", "none", "none", "visible", "none", "0s")}
        running = (
            "[document, document.querySelector('consent-banner, consent-settings').shadowRoot]"
        )
        assert page.evaluate(f"{running}.flatMap((each) => each.getAnimations()).length") == 0


# Writes down what happens, in its order. A task is told from the next one by what it leaves to the browser: a timer
# that is set in one fires before any that is set later.
ORDER = """
  window.happened = [];
  window.ran = (name) => {
    happened.push(name);
    setTimeout(() => happened.push("next task"));
  };
  addEventListener("click", () => {
    happened.push("click");
    requestAnimationFrame(() => {
      happened.push(document.querySelector("[data-consent-box]") ? "frame with it" : "frame without it");
      setTimeout(() => happened.push("painted"));
    });
  }, true);
"""


class TestClick:
    @pytest.fixture(autouse=True)
    def _watched(self, page: Page) -> None:
        page.add_init_script(ORDER)

    def gated(self, name: str, more: str = "") -> str:
        return f'<script type="text/plain" data-consent="analytics" {more}>ran("{name}")</script>'

    def external(self, bench: Bench, name: str, more: str = "") -> str:
        source = bench.javascript(f"/{name}.js", f'ran("{name}")')
        return f'<script type="text/plain" data-consent="analytics" data-src="{source}" {more}></script>'

    def happened(self, page: Page, *scripts: str) -> list[str]:
        """What happened until the last of these scripts had run, and its task was over."""
        page.wait_for_function(
            "(last) => happened.includes(last) && happened.at(-1) === 'next task'", arg=scripts[-1]
        )
        return page.evaluate("happened")

    def one_by_one(self, *scripts: str) -> list[str]:
        return [each for name in scripts for each in (name, "next task")]

    def test_a_frame_without_the_banner_is_painted_before_any_tag_starts(self, page, bench):
        page.goto(bench.page(bench.script + self.gated("first") + self.gated("second")))
        page.locator(banner.ACCEPT).click()
        happened = self.happened(page, "first", "second")
        assert happened[:4] == ["click", "frame without it", "painted", "first"]

    def test_nor_do_listeners_or_signals_come_before_that_frame(self, page, bench):
        hear = "<script>document.addEventListener('consent:change', () => ran('change'))</script>"
        tell = "<script>(window.fbq = (_, told) => ran(told)).callMethod = 1</script>"
        page.goto(bench.page(hear + bench.script + tell))
        expect(page.locator(banner.BOX)).to_be_visible()
        page.evaluate("() => { happened.length = 0 }")  # the pixel was told to wait
        page.locator(banner.ACCEPT).click()
        happened = self.happened(page, "change")
        assert happened[:5] == ["click", "frame without it", "painted", "grant", "change"]

    def test_each_inline_tag_has_a_task_of_its_own(self, page, bench):
        names = ("first", "second", "third", "fourth")
        page.goto(bench.page(bench.script + "".join(map(self.gated, names))))
        page.locator(banner.ACCEPT).click()
        assert self.happened(page, *names)[3:] == self.one_by_one(*names)

    def test_so_has_each_tag_that_is_loaded_and_what_follows_it(self, page, bench):
        names = ("loaded", "inline", "also-loaded", "again")
        parts = (
            self.external(bench, "loaded")
            + self.gated("inline")
            + self.external(bench, "also-loaded")
            + self.gated("again")
        )
        page.goto(bench.page(bench.script + parts))
        page.locator(banner.ACCEPT).click()
        assert self.happened(page, *names)[3:] == self.one_by_one(*names)

    def test_so_have_they_on_later_pages(self, page, bench):
        names = ("first", "second", "third")
        tags = "".join(map(self.gated, names))
        page.goto(bench.page(bench.script + tags))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        page.goto(bench.page(bench.script + tags, "/later"))
        assert self.happened(page, *names) == self.one_by_one(*names)
