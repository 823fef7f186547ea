"""The connection to PostgreSQL. A module of its own, so that a server on SQLite loads no driver of it."""

import time
from typing import Any, Self

import psycopg

from consent.core.settings import DATABASE_PATIENCE


class PatientConnection(psycopg.Connection[Any]):
    """A connection to PostgreSQL that is given up when the server falls silent, instead of waiting for ever."""

    patience: float | None = DATABASE_PATIENCE

    @classmethod
    def connect(cls, *arguments: Any, **named: Any) -> Self:
        made = super().connect(*arguments, **named)
        # Its plan for figures of any dimension is one for several processes, and to begin them takes longer than to sum
        # up a year of most.
        made.execute("SET max_parallel_workers_per_gather = 0")
        made.commit()
        return made

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        began = time.monotonic()
        try:
            return super().wait(gen, interval, timeout or self.patience)
        except psycopg.OperationalError:
            if self.patience is None or time.monotonic() - began < self.patience:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"the server has not answered for {self.patience} seconds"
            ) from None
