"""Every recipe of docs/recipes.md, taken from there and run in a page. Only addresses are put in their place."""

import json
import re
import shlex
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect

from consent.cli import commands
from tests import factories
from tests.browser import banner
from tests.browser.conftest import HTMX
from tests.browser.servers import Bench
from tests.conftest import KEY, publish

DOCUMENT = (Path(__file__).parents[2] / "docs/recipes.md").read_text()
SERVER = "https://consent.example.no"
COUNTER = "https://stats.example.com/count.js"
FILM = "https://www.youtube-nocookie.com/embed/XXXXXXXXXXX"
GTM = "https://www.googletagmanager.com/gtm.js?id=GTM-XXXXXXX"
GTAG = "https://www.googletagmanager.com/gtag/js?id={}"
PIXEL = "https://connect.facebook.net/en_US/fbevents.js"
WITHDRAW = "[data-consent-withdraw]"

# What the recipes that hold something back ask others for, once the visitor has agreed.
WAITING = {
    "Plain HTML": [COUNTER, FILM],
    "Google Tag Manager, after consent": [GTM],
    "gtag.js": [GTAG.format("G-XXXXXXX"), GTAG.format("AW-XXXXXXX")],
    "Meta Pixel": [PIXEL],
    "Microsoft Advertising and Clarity": [
        "https://bat.bing.com/bat.js",
        "https://www.clarity.ms/tag/XXXXXXXXXX",
    ],
}
ALL = [
    *list(WAITING)[:2],
    "Google Tag Manager, before consent",
    *list(WAITING)[2:4],
    "Meta Pixel, loaded before consent",
    *list(WAITING)[4:],
    "WordPress",
    "Single-page app",
    "htmx",
    "The cookie declaration with htmx",
    "Pinned tag",
    "Global Privacy Control",
    "TypeScript",  # tests/banner/test_types.py compiles it
]

# What the recipes say is in the site file already.
SITE = """
[[purposes]]
key = "marketing"
"""
PROCESSOR = """
[[processors]]
key = "{0}"
name = "{0}"
countries = ["IE"]
task.en = "Tags"
note.en = "Gets page views."
"""
SERVICE = """
[[services]]
key = "{0}"
name = "{0}"
purpose = "{1}"
processor = "{2}"
description.en = "A tag."
"""
SERVICES = {
    "google-analytics": ("analytics", "google"),
    "google-ads": ("marketing", "google"),
    "meta-pixel": ("marketing", "facebook"),
    "youtube": ("marketing", "google"),
}

# Stands in for everybody else's scripts: notes which it is, and what was in the lists for it when it started.
FBEVENTS = (Path(__file__).parents[1] / "tags/fbevents.js").read_text()
STAND_IN = """
  const copy = (list) => Array.from(list ?? [], (each) =>
    Object.prototype.toString.call(each) === "[object Arguments]" ? [...each] : each);
  (window.started ??= []).push(JSON.parse(JSON.stringify({
    source: document.currentScript.src,
    dataLayer: copy(window.dataLayer),
    fbq: copy(window.fbq?.queue),
    clarity: copy(window.clarity?.q),
  })));
  // As Microsoft's takes over from its list.
  window.UET ??= function ({ q }) {
    const heard = (window.uet = [...q]);
    this.push = (...values) => heard.push(...values);
  };
"""


def recipe(title: str) -> str:
    """The section of the document with this heading."""
    return DOCUMENT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", recipe(title), re.DOTALL | re.MULTILINE)


def site_file(origin: str, toml: str) -> str:
    shop = factories.shop_in(["en"])
    replaced = {
        'key = "krukke"': 'key = "shop"',
        "origins = [": f'origins = ["{origin}", ',
        'when = "analytics"': 'when = "always"',
    }
    for old, new in replaced.items():
        assert old in shop
        shop = shop.replace(old, new)
    services = [
        SERVICE.format(key, *rest) for key, rest in SERVICES.items() if f'"{key}"' not in toml
    ]
    processors = [PROCESSOR.format(each) for each in ("google", "facebook", "microsoft")]
    return "\n".join([shop, SITE, *services, *processors, toml])


