"""Keeps the server at 80 % of what it can for ten minutes, and looks whether it grows: `python -m benchmarks.soak`.

First it is asked as fast as it answers, decisions and hits by themselves. Then both at the same time, each at two
fifths of its peak. Memory is that of all processes, from the second minute on: by then every thread has begun. Fails
if a request failed, if memory grew by more than a tenth, or if the rows are not the answers.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import click

from benchmarks import load
from benchmarks.load import Server
from tests import postgres

KINDS = ("decision", "hit")
# Of its own peak, each.
SHARE = 0.4
# Enough of them, since each waits most of the time.
CONNECTIONS = 64
WARM_UP = 60.0
MOST_GROWTH = 1.1
# Seconds.
LOOK_EVERY = 5.0


@click.command(help=__doc__)
@click.option("--minutes", default=10.0, show_default=True)
@click.option(
    "--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True
)
def main(minutes: float, database: str) -> None:
    if database == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            _soak(f"sqlite:///{folder}/consent.db", minutes)
    else:
        with postgres.cluster() as cluster:
            _soak(cluster.url(), minutes)


def _soak(url: str, minutes: float) -> None:
    token = load.prepare(url)
    with load.ours(url, token) as ours:
        pauses = {}
        for kind in KINDS:
            peak = load.ask(ours, kind, 5).rate
            pauses[kind] = CONNECTIONS / (SHARE * peak) * 1000
            click.echo(f"{kind}s: {peak:,.0f} a second at the most")
        time.sleep(1)  # until all that wrk left behind is written
        before = load.rows(url)
        with ThreadPoolExecutor(len(KINDS)) as pool, _watched(ours, minutes) as seen:
            runs = [
                pool.submit(
                    load.ask,
                    ours,
                    kind,
                    minutes * 60,
                    connections=CONNECTIONS,
                    delay_ms=pauses[kind],
                )
                for kind in KINDS
            ]
            found = [run.result() for run in runs]
    wrong = []
    for position, (kind, run) in enumerate(zip(KINDS, found, strict=True)):
        stored = load.rows(url)[position] - before[position]
        click.echo(
            f"{kind}s: {run.answered:,} answered, {run.rate:,.0f} a second, p99 {run.p99_ms:.1f} ms; "
            f"{stored:,} stored; {run.failed} failed"
        )
        if run.failed:
            wrong.append(f"{run.failed} {kind}s failed")
        if not run.answered <= stored <= run.answered + CONNECTIONS:
            wrong.append(f"{run.answered:,} {kind}s were answered and {stored:,} are stored")
    first, last = seen[0], max(seen[-6:])
    click.echo(
        f"memory: {first:.0f} MiB at first, {last:.0f} at the end, {max(seen):.0f} at the most"
    )
    if last > MOST_GROWTH * first:
        wrong.append("memory grew")
    if wrong:
        raise click.ClickException("; ".join(wrong) + ".")


@contextmanager
def _watched(server: Server, minutes: float) -> Iterator[list[float]]:
    """Meanwhile the server's memory is looked at, in MiB, once it has warmed up."""
    seen: list[float] = []
    over = threading.Event()

    def look() -> None:
        pause = min(WARM_UP, minutes * 60 / 4)
        while not over.wait(pause):
            seen.append(load.memory(server.process))
            pause = LOOK_EVERY

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
