"""WCAG 2.2 AA on every layer: the banner, the settings, the tab that stays, and what stands in a frame that waits.

Each is met as somebody meets it who uses large text, own colours, own spacing, a keyboard or a screen reader.
"""

import base64
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser import banner
from tests.browser.conftest import NODE_MODULES
from tests.browser.servers import Bench

AXE = (NODE_MODULES / "axe-core/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
RUN = f"(rules) => axe.run({{ runOnly: {json.dumps(TAGS)}, resultTypes: ['violations'], iframes: false, rules }})"

WITHDRAW = "[data-consent-withdraw]"
ONCE = "[data-consent-once]"
ALWAYS = "[data-consent-always]"
TITLE = "Cookies and your privacy"
CHOICES = ["Reject all", "Accept all", "Customise"]

COLOURS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 320, "height": 568}
# What is left of 1280 by 1024 at 400 % (WCAG 1.4.10).
ZOOMED = {"width": 320, "height": 256}
LAYOUTS = ["bar", "box", "centre"]

# A page whose colours follow the visitor's, as the banner's do.
CONTENT = """
<style>
  :root { color-scheme: light dark }
  body { margin: 0; color: CanvasText; background: Canvas }
  iframe { max-width: 100%; border: 0 }
</style>
<main><h1>Bench</h1><p><a href="/one">One</a> <button>Two</button></p></main>
"""
FRAME = """<iframe data-src="/film" data-consent="marketing" data-consent-service="youtube" title="A film"
  width="480" height="270"></iframe>"""

# For use inside other expressions: what is rendered of the banner, through its shadow root.
OURS = """(() => {
  const host = document.querySelector("consent-banner, consent-settings");
  const all = host ? [host, ...host.querySelectorAll("*"), ...host.shadowRoot.querySelectorAll("*")]
    : [...document.body.querySelectorAll("*")];
  return all.filter((each) => each.getClientRects().length);
})()"""

# What has the focus, through shadow roots and frames.
FOCUSED = """(() => {
  let at = document.activeElement;
  while (true) {
    const inner = at?.shadowRoot?.activeElement ?? at?.contentDocument?.activeElement;
    if (!inner || inner === inner.ownerDocument.body) return at;
    at = inner;
  }
})()"""
NAME = """(each) => each.getAttribute("aria-label") || each.textContent.trim() ||
  each.dataset.consentPurpose || each.dataset.consentService"""
FOCUSED_NAME = f"({NAME})({FOCUSED})"

# Whether a part of an element can be seen: nothing lies over it, and it is in the window.
IS_SEEN = """(element) => {
  const root = element.getRootNode();
  const of = element.ownerDocument.defaultView;
  const box = element.getBoundingClientRect();
  for (let x = Math.max(1, box.left + 1); x < Math.min(of.innerWidth, box.right); x += 4)
    for (let y = Math.max(1, box.top + 1); y < Math.min(of.innerHeight, box.bottom); y += 4) {
      const found = root.elementFromPoint(x, y);
      if (found && (element === found || element.contains(found) || found.closest("label")?.contains(element)))
        return true;
    }
  return false;
}"""


# How well an element's words can be told from what is behind them (WCAG 2.2, definition of contrast ratio).
CONTRAST = """(element) => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const around = (each) => each.assignedSlot ?? each.parentElement ?? each.getRootNode().host;
  let ground = element;
  while (ground && channels(getComputedStyle(ground).backgroundColor)[3] === 0) ground = around(ground);
  const luminance = (colour) => channels(colour).slice(0, 3)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const style = getComputedStyle(element);
  const [darker, lighter] = [style.color, ground ? getComputedStyle(ground).backgroundColor : "rgb(255, 255, 255)"]
    .map(luminance).sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}"""

SCROLLS_SIDEWAYS = f"""[document.scrollingElement, ...{OURS}]
  .filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.outerHTML)"""
# Inline boxes have no size of their own to be cut off by.
IS_CUT_OFF = """(each) => each.clientWidth && (each.scrollWidth > each.clientWidth + 1 ||
  (each.scrollHeight > each.clientHeight + 1 && getComputedStyle(each).overflowY !== "auto"))"""
