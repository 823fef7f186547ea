"""Dialogs of libraries: those keep the focus, and cover what is below. The banner is above all, and can be pressed."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser import banner
from tests.browser.libraries import IN_BODY, IN_HEAD, Trial, accept, assert_asks, tag

COVERS = "position: fixed; inset: 0; z-index: 2147483647; background: #0009"


@dataclass(frozen=True)
class Library:
    """How a page is made with it: what goes into the head, and a dialog with its button."""

    name: str
    head: str
    body: str


BOOTSTRAP = Library(
    "bootstrap",
    '<link rel="stylesheet" href="/npm/bootstrap/dist/css/bootstrap.min.css">'
    + tag("bootstrap/dist/js/bootstrap.bundle.min.js"),
    """
    <button data-bs-toggle="modal" data-bs-target="#dialog">Open</button>
    <div class="modal" id="dialog" tabindex="-1" aria-label="Newsletter" aria-hidden="true">
      <div class="modal-dialog modal-fullscreen"><div class="modal-content">
        <input aria-label="E-mail"><button data-bs-dismiss="modal">Close</button>
      </div></div>
    </div>""",
)
A11Y_DIALOG = Library(
    "a11y-dialog",
    tag("a11y-dialog/dist/a11y-dialog.min.js")
    + f"<style>#dialog {{ {COVERS} }} #dialog[aria-hidden=true] {{ display: none }}</style>",
    """
    <button data-a11y-dialog-show="dialog">Open</button>
    <div id="dialog" data-a11y-dialog="dialog" aria-label="Newsletter" aria-hidden="true">
      <div role="document"><input aria-label="E-mail"><button data-a11y-dialog-hide>Close</button></div>
    </div>""",
)
MICROMODAL = Library(
    "micromodal",
    tag("micromodal/dist/micromodal.min.js")
    + "<script>addEventListener('DOMContentLoaded', () => MicroModal.init())</script>"
    + f"<style>#dialog {{ display: none }} #dialog.is-open {{ display: block; {COVERS} }}</style>",
    """
    <button data-micromodal-trigger="dialog">Open</button>
    <div id="dialog" aria-hidden="true"><div tabindex="-1"><div role="dialog" aria-modal="true" aria-label="Newsletter">
      <input aria-label="E-mail"><button data-micromodal-close>Close</button>
    </div></div></div>""",
)


@pytest.fixture(
    params=[BOOTSTRAP, A11Y_DIALOG, MICROMODAL],
    ids=[each.name for each in (BOOTSTRAP, A11Y_DIALOG, MICROMODAL)],
)
def library(request: pytest.FixtureRequest) -> Library:
    return request.param


@pytest.fixture
def trial(bench, page, new_context) -> Trial:
    return Trial(bench, page, new_context().new_page())


def open_dialog(page: Page) -> None:
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#dialog")).to_be_visible()
    page.wait_for_function("document.activeElement.closest('#dialog')")


def close_dialog(page: Page) -> None:
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#dialog")).to_be_hidden()


def write(page: Page) -> None:
    """Opens the dialog, and is in it with the keyboard."""
    open_dialog(page)
    page.get_by_label("E-mail").fill("ola@example.no")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("E-mail")).to_be_focused()
    close_dialog(page)


def put(trial: Trial, library: Library, script: str) -> str:
    return trial.bench.page(
        f"<head>{script}{library.head}{IN_HEAD}</head><body>{library.body}{IN_BODY}"
    )


def test_the_dialog_works(trial, library):
    trial.holds(lambda script: put(trial, library, script), write)


def test_the_banner_answers_while_it_is_open(trial, library):
    page = trial.page
    page.goto(put(trial, library, trial.bench.script))
    assert_asks(page)
    open_dialog(page)
    assert_asks(page)
    accept(page)
    expect(page.locator(banner.REOPEN)).to_be_visible()
    close_dialog(page)


def test_the_settings_answer_while_it_is_open(trial, library):
    page = trial.page
    page.goto(put(trial, library, trial.bench.script))
    assert_asks(page)
    open_dialog(page)
    banner.open_settings(page)
    analytics = page.locator(banner.purpose("analytics"))
    analytics.focus()
    expect(analytics).to_be_focused()
    page.keyboard.press("Space")
    page.locator(banner.SAVE).click()
    page.wait_for_function("consent.get().purposes.analytics")
    close_dialog(page)
    assert not trial.said
