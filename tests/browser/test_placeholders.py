"""What stands in a frame that waits: what it is, who would get what, and two buttons."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import banner
from tests.browser.conftest import NODE_MODULES

FILM = '<iframe data-src="/film" data-consent="marketing" data-consent-service="youtube" title="A film"{}></iframe>'
ONCE = "[data-consent-once]"
ALWAYS = "[data-consent-always]"


@pytest.fixture
def film(bench) -> None:
    bench.page("<p>The film runs</p>", "/film")


def box(page: Page, index: int = 0):
    return page.locator("iframe").nth(index).bounding_box()


@pytest.mark.parametrize(
    "size", [' width="480" height="270"', ' style="width: 50%; aspect-ratio: 16/9"', ""]
)
def test_it_keeps_the_frames_size(page, bench, film, size):
    page.goto(bench.page(FILM.format(size), "/bare"))
    bare = box(page)
    page.goto(bench.page(bench.script + FILM.format(size)))
    inside = page.frame_locator("iframe")
    expect(inside.locator(ONCE)).to_be_attached()
    assert box(page) == bare
    inside.locator(ONCE).click()
    expect(inside.get_by_text("The film runs")).to_be_attached()
    assert box(page) == bare


def test_it_says_what_it_is_and_who_would_get_what(page, bench, film):
    page.goto(bench.page(bench.script + FILM.format(""), lang="en"))
    words = page.frame_locator("iframe").locator("body")
    for said in ("A film", "YouTube", "Google", "Ireland", "learns your IP address"):
        expect(words).to_contain_text(said)


def test_once_is_for_this_frame_and_this_page_only(page, bench, film, requests):
    page.goto(bench.page(bench.script + FILM.format("") * 2))
    page.frame_locator("iframe >> nth=0").locator(ONCE).click()
    expect(page.frame_locator("iframe >> nth=0").get_by_text("The film runs")).to_be_visible()
    expect(page.frame_locator("iframe >> nth=1").locator(ONCE)).to_be_visible()
    assert banner.cookies(page) == set()
    assert not [each for each in requests if each.endswith("/decisions")]
    assert page.evaluate("history.length") == 2  # about:blank and this page
    page.reload()
    expect(page.frame_locator("iframe >> nth=0").locator(ONCE)).to_be_visible()


def test_always_is_a_decision_about_this_service(page, bench, film, decisions):
    page.goto(bench.page(bench.script + FILM.format("") * 2))
    page.frame_locator("iframe >> nth=0").locator(ALWAYS).click()
    for index in (0, 1):
        film_inside = page.frame_locator(f"iframe >> nth={index}")
        expect(film_inside.get_by_text("The film runs")).to_be_visible()
    banner.wait_until_received(page)
    (decision,) = decisions()
    assert (decision.source, decision.services) == ("placeholder", {"youtube": True})
    assert decision.purposes == {"analytics": False, "marketing": False}
    banner.withdraw(page)
    expect(page.frame_locator("iframe >> nth=0").locator(ONCE)).to_be_visible()


def test_a_frame_without_a_service_says_its_purpose(page, bench, film, decisions):
    frame = '<iframe data-src="/film" data-consent="analytics" title="A chart"></iframe>'
    page.goto(bench.page(bench.script + frame, lang="en"))
    inside = page.frame_locator("iframe")
    expect(inside.locator("h2")).to_have_text("Statistics")
    inside.locator(ALWAYS).click()
    expect(inside.get_by_text("The film runs")).to_be_visible()
    banner.wait_until_received(page)
    assert decisions()[0].purposes == {"analytics": True, "marketing": False}


def test_one_that_arrives_later_gets_it_too(page, bench, film):
    page.goto(bench.page(bench.script))
    expect(page.locator(banner.BOX)).to_be_visible()
    page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", FILM.format(""))
    expect(page.frame_locator("iframe").locator(ONCE)).to_be_attached()


def test_axe_finds_nothing_inside(page, bench, film):
    page.goto(bench.page(bench.script + FILM.format(' width="600" height="400"'), lang="en"))
    expect(page.frame_locator("iframe").locator(ONCE)).to_be_visible()
    page.locator(banner.REFUSE).click()
    frame = page.locator("iframe").element_handle().content_frame()
    frame.evaluate((Path(NODE_MODULES) / "axe-core/axe.min.js").read_text())
    found = frame.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })")
    assert [each["id"] for each in found["violations"]] == []
