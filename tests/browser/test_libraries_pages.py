"""Libraries that load, mount and wrap what is in a page, and old ones that change what every object can do."""

from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import banner
from tests.browser.libraries import (
    IN_BODY,
    IN_HEAD,
    ONCE_EACH,
    Trial,
    Use,
    accept,
    assert_asks,
    assert_stays,
    tag,
    wait_until_started,
)
from tests.browser.test_gate import ran

# npm has neither Prototype nor MooTools for browsers, but a parser that was tested with them brings them along.
PROTOTYPE = [f"esprima-1/test/3rdparty/prototype-{each}.js" for each in ("1.6.1", "1.7.0.0")]
MOOTOOLS = [f"esprima-1/test/3rdparty/mootools-{each}.js" for each in ("1.3.2", "1.4.1")]
JQUERY = ["esprima-1/test/3rdparty/jquery-1.7.1.js", "jquery/dist/jquery.js"]


def version(path: str) -> str:
    return Path(path).stem


@pytest.fixture
def trial(bench, page, new_context) -> Trial:
    return Trial(bench, page, new_context().new_page())


class TestLazysizes:
    """It gives a frame its address when it comes into sight: the same attribute, with which ours says what waits."""

    HEAD = tag("lazysizes/lazysizes.min.js")
    IMAGE = '<img class="lazyload" data-src="/pot.svg" alt="Pot" width="99" height="99">'
    FILM = (
        '<iframe class="lazyload" data-consent="marketing" data-src="/film" title="Film"></iframe>'
    )

    # It navigates the frame itself, and leaves its `src` as it was.
    SHOWS_FILM = (
        "document.querySelector('iframe').contentWindow.location.pathname.endsWith('/film')"
    )

    def put(self, trial: Trial, script: str, film: str = "") -> str:
        body = self.IMAGE + film + IN_BODY.replace("/film", "/other")
        return trial.bench.page(f"<head>{script}{self.HEAD}{IN_HEAD}</head><body>{body}")

    @pytest.fixture(autouse=True)
    def files(self, bench) -> None:
        bench.page("<p>Other</p>", "/other")
        bench.javascript("/pot.svg", "not an image, which does not matter here")

    def is_lazy(self, page: Page) -> None:
        expect(page.locator("img.lazyloaded")).to_have_attribute("src", "/pot.svg")

    def test_images_are_loaded(self, trial):
        started = ONCE_EACH - Counter(["film"])
        trial.holds(lambda script: self.put(trial, script), self.is_lazy, started)

    def test_a_frame_that_was_loaded_before_ours_came_is_emptied_with_a_warning(self, trial):
        page = trial.page
        routes: list[Route] = []
        page.route("**/e/07sor.js", lambda route: routes.append(route), times=1)
        page.goto(self.put(trial, trial.bench.script, self.FILM), wait_until="commit")
        wait_until_started(page, Counter(["film"]))
        routes[0].continue_()
        assert_asks(page)
        page.wait_for_function(f"!{self.SHOWS_FILM}")
        assert any(each.startswith("warning: consent") for each in trial.said)
        accept(page)
        page.wait_for_function(self.SHOWS_FILM)


class TestVue:
    """It empties what it is mounted on, having read it, and fills it anew."""

    APP = '<button @click="pressed += 1">Pressed {{ pressed }}</button>'

    def count(self, page: Page) -> None:
        button = page.get_by_role("button", name="Pressed")
        expect(button).not_to_contain_text("{{")
        pressed = int(button.inner_text().split()[1])
        button.click()
        expect(button).to_have_text(f"Pressed {pressed + 1}")

    def mount(self, on: str) -> str:
        return f"<script>Vue.createApp({{ data: () => ({{ pressed: 0 }}) }}).mount('{on}')</script>"

    @pytest.mark.parametrize("build", ["vue.global.js", "vue.global.prod.js"])
    def test_on_an_element(self, trial, build):
        def put(script: str) -> str:
            head = script + tag(f"vue/dist/{build}") + IN_HEAD
            app = f'<div id="app">{self.APP}</div>{self.mount("#app")}'
            return trial.bench.page(f"<head>{head}</head><body>{app}{IN_BODY}")

        trial.holds(put, self.count)

    def test_on_the_whole_body_with_the_banner_in_it(self, trial):
        """Vue takes what it finds for its template."""

        def put(script: str) -> str:
            start = self.mount("body").replace("<script>", "<script>window.start = () => ")
            head = script + tag("vue/dist/vue.global.prod.js") + IN_HEAD + start
            return trial.bench.page(f"<head>{head}</head><body>{self.APP}")

        def start_and_count(page: Page) -> None:
            page.evaluate("() => { window.start?.(); delete window.start }")
            self.count(page)

        trial.holds(put, start_and_count, Counter(["head"]))


