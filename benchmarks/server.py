"""Measures the server's hot paths beside a bare Flask view, on the same WSGI server: `python -m benchmarks.server`.

Both servers run with two processes; wrk, with 32 connections, asks each path in turn, and each round begins with the
echo. Compare ratios within one run only. Afterwards the rows are counted: each decision that was answered with 201 must
be there, and each hit that was answered with 204 counted.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import click

from benchmarks import load, report
from benchmarks.load import CONNECTIONS, Measured
from tests import postgres

COMMAND = "make bench"
WHAT = {
    "echo": "a bare Flask view: POST, JSON echoed",
    "script": "script, GET",
    "again": "script, 304",
    "decision": "decision, POST",
    "hit": "hit, POST",
    "visits": "statistics of visits, by page",
    "consents": "statistics of consents, by day",
}
# Of each path, the ratio to the echo that it is to reach; and where PostgreSQL's differs.
TARGETS = {"script": 3.0, "again": 3.0, "decision": 0.6, "hit": 2.5}
POSTGRES_TARGETS = {"decision": 0.5}
WHY = (
    "CPU is the server's user and system time for each request answered. Waits are how often one of its threads "
    "stopped, for each request answered.",
    "The server replies to a decision once the commit is on disk. So the decision's thread stops for the writer, which "
    "waits for the disk, and for its turn in the interpreter, which other threads hold. These stops, and the "
    "processor's caches lost at each, set a decision apart from a hit. All decisions that wait share one commit.",
)


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
            lines, counted = _measure(url, rounds, seconds)
            click.echo(report.as_text(lines))
            click.echo(counted)
            parts += [f"## {name}", report.as_markdown(lines), counted]
    if markdown:
        markdown.write_text("\n\n".join([*parts, *map(report.prose, WHY)]) + "\n", encoding="utf-8")


def _introduction(rounds: int, seconds: int) -> str:
    first = report.prose(
        f"Measured with `{COMMAND}` on {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} cores. The numbers are medians of {rounds} rounds of {seconds} s each."
    )
    facts = (
        f"granian serves with {load.WORKERS} processes of {load.THREADS} threads; those of the echo have one.",
        f"wrk sends requests from the same machine, through {CONNECTIONS} connections.",
        "Ratios are to the echo in the same round.",
        "Memory is that of all processes after the last round.",
    )
    return f"# The server, measured\n\n{first}\n\n{report.bullets(facts)}"


def _measure(url: str, rounds: int, seconds: int) -> tuple[list[list[str]], str]:
    token = load.prepare(url)
    found: dict[str, list[Measured]] = {name: [] for name in WHAT}
    with load.echo() as echo, load.ours(url, token) as ours:
        for name in WHAT:  # once without counting: connections, caches, plans
            load.ask(echo if name == "echo" else ours, name, 1)
        before = load.rows(url)
        for _ in range(rounds):
            for name in WHAT:
                found[name].append(load.ask(echo if name == "echo" else ours, name, seconds))
        memory = load.memory(ours.process)
    return _table(found, url, memory), _account(found, before, load.rows(url))


def _table(found: dict[str, list[Measured]], url: str, memory: float) -> list[list[str]]:
    targets = TARGETS | (POSTGRES_TARGETS if url.startswith("postgresql") else {})
    header = [
        "",
        "a second",
        "to the echo",
        "target",
        "",
        "p50, ms",
        "p99, ms",
        "CPU, µs",
        "waits",
        "failed",
    ]
    lines = [header]
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
                f"{median(run.cpu_us for run in runs):,.0f}",
                f"{median(run.switches for run in runs):.2f}",
                str(sum(run.failed for run in runs)),
            ]
        )
    return [*lines, ["memory, MiB", f"{memory:.0f}", *[""] * (len(header) - 2)]]


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
    return report.prose(
        f"{'; '.join(said).capitalize()}. Up to {CONNECTIONS} requests of each round were under way when wrk stopped."
    )


if __name__ == "__main__":
    main()
