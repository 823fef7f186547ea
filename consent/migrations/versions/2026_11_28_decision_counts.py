"""Counts of decisions in a table of their own, in place of those that were made of the ledger each time.

The decisions of days that are not closed are counted here once.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from consent.core.db import Json

revision = "2026_11_28_decision_counts"
down_revision = "2026_11_28_outbox"
branch_labels = None
depends_on = None

# Site, day, dimension, value, and what was decided.
Cell = tuple[Any, ...]
KEY = ("site", "day", "dimension", "value", "onward")
# The `counters` had these of what was erased on a day that was not closed.
OF_DECISIONS = "consents.%"
SITES = sa.table("sites", sa.column("site", sa.String), sa.column("closed_through", sa.Date))
VERSIONS = sa.table(
    "versions",
    sa.column("site", sa.String),
    sa.column("number", sa.Integer),
    sa.column("content", Json),
)
DECISIONS = sa.table(
    "decisions",
    sa.column("site", sa.String),
    sa.column("day", sa.Date),
    sa.column("version", sa.Integer),
    sa.column("language", sa.String),
    sa.column("action", sa.String),
    sa.column("source", sa.String),
    sa.column("purposes", Json),
    sa.column("services", Json),
    sa.column("gpc", sa.Boolean),
    sa.column("dnt", sa.Boolean),
    sa.column("device", sa.String),
    sa.column("country", sa.String),
    sa.column("took", sa.Integer),
)
COUNTERS = sa.table(
    "counters",
    sa.column("site", sa.String),
    sa.column("day", sa.Date),
    sa.column("dimension", sa.String),
    sa.column("value", sa.String),
    sa.column("onward", sa.String),
    sa.column("count", sa.BigInteger),
)
COUNTS = sa.table(
    "decision_counts",
    *(sa.column(each.name, each.type) for each in COUNTERS.columns),
    sa.column("slot", sa.SmallInteger),
)


def upgrade() -> None:
    op.create_table(
        "decision_counts",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("dimension", sa.String(20), nullable=False),
        sa.Column("value", sa.String(300), nullable=False),
        sa.Column("onward", sa.String(20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "site", "day", "slot", "dimension", "value", "onward", name=op.f("pk_decision_counts")
        ),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    counts = Counter(_in_ledger(connection))
    of_erased = COUNTERS.c.dimension.like(OF_DECISIONS)
    for *cell, count in connection.execute(sa.select(COUNTERS).where(of_erased)):
        counts[tuple(cell)] += count
    connection.execute(sa.delete(COUNTERS).where(of_erased))
    _insert(connection, COUNTS, counts, slot=0)


def downgrade() -> None:
    connection = op.get_bind()
    counts: Counter[Cell] = Counter()
    for row in connection.execute(sa.select(COUNTS)).mappings():
        counts[tuple(row[name] for name in KEY)] += row["count"]
    counts.subtract(_in_ledger(connection))
    _insert(connection, COUNTERS, +counts)
    op.drop_table("decision_counts")


def _insert(connection: sa.Connection, table: Any, counts: Counter[Cell], **more: int) -> None:
    rows = [
        {**dict(zip(KEY, cell, strict=True)), "count": count, **more}
        for cell, count in counts.items()
    ]
    if rows:
        connection.execute(sa.insert(table), rows)


def _in_ledger(connection: sa.Connection) -> Iterator[Cell]:
    """What is counted of each decision of a day that is not closed."""
    asked = {
        (site, number): {
            each["key"]: each["purpose"]
            for each in content.get("services", ())
            if each["purpose"] != "necessary"
        }
        for site, number, content in connection.execute(sa.select(VERSIONS))
    }
    query = sa.select(DECISIONS).join_from(
        DECISIONS,
        SITES,
        (DECISIONS.c.site == SITES.c.site)
        & (SITES.c.closed_through.is_(None) | (DECISIONS.c.day > SITES.c.closed_through)),
    )
    for row in connection.execute(query).mappings():
        services = asked[row["site"], row["version"]]
        for cell in _of_decision(row, services):
            yield row["site"], row["day"], *cell


def _of_decision(row: Any, services: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    action, purposes = row["action"], row["purposes"]
    yield "consents.action", action, ""
    if action != "withdraw" and row["source"] != "privacy" and not (row["gpc"] or row["dnt"]):
        yield "consents.answer", action, ""
    for purpose, granted in purposes.items():
        yield "consents.purpose", purpose, "granted" if granted else "refused"
    for service, purpose in services.items():
        granted = row["services"].get(service, purposes.get(purpose, False))
        yield "consents.service", service, "granted" if granted else "refused"
    yield "consents.language", row["language"], action
    yield "consents.device", row["device"], action
    yield "consents.country", row["country"] or "unknown", action
    yield "consents.version", str(row["version"]), action
    if action != "withdraw":
        yield "consents.took", "unknown" if row["took"] is None else str(row["took"]), action
