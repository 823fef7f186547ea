"""The banner as a visitor meets it: what to look for, what to press, what a page remembers."""

from typing import Any

from playwright.sync_api import Page, expect

BOX = "[data-consent-box]"
ACCEPT = "[data-consent-accept]"
REFUSE = "[data-consent-refuse]"
CHOOSE = "[data-consent-choose]"
SAVE = "[data-consent-save]"
REOPEN = "[data-consent-reopen]"
SETTINGS = "[data-consent-settings]"
CLOSE = "[data-consent-close]"

STAND_INS = ["google-analytics", "google-ads", "meta-pixel"]
THEIR_COOKIES = {"_ga", "_ga_DEMO", "_gcl_au", "_fbp"}

# The choice as the cookie has it; null where there is none.
CHOICE = """(() => {
  const found = document.cookie.match(/(?:^|; )consent=([^;]*)/);
  return found && JSON.parse(decodeURIComponent(found[1]));
})()"""


def purpose(name: str) -> str:
    return f'[data-consent-purpose="{name}"]'


def service(name: str) -> str:
    return f'[data-consent-service="{name}"]'


def open_settings(page: Page) -> None:
    """Opens the second layer from where the visitor is, and waits for its full text."""
    page.locator(f"{CHOOSE}, {REOPEN}").click()
    expect(page.locator(f"{SETTINGS} {service('meta-pixel')}")).to_be_attached()


def wait_until_received(page: Page) -> None:
    """Until the server has answered every decision, and the token is in the cookie."""
    page.wait_for_function(
        f"() => {{ const choice = {CHOICE}; return choice?.k && !choice.q.length }}"
    )


def wait_until_clean(page: Page) -> None:
    """Until no cookie of a refused service was found any more."""
    page.wait_for_function(f"() => {CHOICE}?.d === 0")


def wait_until_stand_ins_ran(page: Page) -> None:
    page.wait_for_function("(all) => window.standIns?.length >= all", arg=len(STAND_INS))


def wait_until_quiet(page: Page) -> None:
    """Until nothing has been asked of the network for half a second: what has not happened will not."""
    page.wait_for_load_state("networkidle")


def stand_ins(page: Page) -> list[str]:
    return page.evaluate("window.standIns ?? []")


def cookies(page: Page) -> set[str]:
    """The names of all cookies of the context, whoever set them."""
    page.evaluate("document.cookie")  # what the page wrote has arrived when it can be read back
    return {each["name"] for each in page.context.cookies()}


def storage(page: Page) -> Any:
    """How much the page's origin keeps in the browser, cookies apart."""
    return page.evaluate(
        "async () => [localStorage.length, sessionStorage.length,"
        " (await indexedDB.databases()).length, (await caches.keys()).length]"
    )
