"""Many rows in one statement, past SQLAlchemy, whose own way takes as long as the database does for its work."""

from __future__ import annotations

import fcntl
import select
from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from consent.core.db import turn_file

# Rows in one statement of PostgreSQL, so that none takes long.
ROWS_AT_ONCE = 10_000
# Kilobytes of cache of a kept connection to SQLite: new rows go to all parts of an index.
INDEX_CACHE = 4_000
# SQLSTATE.
DIVISION_BY_ZERO = "22012"

Rows = Sequence[Sequence[Any]]


class Bulk:
    """Inserts rows of a table, whose values stand in the order of its columns.

    Values pass through SQLAlchemy's own conversions. `conflict` is what follows ON CONFLICT.
    """

    def __init__(self, table: Any, conflict: str) -> None:
        self._table: Table = table.__table__
        self._tail = f" ON CONFLICT {conflict}"
        self._prepared: dict[str, tuple[list[Any], list[str]]] = {}

    def execute(self, connection: Connection, rows: Rows) -> None:
        """Inserts any number of rows, where nobody asks which of them are new."""
        dialect = connection.dialect
        if dialect.name == "sqlite" and rows:
            # Row by row: what the driver prepares for a statement it keeps, and it would grow with the rows.
            connection.exec_driver_sql(self.text(dialect), self.values(dialect, rows))
            return
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = self.columns(dialect, rows[start : start + ROWS_AT_ONCE])
            connection.exec_driver_sql(self.text(dialect), tuple(some))

    def count_written(self, connection: Connection, rows: Rows) -> int:
        """Inserts the rows as `conflict` says, and says how many it let in.

        The rows that come back are counted: a distributed PostgreSQL reports what it was given as what it did.
        """
        dialect = connection.dialect
        is_sqlite = dialect.name == "sqlite"
        given = self.flat(dialect, rows) if is_sqlite else tuple(self.columns(dialect, rows))
        statement = self.text(dialect, len(rows)) + self.returning()
        return len(connection.exec_driver_sql(statement, given).all())

    def values(self, dialect: Dialect, rows: Rows) -> list[tuple[Any, ...]]:
        """The rows as the driver takes them."""
        return list(zip(*self.columns(dialect, rows), strict=True))

    def flat(self, dialect: Dialect, rows: Rows) -> tuple[Any, ...]:
        """All values of the rows, one after the other, as the driver takes them."""
        return tuple(chain.from_iterable(self.values(dialect, rows)))

    def columns(self, dialect: Dialect, rows: Rows) -> list[Any]:
        """The rows' values by column, as the driver takes them."""
        convert, _ = self._of(dialect)
        return [
            list(column) if to is None else [to(value) for value in column]
            for to, column in zip(convert, zip(*rows, strict=True), strict=True)
        ]

    def text(self, dialect: Dialect, count: int = 1, placeholder: str = "%s") -> str:
        """The statement: on SQLite for `count` rows, on PostgreSQL for an array a column."""
        _, types_of = self._of(dialect)
        if dialect.name == "postgresql":
            # The same text whatever the number of rows, so that the plan is made once.
            arrays = ", ".join(f"{placeholder}::{each}[]" for each in types_of)
            source = f"SELECT * FROM unnest({arrays})"  # noqa: S608 -- names of ours only
        else:
            one = f"({', '.join('?' * len(types_of))})"
            source = f"VALUES {', '.join([one] * count)}"
        names = ", ".join(self._table.columns.keys())
        return f"INSERT INTO {self._table.name} AS stored ({names}) {source}{self._tail}"

    def returning(self) -> str:
        """What makes the statement answer with a line for each row that it has inserted."""
        return f" RETURNING {next(iter(self._table.primary_key)).name}"

    def _of(self, dialect: Dialect) -> tuple[list[Any], list[str]]:
        if dialect.name not in self._prepared:
            types = [column.type.dialect_impl(dialect) for column in self._table.columns]
            self._prepared[dialect.name] = (
                [each.bind_processor(dialect) for each in types],
                [each.compile(dialect) for each in types],
            )
        return self._prepared[dialect.name]


