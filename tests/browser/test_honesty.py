"""What the law asks of the banner: refusing as easy as accepting, no wall, nothing by silence, no nagging."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask_babel import force_locale
from playwright.sync_api import BrowserContext, Locator, Page, expect

from consent.core.catalogues import CATALOGUES
from consent.demo import SITE_FILE
from consent.notice import rendering
from consent.site.schema import parse
from tests.browser import banner
from tests.browser.servers import Bench, Server

DEVICES = {"phone": banner.PHONE, "desktop": banner.DESKTOP}
WITHDRAW = "[data-consent-withdraw]"
DAY = 86400
# Long enough to be scrolled, with something to press that the banner does not cover.
LONG_PAGE = """
<body style="margin: 0; min-height: 4000px">
<button style="position: absolute; top: 20px; left: 20px" onclick="window.pressed = true">Buy</button>
<script type="text/plain" data-consent="analytics">window.ran = true</script>
<script type="text/plain" data-consent="marketing">window.ran = true</script>
"""

# All that a browser works out for an element: every property, and those of what CSS adds before and after it.
# Where it divides what is left of a row, it may leave a 64th of a pixel to one of two.
COMPUTED = """(element) => Object.fromEntries(["", "::before", "::after"].flatMap((pseudo) => {
  const style = getComputedStyle(element, pseudo || null);
  const read = (name) => style.getPropertyValue(name).replace(/[\\d.]+(?=px)/g, Math.round);
  return [...style, "content"].map((name) => [name + pseudo, read(name)]);
}))"""
PIXEL = 1 / 64

# The contrast of an element's text with its own ground, and of that with the ground behind (WCAG 2.2).
CONTRASTS = """(element) => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const isSeen = (colour) => (channels(colour)[3] ?? 1) === 1;
  const around = (each) => each.assignedSlot ?? each.parentElement ?? each.getRootNode().host;
  const ground = (each) => {
    while (!isSeen(getComputedStyle(each).backgroundColor)) each = around(each);
    return getComputedStyle(each).backgroundColor;
  };
  const luminance = (colour) => channels(colour).slice(0, 3)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (one, other) => {
    const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
  };
  const its = ground(element);
  return [contrast(getComputedStyle(element).color, its), contrast(its, ground(around(element)))];
}"""


@pytest.fixture
def context(new_context: Callable[..., BrowserContext], request: Any) -> BrowserContext:
    """A desktop's browser, or the one that the test asks for by parametrizing this fixture."""
    return new_context(**getattr(request, "param", banner.DESKTOP))


on_each_device = pytest.mark.parametrize("context", DEVICES.values(), ids=DEVICES, indirect=True)
in_each_look = pytest.mark.parametrize(
    "context",
    [
        {**device, "color_scheme": scheme}
        for device in DEVICES.values()
        for scheme in ("light", "dark")
    ],
    ids=[f"{device}-{scheme}" for device in DEVICES for scheme in ("light", "dark")],
    indirect=True,
)


@pytest.fixture
def opened(page: Page, bench: Bench) -> Page:
    """A long page with the banner on it."""
    page.goto(bench.page(banner.FITS_A_PHONE + bench.script + LONG_PAGE))
    expect(page.locator(banner.BOX)).to_be_visible()
    return page


def posts(consent: Server) -> list[str]:
    return [path for path, _ in consent.seen if path.endswith("/decisions")]


def expires(context: BrowserContext) -> float:
    """When the cookie goes, in seconds since 1970."""
    return next(each["expires"] for each in context.cookies() if each["name"] == "consent")


def edit_choice(page: Page, **changed: Any) -> None:
    page.evaluate(banner.WRITE_CHOICE, page.evaluate(banner.CHOICE) | changed)


