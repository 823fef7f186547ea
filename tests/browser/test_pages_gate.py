"""The gate does what an ordinary page would, however late consent comes and whatever else is in the page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import banner
from tests.browser.servers import Bench

FRAME = 'data-src="/frame" data-consent="marketing" width="400" height="300"'
ONCE = "[data-consent-once]"


def gated(source: str) -> str:
    return f'<script type="text/plain" data-consent="analytics">{source}</script>'


def accept(page: Page) -> None:
    page.locator(banner.ACCEPT).click()
    page.locator(banner.REOPEN).wait_for()


@pytest.fixture
def frame(bench: Bench) -> None:
    bench.page("<p>inside</p>", "/frame")


class TestWriting:
    def test_what_an_inline_script_writes_stands_where_it_stands(self, page, bench):
        html = (
            "<body><h1>Shop</h1>"
            + gated("document.write('<img id=px alt=\"\">')")
            + '<p id="after">after</p>'
        )
        page.goto(bench.page(bench.script + html))
        accept(page)
        for _ in range(2):
            page.wait_for_function(
                "document.querySelector('#px')?.nextElementSibling.id === 'after'"
            )
            assert page.get_by_role("heading", name="Shop").is_visible()
            page.reload()

    def test_what_is_written_in_pieces_is_whole_and_its_scripts_run_once(self, page, bench):
        pieces = (
            "document.write('<b id=whole>x'); document.write('</b><scr' + 'ipt>"
            "window.inner = (window.inner || 0) + 1</scr' + 'ipt>')"
        )
        page.goto(bench.page(f"{bench.script}<body>{gated(pieces)}"))
        accept(page)
        page.wait_for_function(
            "window.inner === 1 && document.querySelector('#whole').textContent === 'x'"
        )

    def test_what_an_external_script_writes_stands_there_too(self, page, bench):
        bench.javascript("/writes.js", "document.write('<i id=written>ext</i>')")
        script = (
            '<script type="text/plain" data-consent="analytics" data-src="/writes.js"></script>'
        )
        html = f'<div id="place">{script}</div>'
        page.goto(bench.page(f"{bench.script}<body>{html}"))
        accept(page)
        page.wait_for_selector("#place #written")


def test_a_script_that_waits_for_the_page_is_called_when_consent_comes_later(page, bench):
    source = (
        "window.heard = [];"
        "document.addEventListener('DOMContentLoaded', () => heard.push('parsed'));"
        "addEventListener('load', () => heard.push('load')); onload = () => heard.push('onload')"
    )
    page.goto(bench.page(f"{bench.script}<body>{gated(source)}"))
    accept(page)
    page.wait_for_function("heard.length === 3")
    page.reload()
    page.wait_for_function("window.heard?.length === 3")
    banner.wait_until_quiet(page)
    assert sorted(page.evaluate("heard")) == ["load", "onload", "parsed"]


def test_deferred_scripts_and_modules_run_after_parsing_on_later_pages(page, bench):
    bench.javascript(
        "/late.js",
        "(window.ran ||= []).push(document.readyState + !!document.querySelector('#end'))",
    )
    bench.javascript("/slow.js", "window.slow = 1")
    waiting = (
        '<script type="text/plain" data-consent="analytics" data-src="/late.js?a" defer></script>'
        '<script type="text/plain" data-type="module" data-consent="analytics" data-src="/late.js?b"></script>'
    )
    # Parsing waits for this one, until the choice in the cookie has been found.
    held = []
    page.route("**/slow.js", lambda route: held.append(route))
    page.goto(bench.page(f"{bench.script}{waiting}<body><p id='end'>end</p>"))
    accept(page)
    page.goto(
        bench.page(
            f"{bench.script}{waiting}<body><script src='/slow.js'></script><p id='end'>end</p>",
            "/slow",
        ),
        wait_until="commit",
    )
    page.wait_for_function("window.consent?.get().decided")
    assert page.evaluate("window.ran") is None
    held[0].continue_()
    page.wait_for_function("window.ran?.length === 2")
    assert all(each.endswith("true") for each in page.evaluate("ran"))


FRAMES = {
    "a blank address": f'<iframe title="F" src="about:blank" {FRAME}></iframe>',
    "an empty address": f'<iframe title="F" src="" {FRAME}></iframe>',
    "a sandbox": f'<iframe title="F" sandbox="allow-scripts" {FRAME}></iframe>',
    "lazy loading": f'<iframe title="F" loading="lazy" {FRAME}></iframe>',
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_with_something_of_its_own_waits_and_loads(page, bench, frame, kind):
    page.goto(bench.page(f"{bench.script}<body>{FRAMES[kind]}"))
    inside = page.frame_locator("iframe")
    inside.locator(ONCE).wait_for()
    with page.expect_request("**/frame"):
        accept(page)
    if kind == "a sandbox":
        assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    else:
        inside.get_by_text("inside").wait_for()
    page.evaluate("consent.withdraw()")
    inside.locator(ONCE).wait_for()


def test_withdrawing_and_granting_add_nothing_to_the_history(page, bench, frame):
    page.goto(bench.page(f'{bench.script}<body><iframe title="F" {FRAME}></iframe>'))
    inside = page.frame_locator("iframe")
    inside.locator(ONCE).wait_for()
    before = page.evaluate("history.length")
    for _ in range(2):
        page.evaluate("consent.set({ marketing: true })")
        inside.get_by_text("inside").wait_for()
        page.evaluate("consent.withdraw()")
        inside.locator(ONCE).wait_for()
    assert page.evaluate("history.length") == before


class TestShadowRoots:
    PAGE = (
        "<body><my-film></my-film><my-foot></my-foot><script>"
        "customElements.define('my-film', class extends HTMLElement { connectedCallback() {"
        " this.attachShadow({ mode: 'open' }).innerHTML ="
        " '<iframe title=Film data-consent=marketing data-src=/frame>' } });"
        "customElements.define('my-foot', class extends HTMLElement { connectedCallback() {"
        " this.attachShadow({ mode: 'open' }).innerHTML = '<button data-consent-open>Choices</button>' } })</script>"
    )

    def test_a_frame_in_an_open_one_waits_and_loads(self, page, bench, frame):
        page.goto(bench.page(bench.script + self.PAGE))
        page.locator(banner.BOX).hover()
        inside = page.frame_locator("iframe")
        inside.locator(ONCE).wait_for()
        accept(page)
        inside.get_by_text("inside").wait_for()

    def test_one_that_comes_late_and_is_defined_later_still_waits_and_loads(
        self, page, bench, frame
    ):
        definition = self.PAGE[self.PAGE.index("customElements") : self.PAGE.index("</script>")]
        page.goto(bench.page(f"{bench.script}<body><p>Text"))
        accept(page)
        page.evaluate("document.body.append(document.createElement('my-film'))")
        banner.wait_until_quiet(page)
        page.evaluate(definition)
        page.frame_locator("iframe").get_by_text("inside").wait_for()

    def test_a_button_in_an_open_one_opens_the_settings(self, page, bench):
        page.goto(bench.page(bench.script + self.PAGE))
        page.locator(banner.BOX).wait_for()
        page.get_by_role("button", name="Choices").click()
        expect(page.locator(banner.SETTINGS)).to_be_visible()


def test_a_menu_that_stops_clicks_still_opens_the_settings(page, bench):
    page.goto(
        bench.page(
            f'{bench.script}<body><nav onclick="event.stopPropagation()">'
            '<a href="#" data-consent-open>Choices</a></nav>'
        )
    )
    page.locator(banner.BOX).wait_for()
    page.get_by_role("link", name="Choices").click()
    expect(page.locator(banner.SETTINGS)).to_be_visible()


OTHERS = {
    "/px.gif": '<img alt="" data-src="/px.gif" data-consent="marketing">',
    "/font.css": '<link rel="stylesheet" data-href="/font.css" data-consent="marketing">',
    "/v.mp4": '<video data-src="/v.mp4" data-consent="marketing"></video>',
    "/s.mp3": '<audio data-consent="marketing"><source data-src="/s.mp3"></audio>',
    "/pic.png": '<picture data-consent="marketing"><source data-srcset="/pic.png">'
    '<img alt="" data-src="/x.gif"></picture>',
    "/o": '<object data-data="/o" data-consent="marketing"></object>',
    "/e": '<embed data-src="/e" data-consent="marketing">',
}


@pytest.mark.parametrize("path", OTHERS)
def test_whatever_else_loads_waits_too(page, bench, requests, path):
    page.goto(bench.page(f"{bench.script}<body>{OTHERS[path]}"))
    page.locator(banner.BOX).wait_for()
    banner.wait_until_quiet(page)
    assert not [each for each in requests if each.endswith(path)]
    with page.expect_request(f"**{path}"):
        page.locator(banner.ACCEPT).click()


def test_an_element_that_nothing_can_hold_back_is_named_in_the_console(page, bench):
    with page.expect_console_message(lambda message: "<img data-consent" in message.text):
        page.goto(
            bench.page(f'{bench.script}<body><img alt="" src="/px.gif" data-consent="marketing">')
        )
    with page.expect_console_message(lambda message: "<div data-consent" in message.text):
        page.goto(bench.page(f'{bench.script}<body><div data-consent="marketing">x</div>', "/div"))
