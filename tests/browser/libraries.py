"""Websites built on somebody else's library: what has to hold on each, with the banner in it and without.

The libraries are npm's (package.json); the bench serves their own built files under /npm/.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from flask import Response
from playwright.sync_api import Page, expect

from tests.browser import banner
from tests.browser.conftest import NODE_MODULES
from tests.browser.servers import Bench
from tests.browser.test_gate import external, frame, inline, note, ran

# One of each kind that waits. What is written into the page may stand anywhere in it.
IN_HEAD = inline("head")
IN_BODY = inline("inline") + external("/outside.js") + frame("/film")
ONCE_EACH = Counter(["head", "inline", "outside", "film"])

# Builds the pages with this in their heads, and returns where to start.
Put = Callable[[str], str]
Use = Callable[[Page], None]


def tag(path: str) -> str:
    """A script of a library, or of any npm package."""
    assert (NODE_MODULES / path).exists(), f"npm ci, which brings {path}"
    return f'<script src="/npm/{path}"></script>'


def serve_libraries(bench: Bench) -> None:
    """The bench serves what npm brought, and what IN_BODY asks for."""

    def file(path: str) -> Response:
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        return Response((NODE_MODULES / path).read_bytes(), content_type=f"{kind}; charset=utf-8")

    bench.app.add_url_rule("/npm/<path:path>", "npm", file)
    bench.javascript("/outside.js", note("outside"))
    bench.page(f"<script>{note('film')}</script>", "/film")


def put_whole(
    bench: Bench, path: str, answer: Callable[[], object], kind: str = "text/html"
) -> str:
    """Puts a page there to which the bench adds nothing; what `answer` returns may be sent in parts."""
    bench.app.add_url_rule(path, path, lambda: Response(answer(), content_type=kind))  # type: ignore[arg-type]
    return bench.origin("localhost") + path


def complaints(page: Page) -> list[str]:
    """What goes wrong in a page from now on, as its console has it."""
    said: list[str] = []

    def hear(kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            said.append(f"{kind}: {text}")

    page.on("console", lambda message: hear(message.type, message.text))
    page.on("pageerror", lambda error: hear("error", f"uncaught: {error}"))
    return said


class Trial:
    """A website without the banner, and the same with it."""

    def __init__(self, bench: Bench, page: Page, other_page: Page) -> None:
        serve_libraries(bench)
        self.bench = bench
        self.page = page
        self.other_page = other_page
        self.said = complaints(page)
        self.said_alone = complaints(other_page)

    def holds(self, put: Put, use: Use, started: Counter[str] = ONCE_EACH) -> Page:
        """The library works as it does alone, the banner is there, and what waits runs once, upon consent.

        `use` uses the library and asserts that it works; it has to be possible more than once.
        """
        self.other_page.goto(put(""))
        use(self.other_page)
        self.page.goto(put(self.bench.script))
        assert_asks(self.page)
        use(self.page)
        assert_asks(self.page)
        assert ran(self.page) == []
        accept(self.page)
        wait_until_started(self.page, started)
        use(self.page)
        assert_stays(self.page, started)
        self.no_new_complaints()
        return self.page

    def no_new_complaints(self) -> None:
        more = set(self.said) - set(self.said_alone)
        assert not more, f"the console has more: {more}"


def accept(page: Page) -> None:
    page.locator(banner.ACCEPT).click()
    expect(page.locator(banner.BOX)).to_have_count(0)
    banner.wait_until_received(page)


# Whether a click on the middle of it meets the banner.
ON_TOP = """(button) => {
  const { left, top, width, height } = button.getBoundingClientRect();
  return !!document.elementFromPoint(left + width / 2, top + height / 2)?.closest("[data-consent-box]");
}"""


def assert_asks(page: Page) -> None:
    """One banner, in the window and above all else."""
    box = page.locator(banner.BOX)
    expect(box).to_have_count(1)
    expect(box).to_be_visible()
    expect(box).to_be_in_viewport(ratio=1)
    accept = page.locator(banner.ACCEPT)
    expect(accept).to_be_in_viewport(ratio=1)
    assert accept.evaluate(ON_TOP), "something covers the banner"


def wait_until_started(page: Page, started: Counter[str]) -> None:
    """Until all that is expected has run; whether it was more is for assert_stays."""
    page.wait_for_function(
        "(names) => names.every((name) => window.ran?.includes(name))", arg=list(started)
    )


def assert_stays(page: Page, started: Counter[str]) -> None:
    """What has run is this and no more, and one tab is there. What waits starts in the order of the page, so when
    a script at its end has run, nothing before it is still to come.
    """
    page.evaluate(
        "(html) => document.body.append(document.createRange().createContextualFragment(html))",
        inline("last"),
    )
    page.wait_for_function("window.ran.includes('last')")
    page.evaluate("window.ran.splice(window.ran.indexOf('last'), 1)")
    assert Counter(ran(page)) == started, f"has run: {ran(page)}"
    expect(page.locator(banner.BOX)).to_have_count(0)
    expect(page.locator(banner.REOPEN)).to_have_count(1)
    expect(page.locator(banner.REOPEN)).to_be_visible()
    expect(page.locator(banner.REOPEN)).to_be_in_viewport()


def source(path: str) -> Path:
    return Path(__file__).parent / path
