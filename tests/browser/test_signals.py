"""What Google, Meta, Microsoft and WordPress are told, and in which order, on pages installed as the docs say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect

from consent.demo import SITE_FILE
from consent.site import schema, signals
from tests import factories
from tests.browser import banner
from tests.browser.conftest import NODE_MODULES
from tests.browser.servers import Bench
from tests.conftest import publish

# Writes down every call in one list, whoever makes the object that is called. What was not made stays undefined.
RECORD = """(() => {
  const told = (window.told = []);
  const copy = (values) => JSON.parse(JSON.stringify([...values]));
  const watch = (name, wrap) => {
    let held;
    Object.defineProperty(window, name, {
      configurable: true,
      get: () => held,
      set(value) {
        if (value !== held) held = wrap(name, value);
      },
    });
  };
  const list = (name, value) => {
    const push = value.push;
    value.push = (...entries) => {
      if (name === "dataLayer") {
        for (const entry of entries) {
          const isCommand = Object.prototype.toString.call(entry) === "[object Arguments]";
          told.push(isCommand ? ["gtag", ...copy(entry)] : [name, ...copy([entry])]);
        }
      } else told.push([name, ...copy(entries)]);
      return push.apply(value, entries);
    };
    return value;
  };
  const called = (name, value) =>
    new Proxy(value, {
      apply(target, self, values) {
        told.push([name, ...copy(values)]);
        return Reflect.apply(target, self, values);
      },
    });
  for (const name of ["dataLayer", "uetq"]) watch(name, list);
  for (const name of ["fbq", "clarity", "wp_set_consent"]) watch(name, called);
  document.addEventListener("wp_consent_type_defined", () => told.push(["type", window.wp_consent_type]));
  document.addEventListener("consent:change", () => told.push(["change"]));
})();"""

TYPES = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)
ADS = TYPES[:3]

# As Google gives it to websites, but for the address.
GTAG = """
  window.dataLayer = window.dataLayer || [];
  function gtag() { dataLayer.push(arguments); }
  gtag('config', 'G-1');
"""
# As Meta gives it to websites, but for the address.
PIXEL = """
  !function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?
  n.callMethod.apply(n,arguments):n.queue.push(arguments)};if(!f._fbq)f._fbq=n;
  n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;
  t.src=v;s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}(window,
  document,'script','/fbevents.js');
"""
FBEVENTS = (Path(__file__).parents[1] / "tags/fbevents.js").read_text()
MICROSOFT = """\
[[services]]
key = "microsoft-ads"
name = "Microsoft Advertising"
purpose = "marketing"
processor = "google"
description = { nb = "Annonser.", nn = "Annonsar.", en = "Ads." }

[[services]]
key = "microsoft-clarity"
name = "Microsoft Clarity"
purpose = "analytics"
processor = "google"
description = { nb = "Opptak.", nn = "Opptak.", en = "Recordings." }

[[services]]
"""


@pytest.fixture
def page(context: BrowserContext, requests: list[str]) -> Page:
    context.add_init_script(RECORD)
    return context.new_page()


@pytest.fixture
def lines(consent_url: str) -> str:
    """What `consent embed` prints for the demo's site."""
    return signals.lines(schema.parse(SITE_FILE.read_text()), consent_url)


@pytest.fixture
def lines_with(app: Flask, bench: Bench, consent_url: str) -> Callable[[dict[str, str]], str]:
    """What `consent embed` prints for the demo's site with some of its texts replaced."""
    return lambda replaced: signals.lines(banner.put_in_force(app, bench, replaced), consent_url)


@pytest.fixture(params=["snippet", "blocking", "both"])
def head(request: pytest.FixtureRequest, lines: str, bench: Bench) -> str:
    """The ways to have the default set before any tag."""
    blocking = bench.script.replace("async ", "")
    found = {"snippet": lines, "blocking": blocking, "both": lines.replace("async ", "")}
    return found[request.param]


def running(source: str) -> str:
    """A tag that the page runs without asking anybody."""
    return f"<script>{source}</script>"