@pytest.fixture
def others(context: BrowserContext) -> list[str]:
    """The addresses that anybody but the website and the consent server was asked for; a stand-in answers."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        address = route.request.url
        asked.append(address)
        if address == FILM:
            route.fulfill(body="<p>The film runs</p>", content_type="text/html")
        elif "/htmx.org@" in address:
            route.fulfill(path=HTMX, headers={"Access-Control-Allow-Origin": "*"})
        else:
            theirs = FBEVENTS if route.request.url == PIXEL else ""
            body = f"{{{STAND_IN}}}\n{theirs}"
            route.fulfill(body=body, content_type="text/javascript")

    context.route(lambda url: urlsplit(url).hostname not in ("localhost", "127.0.0.1"), answer)
    return asked


Install = Callable[..., str]


@pytest.fixture
def run(settings: dict[str, Any], consent_url: str) -> Callable[[str], str]:
    """Runs a command of the document, and returns what it prints."""

    def run(command: str) -> str:
        program, *arguments = shlex.split(command)
        assert program == "consent"
        environment = {
            "CONSENT_SECRET_KEYS": KEY,
            "CONSENT_DATABASE": settings["database"],
            "CONSENT_PUBLIC_URL": consent_url,
        }
        ran = CliRunner().invoke(commands, arguments, env=environment, catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        return ran.output

    return run


@pytest.fixture
def install(
    app: Flask, bench: Bench, consent_url: str, run: Callable[[str], str], others: list[str]
) -> Install:
    """Installs a recipe as it tells: its site file, and pages of its HTML. Returns the first one's address."""

    def install(title: str, *paths: str, html: str | None = None) -> str:
        toml = "\n".join(blocks(title, "toml"))
        with app.app_context():
            publish(site_file(bench.origin("localhost"), toml))
        app.extensions["consent_memory"].forget()
        html = blocks(title, "html")[0] if html is None else html
        html = re.sub(r"<!-- (consent .*) -->", lambda found: run(found[1]), html)
        html = html.replace(SERVER, consent_url)
        pages = [bench.page(html, path, lang="en") for path in paths or ("/page", "/next")]
        return pages[0]

    return install


def wait_until_started(page: Page, number: int = 1) -> None:
    page.wait_for_function("(number) => window.started?.length >= number", arg=number)


def next_page(page: Page) -> None:
    page.goto(page.url.replace("/page", "/next"))


def test_no_recipe_is_left_out():
    assert re.findall(r"^## (.*)$", DOCUMENT, re.MULTILINE) == ALL


@pytest.mark.parametrize("title", WAITING)
class TestWhatWaits:
    def test_nothing_is_asked_for_before_a_choice_or_after_a_refusal(
        self, page, install, others, title
    ):
        page.goto(install(title))
        expect(page.locator(banner.BOX)).to_be_visible()
        banner.wait_until_quiet(page)
        assert others == []
        page.locator(banner.REFUSE).click()
        banner.wait_until_received(page)
        next_page(page)
        expect(page.locator(banner.REOPEN)).to_be_visible()
        banner.wait_until_quiet(page)
        assert others == []

    def test_it_starts_once_the_visitor_agrees_and_on_later_pages(
        self, page, install, others, title
    ):
        page.goto(install(title))
        with page.expect_response(WAITING[title][-1]):
            page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        assert others == WAITING[title]
        with page.expect_response(WAITING[title][-1]):
            next_page(page)
        banner.wait_until_quiet(page)
        assert others == WAITING[title] * 2

    def test_after_a_withdrawal_the_next_page_asks_for_nothing(self, page, install, others, title):
        page.goto(install(title))
        with page.expect_response(WAITING[title][-1]):
            page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        banner.withdraw(page)
        banner.wait_until_received(page)
        others.clear()
        next_page(page)
        expect(page.locator(banner.REOPEN)).to_be_visible()
        banner.wait_until_quiet(page)
        assert others == []


