"""A Chromium with an extension that sets a style with the origin of the user, as filter lists do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Playwright

from tests.browser.install import windowed_chromium_path

MANIFEST = {
    "manifest_version": 3,
    "name": "A list of filters",
    "version": "1",
    "permissions": ["scripting", "webNavigation"],
    "host_permissions": ["<all_urls>"],
    "background": {"service_worker": "background.js"},
}
# Says in a page that the style is there; it comes some time after the page.
MARK = "--filtered"
HAS_STYLE = f"getComputedStyle(document.documentElement).getPropertyValue('{MARK}')"
IS_LISTENING = "() => chrome.webNavigation.onCommitted.hasListeners()"
BACKGROUND = """
chrome.webNavigation.onCommitted.addListener(({ tabId, frameId }) =>
  chrome.scripting.insertCSS({ target: { tabId, frameIds: [frameId] }, css: STYLE, origin: "USER" }));
"""
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def page_with(playwright: Playwright, folder: Path, style: str) -> Iterator[Page]:
    """A page of the browser; the headless shell that the other tests drive knows no extensions."""
    extension = folder / "extension"
    extension.mkdir()
    marked = f"{style} :root {{ {MARK}: 1 }}"
    (extension / "manifest.json").write_text(json.dumps(MANIFEST))
    (extension / "background.js").write_text(f"const STYLE = {json.dumps(marked)};{BACKGROUND}")
    context = playwright.chromium.launch_persistent_context(
        folder / "profile",
        executable_path=windowed_chromium_path(),
        args=[*ARGUMENTS, *QUIET, f"--load-extension={extension}"],
        ignore_default_args=["--disable-extensions", "--headless"],
        headless=True,
        locale="nb-NO",
    )
    try:
        workers = context.service_workers
        worker = workers[0] if workers else context.wait_for_event("serviceworker")
        while not worker.evaluate(IS_LISTENING):
            pass
        yield context.pages[0]
    finally:
        context.close()


def open_with_style(page: Page, url: str, script: str) -> None:
    """Opens a page, and puts our script there once the style is."""
    page.goto(url)
    page.wait_for_function(HAS_STYLE)
    page.evaluate(
        "(html) => document.head.append(document.createRange().createContextualFragment(html))",
        script,
    )
    page.wait_for_function("window.consent")
