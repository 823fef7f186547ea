"""From the website to the privacy pages and back: the choice is seen, changed there, and followed here."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import banner

KNOWN = "Du valgte dette"
UNKNOWN = "Vi kjenner ikke til noe valg"


@pytest.fixture
def accepted(page: Page, site: str) -> str:
    """The token of a visitor who has accepted, and stands on the website's first page."""
    page.goto(site)
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    banner.wait_until_stand_ins_ran(page)
    return page.evaluate(banner.CHOICE)["k"]


def to_the_notice(page: Page) -> None:
    page.locator("footer a[href*='/privacy/']").click()
    expect(choices(page).get_by_text(KNOWN)).to_be_visible()


def choices(page: Page):
    return page.locator("#choices")


def answer(page: Page, value: str) -> None:
    choices(page).locator(f"button[value={value}]").click()
    expect(choices(page).get_by_role("status")).to_be_visible()


def granted(page: Page) -> dict[str, bool]:
    return {
        name: choices(page).locator(f"[name=purpose-{name}]").is_checked()
        for name in ("analytics", "marketing")
    }


def test_the_link_takes_the_visitor_along_and_nobody_reads_it_on_the_way(page, accepted, consent):
    consent.seen.clear()
    to_the_notice(page)
    assert granted(page) == {"analytics": True, "marketing": True}
    assert "#" not in page.url
    assert not [each for each in consent.seen if accepted in each[0] or accepted in each[1]]


def test_the_banners_own_link_takes_the_visitor_along_too(page, accepted):
    banner.open_settings(page)
    page.locator(banner.SETTINGS).locator("a").last.click()
    expect(choices(page).get_by_text(KNOWN)).to_be_visible()


def test_somebody_who_has_not_chosen_is_told_so(page, site):
    page.goto(site)
    page.locator(banner.BOX).locator("a").click()
    expect(choices(page).get_by_text(UNKNOWN)).to_be_visible()
    assert banner.cookies(page) == set()


def test_a_refusal_there_is_followed_on_the_websites_next_page(page, site, accepted, decisions):
    to_the_notice(page)
    answer(page, "refuse")
    assert granted(page) == {"analytics": False, "marketing": False}
    page.goto(f"{site}/tjenester")
    page.wait_for_function("() => consent.ready.then((state) => !state.purposes.analytics)")
    banner.wait_until_quiet(page)
    assert banner.stand_ins(page) == []
    assert not banner.cookies(page) & banner.THEIR_COOKIES
    expect(page.locator(banner.REOPEN)).to_be_visible()
    found = decisions()
    assert [(each.action, each.source) for each in found] == [
        ("accept", "banner"),
        ("withdraw", "privacy"),
    ]
    assert found[0].visitor == found[1].visitor


def test_a_refusal_there_is_followed_by_a_page_that_is_still_open(page, context, accepted):
    banner.open_settings(page)
    with context.expect_page() as opened:
        page.locator(banner.SETTINGS).locator("a").last.click(modifiers=["ControlOrMeta"])
    page.keyboard.press("Escape")
    notice = opened.value
    expect(choices(notice).get_by_text(KNOWN)).to_be_visible()
    answer(notice, "refuse")
    # What a browser tells a page when the visitor comes back to its tab.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => !consent.get().purposes.analytics")
    assert not banner.cookies(page) & banner.THEIR_COOKIES


def test_a_choice_of_some_there_is_followed_too(page, site, accepted):
    to_the_notice(page)
    choices(page).locator("[name=purpose-marketing]").uncheck()
    answer(page, "choose")
    page.goto(f"{site}/tjenester")
    page.wait_for_function("() => window.standIns?.length")
    banner.wait_until_quiet(page)
    assert banner.stand_ins(page) == ["google-analytics"]


def test_with_the_server_away_the_choice_in_the_browser_stands(page, site, accepted, consent):
    to_the_notice(page)
    consent.stop()
    page.goto(f"{site}/tjenester")
    banner.wait_until_stand_ins_ran(page)
    assert banner.stand_ins(page) == banner.STAND_INS


class TestWithoutJavaScript:
    @pytest.fixture
    def plain(self, new_context) -> Page:
        return new_context(java_script_enabled=False).new_page()

    @pytest.mark.parametrize("path", ["", "choices"])
    def test_a_choice_can_be_made_seen_and_changed(self, plain, consent_url, decisions, path):
        plain.goto(f"{consent_url}/privacy/07sor/{path}")
        expect(choices(plain).get_by_text(UNKNOWN)).to_be_visible()
        choices(plain).locator("[name=purpose-analytics]").check()
        answer(plain, "choose")

        plain.goto(f"{consent_url}/privacy/07sor/{path}")
        expect(choices(plain).get_by_text(KNOWN)).to_be_visible()
        assert granted(plain) == {"analytics": True, "marketing": False}

        answer(plain, "refuse")
        assert granted(plain) == {"analytics": False, "marketing": False}
        found = decisions()
        assert [each.action for each in found] == ["choose", "withdraw"]
        assert found[0].visitor == found[1].visitor

    def test_every_chapter_of_the_notice_can_be_opened(self, plain, consent_url):
        plain.goto(f"{consent_url}/privacy/07sor/")
        chapters = plain.locator("main details:not([open]) > summary")
        for _ in range(chapters.count()):
            chapters.first.click()
        expect(chapters).to_have_count(0)
        expect(plain.get_by_text("Datatilsynet").first).to_be_visible()