class TestPlainHtml:
    @pytest.fixture
    def opened(self, page: Page, install: Install) -> Page:
        page.goto(install("Plain HTML"))
        expect(page.locator(banner.BOX)).to_be_visible()
        return page

    def test_the_inline_script_is_for_those_who_agreed(self, opened):
        assert opened.get_by_text("For those who agreed.").count() == 0
        opened.locator(banner.ACCEPT).click()
        expect(opened.get_by_text("For those who agreed.")).to_be_visible()

    def test_after_a_withdrawal_the_frame_is_empty_and_says_what_it_would_load(self, opened):
        film = opened.frame_locator("iframe")
        opened.locator(banner.ACCEPT).click()
        expect(film.get_by_text("The film runs")).to_be_visible()
        banner.withdraw(opened)
        expect(film.locator("[data-consent-once]")).to_be_visible()
        expect(film.locator("body")).to_contain_text("Our film")
        expect(film.locator("body")).to_contain_text("youtube")

    def test_its_button_opens_the_settings(self, opened):
        opened.get_by_role("button", name="Privacy settings").click()
        expect(opened.locator(banner.SETTINGS)).to_be_visible()


# The data layer: commands of `gtag`, which are `arguments` objects, and events. And its updates alone.
LAYER = "dataLayer.map((each) => each.event ? each : [...each])"
UPDATES = f"{LAYER}.filter((each) => each[1] === 'update')"


def started(page: Page, source: str, what: str) -> list[Any]:
    """What was in a list when the script with this address started."""
    found = [each for each in page.evaluate("started") if each["source"] == source]
    return found[-1][what]


def google(entries: list[Any]) -> list[str]:
    """A data layer in short."""
    commands = {"consent": 1}
    return [
        each["event"] if isinstance(each, dict) else each[commands.get(each[0], 0)]
        for each in entries
    ]


def granted(update: list[Any]) -> set[str]:
    return {name for name, state in update[2].items() if state == "granted"}


class TestTagManagerAfterConsent:
    def test_when_it_starts_the_data_layer_holds_default_update_and_event(self, page, install):
        page.goto(install("Google Tag Manager, after consent"))
        page.locator(banner.ACCEPT).click()
        wait_until_started(page)
        layer = started(page, GTM, "dataLayer")
        assert google(layer) == ["default", "update", "consent_update", "gtm.js"]
        assert granted(layer[0]) == {"security_storage"}
        assert "analytics_storage" in granted(layer[1])

    def test_it_waits_for_its_own_purpose(self, page, install, others):
        page.goto(install("Google Tag Manager, after consent"))
        page.wait_for_function("window.consent")
        page.evaluate("consent.set({ marketing: true })")
        banner.wait_until_received(page)
        assert others == []
        with page.expect_response(GTM):
            page.evaluate("consent.set({ analytics: true })")


