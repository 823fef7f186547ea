"""The choice is kept and found, whatever else lies in the browser and whatever the page has done to it."""

import pytest
from playwright.sync_api import expect

from tests.browser import banner

GATED = (
    '<script type="text/plain" data-consent="analytics">window.ran = (window.ran || 0) + 1</script>'
)

TAKEN = {
    "deeper path": {"domain": "app.localhost", "path": "/shop/"},
    "parent domain": {"domain": ".localhost", "path": "/"},
    "unseen": {"domain": "app.localhost", "path": "/", "httpOnly": True},
    "unseen at a deeper path": {"domain": "app.localhost", "path": "/shop", "httpOnly": True},
}


@pytest.mark.parametrize("value", ["yes", "1~2~3", "%7B%7D"])
@pytest.mark.parametrize("taken", TAKEN)
def test_a_second_cookie_of_the_same_name_does_not_hide_the_choice(
    page, context, bench, taken, value
):
    context.add_cookies([{"name": "consent", "value": value, **TAKEN[taken]}])
    address = bench.page(bench.script, "/shop/x", host="app.localhost")
    page.goto(address)
    page.locator(banner.REFUSE).click()
    page.locator(banner.REOPEN).wait_for()
    page.goto(address)
    page.locator(banner.REOPEN).wait_for()
    expect(page.locator(banner.BOX)).to_have_count(0)
    assert page.evaluate("consent.get().decided")


CLOCKS = {"5 s back": -5_000, "13 days on": 13 * 86_400_000, "a year back": -365 * 86_400_000}
MOVABLE = (
    "<script>let off = 0; const now = Date.now; Date.now = () => now() + off;"
    "window.later = (ms) => { off = ms }</script>"
)


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_that_moves_before_the_click_leaves_the_acceptance(page, bench, decisions, clock):
    page.goto(bench.page(MOVABLE + bench.script))
    page.locator(banner.BOX).wait_for()
    page.evaluate("later", CLOCKS[clock])
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    assert page.evaluate("consent.get().purposes.marketing")
    assert [each.action for each in decisions()] == ["accept"]
    page.goto(bench.page(bench.script))
    page.wait_for_function("window.consent?.get().purposes.marketing")


def test_a_choice_after_the_clock_was_set_back_is_the_latest(page, bench):
    page.goto(bench.page(MOVABLE + bench.script))
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    page.evaluate("later", -86_400_000)
    page.evaluate("consent.withdraw()")
    banner.wait_until_received(page)
    page.goto(bench.page(bench.script))
    page.locator(banner.REOPEN).wait_for()
    assert page.evaluate("consent.get().purposes.marketing") is False


def test_blocked_cookies_leave_the_choice_for_as_long_as_the_page(page, context, bench):
    context.new_cdp_session(page).send("Emulation.setDocumentCookieDisabled", {"disabled": True})
    page.goto(bench.page(bench.script + GATED))
    page.locator(banner.ACCEPT).click()
    page.wait_for_function("window.ran === 1")
    for event in ("focus", "focus"):
        page.evaluate("(event) => window.dispatchEvent(new Event(event))", event)
    page.locator(banner.REOPEN).wait_for()
    assert page.evaluate("consent.get().purposes.analytics")
    expect(page.locator(banner.BOX)).to_have_count(0)


def test_a_sandboxed_page_has_the_whole_interface(page, bench):
    bench.page(
        f"{bench.script}<script>addEventListener('load', () => consent.ready.then("
        "() => parent.postMessage('ready', '*')))</script>",
        "/inner",
    )
    page.goto(
        bench.page(
            "<script>addEventListener('message', (event) => { window.said = event.data })</script>"
            '<iframe sandbox="allow-scripts" width="600" height="600" src="/inner"></iframe>'
        )
    )
    page.wait_for_function("window.said === 'ready'")
    inner = page.frames[1]
    inner.locator(banner.ACCEPT).click()
    inner.wait_for_function("consent.get().purposes.marketing")
    expect(inner.locator(banner.BOX)).to_have_count(0)


