"""Imports a log of a million lines into SQLite, and says what it cost: `python -m benchmarks.log`.

The lines are in the combined format, of three thousand pages and their pictures, with some robots and errors among
them, from six hundred browsers; a quarter of them are page views. CPU time is that of the whole command, in user and
system; beside it stands that of counting to ten million, to compare machines. Fails above `--most` seconds.
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import click

from benchmarks import load
from benchmarks.load import KEY, ROOT
from benchmarks.ours import SITE, WRITTEN_ORIGIN

PAGES = 3000
BROWSERS = 600
REFERRERS = ("https://www.google.com/", "https://duckduckgo.com/", "https://www.nav.no/side/{}")
ROBOT = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 10; K",
)
SECONDS_OF_CPU = 20.0


@click.command(help=__doc__)
@click.option("--lines", default=1_000_000, show_default=True)
@click.option("--days", default=7, show_default=True)
@click.option("--views", default=0.25, show_default=True)
@click.option("--most", default=SECONDS_OF_CPU, show_default=True)
def main(lines: int, days: int, views: float, most: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log, database = Path(folder) / "access.log", f"sqlite:///{folder}/consent.db"
        load.prepare(database)
        with log.open("w", encoding="utf-8") as file:
            file.writelines(_lines(lines, days, views))
        size = log.stat().st_size / 2**20
        environ = {**os.environ, "CONSENT_SECRET_KEYS": KEY, "CONSENT_DATABASE": database}
        command = [sys.executable, "-m", "consent", "import-log", SITE, str(log)]
        before, began = _spent(), time.monotonic()
        subprocess.run(command, cwd=ROOT, env=environ, check=True)
        cpu, took = _spent() - before, time.monotonic() - began
    click.echo(
        f"{lines:,} lines of {size:.0f} MiB, {days} days, {views:.0%} page views: {cpu:.1f} s of CPU in {took:.1f} s; "
        f"to count to ten million takes {_counting():.2f} s"
    )
    if cpu > most:
        raise click.ClickException(f"more than {most:g} s of CPU.")


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _counting() -> float:
    began, number = time.process_time(), 0
    for each in range(10_000_000):
        number += each
    return time.process_time() - began


def _lines(count: int, days: int, views: float) -> Iterator[str]:
    dice = random.Random(7)
    pages = [f"/artikler/{'abcdefghij'[page % 10]}-emne/side-{page}" for page in range(PAGES)]
    # Few pages have most of the views.
    weights = list(accumulate(1 / (rank + 1) for rank in range(PAGES)))
    # And few browsers.
    shares = weights[:BROWSERS]
    agents = [
        f"Mozilla/5.0 ({dice.choice(SYSTEMS)}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{145 - number // 10}.0.0.0 Safari/537.36 Edg/{145 - number % 20}.0.0.0"
        for number in range(BROWSERS)
    ]
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days + 1)
    for number in range(count):
        moment = began + timedelta(days=days) * (number / count)
        before, page = dice.choices(pages, cum_weights=weights, k=2)
        (agent,) = dice.choices(agents, cum_weights=shares)
        kind, status = dice.random(), 200
        referrer = f"{WRITTEN_ORIGIN}{before}"
        if kind < views * 0.4:
            referrer = dice.choice(REFERRERS).format(number % 999)
        elif kind > 0.8:
            referrer, agent = "-", ROBOT
        elif kind > views:
            referrer, page = f"{WRITTEN_ORIGIN}{page}", f"/static/{number % 400}.webp"
        if kind > 0.95:
            status = 404
        yield (
            f"203.0.{number % 113}.{number % 251} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "
            f'"GET {page} HTTP/1.1" {status} {number % 9999} "{referrer}" "{agent}"\n'
        )


if __name__ == "__main__":
    main()