class TestTagManagerBeforeConsent:
    TITLE = "Google Tag Manager, before consent"
    # As the recipe names them: the event of the trigger, and the Data Layer Variable that it looks at.
    EVENT = "consent_update"
    VARIABLE = "consent.purposes.marketing"

    @pytest.fixture
    def opened(self, page: Page, install: Install) -> Page:
        page.goto(install(self.TITLE))
        wait_until_started(page)
        return page

    def fired(self, page: Page) -> list[bool]:
        """What the variable was, each time that the trigger's event came."""
        page.wait_for_function(
            "(name) => dataLayer.some(({ event }) => event === name)", arg=self.EVENT
        )
        events = [each for each in page.evaluate(LAYER) if isinstance(each, dict)]
        first, *rest = self.VARIABLE.split(".")
        found = [each[first] for each in events if each["event"] == self.EVENT]
        for name in rest:
            found = [each[name] for each in found]
        return found

    def test_the_document_names_the_event_and_the_variable(self):
        assert f"`{self.EVENT}`" in recipe(self.TITLE)
        assert f"`{self.VARIABLE}`" in recipe(self.TITLE)

    def test_it_is_loaded_at_once_with_everything_denied(self, opened, others):
        layer = started(opened, GTM, "dataLayer")
        assert google(layer) == ["default", "gtm.js"]
        assert granted(layer[0]) == {"security_storage"}
        assert others == [GTM]
        assert opened.evaluate("consent.get().decided") is False

    def test_the_cookie_declaration_says_so(self, opened, client):
        said = client.get("/e/shop/1/en/cookies").text
        assert "Google's code is loaded before you choose" in said

    def test_other_tags_fire_after_the_choice_and_on_later_pages(self, opened):
        opened.locator(banner.ACCEPT).click()
        assert self.fired(opened) == [True]
        banner.wait_until_received(opened)
        next_page(opened)
        assert self.fired(opened) == [True]
        layer = started(opened, GTM, "dataLayer")
        assert google(layer)[:3] == ["default", "update", "gtm.js"]
        assert "ad_storage" in granted(layer[1])

    def test_after_a_refusal_they_do_not(self, opened):
        opened.locator(banner.REFUSE).click()
        assert self.fired(opened) == [False]

    def test_a_withdrawal_is_told_at_once(self, opened):
        opened.locator(banner.ACCEPT).click()
        assert self.fired(opened) == [True]
        banner.withdraw(opened)
        opened.wait_for_function(f"{UPDATES}.length === 2")
        assert self.fired(opened) == [True, False]
        assert granted(opened.evaluate(UPDATES)[-1]) == {"security_storage"}


class TestGtag:
    def test_its_commands_come_after_the_update(self, page, install):
        page.goto(install("gtag.js"))
        page.locator(banner.ACCEPT).click()
        page.wait_for_function("[...dataLayer].some((each) => each[1] === 'AW-XXXXXXX')")
        layer = page.evaluate(LAYER)
        assert google(layer)[:3] == ["default", "update", "consent_update"]
        assert google(layer)[3:] == ["js", "config"] * 2
        assert [layer[4][1], layer[6][1]] == ["G-XXXXXXX", "AW-XXXXXXX"]

    def test_a_call_before_consent_is_no_error_and_sends_nothing(self, page, install, others):
        page.goto(install("gtag.js"))
        expect(page.locator(banner.BOX)).to_be_visible()
        page.evaluate("gtag('event', 'purchase')")
        banner.wait_until_quiet(page)
        assert others == []

    def test_after_a_withdrawal_it_is_told_that_all_is_denied(self, page, install):
        page.goto(install("gtag.js"))
        page.locator(banner.ACCEPT).click()
        wait_until_started(page, 2)
        banner.withdraw(page)
        page.wait_for_function(f"{UPDATES}.length === 2")
        assert granted(page.evaluate(UPDATES)[-1]) == {"security_storage"}


def queue(page: Page) -> list[list[str]]:
    """What the pixel was told."""
    return page.evaluate("heardByMeta")


def wait_until_pixel_is_told(page: Page, state: str) -> None:
    page.wait_for_function("(state) => window.heardByMeta?.at(-1)[1] === state", arg=state)


REVOKE, GRANT = ["consent", "revoke"], ["consent", "grant"]
INIT, VIEW = ["init", "000000000000000"], ["track", "PageView"]


