"""Measures the server's hot paths beside a bare Flask view, on the same WSGI server: `python -m benchmarks.server`.

Both servers run with two processes and the same number of threads; wrk, with 32 connections, asks each path in turn,
and each round begins with the echo. Compare ratios within one run only. Afterwards the rows are counted: each decision
that was answered with 201 must be there, and each hit that was answered with 204 counted.
"""

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
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import click
from sqlalchemy import func, select

from benchmarks import report
from benchmarks.ours import SITE, SITE_FILE
from consent import notice, staff
from consent.db import db
from consent.models import Counter, Decision
from consent.serving import ready_app
from tests import postgres

HERE = Path(__file__).parent
ROOT = HERE.parent
REQUESTS = HERE / "site_requests.lua"
KEY = "a-key-for-benchmarks-that-is-long-enough"
ORIGIN = "http://127.0.0.1:8099"
WORKERS = 2
THREADS = 16
CONNECTIONS = 32
COMMAND = "make bench"

# Of each path, the ratio to the echo that it is to reach.
TARGETS = {"script": 3.0, "again": 3.0, "decision": 0.6, "hit": 2.5}
# The same where it differs on PostgreSQL.
POSTGRES_TARGETS = {"decision": 0.5}
WHAT = {
    "echo": "a bare Flask view: POST, JSON echoed",
    "script": "script, GET",
    "again": "script, 304",
    "decision": "decision, POST",
    "hit": "hit, POST",
}


@dataclass(frozen=True)
class Measured:
    """One run of wrk."""

    answered: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int

    @property
    def rate(self) -> float:
        return self.answered / self.seconds


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=4, show_default=True, help="For which each path is asked.")
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="File for the tables in Markdown."
)
def main(rounds: int, seconds: int, markdown: Path | None) -> None:
    parts = [_introduction(rounds, seconds)]
    with tempfile.TemporaryDirectory() as folder, postgres.cluster() as cluster:
        databases = {
            "SQLite, every commit synced": f"sqlite:///{folder}/consent.db",
            "PostgreSQL, as installed": cluster.url(),
        }
        for name, url in databases.items():
            click.echo(f"\n{name}")
            lines, lost = _measure(url, rounds, seconds)
            click.echo(report.as_text(lines))
            click.echo(lost)
            parts += [f"## {name}", report.as_markdown(lines), lost]
    if markdown:
        markdown.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _introduction(rounds: int, seconds: int) -> str:
    return (
        f"# The server, measured\n\n`{COMMAND}` on {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} cores: medians of {rounds} rounds of {seconds} s each. granian, {WORKERS} processes of "
        f"{THREADS} threads (the echo: of one); wrk on the same machine, {CONNECTIONS} connections. Ratios are to "
        "the echo of the same round. Memory is that of all processes, after the last round."
    )


def _measure(url: str, rounds: int, seconds: int) -> tuple[list[list[str]], str]:
    _prepare(url)
    found: dict[str, list[Measured]] = {name: [] for name in WHAT}
    with _echo() as echo, _ours(url) as (ours, process):
        tag = _tag(f"{ours}/e/{SITE}.js")
        for name in WHAT:  # once without counting: connections, caches, plans
            _ask(echo if name == "echo" else ours, name, tag, 1)
        before = _rows(url)
        for _ in range(rounds):
            for name in WHAT:
                found[name].append(_ask(echo if name == "echo" else ours, name, tag, seconds))
        memory = _memory(process.pid)
    return _table(found, url, memory), _account(found, before, _rows(url))


