"""Measures the server's hot paths beside a bare Flask view on granian: `python -m benchmarks.server`.

All servers run with two processes; wrk asks each path in turn, and each round begins with the echo. `--beside` names an
earlier revision, which is built from git and asked each path just before or after this one. Compare ratios within one
run only. Afterwards the rows are counted: each decision that was answered with 201 must be there, and each hit that was
answered with 204 counted.
"""

import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import click

from benchmarks import load, report
from benchmarks.load import Measured, Server
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
MANY = 256
# What is asked in each round, and through how many connections.
ASKED = (
    *((name, load.CONNECTIONS) for name in WHAT),
    *((name, MANY) for name in ("echo", "decision", "hit")),
)
# The ratio to the echo that each is to reach; and where PostgreSQL's differs.
TARGETS = {
    ("script", load.CONNECTIONS): 4.6,
    ("again", load.CONNECTIONS): 4.6,
    ("decision", load.CONNECTIONS): 0.75,
    ("hit", load.CONNECTIONS): 3.5,
    ("decision", MANY): 1.0,
}
POSTGRES_TARGETS = {("decision", load.CONNECTIONS): 0.5, ("decision", MANY): 0.7}
WHY = (
    "CPU is the server's user and system time for each request answered. Waits are how often one of its threads "
    "stopped, for each request answered.",
    "The server replies to a decision once the commit is on disk. All decisions that wait share one commit, so a "
    "process takes more of them a second the more connections there are.",
)


Asked = tuple[str, int]
# How a build answered what is asked, in each round.
Runs = dict[Asked, list[Measured]]


@dataclass(frozen=True)
class Build:
    """The program at one revision, on a database of its own."""

    url: str
    root: Path
    runs: Runs = field(default_factory=dict)


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=4, show_default=True, help="For which each path is asked.")
@click.option("--beside", metavar="REVISION", help="An earlier build, measured in the same rounds.")
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="File for the tables in Markdown."
)
def main(rounds: int, seconds: int, beside: str | None, markdown: Path | None) -> None:
    parts = [_introduction(rounds, seconds, beside)]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        roots = [load.ROOT]
        if beside:
            roots.append(stack.enter_context(load.build(beside)))
        clusters = [stack.enter_context(postgres.cluster()) for _ in roots]
        databases = {
            "SQLite, every commit synced": [
                f"sqlite:///{folder}/{number}.db" for number in range(len(roots))
            ],
            "PostgreSQL, as installed": [cluster.url() for cluster in clusters],
        }
        for name, urls in databases.items():
            click.echo(f"\n{name}")
            builds = [Build(url, root) for url, root in zip(urls, roots, strict=True)]
            lines, counted = _measure(builds, rounds, seconds)
            click.echo(report.as_text(lines))
            click.echo(counted)
            parts += [f"## {name}", report.as_markdown(lines), counted]
    if markdown:
        markdown.write_text("\n\n".join([*parts, *map(report.prose, WHY)]) + "\n", encoding="utf-8")


def _introduction(rounds: int, seconds: int, beside: str | None) -> str:
    first = report.prose(
        f"Measured with `{COMMAND}` on {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} cores. The numbers are medians of {rounds} rounds of {seconds} s each."
    )
    facts = [
        f"`consent serve` has {load.WORKERS} processes. The echo has as many, of one thread, on granian.",
        f"wrk sends requests from the same machine, through {load.CONNECTIONS} or {MANY} connections.",
        "Ratios are to the echo in the same round, with as many connections.",
        "Memory is that of all processes after the last round.",
    ]
    if beside:
        facts.append(
            f"*Before* is the build of {beside}, which was asked each path just before or after this one: the median "
            "of the ratios of two neighbours."
        )
    return f"# The server, measured\n\n{first}\n\n{report.bullets(facts)}"


def _measure(builds: list[Build], rounds: int, seconds: int) -> tuple[list[list[str]], str]:
    with ExitStack() as stack:
        echo = Build("", load.ROOT)
        servers = [(echo, stack.enter_context(load.echo()))]
        for build in builds:
            token = load.prepare(build.url, build.root)
            server = stack.enter_context(load.ours(build.url, token, build.root))
            servers.append((build, server))
        for each in ASKED:  # once without counting: connections, caches, plans
            for _, server in _that_know(each, servers):
                load.ask(server, each[0], 1, connections=each[1])
        before = load.rows(builds[0].url)
        for number in range(rounds):
            for each in ASKED:
                # The second of two may find the machine warmer, so they take turns.
                for build, server in _that_know(each, servers)[:: 1 if number % 2 else -1]:
                    found = load.ask(server, each[0], seconds, connections=each[1])
                    build.runs.setdefault(each, []).append(found)
        memory = [load.memory(server.process) for _, server in servers[1:]]
    after = load.rows(builds[0].url)
    return _table(echo, builds, memory), _account(builds[0].runs, before, after)


def _that_know(asked: Asked, servers: list[tuple[Build, Server]]) -> list[tuple[Build, Server]]:
    return servers[:1] if asked[0] == "echo" else servers[1:]


def _table(echo: Build, builds: list[Build], memory: list[float]) -> list[list[str]]:
    is_postgres = builds[0].url.startswith("postgresql")
    targets = TARGETS | (POSTGRES_TARGETS if is_postgres else {})
    header = ["", "connections", "a second"]
    header += ["before", "to before"] if len(builds) > 1 else []
    header += ["to the echo", "target", "", "p50, ms", "p99, ms", "CPU, µs", "waits", "failed"]
    lines = [header]
    for each in ASKED:
        runs = (echo if each[0] == "echo" else builds[0]).runs[each]
        line = [WHAT[each[0]], str(each[1]), f"{median(run.rate for run in runs):,.0f}"]
        if len(builds) > 1:
            earlier = builds[1].runs.get(each)
            line += [
                f"{median(run.rate for run in earlier):,.0f}" if earlier else "",
                f"{_ratio(runs, earlier):.2f}" if earlier else "",
            ]
        ratio, target = _ratio(runs, echo.runs["echo", each[1]]), targets.get(each)
        lines.append(
            [
                *line,
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
    last = ["memory, MiB", "", f"{memory[0]:.0f}"]
    if len(builds) > 1:
        last += [f"{memory[1]:.0f}", f"{memory[0] / memory[1]:.2f}"]
    return [*lines, [*last, *[""] * (len(header) - len(last))]]


def _ratio(runs: list[Measured], others: list[Measured]) -> float:
    return median(run.rate / other.rate for run, other in zip(runs, others, strict=True))


def _account(runs: Runs, before: tuple[int, int], after: tuple[int, int]) -> str:
    """Rows beside answers. What was under way when wrk left was written and not counted as answered."""
    said = []
    for position, name in enumerate(("decision", "hit")):
        of_kind = [(each, run) for each, found in runs.items() if each[0] == name for run in found]
        answered = sum(run.answered - run.failed for _, run in of_kind)
        stored = after[position] - before[position]
        under_way = sum(connections for (_, connections), _ in of_kind)
        right = answered <= stored <= answered + under_way
        said.append(
            f"{name}s: {answered:,} answered, {stored:,} stored"
            + ("" if right else ", which do not agree")
        )
    return report.prose(
        f"{'; '.join(said).capitalize()}. As many requests of each round as there were connections were under way when "
        "wrk stopped, at the most."
    )


if __name__ == "__main__":
    main()
