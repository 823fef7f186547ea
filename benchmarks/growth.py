"""Measures whether the server slows down as it fills: `python -m benchmarks.growth`.

A database gets ever more decisions, spread over 400 days, and 400 days of counters. At each size wrk asks what
benchmarks.server asks, and the figures stand beside those of the smallest.
"""

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from benchmarks import load, report
from benchmarks.ours import SITE
from benchmarks.server import WHAT
from consent.core.settings import database_url
from consent.stats import closing
from tests import postgres

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
DAYS = 400
PAGES = 200
# Each with so many connections: members of staff are fewer than visitors.
ASKED = {"decision": 32, "hit": 32, "script": 32, "visits": 2, "consents": 2}
# Rows in one statement: what goes wrong is seen early, and memory stays small.
AT_ONCE = 500_000

# A row for each number from :first to :last; ids are UUIDv7, whose time is that of the decision.
SQLITE = """
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last),
t AS (SELECT i, :begin + CAST((i - :zero) * :step AS INTEGER) AS s FROM n),
u AS (SELECT i, s, printf('%012x7', s * 1000 + i % 1000) AS head FROM t)
INSERT INTO decisions (site, id, visitor, version, language, words_hash, action, source, purposes, services, gpc, dnt,
  device, decided_at, day)
SELECT :site, head || lower(substr(hex(randomblob(2)), 2)) || '8' || lower(substr(hex(randomblob(8)), 2)),
  head || lower(substr(hex(randomblob(2)), 2)) || '8' || lower(substr(hex(randomblob(8)), 2)), 1,
  CASE i % 3 WHEN 0 THEN 'en' ELSE 'nb' END, :words, CASE i % 2 WHEN 0 THEN 'accept' ELSE 'refuse' END, 'banner',
  CASE i % 2 WHEN 0 THEN '{"analytics": true}' ELSE '{"analytics": false}' END, '{}',
  0, 0, CASE i % 4 WHEN 0 THEN 'desktop' ELSE 'phone' END, strftime('%Y-%m-%d %H:%M:%S.000000', s, 'unixepoch'),
  date(s, 'unixepoch')
FROM u
"""
POSTGRESQL = """
INSERT INTO decisions (site, id, visitor, version, language, words_hash, action, source, purposes, services, gpc, dnt,
  device, decided_at, day)
SELECT :site, (head || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid,
  (head || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid, 1,
  CASE i % 3 WHEN 0 THEN 'en' ELSE 'nb' END, :words, CASE i % 2 WHEN 0 THEN 'accept' ELSE 'refuse' END, 'banner',
  CASE i % 2 WHEN 0 THEN '{"analytics": true}' ELSE '{"analytics": false}' END::jsonb,
  '{}', false, false, CASE i % 4 WHEN 0 THEN 'desktop' ELSE 'phone' END, to_timestamp(s), to_timestamp(s)::date
FROM (
  SELECT i, s, lpad(to_hex(s * 1000 + i % 1000), 12, '0') || '7' AS head
  FROM (
    SELECT i, :begin + ((i - :zero) * CAST(:step AS double precision))::bigint AS s
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i
  ) AS t
) AS u
"""

# What the server counts of each decision when it stores it; these have one answer in two.
COUNTED = """
INSERT INTO decision_counts (site, day, slot, dimension, value, onward, count)
SELECT site, day, 0, :dimension, {value}, {onward}, count(*) FROM decisions GROUP BY 1, 2, 5, 6
"""
ANALYTICS = "CASE action WHEN 'accept' THEN 'granted' ELSE 'refused' END"
# Dimension → its value and what was decided, as SQL.
DIMENSIONS = {
    "consents.action": ("action", "''"),
    "consents.answer": ("action", "''"),
    "consents.purpose": ("'analytics'", ANALYTICS),
    "consents.language": ("language", "action"),
    "consents.device": ("device", "action"),
    "consents.country": ("'unknown'", "action"),
    "consents.version": ("'1'", "action"),
    "consents.took": ("'unknown'", "action"),
}


