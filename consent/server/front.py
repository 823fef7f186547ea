"""What a worker process does with requests: the hot paths at once, on the event loop; all else in threads, by Flask.

Nothing on the loop waits for a database, a file or a name. A decision is handed to the writer, and answered when that
tells of its commit. What is not at hand, a thread asks for (web/embed/hot.py).
"""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import uvloop

from consent.core.errors import NotAtHand
from consent.ledger import group_commit
from consent.server.connection import (
    IDLE,
    LINGER,
    LINGERING,
    READING,
    STREAMING,
    WAITING,
    Connection,
)
from consent.server.heads import Environ
from consent.server.pages import Pages, Threads
from consent.web import security
from consent.web.embed.hot import (
    COUNTED,
    Asked,
    HotPaths,
    HotResponse,
    Target,
    ToCommit,
    ToCount,
    refusal,
)

if TYPE_CHECKING:
    from flask import Flask

    from consent.core.settings import Settings
    from consent.counting.journal import Journal
    from consent.ledger.group_commit import GroupCommit, Handed

# Connections that the kernel keeps until a worker takes them.
BACKLOG = 2048
# Seconds between two looks at the deadlines.
LOOK = 0.5
# Seconds between two looks at whether all is answered.
END_CHECK = 0.02
# Seconds for which a connection may be idle, and for which it may where more than half of all are taken. Proxies keep
# theirs for up to a minute, and one that is closed as they send costs a visitor an error.
KEEP_ALIVE, KEEP_ALIVE_IN_NEED = 75.0, 5.0
# Files that a process needs beside its connections: of databases, page views, and the program.
FILES = 256
# Bytes of answers that clients have not taken yet, of all together. Beyond it the slowest lose theirs.
MOST_UNTAKEN = 64 * 1024 * 1024
# Threads for what the hot paths have not at hand: so staff pages, however slow, hold up no banner.
HOT_THREADS = 4


log = logging.getLogger(__name__)


class Request(NamedTuple):
    """One to a hot path."""

    connection: Connection
    environ: Environ
    target: Target