def gated(source: str, purpose: str, service: str) -> str:
    attributes = f'data-consent="{purpose}" data-consent-service="{service}"'
    return f'<script type="text/plain" {attributes}>{source}</script>'


def gated_gtag() -> str:
    return gated(GTAG, "analytics", "google-analytics")


def setting(*lines: str) -> dict[str, str]:
    return {"[asking]": "\n".join(["[signals]", *lines, "", "[asking]"])}


def told(page: Page, *names: str) -> list[Any]:
    """The calls of those names, in their order, each with its name first."""
    return [each for each in page.evaluate("told") if each[0] in names]


def commands(page: Page) -> list[str]:
    """Google's commands in short: `default`, `update`, `config`…"""
    return [each[2] if each[1] == "consent" else each[1] for each in told(page, "gtag")]


def updates(page: Page) -> list[dict[str, str]]:
    return [each[3] for each in told(page, "gtag") if each[1:3] == ["consent", "update"]]


def states(*granted: str) -> dict[str, str]:
    """All of Google's types: these are granted, and what needs no consent."""
    found = {*granted, "security_storage"}
    return {name: "granted" if name in found else "denied" for name in TYPES}


def wait_until_changed(page: Page, times: int = 1) -> None:
    """Until the choice is applied, so that all who follow it were told."""
    page.wait_for_function(
        "(times) => told.filter(([name]) => name === 'change').length >= times", arg=times
    )


def wait_until_told(page: Page, *call: Any) -> None:
    page.wait_for_function(
        "(call) => told.some((each) => call.every((part, index) => each[index] === part))",
        arg=list(call),
    )


def wait_until_looked_into(page: Page) -> None:
    """Until the second script is there, which looks at what tags did before the first one came."""
    page.keyboard.press("Shift")  # any key fetches the second script
    page.wait_for_function("window.samtykke?.more")


def decide(page: Page, script: str) -> None:
    """Makes a choice by script and waits until it is applied."""
    times = len(told(page, "change"))
    page.evaluate(script)
    wait_until_changed(page, times + 1)


class TestGoogleDefault:
    def test_it_comes_before_any_tag_and_denies_what_needs_consent(self, page, bench, head):
        page.goto(bench.page(head + running(GTAG)))
        first, second = told(page, "gtag")
        assert first == ["gtag", "consent", "default", {**states(), "wait_for_update": 500}]
        assert second == ["gtag", "config", "G-1"]

    def test_without_a_choice_nothing_else_is_said(self, page, bench, head):
        page.goto(bench.page(head))
        expect(page.locator(banner.BOX)).to_be_visible()
        wait_until_looked_into(page)
        assert commands(page) == ["default"]
        assert told(page, "dataLayer", "change") == []

    def test_it_is_an_arguments_object_as_gtag_pushes_it(self, page, bench, head):
        page.goto(bench.page(head))
        kinds = page.evaluate("dataLayer.map((each) => Object.prototype.toString.call(each))")
        assert kinds == ["[object Arguments]"]

    def test_there_is_one_per_page_whatever_is_chosen(self, page, bench, head):
        page.goto(bench.page(head + bench.script + gated_gtag()))
        decide(page, "consent.set({ analytics: true, marketing: true })")
        decide(page, "consent.set({ marketing: false })")
        decide(page, "consent.withdraw()")
        assert commands(page).count("default") == 1
        page.reload()
        wait_until_changed(page)
        assert commands(page).count("default") == 1

    def test_the_site_file_says_what_else_is_set(self, page, bench, lines_with):
        wanted = ("wait_for_update = 0", "url_passthrough = true", "ads_data_redaction = true")
        lines = lines_with(setting(*wanted))
        blocking = bench.script.replace("async ", "")
        for number, head in enumerate((lines, blocking)):
            page.goto(bench.page(head + running(GTAG), f"/{number}"))
            said = [each[1:] for each in told(page, "gtag")]
            assert said[0] == ["consent", "default", {**states(), "wait_for_update": 0}]
            assert sorted(said[1:3]) == [
                ["set", "ads_data_redaction", True],
                ["set", "url_passthrough", True],
            ]
            assert said[3:] == [["config", "G-1"]]

    def test_what_the_page_has_made_is_not_replaced(self, page, bench, head):
        page.goto(
            bench.page(
                running(
                    "window.dataLayer = window.list = []; window.gtag = window.own = function () {"
                    " dataLayer.push(arguments); }"
                )
                + head
            )
        )
        assert page.evaluate("[dataLayer === list, gtag === own]") == [True, True]
        assert commands(page) == ["default"]


