"""What a page, a cookie or a race may do to the banner without harm."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser import banner


@pytest.mark.parametrize(
    "value",
    [
        "nonsense",
        "%7B",
        "1~",
        "1~~~~~~~~~~",
        "1~1~never~id~x~y~1~~~~",
        "2~1~99999999999~id~0:analytics~~1~~~~",
    ],
)
def test_a_cookie_that_is_not_ours_is_as_good_as_none(page, context, site, value):
    context.add_cookies([{"name": "consent", "value": quote(value, safe="~:"), "url": site}])
    page.goto(site)
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)


def test_a_refusal_during_the_check_for_a_newer_choice_stands(page, site):
    page.goto(site)
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    # As if the privacy pages had been visited, and something else been chosen there.
    choice = page.evaluate(banner.CHOICE) | {"r": 99999999999, "i": "another"}
    page.evaluate(banner.WRITE_CHOICE, choice)
    page.route(
        "**/visitors/me", lambda route: page.evaluate("consent.withdraw()") or route.continue_()
    )
    page.reload()
    banner.wait_until_received(page)
    assert page.evaluate("consent.get().purposes.marketing") is False
    assert page.evaluate(banner.CHOICE)["p"] == {"analytics": 0, "marketing": 0}


def test_many_choices_without_a_server_never_lose_the_last(page, site):
    page.goto(site)
    page.route("**/decisions", lambda route: route.abort())
    for number in range(30):
        page.evaluate(f"consent.set({{marketing: {str(number % 2 == 0).lower()}}})")
    assert page.evaluate(banner.CHOICE)["p"]["marketing"] == 0
    assert len(page.evaluate(banner.CHOICE)["q"]) > 1


def test_a_service_refused_alone_stays_refused_when_a_purpose_is_set(page, site):
    page.goto(site)
    expect(page.locator(banner.BOX)).to_be_visible()
    page.evaluate("consent.set({marketing: true}, {'meta-pixel': false})")
    page.evaluate("consent.set({analytics: true})")
    services = page.evaluate("consent.get().services")
    assert (services["google-ads"], services["meta-pixel"], services["google-analytics"]) == (
        True,
        False,
        True,
    )


@pytest.mark.parametrize(
    "argument", ["{marketing: 1}", "{marketing: 'yes', spying: true}", "{}, {spy: true}"]
)
def test_only_true_is_a_grant(page, site, decisions, argument):
    page.goto(site)
    expect(page.locator(banner.BOX)).to_be_visible()
    page.evaluate(f"consent.set({argument})")
    banner.wait_until_received(page)
    assert decisions()[0].purposes == {"analytics": False, "marketing": False}


def test_a_listener_that_throws_stops_nothing(page, site, decisions):
    page.goto(site)
    expect(page.locator(banner.BOX)).to_be_visible()
    page.evaluate("consent.on('change', () => { throw new Error('the page') })")
    page.locator(banner.ACCEPT).click()
    banner.wait_until_stand_ins_ran(page)
    banner.wait_until_received(page)
    assert len(decisions()) == 1


@pytest.mark.parametrize("purpose", ["constructor", "toString", "__proto__", "spying", ""])
def test_a_purpose_that_does_not_exist_is_never_granted(page, bench, purpose):
    page.goto(
        bench.page(
            f'{bench.script}<script type="text/plain" data-consent="{purpose}">window.ran = 1</script>'
        )
    )
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    assert page.evaluate("window.ran") is None


def test_another_body_keeps_the_banner(page, site):
    page.goto(site)
    expect(page.locator(banner.BOX)).to_be_visible()
    page.evaluate("document.body.replaceWith(document.createElement('body'))")
    page.locator(banner.REFUSE).click()
    expect(page.locator(banner.REOPEN)).to_be_visible()


def test_a_gated_script_finds_the_interface_on_later_pages(page, bench):
    reads = "window.seen = consent.get().decided"
    page.goto(
        bench.page(
            f'{bench.script}<script type="text/plain" data-consent="marketing">{reads}</script>'
        )
    )
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)
    page.reload()
    page.wait_for_function("() => window.seen === true")


@pytest.mark.parametrize("name", ["consent", "samtykke"])
def test_a_form_of_the_same_name_hides_nothing(page, bench, name):
    page.goto(
        bench.page(
            f'<form id="{name}" action="/"><input name="ready" aria-label="x"></form>{bench.script}'
        )
    )
    expect(page.locator(banner.BOX)).to_be_visible()


@pytest.mark.parametrize("declared", ["const consent = null", "var consent = null"])
def test_a_variable_of_the_same_name_does_not_keep_the_settings_shut(page, bench, declared):
    page.goto(bench.page(f"<script>{declared}</script>{bench.script}"))
    expect(page.locator(banner.BOX)).to_be_visible()
    page.evaluate("() => { window.consent = null }")
    banner.open_settings(page)
    page.locator(banner.purpose("analytics")).check()
    page.locator(banner.SAVE).click()
    banner.wait_until_received(page)


SCRIPT = re.compile(r"/e/07sor/[\w-]{43}\.js$")


def test_settings_that_were_altered_on_the_way_say_no_more_than_the_first_script(page, bench):
    page.goto(bench.page(bench.script))
    expect(page.locator(banner.BOX)).to_be_visible()

    def alter(route):
        route.fulfill(response=(answer := route.fetch()), body=answer.text() + "\nwindow.more = 1")

    page.route(SCRIPT, alter)
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.locator(banner.CHOOSE).click()
    expect(page.locator(f"{banner.SETTINGS} {banner.purpose('analytics')}")).to_be_visible()
    expect(page.locator(banner.service("meta-pixel"))).to_have_count(0)
    assert page.evaluate("window.more") is None
    page.unroute_all(behavior="wait")


def test_the_settings_open_at_once_while_their_text_is_on_its_way(page, bench, decisions):
    held = []
    is_slow = True
    page.route(SCRIPT, lambda route: held.append(route) if is_slow else route.continue_())
    page.goto(bench.page(bench.script))
    page.locator(banner.CHOOSE).click()
    form = page.locator(f"{banner.SETTINGS} form")
    expect(form).to_have_attribute("aria-busy", "true")
    page.locator(banner.purpose("analytics")).check()
    is_slow = False
    for route in held:
        route.continue_()
    # What was ticked meanwhile stays.
    expect(page.locator(banner.service("google-analytics"))).to_be_checked()
    expect(form).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(banner.purpose("analytics"))).to_be_checked()
    page.locator(banner.SAVE).click()
    banner.wait_until_received(page)
    assert decisions()[0].purposes == {"analytics": True, "marketing": False}


def test_a_decision_in_settings_that_are_still_empty_counts(page, bench, decisions):
    page.route(SCRIPT, lambda route: None)
    page.goto(bench.page(bench.script))
    page.locator(banner.CHOOSE).click()
    page.locator(banner.purpose("analytics")).check()
    page.locator(banner.SAVE).click()
    page.wait_for_function("consent.get().purposes.analytics")
    page.unroute(SCRIPT)
    page.goto(bench.page(bench.script))
    banner.wait_until_received(page)
    assert [(each.action, each.purposes["analytics"]) for each in decisions()] == [("choose", True)]


def test_opening_twice_and_closing_brings_the_banner_back(page, site):
    page.goto(site)
    expect(page.locator(banner.BOX)).to_be_visible()
    page.evaluate("consent.open(); consent.open()")
    expect(page.locator(banner.SETTINGS)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(banner.BOX)).to_be_visible()


def test_a_tab_follows_what_another_one_chose(page, context, site):
    page.goto(site)
    expect(page.locator(banner.BOX)).to_be_visible()
    other = context.new_page()
    other.goto(site)
    other.locator(banner.REFUSE).click()
    banner.wait_until_received(other)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(banner.REOPEN)).to_be_visible()


def test_a_grant_that_the_server_refuses_is_taken_back(page, site):
    page.goto(site)
    page.route(
        "**/decisions",
        lambda route: route.fulfill(status=422, headers={"Access-Control-Allow-Origin": "*"}),
    )
    page.locator(banner.ACCEPT).click()
    page.wait_for_function("() => !consent.get().purposes.marketing")
    page.wait_for_function(
        "() => !document.cookie.includes('_ga') && !document.cookie.includes('_fbp')"
    )


@pytest.mark.parametrize("name", ["accept", "refuse"])
def test_a_translated_button_decides(page, bench, decisions, name):
    """A browser that translates a page puts elements around the words of its buttons."""
    page.goto(bench.page(bench.script))
    words = page.locator(f"[data-consent-{name}]")
    words.evaluate("(it) => { it.innerHTML = `<font><font>${it.textContent}</font></font>` }")
    words.locator("font font").click()
    banner.wait_until_received(page)
    assert [each.action for each in decisions()] == [name]
