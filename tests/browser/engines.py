"""Three engines behind one face: Chromium, Firefox and WebKit, each as Debian builds it.

Playwright drives Chromium. To a stock Firefox it says what the extended support release does not understand yet, and
it knows no WebKit but its own. So these two are asked in standards of theirs: Firefox in WebDriver BiDi, which it
speaks itself, and WebKit in WebDriver. Little of what the tests need is the engine's: the page finds the point where
something stands, and a pointer presses there.
"""

import json
import os
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import Any

import playwright.sync_api
import websocket
from selenium import webdriver
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.utils import is_connectable
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.webkitgtk.service import Service

from tests.browser import install
from tests.ports import free_port

# Only what fails takes this long; a busy machine may take some of it, and more to start a browser.
PATIENCE_SECS = 15
START_SECS = 60

# Looks in shadow trees and frames too.
FIND = """
  const look = (root) => root.querySelector(SELECTOR) ||
    [...root.querySelectorAll("*")].map((each) => each.shadowRoot || each.contentDocument)
      .reduce((found, inside) => found || (inside && look(inside)), null);
  const element = look(document);
"""
SHOWS = f"() => {{ {FIND} return !!element?.getClientRects().length; }}"
# The middle of an element; null while it is not there, is moving, or has something in front of it.
POINT = f"""async () => {{ {FIND}
  if (!element) return null;
  element.scrollIntoView({{ block: "nearest", behavior: "instant" }});
  const place = () => JSON.stringify(element.getBoundingClientRect());
  const before = place();
  await new Promise(requestAnimationFrame);
  if (place() !== before) return null;
  const box = element.getBoundingClientRect();
  let [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  for (let inner = element; ; ) {{
    if (!inner.contains(inner.getRootNode().elementFromPoint(x, y))) return null;
    const frame = inner.ownerDocument.defaultView.frameElement;
    if (!frame) return [Math.round(x), Math.round(y)];
    const edge = frame.getBoundingClientRect();
    [inner, x, y] = [frame, x + edge.x + frame.clientLeft, y + edge.y + frame.clientTop];
  }}
}}"""


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE_SECS) -> Any:
    """Returns what the condition does, once that is true."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "It has not come."
        time.sleep(0.05)
    return found


class Browser(ABC):
    """A browser that has been nowhere yet, with one page open."""

    @abstractmethod
    def open(self, url: str) -> None:
        """Returns when the page has loaded."""

    @abstractmethod
    def reload(self) -> None: ...

    @abstractmethod
    def new_page(self) -> None:
        """Closes the page and opens another one, in a process that knows nothing of the first."""

    @abstractmethod
    def lifetimes(self) -> dict[str, float]:
        """The cookies that the page's server would get, and the seconds that each has left, -1 if unknown."""

    def cookies(self) -> set[str]:
        """The names of those that the page's server would get."""
        return set(self.lifetimes())

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _call(self, function: str) -> str:
        """What an async function returns in the page."""

    @abstractmethod
    def _press(self, x: int, y: int) -> None: ...

    def evaluate(self, js: str) -> Any:
        """The value of an expression, of the promise that it is, or of the function that it is when called."""
        value = f"await (async (it) => typeof it === 'function' ? it() : it)({js})"
        return json.loads(self._call(f"async () => JSON.stringify({value}) ?? 'null'"))

    def wait_for(self, js: str) -> None:
        wait_until(partial(self.evaluate, js))

    def shows(self, selector: str) -> bool:
        return self.evaluate(_about(selector, SHOWS))

    def click(self, selector: str) -> None:
        self._press(*wait_until(partial(self.evaluate, _about(selector, POINT))))


def _left(cookies: Iterable[Mapping[str, Any]], field: str) -> dict[str, float]:
    return {
        each["name"]: each[field] - time.time() if each.get(field, -1) > 0 else -1
        for each in cookies
    }


def _about(selector: str, js: str) -> str:
    return js.replace("SELECTOR", json.dumps(selector))


# Opens a browser for a test.
NewBrowser = Callable[[], Browser]


class Chromium(Browser):
    def __init__(self, process: playwright.sync_api.Browser) -> None:
        self._context = process.new_context()
        self._page = self._context.new_page()

    def new_page(self) -> None:
        self._page.close()
        self._page = self._context.new_page()

    def open(self, url: str) -> None:
        self._page.goto(url)

    def reload(self) -> None:
        self._page.reload()

    def lifetimes(self) -> dict[str, float]:
        return _left(self._context.cookies(self._page.url), "expires")

    def close(self) -> None:
        self._context.close()

    def _call(self, function: str) -> str:
        return self._page.evaluate(function)

    def _press(self, x: int, y: int) -> None:
        self._page.mouse.click(x, y)


