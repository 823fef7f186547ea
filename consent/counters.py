"""The counters of days that are not closed: counts are added to them, and nothing else."""

from collections import Counter as Tally
from datetime import date

from sqlalchemy import Connection

from consent.db import Bulk
from consent.models import Counter

# Day, dimension, value, and what followed.
Cell = tuple[date, str, str, str]
Sums = Tally[tuple[str, Cell]]

# Rows in one statement; SQLite allows 32,766 values.
ROWS_AT_ONCE = 1000


def add(connection: Connection, counted: Sums) -> None:
    """Adds the counts of sites' cells. The caller commits."""
    # In one order everywhere, so that two writers never wait for each other crosswise.
    rows = [(site, *cell, count) for (site, cell), count in sorted(counted.items())]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        connection.exec_driver_sql(
            *_ADD.statement(connection.dialect, rows[start : start + ROWS_AT_ONCE])
        )


_ADD = Bulk(
    Counter,
    '(site, day, dimension, value, onward) DO UPDATE SET "count" = stored."count" + excluded."count"',
)
