"""Runs the application: some processes, each an event loop with some threads, no access log.

The process that begins the others lives as long as they do and answers nothing. So it imports nothing of the
application: that would be a third of the server's memory.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from consent.app import create_app
from consent.core import settings
from consent.core.settings import Settings
from consent.server import workers
from consent.server.parents import ORPHAN_CHECK, end_with_parent
from consent.server.workers import Work

if TYPE_CHECKING:
    from flask import Flask

    from consent.counting.journal import Journal

# Of mallopt(3), and the number of heaps that a worker's threads share.
M_ARENA_MAX = -8
HEAPS = 4
# Looks at whether the port is free: on a busy machine the workers of a killed server take some seconds to end.
FREE_TRIES = 16
# Files that a worker may have open, if the system allows it.
MOST_FILES = 65_536


def ready_app(config: dict[str, Any] | None = None) -> Flask:
    """The application, with its database at the newest schema."""
    from consent.core.db import db, migrate

    app = create_app(config)
    with app.app_context():
        migrate(db.engine)
    return app


def serve(config: dict[str, Any] | None = None, begun: Callable[[], None] | None = None) -> None:
    """Serves until the process is told to stop. SIGTERM and SIGINT end it when all that was asked is answered;
    SIGHUP puts new workers, with the program as it is installed then, in the place of the old ones.

    `begun` is called when the workers answer. Raises click.ClickException where the port is taken, SettingError, and
    what stopped the migration.
    """
    read = settings.read(**(config or {}))
    _prepare_apart(config)
    with _listening(read.host, read.port) as listening:
        workers.run(
            partial(_load, config),
            read.workers or _cores(),
            listening,
            begun or partial(_say_where, read),
        )


def _prepare_apart(config: dict[str, Any] | None) -> None:
    """Does what comes before the first worker, in a process that ends with it."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawning, end_with_parent, (os.getpid(),)) as child:
        try:
            child.submit(_prepare, config).result()
        except BrokenProcessPool:
            raise click.ClickException(
                "the process that prepares the database was ended."
            ) from None


def _prepare(config: dict[str, Any] | None) -> None:
    app = ready_app(config)
    journal: Journal = app.extensions["consent_journal"]
    journal.settle()  # what a killed server left


def listen(
    host: str, port: int, mend: str = "Set another address or a free port."
) -> socket.socket:
    """A socket that listens. Raises click.ClickException where the port is taken, with `mend` at its end."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port}: {error.strerror}. {mend}"
        ) from None


def _listening(host: str, port: int) -> socket.socket:
    """As `listen`; the workers of a server that was killed give up its port after a moment."""
    for _ in range(FREE_TRIES - 1):
        try:
            return listen(host, port)
        except click.ClickException:
            time.sleep(ORPHAN_CHECK)
    return listen(host, port)


def _say_where(read: Settings) -> None:
    host = f"[{read.host}]" if ":" in read.host else read.host
    click.echo(f"listening: http://{host}:{read.port}/")


def _cores() -> int:
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, 4)


def _load(config: dict[str, Any] | None) -> Work:
    """Loads the program, and returns what a worker does."""
    _share_heaps()
    from consent.counting.useragent import classify
    from consent.server import front, tasks

    app = create_app(config)
    classify("")  # loads tens of megabytes the first time

    def work(listening: socket.socket, ready: Callable[[], object]) -> None:
        _allow_files()
        tasks.run(app)
        front.run(app, listening, ready)
        _leave(app)

    return work


def _share_heaps() -> None:
    """Where the C library gives each thread a heap of its own, what one has freed the others cannot use."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, HEAPS)


def _allow_files() -> None:
    """Each connection is a file; the kernel's first limit is a low one, for programs of another time."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _leave(app: Flask) -> None:
    """The end of a worker that has answered all it was asked.

    The interpreter is not torn down: the threads of tasks would have to come to an end first.
    """
    journal: Journal = app.extensions["consent_journal"]
    journal.settle()
    logging.shutdown()
    os._exit(0)
