"""How the banner looks: as the site file says, as the website's own styles may say, and whatever else they say."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from consent.notice import rendering
from tests.browser import banner
from tests.browser.servers import Bench

DEVICES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
BOTH = (banner.REFUSE, banner.ACCEPT)

LIGHT = {
    "surface": "#fff8e7",
    "text": "#102030",
    "line": "#405060",
    "button": "#204010",
    "button_text": "#f0fff0",
}
DARK = {
    "surface": "#101418",
    "text": "#e0e4e8",
    "line": "#708090",
    "button": "#f0c040",
    "button_text": "#181000",
}


@pytest.fixture
def dress(app: Flask, bench: Bench) -> Callable[[str], None]:
    """Puts a site file in force that says this of its looks."""

    def put_in_force(looks: str) -> None:
        banner.put_in_force(app, bench, {"[hits]": f"{looks}\n[hits]"})

    return put_in_force


def palettes() -> str:
    return "".join(
        f"[looks.{scheme}]\n" + "".join(f'{name} = "{value}"\n' for name, value in palette.items())
        for scheme, palette in (("light", LIGHT), ("dark", DARK))
    )


def ask(page: Page, bench: Bench, more: str = "", lang: str = "nb") -> None:
    page.goto(bench.page(banner.FITS_A_PHONE + bench.script + more, lang=lang))
    expect(page.locator(banner.BOX)).to_be_visible()
    # What screen readers are told comes a moment later.
    expect(page.locator(f"{banner.BOX} [role=status]")).not_to_be_empty()


def style(page: Page, selector: str, *names: str, pseudo: str = "") -> list[str]:
    """What the browser makes of these properties of an element."""
    return page.locator(selector).evaluate(
        """(element, [names, pseudo]) => {
          const style = getComputedStyle(element, pseudo || null);
          return names.map((name) => style.getPropertyValue(name));
        }""",
        [names, pseudo],
    )


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[at : at + 2], 16) for at in (1, 3, 5)))


class TestLayouts:
    @pytest.fixture(autouse=True, params=DEVICES)
    def device(self, request, page) -> dict[str, int]:
        page.set_viewport_size(DEVICES[request.param])
        return DEVICES[request.param]

    @pytest.mark.parametrize("layout", ["bar", "box", "centre"])
    def test_it_stands_in_its_place_with_both_answers_in_view(
        self, page, bench, dress, device, layout
    ):
        dress(f'[looks]\nlayout = "{layout}"')
        ask(page, bench, "<p>x</p>" * 200)
        box = page.locator(banner.BOX).bounding_box()
        left, right = box["x"], device["width"] - box["x"] - box["width"]
        top, bottom = box["y"], device["height"] - box["y"] - box["height"]
        if layout == "bar":
            assert (left, right, bottom) == (0, 0, 0)
        elif layout == "box":
            assert (left, bottom) == (12, 12)
            assert right >= 12
            assert box["width"] <= 542
        else:
            assert left == pytest.approx(right, abs=1)
            assert top == pytest.approx(bottom, abs=1)
            assert left >= 12
            assert box["width"] <= 562
        refusing, accepting = (page.locator(each).bounding_box() for each in BOTH)
        for each in BOTH:
            expect(page.locator(each)).to_be_in_viewport(ratio=1)
        for name in ("y", "width", "height"):
            assert refusing[name] == pytest.approx(accepting[name], abs=0.1)


class TestColours:
    def expect_colours(self, page: Page, palette: dict[str, str]) -> None:
        """In the banner, the settings and the tab."""
        surface, text, line, button, button_text = (rgb(each) for each in palette.values())
        frame = ("background-color", "color", "border-top-color")
        assert style(page, banner.BOX, *frame) == [surface, text, line]
        for each in ("h2", "p", "a"):
            assert style(page, f"{banner.BOX} {each}", "color") == [text]
        for each in BOTH:
            assert style(page, f"{banner.BOX} {each}", *frame) == [button, button_text, button]
        transparent = "rgba(0, 0, 0, 0)"
        assert style(page, banner.CHOOSE, *frame) == [transparent, text, line]
        banner.open_settings(page)
        assert style(page, banner.SETTINGS, *frame) == [surface, text, line]
        for each in BOTH:
            assert style(page, f"{banner.SETTINGS} {each}", *frame) == [button, button_text, button]
        assert style(page, banner.SAVE, *frame) == [transparent, text, line]
        assert style(page, banner.purpose("analytics"), "accent-color") == [button]
        page.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
        assert style(page, banner.REOPEN, *frame) == [surface, text, line]

    @pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
    def test_the_site_files_follow_the_visitors_scheme(self, page, bench, dress, scheme, palette):
        dress(palettes())
        page.emulate_media(color_scheme=scheme)
        ask(page, bench)
        self.expect_colours(page, palette)

    def test_they_change_with_the_visitors_scheme(self, page, bench, dress):
        dress(palettes())
        page.emulate_media(color_scheme="light")
        ask(page, bench)
        page.emulate_media(color_scheme="dark")
        assert style(page, banner.BOX, "background-color") == [rgb(DARK["surface"])]

    @pytest.mark.parametrize(
        ("forced", "visitors", "palette"), [("light", "dark", LIGHT), ("dark", "light", DARK)]
    )
    def test_the_site_file_may_force_a_scheme(self, page, bench, dress, forced, visitors, palette):
        dress(f'[looks]\nscheme = "{forced}"\n{palettes()}')
        page.emulate_media(color_scheme=visitors)
        ask(page, bench)
        self.expect_colours(page, palette)

    @pytest.mark.parametrize(
        ("scheme", "expected"), [("auto", "light dark"), ("light", "light"), ("dark", "dark")]
    )
    def test_checkboxes_and_scrollbars_follow(self, page, bench, dress, scheme, expected):
        dress(f'[looks]\nscheme = "{scheme}"')
        ask(page, bench)
        banner.open_settings(page)
        assert style(page, banner.purpose("analytics"), "color-scheme") == [expected]

    @pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
    def test_a_frame_that_waits_has_them_too(self, page, bench, dress, scheme, palette):
        dress(palettes())
        page.emulate_media(color_scheme=scheme)
        ask(page, bench, FRAME)
        inside = page.frame_locator("iframe")
        expect(inside.locator("[data-consent-once]")).to_be_attached()
        colours = "(it) => { const style = getComputedStyle(it); return [style.backgroundColor, style.color] }"
        assert inside.locator("body").evaluate(colours) == [
            rgb(palette["surface"]),
            rgb(palette["text"]),
        ]
        for each in ("once", "always"):
            assert inside.locator(f"[data-consent-{each}]").evaluate(colours) == [
                rgb(palette["button"]),
                rgb(palette["button_text"]),
            ]


FRAME = '<iframe data-src="/film" data-consent="marketing" data-consent-service="youtube" title="A film"></iframe>'


class TestShape:
    @pytest.mark.parametrize("radius", [0, 1, 22, 30])
    def test_the_corners(self, page, bench, dress, radius):
        dress(f"[looks]\nradius = {radius}")
        ask(page, bench)
        assert style(page, banner.BOX, "border-top-left-radius") == [f"{radius}px"]
        for each in (*BOTH, banner.CHOOSE):
            assert style(page, each, "border-top-left-radius") == [f"{radius}px"]
        banner.open_settings(page)
        assert style(page, banner.SETTINGS, "border-top-left-radius") == [f"{radius}px"]

    def test_the_font(self, page, bench, dress):
        dress("[looks]\nfont = \"'Comic Neue', Georgia, serif\"")
        ask(page, bench)
        named = ['"Comic Neue", Georgia, serif']
        for each in ("h2", "p", "a", "button >> nth=0"):
            assert style(page, f"{banner.BOX} {each}", "font-family") == named
        banner.open_settings(page)
        for each in ("h2", banner.SAVE, "label >> nth=0"):
            assert style(page, f"{banner.SETTINGS} {each}", "font-family") == named

    def test_the_logo_comes_from_the_website_and_moves_nothing(self, page, bench, dress, requests):
        dress('[looks]\nlogo = "/images/logo.svg"')
        with page.expect_request("**/images/logo.svg") as fetched:
            ask(page, bench)
        assert fetched.value.url == bench.origin("localhost") + "/images/logo.svg"
        logo = "[part=box] > div >> nth=0"
        assert style(page, logo, "height", "display", pseudo="::before") == ["28px", "block"]
        assert "/images/logo.svg" in style(page, logo, "background-image", pseudo="::before")[0]

    def test_without_one_there_is_none(self, page, bench):
        ask(page, bench)
        logo = "[part=box] > div >> nth=0"
        assert style(page, logo, "content", pseudo="::before") == ["none"]


# What a browser makes of the banner: each part's place, all its properties, and what is put before and after it.
LOOK = """(() => {
  const host = document.querySelector("consent-banner, consent-settings");
  const parts = [host, ...host.querySelectorAll("*"), ...host.shadowRoot.querySelectorAll(":not(style)")];
  return parts.map((part) => {
    const style = getComputedStyle(part);
    const { x, y, width, height } = part.getBoundingClientRect();
    return {
      part: part.localName + [...part.attributes].map((each) => `[${each.name}]`).join(""),
      box: [x, y, width, height].join(" "),
      before: getComputedStyle(part, "::before").content,
      after: getComputedStyle(part, "::after").content,
      ...Object.fromEntries([...style].filter((name) => !name.startsWith("--"))
        .map((name) => [name, style.getPropertyValue(name)])),
    };
  });
})()"""
REMEMBER = f"void (window.remembered = {LOOK})"
CHANGES = f"""{LOOK}.flatMap((now, index) => Object.keys(now)
  .filter((name) => now[name] !== remembered[index]?.[name])
  .map((name) => [now.part, name, remembered[index]?.[name], now[name]]))"""

# A rule that is important is the stronger the further in it stands (CSS Cascade 4, 6.1): what `:host` and
# `::slotted` say so of cannot be undone by the page, however its own rules are written.
HOSTILE = {
    "unset": "* { all: unset !important }",
    "hidden": "button, h2, p, a { display: none !important; visibility: hidden !important }",
    "blown up": "h2, p, a { color: red !important; font-size: 3px !important; text-transform: uppercase }",
    "spaced": "* { box-sizing: content-box !important; letter-spacing: 9px !important; line-height: 3 !important }",
    "undefined": ":not(:defined) { display: none !important; opacity: 0 }",
    "halved": "body > * { transform: scale(0.5) !important; position: static !important; z-index: -1 !important }",
    "by id": "#consent-banner, #consent-banner * { width: 10px !important; opacity: 0.1 !important }",
    "reset": """
        *, *::before, *::after { box-sizing: border-box; margin: 0; padding: 0; border: 0 }
        html { font-size: 62.5%; line-height: 1; -webkit-text-size-adjust: none }
        body { font: 100%/1 cursive; text-align: center; direction: ltr }
        button { appearance: none; background: none; font: inherit; border-radius: 0 }
        a { text-decoration: none; color: inherit }""",
    "framework": """
        :root { --bs-primary: #0d6efd; font-size: 14px } h2 { margin: 2rem 0; font-weight: 100 }
        button { text-transform: uppercase; letter-spacing: 0.1em; box-shadow: 0 2px 4px black; min-width: 100% }
        button:not(.primary) { opacity: 0.3; filter: grayscale(1) } button:hover { transform: scale(2) }
        p { max-width: 20ch; hyphens: auto; columns: 2 } a { pointer-events: none }""",
    "faded": "body > :not(main) { opacity: 0 !important; pointer-events: none !important; filter: blur(9px) }",
    "ornaments": "button::before, a::after, h2::before { content: '*' !important; font-size: 40px }",
}


class TestThePagesOwnStyles:
    @pytest.mark.parametrize("styles", HOSTILE.values(), ids=HOSTILE)
    def test_do_not_change_it(self, page, bench, styles):
        content = "<main><h1>Bench</h1><p>Text</p><button>Press</button></main>"
        ask(page, bench, content)
        page.evaluate(REMEMBER)
        page.add_style_tag(content=styles)
        assert page.evaluate(CHANGES) == []

    def test_do_not_change_the_settings_nor_the_tab(self, page, bench):
        ask(page, bench)
        banner.open_settings(page)
        page.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true })")
        page.evaluate(REMEMBER)
        page.add_style_tag(content="".join(HOSTILE.values()))
        assert page.evaluate(CHANGES) == []
        page.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
        expect(page.locator(banner.REOPEN)).to_be_visible()
        page.wait_for_function("document.querySelector('consent-banner:popover-open')")
        # The last that comes: a word for those who do not see it.
        expect(page.locator("consent-banner [role=status]")).not_to_be_empty()
        page.evaluate(REMEMBER)
        page.evaluate("document.querySelector('head > style').remove()")
        assert page.evaluate(CHANGES) == []

    @pytest.mark.parametrize(
        "rule",
        [
            "--consent-button: #eee",
            "--consent-button-text: #999",
            "--consent-surface: #000",
            "--consent-text: #777",
            "--consent-line: #fff",
            "--consent-radius: 0px",
            "--consent-font: 9px serif",
        ],
    )
    def test_cannot_favour_an_answer(self, page, bench, rule):
        ask(page, bench)
        page.add_style_tag(content=f"[data-consent-refuse] {{ {rule} !important }}")
        read = """(element) => { const style = getComputedStyle(element);
          return [...style].filter((name) => !name.startsWith("--")).map((name) => style.getPropertyValue(name)) }"""
        refusing, accepting = (page.locator(each).evaluate(read) for each in BOTH)
        assert refusing == accepting


class TestTheOwnersStyles:
    """What docs/embed.md offers to the website's own style sheet."""

    def test_custom_properties_change_the_banner(self, page, bench):
        ask(page, bench, f"<style>consent-banner, consent-settings {{ {OWN} }}</style>")
        frame = ("background-color", "color", "border-top-color", "border-top-left-radius")
        assert style(page, banner.BOX, *frame, "font-size", "font-family") == [
            *(rgb(LIGHT[name]) for name in ("surface", "text", "line")),
            "5px",
            "18px",
            "Georgia",
        ]
        for each in BOTH:
            assert style(page, each, *frame) == [
                *(rgb(LIGHT[name]) for name in ("button", "button_text", "button")),
                "5px",
            ]

    def test_they_change_the_settings_and_the_tab(self, page, bench):
        ask(page, bench, f"<style>consent-banner, consent-settings {{ {OWN} }}</style>")
        banner.open_settings(page)
        frame = ("background-color", "color", "border-top-color", "font-family")
        expected = [*(rgb(LIGHT[name]) for name in ("surface", "text", "line")), "Georgia"]
        assert style(page, banner.SETTINGS, *frame) == expected
        page.locator(banner.SETTINGS).locator(banner.REFUSE).click()
        assert style(page, banner.REOPEN, *frame) == expected

    def test_they_may_differ_with_the_visitors_scheme(self, page, bench):
        dark = (
            "@media (prefers-color-scheme: dark) { consent-banner { --consent-surface: #000000 } }"
        )
        page.emulate_media(color_scheme="dark")
        ask(page, bench, f"<style>consent-banner {{ {OWN} }} {dark}</style>")
        assert style(page, banner.BOX, "background-color") == [rgb("#000000")]

    def test_parts_change_the_frames(self, page, bench):
        rule = "::part({}) {{ padding: 33px; outline: 4px dotted rgb(1, 2, 3) }}"
        rules = "".join(
            f"{host}{rule.format(part)}"
            for host, part in (
                ("consent-banner", "box"),
                ("consent-settings", "settings"),
                ("consent-banner", "tab"),
            )
        )
        ask(page, bench, f"<style>{rules}</style>")
        wanted = ["33px", "dotted", "rgb(1, 2, 3)"]
        names = ("padding-left", "outline-style", "outline-color")
        assert style(page, "[part=box]", *names) == wanted
        banner.open_settings(page)
        assert style(page, "[part=settings]", *names) == wanted
        page.locator(banner.SETTINGS).locator(banner.REFUSE).click()
        assert style(page, "[part=tab]", *names) == wanted


OWN = (
    "".join(f"--consent-{name.replace('_', '-')}: {value};" for name, value in LIGHT.items())
    + "--consent-radius: 5px; --consent-font: 18px/1.5 Georgia"
)


class TestRightToLeft:
    """No language shipped is written so; one that is says it with `dir` among its words."""

    @pytest.fixture(autouse=True, params=DEVICES)
    def words(self, request, page, monkeypatch, dress) -> None:
        page.set_viewport_size(DEVICES[request.param])
        words = rendering.banner
        arabic = {
            "title": "خيارك وخصوصيتك",
            "text": "نستخدم ملفات تعريف الارتباط والتقنيات المشابهة للإحصاءات والتسويق، فقط إذا وافقت.",
            "accept": "قبول الكل",
            "refuse": "رفض الكل",
            "choose": "اختر بنفسك",
        }
        monkeypatch.setattr(
            rendering, "banner", lambda *about: {**words(*about), **arabic, "dir": "rtl"}
        )
        dress("[looks]\nradius = 9")

    @pytest.fixture
    def asked(self, page, bench) -> Page:
        page.goto(bench.page(f'{banner.FITS_A_PHONE}{bench.script}<body dir="rtl">'))
        expect(page.locator("consent-banner")).to_have_attribute("dir", "rtl")
        return page

    def test_the_banner_is_mirrored(self, asked):
        words = asked.locator(f"{banner.BOX} h2").evaluate(
            "(h2) => { const range = new Range(); range.selectNodeContents(h2);"
            " const box = range.getBoundingClientRect(), around = h2.getBoundingClientRect();"
            " return [box.left - around.left, around.right - box.right] }"
        )
        assert words[0] > words[1]
        places = [asked.locator(each).bounding_box() for each in (*BOTH, banner.CHOOSE)]
        refusing, accepting, _ = places
        assert refusing["x"] > accepting["x"]
        for name in ("y", "width", "height"):
            assert refusing[name] == pytest.approx(accepting[name], abs=0.1)
        for each in (*BOTH, banner.CHOOSE):
            expect(asked.locator(each)).to_be_in_viewport(ratio=1)
        assert overflowing(asked) == []

    def test_the_settings_are_mirrored(self, asked):
        banner.open_settings(asked)
        title, close = (
            asked.locator(f"{banner.SETTINGS} {each}").bounding_box()
            for each in ("h2", banner.CLOSE)
        )
        assert close["x"] < title["x"]
        tick, label = (
            asked.locator(f"{banner.SETTINGS} {each} >> nth=0").bounding_box()
            for each in ("input", "label b")
        )
        assert tick["x"] > label["x"]
        assert overflowing(asked) == []

    def test_the_tab_is_mirrored(self, asked):
        asked.locator(banner.ACCEPT).click()
        reopen = asked.locator(banner.REOPEN).bounding_box()
        width = asked.viewport_size["width"]
        assert width - reopen["x"] - reopen["width"] == pytest.approx(12, abs=0.1)

    def test_a_frame_that_waits_is_mirrored(self, page, bench):
        page.goto(bench.page(f'{banner.FITS_A_PHONE}{bench.script}<body dir="rtl">{FRAME}'))
        inside = page.frame_locator("iframe")
        expect(inside.locator("[data-consent-once]")).to_be_attached()
        direction = inside.locator("body").evaluate("(body) => getComputedStyle(body).direction")
        assert direction == "rtl"


def overflowing(page: Page) -> list[Any]:
    return page.evaluate("""() => {
      const host = document.querySelector("consent-banner, consent-settings");
      const parts = [...host.querySelectorAll("*"), ...host.shadowRoot.querySelectorAll("*")];
      return parts.filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1)
        .map((each) => each.outerHTML);
    }""")
