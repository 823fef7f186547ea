"""Whatever a page does to itself, the banner is where a person can answer: in the window, on top, and usable."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from tests.browser import banner
from tests.browser.extension import open_with_style, page_with

LONG = (
    "<h1>Long page</h1><script>document.body.append(...Array.from({ length: 300 }, () =>"
    " Object.assign(document.createElement('p'), { textContent: 'row' })))</script>"
)
# Whether a press in the middle of an element reaches it, within the window.
IS_REACHED = """(it) => {
  const { left, top, width, height } = it.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  if (!width || !height || x < 0 || y < 0 || x > innerWidth || y > innerHeight) return false;
  const hit = (it.getRootNode() === document ? document : it.getRootNode()).elementFromPoint(x, y);
  return hit === it || it.contains(hit);
}"""


@pytest.fixture
def hidden_by(playwright, tmp_path):
    """Opens a page of a browser whose extension sets a style with the origin of the user, as filter lists do."""
    with ExitStack() as stack:
        yield lambda style: stack.enter_context(page_with(playwright, tmp_path, style))


def is_reached(page: Page, selector: str) -> bool:
    return page.locator(selector).evaluate(IS_REACHED)


@pytest.mark.parametrize(
    "style",
    [
        "transform: translateX(0)",
        "filter: grayscale(1)",
        "perspective: 500px",
        "contain: paint",
        "will-change: transform",
        "zoom: 2",
        "overflow: hidden; height: 20px",
    ],
)
@pytest.mark.parametrize("element", ["body", "html"])
def test_a_styled_body_leaves_banner_and_control_in_the_window(page, bench, element, style):
    page.goto(bench.page(f"<style>{element} {{ {style} }}</style>{bench.script}<body>{LONG}"))
    page.locator(banner.BOX).wait_for()
    for button in (banner.REFUSE, banner.ACCEPT, banner.CHOOSE):
        assert is_reached(page, button), button
    page.locator(banner.REFUSE).click()
    page.locator(banner.REOPEN).wait_for()
    assert is_reached(page, banner.REOPEN)
    page.locator(banner.REOPEN).click()
    assert is_reached(page, f"{banner.SETTINGS} {banner.ACCEPT}")


def test_a_zoomed_body_keeps_the_whole_banner_in_the_window(page, bench):
    page.set_viewport_size({"width": 390, "height": 500})
    page.goto(bench.page(f"<style>body {{ zoom: 3 }}</style>{bench.script}<body>{LONG}"))
    box = page.locator(banner.BOX).bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 500


COVERS = {
    "chat": '<div style="position:fixed;inset:auto 0 0;height:420px;z-index:2147483647"></div>',
    "popover": '<div id="po" popover="manual" style="inset:auto 0 0;width:100%;height:420px">'
    "</div><script>po.showPopover()</script>",
    "late popover": '<div id="po" popover="manual" style="inset:auto 0 0;width:100%;height:420px">'
    "</div><script>addEventListener('load', () => setTimeout(() => po.showPopover(), 300))</script>",
    "sheet": "<style>body > *::before { content: ''; position: fixed; inset: 0; z-index: 9 }</style>",
}


@pytest.mark.parametrize("cover", COVERS)
def test_what_covers_the_window_does_not_cover_the_banner(page, bench, cover):
    page.goto(bench.page(f"{bench.script}<body><main>Page</main>{COVERS[cover]}"))
    page.locator(banner.BOX).wait_for()
    if cover == "late popover":
        page.wait_for_function("po.matches(':popover-open')")
    page.locator(banner.REFUSE).click()
    expect(page.locator(banner.REOPEN)).to_be_visible()
    page.locator(banner.REOPEN).click()


DIALOG = (
    '<dialog id="nl"><p>Newsletter?</p><form method="dialog"><button>No</button></form></dialog>'
)


@pytest.mark.parametrize(
    "opening",
    ["nl.showModal()", "addEventListener('load', () => setTimeout(() => nl.showModal()))"],
)
def test_a_modal_dialog_of_the_page_takes_the_banner_in(page, bench, opening):
    page.goto(bench.page(f"{bench.script}<body>{DIALOG}<script>{opening}</script>"))
    page.wait_for_function("document.querySelector('dialog [data-consent-box]')")
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    page.get_by_role("button", name="No").click()
    page.wait_for_function("document.querySelector('body > consent-banner')")
    page.locator(banner.REOPEN).click()
    expect(page.locator(banner.SETTINGS)).to_be_visible()


def test_a_modal_dialog_that_closes_gives_the_banner_back(page, bench):
    page.goto(bench.page(f"{bench.script}<body>{DIALOG}<script>nl.showModal()</script>"))
    page.wait_for_function("document.querySelector('dialog [data-consent-box]')")
    page.evaluate("nl.close()")
    page.wait_for_function("document.querySelector('body > [data-consent-box]')")
    page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)


@pytest.mark.parametrize("attribute", ["inert", "aria-hidden"])
def test_a_library_that_shuts_siblings_out_does_not_shut_out_the_banner(page, bench, attribute):
    shut = f"for (const each of document.body.children) each.setAttribute('{attribute}', 'true')"
    page.goto(bench.page(f"{bench.script}<body><main>Page</main>"))
    page.locator(banner.BOX).wait_for()
    page.evaluate(shut)
    expect(page.locator(f"{banner.BOX}[{attribute}]")).to_have_count(0)
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)


def test_nothing_of_it_is_printed(page, bench):
    page.goto(bench.page(f"{bench.script}<body>{LONG}"))
    page.locator(banner.BOX).wait_for()
    page.emulate_media(media="print")
    expect(page.locator(banner.BOX)).to_be_hidden()
    page.emulate_media(media="screen")
    page.locator(banner.REFUSE).click()
    page.locator(banner.REOPEN).wait_for()
    page.emulate_media(media="print")
    expect(page.locator(banner.REOPEN)).to_be_hidden()


def test_a_page_of_the_site_in_a_frame_shows_no_second_banner(page, bench):
    gated = '<script type="text/plain" data-consent="analytics">window.ran = 1</script>'
    bench.page(f"{bench.script}<body>Inside{gated}", "/inside")
    page.goto(bench.page(f'{bench.script}<body><iframe src="/inside" name="inside"></iframe>'))
    page.locator(banner.BOX).wait_for()
    inside = page.frame("inside")
    inside.wait_for_function("window.consent")
    assert inside.locator(banner.BOX).count() == 0
    page.locator(banner.ACCEPT).click()
    inside.wait_for_function("window.ran === 1")
    assert inside.locator(banner.REOPEN).count() == 0


BREAKS = {
    "attachShadow that closes": "const made = Element.prototype.attachShadow;"
    "Element.prototype.attachShadow = function (o) { return made.call(this, { ...o, mode: 'closed' }) }",
    "adoptedStyleSheets that is swallowed": "Object.defineProperty(ShadowRoot.prototype,"
    " 'adoptedStyleSheets', { get: () => [], set() {} })",
    "requestAnimationFrame that never comes": "window.requestAnimationFrame = () => 0",
}


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_broken_browser_interface_does_not_break_the_answer(page, bench, breaks):
    gated = '<script type="text/plain" data-consent="analytics">window.ran = 1</script>'
    page.goto(bench.page(f"<script>{BREAKS[breaks]}</script>{bench.script}<body>{gated}"))
    host = page.locator(banner.BOX)
    host.wait_for()
    assert host.evaluate("(it) => getComputedStyle(it).position") == "fixed"
    page.locator(banner.ACCEPT).click()
    page.wait_for_function("window.ran === 1", polling=50)
    page.wait_for_function("consent.get().decided", polling=50)


def test_a_form_named_cookie_hides_no_choice(page, bench):
    page.goto(bench.page(f'{bench.script}<body><form name="cookie" action="/"></form>'))
    page.locator(banner.REFUSE).click()
    page.locator(banner.REOPEN).wait_for()
    page.evaluate("document.querySelector('form').remove()")
    banner.wait_until_received(page)
    page.reload()
    page.locator(banner.REOPEN).wait_for()
    assert page.locator(banner.BOX).count() == 0


def test_a_document_that_is_written_anew_asks_again(page, bench):
    page.goto(bench.page(f"{bench.script}<body><h1>First</h1>"))
    page.locator(banner.BOX).wait_for()
    page.evaluate(
        "document.open(), document.write('<body><h1>Second</h1><button data-consent-open>Valg</button>'),"
        " document.close()"
    )
    page.get_by_role("heading", name="Second").wait_for()
    page.locator("button[data-consent-open]").click()
    expect(page.locator(banner.SETTINGS)).to_be_visible()
    page.locator(banner.CLOSE).click()
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)


def test_a_filter_list_that_hides_banners_hides_no_settings(bench, hidden_by):
    """A rule with the origin of the user, as extensions set it, beats every rule of ours and of the page's."""
    page = hidden_by(
        "#consent-banner, .consent-banner, consent-banner { display: none !important }"
    )
    html = (
        '<button data-consent-open>Valg</button><a href="/x">Next</a>'
        '<script type="text/plain" data-consent="analytics">window.ran = 1</script>'
    )
    open_with_style(page, bench.page(html), bench.script)
    expect(page.locator(banner.BOX)).to_be_hidden()
    page.locator("button[data-consent-open]").click()
    expect(page.locator(banner.SETTINGS)).to_be_visible()
    page.locator(f"{banner.SETTINGS} {banner.ACCEPT}").click()
    page.wait_for_function("window.ran === 1")