@in_each_look
class TestRefusingIsAsEasyAsAccepting:
    """The two buttons, in the banner and in the settings, which have them too."""

    def test_both_look_the_same_at_rest_pointed_at_and_focused(self, opened):
        for buttons in layers(opened):
            refusing, accepting = (states(opened, button) for button in buttons)
            assert refusing == accepting

    def test_both_can_be_read_and_told_from_their_ground(self, opened):
        for buttons in layers(opened):
            refusing, accepting = (button.evaluate(CONTRASTS) for button in buttons)
            assert refusing == accepting
            text, control = refusing
            assert text >= 4.5
            assert control >= 3

    def test_both_stand_in_one_row_at_hand_without_scrolling(self, opened):
        for buttons in layers(opened):
            for button in buttons:
                expect(button).to_be_in_viewport(ratio=1)
            refusing, accepting = (button.bounding_box() for button in buttons)
            for name in ("y", "width", "height"):
                assert refusing[name] == pytest.approx(accepting[name], abs=PIXEL)
            gap = accepting["x"] - refusing["x"] - refusing["width"]
            assert 0 < gap <= 16


def layers(page: Page) -> Iterator[tuple[Locator, Locator]]:
    """Refuse and accept of the banner, then those of the settings."""
    yield both(page.locator(banner.BOX))
    banner.open_settings(page)
    yield both(page.locator(banner.SETTINGS))


def both(layer: Locator) -> tuple[Locator, Locator]:
    return layer.locator(banner.REFUSE), layer.locator(banner.ACCEPT)


def states(page: Page, button: Locator) -> list[dict[str, str]]:
    """How the button looks at rest, pointed at and focused."""
    page.mouse.move(0, 0)
    seen = [button.evaluate(COMPUTED)]
    button.hover()
    seen.append(button.evaluate(COMPUTED))
    page.keyboard.press("Shift")  # so that focus is shown as after using the keyboard
    button.focus()
    seen.append(button.evaluate(COMPUTED))
    return seen


@on_each_device
@pytest.mark.parametrize(("button", "action"), [("REFUSE", "refuse"), ("ACCEPT", "accept")])
def test_one_click_decides(opened, decisions, button, action):
    opened.locator(getattr(banner, button)).click()
    expect(opened.locator(banner.BOX)).to_have_count(0)
    expect(opened.locator(banner.SETTINGS)).to_have_count(0)
    banner.wait_until_received(opened)
    assert [each.action for each in decisions()] == [action]


@on_each_device
def test_in_no_language_is_either_button_larger_or_are_words_cut(opened, app):
    file = parse(SITE_FILE.read_text())
    words = {}
    for language in CATALOGUES:
        with app.test_request_context(), force_locale(language):
            words[language] = rendering.banner(file, language)
    unfit = opened.evaluate(
        """([said, pixel]) => Object.keys(said).filter((language) => {
          const put = (selector, name) => {
            const element = document.querySelector(`consent-banner ${selector}`);
            element.textContent = said[language][name];
            return element;
          };
          put("h2", "title");
          put("p", "text");
          const buttons = ["refuse", "accept", "choose"].map((name) => put(`[data-consent-${name}]`, name));
          const [refuse, accept] = buttons.map((button) => button.getBoundingClientRect());
          return ["y", "width", "height"].some((name) => Math.abs(refuse[name] - accept[name]) > pixel) ||
            buttons.some((button) => button.scrollWidth > button.clientWidth);
        })""",
        [words, PIXEL],
    )
    assert unfit == []


@on_each_device
class TestNothingIsTickedBeforehand:
    def test_but_what_is_necessary(self, opened):
        expect(opened.locator(f"{banner.BOX} input")).to_have_count(0)
        banner.open_settings(opened)
        ticked = opened.locator(f"{banner.SETTINGS} :is(input:checked, input:indeterminate)")
        expect(ticked).to_have_count(1)
        expect(ticked).to_have_attribute("data-consent-purpose", "necessary")
        assert opened.evaluate("consent.get().purposes") == {
            "necessary": True,
            "analytics": False,
            "marketing": False,
        }

    def test_nor_after_refusing(self, opened):
        opened.locator(banner.REFUSE).click()
        banner.open_settings(opened)
        expect(opened.locator(f"{banner.SETTINGS} input:checked")).to_have_count(1)


