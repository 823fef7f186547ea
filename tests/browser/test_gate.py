"""What waits for consent, and how it is started; the script in pages of every kind."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import banner


def note(name: str) -> str:
    return f"(parent.ran ??= []).push('{name}');"


def inline(name: str, purpose: str = "analytics", more: str = "") -> str:
    return f'<script type="text/plain" data-consent="{purpose}" {more}>{note(name)}</script>'


def external(src: str, purpose: str = "analytics", more: str = "") -> str:
    return f'<script type="text/plain" data-consent="{purpose}" data-src="{src}" {more}></script>'


def frame(src: str, purpose: str = "marketing") -> str:
    return f'<iframe data-consent="{purpose}" data-src="{src}" title="Film"></iframe>'


def ran(page: Page) -> list[str]:
    return page.evaluate("window.ran ?? []")


def wait_until_ran(page: Page, *names: str) -> None:
    page.wait_for_function("(names) => String(window.ran) === String(names)", arg=list(names))


@pytest.fixture
def held(page: Page) -> list[Route]:
    """Requests for slow.js, which wait until the test lets them go on."""
    routes: list[Route] = []
    page.route("**/slow.js", lambda route: routes.append(route))
    return routes


class TestOrder:
    """Inline scripts, external scripts and frames start one after the other, as they stand in the page."""

    @pytest.fixture
    def mixed(self, bench) -> str:
        slow = bench.javascript("/slow.js", note("slow"))
        quick = bench.javascript("/quick.js", note("quick"))
        bench.page(f"<script>{note('film')}</script>", "/film")
        parts = inline("first"), external(slow), inline("second", "marketing"), external(quick)
        return bench.page(bench.script + "".join(parts) + frame("/film") + inline("last"))

    def test_nothing_overtakes_a_slow_script(self, page, mixed, held, requests):
        page.goto(mixed)
        with page.expect_request("**/slow.js"):
            page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        assert ran(page) == ["first"]
        assert not [each for each in requests if each.endswith("/film")]
        held[0].continue_()
        page.wait_for_function("window.ran.length === 6")
        started = [name for name in ran(page) if name != "film"]
        assert started == ["first", "slow", "second", "quick", "last"]

    def test_scripts_are_fetched_side_by_side_and_once(self, page, mixed, held, requests):
        page.goto(mixed)
        with page.expect_request("**/quick.js"):  # while slow.js still waits for its answer
            page.locator(banner.ACCEPT).click()
        held[0].continue_()
        page.wait_for_function("window.ran.length === 6")
        assert len([each for each in requests if each.endswith(("/quick.js", "/slow.js"))]) == 2

    def test_a_script_that_fails_to_load_stops_no_other(self, page, bench):
        page.goto(bench.page(bench.script + external("/missing.js") + inline("after")))
        page.locator(banner.ACCEPT).click()
        wait_until_ran(page, "after")

    def test_withdrawing_while_a_script_loads_stops_those_after_it(self, page, mixed, held):
        page.goto(mixed)
        with page.expect_request("**/slow.js"):
            page.locator(banner.ACCEPT).click()
        page.evaluate("consent.withdraw()")
        held[0].continue_()
        wait_until_ran(page, "first", "slow")
        banner.wait_until_quiet(page)
        assert ran(page) == ["first", "slow"]


def test_only_what_was_agreed_to_starts(page, bench):
    page.goto(bench.page(bench.script + inline("ads", "marketing") + inline("count")))
    page.evaluate("consent.ready.then(() => consent.set({ analytics: true }))")
    wait_until_ran(page, "count")


def test_what_is_necessary_starts_with_the_first_choice(page, bench):
    page.goto(bench.page(bench.script + inline("basket", "necessary")))
    page.locator(banner.REFUSE).click()
    wait_until_ran(page, "basket")


def test_a_service_can_be_allowed_apart_from_its_purpose(page, bench):
    meta, ads = (f'data-consent-service="{key}"' for key in ("meta-pixel", "google-ads"))
    parts = inline("ads", "marketing", ads) + inline("meta", "marketing", meta)
    page.goto(bench.page(bench.script + parts + inline("any", "marketing")))
    page.wait_for_function("window.consent")
    page.evaluate("consent.set({ marketing: false }, { 'meta-pixel': true })")
    wait_until_ran(page, "meta")


def test_elements_added_later_pass_the_gate_too(page, bench):
    page.goto(bench.page(bench.script))
    page.locator(banner.ACCEPT).click()
    add = "(html) => document.body.append(document.createRange().createContextualFragment(html))"
    page.evaluate(add, inline("late"))
    wait_until_ran(page, "late")
    page.evaluate("consent.withdraw()")
    page.evaluate(add, inline("forbidden"))
    banner.wait_until_quiet(page)
    assert ran(page) == ["late"]


def test_attributes_are_kept_and_a_module_stays_one(page, bench):
    bench.javascript("/module.js", "export {}; " + note("module"))
    page.goto(
        bench.page(bench.script + external("/module.js", more='data-type="module" id="mine"'))
    )
    page.locator(banner.ACCEPT).click()
    wait_until_ran(page, "module")
    expect(page.locator("script#mine[type=module]")).to_be_attached()


class TestLoading:
    def test_loaded_twice_it_shows_one_banner_and_counts_once(self, page, bench, consent):
        page.goto(bench.page(bench.script * 2 + bench.script.replace(".js", ".js?again")))
        expect(page.locator(banner.BOX)).to_be_visible()
        banner.wait_until_quiet(page)
        expect(page.locator("consent-banner")).to_have_count(1)
        assert [path for path, _ in consent.seen].count("/e/07sor/hits") == 1

    def test_loaded_late_it_works(self, page, bench, consent_url):
        page.goto(bench.page(inline("count")))
        page.add_script_tag(url=f"{consent_url}/e/07sor.js")
        page.locator(banner.ACCEPT).click()
        wait_until_ran(page, "count")

    def test_loaded_in_the_head_before_there_is_a_body_it_works(self, page, bench):
        blocking = bench.script.replace("async ", "")
        page.goto(bench.page(f"<head>{blocking}{inline('count')}</head><body><h1>Hei</h1>"))
        page.locator(banner.ACCEPT).click()
        wait_until_ran(page, "count")
        assert (
            page.evaluate(
                "document.querySelector('consent-banner, consent-settings').parentNode.tagName"
            )
            == "BODY"
        )

    def test_loaded_as_a_module_it_works(self, page, bench, consent_url):
        page.goto(bench.page(f'<script type="module" src="{consent_url}/e/07sor.js"></script>'))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)

    def test_the_banner_does_not_move_the_page(self, page, bench):
        page.goto(bench.page("<body style='height: 3000px'><h1>Hei</h1>"))
        before = page.locator("h1").bounding_box()
        page.add_script_tag(content=f"document.head.innerHTML += ''; {late(bench)}")
        expect(page.locator(banner.BOX)).to_be_visible()
        assert page.locator("h1").bounding_box() == before
        assert page.evaluate("scrollY") == 0


def late(bench) -> str:
    src = bench.script.split('"')[1]
    return (
        f"document.head.append(Object.assign(document.createElement('script'), {{ src: '{src}' }}))"
    )


class TestStrictPolicy:
    """A page whose policy allows the consent server and nothing else: no inline style, no eval."""

    @pytest.fixture
    def complaints(self, page: Page) -> list[str]:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return said

    @pytest.fixture
    def strict(self, bench, consent_url) -> str:
        allowed = f"script-src {consent_url}; connect-src {consent_url}"
        return bench.page(bench.script, csp=f"default-src 'none'; style-src 'none'; {allowed}")

    def test_the_banner_is_styled(self, page, strict, complaints):
        page.goto(strict)
        box = page.locator(banner.BOX)
        expect(box).to_have_css("position", "fixed")
        expect(box).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.locator(banner.ACCEPT)).to_have_css("background-color", "rgb(31, 78, 158)")
        assert complaints == []

    def test_a_choice_in_the_settings_reaches_the_server(self, page, strict, complaints, decisions):
        page.goto(strict)
        banner.open_settings(page)
        expect(page.locator(banner.SETTINGS)).to_have_css("background-color", "rgb(255, 255, 255)")
        with page.expect_response("**/decisions"):
            page.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
        assert [each.action for each in decisions()] == ["accept"]
        assert complaints == []

    @pytest.mark.parametrize("policy", ["'nonce-abc'", "'nonce-abc' 'strict-dynamic'"])
    def test_scripts_that_wait_are_fetched_ahead_as_the_policy_allows(
        self, page, bench, consent_url, complaints, policy
    ):
        first = bench.javascript("/first.js", note("first"))
        second = bench.javascript("/second.js", note("second"))
        scripts = external(first, more="nonce=abc") + external(second, more="nonce=abc")
        page.goto(
            bench.page(
                bench.script.replace("<script", "<script nonce=abc") + scripts,
                csp=f"script-src {policy}; connect-src {consent_url}",
            )
        )
        page.locator(banner.ACCEPT).click()
        wait_until_ran(page, "first", "second")
        assert complaints == []


class TestCookies:
    """A page cannot see where a cookie was set, and still its services' cookies go, and only theirs."""

    SET = """
        document.cookie = '_ga=1;domain=app.localhost;path=/';
        document.cookie = '_ga_ABC=1;domain=app.localhost;path=/deep';
        document.cookie = '_gcl_au=1;path=/deep/er';
        document.cookie = '_fbp=1;path=/deep/er/';
        document.cookie = '_fbc=1';
        document.cookie = 'IDE=1;path=/deep/er/page';
        document.cookie = '_gat=1;path=/';
        document.cookie = 'basket=1;path=/';
    """

    @pytest.fixture
    def deep(self, bench) -> str:
        tag = f'<script type="text/plain" data-consent="analytics">{self.SET}</script>'
        return bench.page(bench.script + tag, "/deep/er/page", "sub.app.localhost")

    def test_those_of_parent_domains_and_other_paths_are_deleted(self, page, deep):
        page.goto(deep)
        page.locator(banner.ACCEPT).click()
        page.wait_for_function("document.cookie.includes('basket')")
        assert len(banner.cookies(page)) == 9
        page.evaluate("consent.withdraw()")
        banner.wait_until_clean(page)
        assert banner.cookies(page) == {"consent", "basket", "_gat"}

    def test_those_of_a_purpose_still_granted_stay(self, page, deep):
        page.goto(deep)
        page.locator(banner.ACCEPT).click()
        page.wait_for_function("document.cookie.includes('basket')")
        page.evaluate("consent.set({ marketing: false })")
        banner.wait_until_clean(page)
        assert banner.cookies(page) == {"consent", "basket", "_gat", "_ga", "_ga_ABC"}