def test_a_rule_that_hides_the_settings_too_leaves_nobody_locked_in(bench, hidden_by):
    page = hidden_by("consent-banner, consent-settings { display: none !important }")
    address = bench.page('<button data-consent-open>Valg</button><a href="#x">N</a>')
    open_with_style(page, address, bench.script)
    with page.expect_popup() as opened:
        page.locator("button[data-consent-open]").click()
    opened.value.wait_for_url("**/privacy/07sor/choices**")
    page.locator("body > a").click()
    page.wait_for_function("location.hash === '#x'")


def test_a_banner_that_nobody_sees_is_not_counted_as_shown(bench, hidden_by):
    page = hidden_by("consent-banner { display: none !important }")
    with page.expect_request("**/hits") as asked:
        open_with_style(page, bench.page("Page"), bench.script)
    assert asked.value.post_data_json["banner"] is False


@pytest.mark.parametrize(
    "inside", ['<input type="search" value="abc">', "<dialog><p>menu</p></dialog>"]
)
def test_escape_in_something_of_the_pages_leaves_the_banner(page, bench, inside):
    page.goto(bench.page(f"{bench.script}<body>{inside}"))
    page.locator(banner.BOX).wait_for()
    page.evaluate(
        "document.querySelector('dialog')?.showModal(), document.querySelector('input')?.focus()"
    )
    page.keyboard.press("Escape")
    page.keyboard.press("Escape") if "input" in inside else None
    expect(page.locator(banner.BOX)).to_be_visible()


def test_the_keyboard_comes_to_the_banner_first(page, bench):
    page.goto(bench.page(f'{bench.script}<body><a href="/one">One</a>'))
    page.locator(banner.BOX).wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[data-consent-box]') !== null")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('[data-consent-refuse]')")
