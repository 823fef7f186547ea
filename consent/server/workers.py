"""The processes that answer: begun, replaced when one ends, and ended.

The first process keeps a second one, the loader, and answers nothing. The loader loads the program once and is copied
for each worker, so that they share most of what it has loaded. A new loader loads a newer program.

All workers share a socket, which is open as long as the first process lives. Connections that are made while workers
are replaced wait for the next one.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import NoReturn

from consent.server.parents import ORPHAN_CHECK, ask_kernel, end_with_parent

# What a worker does: given the socket, it calls the function when it is ready, and returns when SIGTERM has come.
Work = Callable[[socket.socket, Callable[[], object]], object]
# Loads the program. What it imports may not begin a thread that stays.
Load = Callable[[], Work]

# Seconds. A worker that has not ended its requests by then is killed; no commit takes as long.
GRACE = 15.0
# Seconds until another one is begun in the place of one that ended by itself, so that one which cannot begin does not
# keep the machine busy.
PAUSE = 1.0
# Seconds in which a thread ends that a library began for a moment.
MOMENT = 5.0

log = logging.getLogger(__name__)


def run(load: Load, count: int, listening: socket.socket, begun: Callable[[], object]) -> None:
    """Keeps `count` workers. Returns when SIGTERM or SIGINT has come and all have ended. On SIGHUP loads the program
    again, and replaces all workers.

    `begun` is called when the first workers answer.
    """
    signals = Signals(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    begin = partial(Loader, load, count, listening)
    loader = begin()
    is_begun = False
    while not signals.has_end():
        if not is_begun:
            is_begun = loader.becomes_ready(signals)
            if is_begun:
                begun()
        if signals.take(signal.SIGHUP):
            new = begin()
            if new.becomes_ready(signals):
                loader, new = new, loader
            elif not signals.has_end():
                log.error("The new workers did not begin; those before them go on.")
            new.end()
        elif not loader.process.is_alive():
            signals.wait(PAUSE)
            loader = begin()
        else:
            signals.wait(None)
    loader.end()


class Loader:
    """The process that loads the program and has the workers."""

    def __init__(self, load: Load, count: int, listening: socket.socket) -> None:
        # A new process: a copy of this one would carry what it has imported into a new program.
        spawning = multiprocessing.get_context("spawn")
        self._ready, says = spawning.Pipe(duplex=False)
        arguments = (load, count, listening, says, os.getpid())
        self.process = spawning.Process(target=_load, args=arguments)
        # What a terminal sends to all is for this process, which tells the others.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        self.process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        says.close()

    def becomes_ready(self, signals: Signals) -> bool:
        """Waits until all workers answer. False: they never will, or are to end."""
        while not self._ready.poll():
            signals.wait(None, self._ready)
            if signals.has_end():
                return False
        try:
            self._ready.recv_bytes()
        except EOFError:  # it has ended instead
            return False
        return True

    def end(self) -> None:
        """Ends the loader and its workers, which may finish what they were asked first."""
        self.process.terminate()
        self.process.join(GRACE + MOMENT)
        self.process.kill()
        self.process.join()
        self._ready.close()


class Signals:
    """The signals that have come, for a process that does nothing but wait for them."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers
        self._heard: set[int] = set()
        self._reads, self._writes = socket.socketpair()
        self._reads.setblocking(False)
        self._writes.setblocking(False)
        signal.set_wakeup_fd(self._writes.fileno(), warn_on_full_buffer=False)
        for each in numbers:
            signal.signal(each, _note)

    def wait(self, seconds: float | None, *others: Pipe | int) -> None:
        """Returns when a signal has come, one of the `others` has something to read, or the time is over."""
        select.select([self._reads, *others], [], [], seconds)
        with suppress(BlockingIOError):
            self._heard |= set(self._reads.recv(64))

    def take(self, number: int) -> bool:
        """Whether this one has come since it was last taken."""
        has_come = number in self._heard
        self._heard.discard(number)
        return has_come

    def has_end(self) -> bool:
        return bool(self._heard & {signal.SIGTERM, signal.SIGINT})

    def forget(self) -> None:
        """In a copy of the process, which signals end as others."""
        signal.set_wakeup_fd(-1)
        for each in self._numbers:
            signal.signal(each, signal.SIG_DFL)
        self._reads.close()
        self._writes.close()


def _note(*_: object) -> None:
    """Whoever waits reads the number of the signal."""


def _load(load: Load, count: int, listening: socket.socket, ready: Pipe, parent: int) -> None:
    """The loader, from its beginning to its end."""
    ask_kernel(parent)
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signals = Signals(signal.SIGTERM, signal.SIGCHLD)
    work = load()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(MOMENT)
            if thread.is_alive():
                log.error(
                    "Workers lack the thread %s: a copy has only the one that makes it.",
                    thread.name,
                )
    gc.collect()
    gc.freeze()  # else each worker would write to what it shares
    crew = Crew(work, listening, signals)
    while len(crew.pids) < count:
        crew.add()
    begin_at = 0.0
    has_said = False
    while not signals.has_end() and os.getppid() == parent:
        signals.wait(ORPHAN_CHECK, *([] if has_said else [crew.ready]))
        if not has_said and crew.answering() >= count:
            ready.send_bytes(b"ready")
            has_said = True
        if crew.reap():
            begin_at = time.monotonic() + PAUSE
        if len(crew.pids) < count and time.monotonic() >= begin_at:
            crew.add()
    crew.end()


class Crew:
    """The workers of a loader."""

    def __init__(self, work: Work, listening: socket.socket, signals: Signals) -> None:
        self._work = work
        self._listening = listening
        self._signals = signals
        self.pids: set[int] = set()
        # Each says a byte when it answers.
        self.ready, self._says = os.pipe()
        os.set_blocking(self.ready, False)
        self._answering = 0

    def add(self) -> None:
        """Copies this process for one more worker."""
        parent = os.getpid()
        # One that comes between is for whoever it was sent to, and not for the copy.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        pid = os.fork()
        if not pid:
            self._be_worker(parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        self.pids.add(pid)

    def _be_worker(self, parent: int) -> NoReturn:
        try:
            self._signals.forget()
            os.close(self.ready)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            end_with_parent(parent)
            self._work(self._listening, lambda: os.write(self._says, b"."))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)

    def answering(self) -> int:
        """How many have said that they answer."""
        with suppress(BlockingIOError):
            self._answering += len(os.read(self.ready, 64))
        return self._answering

    def reap(self) -> bool:
        """Whether one has ended."""
        ended = {pid for pid in self.pids if os.waitpid(pid, os.WNOHANG)[0]}
        self.pids -= ended
        return bool(ended)

    def end(self) -> None:
        until = time.monotonic() + GRACE
        self._send(signal.SIGTERM)
        while self.pids and time.monotonic() < until:
            self._signals.wait(max(0.0, until - time.monotonic()))
            self.reap()
        self._send(signal.SIGKILL)
        for pid in self.pids:
            os.waitpid(pid, 0)

    def _send(self, number: int) -> None:
        for pid in self.pids:
            os.kill(pid, number)
