"""Pages, which Flask makes in threads: as much of an answer at a time as its client has taken.

So a client that reads slowly holds no thread, however long an answer is.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from functools import partial
from typing import Any

from consent.core import log_throttle
from consent.server.connection import Connection
from consent.server.heads import Environ

Application = Callable[..., Iterable[bytes]]

log = logging.getLogger(__name__)

# Requests that may wait for a thread of a kind.
MOST_WAITING = 1000
# Bytes of an answer that a thread makes at a time.
PART = 256 * 1024


class Threads(ThreadPoolExecutor):
    """Threads, and how many requests are with them. All but the work itself happens on the loop."""

    def __init__(self, count: int, name: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(count, name)
        self._asked = 0
        self._loop = loop

    def work(
        self, connection: Connection, do: Callable[[], Any], then: Callable[[Any], object]
    ) -> None:
        """Does something in a thread, and calls `then` with what came of it. Over the limit the request is refused."""
        if self._asked >= MOST_WAITING:
            connection.refuse(503)
            return
        self._asked += 1
        self.submit(self._work, connection, do, then)

    def _work(
        self, connection: Connection, do: Callable[[], Any], then: Callable[[Any], object]
    ) -> None:
        done: Callable[[], object]
        try:
            done = partial(then, do())
        except Exception:  # a mistake of ours, of which the client hears at once
            log.exception("A mistake of this program")
            done = connection.abort
        self._loop.call_soon_threadsafe(self._worked, done)

    def _worked(self, done: Callable[[], object]) -> None:
        self._asked -= 1
        done()


class Pages:
    """The answers that the application is making."""

    def __init__(self, app: Application, threads: Threads) -> None:
        self._app = app
        self._threads = threads
        # Those that wait for their clients, or for their next part.
        self._begun: dict[Connection, Page] = {}

    def begin(self, connection: Connection, environ: Environ) -> None:
        """Asks the application, for its answer or the first part of it."""
        page = Page(self._app, environ)

        def make() -> None:
            is_wanted = environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            if is_wanted or not connection.transport.is_closing():
                page.more()

        self._threads.work(connection, make, lambda _: self._send_first(connection, page))

    def _send_first(self, connection: Connection, page: Page) -> None:
        status, _, reason = page.status.partition(" ")
        if page.is_broken:
            connection.respond(500, [], b"")
        elif page.is_whole:
            connection.respond(int(status), page.headers, page.part, reason)
        elif connection.transport.is_closing():
            self._threads.submit(page.close)
        else:
            self._begun[connection] = page
            connection.begin(int(status), page.headers, page.part, reason)
            self.go_on(connection)

    def go_on(self, connection: Connection) -> None:
        """Makes the next part, unless the client has not taken the last one yet."""
        page = self._begun.get(connection)
        if page is not None and not connection.is_full:
            self._threads.work(connection, page.more, lambda _: self._send_next(connection, page))

    def _send_next(self, connection: Connection, page: Page) -> None:
        if connection not in self._begun:
            return  # the client is gone
        if page.is_broken:
            connection.abort()  # so that nobody takes it for the whole
            return
        if page.is_whole:
            del self._begun[connection]
        connection.go_on(page.part, page.is_whole)
        self.go_on(connection)

    def leave(self, connection: Connection) -> None:
        """Frees what is held for a client that has gone."""
        if page := self._begun.pop(connection, None):
            self._threads.submit(page.close)


class Page:
    """An answer of the application, made in threads: as much at a time as a client has taken."""

    def __init__(self, app: Application, environ: Environ) -> None:
        self._app = app
        self._environ = environ
        # Whichever thread makes a part, what the application has set for this request is there.
        self._context = Context()
        self._answer: Any = None
        self._parts: Any = None
        # Held by whoever makes a part, or closes it.
        self._lock = threading.Lock()
        self.status = "500 Internal Server Error"
        self.headers: list[tuple[str, str]] = []
        self.part = b""
        self.is_whole = False
        self.is_broken = False

    def more(self) -> None:
        """Makes the next part, and the answer's beginning with the first."""
        with self._lock:
            try:
                self._context.run(self._more)
            except Exception as error:
                log_throttle.log_exception(__name__, "an answer", error)
                self.is_broken = True
        if self.is_whole or self.is_broken:
            self.close()

    def _more(self) -> None:
        written: list[bytes] = []
        if self._answer is None:
            self._answer = self._app(self._environ, partial(self._start, written))
            self._parts = iter(self._answer)
        size = 0
        while size < PART:
            part = next(self._parts, None)
            if part is None:
                self.is_whole = True
                break
            written.append(part)
            size += len(part)
        self.part = b"".join(written)

    def _start(
        self,
        written: list[bytes],
        status: str,
        headers: list[tuple[str, str]],
        _: object = None,
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return written.append

    def close(self) -> None:
        """Frees what the answer holds, also where nobody wants the rest of it."""
        with self._lock:
            answer, self._answer, self._parts = self._answer, (), iter(())
            if hasattr(answer, "close"):
                try:
                    self._context.run(answer.close)
                except Exception as error:
                    log_throttle.log_exception(__name__, "the end of an answer", error)
