"""The processes that answer: begun, replaced when one ends, and ended, by one that answers nothing itself.

They share a socket, which is open as long as that one lives: who comes while a worker is replaced waits for the next.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import NamedTuple

# What a worker runs: given the socket, it calls the function when it is ready, and returns when it is told to end.
Work = Callable[[socket.socket, Callable[[], None]], None]

# Seconds. A worker that has not ended its requests by then is killed; no commit takes as long.
GRACE = 15.0
# Seconds until another one is begun in the place of one that ended by itself, so that one which cannot begin does not
# keep the machine busy.
PAUSE = 1.0

log = logging.getLogger(__name__)


class Worker(NamedTuple):
    process: multiprocessing.process.BaseProcess
    # Says a word when the worker is ready.
    ready: Pipe


class Workers:
    """So many processes that do this work."""

    def __init__(self, work: Work, count: int, listening: socket.socket) -> None:
        self._work = work
        self._count = count
        self._listening = listening
        # A new process for each: one that is forked would carry this one's threads and libraries halfway along, and an
        # old program into a new worker.
        self._spawning = multiprocessing.get_context("spawn")
        self._workers: list[Worker] = []
        # Told by signals: bytes in a pipe wake whoever waits.
        self._told, self._tell = socket.socketpair()
        self._tell.setblocking(False)

    def run(self, begun: Callable[[], None]) -> None:
        """Returns when SIGTERM or SIGINT has come and all have ended. SIGHUP: new ones take the places of all.

        `begun` is called when they are ready.
        """
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, self._hear)
        for _ in range(self._count):
            self._workers.append(self._begin())
        self._wait_until_ready(self._workers)
        begun()
        while True:
            waited = wait([self._told, *(each.process.sentinel for each in self._workers)])
            if self._told not in waited:
                self._replace()
                continue
            heard = self._told.recv(64)
            if signal.SIGTERM in heard or signal.SIGINT in heard:
                break
            self._renew()
        self._end(self._workers)

    def _wait_until_ready(self, workers: list[Worker]) -> bool:
        """Waits until each of them answers. False: not all will, or all are to end."""
        for each in workers:
            if self._told in wait([self._told, each.ready]):
                return False
            try:
                each.ready.recv_bytes()
            except EOFError:  # it has ended instead
                return False
        return True

    def _hear(self, number: int, _: object) -> None:
        self._tell.send(bytes([number]))

    def _begin(self) -> Worker:
        ready, says = self._spawning.Pipe(duplex=False)
        process = self._spawning.Process(target=_run, args=(self._work, self._listening, says))
        # What a terminal sends to all is for this process, which tells the others.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        says.close()
        return Worker(process, ready)

    def _replace(self) -> None:
        """Begins others in the places of those that have ended."""
        if self._told not in wait([self._told], PAUSE):
            self._workers = [
                each if each.process.is_alive() else self._begin() for each in self._workers
            ]

    def _renew(self) -> None:
        """Begins others, and ends the present ones when those are ready."""
        new = [self._begin() for _ in range(self._count)]
        if self._wait_until_ready(new):
            new, self._workers = self._workers, new
        else:
            log.error("The new workers did not begin; those before them go on.")
        self._end(new)

    def _end(self, workers: list[Worker]) -> None:
        for each in workers:
            each.process.terminate()
        killed = threading.Timer(GRACE, _kill, [workers])
        killed.start()
        for each in workers:
            each.process.join()
        killed.cancel()


def _run(work: Work, listening: socket.socket, ready: Pipe) -> None:
    work(listening, lambda: ready.send_bytes(b"ready"))


def _kill(workers: list[Worker]) -> None:
    for each in workers:
        each.process.kill()