class TestGoogleUpdate:
    @pytest.mark.parametrize(
        ("choice", "granted"),
        [
            ("{ analytics: true, marketing: true }", (*ADS, "analytics_storage")),
            ("{ analytics: true }", ("analytics_storage",)),
            ("{ marketing: true }", ADS),
            ("{ marketing: true }, { 'google-ads': false }", ()),
            ("{ marketing: true }, { 'meta-pixel': false }", ADS),
            ("{}, { 'google-analytics': true }", ("analytics_storage",)),
            ("{}, { 'meta-pixel': true }", ()),
        ],
    )
    def test_it_follows_the_choice(self, page, bench, head, choice, granted):
        page.goto(bench.page(head))
        decide(page, f"consent.set({choice})")
        assert commands(page) == ["default", "update"]
        assert updates(page) == [states(*granted)]

    @pytest.mark.parametrize(
        ("button", "granted"),
        [(banner.ACCEPT, (*ADS, "analytics_storage")), (banner.REFUSE, ())],
    )
    def test_it_follows_the_first_layer(self, page, bench, lines, button, granted):
        page.goto(bench.page(lines))
        page.locator(button).click()
        wait_until_changed(page)
        banner.wait_until_received(page)
        assert updates(page) == [states(*granted)]

    def test_it_follows_the_settings(self, page, bench, lines):
        page.goto(bench.page(lines))
        banner.open_settings(page)
        page.locator(banner.SETTINGS).locator(banner.purpose("analytics")).check()
        page.locator(banner.SAVE).click()
        wait_until_changed(page)
        assert updates(page) == [states("analytics_storage")]

    def test_one_refused_service_of_google_denies_the_types_of_its_purpose(
        self, page, bench, lines_with
    ):
        page.goto(
            bench.page(lines_with({'name = "YouTube"': 'name = "YouTube"\nsignal = "google"'}))
        )
        decide(page, "consent.set({ analytics: true, marketing: true }, { youtube: false })")
        assert updates(page) == [states("analytics_storage")]

    def test_withdrawing_denies_all_at_once(self, page, bench, head):
        page.goto(bench.page(head))
        page.locator(banner.ACCEPT).click()
        wait_until_changed(page)
        banner.withdraw(page)
        wait_until_changed(page, 2)
        assert updates(page) == [states(*ADS, "analytics_storage"), states()]

    def test_it_comes_before_the_tag_that_was_waiting_for_it(self, page, bench, head):
        page.goto(bench.page(head + gated_gtag()))
        page.locator(banner.ACCEPT).click()
        wait_until_told(page, "gtag", "config")
        assert commands(page) == ["default", "update", "config"]

    def test_listeners_of_the_page_hear_of_the_choice_after_google(self, page, bench, lines):
        page.goto(bench.page(lines))
        decide(page, "consent.set({ analytics: true })")
        assert [each[0] for each in told(page, "gtag", "dataLayer", "change")] == [
            "gtag",
            "gtag",
            "dataLayer",
            "change",
        ]

    def test_tag_manager_gets_an_event_for_each_choice(self, page, bench, lines):
        page.goto(bench.page(lines))
        decide(page, "consent.set({ analytics: true })")
        decide(page, "consent.withdraw()")
        heard = [each[1] for each in told(page, "dataLayer")]
        assert [each["event"] for each in heard] == ["consent_update", "consent_update"]
        assert [each["consent"]["purposes"]["analytics"] for each in heard] == [True, False]
        assert heard[1]["consent"] == page.evaluate("consent.get()")