@contextmanager
def chromium(process: playwright.sync_api.Browser) -> Iterator[NewBrowser]:
    yield partial(Chromium, process)


class BiDi:
    """A session of WebDriver BiDi: https://www.w3.org/TR/webdriver-bidi/"""

    def __init__(self, url: str) -> None:
        self._socket = websocket.create_connection(url, START_SECS, suppress_origin=True)
        self._sent = 0
        self.close = self._socket.close
        self.send("session.new", capabilities={})

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": params}))
        answer = json.loads(self._socket.recv())
        if answer["type"] != "success":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]


class Firefox(Browser):
    def __init__(self, bidi: BiDi) -> None:
        self._bidi = bidi
        self._user = bidi.send("browser.createUserContext")["userContext"]
        self._page = self._new_tab()

    def new_page(self) -> None:
        self._bidi.send("browsingContext.close", context=self._page)
        self._page = self._new_tab()

    def _new_tab(self) -> str:
        tab = self._bidi.send("browsingContext.create", type="tab", userContext=self._user)
        return tab["context"]

    def open(self, url: str) -> None:
        self._bidi.send("browsingContext.navigate", context=self._page, url=url, wait="complete")

    def reload(self) -> None:
        self._bidi.send("browsingContext.reload", context=self._page, wait="complete")

    def lifetimes(self) -> dict[str, float]:
        partition = {"type": "context", "context": self._page}
        found = self._bidi.send("storage.getCookies", partition=partition)
        return _left(found["cookies"], "expiry")

    def close(self) -> None:
        self._bidi.send("browser.removeUserContext", userContext=self._user)

    def _call(self, function: str) -> str:
        answer = self._bidi.send(
            "script.callFunction",
            functionDeclaration=function,
            target={"context": self._page},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"]["value"]

    def _press(self, x: int, y: int) -> None:
        steps = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": steps}
        self._bidi.send("input.performActions", context=self._page, actions=[mouse])


@contextmanager
def firefox() -> Iterator[NewBrowser]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="samtykke-") as profile:
        command = [install.firefox_path(), "--headless", "--no-remote", "--profile", profile]
        with _running([*command, "--remote-debugging-port", str(port)]):
            wait_until(partial(is_connectable, port), START_SECS)
            with closing(BiDi(f"ws://127.0.0.1:{port}/session")) as bidi:
                yield partial(Firefox, bidi)


class WebKit(Browser):
    """One session of WebKit's driver is one process of MiniBrowser, which remembers nothing."""

    def __init__(self, driver: str, path: str) -> None:
        options = webdriver.WebKitGTKOptions()
        options.binary_location = path
        options.add_argument("--automation")
        executor = RemoteConnection(client_config=ClientConfig(driver))
        self._driver = webdriver.Remote(executor, options=options)
        self._driver.set_script_timeout(PATIENCE_SECS)

    def new_page(self) -> None:
        # The session ends with its last window.
        before = self._driver.current_window_handle
        self._driver.switch_to.new_window("tab")
        after = self._driver.current_window_handle
        self._driver.switch_to.window(before)
        self._driver.close()
        self._driver.switch_to.window(after)

    def open(self, url: str) -> None:
        self._driver.get(url)

    def reload(self) -> None:
        self._driver.refresh()

    def close(self) -> None:
        self._driver.quit()

    def lifetimes(self) -> dict[str, float]:
        return _left(self._driver.get_cookies(), "expiry")

    def _call(self, function: str) -> str:
        return self._driver.execute_script(f"return ({function})()")

    def _press(self, x: int, y: int) -> None:
        actions = ActionBuilder(self._driver, duration=0)
        actions.pointer_action.move_to_location(x, y).click()
        actions.perform()


@contextmanager
def webkit() -> Iterator[NewBrowser]:
    driver, path, xvfb = install.webkit_paths()
    with _screen(xvfb) as display:
        service = Service(driver, env={**os.environ, "DISPLAY": display})
        service.start()
        try:
            yield partial(WebKit, service.service_url, path)
        finally:
            service.stop()


@contextmanager
def _screen(xvfb: str) -> Iterator[str]:
    """The name of a display that nobody sees: MiniBrowser has no other way to stay out of sight."""
    said, saying = os.pipe()
    with os.fdopen(said) as name:
        command = [xvfb, "-displayfd", str(saying), "-screen", "0", "1280x1024x24"]
        with _running(command, pass_fds=[saying]):
            os.close(saying)
            yield f":{name.readline().strip()}"


@contextmanager
def _running(command: list[str], **options: Any) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


# Starts each of the two that Playwright does not.
STARTERS: dict[str, Callable[[], AbstractContextManager[NewBrowser]]] = {
    "firefox": firefox,
    "webkit": webkit,
}