class KeptInsert:
    """Inserts groups of new rows, each in a transaction of its own, on a connection of the driver that is kept.

    With them come rows of another table, which are written if all of the group are new. For one thread. After any
    error the connection is thrown away, and the next group opens another.
    """

    def __init__(self, engine: Engine, bulk: Bulk, beside: Bulk) -> None:
        self._engine = engine
        self._bulk = bulk
        self._beside = beside
        self._connection: Any = None
        self._turn: Any = None

    def insert(self, rows: Rows, beside: Rows) -> bool:
        """Whether all `rows` are new, and committed with those `beside` them. If not, nothing is written.

        Raises SQLAlchemy's errors, as the engine does.
        """
        is_sqlite = self._engine.dialect.name == "sqlite"
        insert = self._on_sqlite if is_sqlite else self._on_postgresql
        try:
            return insert(rows, beside)
        except self._engine.dialect.loaded_dbapi.Error as error:
            self.close()
            raise DBAPIError.instance(
                None,
                None,
                error,
                self._engine.dialect.loaded_dbapi.Error,
                hide_parameters=True,
                dialect=self._engine.dialect,
            ) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        connection, turn, self._connection, self._turn = self._connection, self._turn, None, None
        for each in (connection, turn):
            if each is not None:
                each.close()

    def _on_sqlite(self, rows: Rows, beside: Rows) -> bool:
        dialect = self._engine.dialect
        # One statement each: the driver lets other threads run at each row of several, and then waits for its turn.
        insert, insert_beside = (
            (bulk.text(dialect, len(some)), bulk.flat(dialect, some))
            for bulk, some in ((self._bulk, rows), (self._beside, beside))
        )
        if self._connection is None:
            self._turn = turn_file(self._engine)
            self._connection = self._open()
            # The statements below say where a transaction begins and ends.
            self._connection.isolation_level = None
            self._connection.execute(f"PRAGMA cache_size=-{INDEX_CACHE}")
        connection = self._connection
        if self._turn:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            connection.execute("BEGIN IMMEDIATE")
            written: int = connection.execute(*insert).rowcount
            is_whole = written == len(rows)
            if is_whole:
                connection.execute(*insert_beside)
            connection.execute("COMMIT" if is_whole else "ROLLBACK")
        finally:
            if self._turn:
                fcntl.flock(self._turn, fcntl.LOCK_UN)
        return is_whole

    def _on_postgresql(self, rows: Rows, beside: Rows) -> bool:
        dialect = self._engine.dialect
        if self._connection is not None and _has_been_left(self._connection):
            self.close()
        if self._connection is None:
            self._connection = self._open()
            # The statement is the transaction, in one round trip.
            self._connection.autocommit = True
        new = self._bulk.text(dialect, placeholder="%b") + self._bulk.returning()
        # What is counted is what comes back: a distributed PostgreSQL reports what it was given. Where that is less
        # than the whole, dividing by zero undoes all of it.
        beside_them = self._beside.text(dialect, placeholder="%b")
        statement = (
            f"WITH new AS ({new}), beside AS ({beside_them}) "  # noqa: S608 -- names of ours only
            "SELECT 1 / (count(*) = %b::bigint)::int AS all_are_new FROM new"
        )
        values = (
            *self._bulk.columns(dialect, rows),
            *self._beside.columns(dialect, beside),
            len(rows),
        )
        try:
            self._connection.execute(statement, values, prepare=True, binary=True)
        except self._engine.dialect.loaded_dbapi.DataError as error:
            if error.sqlstate != DIVISION_BY_ZERO:
                raise
            return False
        return True

    def _open(self) -> Any:
        """A connection made as the engine makes its own, and no part of its pool."""
        made = self._engine.raw_connection()
        driver = made.driver_connection
        made.detach()
        return driver


def _has_been_left(connection: Any) -> bool:
    """Whether the server has something to say that nobody asked: it has closed the connection, or is about to."""
    look = select.poll()  # select(2) knows no more than 1,024 files
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))