class TestGoogleOnLaterPages:
    """The default first, then the stored choice, then the tags."""

    @pytest.mark.parametrize("way", ["gated", "running"])
    def test_the_choice_is_told_before_the_tag(self, page, bench, head, way):
        tag = {"gated": gated_gtag(), "running": running(GTAG)}[way]
        page.goto(bench.page(head + tag))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        page.reload()
        wait_until_told(page, "gtag", "config")
        wait_until_changed(page)
        said = [each[1:] for each in told(page, "gtag")]
        if way == "running" and "integrity" not in head and head == bench.script:
            return
        assert [each[0] for each in said] == ["consent", "consent", "config"]
        assert said[0][1:] == ["default", {**states(), "wait_for_update": 500}]
        assert said[1][1:] == ["update", states(*ADS, "analytics_storage")]
        assert [each[1]["event"] for each in told(page, "dataLayer")] == ["consent_update"]

    def test_a_refusal_is_told_too(self, page, bench, head):
        page.goto(bench.page(head + running(GTAG)))
        page.locator(banner.REFUSE).click()
        banner.wait_until_received(page)
        page.reload()
        wait_until_changed(page)
        assert commands(page) == ["default", "update", "config"]
        assert updates(page) == [states()]

    def test_so_it_is_with_a_late_script_and_a_gated_tag(self, page, bench):
        page.goto(bench.page(gated_gtag() + bench.script))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        page.reload()
        wait_until_told(page, "gtag", "config")
        assert commands(page) == ["default", "update", "config"]

    def test_single_services_count(self, page, bench, head):
        page.goto(bench.page(head))
        decide(page, "consent.set({ marketing: true }, { 'google-analytics': true })")
        decide(page, "consent.set({ marketing: true }, { 'google-ads': false })")
        page.reload()
        wait_until_changed(page)
        assert updates(page) == [states("analytics_storage")]

    def test_a_choice_that_may_have_been_changed_elsewhere_is_confirmed_first(
        self, page, bench, lines
    ):
        page.goto(bench.page(lines + gated_gtag()))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        held: list[Route] = []
        page.route("**/visitors/me", lambda route: held.append(route))
        # As a link to the privacy pages leaves it.
        choice = page.evaluate(banner.CHOICE)
        page.evaluate(banner.WRITE_CHOICE, choice | {"r": choice["t"]})
        with page.expect_request("**/visitors/me"):
            page.reload()
        assert commands(page) == ["default"]
        held[0].continue_()
        wait_until_told(page, "gtag", "config")
        assert commands(page) == ["default", "update", "config"]

    def test_consent_to_what_has_changed_is_taken_back(self, app, page, bench, lines):
        page.goto(bench.page(lines))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        banner.put_in_force(app, bench, {'name = "_gcl_aw"': 'name = "_gcl_ag"'})
        page.route("**/e/*.js", lambda route: route.continue_())  # past the browser's cache
        page.reload()
        wait_until_changed(page)
        assert updates(page)[-1] == states("analytics_storage")
        expect(page.locator(banner.BOX)).to_be_visible()


class TestGoogleBasic:
    def test_a_gated_tag_is_not_asked_for_before_consent(self, page, bench, lines, requests):
        source = bench.javascript("/gtag.js", GTAG)
        tag = gated("", "analytics", "google-analytics").replace("><", f' data-src="{source}"><')
        page.goto(bench.page(lines + tag))
        page.locator(banner.REFUSE).click()
        banner.wait_until_received(page)
        page.reload()
        wait_until_changed(page)
        assert not [each for each in requests if each.endswith("/gtag.js")]
        decide(page, "consent.set({ analytics: true })")
        wait_until_told(page, "gtag", "config")
        assert [each for each in requests if each.endswith("/gtag.js")] != []

    def test_the_cookie_declaration_says_nothing_of_messages_before_consent(self, client):
        assert "before you choose" not in client.get("/e/07sor/1/en/cookies").text


