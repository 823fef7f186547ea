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
import signal
import socket
import sys
import threading
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
from consent.server.workers import Workers

if TYPE_CHECKING:
    from flask import Flask

    from consent.counting.journal import Journal

# Seconds between two looks at whether the process that began a worker is still there.
ORPHAN_CHECK = 0.5
# What a process ends with whose parent is gone before it has begun.
ORPHANED = 1
# Of prctl(2).
PR_SET_PDEATHSIG = 1
# Of mallopt(3), and the number of heaps that a worker's threads share.
M_ARENA_MAX = -8
HEAPS = 4
# Looks at whether the port is free: on a busy machine the workers of a killed server take some seconds to end.
FREE_TRIES = 16
# Connections that the kernel keeps until a worker takes them.
BACKLOG = 2048
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
        workers = Workers(partial(_work, config, os.getpid()), read.workers or _cores(), listening)
        workers.run(begun or partial(_say_where, read))


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
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
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


def end_with_parent(parent: int) -> None:
    """Ends this process at once, when the one of this id, which began it, is gone, however it went.

    Not as SIGTERM would: what a client sends slowly would be waited for. Nothing is lost: what was answered is on disk.

    The parent may be gone by now: to begin takes some seconds, and then this process has another parent already.
    """
    if sys.platform == "linux":
        # The kernel sees to it. Where it does not, the watch below does.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(ORPHANED)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_CHECK)
    os.kill(os.getpid(), signal.SIGKILL)


def _say_where(read: Settings) -> None:
    host = f"[{read.host}]" if ":" in read.host else read.host
    click.echo(f"listening: http://{host}:{read.port}/")


def _cores() -> int:
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, 4)


def _work(
    config: dict[str, Any] | None, parent: int, listening: socket.socket, ready: Callable[[], None]
) -> None:
    """What a worker does, from its beginning to its end."""
    end_with_parent(parent)
    _share_heaps()
    _allow_files()
    from consent.server import front, tasks

    app = create_app(config)
    tasks.run(app)
    front.run(app, listening, ready)
    _leave(app)


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
