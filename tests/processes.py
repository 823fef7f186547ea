"""The server as processes: started, asked, killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

from consent.demo import SITE_FILE
from consent.server.workers import GRACE
from tests.conftest import KEY
from tests.factories import CHROME
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
CONSENT = [sys.executable, "-m", "consent"]


@contextmanager
def running(
    command: list[str], ready: str, folder: Path, environ: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command as a process, once a line with `ready` has come; killed afterwards."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if ready in line:
                break
        else:
            raise AssertionError("\n".join(lines))
        yield process, lines
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def post(address: str, body: object) -> int:
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"Content-Type": "text/plain"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


def get(address: str, **headers: str) -> str:
    with urllib.request.urlopen(
        urllib.request.Request(address, headers=headers), timeout=20
    ) as answer:
        return str(answer.read().decode())


class Server:
    """`consent serve` on a database."""

    def __init__(self, folder: Path, database: str, **settings: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.environ = os.environ | {
            "CONSENT_SECRET_KEYS": KEY,
            "CONSENT_DATABASE": database,
            "CONSENT_PORT": str(self.port),
            "CONSENT_INSIDE_HOSTS": "127.0.0.1",
            # All visitors of tests are at one address.
            "CONSENT_EMBED_LIMIT": "0",
            "CONSENT_VIEW_LIMIT": "0",
            **settings,
        }

    def run(self, *arguments: str) -> str:
        """What the command says on the server's database."""
        return subprocess.run(
            [*CONSENT, *arguments],
            cwd=self.folder,
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def publish(self, site_file: Path = SITE_FILE) -> None:
        self.run("publish", str(site_file))

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        with running([*CONSENT, "serve"], "listening", self.folder, self.environ) as (process, _):
            yield process

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def post(self, path: str, body: object) -> tuple[int, str]:
        """Status and body of the answer."""
        headers = {"Content-Type": "text/plain", "User-Agent": CHROME}
        request = urllib.request.Request(self.address(path), json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def is_ready(self) -> tuple[int, str]:
        """Status and text of /readyz."""
        try:
            with urllib.request.urlopen(self.address("/readyz"), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()


def workers(process: subprocess.Popen[str]) -> list[int]:
    """Ids of the processes that answer: those that the loader has made."""
    return [worker for loader in _children(process.pid) for worker in _children(loader)]


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        paths = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return [int(child) for path in paths for child in path.read_text().split()]
    return []


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_gone(pids: list[int]) -> None:
    """Workers of a killed server end by themselves, soon."""
    until = time.monotonic() + 60
    while any(_is_alive(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stop(process: subprocess.Popen[str]) -> None:
    """As whoever runs it does: it answers what was asked, and ends."""
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=2 * GRACE + 30)


class Load:
    """Some threads that post one thing after another, until the server is gone or they are told to stop."""

    def __init__(
        self, server: Server, path: str, body: Callable[[], object], threads: int = 4
    ) -> None:
        self._server, self._path, self._body = server, path, body
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._grown = threading.Condition(self._lock)
        # The answers' bodies, by their status.
        self.answers: list[tuple[int, str]] = []
        self.gone = 0
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                answer = self._server.post(self._path, self._body())
            except (OSError, HTTPException):
                # The server is gone, perhaps in the middle of an answer; or the next one is not there yet.
                with self._grown:
                    self.gone += 1
                if self._stop.wait(0.05):
                    return
                continue
            with self._grown:
                self.answers.append(answer)
                self._grown.notify_all()

    def wait_for(self, more: int, status: tuple[int, ...] = (201, 204)) -> None:
        """Returns when so many more were answered with one of these."""
        with self._grown:
            wanted = self._count(status) + more
            assert self._grown.wait_for(lambda: self._count(status) >= wanted, timeout=60)

    def _count(self, status: tuple[int, ...]) -> int:
        return sum(code in status for code, _ in self.answers)

    def end(self) -> list[str]:
        """Stops, and gives the bodies of the answers that promised something."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return [body for code, body in self.answers if code in (201, 204)]