# Two things to press, or a thing to press and words, that share a place in the part that scrolls.
OVERLAPPING = f"""(() => {{
  const all = {OURS}.filter((each) => each.matches("h2, button, summary, input"))
    .filter((each) => !each.closest(".buttons"));
  const meet = (one, other) => one.bottom > other.top + 1 && one.top < other.bottom - 1 &&
    one.right > other.left + 1 && one.left < other.right - 1;
  return all.flatMap((one, index) => all.slice(index + 1)
    .filter((other) => meet(one.getBoundingClientRect(), other.getBoundingClientRect()))
    .map((other) => [one.outerHTML, other.outerHTML]));
}})()"""
SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
p { margin-bottom: 2em !important }
::slotted(*) { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
::slotted(p) { margin-bottom: 2em !important }
"""


# Where an element is in the window, with eight pixels more on every side.
AROUND = """(element) => {
  const box = element.getBoundingClientRect();
  const frame = element.ownerDocument.defaultView.frameElement?.getBoundingClientRect();
  return {
    x: Math.round(box.x + (frame?.x ?? 0)) - 8,
    y: Math.round(box.y + (frame?.y ?? 0)) - 8,
    width: Math.round(box.width) + 16,
    height: Math.round(box.height) + 16,
  };
}"""
# How many pixels of a part differ, by a contrast of 3, from the same ones of a whole picture.
CHANGED = """async ([whole, part, { x, y }]) => {
  let width, height;
  const luminances = async (png, x, y) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(x, y, width ||= image.width, height ||= image.height);
    const linear = Array.from({ length: 256 }, (_, value) =>
      value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const found = new Float32Array(data.length / 4);
    for (let at = 0; at < found.length; at++)
      found[at] = 0.2126 * linear[data[4 * at]] + 0.7152 * linear[data[4 * at + 1]] + 0.0722 * linear[data[4 * at + 2]];
    return found;
  };
  const after = await luminances(part, 0, 0);
  const before = await luminances(whole, x, y);
  return before.reduce((sum, one, at) => {
    const [darker, lighter] = [one, after[at]].sort((a, b) => a - b);
    return sum + (lighter + 0.05 >= 3 * (darker + 0.05));
  }, 0);
}"""


def write(bench: Bench, more: str = "", path: str = "/page") -> str:
    bench.page("<p>The film runs</p>", "/film")
    return bench.page(banner.FITS_A_PHONE + bench.script + CONTENT + more, path, lang="en")


def lay_out(app: Flask, bench: Bench, layout: str) -> None:
    banner.put_in_force(app, bench, {"[hits]": f'[looks]\nlayout = "{layout}"\n[hits]'})


def ask(page: Page, bench: Bench) -> None:
    page.goto(write(bench))
    expect(page.locator(banner.BOX)).to_be_visible()


def open_settings(page: Page, bench: Bench) -> None:
    ask(page, bench)
    banner.open_settings(page)
    unfold(page)


def unfold(page: Page) -> None:
    page.locator(f"{banner.SETTINGS} details").evaluate_all(
        "(all) => all.forEach((each) => { each.open = true })"
    )


def withdraw_in_settings(page: Page, bench: Bench) -> None:
    """Up to the button that withdraws."""
    choose(page, bench)
    page.locator(banner.REOPEN).click()
    expect(page.locator(f"{banner.SETTINGS} {WITHDRAW}")).to_be_visible()


def choose(page: Page, bench: Bench) -> None:
    """What is left is the control."""
    ask(page, bench)
    page.locator(banner.ACCEPT).click()
    expect(page.locator(banner.REOPEN)).to_be_visible()
    # In the next frame: until then a key would meet another button.
    expect(page.locator(banner.REOPEN)).to_be_focused()


def wait_in_a_frame(page: Page, bench: Bench) -> None:
    page.goto(write(bench, FRAME))
    expect(page.frame_locator("iframe").locator(ONCE)).to_be_attached()
    page.locator(banner.REFUSE).click()
    expect(page.locator(banner.REOPEN)).to_be_focused()


LAYERS = {
    "banner": ask,
    "settings": open_settings,
    "tab": choose,
    "placeholder": wait_in_a_frame,
}


@pytest.fixture(params=LAYERS)
def layer(request: Any, page: Page, bench: Bench) -> str:
    """The name of a layer, which is open."""
    LAYERS[request.param](page, bench)
    return request.param


def parts(page: Page, layer: str) -> Any:
    """Where to evaluate what is asked of a layer: in the page or in its frame."""
    return page.frames[-1] if layer == "placeholder" else page


class TestAxe:
    """The colours do not depend on the size, nor the size on colours, so each is met once or twice."""

    LOOKS = {
        "light, 320 px": ({"color_scheme": "light"}, PHONE),
        "dark, zoomed": ({"color_scheme": "dark"}, ZOOMED),
        "forced, zoomed": ({"color_scheme": "light", "forced_colors": "active"}, ZOOMED),
        "forced dark, wide": ({"color_scheme": "dark", "forced_colors": "active"}, DESKTOP),
    }

    def test_finds_nothing(self, page, layer):
        for frame in page.frames:
            frame.evaluate(AXE)
        found = {}
        for look, (colours, size) in self.LOOKS.items():
            page.emulate_media(**colours)
            page.set_viewport_size(size)
            # Of forced colours axe reads -webkit-text-fill-color, which says the colour before it was forced.
            rules = {"color-contrast": {"enabled": "forced_colors" not in colours}}
            found[look] = [
                f"{each['id']}: {node['target']} {node['failureSummary']}"
                for frame in page.frames
                for each in frame.evaluate(RUN, rules)["violations"]
                for node in each["nodes"]
            ]
        assert {look: wrong for look, wrong in found.items() if wrong} == {}

    def test_forced_colours_can_be_read(self, page, layer):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, forced_colors="active")
            contrasts = parts(page, layer).evaluate(f"{OURS}.map({CONTRAST})")
            assert min(contrasts) >= 4.5


class TestZoom:
    """At 320 px, and at 400 %, where 1280 by 1024 pixels hold what 320 by 256 do (WCAG 1.4.4, 1.4.10)."""

    @pytest.fixture(params=[PHONE, ZOOMED], ids=["320", "zoomed"])
    def page(self, request, page):
        page.set_viewport_size(request.param)
        return page

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_nothing_of_the_banner_is_out_of_reach(self, page, app, bench, layout):
        lay_out(app, bench, layout)
        ask(page, bench)
        expect(page.locator(banner.BOX)).to_be_in_viewport(ratio=1)
        for each in page.locator(f"{banner.BOX} > :is(h2, p, a, button)").all():
            assert can_be_reached(page, each)
        assert page.evaluate(SCROLLS_SIDEWAYS) == []

    def test_nothing_of_the_settings_is_out_of_reach(self, page, bench):
        open_settings(page, bench)
        dialog = page.locator(banner.SETTINGS)
        expect(dialog).to_be_in_viewport(ratio=1)
        for each in dialog.locator("h2, button, label, summary, a").all():
            assert can_be_reached(page, each)
        assert page.evaluate(SCROLLS_SIDEWAYS) == []

    @pytest.mark.parametrize("layer", ["banner", "settings"])
    def test_a_shade_says_that_more_is_below_and_goes_at_the_end(self, page, bench, layer):
        page.set_viewport_size(ZOOMED)
        (ask if layer == "banner" else open_settings)(page, bench)
        box = page.locator(banner.BOX if layer == "banner" else banner.SETTINGS)
        # Left of all text.
        place = box.bounding_box()
        strip = {"x": place["x"] + 14, "y": place["y"] + place["height"] - 22, "width": 4}
        before = colour_count(page, {**strip, "height": 20})
        box.evaluate("(it) => it.scrollTo(0, it.scrollHeight)")
        assert before > colour_count(page, {**strip, "height": 20}) == 1

    def test_nothing_of_the_tab_is_out_of_reach(self, page, bench):
        choose(page, bench)
        for each in (banner.REOPEN,):
            expect(page.locator(each)).to_be_in_viewport(ratio=1)
            assert page.locator(each).evaluate(IS_SEEN)
        assert page.evaluate(SCROLLS_SIDEWAYS) == []

    def test_nothing_in_a_frame_that_waits_is_out_of_reach(self, page, bench):
        wait_in_a_frame(page, bench)
        frame = page.frames[-1]
        for each in page.frame_locator("iframe").locator("p, h2, a, button").all():
            assert can_be_reached(page, each)
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")


def colour_count(page: Page, clip: dict[str, float]) -> int:
    return page.evaluate(
        """async (source) => {
          const image = await createImageBitmap(await (await fetch("data:image/png;base64," + source)).blob());
          const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
          canvas.drawImage(image, 0, 0);
          return new Set(new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer)).size;
        }""",
        picture(page, clip=clip),
    )


def can_be_reached(page: Page, element: Locator) -> bool:
    element.evaluate("(it) => it.scrollIntoView({ block: 'start' })")
    expect(element).to_be_in_viewport(ratio=0.9)
    return element.evaluate(IS_SEEN)


class TestTextSpacing:
    """With the spacing of WCAG 1.4.12 no words are cut off and nothing lies over anything else."""

    def test_nothing_is_cut_off(self, page, layer):
        # From the page, as a bookmarklet does, and from within, as a visitor's own styles reach everything.
        page.add_style_tag(content=SPACED)
        for frame in page.frames:
            frame.evaluate(
                """(style) => {
                  const root = document.querySelector("consent-banner, consent-settings")?.shadowRoot ?? document;
                  const sheet = new CSSStyleSheet();
                  sheet.replaceSync(style);
                  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
                }""",
                SPACED,
            )
        where = parts(page, layer)
        words = f"{OURS}.filter((each) => each.matches('p, button'))"
        spacing = where.evaluate(f"{words}.map((each) => getComputedStyle(each).letterSpacing)")
        assert spacing
        assert "normal" not in spacing
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)
            cut_off = where.evaluate(f"{OURS}.filter({IS_CUT_OFF}).map((each) => each.outerHTML)")
            assert cut_off == []
            assert where.evaluate(OVERLAPPING) == []


class TestKeyboard:
    def test_tab_goes_through_the_banner_and_on_into_the_page(self, page, bench):
        ask(page, bench)
        there = ["Read the privacy notice", *CHOICES, "One", "Two"]
        assert tab(page, len(there)) == there
        assert tab(page, len(there) - 1, "Shift+Tab") == there[-2::-1]

    def test_tab_goes_through_the_tab_and_on_into_the_page(self, page, bench):
        choose(page, bench)
        page.reload()
        expect(page.locator(banner.REOPEN)).to_be_visible()
        assert tab(page, 3) == ["One", "Two", "Privacy settings"]

    @pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
    def test_tab_stays_in_the_settings(self, page, bench, key):
        open_settings(page, bench)
        page.evaluate("document.querySelector('main a').focus()")  # in vain
        places = set()
        for _ in range(30):
            page.keyboard.press(key)
            places.add(page.evaluate("document.activeElement.localName"))
        # The body stands for the browser's own controls, which a dialog does not keep anybody from.
        assert places <= {"consent-settings", "body"}
        assert page.evaluate(f"{FOCUSED}.closest('dialog, body') !== null")

    @pytest.mark.parametrize("opener", ["choose", "reopen", "open"])
    def test_escape_leaves_the_settings_to_where_they_were_opened(self, page, bench, opener):
        page.goto(write(bench, "<button data-consent-open>Open</button>"))
        expect(page.locator(banner.BOX)).to_be_visible()
        if opener != "choose":
            page.locator(banner.REFUSE).click()
            expect(page.locator(banner.REOPEN)).to_be_focused()  # in the next frame
        button = page.locator(f"[data-consent-{opener}]")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator(banner.SETTINGS)).to_be_visible()
        page.wait_for_function(f"{FOCUSED}.closest('dialog')")
        page.keyboard.press("Escape")
        expect(page.locator(banner.SETTINGS)).to_have_count(0)
        expect(button).to_be_focused()
        assert button.evaluate("(button) => button.matches(':focus-visible')")

    @pytest.mark.parametrize(
        ("open_layer", "button"),
        [
            (ask, banner.REFUSE),
            (ask, banner.ACCEPT),
            (open_settings, f"{banner.SETTINGS} {banner.REFUSE}"),
            (open_settings, banner.SAVE),
            (withdraw_in_settings, f"{banner.SETTINGS} {WITHDRAW}"),
        ],
        ids=["refuse", "accept", "refuse in the settings", "save", "withdraw"],
    )
    def test_after_a_choice_the_focus_is_on_the_tab(self, page, bench, open_layer, button):
        open_layer(page, bench)
        page.locator(button).focus()
        page.keyboard.press("Enter")
        expect(page.locator(banner.REOPEN)).to_be_focused()
        assert page.locator(banner.REOPEN).evaluate("(it) => it.matches(':focus-visible')")
        expect(page.locator(banner.REOPEN)).to_be_in_viewport(ratio=1)

    def test_after_escape_the_next_stop_is_the_tab(self, page, bench):
        ask(page, bench)
        page.locator(banner.ACCEPT).focus()
        page.keyboard.press("Escape")
        expect(page.locator(banner.REOPEN)).to_be_visible()
        if page.evaluate(FOCUSED_NAME) != "Privacy settings":
            assert tab(page, 1) == ["Privacy settings"]

    @pytest.mark.parametrize("button", [ONCE, ALWAYS])
    def test_after_a_frame_was_let_in_the_focus_is_on_it(self, page, bench, button):
        wait_in_a_frame(page, bench)
        page.frame_locator("iframe").locator(button).focus()
        page.keyboard.press("Enter")
        expect(page.frame_locator("iframe").get_by_text("The film runs")).to_be_visible()
        expect(page.locator("iframe")).to_be_focused()


def tab(page: Page, times: int, key: str = "Tab") -> list[str]:
    """What gets the focus, by name, one press after the other."""
    names = []
    for _ in range(times):
        page.keyboard.press(key)
        names.append(page.evaluate(FOCUSED_NAME))
    return names


class TestFocusIsSeen:
    @pytest.fixture
    def differ(self, new_context: Callable) -> Page:
        """An empty page, which compares pictures."""
        return new_context().new_page()

    @pytest.mark.parametrize("colours", COLOURS)
    def test_each_control_shows_it(self, page, differ, layer, colours):
        """As many pixels as a line of two around it change, by a contrast of 3 (WCAG 1.4.11, 2.4.7)."""
        page.emulate_media(**COLOURS[colours])
        page.set_viewport_size({"width": 900, "height": 1500})
        page.evaluate("document.activeElement.blur()")
        page.evaluate(
            "document.querySelector('main').remove()"
        )  # its controls are the page's own matter
        before = picture(page)
        shown = {}
        for _ in range(16):
            page.keyboard.press("Tab")
            name = page.evaluate(FOCUSED_NAME)
            if page.evaluate(f"{FOCUSED}.matches('body, iframe, h2')") or name in shown:
                continue
            shown[name] = change(page, differ, before)
        assert shown
        assert {name: share for name, share in shown.items() if share < 0.95} == {}

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_the_tab_shows_it_on_any_page(self, page, differ, bench, scheme):
        page.emulate_media(color_scheme=scheme)
        choose(page, bench)
        shown = {}
        for ground in ("#ffffff", "#777777", "#000000"):
            page.evaluate("(ground) => { document.body.style.background = ground }", ground)
            page.evaluate(
                "document.querySelector('consent-banner, consent-settings').shadowRoot.activeElement?.blur()"
            )
            before = picture(page)
            page.keyboard.press("Shift")  # so that focus is shown as after using the keyboard
            page.locator(banner.REOPEN).focus()
            shown[ground] = change(page, differ, before)
        assert {ground: share for ground, share in shown.items() if share < 0.95} == {}

    @pytest.mark.parametrize("size", [PHONE, ZOOMED], ids=["320", "zoomed"])
    def test_nothing_lies_over_it_in_the_settings(self, page, bench, size):
        page.set_viewport_size(size)
        open_settings(page, bench)
        assert hidden(page, 24) == []

    @pytest.mark.parametrize("size", [(480, 270), (280, 200)], ids=["film", "small"])
    def test_nothing_lies_over_it_in_a_frame_that_waits(self, page, bench, size):
        wait_in_a_frame(page, bench)
        page.locator("iframe").evaluate(
            "(frame, [width, height]) => Object.assign(frame, { width, height })", size
        )
        page.locator("main button").focus()
        assert hidden(page, 3) == []

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("size", [DESKTOP, PHONE, ZOOMED], ids=["wide", "320", "zoomed"])
    def test_the_banner_does_not_lie_over_what_has_it_in_the_page(
        self, page, app, bench, layout, size
    ):
        lay_out(app, bench, layout)
        page.set_viewport_size(size)
        links = "".join(f'<p><a href="/{number}">Link {number}</a></p>' for number in range(40))
        page.goto(write(bench, f"<section>{links}</section>"))
        expect(page.locator(banner.BOX)).to_be_visible()
        page.locator(banner.CHOOSE).focus()
        assert hidden(page, 42) == []


def picture(page: Page, **options: Any) -> str:
    return base64.b64encode(page.screenshot(**options)).decode()


def change(page: Page, differ: Page, before: str) -> float:
    """How much of a line of two pixels around what has the focus has changed since the picture `before`."""
    clip = page.evaluate(f"({AROUND})({FOCUSED})")
    after = picture(page, clip=clip)
    width, height = clip["width"] - 16, clip["height"] - 16
    line = 4 * (width + height)
    if page.evaluate(f"getComputedStyle({FOCUSED}).borderRadius") == "50%":
        line *= math.pi / 4
    return differ.evaluate(CHANGED, [before, after, clip]) / line


def hidden(page: Page, presses: int) -> list[str]:
    """The first few that cannot be seen while they have the focus, of all that Tab comes to.

    The banner may move out of the way first.
    """
    found: list[str] = []
    for _ in range(presses):
        if len(found) == 3:
            break
        page.keyboard.press("Tab")
        try:
            page.wait_for_function(f"() => ({IS_SEEN})({FOCUSED})", timeout=1000)
        except TimeoutError:
            found.append(page.evaluate(FOCUSED_NAME))
    return found


class TestNamesAndRoles:
    """As the browser tells them to a screen reader."""

    @pytest.fixture
    def told(self, page: Page) -> Callable[[str], list[Any]]:
        session = page.context.new_cdp_session(page)

        def read(role: str) -> list[Any]:
            """The nodes of a role within the banner's region, or within the dialog, which hides all else."""
            nodes = {
                node["nodeId"]: node
                for node in session.send("Accessibility.getFullAXTree")["nodes"]
            }

            def below(node: Any) -> list[Any]:
                children = [below(nodes[child]) for child in node["childIds"] if child in nodes]
                return [node] * (not node["ignored"]) + [
                    each for found in children for each in found
                ]

            tops = [
                each
                for each in nodes.values()
                if value(each, "role") in ("region", "dialog") and not each["ignored"]
            ]
            return [each for each in below(tops[0]) if value(each, "role") == role]

        return read

    def test_the_banner_is_a_region_with_a_heading(self, page, bench, told):
        ask(page, bench)
        assert names(told("region")) == [TITLE]
        assert names(told("heading")) == [TITLE]
        assert names(told("link")) == ["Read the privacy notice"]
        assert names(told("button")) == CHOICES
        assert told("dialog") == []

    def test_the_settings_are_a_dialog_with_a_heading(self, page, bench, told):
        open_settings(page, bench)
        (dialog,) = told("dialog")
        assert value(dialog, "name") == "Privacy settings"
        assert prop(dialog, "modal") is True
        assert "Privacy settings" in names(told("heading"))
        assert names(told("button")) == ["Close", *CHOICES[:2], "Save choices"]

    def test_the_page_behind_the_settings_is_not_told(self, page, bench):
        open_settings(page, bench)
        nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        assert "Bench" not in [value(each, "name") for each in nodes if not each["ignored"]][1:]

    def test_each_checkbox_has_a_name_and_a_state(self, page, bench, told):
        open_settings(page, bench)
        page.locator(banner.service("meta-pixel")).check()
        assert [(value(each, "name"), prop(each, "checked")) for each in told("checkbox")] == [
            ("Necessary", "true"),
            ("Statistics", "false"),
            ("Google Analytics", "false"),
            ("Marketing", "mixed"),
            ("Google Ads", "false"),
            ("Meta Pixel", "true"),
            ("YouTube", "false"),
        ]
        assert [prop(each, "disabled") for each in told("checkbox")] == [True] + [None] * 6

    def test_each_checkbox_is_described(self, page, bench, told):
        open_settings(page, bench)
        descriptions = [value(each, "description") for each in told("checkbox")]
        assert all(descriptions)
        assert len(set(descriptions)) == len(descriptions)

    def test_each_list_of_services_says_whether_it_is_open(self, page, bench, told):
        ask(page, bench)
        banner.open_settings(page)
        page.locator("summary").first.click()
        folds = [
            (value(each, "name"), prop(each, "expanded")) for each in told("DisclosureTriangle")
        ]
        assert folds == [("1 service Statistics", True), ("3 services Marketing", False)]

    def test_the_tab_is_two_buttons_in_the_region(self, page, bench, told):
        choose(page, bench)
        assert names(told("region")) == [TITLE]
        assert names(told("button")) == ["Privacy settings"]


