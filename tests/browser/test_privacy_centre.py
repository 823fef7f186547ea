"""The privacy centre, with JavaScript and without: choices seen, downloaded and erased; recipients searched."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from consent.web.security import HTMX_CDN
from tests.browser import banner
from tests.browser.conftest import HTMX

CORS = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def visitor(request: pytest.FixtureRequest, new_context: Callable) -> Page:
    context = new_context(java_script_enabled=request.param, accept_downloads=True)
    context.route(HTMX_CDN, lambda route: route.fulfill(path=HTMX, headers=CORS))
    return context.new_page()


def test_choices_are_made_seen_downloaded_and_erased(visitor: Page, consent_url: str) -> None:
    visitor.goto(f"{consent_url}/privacy/07sor/choices?lang=en")
    visitor.get_by_role("button", name="Accept all").click()
    expect(visitor.get_by_role("status")).to_be_visible()
    visitor.get_by_role("button", name="Reject all").click()
    made = visitor.locator("#history li")
    expect(made).to_have_count(2)
    expect(made.first).to_contain_text("You withdrew your consent")

    made.last.get_by_role("link", name="What you saw then").click()
    expect(visitor.get_by_role("heading", name="What you saw")).to_be_visible()
    expect(visitor.locator(".seen")).to_contain_text("Cookies and your privacy")
    visitor.go_back()

    with visitor.expect_download() as found:
        visitor.get_by_role("link", name="Download all of it").click()
    assert len(json.loads(found.value.path().read_text())["decisions"]) == 2

    visitor.get_by_role("button", name="Erase my stored choices").click()
    expect(made).to_have_count(2)  # it was not confirmed
    visitor.get_by_label("Yes, erase it for good").check()
    visitor.get_by_role("button", name="Erase my stored choices").click()
    expect(visitor.get_by_role("status")).to_contain_text("are erased")
    expect(made).to_have_count(0)


def test_recipients_are_searched(visitor: Page, consent_url: str) -> None:
    visitor.goto(f"{consent_url}/privacy/07sor/recipients?lang=en")
    rows = visitor.locator("#recipients tbody tr")
    expect(rows.filter(has_text="Syse AS")).to_have_count(1)

    visitor.get_by_label("Search").fill("backup")
    visitor.get_by_label("Search").press("Enter")

    expect(rows.filter(has_text="ManageWP")).to_have_count(1)
    expect(rows.filter(has_text="Syse AS")).to_have_count(0)


def test_the_table_follows_what_is_typed_and_chosen(
    page: Page, context: object, consent_url: str
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route(HTMX_CDN, lambda route: route.fulfill(path=HTMX, headers=CORS))
    page.goto(f"{consent_url}/privacy/07sor/recipients?lang=en")
    page.wait_for_load_state()
    page.evaluate("window.same = true")
    rows = page.locator("#recipients tbody tr")

    page.get_by_label("Search").press_sequentially("invoice")
    expect(rows.filter(has_text="Syse AS")).to_have_count(0)
    page.get_by_label("Search").fill("")
    page.get_by_label("Purpose").select_option("analytics")
    expect(rows).to_have_count(1)

    assert page.evaluate("window.same") is True
    assert complaints == []


def test_from_the_website_to_all_that_was_chosen(page: Page, site: str, consent_url: str) -> None:
    """The token comes along in the fragment, and in no address that a server sees."""
    page.goto(site)
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    token = page.evaluate(banner.CHOICE)["k"]
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))

    page.goto(f"{consent_url}/privacy/07sor/choices?lang=en#token={token}")
    expect(page.locator("#history li")).to_have_count(1)

    assert not [each.url for each in asked if token in each.url.split("#")[0]]
    assert "#" not in page.url
