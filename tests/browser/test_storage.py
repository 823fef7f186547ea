"""What services store besides cookies: it goes with a withdrawal, and no id comes back."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from consent.site import known_services
from tests.browser import banner
from tests.browser.conftest import NODE_MODULES
from tests.browser.test_gate import inline

KEYS = """async () => ({
  cookie: document.cookie.split("; ").map((each) => each.split("=")[0]).filter((each) => each && each !== "consent"),
  local: Object.keys(localStorage),
  session: Object.keys(sessionStorage),
  indexeddb: (await indexedDB.databases()).map(({ name }) => name),
  cache: await caches.keys(),
})"""
NOTHING: dict[str, list[str]] = {
    each: [] for each in ("cookie", "local", "session", "indexeddb", "cache")
}


def entry(kind: str, name: str, lifetime: str = "") -> str:
    use = "\n".join(f'use.{language} = "Id"' for language in ("nb", "nn", "en"))
    return f'\n[[services.storage]]\nkind = "{kind}"\nname = "{name}"\n{lifetime}{use}\n'


# Before the processors: of the last service, which is YouTube. The first ones are found by what follows them.
ANALYTICS = (
    entry("local", "ga:*:id")
    + entry("session", "ga-session")
    + entry("indexeddb", "ga-*")
    + entry("cache", "ga-cache")
    + entry("local", "shared")
)
WRITE_ALL = """
localStorage["ga:1:id"] = localStorage["ga:1:idle"] = localStorage.shared = localStorage["ga:id"] = 1;
sessionStorage["ga-session"] = sessionStorage.cart = 1;
window.open_ = indexedDB.open("ga-queue"); indexedDB.open("shop");
caches.open("ga-cache").then(() => caches.open("offline")).then(() => { window.written = true });
"""
OWN = {
    **NOTHING,
    "local": ["ga:1:idle", "ga:id"],
    "session": ["cart"],
    "indexeddb": ["shop"],
    "cache": ["offline"],
}


@pytest.fixture
def storing(app, bench) -> Callable[[str], None]:
    """Publishes the demo's site file with this in the table of Google Analytics."""

    def publish(tables: str, used: str = "") -> None:
        following = '[[services]]\nkey = "google-ads"'
        banner.put_in_force(app, bench, {following: f"{tables}\n{used}\n{following}"})

    return publish


def kept(page: Page) -> dict[str, list[str]]:
    found = page.evaluate(KEYS)
    return {kind: sorted(names) for kind, names in found.items()}


def wait_until_kept(page: Page, wanted: dict[str, list[str]]) -> None:
    page.wait_for_function(
        f"async (wanted) => {{ const found = await ({KEYS})();"
        " for (const kind in found) found[kind].sort();"
        " return JSON.stringify(found) === JSON.stringify(wanted) }",
        arg=wanted,
    )


@pytest.fixture
def accepted(page: Page, bench, storing) -> Page:
    storing(ANALYTICS)
    page.goto(bench.page(bench.script + inline("x") + gated("analytics", WRITE_ALL)))
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    page.wait_for_function("window.written")
    return page


def gated(purpose: str, source: str) -> str:
    return f'<script type="text/plain" data-consent="{purpose}">{source}</script>'