def value(node: Any, name: str) -> str:
    return node.get(name, {}).get("value", "")


def names(nodes: list[Any]) -> list[str]:
    return [value(each, "name") for each in nodes]


def prop(node: Any, name: str) -> Any:
    found = {each["name"]: each["value"].get("value") for each in node["properties"]}
    return found.get(name)


def test_nothing_moves_even_where_the_page_moves_everything(page, layer):
    """Whatever the visitor prefers: so it is asked of those who have no preference."""
    page.emulate_media(reduced_motion="no-preference")
    page.add_style_tag(
        content="""
        * { transition: all 5s !important; animation: turn 5s infinite !important; scroll-behavior: smooth }
        @keyframes turn { to { opacity: 0.5; transform: rotate(1turn) } }"""
    )
    where = parts(page, layer)
    times = "[style.transitionDuration, style.animationName, style.scrollBehavior].join(' ')"
    moving = f"{OURS}.map((each) => {{ const style = getComputedStyle(each); return {times} }})"
    assert set(where.evaluate(moving)) == {"0s none auto"}
    running = "[document, document.querySelector('consent-banner, consent-settings')?.shadowRoot]"
    targets = f"{running}.flatMap((root) => root?.getAnimations() ?? []).map((each) => each.effect.target)"
    assert where.evaluate(f"{targets}.filter((each) => {OURS}.includes(each)).length") == 0


