"""The counters of days that are not closed: counts are added to them, and nothing else."""

from collections import Counter as Tally
from datetime import date

from sqlalchemy import Connection

from consent.core.bulk import Bulk
from consent.models import Counter

# Day, dimension, value, and what followed.
Cell = tuple[date, str, str, str]
Sums = Tally[tuple[str, Cell]]


def add(connection: Connection, counted: Sums) -> None:
    """Adds the counts of sites' cells. The caller commits."""
    # In one order everywhere, so that two writers never wait for each other crosswise.
    rows = [(site, *cell, count) for (site, cell), count in sorted(counted.items())]
    _ADD.execute(connection, rows)


_ADD = Bulk(
    Counter,
    '(site, day, dimension, value, onward) DO UPDATE SET "count" = stored."count" + excluded."count"',
)
