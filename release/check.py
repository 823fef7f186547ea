"""Builds a release, tries it in a blank environment, and prints what comes next.

Run by `make release-check`, which installs the tools. The files that were tried are kept, and are those to upload.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path

from consent import __version__

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent
SITE_FILE = ROOT / "consent/demo/07sor.toml"
# Seconds that a server may take until it answers, and until it has ended.
PATIENCE = 60

NEXT = """
samtykke {version} works. The files are in {dist}. Next:

1. In CHANGELOG.md, date the entry {version}, and keep an empty "Unreleased" above it. Commit.
2. git tag -s v{version} -m "samtykke {version}" && git push --follow-tags
3. {tools}/twine upload {dist}/*
4. make sbom. Publish its file, with the entry of CHANGELOG.md as the notes of the release.
5. Set the next version in consent/__init__.py.
"""


class Failure(Exception):
    """What does not work."""


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix=f"samtykke-{__version__}-"))
    dist = folder / "dist"
    try:
        build(dist)
        with tempfile.TemporaryDirectory(prefix="samtykke-blank-") as blank:
            try_out(dist, Path(blank))
    except Failure as failure:
        sys.exit(f"release-check: {failure}")
    print(NEXT.format(version=__version__, dist=dist, tools=TOOLS))


def build(dist: Path) -> None:
    say("Building wheel and sdist")
    run(TOOLS / "python", "-m", "build", "--outdir", dist, ROOT, show=False)
    made = sorted(path.name for path in dist.iterdir())
    expected = [f"samtykke-{__version__}-py3-none-any.whl", f"samtykke-{__version__}.tar.gz"]
    if made != expected:
        raise Failure(f"built {made}, expected {expected}")
    run(TOOLS / "twine", "check", "--strict", *sorted(dist.iterdir()))


def try_out(dist: Path, blank: Path) -> None:
    say("Installing the wheel, without extras, in a blank environment")
    venv.create(blank / "venv", with_pip=True)
    programs = blank / "venv/bin"
    (wheel,) = dist.glob("*.whl")
    run(programs / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel)
    consent = programs / "consent"
    said = run(consent, "--version", folder=blank)
    if said != f"consent, version {__version__}\n":
        raise Failure(f"--version says {said!r}")
    run(consent, "check", SITE_FILE, folder=blank)
    serve(consent, blank)


def serve(consent: Path, folder: Path) -> None:
    port = free_port()
    settings = {
        "CONSENT_SECRET_KEYS": os.urandom(32).hex(),
        "CONSENT_PORT": str(port),
        "CONSENT_WORKERS": "1",
    }
    say("consent serve")
    server = subprocess.Popen([consent, "serve"], cwd=folder, env=environment(settings))
    try:
        if not answers(f"http://127.0.0.1:{port}/healthz", server):
            raise Failure("consent serve does not answer /healthz")
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            code = server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            code = server.wait()
    if code:
        raise Failure(f"consent serve ended with {code}")


def answers(address: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether a server that starts answers with 200."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def run(*command: str | Path, folder: Path = ROOT, show: bool = True) -> str:
    ran = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    if ran.returncode:
        said = " ".join(map(str, command))
        raise Failure(f"{said} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    if show:
        print(ran.stdout, end="", flush=True)
    return ran.stdout


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """The environment without what would make an installed package look into this checkout, and without settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("CONSENT_")
    }
    return {**kept, **(more or {})}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def say(what: str) -> None:
    print(f"== {what}", flush=True)


if __name__ == "__main__":
    main()