# What can be pressed and is smaller than `least` pixels either way, but for links within a sentence. A label is
# part of what its checkbox is pressed by.
SMALL = f"""([selector, least]) => {{
  const reached = (element, x, y) => {{
    const at = element.getRootNode().elementFromPoint(x, y);
    return at && (element.contains(at) || at.closest("label")?.contains(element));
  }};
  return {OURS}.filter((each) => each.matches(selector)).flatMap((each) => {{
    each.scrollIntoView({{ block: "center" }});
    const sentence = (each.assignedSlot ?? each).parentElement;
    if (each.matches("a") && (each.assignedSlot || sentence.textContent.trim() !== each.textContent.trim())) return [];
    const box = (each.closest("label") ?? each).getBoundingClientRect();
    const own = each.getBoundingClientRect();
    const size = [Math.max(box.width, own.width), Math.max(box.height, own.height)];
    return Math.min(...size) < least - 0.01 ? [[each.outerHTML, ...size]] : [];
  }});
}}"""


class TestTargets:
    MAIN = ", ".join([banner.ACCEPT, banner.REFUSE, banner.CHOOSE, banner.SAVE, banner.CLOSE])

    def small(self, page: Page, layer: str, selector: str, least: int) -> list[Any]:
        found = []
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)
            found += parts(page, layer).evaluate(SMALL, [selector, least])
        return found

    def test_the_main_buttons_are_44_px_and_more(self, page, bench):
        ask(page, bench)
        assert self.small(page, "banner", self.MAIN, 44) == []
        banner.open_settings(page)
        assert self.small(page, "settings", self.MAIN, 44) == []

    def test_everything_else_is_24_px_and_more(self, page, layer):
        assert self.small(page, layer, "a, button, input, summary", 24) == []