PATCHES = {
    "arrays and objects with more": "Array.prototype.extra = () => {};"
    "Array.prototype.toJSON = () => 'x'; Object.prototype.more = () => {};"
    "Object.prototype.after = () => {}",
    "another JSON": "JSON.stringify = () => '{}'; JSON.parse = () => ({})",
    "a fetch that adds a header": "const made = window.fetch; window.fetch = (url, options = {}) =>"
    " made(url, { ...options, headers: { ...options.headers, 'X-Requested-With': 'x' } })",
    "a fetch with credentials": "const made = window.fetch; window.fetch = (url, options = {}) =>"
    " made(url, { ...options, credentials: 'include' })",
    "no fetch": "delete window.fetch",
    "a data layer that is no list": "window.dataLayer = {}",
    "a history that does nothing": "history.pushState = () => {}",
    "a document.cookie of its own": "Object.defineProperty(document, 'cookie', { get: () => '', set() {} })",
}


@pytest.mark.parametrize("patch", PATCHES)
def test_a_patched_page_costs_neither_settings_nor_choice_nor_proof(page, bench, decisions, patch):
    page.goto(bench.page(f"<script>{PATCHES[patch]}</script>{bench.script}{GATED}"))
    with page.expect_request("**/decisions"):
        banner.open_settings(page)
        page.locator(f"{banner.SETTINGS} {banner.ACCEPT}").click()
    page.wait_for_function("window.ran === 1")
    banner.wait_until_quiet(page)
    assert [each.action for each in decisions()] == ["accept"]
    page.goto(bench.page(bench.script + GATED))
    page.wait_for_function("window.ran === 1")
    expect(page.locator(banner.BOX)).to_have_count(0)


def test_a_renamed_data_layer_gets_the_signals(app, page, bench):
    banner.put_in_force(app, bench, {"[hits]": '[signals]\ndata_layer = "ourLayer"\n\n[hits]'})
    page.goto(bench.page(bench.script))
    page.locator(banner.ACCEPT).click()
    page.wait_for_function(
        "ourLayer.some((each) => each[0] === 'consent' && each[1] === 'update' && each[2].ad_storage === 'granted')"
    )
    assert page.evaluate("window.dataLayer") is None


def test_any_number_of_services_fits_the_cookie(app, page, bench):
    """A hundred and fifty, every second one decided otherwise than its purpose."""
    one = (
        '[[services]]\nkey = "service-number-{0}"\nname = "Service {0}"\npurpose = "analytics"\n'
        'processor = "google"\ndescription.nb = "x"\ndescription.nn = "x"\ndescription.en = "x"\n\n'
    )
    many = "".join(one.format(number) for number in range(150))
    banner.put_in_force(app, bench, {"[[services]]": many + "[[services]]"})
    page.goto(bench.page(bench.script))
    page.locator(banner.BOX).wait_for()
    odd = "Object.fromEntries(Object.keys(consent.get().services).filter((_, at) => at % 2).map((key) => [key, true]))"
    page.evaluate(f"consent.set({{}}, {odd})")
    banner.wait_until_received(page)
    before = page.evaluate("consent.get()")
    assert sum(before["services"].values()) >= 75
    page.goto(bench.page(bench.script))
    page.locator(banner.REOPEN).wait_for()
    assert page.evaluate("consent.get()") == before


def test_a_decision_that_waits_leaves_the_next_one_its_place(page, bench, decisions):
    page.goto(bench.page(bench.script))
    page.route("**/decisions", lambda route: route.abort())
    page.locator(banner.ACCEPT).click()
    page.locator(banner.REOPEN).wait_for()
    page.evaluate("consent.withdraw()")
    page.wait_for_function("!consent.get().purposes.marketing")
    page.unroute("**/decisions")
    page.goto(bench.page(bench.script))
    banner.wait_until_received(page)
    assert [each.action for each in decisions()] == ["accept", "withdraw"]
