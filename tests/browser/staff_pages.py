"""What the tests of staff pages share: the people of a site, and how they log in."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from consent.core.db import db
from consent.people import staff
from consent.web.security import HTMX_CDN
from tests.browser.conftest import HTMX

PASSWORD = "a-long-enough-password"
CORS = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
NewContext = Callable[..., BrowserContext]


def add(app: Flask, **roles: str) -> None:
    """Members of 07sor, each with a role."""
    with app.app_context():
        for name, role in roles.items():
            email = f"{name}@example.no"
            staff.add(db.session(), email, PASSWORD, ["07sor"], datetime.now(UTC), role)


def open_page(new_context: NewContext, **options: object) -> Page:
    """A page in a browser of its own, in English, for which the CDN answers."""
    context = new_context(**{"locale": "en-GB", **options})
    context.route(HTMX_CDN, lambda route: route.fulfill(path=HTMX, headers=CORS))
    return context.new_page()


def log_in(page: Page, consent_url: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{consent_url}/dashboard/")
    page.locator("[name=email]").fill(f"{name}@example.no")
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def go(page: Page, name: str) -> None:
    """To one of the site's pages, through its menu."""
    # Styles too. Asked of the page itself: after a download its browser tells of no load any more.
    expect(page.locator("body")).to_have_css("margin-top", "0px")
    menu = page.locator(".site > summary")
    if menu.is_visible() and page.locator(".site:not([open])").count():
        menu.click()
    page.locator(".site").get_by_role("link", name=name, exact=True).click()
