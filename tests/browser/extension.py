"""A Chromium with an extension that sets a style with the origin of the user, as filter lists do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Playwright

from tests.browser.install import windowed_chromium_path

MANIFEST = {
    "manifest_version": 3,
    "name": "A list of filters",
    "version": "1",
    "permissions": ["scripting", "webNavigation"],
    "host_permissions": ["<all_urls>"],
    "background": {"service_worker": "background.js"},
}
BACKGROUND = """
chrome.webNavigation.onCommitted.addListener(({ tabId, frameId }) =>
  chrome.scripting.insertCSS({ target: { tabId, frameIds: [frameId] }, css: STYLE, origin: "USER" }));
"""
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def browser_with(playwright: Playwright, folder: Path, style: str) -> Iterator[BrowserContext]:
    """The browser; the headless shell that the other tests drive knows no extensions."""
    extension = folder / "extension"
    extension.mkdir()
    (extension / "manifest.json").write_text(json.dumps(MANIFEST))
    (extension / "background.js").write_text(f"const STYLE = {json.dumps(style)};{BACKGROUND}")
    context = playwright.chromium.launch_persistent_context(
        folder / "profile",
        executable_path=windowed_chromium_path(),
        args=[*ARGUMENTS, *QUIET, f"--load-extension={extension}"],
        ignore_default_args=["--disable-extensions", "--headless"],
        headless=True,
        locale="nb-NO",
    )
    try:
        context.wait_for_event("serviceworker") if not context.service_workers else None
        yield context
    finally:
        context.close()