class TestMetaPixel:
    def test_it_is_granted_when_it_is_there_and_revoked_after_a_withdrawal(self, page, install):
        page.goto(install("Meta Pixel"))
        page.locator(banner.ACCEPT).click()
        wait_until_pixel_is_told(page, "grant")
        wait_until_started(page)
        assert started(page, PIXEL, "fbq")[:2] == [INIT, VIEW]
        banner.withdraw(page)
        wait_until_pixel_is_told(page, "revoke")
        assert queue(page) == [INIT, VIEW, GRANT, REVOKE]

    def test_the_page_may_ask_whether_there_is_one(self, page, install):
        (call,) = re.findall(r"`(window\.fbq.*?)`", recipe("Meta Pixel"))
        page.goto(install("Meta Pixel"))
        expect(page.locator(banner.BOX)).to_be_visible()
        assert page.evaluate(call) is None
        page.locator(banner.ACCEPT).click()
        wait_until_pixel_is_told(page, "grant")
        page.evaluate(call)
        assert queue(page)[-1] == ["track", "Purchase"]


class TestMetaPixelBeforeConsent:
    @pytest.fixture
    def opened(self, page: Page, install: Install) -> Page:
        page.goto(install("Meta Pixel, loaded before consent"))
        wait_until_started(page)
        expect(page.locator(banner.BOX)).to_be_visible()
        return page

    def test_it_is_revoked_before_it_begins(self, opened, others):
        assert others == [PIXEL]
        assert queue(opened)[:3] == [REVOKE, INIT, VIEW]
        assert GRANT not in queue(opened)

    def test_it_is_granted_when_the_visitor_agrees_and_on_later_pages(self, opened):
        opened.locator(banner.ACCEPT).click()
        wait_until_pixel_is_told(opened, "grant")
        banner.wait_until_received(opened)
        next_page(opened)
        wait_until_pixel_is_told(opened, "grant")
        assert queue(opened) == [REVOKE, INIT, VIEW, GRANT]

    def test_it_stays_revoked_after_a_refusal(self, opened):
        opened.locator(banner.REFUSE).click()
        banner.wait_until_received(opened)
        next_page(opened)
        expect(opened.locator(banner.REOPEN)).to_be_visible()
        assert GRANT not in queue(opened)

    def test_it_is_revoked_after_a_withdrawal(self, opened):
        opened.locator(banner.ACCEPT).click()
        wait_until_pixel_is_told(opened, "grant")
        banner.withdraw(opened)
        wait_until_pixel_is_told(opened, "revoke")


class TestMicrosoft:
    def clarity(self, state: str) -> list[Any]:
        return ["consentv2", {"ad_Storage": state, "analytics_Storage": state}]

    def test_the_queues_hold_what_was_granted_and_no_denial_before_it(self, page, install):
        page.goto(install("Microsoft Advertising and Clarity"))
        page.locator(banner.ACCEPT).click()
        wait_until_started(page, 2)
        page.wait_for_function("window.uet?.at(-1) === 'pageLoad'")
        assert page.evaluate("uet") == ["consent", "default", {"ad_storage": "granted"}, "pageLoad"]
        heard = started(page, "https://www.clarity.ms/tag/XXXXXXXXXX", "clarity")
        assert heard == [self.clarity("granted")]

    def test_a_withdrawal_is_told_at_once(self, page, install):
        page.goto(install("Microsoft Advertising and Clarity"))
        page.locator(banner.ACCEPT).click()
        wait_until_started(page, 2)
        page.wait_for_function("window.uet?.at(-1) === 'pageLoad'")
        banner.withdraw(page)
        page.wait_for_function("uet.at(-1).ad_storage === 'denied'")
        assert page.evaluate("[...clarity.q.at(-1)]") == self.clarity("denied")


