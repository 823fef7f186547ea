"""Runs the application on granian: some processes with some threads each, no access log.

The process that begins the others lives as long as they do and answers nothing. So it imports nothing of the
application: that would be a third of the server's memory.
"""

from __future__ import annotations

import atexit
import ctypes
import logging
import multiprocessing
import os
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
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from consent.app import create_app
from consent.core import settings
from consent.core.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from consent.counting.journal import Journal

# Seconds. A worker that has not ended its requests by then is killed; no commit takes as long. So is one that did not
# hear the signal, which came while granian began to listen for it.
GRACE = 15
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
# Seconds between two looks at whether the port is open.
OPEN_CHECK = 0.05


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

    `begun` is called when the port is open. Raises click.ClickException where it is taken, SettingError, and what
    stopped the migration.
    """
    read = settings.read(**(config or {}))
    _prepare_apart(config)
    _require_free(read.host, read.port)
    # A new process for each worker: one that is forked would carry this one's threads and libraries halfway along,
    # and an old program into a new worker.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "consent",
        address=read.host,
        port=read.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=read.workers or _cores(),
        blocking_threads=read.threads,
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=GRACE,
        log_level=LogLevels.error,
    )
    server.on_startup(
        threading.Thread(
            target=_say_when_open,
            args=(read.host, read.port, begun or partial(_say_where, read)),
            daemon=True,
        ).start
    )
    server.serve(target_loader=partial(_worker, config, os.getpid()), wrap_loader=False)


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


def _require_free(host: str, port: int) -> None:
    """Granian would share the port with another server in silence.

    The workers of a server that was killed give it up after a moment.
    """
    for _ in range(FREE_TRIES - 1):
        try:
            listen(host, port).close()
        except click.ClickException:
            time.sleep(ORPHAN_CHECK)
        else:
            return
    listen(host, port).close()


def _say_when_open(host: str, port: int, begun: Callable[[], None]) -> None:
    """The workers open the port, each for itself, when they are ready."""
    while True:
        try:
            with socket.create_connection((host, port)):
                break
        except OSError:
            time.sleep(OPEN_CHECK)
    begun()


def end_with_parent(parent: int) -> None:
    """Ends this process at once, when the one of this id, which began it, is gone, however it went.

    Not as SIGTERM would: granian's handler of that can hang, and then nothing of this process runs any more, while it
    holds what others write with. Nothing is lost: what was answered is on disk.

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


def _worker(config: dict[str, Any] | None, parent: int) -> Flask:
    end_with_parent(parent)
    _share_heaps()
    from consent.server import tasks

    app = create_app(config)
    tasks.run(app)
    atexit.register(_leave, app)
    return app


def _share_heaps() -> None:
    """Where the C library gives each thread a heap of its own, what one has freed the others cannot use."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, HEAPS)


def _leave(app: Flask) -> None:
    """The end of a worker that has answered all it was asked.

    The interpreter is not torn down: a thread of granian's that wants it at this moment would abort the process.
    """
    journal: Journal = app.extensions["consent_journal"]
    journal.settle()
    logging.shutdown()
    os._exit(0)