@on_each_device
class TestNoWall:
    def test_the_page_can_be_scrolled_and_pressed_while_the_banner_asks(self, opened):
        opened.locator("text=Buy").click()
        assert opened.evaluate("window.pressed") is True
        opened.mouse.move(100, 100)
        opened.mouse.wheel(0, 500)
        opened.wait_for_function("scrollY > 0")
        expect(opened.locator(banner.BOX)).to_be_visible()

    def test_nothing_lies_over_the_page_outside_the_banners_box(self, opened):
        covered = opened.evaluate("""() => {
          const box = document.querySelector("consent-banner, consent-settings").getBoundingClientRect();
          const isInside = (x, y) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
          const points = [];
          for (let x = 1; x < innerWidth; x += 15) for (let y = 1; y < innerHeight; y += 15) points.push([x, y]);
          return points.filter(([x, y]) =>
            !isInside(x, y) && document.elementFromPoint(x, y).closest("consent-banner, dialog"));
        }""")
        assert covered == []

    def test_the_page_keeps_its_attributes_and_its_styles(self, page, bench):
        read = f"""() => [document.documentElement, document.body, document.querySelector("body > button")]
          .map((each) =>
          [each.getAttributeNames().map((name) => [name, each.getAttribute(name)]), ({COMPUTED})(each)])"""
        page.goto(bench.page(banner.FITS_A_PHONE + LONG_PAGE))
        before = page.evaluate(read)
        page.add_script_tag(url=bench.script.split('"')[1])
        expect(page.locator(banner.BOX)).to_be_visible()
        assert page.evaluate(read) == before

    def test_closing_the_settings_gives_the_page_back(self, opened):
        banner.open_settings(opened)
        opened.keyboard.press("Escape")
        opened.locator("text=Buy").click()
        assert opened.evaluate("window.pressed") is True


@on_each_device
class TestSilenceIsNoConsent:
    """Whatever a visitor does but choose, nothing is stored, granted or sent, and the next page asks."""

    @pytest.fixture(autouse=True)
    def nothing_came_of_it(self, opened: Page, consent: Server) -> Iterator[None]:
        yield
        assert opened.evaluate("consent.get().decided") is False
        assert opened.evaluate("Object.values(consent.get().services)") == [False] * 4
        opened.reload()
        expect(opened.locator(banner.BOX)).to_be_visible()
        assert opened.evaluate("window.ran") is None
        assert opened.evaluate("document.cookie") == ""
        assert banner.storage(opened) == [0, 0, 0, 0]
        assert posts(consent) == []

    def test_pressing_outside_the_banner(self, opened):
        opened.locator("text=Buy").click()
        opened.mouse.click(200, 100)
        expect(opened.locator(banner.BOX)).to_be_visible()

    def test_scrolling(self, opened):
        opened.mouse.wheel(0, 2000)
        opened.wait_for_function("scrollY > 0")
        expect(opened.locator(banner.BOX)).to_be_visible()

    @pytest.mark.parametrize("focused", ["page", "banner"])
    def test_escape_which_leaves_the_tab(self, opened, focused):
        if focused == "banner":
            opened.locator(banner.ACCEPT).focus()
        opened.keyboard.press("Escape")
        expect(opened.locator(banner.BOX)).to_have_count(0)
        expect(opened.locator(banner.REOPEN)).to_be_visible()
        expect(opened.locator(WITHDRAW)).to_have_count(0)

    @pytest.mark.parametrize("way", ["Escape", "close"])
    def test_closing_the_settings_with_everything_ticked(self, opened, way):
        banner.open_settings(opened)
        for name in ("analytics", "marketing"):
            opened.locator(banner.SETTINGS).locator(banner.purpose(name)).check()
        if way == "close":
            opened.locator(banner.CLOSE).click()
        else:
            opened.keyboard.press("Escape")
        expect(opened.locator(banner.BOX)).to_be_visible()

    def test_reading_the_notice(self, opened):
        opened.locator(f"{banner.BOX} a").click()
        expect(opened.locator("h1")).to_be_visible()
        opened.go_back()
        expect(opened.locator(banner.BOX)).to_be_visible()