class TestOld:
    """They give arrays, strings and functions more than a browser does, and what is serialised looks different."""

    def put(self, trial: Trial, head: str) -> str:
        return trial.bench.page(f"<head>{head}{IN_HEAD}</head><body><h1>Pots</h1>{IN_BODY}")

    @pytest.mark.parametrize("path", PROTOTYPE, ids=version)
    def test_prototype(self, trial, path):
        def use(page: Page) -> None:
            page.evaluate("$$('h1').invoke('update', 'Cups').invoke('addClassName', 'seen')")
            expect(page.locator("h1.seen")).to_have_text("Cups")
            assert page.evaluate("$H({ a: 1 }).toQueryString()") == "a=1"

        self.holds(trial, path, use)

    @pytest.mark.parametrize("path", MOOTOOLS, ids=version)
    def test_mootools(self, trial, path):
        def use(page: Page) -> None:
            page.evaluate("$$('h1').set('text', 'Cups').addClass('seen')")
            expect(page.locator("h1.seen")).to_have_text("Cups")
            assert page.evaluate("Object.toQueryString({ a: 1 })") == "a=1"

        self.holds(trial, path, use)

    def holds(self, trial: Trial, path: str, use: Use) -> None:
        def put(script: str) -> str:
            return self.put(trial, tag(path) + script)

        page = trial.holds(put, use)
        page.reload()
        wait_until_started(page, ONCE_EACH)
        use(page)
        assert_stays(page, ONCE_EACH)
        trial.no_new_complaints()

    @pytest.mark.parametrize("path", PROTOTYPE + MOOTOOLS, ids=version)
    def test_what_was_chosen_is_what_is_recorded(self, trial, path, decisions):
        page = trial.page
        page.goto(self.put(trial, tag(path) + trial.bench.script))
        page.wait_for_function("window.consent")
        page.evaluate("consent.set({ analytics: true }, { 'meta-pixel': true })")
        banner.wait_until_received(page)
        [decision] = decisions()
        assert decision.purposes == {"analytics": True, "marketing": False}
        assert decision.services == {"meta-pixel": True}


class TestOldJquery:
    """A page that puts an element around all that is in its body. Up to 1.8, jQuery runs the scripts in it anew."""

    WRAP = "<script>jQuery(() => { jQuery('body').wrapInner('<div id=wrap></div>'); wrapped = true })</script>"

    def put(self, trial: Trial, head: str, body: str = "") -> str:
        body = f"<h1>Pots</h1>{IN_BODY}{body}</body>"
        return trial.bench.page(f"<head>{head}{self.WRAP}{IN_HEAD}</head><body>{body}")

    def is_wrapped(self, page: Page) -> None:
        page.wait_for_function("window.wrapped")
        expect(page.locator("#wrap > h1")).to_have_text("Pots")

    @pytest.mark.parametrize("path", JQUERY, ids=version)
    def test_a_page_that_is_wrapped(self, trial, path):
        trial.holds(lambda script: self.put(trial, script + tag(path)), self.is_wrapped)

    @pytest.mark.parametrize("path", JQUERY, ids=version)
    def test_our_script_within_it(self, trial, path):
        trial.holds(lambda script: self.put(trial, tag(path), script), self.is_wrapped)

    def test_a_banner_within_it(self, trial):
        page = trial.page
        page.goto(self.put(trial, trial.bench.script + tag(JQUERY[0])))
        assert_asks(page)
        style = "overflow: hidden; transform: scale(.5)"
        page.evaluate(f"jQuery('body').wrapInner('<div style=\"{style}\">')")
        assert_asks(page)
        assert ran(page) == []
        accept(page)
        wait_until_started(page, ONCE_EACH)
        assert_stays(page, ONCE_EACH)
        assert not trial.said
