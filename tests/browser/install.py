"""Makes sure that the browsers are there which the tests drive: `python tests/browser/install.py`.

Of Chromium the headless shell is preferred, which is Chromium without the windows that nobody sees: a page opens in a
third of the time. Firefox needs no screen, WebKit gets one that nobody sees.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome")
# What Debian calls the parts of each engine.
PACKAGES = {
    "Firefox": ("firefox-esr",),
    "WebKit": ("webkit2gtk-driver", "xvfb"),
    "Chromium with extensions": ("chromium",),
}
# Where Debian, Fedora and Arch keep the browser that WebKit's driver starts: on no PATH.
MINI_BROWSERS = (
    "lib/*/webkit*/MiniBrowser",
    "libexec/webkit*/MiniBrowser",
    "lib/webkit*/MiniBrowser",
)


def chromium_path() -> str | None:
    """An installed Chromium; None leaves the choice to Playwright, which then uses its own."""
    return first(map(shutil.which, NAMES))


def windowed_chromium_path() -> str:
    """One that knows extensions, as the headless shell does not."""
    names = (name for name in NAMES if name != SHELL)
    return needed("Chromium with extensions", map(shutil.which, names))


def firefox_path() -> str:
    return needed("Firefox", map(shutil.which, ("firefox-esr", "firefox")))


def webkit_paths() -> tuple[str, str, str]:
    """Of the driver, of the browser that it starts, and of the screen that this needs."""
    browsers = (str(path) for each in MINI_BROWSERS for path in Path("/usr").glob(each))
    parts = [shutil.which("WebKitWebDriver")], browsers, [shutil.which("Xvfb")]
    driver, browser, screen = (needed("WebKit", each) for each in parts)
    return driver, browser, screen


def needed(engine: str, paths: Iterable[str | None]) -> str:
    if path := first(paths):
        return path
    packages = " and ".join(PACKAGES[engine])
    raise RuntimeError(f"There is no {engine} to test with: install {packages}, as Debian names it")


def first(paths: Iterable[str | None]) -> str | None:
    return next(filter(None, paths), None)


def main() -> int:
    there = [
        install_chromium(),
        install("Firefox", firefox_path),
        install("WebKit", webkit_paths),
        install("Chromium with extensions", windowed_chromium_path),
    ]
    return 0 if all(there) else 1


def install_chromium() -> bool:
    if path := shutil.which(SHELL):
        say("Chromium", f"{path} is there already")
        return True
    if has_apt():
        say("Chromium", f"installing {SHELL} with apt-get (once)")
        for package in (SHELL, "chromium"):
            if apt_get("update") and apt_get("install", "-y", package) and chromium_path():
                return True
        say("Chromium", "apt-get could not")
    if path := chromium_path():
        say("Chromium", f"{path} is there already")
        return True
    say("Chromium", "downloading Playwright's own (once)")
    if run(sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"):
        return True
    say(
        "Chromium",
        "none could be installed. Install it yourself, so that `chromium` is on the PATH",
    )
    return False


def install(engine: str, find: Callable[[], object]) -> bool:
    if is_there(find):
        say(engine, "it is there already")
        return True
    packages = PACKAGES[engine]
    if has_apt():
        say(engine, f"installing {' and '.join(packages)} with apt-get (once)")
        arguments = "install", "-y", "--no-install-recommends", *packages
        if apt_get("update") and apt_get(*arguments) and is_there(find):
            return True
        say(engine, "apt-get could not")
    say(engine, f"install {' and '.join(packages)} yourself, as Debian calls it")
    return False


def is_there(find: Callable[[], object]) -> bool:
    try:
        find()
    except RuntimeError:
        return False
    return True


def has_apt() -> bool:
    return os.geteuid() == 0 and bool(shutil.which("apt-get"))


def apt_get(command: str, *arguments: str) -> bool:
    return run("apt-get", command, "-qq", *arguments, DEBIAN_FRONTEND="noninteractive")


def run(*command: str, **environment: str) -> bool:
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode == 0


def say(engine: str, what: str) -> None:
    sys.stdout.write(f"{engine}: {what}.\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
