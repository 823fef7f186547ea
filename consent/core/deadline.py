"""The end of an exchange with another machine, however slowly that one sends.

The patience of a socket is for each step: one that drips a byte at a time never exhausts it.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from http.client import HTTPException
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
# How what waits on a connection fails when that is cut.
FAILURES = (OSError, HTTPException, ValueError)


class Deadline:
    """`seconds` for all that is done within `with`; then the connection is cut, and TimeoutError raised."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        # Of the connection, whatever it is wrapped into or whoever closes it meanwhile.
        self._copy: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._keep(None)
        # A connection that is cut fails in many ways, and its own patience may end first.
        if isinstance(error, TimeoutError) or (isinstance(error, FAILURES) and self._has_come()):
            raise self._error() from None

    def left(self) -> float:
        """Seconds. Raises TimeoutError."""
        if self._has_come():
            raise self._error()
        # More than nothing, which for a socket would mean not to wait at all.
        return max(self._end - time.monotonic(), 0.001)

    def _has_come(self) -> bool:
        return time.monotonic() >= self._end

    def watch(self, connection: socket.socket) -> None:
        """Cuts this connection at the end, also beneath TLS that is begun later. Raises TimeoutError."""
        connection.settimeout(self.left())
        self._keep(socket.socket(fileno=os.dup(connection.fileno())))
        self.left()

    def wait_for(self, task: Callable[[], T]) -> T:
        """What `task` gives. It may know no deadline, such as a resolver, and runs in a thread that may be left behind.

        Raises what it raises, and TimeoutError.
        """
        done: Future[T] = Future()

        def work() -> None:
            try:
                done.set_result(task())
            except Exception as error:
                done.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return done.result(self.left())

    def _error(self) -> TimeoutError:
        return TimeoutError(f"It took longer than {self.seconds:g} seconds")

    def _keep(self, copy: socket.socket | None) -> None:
        with self._lock:
            if self._copy is not None:
                self._copy.close()
            self._copy = copy

    def _cut(self) -> None:
        with self._lock:
            if self._copy is not None:
                with suppress(OSError):
                    # Whoever waits for it hears at once.
                    self._copy.shutdown(socket.SHUT_RDWR)
