"""The server under load: started on a database as an operator would, asked by wrk, and looked at from outside."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click
from sqlalchemy import create_engine, text

from benchmarks.ours import SITE, SITE_FILE, WRITTEN_ORIGIN
from consent.core.settings import database_url

HERE = Path(__file__).parent
ROOT = HERE.parent
REQUESTS = HERE / "site_requests.lua"
CONSENT = (sys.executable, "-m", "consent")
KEY = "a-key-for-benchmarks-that-is-long-enough"
WORKERS = 2
THREADS = 16
CONNECTIONS = 32
# Clock ticks in a second of CPU time.
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    address: str
    process: int
    # What the statistics are asked with, and what a browser has that asks for the script again.
    token: str = ""
    tag: str = ""


@dataclass(frozen=True)
class Measured:
    """One run of wrk, and what it cost the server."""

    answered: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_us: float
    switches: float

    @property
    def rate(self) -> float:
        return self.answered / self.seconds


@dataclass(frozen=True)
class Spent:
    """What processes have used since they began: seconds of CPU, and how often a thread of theirs had to wait."""

    cpu: float = 0.0
    waits: int = 0


def ask(
    server: Server,
    kind: str,
    seconds: float,
    *,
    connections: int = CONNECTIONS,
    delay_ms: float = 0,
) -> Measured:
    """Asks for `seconds`. With a delay each connection waits so long before each request."""
    command = [
        *("wrk", "-t2", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s"),
        *(
            "-s",
            str(REQUESTS),
            server.address,
            "--",
            kind,
            WRITTEN_ORIGIN,
            server.tag,
            server.token,
            str(delay_ms),
        ),
    ]
    before = spent(server.process)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = spent(server.process)
    result = re.search(r"RESULT (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)", said)
    if result is None:
        raise click.ClickException(f"wrk said no result:\n{said}")
    answered = int(result[1])
    return Measured(
        answered,
        *(float(result[number]) for number in (2, 3, 4)),
        failed=int(result[5]),
        cpu_us=(after.cpu - before.cpu) / max(1, answered) * 1e6,
        switches=(after.waits - before.waits) / max(1, answered),
    )


@contextmanager
def build(revision: str) -> Iterator[Path]:
    """The folder of the program as it was at this revision, made of what git has of it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "build"
        git = ("git", "-C", str(ROOT), "worktree")
        subprocess.run([*git, "add", "--quiet", "--detach", str(root), revision], check=True)
        try:
            subprocess.run([sys.executable, "compile_catalogues.py"], cwd=root, check=True)
            yield root
        finally:
            subprocess.run([*git, "remove", "--force", str(root)], check=True)


def prepare(url: str, root: Path = ROOT) -> str:
    """Publishes the site, which counts every page view. Returns a token for its statistics."""
    source = SITE_FILE.read_text(encoding="utf-8").replace('when = "never"', 'when = "always"')
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(source)
        file.flush()
        _command(url, root, "publish", file.name)
    return _command(url, root, "token", SITE, "--name", "benchmark").split()[-1]


def _command(url: str, root: Path, *arguments: str) -> str:
    return subprocess.run(
        [*CONSENT, *arguments],
        cwd=root,
        env=_environ(url, root),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def _environ(url: str, root: Path) -> dict[str, str]:
    # The environment that Python runs in has the package of this folder.
    return {"CONSENT_SECRET_KEYS": KEY, "CONSENT_DATABASE": url, "PYTHONPATH": str(root)}


def rows(url: str) -> tuple[int, int]:
    """How many decisions there are, and how many page views were counted."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        decisions = connection.scalar(text("SELECT count(*) FROM decisions"))
        views = connection.scalar(
            text("SELECT sum(count) FROM counters WHERE dimension = 'total' AND value = 'views'")
        )
    engine.dispose()
    return int(decisions or 0), int(views or 0)


@contextmanager
def echo() -> Iterator[Server]:
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1"),
        *("--workers", str(WORKERS), "--blocking-threads", "1", "--log-level", "error"),
        *("--port", str(port), "benchmarks.echo:app"),
    ]
    with _running(command, {}, port) as server:
        yield server


@contextmanager
def ours(url: str, token: str, root: Path = ROOT) -> Iterator[Server]:
    port = _free_port()
    environ = _environ(url, root) | {
        "CONSENT_PORT": str(port),
        "CONSENT_WORKERS": str(WORKERS),
        "CONSENT_THREADS": str(THREADS),
        # All load comes from one address. Both limits count it, and neither is ever reached.
        "CONSENT_EMBED_LIMIT": str(10**9),
        "CONSENT_VIEW_LIMIT": str(10**9),
    }
    with _running([*CONSENT, "serve"], environ, port, root) as server:
        script = urllib.request.Request(
            f"{server.address}/e/{SITE}.js", headers={"Accept-Encoding": "br"}
        )
        with urllib.request.urlopen(script, timeout=20) as answer:
            yield replace(server, token=token, tag=str(answer.headers["ETag"]))


@contextmanager
def _running(
    command: list[str], environ: dict[str, str], port: int, root: Path = ROOT
) -> Iterator[Server]:
    process = subprocess.Popen(
        command, cwd=root, env={**os.environ, **environ}, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise click.ClickException(f"{' '.join(command)} did not open port {port}.")
        time.sleep(1)  # for the other worker
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def memory(process: int) -> float:
    """MiB that the process and those it began hold for themselves, what they share divided among them."""
    whole = 0
    for path in _family(process):
        with suppress(OSError):  # ended meanwhile
            rollup = (path / "smaps_rollup").read_text()
            whole += sum(map(int, re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)))
    return whole / 1024


def spent(process: int) -> Spent:
    cpu, waits = 0.0, 0
    for path in _family(process):
        with suppress(OSError):
            user, system = (path / "stat").read_text().rpartition(")")[2].split()[11:13]
            cpu += (int(user) + int(system)) / TICKS
            for thread in (path / "task").iterdir():
                status = (thread / "status").read_text()
                waits += sum(
                    map(int, re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE))
                )
    return Spent(cpu, waits)


def _family(process: int) -> list[Path]:
    """The process, those it began, and theirs."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (path / "stat").read_text()
            parents[int(path.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return [Path(f"/proc/{each}") for each in found]
