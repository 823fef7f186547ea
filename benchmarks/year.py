"""Counts a day of a million page views, and asks about a year of a busy site: `python -m benchmarks.year`.

wrk sends hits of five thousand pages until so many are answered. Then each dimension must add up to exactly the page
views or visits, no more values than the bound may have a name, and memory is that of the beginning. Then a year of such
days is written as figures, each with as many values as a day shows, and every question is asked over the whole year.
"""

import json
import os
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import click
from sqlalchemy import create_engine, func, select, update
from sqlalchemy.orm import Session

from benchmarks import load, report
from benchmarks.load import CONNECTIONS, Server
from benchmarks.ours import SITE
from consent.core.settings import database_url
from consent.counting.bounds import MOST
from consent.models import Counter
from consent.models import Site as SiteRow
from consent.stats import closing, consents, figures, visits
from consent.stats.figures import FigureRow
from tests import postgres

# Seconds of one run of wrk.
RUN = 10
# The dimensions of a hit, and what they add up to.
PARTS = {
    "views": ("page", "hour"),
    "visits": ("entry", "referrer", "browser", "system", "device", "language"),
}
DAYS = 365
TRIES = 15


@click.command(help=__doc__)
@click.option("--hits", default=1_000_000, show_default=True)
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="File for the tables in Markdown."
)
def main(hits: int, markdown: Path | None) -> None:
    parts = [
        f"# Page views and their statistics, measured\n\nMeasured with `make bench-visits` on "
        f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {os.cpu_count()} cores."
    ]
    with tempfile.TemporaryDirectory() as folder, postgres.cluster() as cluster:
        for name, url in {
            "SQLite": f"sqlite:///{folder}/consent.db",
            "PostgreSQL": cluster.url(),
        }.items():
            token = load.prepare(url)
            with load.ours(url, token) as server:
                counted = _count(server, url, hits)
            _fill(url)
            with load.ours(url, token) as server:
                lines = _ask(server)
            click.echo(f"\n{name}\n{counted}\n{report.as_text(lines)}")
            parts += [f"## {name}", counted, report.as_markdown(lines)]
    if markdown:
        markdown.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _count(server: Server, url: str, hits: int) -> str:
    load.ask(server, "day", RUN)  # caches, connections, threads
    time.sleep(1)  # until all that wrk left behind is written
    before, (_, stored_before) = load.memory(server.process), load.rows(url)
    answered, runs, began = 0, 0, time.monotonic()
    while answered < hits:
        found = load.ask(server, "day", RUN)
        if found.failed:
            raise click.ClickException(f"{found.failed} hits failed.")
        answered, runs = answered + found.answered, runs + 1
    took = time.monotonic() - began
    time.sleep(1)
    after, (_, stored) = load.memory(server.process), load.rows(url)
    if not answered <= stored - stored_before <= answered + runs * CONNECTIONS:
        raise click.ClickException(f"{answered} were answered, {stored - stored_before} counted.")
    named = _add_up(url)
    return report.prose(
        f"The server answered {answered:,} page views of 5,000 pages in {took:.0f} s and counted "
        f"{stored - stored_before:,}: up to {CONNECTIONS} in each run of {RUN} s were under way when wrk stopped. Each "
        f"dimension adds up to exactly the page views or visits. {named:,} pages have a name. Memory was "
        f"{before:.0f} MiB before and {after:.0f} MiB after."
    )


def _add_up(url: str) -> int:
    """Raises ClickException where a dimension does not add up. How many pages have a name."""
    with Session(create_engine(database_url(url))) as session:
        sums = session.execute(
            select(Counter.day, Counter.dimension, Counter.value, func.sum(Counter.count))
            .where(Counter.site == SITE, Counter.dimension == "total")
            .group_by(Counter.day, Counter.dimension, Counter.value)
        ).all()
        for day, _, total, count in sums:
            for dimension in PARTS[total]:
                query = select(func.sum(Counter.count), func.count()).where(
                    Counter.site == SITE, Counter.day == day, Counter.dimension == dimension
                )
                whole, values = session.execute(query).one()
                if whole != count or values > MOST + 1:
                    raise click.ClickException(f"{dimension}: {whole} of {count}, {values} values.")
        named = session.scalar(
            select(func.count()).select_from(Counter).where(Counter.dimension == "page")
        )
    return int(named or 0)


def _fill(url: str) -> None:
    engine = create_engine(database_url(url))
    today = datetime.now(UTC).date()
    with click.progressbar(range(DAYS), label="A year") as days:
        for ago in days:
            day = today - timedelta(days=DAYS - ago)
            with engine.begin() as connection:
                figures.add(connection, SITE, day, figures_of(day))
    with engine.begin() as connection:
        connection.execute(update(SiteRow).values(closed_through=today - timedelta(days=1)))
    engine.dispose()


def figures_of(day: date, most: int = closing.MOST_SHOWN) -> list[FigureRow]:
    """As many values as a day shows of each dimension, or fewer; some others on each day."""
    shift = day.toordinal() % 7
    rows = [FigureRow("total", "views", "", 1_000_000), FigureRow("total", "visits", "", 400_000)]
    for dimension in ("page", "entry", "exit", "referrer", "network"):
        rows += [
            FigureRow(dimension, f"/{dimension}/{value + shift}", "", 2000 - value)
            for value in range(most)
        ]
    rows += [
        FigureRow("flow", f"/page/{value % 50 + shift}", f"/page/{value // 30}", 100)
        for value in range(2 * most)
    ]
    rows += [FigureRow("hour", f"{hour:02}", "", 40_000) for hour in range(24)]
    for dimension in ("browser", "system", "device", "language", "campaign"):
        rows += [FigureRow(dimension, f"{dimension} {value}", "", 9000) for value in range(20)]
    rows += [FigureRow("consents.action", action, "", 900) for action in consents.ACTIONS]
    rows += [
        FigureRow("consents.purpose", "analytics", outcome, 1800)
        for outcome in ("granted", "refused")
    ]
    for dimension in consents.BROKEN_DOWN:
        values = ("1",) if dimension == "consents.version" else map(str, range(1, 6))
        for value in values:
            rows += [
                FigureRow(dimension, value, "", 900),
                FigureRow(dimension, value, "accept", 300),
            ]
    return rows


def _ask(server: Server) -> list[list[str]]:
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=DAYS - 1)
    lines = [["a year, in ms", "p50", "p95", "rows"]]
    for what, dimensions in (("visits", visits.DIMENSIONS), ("consents", consents.DIMENSIONS)):
        for by in dimensions:
            request = urllib.request.Request(
                f"{server.address}/api/v1/sites/{SITE}/stats/{what}?by={by}&from={first}&to={last}",
                headers={"Authorization": f"Bearer {server.token}"},
            )
            took = []
            for _ in range(TRIES):
                began = time.perf_counter()
                with urllib.request.urlopen(request, timeout=60) as answer:
                    found = json.load(answer)
                took.append((time.perf_counter() - began) * 1000)
            p95 = quantiles(took, n=20)[-1]
            lines.append(
                [f"{what} by {by}", f"{median(took):.0f}", f"{p95:.0f}", str(len(found["rows"]))]
            )
    return lines


if __name__ == "__main__":
    main()