def _tag(address: str) -> str:
    request = urllib.request.Request(address, headers={"Accept-Encoding": "br"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.headers["ETag"])


def _prepare(url: str) -> None:
    app = ready_app({"secret_keys": (KEY,), "database": url})
    source = SITE_FILE.read_text(encoding="utf-8").replace('when = "never"', 'when = "always"')
    with app.app_context():
        notice.publish(db.session(), source, datetime.now(UTC))
        staff.issue_token(db.session(), SITE, "benchmark", datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()


def _rows(url: str) -> tuple[int, int]:
    """How many decisions there are, and how many page views were counted."""
    app = ready_app({"secret_keys": (KEY,), "database": url})
    with app.app_context():
        decisions = db.session.scalar(select(func.count()).select_from(Decision))
        views = db.session.scalar(
            select(func.sum(Counter.count)).where(
                Counter.dimension == "total", Counter.value == "views"
            )
        )
        db.session.remove()
        db.engine.dispose()
    return int(decisions or 0), int(views or 0)


@contextmanager
def _echo() -> Iterator[str]:
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1"),
        *("--workers", str(WORKERS), "--blocking-threads", "1", "--log-level", "error"),
        *("--port", str(port), "benchmarks.echo:app"),
    ]
    with _running(command, {}, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _ours(url: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = _free_port()
    environ = {
        "CONSENT_SECRET_KEYS": KEY,
        "CONSENT_DATABASE": url,
        "CONSENT_PORT": str(port),
        "CONSENT_WORKERS": str(WORKERS),
        "CONSENT_THREADS": str(THREADS),
    }
    with _running([sys.executable, "-m", "consent", "serve"], environ, port) as process:
        yield f"http://127.0.0.1:{port}", process


@contextmanager
def _running(
    command: list[str], environ: dict[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environ}, stdout=subprocess.DEVNULL
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
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _ask(server: str, kind: str, tag: str, seconds: int) -> Measured:
    command = [
        *("wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s"),
        *("-s", str(REQUESTS), server, "--", kind, ORIGIN, tag),
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = re.search(r"RESULT (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)", said)
    if result is None:
        raise click.ClickException(f"wrk said no result:\n{said}")
    answered, spent, p50, p99, failed = result.groups()
    return Measured(int(answered), float(spent), float(p50), float(p99), int(failed))


def _memory(main_process: int) -> float:
    """MiB that the process and those that it began hold for themselves, what they share divided among them."""
    whole = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if int(path.name) == main_process or parent == main_process:
                rollup = (path / "smaps_rollup").read_text()
                whole += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE).group(1))  # type: ignore[union-attr]
        except OSError:
            continue  # ended meanwhile
    return whole / 1024


def _table(found: dict[str, list[Measured]], url: str, memory: float) -> list[list[str]]:
    targets = TARGETS | (POSTGRES_TARGETS if url.startswith("postgresql") else {})
    lines = [["", "a second", "to the echo", "target", "", "p50, ms", "p99, ms", "failed"]]
    for name, runs in found.items():
        ratio = median(run.rate / echo.rate for run, echo in zip(runs, found["echo"], strict=True))
        target = targets.get(name)
        lines.append(
            [
                WHAT[name],
                f"{median(run.rate for run in runs):,.0f}",
                f"{ratio:.2f}",
                f"≥ {target}" if target else "",
                ("met" if ratio >= target else "missed") if target else "",
                f"{median(run.p50_ms for run in runs):.1f}",
                f"{median(run.p99_ms for run in runs):.1f}",
                str(sum(run.failed for run in runs)),
            ]
        )
    return [*lines, ["memory, MiB", f"{memory:.0f}", *[""] * 6]]


def _account(
    found: dict[str, list[Measured]], before: tuple[int, int], after: tuple[int, int]
) -> str:
    """Rows beside answers. What was under way when wrk left was written and not counted as answered."""
    said = []
    for position, name in enumerate(("decision", "hit")):
        answered = sum(run.answered - run.failed for run in found[name])
        stored = after[position] - before[position]
        under_way = CONNECTIONS * len(found[name])
        right = answered <= stored <= answered + under_way
        said.append(
            f"{name}s: {answered:,} answered, {stored:,} stored"
            + ("" if right else ", which do not agree")
        )
    return "; ".join(said) + "."


if __name__ == "__main__":
    main()
