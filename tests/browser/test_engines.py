"""What a visitor does, in each of the three engines; and that a choice is kept and found whatever else is there."""

from collections.abc import Callable, Iterator

import pytest

from consent.models import Decision
from tests.browser import banner, engines
from tests.browser.engines import Browser, NewBrowser, wait_until
from tests.browser.servers import Bench, Server

PARTS = """
  <h1>Fyret ved fjorden</h1>
  <button data-consent-open>Personvern</button>
  <script type="text/plain" data-consent="analytics">(window.ran ??= []).push("inline");</script>
  <script type="text/plain" data-consent="analytics" data-src="/external.js"></script>
  <iframe data-consent="marketing" data-src="/film" title="Film" width="600" height="300"></iframe>
"""
RAN = "window.ran?.join() === 'inline,external'"
FILM = "#film"
ONCE = "[data-consent-once]"
WITHDRAW = f"{banner.SETTINGS} [data-consent-withdraw]"
OPEN = "[data-consent-open]"
PURPOSES = "consent.get().purposes"
ALL = {"necessary": True, "analytics": True, "marketing": True}
NONE = {"necessary": True, "analytics": False, "marketing": False}

Decisions = Callable[[], list[Decision]]


# Each in one process of the tests, since a browser takes its time to start.
ENGINES = [
    pytest.param(each, marks=pytest.mark.xdist_group(each))
    for each in ("chromium", "firefox", "webkit")
]


@pytest.fixture(scope="session", params=ENGINES)
def new_browser(request: pytest.FixtureRequest) -> Iterator[NewBrowser]:
    """One process of the engine for all tests."""
    if request.param == "chromium":
        started = engines.chromium(request.getfixturevalue("browser"))
    else:
        started = engines.STARTERS[request.param]()
    with started as new:
        yield new


@pytest.fixture
def visitor(new_browser: NewBrowser) -> Iterator[Browser]:
    browser = new_browser()
    yield browser
    browser.close()


@pytest.fixture
def html(bench: Bench) -> str:
    """What a page says that has the banner, and things that wait for consent."""
    bench.javascript("/external.js", "window.ran.push('external');")
    bench.page('<p id="film">The film runs</p>', "/film")
    return bench.script + PARTS


@pytest.fixture
def asked(visitor: Browser, bench: Bench, html: str) -> Browser:
    """A visitor who has the question before them."""
    return ask(visitor, bench.page(html))


def ask(visitor: Browser, url: str) -> Browser:
    visitor.open(url)
    wait_until(lambda: visitor.shows(banner.BOX))
    return visitor


def wait_until_all_runs(visitor: Browser) -> None:
    visitor.wait_for(RAN)
    wait_until(lambda: visitor.shows(FILM))


def wait_until_received(visitor: Browser, decisions: Decisions, *actions: str) -> None:
    """Until the ledger says so, and the page has heard of it."""
    wait_until(lambda: [each.action for each in decisions()] == list(actions))
    # Firefox may show a page an older state of its cookies than it wrote itself, and then one is sent twice.
    heard = "getEntriesByType('resource').filter(({ name }) => name.endsWith('/decisions')).length"
    visitor.wait_for(f"performance.{heard} >= {len(actions)}")


def assert_nothing_runs(visitor: Browser) -> None:
    assert visitor.evaluate("window.ran") is None
    assert not visitor.shows(FILM)


def assert_it_is_accepted(visitor: Browser) -> None:
    """On a page that has just been opened."""
    wait_until(lambda: visitor.shows(banner.REOPEN))
    wait_until_all_runs(visitor)
    assert not visitor.shows(banner.BOX)
    assert visitor.evaluate(PURPOSES) == ALL


def assert_it_is_refused(visitor: Browser) -> None:
    """On a page that has just been opened."""
    wait_until(lambda: visitor.shows(banner.REOPEN))
    assert not visitor.shows(banner.BOX)
    assert_nothing_runs(visitor)
    assert visitor.evaluate(PURPOSES) == NONE


def withdraw(visitor: Browser) -> None:
    visitor.click(banner.REOPEN)
    visitor.click(WITHDRAW)


