"""The banner as a visitor meets it: what to look for, what to press, what a page remembers."""

from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect

from consent.demo import SITE_FILE
from consent.site import schema
from consent.site.schema import SiteFile
from tests.browser.servers import Bench
from tests.conftest import publish

BOX = "[data-consent-box]"
ACCEPT = "[data-consent-accept]"
REFUSE = "[data-consent-refuse]"
CHOOSE = "[data-consent-choose]"
SAVE = "[data-consent-save]"
REOPEN = "[data-consent-reopen]"
SETTINGS = "[data-consent-settings]"
CLOSE = "[data-consent-close]"

# Options of a context, and what a page needs in its head to be laid out as wide as a phone is.
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
FITS_A_PHONE = '<meta name="viewport" content="width=device-width, initial-scale=1">'

STAND_INS = ["google-analytics", "google-ads", "meta-pixel"]
THEIR_COOKIES = {"_ga", "_ga_DEMO", "_gcl_au", "_fbp"}

# The choice as the cookie has it (static/embed/choice.js), with what the server has not received; null where there is
# none.
CHOICE = """((found) => {
  if (!found) return null;
  const choice = Object.fromEntries(found[1].split("~").map((field, at) => ["vtipsdrcukh"[at], field]));
  for (const name of ["p", "s"]) {
    const given = {};
    for (const group of choice[name].split(".")) {
      const [value, ...keys] = group.split(":");
      for (const key of keys) given[key] = value === "0" ? 0 : value;
    }
    choice[name] = given;
  }
  let kept = "";
  try { kept = Object.entries(localStorage).find(([name]) => name.startsWith("consent-"))?.[1] ?? "" } catch {}
  choice.q = kept.split("\\n").concat(choice.u).filter(Boolean);
  for (const name of ["v", "t", "d", "r", "c"]) choice[name] = +choice[name];
  return choice;
})(document.cookie.match(/(?:^|; )consent=1~([^;]*)/))"""

# Writes a choice as CHOICE gives it.
WRITE_CHOICE = """(choice) => {
  const pack = (given) => Object.entries(given).map(([key, value]) => `${value}:${key}`).join(".");
  const field = { ...choice, p: pack(choice.p), s: pack(choice.s) };
  document.cookie = `consent=1~${[..."vtipsdrcukh"].map((name) => field[name] || "").join("~")};path=/`;
}"""


def put_in_force(app: Flask, bench: Bench, replaced: dict[str, str]) -> SiteFile:
    """Publishes the demo's site file for the bench, with the first of each text replaced by another."""
    source = SITE_FILE.read_text()
    origin = {"origins = [": f'origins = ["{bench.origin("localhost")}", '}
    for old, new in {**origin, **replaced}.items():
        assert old in source
        source = source.replace(old, new, 1)
    with app.app_context():
        publish(source)
    app.extensions["consent_memory"].forget()
    return schema.parse(source)


def purpose(name: str) -> str:
    return f'[data-consent-purpose="{name}"]'


def service(name: str) -> str:
    return f'[data-consent-service="{name}"]'


def open_settings(page: Page) -> None:
    """Opens the second layer from where the visitor is, and waits for its full text."""
    page.locator(f"{CHOOSE}, {REOPEN}").click()
    expect(page.locator(f"{SETTINGS} {service('meta-pixel')}")).to_be_attached()


def withdraw(page: Page) -> None:
    """By what stays after a choice: its first button takes everything back."""
    page.locator(REOPEN).click()
    page.locator(f"{SETTINGS} [data-consent-withdraw]").click()


def wait_until_received(page: Page) -> None:
    """Until the server has answered every decision, and the token is in the cookie."""
    page.wait_for_function(
        f"() => {{ const choice = {CHOICE}; return choice?.k && !choice.q.length }}"
    )


def wait_until_clean(page: Page) -> None:
    """Until no cookie of a refused service is left to be found."""
    page.wait_for_function(f"() => !{CHOICE}?.d || !/_gcl_au=|_fbp=/.test(document.cookie)")


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