class TestWordPress:
    # As far as it matters here, what the plugin puts into a page.
    PLUGIN = """<script>
      window.typeAtStart = window.wp_consent_type;
      window.wp_set_consent = (category, value) => {
        document.cookie = `wp_consent_${category}=${value};path=/`;
      };
      window.wp_has_consent = (category) => document.cookie.includes(`wp_consent_${category}=allow`);
    </script>"""
    COUNTED = ["statistics", "statistics-anonymous"]
    CATEGORIES = ["functional", "preferences", *COUNTED, "marketing"]

    @pytest.fixture
    def opened(self, page: Page, install: Install) -> Page:
        (php,) = blocks("WordPress", "php")
        hook = r"<\?php\nadd_action\( 'wp_head', function \(\) \{ \?>\n(.*)\n<\?php \}, 0 \);\n"
        printed = re.fullmatch(hook, php)
        assert printed
        page.goto(install("WordPress", html=printed[1] + self.PLUGIN))
        expect(page.locator(banner.BOX)).to_be_visible()
        return page

    def allowed(self, page: Page) -> list[str]:
        return [each for each in self.CATEGORIES if page.evaluate(f"wp_has_consent('{each}')")]

    def wait_until_told(self, page: Page) -> None:
        page.wait_for_function("document.cookie.includes('wp_consent_functional')")

    def test_before_a_choice_it_is_told_nothing_but_that_consent_is_asked_for(self, opened):
        assert opened.evaluate("typeAtStart") == "optin"
        assert banner.cookies(opened) == set()
        assert self.allowed(opened) == []

    @pytest.mark.parametrize(
        ("choice", "allowed"),
        [
            ("{ analytics: true, marketing: true }", [*COUNTED, "marketing"]),
            ("{ analytics: true }", COUNTED),
            ("{ marketing: true }", ["marketing"]),
            ("{}", []),
        ],
    )
    def test_it_answers_what_the_visitor_chose(self, opened, choice, allowed):
        opened.evaluate(f"consent.set({choice})")
        self.wait_until_told(opened)
        assert self.allowed(opened) == ["functional", *allowed]

    def test_a_withdrawal_is_told_at_once(self, opened):
        opened.locator(banner.ACCEPT).click()
        self.wait_until_told(opened)
        banner.withdraw(opened)
        opened.wait_for_function("!wp_has_consent('marketing')")
        assert self.allowed(opened) == ["functional"]


class TestSinglePageApp:
    TITLE = "Single-page app"

    @pytest.fixture(params=["async", "blocking"])
    def home(self, request, install, bench, run) -> str:
        """The app, whose code runs before or after the embed script."""
        (html,) = blocks(self.TITLE, "html")
        address = install(self.TITLE, "/home", "/film")
        if request.param == "blocking":
            lines = run("consent embed shop").replace("async ", "")
            html = html.replace("<!-- consent embed shop -->", lines)
            address = install(self.TITLE, "/home", "/film", html=html)
        return address

    @pytest.fixture
    def opened(self, page: Page, home: str) -> Page:
        page.goto(home)
        expect(page.locator(banner.BOX)).to_be_visible()
        return page

    def film(self, page: Page) -> None:
        """Goes to the view with the film, which loads no page."""
        page.evaluate("window.isSamePage = true")
        page.get_by_role("link", name="Film").click()
        expect(page.get_by_role("heading", name="Film")).to_be_visible()
        assert page.evaluate("isSamePage") is True
        assert urlsplit(page.url).path == "/film"

    def test_the_banner_stays_and_nothing_is_loaded_without_consent(self, opened, others):
        self.film(opened)
        expect(opened.locator(banner.BOX)).to_be_visible()
        expect(opened.frame_locator("iframe").locator("[data-consent-once]")).to_be_visible()
        opened.locator(banner.REFUSE).click()
        banner.wait_until_received(opened)
        opened.go_back()
        expect(opened.get_by_role("heading", name="Home")).to_be_visible()
        self.film(opened)
        expect(opened.frame_locator("iframe").locator("[data-consent-once]")).to_be_visible()
        assert others == []

    def test_a_view_that_comes_later_passes_the_gate(self, opened):
        opened.locator(banner.ACCEPT).click()
        self.film(opened)
        expect(opened.frame_locator("iframe").get_by_text("The film runs")).to_be_visible()
        expect(opened.locator(banner.REOPEN)).to_be_visible()

    def test_what_the_app_loads_by_itself_is_loaded_once_and_on_later_pages(self, opened, others):
        with opened.expect_response(COUNTER):
            opened.locator(banner.ACCEPT).click()
        banner.wait_until_received(opened)
        opened.evaluate("consent.set({ marketing: false })")
        banner.wait_until_received(opened)
        assert others == [COUNTER]
        with opened.expect_response(COUNTER):
            opened.reload()
        banner.wait_until_quiet(opened)
        assert others == [COUNTER] * 2

    def test_after_a_withdrawal_the_page_is_loaded_anew_without_it(self, opened, others):
        with opened.expect_response(COUNTER):
            opened.locator(banner.ACCEPT).click()
        wait_until_started(opened)
        with opened.expect_navigation():
            banner.withdraw(opened)
        banner.wait_until_received(opened)
        expect(opened.locator(banner.REOPEN)).to_be_visible()
        banner.wait_until_quiet(opened)
        assert others == [COUNTER]
        assert opened.evaluate("consent.get().purposes.analytics") is False

    def test_its_button_and_its_code_open_the_settings(self, opened):
        opened.get_by_role("button", name="Privacy settings").click()
        expect(opened.locator(banner.SETTINGS)).to_be_visible()
        opened.locator(banner.CLOSE).click()
        assert "`consent.open()`" in recipe(self.TITLE)
        opened.evaluate("consent.open()")
        expect(opened.locator(banner.SETTINGS)).to_be_visible()

    def test_each_view_is_counted_as_the_one_after_the_last(self, opened):
        with opened.expect_request("**/hits") as film:
            self.film(opened)
        with opened.expect_request("**/hits") as again:
            opened.go_back()
        sent = [request.value.post_data_json for request in (film, again)]
        assert [(hit["path"], urlsplit(hit["referrer"]).path) for hit in sent] == [
            ("/film", "/home"),
            ("/home", "/film"),
        ]