class TestJourney:
    def test_nothing_is_stored_and_nothing_runs_before_a_choice(self, asked):
        wait_until(lambda: asked.shows(ONCE))
        assert asked.cookies() == set()
        assert_nothing_runs(asked)

    def test_a_refusal_is_kept(self, asked, decisions):
        asked.click(banner.REFUSE)
        wait_until_received(asked, decisions, "refuse")
        assert not asked.shows(banner.BOX)
        assert asked.cookies() == {"consent"}
        assert_nothing_runs(asked)
        asked.reload()
        assert_it_is_refused(asked)

    def test_one_purpose_is_allowed_in_the_settings(self, asked, decisions):
        asked.click(banner.REFUSE)
        asked.click(OPEN)
        asked.click(banner.purpose("analytics"))
        asked.click(banner.SAVE)
        asked.wait_for(RAN)
        wait_until_received(asked, decisions, "refuse", "choose")
        assert not asked.shows(FILM)
        assert decisions()[1].purposes == {"analytics": True, "marketing": False}

    def test_what_is_accepted_runs_at_once_and_on_the_next_page(self, asked, decisions):
        asked.click(banner.ACCEPT)
        wait_until_all_runs(asked)
        wait_until_received(asked, decisions, "accept")
        asked.reload()
        assert_it_is_accepted(asked)

    def test_withdrawing_empties_the_frame(self, asked, decisions):
        asked.click(banner.ACCEPT)
        wait_until_all_runs(asked)
        withdraw(asked)
        wait_until(lambda: asked.shows(ONCE))
        assert not asked.shows(FILM)
        wait_until_received(asked, decisions, "accept", "withdraw")
        asked.reload()
        assert_it_is_refused(asked)

    def test_a_waiting_frame_can_be_loaded_once(self, asked, decisions):
        asked.click(ONCE)
        wait_until(lambda: asked.shows(FILM))
        assert asked.shows(banner.BOX)
        assert asked.cookies() == set()
        assert decisions() == []