class TestGoogleAdvanced:
    @pytest.fixture
    def advanced(self, lines_with: Callable[[dict[str, str]], str]) -> str:
        return lines_with(setting('google = "advanced"'))

    def test_the_tag_runs_at_once_with_all_denied(self, page, bench, advanced):
        page.goto(bench.page(advanced + running(GTAG)))
        said = told(page, "gtag")
        assert said[0][1:] == ["consent", "default", {**states(), "wait_for_update": 500}]
        assert said[1:] == [["gtag", "config", "G-1"]]
        page.locator(banner.REFUSE).click()
        wait_until_changed(page)
        assert updates(page) == [states()]

    def test_the_cookie_declaration_says_so(self, client, advanced):
        said = client.get("/e/07sor/2/en/cookies").text
        assert (
            "code is loaded before you choose. Until you agree, it sends Google messages without"
            in said
        )
        assert "Google can link them to you" in said
        assert "before you choose" in client.get("/privacy/07sor/?lang=en").text


class TestWithoutGoogle:
    NAMES = "[window.dataLayer, window.gtag, window.uetq, window.clarity, window.fbq].map(typeof_)"

    def test_a_site_without_a_service_of_google_has_nothing_of_it(
        self, app, page, bench, consent_url
    ):
        source = factories.shop(**{'"https://shop.example"': f'"{bench.origin("localhost")}"'})
        with app.app_context():
            publish(source)
        page.goto(bench.page(signals.lines(schema.parse(source), consent_url)))
        self.check(page)

    def test_a_site_that_turns_it_off_has_nothing_of_it(self, page, bench, lines_with):
        page.goto(bench.page(lines_with(setting('google = "off"'))))
        self.check(page)

    def check(self, page: Page) -> None:
        page.locator(banner.ACCEPT).click()
        wait_until_changed(page)
        found = page.evaluate(
            "['dataLayer', 'gtag', 'uetq', 'clarity', 'fbq'].filter((name) => window[name] !== undefined)"
        )
        assert found == []
        assert page.evaluate("told") == [["change"]]


class TestWarning:
    @pytest.fixture
    def warnings(self, page: Page) -> list[str]:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        return said

    @pytest.mark.parametrize(
        "tag",
        [GTAG, GTAG.replace("config", "event"), "window.dataLayer = [{ event: 'gtm.js' }]"],
    )
    def test_a_tag_that_ran_too_early_is_said_in_the_console(self, page, bench, warnings, tag):
        page.goto(bench.page(running(tag) + bench.script))
        wait_until_looked_into(page)
        (warning,) = warnings
        assert "a Google tag ran before its consent default" in warning

    def test_installed_rightly_there_is_nothing_to_say(self, page, bench, warnings, head):
        page.goto(bench.page(head + running(GTAG)))
        wait_until_looked_into(page)
        assert warnings == []

    def test_nor_when_the_page_has_told_its_own_list_something_else(self, page, bench, warnings):
        page.goto(bench.page(running("window.dataLayer = [{ user: 'guest' }]") + bench.script))
        wait_until_looked_into(page)
        assert warnings == []