class TestHtmx:
    @pytest.fixture
    def opened(self, page: Page, install: Install) -> Page:
        """The recipe's page; the pages that its link and its button bring hold the recipe's fragment."""
        first, fragment = blocks("htmx", "html")
        library = first.split("<body")[0]
        install("htmx", "/film", html=library + fragment)
        page.route(
            "**/fragments/film",
            lambda route: route.fulfill(body=fragment, content_type="text/html"),
        )
        page.goto(install("htmx", "/page"))
        expect(page.locator(banner.BOX)).to_be_visible()
        page.wait_for_function("window.htmx")
        return page

    def show(self, page: Page) -> None:
        page.get_by_role("button", name="Show the film here").click()
        expect(page.get_by_role("heading", name="Film")).to_be_visible()

    def follow(self, page: Page) -> None:
        page.evaluate("window.isSamePage = true")
        page.get_by_role("link", name="Film").click()
        expect(page.get_by_role("heading", name="Film")).to_be_visible()
        expect(page.locator("nav")).to_have_count(0)  # the body is another
        assert page.evaluate("isSamePage") is True

    @pytest.mark.parametrize("way", ["show", "follow"])
    def test_the_banner_stays_and_what_comes_waits(self, opened, others, way):
        getattr(self, way)(opened)
        expect(opened.locator(banner.BOX)).to_be_visible()
        expect(opened.locator("consent-banner")).to_have_count(1)
        expect(opened.frame_locator("iframe").locator("[data-consent-once]")).to_be_visible()
        opened.locator(banner.REFUSE).click()
        banner.wait_until_received(opened)
        assert [each for each in others if "htmx" not in each] == []

    @pytest.mark.parametrize("way", ["show", "follow"])
    def test_what_comes_passes_the_gate(self, opened, others, way):
        opened.locator(banner.ACCEPT).click()
        banner.wait_until_received(opened)
        getattr(self, way)(opened)
        expect(opened.frame_locator("iframe").get_by_text("The film runs")).to_be_visible()
        wait_until_started(opened)
        assert [each for each in others if "htmx" not in each] == [COUNTER, FILM]
        expect(opened.locator(banner.REOPEN)).to_be_visible()

    @pytest.mark.parametrize("way", ["show", "follow"])
    def test_its_button_opens_the_settings(self, opened, way):
        getattr(self, way)(opened)
        opened.get_by_role("button", name="Privacy settings").click()
        expect(opened.locator(banner.SETTINGS)).to_be_visible()

    def test_a_script_in_what_is_swapped_in_runs_again_each_time(self, opened):
        opened.locator(banner.ACCEPT).click()
        again = "htmx.ajax('GET', '/fragments/film', 'main')"
        for number in (1, 2):
            opened.evaluate(f"() => void {again}")
            wait_until_started(opened, number)

    def test_what_htmx_fetches_into_a_page_is_not_counted(self, opened, consent):
        self.show(opened)
        assert [path for path, _ in consent.seen].count("/e/shop/hits") == 1
        self.follow(opened)
        banner.wait_until_quiet(opened)
        assert [path for path, _ in consent.seen].count("/e/shop/hits") == 2