class TestWithdrawal:
    def test_all_of_it_goes_and_nothing_else(self, accepted, bench):
        banner.withdraw(accepted)
        accepted.goto(bench.page(bench.script, "/next"))
        wait_until_kept(accepted, OWN)

    def test_what_comes_back_goes_too_until_none_is_left(self, accepted, bench):
        """A script that runs cannot be stopped."""
        banner.withdraw(accepted)
        banner.wait_until_received(accepted)
        accepted.wait_for_function("!localStorage['ga:1:id']")
        accepted.evaluate("localStorage['ga:1:id'] = 2")
        accepted.goto(bench.page(bench.script, "/next"))
        wait_until_kept(accepted, OWN)
        accepted.goto(bench.page(bench.script, "/later"))
        accepted.wait_for_function(f"!{banner.CHOICE}.d")

    def test_what_another_service_uses_too_stays(self, page, bench, storing, app):
        following = "[[processors]]"
        banner.put_in_force(
            app,
            bench,
            {
                '[[services]]\nkey = "google-ads"': f'{entry("local", "shared")}\n[[services]]\nkey = "google-ads"',
                following: f"{entry('local', 'shared')}\n{following}",
            },
        )
        page.goto(
            bench.page(bench.script + gated("analytics", "localStorage.shared = window.ran = 1"))
        )
        page.locator(banner.ACCEPT).click()
        page.wait_for_function("window.ran")
        page.evaluate("consent.set({ analytics: false })")
        banner.wait_until_received(page)
        page.goto(bench.page(bench.script, "/next"))
        banner.wait_until_quiet(page)
        assert page.evaluate("localStorage.shared") == "1"
        page.evaluate("consent.withdraw()")
        page.wait_for_function("!localStorage.shared")


def test_a_later_page_does_not_read_the_storage_where_nothing_waits(page, bench):
    """The first look into it holds the page's thread up while the browser fetches all that is there."""
    page.goto(bench.page(bench.script))
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    page.add_init_script(
        "const { get } = Object.getOwnPropertyDescriptor(window, 'localStorage'); window.looks = 0;"
        "Object.defineProperty(window, 'localStorage', { get() { looks++; return get.call(this); } });"
    )
    page.goto(bench.page(bench.script, "/next"))
    page.locator(banner.REOPEN).wait_for()
    banner.wait_until_quiet(page)
    assert page.evaluate("looks") == 0


def test_whoever_refuses_fetches_nothing_to_delete_nothing(page, bench, storing, requests):
    storing(ANALYTICS)
    page.goto(bench.page(bench.script))
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    for path in ("/next", "/later", "/still-later", "/at-last"):
        page.goto(bench.page(bench.script, path))
        banner.wait_until_quiet(page)
    scripts = {
        each.rpartition("/")[2] for each in requests if "/e/07sor/" in each and each.endswith(".js")
    }
    assert len(scripts) == 1, "what follows a choice"
    page.wait_for_function(f"!{banner.CHOICE}.d")


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("__Secure-ga", "path=/;secure"),
        ("__Host-ga", "path=/;secure"),
        ("ga-apart", "path=/;secure;partitioned;samesite=none"),
        ("__Host-ga-apart", "path=/;secure;partitioned;samesite=none"),
    ],
)
def test_cookies_that_only_secure_pages_write_go_too(page, bench, storing, name, attributes):
    lines = "\n".join(f'use.{language} = "Id"' for language in ("nb", "nn", "en"))
    storing(f'\n[[services.cookies]]\nname = "{name}"\nlifetime = "1 day"\n{lines}\n')
    write = f"document.cookie = '{name}=1;{attributes}'; window.ran = 1"
    page.goto(bench.page(bench.script + gated("analytics", write)))
    page.locator(banner.ACCEPT).click()
    page.wait_for_function("window.ran")
    assert name in banner.cookies(page)
    banner.withdraw(page)
    banner.wait_until_received(page)
    page.goto(bench.page(bench.script, "/next"))
    page.wait_for_function(f"!document.cookie.includes('{name}=')")
    assert name not in banner.cookies(page)