@on_each_device
class TestChangingOnesMind:
    def test_withdrawing_is_one_click_from_any_page(self, opened, bench, decisions):
        opened.locator(banner.ACCEPT).click()
        banner.wait_until_received(opened)
        opened.goto(bench.page(banner.FITS_A_PHONE + bench.script + LONG_PAGE, "/another"))
        banner.withdraw(opened)
        expect(opened.locator(WITHDRAW)).to_have_count(0)
        banner.wait_until_received(opened)
        assert [each.action for each in decisions()] == ["accept", "withdraw"]
        assert opened.evaluate(banner.CHOICE)["p"] == {"analytics": 0, "marketing": 0}

    def test_the_tab_is_there_after_a_refusal_too_and_on_the_next_page(self, opened):
        opened.locator(banner.REFUSE).click()
        expect(opened.locator(banner.REOPEN)).to_be_in_viewport(ratio=1)
        expect(opened.locator(WITHDRAW)).to_have_count(0)
        opened.reload()
        expect(opened.locator(banner.REOPEN)).to_be_in_viewport(ratio=1)
        expect(opened.locator(banner.BOX)).to_have_count(0)

    def test_who_refused_can_accept_in_two_clicks(self, opened, decisions):
        opened.locator(banner.REFUSE).click()
        banner.wait_until_received(opened)
        banner.open_settings(opened)
        opened.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
        banner.wait_until_received(opened)
        assert [each.action for each in decisions()] == ["refuse", "accept"]


class TestAskingAgain:
    """A refusal stands as long as an acceptance, and nobody is asked before it has run out."""

    def lasts(self, page: Page, context: BrowserContext, button: str) -> float:
        page.locator(button).click()
        banner.wait_until_received(page)  # the token makes the cookie anew, and must not prolong it
        return expires(context) - page.evaluate(banner.CHOICE)["t"]

    @pytest.mark.parametrize(
        ("months", "least", "most"),
        [
            # Any six months in a row: those from March have 184 days.
            (6, 184, 190),
            # A year, and never more than the 400 days that browsers allow.
            (12, 365, 370),
            (13, 395, 400),
        ],
    )
    def test_both_stand_equally_long_and_as_long_as_the_site_says(
        self, app, bench, new_context, months, least, most
    ):
        banner.put_in_force(app, bench, {"months = 12": f"months = {months}"})
        days = []
        for button in (banner.REFUSE, banner.ACCEPT):
            context = new_context()
            page = context.new_page()
            page.goto(bench.page(bench.script))
            days.append(self.lasts(page, context, button) / DAY)
        refused, accepted = days
        assert refused == pytest.approx(accepted, abs=0.001)
        assert least <= refused <= most

    @pytest.mark.parametrize("button", ["REFUSE", "ACCEPT"])
    @pytest.mark.parametrize(("age", "is_asked"), [(364, False), (370, True)])
    def test_it_is_asked_again_when_it_has_run_out_and_not_before(
        self, opened, button, age, is_asked
    ):
        opened.locator(getattr(banner, button)).click()
        banner.wait_until_received(opened)
        edit_choice(opened, t=opened.evaluate(banner.CHOICE)["t"] - age * DAY)
        opened.reload()
        expect(opened.locator(banner.BOX if is_asked else banner.REOPEN)).to_be_visible()
        expect(opened.locator(banner.REOPEN if is_asked else banner.BOX)).to_have_count(0)
        assert opened.evaluate("consent.get().decided") is not is_asked

    def test_no_page_after_a_refusal_asks(self, opened, bench, consent):
        opened.locator(banner.REFUSE).click()
        banner.wait_until_received(opened)
        for path in ("/another", "/deep/er/page", "/page"):
            opened.goto(bench.page(bench.script, path))
            expect(opened.locator(banner.REOPEN)).to_be_visible()
            expect(opened.locator(banner.BOX)).to_have_count(0)
        assert len(posts(consent)) == 1

    def test_a_refusal_is_not_asked_anew_when_the_site_asks_for_more(self, opened, app, bench):
        opened.locator(banner.REFUSE).click()
        banner.wait_until_received(opened)
        changed = 'key = "marketing"\ndescription = { nb = "Alt", nn = "Alt", en = "All" }\n'
        banner.put_in_force(app, bench, {'key = "marketing"\n': changed})
        opened.route("**/e/07sor.js", lambda route: route.continue_())  # past the browser's cache
        opened.goto(bench.page(bench.script, "/another"))
        expect(opened.locator(banner.BOX)).to_have_count(0)
        opened.locator(banner.REOPEN).click()
        expect(opened.locator(banner.SETTINGS)).to_contain_text("Alt")