class TestMeta:
    @pytest.fixture(autouse=True)
    def _pixel(self, bench: Bench) -> None:
        bench.javascript("/fbevents.js", FBEVENTS)

    @pytest.fixture
    def waiting(self, bench: Bench, lines: str) -> str:
        """A page that holds the pixel back."""
        source = PIXEL + "fbq('init', '1'); fbq('track', 'PageView');"
        return bench.page(lines + gated(source, "marketing", "meta-pixel"))

    @pytest.fixture
    def revoking(self, bench: Bench, lines: str) -> str:
        """A page that runs the pixel, revoked."""
        source = PIXEL + "fbq('consent', 'revoke'); fbq('init', '1'); fbq('track', 'PageView');"
        return bench.page(lines + running(source))

    def test_a_gated_pixel_is_not_loaded_before_consent(self, page, waiting, requests):
        page.goto(waiting)
        page.locator(banner.REFUSE).click()
        banner.wait_until_received(page)
        page.reload()
        wait_until_changed(page)
        assert told(page, "fbq") == []
        assert page.evaluate("typeof fbq") == "undefined"
        assert not [each for each in requests if each.endswith("/fbevents.js")]

    def test_a_gated_pixel_is_granted_once_and_revoked_on_withdrawal(self, page, waiting):
        page.goto(waiting)
        page.locator(banner.ACCEPT).click()
        wait_until_told(page, "fbq", "consent", "grant")
        decide(page, "consent.set({ analytics: false })")
        decide(page, "consent.withdraw()")
        assert [each[1:] for each in told(page, "fbq")] == [
            ["init", "1"],
            ["track", "PageView"],
            ["consent", "grant"],
            ["consent", "revoke"],
        ]

    def test_refused_alone_it_is_not_loaded(self, page, waiting):
        page.goto(waiting)
        decide(page, "consent.set({ marketing: true }, { 'meta-pixel': false })")
        assert told(page, "fbq") == []

    def test_an_ungated_pixel_is_granted_only_after_consent(self, page, revoking):
        page.goto(revoking)
        expect(page.locator(banner.BOX)).to_be_visible()
        said = [each[1:3] for each in told(page, "fbq")]
        assert said[:3] == [["consent", "revoke"], ["init", "1"], ["track", "PageView"]]
        assert ["consent", "grant"] not in said
        page.locator(banner.ACCEPT).click()
        wait_until_changed(page)
        decide(page, "consent.withdraw()")
        said = [each[2] for each in told(page, "fbq") if each[1] == "consent"]
        assert said[-2:] == ["grant", "revoke"]
        assert said.count("grant") == 1
        page.evaluate("fbq('track', 'Later')")
        assert page.evaluate("sentToMeta") == ["PageView"]

    @pytest.mark.parametrize(("button", "last"), [("ACCEPT", "grant"), ("REFUSE", "revoke")])
    def test_an_ungated_pixel_follows_the_stored_choice(self, page, revoking, button, last):
        page.goto(revoking)
        page.locator(getattr(banner, button)).click()
        banner.wait_until_received(page)
        page.reload()
        wait_until_changed(page)
        if last == "grant":
            wait_until_told(page, "fbq", "consent", "grant")
        said = [each[2] for each in told(page, "fbq") if each[1] == "consent"]
        assert (said[0], said[-1]) == ("revoke", last)
        assert said.count("grant") == (last == "grant")
        assert page.evaluate("sentToMeta") == ["PageView"] * (last == "grant")

    def test_the_grant_waits_until_metas_script_is_there(self, page, revoking, requests):
        """In the queue of the base code, behind the page's revoke, it would be lost."""
        page.goto(revoking)
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        held = []
        page.route("**/fbevents.js", lambda route: held.append(route))
        page.reload(wait_until="commit")
        wait_until_changed(page)
        assert ["fbq", "consent", "grant"] not in told(page, "fbq")
        held[0].continue_()
        page.wait_for_function("window.sentToMeta?.length")
        assert page.evaluate("sentToMeta") == ["PageView"]

    def test_a_pixel_that_comes_late_hears_of_the_choice(self, page, bench, lines):
        page.goto(bench.page(lines))
        page.locator(banner.ACCEPT).click()
        wait_until_changed(page)
        page.add_script_tag(content=PIXEL + "fbq('consent', 'revoke'); fbq('init', '1');")
        wait_until_told(page, "fbq", "consent", "grant")
        assert [each[1] for each in told(page, "fbq")] == ["consent", "init", "consent"]
        assert page.evaluate("heardByMeta.at(-1)") == ["consent", "grant"]