@click.command(help=__doc__)
@click.option("--seconds", default=5, show_default=True, help="For which each path is asked.")
@click.option("--largest", default=SIZES[-1], show_default=True, help="Decisions to end with.")
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="File for the tables in Markdown."
)
def main(seconds: int, largest: int, markdown: Path | None) -> None:
    sizes = [size for size in SIZES if size <= largest]
    introduction = report.prose(
        f"Measured with `make bench-growth` on {datetime.now(UTC):%Y-%m-%d}. wrk requests each path for {seconds} s. "
        f"The database has the decisions that the row names, and {DAYS} days of counters of {PAGES} pages. In "
        "brackets is the ratio to the rate in the first row."
    )
    parts = [f"# The server as it fills, measured\n\n{introduction}"]
    with tempfile.TemporaryDirectory() as folder, postgres.cluster() as cluster:
        for name, url in {
            "SQLite": f"sqlite:///{folder}/consent.db",
            "PostgreSQL": cluster.url(),
        }.items():
            lines = _measure(url, sizes, seconds)
            click.echo(f"\n{name}\n{report.as_text(lines)}")
            parts += [f"## {name}", report.as_markdown(lines)]
    if markdown:
        markdown.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _measure(url: str, sizes: list[int], seconds: int) -> list[list[str]]:
    token = load.prepare(url)
    lines = [["a second", *(WHAT[name] for name in ASKED)]]
    first: dict[str, float] = {}
    filled = 0
    for size in sizes:
        fill(url, filled, size)
        filled = size
        with load.ours(url, token) as ours:
            line = [f"{size:,} decisions"]
            for name, connections in ASKED.items():
                load.ask(ours, name, 1, connections=connections)
                rate = load.ask(ours, name, seconds, connections=connections).rate
                line.append(
                    f"{rate:,.{0 if rate > 100 else 1}f} ({rate / first.setdefault(name, rate):.2f})"
                )
        lines.append(line)
    return lines


def fill(url: str, first: int, last: int) -> None:
    """Adds the decisions from the number `first` to `last`, over all days; with the first of them, the counters."""
    engine = create_engine(database_url(url))
    begin = datetime.now(UTC) - timedelta(days=DAYS)
    insert = text(SQLITE if engine.dialect.name == "sqlite" else POSTGRESQL)
    with click.progressbar(length=last - first, label=f"{last:,} decisions") as bar:
        for start in range(first, last, AT_ONCE):
            end = min(start + AT_ONCE, last)
            with engine.begin() as connection:
                if start == 0:
                    _count(connection, begin.date())
                words = connection.scalar(text("SELECT words_hash FROM version_texts LIMIT 1"))
                connection.execute(
                    insert,
                    {
                        "first": start,
                        "last": end - 1,
                        "begin": int(begin.timestamp()),
                        "zero": first,
                        "step": DAYS * 86_400 / (last - first),
                        "site": SITE,
                        "words": words,
                    },
                )
            bar.update(end - start)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM decision_counts"))
        for dimension, (value, onward) in DIMENSIONS.items():
            counted = text(COUNTED.format(value=value, onward=onward))
            connection.execute(counted, {"dimension": dimension})
    with Session(engine) as session:
        closing.close_all(session, datetime.now(UTC))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _count(connection: Connection, begin: date) -> None:
    cells = [("total", "views", 1000), ("total", "visits", 400)]
    cells += [("page", f"/page/{number}", 11 + number) for number in range(PAGES)]
    cells += [("entry", f"/page/{number}", 11 + number // 2) for number in range(PAGES)]
    cells += [("hour", f"{hour:02}", 40) for hour in range(24)]
    connection.execute(
        text(
            "INSERT INTO counters (site, day, dimension, value, onward, count) "
            "VALUES (:site, :day, :dimension, :value, '', :count)"
        ),
        [
            {
                "site": SITE,
                "day": begin + timedelta(days=day),
                "dimension": dimension,
                "value": value,
                "count": count,
            }
            for day in range(DAYS)
            for dimension, value, count in cells
        ],
    )


if __name__ == "__main__":
    main()