class TestCookieDeclaration:
    TITLE = "The cookie declaration with htmx"

    def test_it_is_filled_in(self, page, install):
        page.goto(install(self.TITLE))
        expect(page.locator("h1 + div")).to_contain_text("Tells visits apart.")

    def test_in_its_place_may_stand_the_whole_notice(self, page, install):
        (html,) = blocks(self.TITLE, "html")
        page.goto(install(self.TITLE, html=html.replace("/en/cookies", "/en/notice")))
        expect(page.locator("h1 + div")).to_contain_text(
            "How the shop handles what it knows of you."
        )

    def test_the_server_has_the_number_of_the_version_in_force(self, install, client):
        (number,) = re.findall(r"/e/shop/(\d+)/en/cookies", blocks(self.TITLE, "html")[0])
        (address,) = re.findall(rf"`{SERVER}(.*?)`", recipe(self.TITLE))
        install(self.TITLE)
        assert client.get(address).json["number"] == int(number)


class TestPinnedTag:
    TITLE = "Pinned tag"

    def test_the_site_stays_at_this_version(self, page, install, app, bench):
        address = install(self.TITLE)
        with app.app_context():
            publish(site_file(bench.origin("localhost"), PROCESSOR.format("another")))
        app.extensions["consent_memory"].forget()
        page.goto(address)
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        assert page.evaluate("consent.get().version") == 1

    def test_the_browser_runs_this_very_script_or_none(self, page, install):
        def change(route: Route) -> None:
            whole = route.fetch()
            route.fulfill(response=whole, body=whole.text() + ";")

        address = install(self.TITLE)
        page.route("**/e/shop/*.js", change)
        page.goto(address)
        banner.wait_until_quiet(page)
        assert page.evaluate("window.consent") is None

    def test_the_command_prints_the_lines_that_the_page_gets(self, install, run):
        (command,) = re.findall(r"^\$ (.*)$", blocks(self.TITLE, "console")[0], re.MULTILINE)
        (placeholder,) = re.findall(r"<!-- (.*) -->", blocks(self.TITLE, "html")[0])
        install(self.TITLE)
        assert command == f"{placeholder.removesuffix(' --pinned')} --url {SERVER} --pinned"
        assert re.search(
            rf'src="{SERVER}/e/shop/[0-9a-f]{{64}}.js" integrity="sha256-', run(command)
        )


def test_the_statement_on_global_privacy_control_is_like_the_servers_own(client):
    (statement,) = blocks("Global Privacy Control", "json")
    said = json.loads(statement)
    own = client.get("/.well-known/gpc.json").json
    assert said.keys() == own.keys()
    assert said["gpc"] is own["gpc"] is True
    assert date.fromisoformat(said["lastUpdate"])


def test_the_lines_for_the_head_are_what_the_command_prints(install, run):
    (command,) = re.findall(r"^\$ (.*)$", DOCUMENT.split("\n## ")[0], re.MULTILINE)
    install("Plain HTML")
    assert f'<script async src="{SERVER}/e/shop.js"></script>' in run(command)
