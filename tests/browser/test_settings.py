"""The second layer: what is ticked, what is saved, where the focus goes; the whole of it by keyboard."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import banner
from tests.browser.servers import Bench

ALL = ["google-analytics", "google-ads", "meta-pixel", "youtube"]
MARKETING = ["google-ads", "meta-pixel", "youtube"]
RUNNING = [
    ("google-analytics", "analytics"),
    ("google-ads", "marketing"),
    ("meta-pixel", "marketing"),
]


@pytest.fixture
def dialog(page: Page, bench: Bench) -> Locator:
    """The settings, with every part unfolded, on a page with three services."""
    page.goto(bench.page(bench.script + "".join(stand_in(*each) for each in RUNNING)))
    banner.open_settings(page)
    opened = page.locator(banner.SETTINGS)
    opened.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true })")
    return opened


def stand_in(name: str, purpose: str) -> str:
    gated = f'type="text/plain" data-consent="{purpose}" data-consent-service="{name}"'
    return f"<script {gated}>(window.standIns ??= []).push('{name}')</script>"


def purpose(dialog: Locator, name: str) -> Locator:
    return dialog.locator(banner.purpose(name))


def service(dialog: Locator, name: str) -> Locator:
    return dialog.locator(banner.service(name))


def save(page: Page) -> None:
    page.locator(banner.SAVE).click()
    banner.wait_until_received(page)


def focused(page: Page) -> str:
    """The text of what has the focus, in the page or in the banner."""
    return page.evaluate(
        "(document.activeElement.shadowRoot?.activeElement ?? document.activeElement).textContent.trim()"
    )


class TestTicks:
    def test_nothing_is_ticked_beforehand_but_what_is_necessary(self, dialog):
        ticked = dialog.locator("input:checked")
        expect(ticked).to_have_count(1)
        expect(ticked).to_have_attribute("data-consent-purpose", "necessary")
        expect(ticked).to_be_disabled()

    def test_a_purpose_takes_its_services_along(self, dialog):
        purpose(dialog, "marketing").check()
        for name in ALL:
            expect(service(dialog, name)).to_be_checked(checked=name in MARKETING)
        purpose(dialog, "marketing").uncheck()
        for name in MARKETING:
            expect(service(dialog, name)).not_to_be_checked()

    def test_some_services_leave_their_purpose_undecided(self, dialog):
        service(dialog, "meta-pixel").check()
        expect(purpose(dialog, "marketing")).to_be_checked(indeterminate=True)
        expect(purpose(dialog, "analytics")).to_be_checked(checked=False)

    def test_all_services_tick_their_purpose(self, dialog):
        for name in MARKETING:
            service(dialog, name).check()
        expect(purpose(dialog, "marketing")).to_be_checked()


class TestSaving:
    def test_what_was_ticked_is_stored(self, page, dialog, decisions):
        purpose(dialog, "analytics").check()
        save(page)
        (decision,) = decisions()
        assert (decision.action, decision.source) == ("choose", "settings")
        assert decision.purposes == {"analytics": True, "marketing": False}
        assert decision.services == {}
        assert banner.stand_ins(page) == ["google-analytics"]

    def test_single_services_are_stored_apart(self, page, dialog, decisions):
        purpose(dialog, "analytics").check()
        service(dialog, "meta-pixel").check()
        save(page)
        (decision,) = decisions()
        assert decision.purposes == {"analytics": True, "marketing": False}
        assert decision.services == {"meta-pixel": True}
        page.wait_for_function("window.standIns?.length === 2")
        assert banner.stand_ins(page) == ["google-analytics", "meta-pixel"]

    def test_a_service_left_out_of_its_purpose_is_stored_too(self, page, dialog, decisions):
        purpose(dialog, "marketing").check()
        service(dialog, "google-ads").uncheck()
        save(page)
        (decision,) = decisions()
        assert decision.purposes == {"analytics": False, "marketing": False}
        assert decision.services == {"meta-pixel": True, "youtube": True}

    def test_nothing_ticked_is_a_refusal(self, page, dialog, decisions):
        save(page)
        assert decisions()[0].action == "refuse"

    def test_unticking_everything_is_a_withdrawal(self, page, bench, decisions):
        page.goto(bench.page(bench.script))
        page.locator(banner.ACCEPT).click()
        banner.open_settings(page)
        for name in ("analytics", "marketing"):
            page.locator(banner.SETTINGS).locator(banner.purpose(name)).uncheck()
        save(page)
        assert [each.action for each in decisions()] == ["accept", "withdraw"]

    def test_the_settings_show_what_was_saved(self, page, dialog):
        purpose(dialog, "analytics").check()
        service(dialog, "meta-pixel").check()
        save(page)
        page.reload()
        banner.open_settings(page)
        expect(purpose(dialog, "analytics")).to_be_checked()
        expect(service(dialog, "google-analytics")).to_be_checked()
        expect(service(dialog, "meta-pixel")).to_be_checked()
        expect(service(dialog, "google-ads")).not_to_be_checked()
        expect(purpose(dialog, "marketing")).to_be_checked(indeterminate=True)


class TestLeaving:
    @pytest.mark.parametrize("way", ["Escape", "close"])
    def test_leaving_the_settings_stores_nothing(self, page, dialog, decisions, way):
        purpose(dialog, "marketing").check()
        leave(page, way)
        expect(dialog).to_have_count(0)
        expect(page.locator(banner.BOX)).to_be_visible()
        assert banner.cookies(page) == set()
        assert banner.stand_ins(page) == []
        assert decisions() == []

    def test_escape_puts_the_banner_away_until_the_next_page(self, page, bench, decisions):
        page.goto(bench.page(bench.script))
        page.locator(banner.ACCEPT).focus()
        page.keyboard.press("Escape")
        expect(page.locator(banner.BOX)).to_have_count(0)
        expect(page.locator(banner.REOPEN)).to_be_visible()
        assert banner.cookies(page) == set()
        assert banner.stand_ins(page) == []
        page.reload()
        expect(page.locator(banner.BOX)).to_be_visible()
        assert decisions() == []

    def test_opened_twice_and_left_the_banner_still_asks(self, page, dialog):
        page.evaluate("consent.open()")
        page.keyboard.press("Escape")
        expect(page.locator(banner.BOX)).to_be_visible()


def leave(page: Page, way: str) -> None:
    if way == "close":
        page.locator(banner.CLOSE).click()
    else:
        page.keyboard.press(way)


class TestFocus:
    def test_it_goes_to_the_heading(self, page, dialog):
        page.keyboard.press("Escape")
        page.locator(banner.CHOOSE).click()
        assert focused(page) == dialog.locator("h2").text_content()

    @pytest.mark.parametrize("way", ["Escape", "close"])
    def test_it_comes_back_to_the_button_that_opened(self, page, dialog, way):
        leave(page, way)
        expect(page.locator(banner.CHOOSE)).to_be_focused()

    def test_it_comes_back_to_where_it_was_in_the_page(self, page, site):
        page.goto(site)
        page.locator(banner.REFUSE).click()
        expect(page.locator(banner.REOPEN)).to_be_focused()
        opener = page.locator("[data-consent-open]")
        opener.click()
        expect(page.locator(banner.SETTINGS)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(banner.SETTINGS)).to_have_count(0)
        expect(opener).to_be_focused()

    def test_after_a_choice_it_stays_with_the_control(self, page, dialog):
        page.locator(banner.SAVE).click()
        expect(page.locator(banner.REOPEN)).to_be_focused()

    def test_the_banner_leaves_it_in_the_page(self, page, bench):
        page.goto(bench.page(bench.script))
        expect(page.locator(banner.BOX)).to_be_visible()
        assert page.evaluate("document.activeElement === document.body")


def test_any_element_of_the_page_can_open_the_settings(page, bench):
    page.goto(bench.page(f'{bench.script}<a href="/elsewhere" data-consent-open><b>Valg</b></a>'))
    expect(page.locator(banner.BOX)).to_be_visible()
    page.locator("a b").click()
    expect(page.locator(banner.SETTINGS)).to_be_visible()
    assert page.url.endswith("/page")


class TestKeyboard:
    """Everything can be done with Tab, Space, Enter and Escape."""

    @pytest.fixture(autouse=True)
    def at_the_banner(self, page, bench) -> None:
        page.goto(bench.page(bench.script))
        expect(page.locator(banner.BOX)).to_be_visible()

    @pytest.mark.parametrize(("button", "action"), [("ACCEPT", "accept"), ("REFUSE", "refuse")])
    def test_a_choice_can_be_made(self, page, decisions, button, action):
        tab_to(page, page.locator(getattr(banner, button)))
        page.keyboard.press("Enter")
        banner.wait_until_received(page)
        assert [each.action for each in decisions()] == [action]

    def test_a_purpose_can_be_chosen(self, page, decisions):
        tab_to(page, page.locator(banner.CHOOSE))
        page.keyboard.press("Enter")
        expect(page.locator(banner.service("meta-pixel"))).to_be_attached()
        tab_to(page, page.locator(banner.purpose("marketing")))
        page.keyboard.press("Space")
        tab_to(page, page.locator(banner.SAVE))
        page.keyboard.press("Enter")
        banner.wait_until_received(page)
        assert decisions()[0].purposes == {"analytics": False, "marketing": True}


def tab_to(page: Page, target: Locator) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element.matches(':focus')"):
            return
    raise AssertionError("Tab does not get there.")


def test_refusing_is_as_large_and_as_near_as_accepting(page, site):
    page.goto(site)
    sizes = []
    for button in (banner.REFUSE, banner.ACCEPT):
        place = page.locator(button).bounding_box()
        sizes.append([round(place[name]) for name in ("width", "height", "y")])
    assert sizes[0] == sizes[1]
    colours = [
        page.locator(button).evaluate("(element) => getComputedStyle(element).backgroundColor")
        for button in (banner.REFUSE, banner.ACCEPT)
    ]
    assert colours[0] == colours[1]