class TestMicrosoft:
    @pytest.fixture(params=["snippet", "blocking"])
    def head(self, request: pytest.FixtureRequest, lines_with: Any, bench: Bench) -> str:
        lines = lines_with({"[[services]]\n": MICROSOFT})
        return lines if request.param == "snippet" else bench.script.replace("async ", "")

    @pytest.fixture
    def measured(self, bench: Bench, head: str) -> str:
        """A page that holds Microsoft's tag back."""
        source = "window.uetq = window.uetq || []; window.uetq.push('pageLoad');"
        return bench.page(head + gated(source, "marketing", "microsoft-ads"))

    STORED = ["consent", "default", {"ad_storage": "granted"}]
    WAITING = "JSON.parse(JSON.stringify(uetq))"
    GRANTED = ["consent", "update", {"ad_storage": "granted"}]
    DENIED = ["consent", "update", {"ad_storage": "denied"}]

    def start(self, page: Page) -> None:
        """As Microsoft's script does, which takes over from its list."""
        page.evaluate(
            "() => { window.uetq = { push(...values) { (this.heard ??= []).push(values) } } }"
        )

    def test_advertising_is_told_the_choice_once_and_each_one_after_it(self, page, measured):
        page.goto(measured)
        page.locator(banner.ACCEPT).click()
        wait_until_told(page, "uetq", "pageLoad")
        assert page.evaluate(self.WAITING) == [*self.STORED, "pageLoad"]
        self.start(page)
        decide(page, "consent.withdraw()")
        assert page.evaluate("uetq.heard") == [self.DENIED]

    def test_advertising_is_told_the_stored_choice_before_its_tag(self, page, measured):
        page.goto(measured)
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        page.reload()
        wait_until_told(page, "uetq", "pageLoad")
        assert page.evaluate(self.WAITING) == [*self.STORED, "pageLoad"]

    @pytest.mark.parametrize(
        ("choice", "told_them"),
        [
            ("{ analytics: true }", DENIED),
            ("{ marketing: true }, { 'microsoft-ads': false }", DENIED),
            ("{}, { 'microsoft-ads': true }", GRANTED),
        ],
    )
    def test_advertising_follows_its_own_service(self, page, measured, choice, told_them):
        page.goto(measured)
        decide(page, f"consent.set({choice})")
        assert page.evaluate(f"{self.WAITING}[2]") == told_them[2]

    def test_microsofts_own_object_in_the_lists_place_is_told_too(self, page, bench, lines_with):
        lines = lines_with({"[[services]]\n": MICROSOFT})
        theirs = "window.uetq = { push(...values) { (this.heard ??= []).push(values); } };"
        page.goto(bench.page(lines.replace("async ", "") + running(theirs)))
        page.locator(banner.ACCEPT).click()
        wait_until_changed(page)
        assert page.evaluate("uetq.heard") == [self.GRANTED]

    @pytest.mark.parametrize(
        ("choice", "ads", "analytics"),
        [
            ("{ analytics: true, marketing: true }", "granted", "granted"),
            ("{ analytics: true }", "denied", "granted"),
            ("{ marketing: true }", "granted", "denied"),
            ("{ analytics: true }, { 'microsoft-clarity': false }", "denied", "denied"),
        ],
    )
    def test_clarity_hears_its_own_words(self, page, bench, head, choice, ads, analytics):
        page.goto(bench.page(head))
        before = told(page, "clarity")
        assert before
        denied = {"ad_Storage": "denied", "analytics_Storage": "denied"}
        assert all(each == ["clarity", "consentv2", denied] for each in before)
        decide(page, f"consent.set({choice})")
        latest = {"ad_Storage": ads, "analytics_Storage": analytics}
        # Clarity's script is not there: what was said waits in its queue, and is said once.
        waiting = "clarity.q.map((each) => [...each])"
        assert page.evaluate(waiting) == [["consentv2", latest]]
        page.reload()
        wait_until_changed(page)
        assert page.evaluate(waiting) == [["consentv2", latest]]
        page.evaluate(
            "() => { window.clarity = (...values) => (window.heard ??= []).push(values) }"
        )
        decide(page, "consent.withdraw()")
        heard = [["consentv2", denied]] if latest != denied else []
        assert page.evaluate("window.heard ?? []") == heard

    def test_clarity_itself_keeps_its_visitor_and_session_over_three_pages(self, page, bench, head):
        """clarity-js, started as its maker's tag starts it: before what waits already. Its `consentv2` does nothing
        until then, and a denial afterwards ends the session.
        """
        file = NODE_MODULES / "clarity-js/build/clarity.min.js"
        page.route("**/clarity.js", lambda route: route.fulfill(path=file))
        page.route("**/collect", lambda route: route.fulfill(status=204))
        options = (
            f"{{ projectId: 'x', upload: '{bench.origin('localhost')}/collect', track: true }}"
        )
        tag = (
            running(
                "window.clarity ||= function () { (clarity.q ||= []).push(arguments) };"
                f"clarity('start', {options}); clarity.q.unshift(clarity.q.pop())"
            )
            + '<script async src="/clarity.js"></script>'
        )
        ids = "[/_clck=([^%;]*)/, /_clsk=([^%;]*)/].map((each) => document.cookie.match(each)?.[1])"
        page.goto(bench.page(head + tag))
        page.wait_for_function("clarity.v")
        assert page.evaluate(ids) == [None, None]
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        page.wait_for_function("/_clck=/.test(document.cookie)")
        page.wait_for_function("/_clsk=/.test(document.cookie)")
        first = page.evaluate(ids)
        for path in ("/second", "/third"):
            page.goto(bench.page(head + tag, path))
            page.wait_for_function("clarity.v")
            banner.wait_until_quiet(page)
            assert page.evaluate(ids) == first


