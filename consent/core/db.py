"""The database: its session, the base of all tables, and how each engine is made durable."""

from __future__ import annotations

import fcntl
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import IO, TYPE_CHECKING, Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Engine,
    MetaData,
    event,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from consent.core import paths
from consent.core.settings import DATABASE_PATIENCE

if TYPE_CHECKING:
    from alembic.config import Config

# Flask-SQLAlchemy gives engines and a session per request; the tables stand on a plain base of their
# own, so that rules and migrations need no app.
db = SQLAlchemy()


# Comparable on PostgreSQL, whose plain JSON is not.
Json = JSON().with_variant(postgresql.JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond. SQLite keeps no time zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime()}


def _json(value: Any) -> str:
    return to_json(value).decode()


def engine_options(url: str, threads: int) -> dict[str, Any]:
    """What the engine is made with, for a process with so many threads."""
    options: dict[str, Any] = {
        # Errors are logged; what somebody decided is not.
        "hide_parameters": True,
        "json_serializer": _json,
        # One for each thread that makes pages, and for the writers. Threads that ask now and then take the overflow.
        "pool_size": threads + 2,
    }
    if url.startswith("postgresql"):
        options["pool_pre_ping"] = True
        options["connect_args"] = {"connect_timeout": DATABASE_PATIENCE // 2}
    return options


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, _record: Any, arguments: Any, named: Any) -> Any:
    if dialect.name == "postgresql":
        # Imported here, since on SQLite nobody needs its driver.
        from consent.core.patience import PatientConnection

        return PatientConnection.connect(*arguments, **named)
    return None


@event.listens_for(Engine, "connect")
def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # FULL syncs the log at each commit: what was answered survives a power cut. The default of WAL,
    # NORMAL, survives only the death of the process. Pages that were read the system keeps; 500 kB for each thread's
    # connection is enough beside that, where the default of 2 MB adds up.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "cache_size=-500",
    ):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """A transaction that only writes."""
    with _turn(engine), engine.begin() as connection:
        yield connection


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    file = turn_file(engine)
    if file is None:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def turn_file(engine: Engine) -> IO[str] | None:
    """The file whose lock is the turn to write to this SQLite file, among all processes; None for another database.

    SQLite itself waits by looking again and again, ever more seldom, while others come first.
    """
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return None
    return open(path + "-turn", "w")  # noqa: PTH123 -- a third of the time of Path's; whoever asks closes it


def upsert(session: Session, table: Any) -> Any:
    """An INSERT of the session's own dialect, the one that knows ON CONFLICT."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


MIGRATIONS = paths.PACKAGE / "migrations"


def migrations() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


# Any number that no other program takes on the same database.
MIGRATION_LOCK = 7_300_715


def migrate(engine: Engine) -> None:
    """Brings the schema up to the newest migration; does nothing when it is there."""
    with engine.connect() as connection:
        if _revision(connection) == _head():
            return
    # Imported here, since it takes longer to load than most commands to run, and is seldom needed.
    from alembic import command

    config = migrations()
    with engine.begin() as connection:
        # Several processes may start at once: one migrates, the others wait and find it done.
        if connection.dialect.name == "sqlite":
            # Without this each statement would commit alone, and a crash leave half a schema.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            driver: Any = connection.connection.driver_connection
            driver.patience = None  # a large table takes its time
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if engine.dialect.name != "sqlite":
        engine.dispose()  # and with it the connection that waits for ever


def is_current(session: Session) -> bool:
    """Whether the schema is the one that this program was written for."""
    return _revision(session.connection()) == _head()


# Alembic's table, of one row.
VERSION = text("SELECT version_num FROM alembic_version")
REVISION = re.compile(r'^(down_)?revision = "([^"]+)"', re.MULTILINE)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(VERSION)
    return found


@cache
def _head() -> str:
    """The newest migration: the one that no other follows."""
    scripts = [path.read_text(encoding="utf-8") for path in (MIGRATIONS / "versions").glob("*.py")]
    found = [each for script in scripts for each in REVISION.findall(script)]
    before = {name for is_before, name in found if is_before}
    (head,) = {name for _, name in found} - before
    return str(head)