class TestListeners:
    @pytest.fixture(autouse=True)
    def opened(self, page, bench) -> None:
        page.goto(bench.page(bench.script))
        page.wait_for_function("window.consent")

    def test_get_says_what_stands(self, page):
        nothing = {"necessary": True, "analytics": False, "marketing": False}
        state = page.evaluate("consent.get()")
        assert (state["decided"], state["purposes"]) == (False, nothing)
        assert set(state["services"].values()) == {False}
        page.evaluate("consent.set({ analytics: true })")
        state = page.evaluate("consent.get()")
        assert (state["decided"], state["purposes"]) == (True, nothing | {"analytics": True})
        assert state["services"]["google-analytics"] is True
        assert state["services"]["meta-pixel"] is False

    def test_ready_promises_the_same(self, page):
        assert page.evaluate("consent.ready") == page.evaluate("consent.get()")

    @pytest.mark.parametrize(
        "listen",
        [
            "consent.on('change', (state) => heard.push(state.purposes.marketing))",
            "document.addEventListener('consent:change', ({ detail }) => heard.push(detail.purposes.marketing))",
        ],
    )
    def test_listeners_hear_of_every_change(self, page, listen):
        page.evaluate(f"window.heard = []; {listen}")
        page.locator(banner.ACCEPT).click()
        page.wait_for_function("heard.length === 1")
        page.evaluate("consent.withdraw()")
        page.wait_for_function("heard.length === 2")
        assert page.evaluate("heard") == [True, False]

    def test_a_listener_that_fails_holds_up_neither_the_page_nor_the_decision(
        self, page, decisions
    ):
        page.evaluate("window.heard = 0; consent.on('change', () => { throw new Error('theirs') })")
        page.evaluate("consent.on('change', () => { heard += 1 })")
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        assert page.evaluate("heard") == 1
        assert len(decisions()) == 1

    def test_a_choice_by_script_is_recorded(self, page, decisions):
        page.evaluate("consent.set({ analytics: true })")
        banner.wait_until_received(page)
        page.evaluate("consent.withdraw()")
        banner.wait_until_received(page)
        assert [each.action for each in decisions()] == ["choose", "withdraw"]

    def test_open_shows_the_settings(self, page):
        page.evaluate("consent.open()")
        expect(page.locator(banner.SETTINGS)).to_be_visible()