class TestWordPress:
    PLUGIN = running("window.wp_set_consent = (category, value) => {};")
    CATEGORIES = ("functional", "preferences", "statistics-anonymous", "statistics", "marketing")

    @pytest.fixture
    def lines(self, lines_with: Callable[[dict[str, str]], str]) -> str:
        return lines_with(setting("wordpress = true"))

    def said(self, page: Page) -> list[dict[str, str]]:
        """What the plugin was told, five categories at a time."""
        calls = [each[1:] for each in told(page, "wp_set_consent")]
        rounds = [calls[start : start + 5] for start in range(0, len(calls), 5)]
        assert all(sorted(name for name, _ in each) == sorted(self.CATEGORIES) for each in rounds)
        return [dict(each) for each in rounds]

    def state(self, *allowed: str) -> dict[str, str]:
        found = ("functional", *allowed)
        return {name: "allow" if name in found else "deny" for name in self.CATEGORIES}

    def test_the_type_is_there_before_the_event_and_before_other_scripts(self, page, bench, lines):
        read = running("told.push(['type at once', window.wp_consent_type])")
        page.goto(bench.page(lines + read))
        page.wait_for_function("window.consent")
        types = told(page, "type", "type at once")
        assert sorted(types) == [["type", "optin"], ["type at once", "optin"]]

    def test_without_the_snippet_the_type_comes_with_the_script(self, page, bench, lines):
        page.goto(bench.page(bench.script))
        page.wait_for_function("window.consent")
        assert told(page, "type") == [["type", "optin"]]

    def test_nothing_is_told_before_a_choice(self, page, bench, lines):
        page.goto(bench.page(lines + self.PLUGIN))
        expect(page.locator(banner.BOX)).to_be_visible()
        wait_until_looked_into(page)
        assert told(page, "wp_set_consent") == []

    def test_each_category_is_told_once_for_each_change(self, page, bench, lines):
        page.goto(bench.page(lines + self.PLUGIN))
        decide(page, "consent.set({ analytics: true })")
        decide(page, "consent.set({ analytics: true })")
        decide(page, "consent.set({ marketing: true })")
        decide(page, "consent.withdraw()")
        counted = ("statistics-anonymous", "statistics")
        assert self.said(page) == [
            self.state(*counted),
            self.state(*counted, "marketing"),
            self.state(),
        ]

    def test_a_refusal_is_told(self, page, bench, lines):
        page.goto(bench.page(lines + self.PLUGIN))
        page.locator(banner.REFUSE).click()
        wait_until_changed(page)
        assert self.said(page) == [self.state()]

    def test_without_the_plugin_nothing_fails(self, page, bench, lines, decisions):
        page.goto(bench.page(lines))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        assert len(decisions()) == 1
