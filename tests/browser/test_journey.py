"""The way of a visitor: no choice, refusing, accepting, withdrawing."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from consent.core.db import db
from consent.models import VersionText
from tests.browser import banner

NOTHING = [0, 0, 0, 0]


@pytest.fixture
def asked(requests: list[str], site: str, consent_url: str) -> Callable[[], list[str]]:
    """The paths asked of the consent server since last time. Nobody but it and the website may be asked."""

    def take() -> list[str]:
        origins = {"{0.scheme}://{0.netloc}".format(urlsplit(each)) for each in requests}
        assert origins <= {site, consent_url}
        paths = [urlsplit(each).path for each in requests if each.startswith(consent_url)]
        requests.clear()
        return [re.sub(r"/[\w-]{43}\.js$", "/more.js", path) for path in paths]

    return take


def accept(page: Page) -> None:
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    banner.wait_until_stand_ins_ran(page)


@pytest.mark.parametrize(
    ("path", "fetched_ahead"),
    [("/", set()), ("/video", {"/e/07sor/more.js"}), ("/en", set())],
)
def test_nothing_is_stored_and_nobody_else_asked_before_a_choice(
    page, site, asked, path, fetched_ahead
):
    page.goto(site + path)
    expect(page.locator(banner.BOX)).to_be_visible()
    banner.wait_until_quiet(page)
    assert banner.cookies(page) == set()
    assert banner.storage(page) == NOTHING
    assert banner.stand_ins(page) == []
    assert set(asked()) == {"/e/07sor.js", "/e/07sor/hits"} | fetched_ahead


def test_after_refusing_only_the_refusal_is_remembered(page, site, asked):
    page.goto(site)
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    banner.wait_until_clean(page)
    assert banner.cookies(page) == {"consent"}
    assert banner.storage(page) == NOTHING
    asked()
    page.goto(f"{site}/tjenester")
    expect(page.locator(banner.REOPEN)).to_be_visible()
    expect(page.locator(banner.BOX)).to_have_count(0)
    banner.wait_until_quiet(page)
    assert set(asked()) == {"/e/07sor.js", "/e/07sor/more.js", "/e/07sor/hits"}
    assert banner.stand_ins(page) == []
    assert banner.cookies(page) == {"consent"}
    assert banner.storage(page) == NOTHING


def test_after_accepting_each_stand_in_runs_once_and_in_order(page, site, asked):
    page.goto(site)
    accept(page)
    banner.wait_until_quiet(page)
    assert banner.stand_ins(page) == banner.STAND_INS
    assert banner.cookies(page) == {"consent"} | banner.THEIR_COOKIES
    asked()


def test_the_next_page_runs_them_again_without_asking_anybody(page, site, asked):
    page.goto(site)
    accept(page)
    banner.wait_until_clean(page)
    asked()
    page.goto(f"{site}/tjenester")
    banner.wait_until_stand_ins_ran(page)
    banner.wait_until_quiet(page)
    assert banner.stand_ins(page) == banner.STAND_INS
    expect(page.locator(banner.BOX)).to_have_count(0)
    assert sorted(asked()) == ["/e/07sor.js", "/e/07sor/hits", "/e/07sor/more.js"]


def test_withdrawing_deletes_the_cookies_at_once_and_for_good(page, site, asked):
    page.goto(site)
    accept(page)
    banner.open_settings(page)
    page.locator(banner.SETTINGS).locator(banner.REFUSE).click()
    banner.wait_until_clean(page)
    assert banner.cookies(page) == {"consent"}
    banner.wait_until_received(page)
    page.goto(f"{site}/tjenester")
    expect(page.locator(banner.REOPEN)).to_be_visible()
    banner.wait_until_quiet(page)
    assert banner.stand_ins(page) == []
    assert banner.cookies(page) == {"consent"}
    asked()


def test_a_film_is_fetched_and_emptied_as_the_visitor_says(page, site, asked):
    page.goto(f"{site}/video")
    film = page.locator("iframe[data-src]")
    expect(film).not_to_have_attribute("src")
    accept(page)
    expect(page.frame_locator("iframe[data-src]").locator("h1")).to_be_visible()
    page.evaluate("consent.withdraw()")
    expect(film).not_to_have_attribute("src")
    assert banner.cookies(page) == {"consent"}
    asked()


def test_the_ledger_says_what_the_visitor_did_and_saw(page, site, app, decisions):
    page.goto(site)
    accept(page)
    banner.open_settings(page)
    page.locator(banner.SETTINGS).locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    accepted, withdrawn = decisions()
    assert (accepted.action, accepted.source) == ("accept", "banner")
    assert accepted.purposes == {"analytics": True, "marketing": True}
    assert (withdrawn.action, withdrawn.source) == ("withdraw", "settings")
    assert withdrawn.purposes == {"analytics": False, "marketing": False}
    assert accepted.visitor == withdrawn.visitor
    for each in (accepted, withdrawn):
        assert (each.version, each.language, each.device) == (1, "nb", "desktop")
        assert each.words_hash == words_hash(app, "nb")


def words_hash(app: Flask, language: str) -> str:
    with app.app_context():
        return db.session.get_one(VersionText, ("07sor", 1, language)).words_hash


def test_the_statistics_know_a_decision_at_once(
    page: Page, context: BrowserContext, site: str, consent_url: str, stats_token: str
):
    page.goto(site)
    accept(page)
    answer = context.request.get(
        f"{consent_url}/api/v1/sites/07sor/stats/consents",
        headers={"Authorization": f"Bearer {stats_token}"},
    )
    assert answer.json()["totals"]["decisions"] == 1
