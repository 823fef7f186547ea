"""A withdrawal that loads the page again, where the site file asks for it."""

import pytest

from tests.browser import banner

GATED = '<script type="text/plain" data-consent="analytics">window.ran = 1</script>'


@pytest.fixture
def reloading(app, bench) -> None:
    banner.put_in_force(app, bench, {"[asking]": "[asking]\nreload_on_withdrawal = true"})


@pytest.fixture
def accepted(page, bench):
    page.goto(bench.page(bench.script + GATED))
    page.locator(banner.ACCEPT).click()
    page.wait_for_function("window.ran")
    banner.wait_until_received(page)
    return page


@pytest.mark.usefixtures("reloading")
def test_it_ends_what_runs(accepted, decisions):
    with accepted.expect_navigation():
        accepted.evaluate("consent.withdraw()")
    accepted.locator(banner.REOPEN).wait_for()
    assert accepted.evaluate("window.ran") is None
    assert [each.action for each in decisions()] == ["accept", "withdraw"]


@pytest.mark.usefixtures("reloading")
def test_the_next_page_is_not_loaded_twice(accepted, bench):
    with accepted.expect_navigation():
        accepted.evaluate("consent.withdraw()")
    accepted.goto(bench.page(bench.script + GATED, "/next"))
    accepted.locator(banner.REOPEN).wait_for()
    banner.wait_until_quiet(accepted)
    entries = "performance.getEntriesByType('navigation')[0].type"
    assert accepted.evaluate(entries) == "navigate"


def test_without_it_the_page_stays(accepted):
    accepted.evaluate("window.isSame = true")
    accepted.evaluate("consent.withdraw()")
    banner.wait_until_received(accepted)
    banner.wait_until_quiet(accepted)
    assert accepted.evaluate("isSame")