# How each is started, as its documentation has it, and what of it tells the visitor apart.
TAGS: dict[str, tuple[str, str, str]] = {
    "posthog": (
        "posthog-js/dist/array.full.no-external.js",
        "posthog.init('phc_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG', { api_host: location.origin + '/sent' });"
        "posthog.capture('x')",
        "posthog.get_distinct_id()",
    ),
    "segment": (
        "@segment/analytics-next/dist/umd/index.js",
        "window.tag = AnalyticsNext.AnalyticsBrowser.load({ writeKey: 'x', cdnURL: location.origin + '/segment' });"
        "tag.page(); tag.identify('somebody', { plan: 1 }); tag.group('group')",
        "tag.user().then((user) => user.anonymousId())",
    ),
    "mixpanel": (
        "mixpanel-browser/dist/mixpanel.umd.js",
        "mixpanel.init('0123456789abcdef0123456789abcdef',"
        " { api_host: location.origin + '/sent', track_pageview: true })",
        "mixpanel.get_distinct_id()",
    ),
    "amplitude": (
        "@amplitude/analytics-browser/lib/scripts/amplitude-min.js",
        "amplitude.init('0123456789abcdef0123456789abcdef',"
        " { serverUrl: location.origin + '/sent', autocapture: true, fetchRemoteConfig: false }); amplitude.track('x')",
        "amplitude.getDeviceId()",
    ),
    "clarity": (
        "clarity-js/build/clarity.min.js",
        "clarity('start', { projectId: 'x', upload: location.origin + '/sent', track: true, content: true })",
        "document.cookie.match(/_clck=([^;]*)/)?.[1]",
    ),
    "microsoft-ads": ("", "", "uetIds.join()"),
}
BAT = Path(__file__).parents[1] / "tags/bat.js"


def answer(route: Route) -> None:
    settings = {"integrations": {"Segment.io": {"apiKey": "x", "apiHost": "localhost/sent"}}}
    route.fulfill(json=settings if route.request.url.endswith("/settings") else {"status": 1})


class TestRealTags:
    """Packages as their makers publish them. UET is in no registry: see bat.js."""

    @pytest.fixture(params=TAGS)
    def tag(self, request) -> str:
        return request.param

    @pytest.fixture
    def address(self, tag, bench, page, storing) -> str:
        """A page with a service that waits, of whom the site file says no more than its name."""
        package, start, _ = TAGS[tag]
        file = NODE_MODULES / package if package else BAT
        page.route("**/tag.js", lambda route: route.fulfill(path=file))
        for pattern in ("**/sent/**", "**/sent", "**/segment/**"):
            page.route(pattern, answer)
        storing("", f'\n[[services]]\nuse = "{tag}"\n')
        purpose = known_services.known()["services"][tag]["purpose"]
        waits = f'<script type="text/plain" data-consent="{purpose}" data-consent-service="{tag}"'
        waiting = f'{waits} data-src="/tag.js"></script>{waits}>{start};window.started = 1</script>'
        return bench.page(f"{bench.script}<h1>Shop</h1>{waiting}")

    def start(self, page: Page, tag: str) -> Any:
        page.wait_for_function("window.started")
        return page.wait_for_function(TAGS[tag][2]).json_value()

    def test_it_stores_what_is_declared_and_all_of_it_goes(self, page, tag, address, bench):
        page.goto(address)
        page.locator(banner.ACCEPT).click()
        before = self.start(page, tag)
        page.locator("h1").click()
        banner.wait_until_quiet(page)
        stored = kept(page)
        undeclared = {
            kind: left
            for kind, names in stored.items()
            if (left := [name for name in names if not is_declared(tag, kind, name)])
        }
        assert not undeclared
        assert stored != NOTHING

        banner.withdraw(page)
        banner.wait_until_received(page)
        page.goto(bench.page(bench.script, "/next"))
        wait_until_kept(page, NOTHING)

        page.goto(address)
        page.evaluate("consent.set({ analytics: true, marketing: true })")
        assert self.start(page, tag) != before


def is_declared(service: str, kind: str, name: str) -> bool:
    known = known_services.known()["services"][service]
    if kind == "cookie":
        return any(fnmatchcase(name, each[0]) for each in known["cookies"])
    return any(each[0] == kind and fnmatchcase(name, each[1]) for each in known.get("storage", []))
