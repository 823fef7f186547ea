"""`consent serve` as a process, on a database of its own with the demo's site published, and its log."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, select

from consent.models import Decision

ROOT = Path(__file__).parent.parent
SITE_FILE = ROOT / "consent" / "demo" / "07sor.toml"
HOST = "127.0.0.1"
# An answer to at most so many bytes is no longer than that, but for what is longer by nature.
MOST_BYTES = 16 * 1024
# What tells of the program's inside, and stands in no answer.
INSIDE = (
    *(b"Traceback", b"site-packages", b"panicked", b"sqlalchemy", b"sqlite3"),
    str(ROOT).encode(),
)
# Seconds for it to begin and to end.
BEGIN, END = 60.0, 40.0


@dataclass(frozen=True)
class Server:
    folder: Path
    port: int
    environ: dict[str, str]
    process: subprocess.Popen[bytes]

    def run(self, *arguments: str) -> str:
        """What the command says on the server's database."""
        return _run(self.folder, self.environ, *arguments)

    def log(self) -> str:
        return _log(self.folder).read_text(errors="replace")

    def decisions(self) -> set[str]:
        """The ids of those that are stored."""
        engine = create_engine(self.environ["CONSENT_DATABASE"])
        with engine.connect() as connection:
            return {str(each) for each in connection.execute(select(Decision.id)).scalars()}


@contextmanager
def serving() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        port = _free_port()
        environ = os.environ | {
            "CONSENT_SECRET_KEYS": "a-key-for-fuzzing-that-is-long-enough",
            "CONSENT_DATABASE": f"sqlite:///{folder}/consent.db",
            "CONSENT_PORT": str(port),
            "CONSENT_WORKERS": "1",
            # All is asked from one address.
            "CONSENT_EMBED_LIMIT": "0",
            "CONSENT_VIEW_LIMIT": "0",
        }
        _run(folder, environ, "publish", str(SITE_FILE))
        with _log(folder).open("wb") as log:
            command = [sys.executable, "-m", "consent", "serve"]
            process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
            try:
                _wait(port, process)
                yield Server(folder, port, environ, process)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(END)


def _run(folder: Path, environ: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "consent", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout


def _log(folder: Path) -> Path:
    return folder / "log"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + BEGIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with closing(socket.create_connection((HOST, port))):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not begin")
