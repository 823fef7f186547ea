"""Which language the banner speaks: the page's, else one of the browser's, else the site's first."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from consent.core.db import db
from consent.models import VersionText
from tests.browser import banner


@pytest.fixture
def words(app: Flask) -> Callable[[str], dict[str, str]]:
    """What the banner says in a language."""

    def read(language: str) -> dict[str, str]:
        with app.app_context():
            return db.session.get_one(VersionText, ("07sor", 1, language)).banner

    return read


@pytest.mark.parametrize(
    ("page_language", "browser_language", "expected"),
    [
        ("nb", "en-US", "nb"),
        ("nn-NO", "en-US", "nn"),
        ("no", "en-US", "nb"),
        ("no-NO", "en-US", "nb"),
        ("EN-gb", "nb-NO", "en"),
        ("de", "nn-NO", "nn"),
        ("", "en-GB", "en"),
        ("", "no", "nb"),
        ("de", "fr-FR", "nb"),
    ],
)
def test_the_page_comes_first_then_the_browser_then_the_site(
    new_context, bench, words, page_language, browser_language, expected
):
    page = new_context(locale=browser_language).new_page()
    page.goto(bench.page(bench.script, lang=page_language))
    expect(page.locator("consent-banner")).to_have_attribute("lang", expected)
    expect(page.locator(f"{banner.BOX} p")).to_contain_text(words(expected)["text"])
    expect(page.locator(banner.REFUSE)).to_have_text(words(expected)["refuse"])


def test_the_browsers_languages_count_in_their_order(page, bench):
    page.add_init_script(
        "Object.defineProperty(navigator, 'languages', { value: ['fr', 'nn-NO', 'en'] })"
    )
    page.goto(bench.page(bench.script, lang="de"))
    expect(page.locator("consent-banner")).to_have_attribute("lang", "nn")


def test_the_settings_and_the_decision_are_in_the_same_language(page, bench, decisions):
    page.goto(bench.page(bench.script, lang="nn"))
    banner.open_settings(page)
    expect(page.locator("consent-settings")).to_have_attribute("lang", "nn")
    expect(page.locator(banner.SETTINGS)).to_contain_text("Marknadsføring")
    page.locator(banner.SETTINGS).locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    assert decisions()[0].language == "nn"