def run(app: Flask, listening: socket.socket, ready: Callable[[], object]) -> None:
    """Answers what comes to the socket until SIGTERM comes. `ready` is called when it does."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(app, listening, ready))


async def _until_told(app: Flask, listening: socket.socket, ready: Callable[[], object]) -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await answer_until(app, listening, ready, told)


async def answer_until(
    app: Flask, listening: socket.socket, ready: Callable[[], object], told: asyncio.Event
) -> None:
    """Answers what comes to the socket until it is `told` to end, and what was asked by then."""
    loop = asyncio.get_running_loop()
    front = Front(app, loop)
    # uvloop would have the socket listen anew, with its own number.
    server = await loop.create_server(lambda: Connection(front), sock=listening, backlog=BACKLOG)
    ready()
    await told.wait()
    server.close()
    front.shut()
    while front.connections:
        await asyncio.sleep(END_CHECK)
    front.close()


class Front:
    """The connections of a process, and who answers them."""

    def __init__(self, app: Flask, loop: asyncio.AbstractEventLoop) -> None:
        settings: Settings = app.extensions["consent_settings"]
        self._settings = settings
        self._loop = loop
        self._hot: HotPaths = app.extensions["consent_hot"]
        self._decisions: GroupCommit[Any, Any] = app.extensions["consent_decisions"]
        self._journal: Journal = app.extensions["consent_journal"]
        self._decisions.tell_through(self._tell_soon)
        # Each is a file, and the system has a limit of its own.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = min(settings.connections, max(files - FILES, 1))
        # Puts into an environment what proxies say of its client.
        self._proxied = security.behind_proxies(settings.trusted_proxies, lambda *_: ())
        self._threads = Threads(settings.threads, "page", loop)
        self._askers = Threads(HOT_THREADS, "asker", loop)
        self._pages = Pages(self._hot, self._threads)
        self._base = _base_environ(settings)
        self.connections: set[Connection] = set()
        # Decisions that wait for their commit.
        self._handed: dict[Connection, Handed[Any, Any]] = {}
        # Bytes of bodies that are being read.
        self.held = 0
        self._date = 0, ""
        self._gathered: list[tuple[asyncio.Transport, bytes]] = []
        self._is_gathering = False
        self._arrived: list[tuple[Connection, bytes]] = []
        self.is_leaving = False
        self.soon = loop.call_soon
        self._look = loop.call_later(LOOK, self._expire)

    def environ(self, peer: str) -> Environ:
        """What is the same in the environment of every request (PEP 3333), and who sends this one."""
        return {**self._base, "REMOTE_ADDR": peer}

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Keeps what has come until all is here that comes in this turn of the loop."""
        if not self._arrived:
            self._loop.call_soon(self._read)
        self._arrived.append((connection, data))

    def _read(self) -> None:
        arrived, self._arrived = self._arrived, []
        with self._gathering():
            for connection, data in arrived:
                try:
                    connection.read(data)
                except Exception:  # a mistake of ours costs no other connection
                    log.exception("A mistake of this program")
                    connection.abort()

    @contextmanager
    def _gathering(self) -> Iterator[None]:
        """What is sent within leaves at the end, together."""
        self._is_gathering = True
        try:
            yield
        finally:
            self._is_gathering = False
            self.flush()

    def send(self, transport: asyncio.Transport, data: bytes) -> None:
        """Sends data, with that of others where more is to come at once: the kernel's work and ours, each in one go,
        take half of the time that they take in turns.
        """
        if self._is_gathering:
            self._gathered.append((transport, data))
        else:
            transport.write(data)

    def flush(self) -> None:
        """Sends what was gathered."""
        gathered, self._gathered = self._gathered, []
        for transport, data in gathered:
            if not transport.is_closing():
                transport.write(data)

    def date(self) -> str:
        """The Date header of this second."""
        now = int(time.time())
        if now != self._date[0]:
            self._date = now, f"Date: {formatdate(now, usegmt=True)}\r\n"
        return self._date[1]

    def most(self, environ: Environ) -> int:
        """Bytes that the body of a request may have. More is not read: the application says that it is too much."""
        is_staff = environ["PATH_INFO"].startswith("/dashboard/")
        return security.LARGEST_FORM if is_staff else security.MAX_BODY

    def join(self, connection: Connection) -> None:
        """A new connection: kept, or refused where there are too many."""
        self.connections.add(connection)
        if len(self.connections) > self._most:
            connection.refuse(503)
            connection.close()

    def leave(self, connection: Connection) -> None:
        """A connection that is over."""
        self.connections.discard(connection)
        self._handed.pop(connection, None)
        self._pages.leave(connection)

    def go_on(self, connection: Connection) -> None:
        """The client has taken what was written."""
        self._pages.go_on(connection)

    def answer(self, connection: Connection, environ: Environ) -> None:
        """Answers a request that has come whole, now or later."""
        self._proxied(environ, _ignore)
        target = self._hot.target(environ)
        if target is None:
            self._pages.begin(connection, environ)
            return
        request = Request(connection, environ, target)
        try:
            asked = self._hot.asked(environ, target, wait=False)
        except NotAtHand:
            environ["wsgi.input"].seek(0)  # it may have been read
            self._askers.work(
                connection, partial(self._ask, request), partial(self._go_on_with, request)
            )
        except Exception as error:
            self._respond(request, refusal(error))
        else:
            self._go_on_with(request, asked)

    def _ask(self, request: Request) -> Asked:
        """In a thread: as `answer`, but it may wait for the database."""
        try:
            return self._hot.asked(request.environ, request.target)
        except Exception as error:
            return refusal(error)

    def _go_on_with(self, request: Request, asked: Asked) -> None:
        if isinstance(asked, ToCommit):
            self._commit(request, asked)
        elif isinstance(asked, HotResponse):
            self._respond(request, asked)
        elif self._journal.add_at_once(*asked):
            self._respond(request, COUNTED)
        else:
            self._askers.work(
                request.connection, partial(self._count, asked), partial(self._respond, request)
            )

    def _count(self, asked: ToCount) -> HotResponse:
        """In a thread: counts a page view that has to wait for a file."""
        try:
            return self._hot.written(asked)
        except Exception as error:
            return refusal(error)

    def _commit(self, request: Request, asked: ToCommit) -> None:
        def then(handed: Handed[Any, Any]) -> None:
            if self._handed.get(request.connection) is not handed:
                return  # it was given up, or its client is gone
            del self._handed[request.connection]
            try:
                answer = asked.answer(handed.result())
            except Exception as error:
                answer = refusal(error)
            self._respond(request, answer)

        try:
            self._handed[request.connection] = self._decisions.hand(asked.decided, then)
        except Exception as error:
            self._respond(request, refusal(error))
        else:
            request.connection.wait()

    def _tell_soon(self, tell_each: Callable[..., object], group: object) -> None:
        """In the writer's thread."""
        # Once the loop has ended, no client waits for an answer.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell, tell_each, group)

    def _tell(self, tell_each: Callable[..., object], group: object) -> None:
        with self._gathering():
            tell_each(group)

    def _respond(self, request: Request, answer: HotResponse) -> None:
        try:
            shared = self._hot.shared_headers(request.environ, request.target)
            request.connection.respond_hot(*answer, shared)
        except Exception:  # it costs none of those that were committed with it
            log.exception("A mistake of this program")
            request.connection.abort()

    # Deadlines.

    def _expire(self) -> None:
        """Ends what has taken too long."""
        self._look = self._loop.call_later(LOOK, self._expire)
        now, untaken = time.monotonic(), 0
        keep_alive = KEEP_ALIVE if len(self.connections) <= self._most // 2 else KEEP_ALIVE_IN_NEED
        patience = {
            READING: self._settings.request_deadline,
            IDLE: keep_alive,
            WAITING: group_commit.PATIENCE,
            STREAMING: self._settings.response_deadline,
            LINGERING: LINGER,
        }
        for each in list(self.connections):
            waits = each.transport.get_write_buffer_size()
            untaken += waits
            limit = patience.get(each.state)
            if waits and each.state in (READING, IDLE, LINGERING):
                limit = self._settings.response_deadline
            if limit is not None and now - each.since > limit:
                self._give_up(each)
        if untaken > MOST_UNTAKEN:
            self._drop_slowest(untaken - MOST_UNTAKEN)

    def _give_up(self, connection: Connection) -> None:
        if connection.state == WAITING:
            if handed := self._handed.get(connection):
                handed.give_up()
                handed.then(handed)
        elif connection.state == READING and connection.is_within:
            connection.refuse(408)
        elif connection.transport.get_write_buffer_size():
            connection.abort()
        else:
            connection.close()

    def _drop_slowest(self, too_much: int) -> None:
        for each in sorted(self.connections, key=lambda each: each.since):
            if too_much <= 0:
                return
            too_much -= each.transport.get_write_buffer_size()
            if each.transport.get_write_buffer_size():
                each.abort()

    def shut(self) -> None:
        """From now on each connection ends with its answer."""
        self.is_leaving = True
        self._read()
        for each in list(self.connections):
            if each.state == IDLE or (each.state == READING and not each.is_within):
                each.close()

    def close(self) -> None:
        """Ends what is left: threads without anything to do."""
        self._look.cancel()
        self._threads.shutdown(wait=False)
        self._askers.shutdown(wait=False)


def _base_environ(settings: Settings) -> Environ:
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": settings.host,
        "SERVER_PORT": str(settings.port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _ignore(*_: object) -> Callable[[bytes], object]:
    """No answer is begun yet."""
    raise NotImplementedError
