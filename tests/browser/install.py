"""Makes sure that there is a Chromium for the browser tests: `python tests/browser/install.py`.

Preferred is the headless shell, which is Chromium without the windows that nobody sees: a page opens in a third of
the time.
"""

import os
import shutil
import subprocess
import sys

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """An installed Chromium; None leaves the choice to Playwright, which then uses its own."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    if path := shutil.which(SHELL):
        say(f"{path} is there already")
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {SHELL} with apt-get (once)")
        for package in (SHELL, "chromium"):
            if apt_get("update") and apt_get("install", "-y", package) and chromium_path():
                return 0
        say("apt-get could not")
    if path := chromium_path():
        say(f"{path} is there already")
        return 0
    say("downloading Playwright's own (once)")
    if run(sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"):
        return 0
    say("none could be installed. Install Chromium yourself, so that `chromium` is on the PATH")
    return 1


def apt_get(command: str, *arguments: str) -> bool:
    return run("apt-get", command, "-qq", *arguments, DEBIAN_FRONTEND="noninteractive")


def run(*command: str, **environment: str) -> bool:
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode == 0


def say(what: str) -> None:
    sys.stdout.write(f"Chromium: {what}.\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
