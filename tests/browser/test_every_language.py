"""The banner, the settings and the tab in each language, on the smallest phones."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from consent.core.catalogues import CATALOGUES
from tests.browser import banner
from tests.browser.servers import Bench
from tests.conftest import publish
from tests.factories import shop_in

# Of all texts that stand in the way, the parts that are cut off or leave the window.
CLIPPED = """(selector) => {
  const host = document.querySelector("consent-banner, consent-settings");
  const inside = (root) => [...root.querySelectorAll("*")].flatMap((each) =>
    [each, ...(each.shadowRoot ? inside(each.shadowRoot) : [])]);
  return inside(document).filter((each) => each.matches(selector) && each.getClientRects().length).filter((each) => {
    const box = each.getBoundingClientRect();
    return each.scrollWidth > each.clientWidth + 1 || box.left < 0 || box.right > innerWidth;
  }).map((each) => each.textContent);
}"""


@pytest.fixture
def shop(app: Flask, bench: Bench) -> str:
    """The shop's tag, its banner speaking every language."""
    origin = bench.origin("localhost")
    source = shop_in(CATALOGUES).replace('"https://shop.example"', f'"{origin}"')
    source = source.replace('key = "sizing"', 'key = "sizing"\nopt_out_signal = true')
    with app.app_context():
        publish(source)
    return bench.script.replace("07sor", "krukke")


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_banner_fits_a_small_phone(new_context, bench, shop, language) -> None:
    page: Page = new_context(viewport={"width": 320, "height": 568}).new_page()
    page.goto(bench.page(shop, lang=language))
    expect(page.locator("consent-banner")).to_have_attribute("lang", language)
    box = page.locator(banner.BOX).bounding_box()
    accept, refuse = (page.locator(each).bounding_box() for each in (banner.ACCEPT, banner.REFUSE))

    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= 320
    assert box["y"] + box["height"] <= 568
    assert (accept["width"], accept["height"], accept["y"]) == pytest.approx(
        (refuse["width"], refuse["height"], refuse["y"]), abs=0.5
    )
    assert page.evaluate(CLIPPED, "button, h2, p") == []
    # All of it is seen without scrolling.
    assert page.locator("[part=box]").evaluate("(box) => box.scrollHeight <= box.clientHeight")

    page.locator(banner.CHOOSE).click()
    expect(page.locator(banner.SETTINGS)).to_be_visible()
    assert page.evaluate(CLIPPED, "dialog, dialog *") == []
    page.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
    expect(page.locator(banner.REOPEN)).to_be_visible()
    assert page.evaluate(CLIPPED, "[data-consent-tab], [data-consent-tab] *") == []
