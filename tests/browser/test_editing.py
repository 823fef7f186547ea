"""The draft edited in a browser, with scripts and without, and looked at while it is typed."""

import re

import pytest
from playwright.sync_api import Page, expect

from consent.core.db import db
from consent.site import versions
from tests.browser import staff_pages
from tests.browser.staff_pages import go, log_in

DRAFT = "/dashboard/07sor/draft"


@pytest.fixture
def page(app, consent_url, new_context) -> Page:
    staff_pages.add(app, erik="editor")
    page = staff_pages.open_page(new_context, viewport={"width": 1280, "height": 1100})
    log_in(page, consent_url, "erik")
    return page


def stage(page: Page):
    return page.frame_locator("iframe.stage")


def test_what_is_typed_shows_beside_it_and_is_not_saved(page, consent_url):
    page.goto(f"{consent_url}{DRAFT}/banner")
    expect(stage(page).get_by_role("heading")).to_be_visible()
    entries = page.evaluate("history.length")
    for language in ("nb", "nn", "en"):
        page.locator(f"[name='banner.title.{language}']").fill("Vi spør først")
    field = page.locator("[name='looks.light.button']")
    field.click()
    page.keyboard.type("#7a1f3d", delay=5)

    expect(stage(page).get_by_role("heading")).to_have_text("Vi spør først")
    expect(stage(page).locator("[data-consent-accept]")).to_have_css(
        "background-color", "rgb(122, 31, 61)"
    )
    # The banner takes no focus from whoever types, and the back button goes back.
    expect(field).to_be_focused()
    assert page.evaluate("history.length") == entries
    page.reload()
    expect(stage(page).get_by_role("heading")).not_to_have_text("Vi spør først")


def test_a_mistake_while_typing_says_so_in_place_of_the_preview(page, consent_url):
    page.goto(f"{consent_url}{DRAFT}/banner")
    page.locator("[name='asking.months']").fill("99")

    expect(stage(page).get_by_text("The draft has mistakes")).to_be_visible()


def test_a_mistake_is_said_at_its_field_before_it_is_saved(page, consent_url):
    page.goto(f"{consent_url}{DRAFT}/banner")
    field = page.locator("[name='asking.months']")
    field.fill("99")
    page.keyboard.press("Tab")

    wrong = page.locator("[id='wrong-asking.months']")
    expect(wrong).to_have_text("This is too large: it must be at most 13.")
    field.fill("9")
    page.keyboard.press("Tab")
    expect(wrong).to_be_empty()
    page.reload()
    expect(field).to_have_value("12")


def test_several_cookies_are_added_at_once(page, app, consent_url):
    page.goto(f"{consent_url}{DRAFT}/services/0")
    there = page.locator("details:visible input[name^='cookies.'][name$='.name']").count()
    for number in range(there, there + 3):
        page.get_by_role("button", name="Add another: Cookies").click()
        page.locator(f"[name='cookies.{number + 1}.name']").fill(f"_new{number}")
        page.locator(f"[name='cookies.{number + 1}.lifetime']").fill("1 day")
        for language in ("nb", "nn", "en"):
            page.locator(f"[name='cookies.{number + 1}.use.{language}']").fill("Use")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_be_visible()

    expect(page.locator("details:visible summary")).to_contain_text(["_new2", "_new3", "_new4"])
    expect(page.locator(".complaint")).to_have_count(0)


def test_the_preview_is_the_banner_and_leaves_nothing_behind(page, app, consent_url):
    sent = []
    page.goto(f"{consent_url}/dashboard/07sor/preview?spoken=en")
    before = page.context.cookies()
    page.context.on("request", lambda request: sent.append(request.url))

    stage(page).locator("[data-consent-choose]").click()
    expect(stage(page).locator("dialog[open]")).to_be_visible()
    stage(page).locator("dialog [data-consent-accept]").click()
    expect(stage(page).locator("[data-consent-reopen]")).to_be_visible()

    assert sent == []
    assert page.context.cookies() == before
    assert page.frames[1].evaluate("localStorage.length") == 0
    with app.app_context():
        assert (
            db.session.connection().exec_driver_sql("SELECT count(*) FROM decisions").scalar() == 0
        )


@pytest.mark.parametrize("scripts", [True, False])
def test_the_preview_shows_what_is_chosen(new_context, app, consent_url, scripts):
    staff_pages.add(app, vera="viewer")
    page = staff_pages.open_page(new_context, java_script_enabled=scripts)
    log_in(page, consent_url, "vera")
    go(page, "Preview")
    for name, value in (("show", "notice"), ("spoken", "nn"), ("layout", "bar")):
        page.locator(f"[name={name}]").select_option(value)
    if not scripts:
        page.locator("main form").get_by_role("button", name="Show").click()

    expect(stage(page).locator("html")).to_have_attribute("lang", "nn")
    expect(page).to_have_url(re.compile("show=notice.*spoken=nn.*layout=bar"))


@pytest.mark.parametrize(("layout", "scheme"), [("bar", "dark"), ("centre", "light")])
def test_each_layout_and_scheme(page, consent_url, layout, scheme):
    page.goto(f"{consent_url}/dashboard/07sor/preview?layout={layout}&scheme={scheme}&spoken=en")

    surface = {"dark": "rgb(28, 36, 48)", "light": "rgb(255, 255, 255)"}[scheme]
    box = stage(page).locator("consent-banner")
    expect(box).to_have_css("background-color", surface)
    width = box.evaluate("(each) => each.getBoundingClientRect().width")
    frame = page.locator("iframe.stage").bounding_box()["width"]
    assert (width > 0.9 * frame) is (layout == "bar")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_change_from_the_form_to_the_notice(new_context, app, consent_url, scripts):
    staff_pages.add(app, eva="editor")
    page = staff_pages.open_page(
        new_context, java_script_enabled=scripts, viewport={"width": 390, "height": 844}
    )
    log_in(page, consent_url, "eva")
    go(page, "Draft")
    page.get_by_role("link", name="Contacts").click()
    page.locator("[name='controller.email']").fill("not an address")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("'not an address' is not an e-mail address.")).to_be_visible()
    page.locator("[name='controller.email']").fill("privacy@07.no")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved in the draft")
    page.locator(".way").get_by_role("link", name="Draft").click()
    page.get_by_role("link", name="Review and publish").click()
    expect(page.locator("main")).to_contain_text("privacy@07.no")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_role("status")).to_contain_text("Version 2 is published.")

    page.goto(f"{consent_url}/privacy/07sor/")
    expect(page.locator("body")).to_contain_text("privacy@07.no")
    with app.app_context():
        assert versions.current(db.session(), "07sor").number == 2


def test_the_keyboard_alone_edits_and_publishes(page, app, consent_url):
    page.goto(f"{consent_url}{DRAFT}/keep")

    def press_to(locator) -> None:
        for _ in range(60):
            if locator.evaluate("(e) => e === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not reach {locator}.")

    press_to(page.locator("[name='keep.counters']"))
    page.keyboard.type("90 days")
    press_to(page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    press_to(page.locator(".way a"))
    page.keyboard.press("Enter")
    press_to(page.get_by_role("link", name="Review and publish"))
    page.keyboard.press("Enter")
    press_to(page.get_by_role("button", name="Publish version 2"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Version 2 is published.")