class TestKept:
    """A choice is kept and found, whatever the page, its neighbours or the machine do."""

    @pytest.mark.parametrize(
        ("host", "rest", "kept"),
        [
            pytest.param("localhost", "Path=/deep", "consent", id="of a deeper path"),
            pytest.param(
                "sub.app.localhost", "Path=/; Domain=app.localhost", "consent", id="of a parent"
            ),
            pytest.param("localhost", "Path=/; HttpOnly", "consent-07sor", id="closed to scripts"),
        ],
    )
    def test_beside_a_cookie_of_its_name(self, visitor, bench, html, decisions, host, rest, kept):
        url = bench.page(html, "/deep/page", host, cookie=f"consent=theirs; {rest}")
        ask(visitor, url)
        assert visitor.cookies() == {"consent"}
        visitor.click(banner.ACCEPT)
        wait_until_received(visitor, decisions, "accept")
        wait_until(lambda: kept in visitor.cookies())
        # Firefox and WebKit let a script read what it wrote in the place of an HttpOnly cookie, on later pages too, as
        # long as their process for the site lives. It never gets to the cookies that they keep.
        visitor.new_page()
        visitor.open(url)
        assert_it_is_accepted(visitor)

    @pytest.mark.parametrize(
        ("read", "write"),
        [
            pytest.param("throw new Error('blocked')", "throw new Error('blocked')", id="throw"),
            pytest.param("return ''", "", id="come to nothing"),
        ],
    )
    def test_while_the_page_stands_where_cookies(
        self, visitor, bench, html, decisions, read, write
    ):
        cookie = f"get() {{ {read} }}, set() {{ {write} }}"
        blocked = f"Object.defineProperty(Document.prototype, 'cookie', {{ {cookie} }})"
        ask(visitor, bench.page(f"<script>{blocked}</script>{html}"))
        visitor.click(banner.ACCEPT)
        wait_until_all_runs(visitor)
        wait_until_received(visitor, decisions, "accept")
        visitor.evaluate("dispatchEvent(new Event('focus'))")
        assert not visitor.shows(banner.BOX)
        assert visitor.evaluate(PURPOSES) == ALL
        withdraw(visitor)
        wait_until(lambda: visitor.shows(ONCE))
        wait_until_received(visitor, decisions, "accept", "withdraw")
        assert visitor.evaluate(PURPOSES) == NONE

    def test_in_a_frame_that_may_only_run_scripts(self, visitor, bench):
        bench.page(
            f"""<script>
              const say = (what) => parent.postMessage(what, "*");
              addEventListener("error", ({{ message }}) => say(message));
              addEventListener("unhandledrejection", ({{ reason }}) => say(String(reason)));
            </script>
            {bench.script}
            <script>
              document.querySelector("script[src]").onload = async () => {{
                await consent.ready;
                say("ready");
                consent.on("change", () => say(consent.get().purposes));
                consent.set({{ analytics: true, marketing: true }});
              }};
            </script>""",
            "/inside",
        )
        listens = "<script>said = []; onmessage = ({ data }) => said.push(data);</script>"
        frame = '<iframe sandbox="allow-scripts" src="/inside" width="600" height="400"></iframe>'
        visitor.open(bench.page(listens + frame))
        visitor.wait_for("said.length >= 2")
        assert visitor.evaluate("said") == ["ready", ALL]

    @pytest.mark.parametrize(
        "seconds",
        [pytest.param(-5, id="set back"), pytest.param(13 * 86400, id="13 days ahead")],
    )
    def test_when_the_clock_is(self, visitor, bench, html, decisions, seconds):
        moved = "now() + Number(sessionStorage.seconds ?? 0) * 1000"
        clock = f"const now = Date.now; Date.now = () => {moved};"
        ask(visitor, bench.page(f"<script>{{ {clock} }}</script>{html}"))
        visitor.evaluate(f"sessionStorage.seconds = {seconds}")
        visitor.click(banner.ACCEPT)
        wait_until_all_runs(visitor)
        wait_until_received(visitor, decisions, "accept")
        assert visitor.evaluate(PURPOSES) == ALL
        visitor.reload()
        assert_it_is_accepted(visitor)


# Notes what scripts write, which Safari forgets after seven days without a visit. (WebKit under test forgets nothing.)
NOTES_WRITES = """<script>
  written = [];
  const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie", { configurable: true, get, set(text) {
    written.push(text.split(";")[0]);
    set.call(this, text);
  } });
</script>"""
IS_BY_HTTP = "document.cookie.split('; ').every((each) => !written.includes(each))"
MONTH_SECS = 30 * 86400


class TestFirstParty:
    """The server at a path of the website itself sets the cookie."""

    @pytest.fixture
    def opened(self, visitor: Browser, bench: Bench, consent: Server, html: str) -> Browser:
        bench.pass_on("/samtykke", consent.app)
        tag = '<script async src="/samtykke/e/07sor.js"></script>'
        return ask(visitor, bench.page(NOTES_WRITES + html.replace(bench.script, tag)))

    @pytest.fixture
    def refused(self, opened: Browser, decisions: Decisions) -> Browser:
        opened.click(banner.REFUSE)
        wait_until_received(opened, decisions, "refuse")
        opened.wait_for(IS_BY_HTTP)
        return opened

    def test_a_refusal_is_kept_for_as_long_as_the_site_file_says(self, refused):
        assert refused.cookies() == {"consent"}
        assert 12 * MONTH_SECS < refused.lifetimes()["consent"] < 12.5 * MONTH_SECS
        refused.reload()
        assert_it_is_refused(refused)
        assert refused.evaluate("written.length") == 0

    def test_what_the_page_changes_later_is_set_by_the_server_too(self, refused, decisions):
        refused.reload()
        refused.evaluate("samtykke.after.open && (samtykke.choice.c = 7, samtykke.writeChoice())")
        assert refused.evaluate("written.length") == 1
        refused.wait_for("performance.getEntriesByName(samtykke.BASE + '/cookie').length")
        assert refused.lifetimes()["consent"] > 12 * MONTH_SECS
        assert refused.evaluate("samtykke.readChoice().c") == "7"
