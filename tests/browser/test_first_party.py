"""The server on a sub-domain of the website, which sets the choice for the whole domain."""

import pytest
from playwright.sync_api import Page

from tests.browser import banner

HOST = "app.localhost"
DOMAIN = f".{HOST}"


@pytest.fixture
def accepted(page: Page, bench, consent) -> Page:
    tag = f'<script async src="{consent.origin("consent." + HOST)}/e/07sor.js"></script>'
    page.goto(bench.page(tag, host=HOST))
    page.locator(banner.ACCEPT).click()
    page.wait_for_function("samtykke.choice?.h")
    return page


def kept(page: Page) -> dict[tuple[str, str], str]:
    """Where a choice lies, and what the field of its groups says."""
    page.evaluate("document.cookie")
    found = page.context.cookies()
    return {(each["name"], each["domain"]): each["value"].split("~")[4] for each in found}


def test_one_cookie_of_the_domain_replaces_what_the_script_wrote(accepted):
    assert list(kept(accepted)) == [("consent-07sor", DOMAIN)]
    accepted.reload()
    accepted.locator(banner.REOPEN).wait_for()
    assert accepted.evaluate("consent.get().purposes.marketing")
    assert list(kept(accepted)) == [("consent-07sor", DOMAIN)]


def test_a_withdrawal_takes_its_place(accepted):
    accepted.reload()
    banner.withdraw(accepted)
    accepted.wait_for_function("!samtykke.choice.u")
    assert kept(accepted) == {("consent-07sor", DOMAIN): "0:analytics:marketing"}


def test_a_withdrawal_that_cannot_be_sent_leaves_no_acceptance_behind(accepted, consent):
    accepted.reload()
    accepted.locator(banner.REOPEN).wait_for()
    consent.stop()
    accepted.evaluate("consent.withdraw()")
    assert kept(accepted) == {("consent", HOST): "0:analytics:marketing"}
