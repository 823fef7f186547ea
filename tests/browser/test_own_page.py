"""A website's own page with the notice in it, or the declaration of cookies: filled with the current text."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.servers import Bench, Server


def own_page(bench: Bench, html: str, **more: str) -> str:
    return bench.page(f"{bench.script}<main><h1>Personvern</h1>{html}</main>", **more)


@pytest.mark.parametrize(
    ("name", "text", "lang"),
    [
        ("notice", "Rolv W. Pripp", "nb"),
        ("cookies", "_ga", "nb"),
        ("notice", "Data protection officer", "en"),
        ("cookies", "Google Analytics", "nn"),
    ],
)
def test_it_is_filled_in_the_language_of_the_page(
    page: Page, bench: Bench, name: str, text: str, lang: str
) -> None:
    page.goto(own_page(bench, f"<div data-consent-{name}>\n  </div>", lang=lang))

    filled = page.locator(f"[data-consent-{name}]")
    expect(filled).to_contain_text(text)
    expect(filled).to_have_attribute("lang", lang)


def test_what_a_script_adds_later_is_filled_too(page: Page, bench: Bench) -> None:
    page.goto(own_page(bench, ""))
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<section data-consent-cookies></section>')"
    )

    expect(page.locator("[data-consent-cookies]")).to_contain_text("_ga")


def test_what_the_page_says_itself_stays(page: Page, bench: Bench) -> None:
    page.goto(
        own_page(bench, "<div data-consent-notice>Ours</div><div data-consent-cookies></div>")
    )

    expect(page.locator("[data-consent-cookies]")).to_contain_text("_ga")
    expect(page.locator("[data-consent-notice]")).to_have_text("Ours")


def test_without_the_text_there_is_the_way_to_it(page: Page, bench: Bench, consent: Server) -> None:
    page.route("**/nb/notice", lambda route: route.abort())
    page.goto(own_page(bench, "<div data-consent-notice></div>"))

    link = page.locator("[data-consent-notice] a")
    expect(link).to_have_attribute("href", f"{consent.origin('127.0.0.1')}/privacy/07sor/?lang=nb")


def test_another_text_than_the_published_is_not_shown(page: Page, bench: Bench) -> None:
    """The script knows its hash, as that of the settings."""
    cors = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/html"}
    page.route("**/nb/notice", lambda route: route.fulfill(body="<b>Forged</b>", headers=cors))
    page.goto(own_page(bench, "<div data-consent-notice></div>"))

    expect(page.locator("[data-consent-notice] a")).to_be_visible()
    expect(page.locator("[data-consent-notice]")).not_to_contain_text("Forged")
