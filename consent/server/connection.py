"""One connection of HTTP/1.1 on the event loop: it reads requests, each with a deadline as a whole, and writes answers.

No thread waits for a client. A request reaches one when it has come to its end, and an answer that a client is slow to
take waits here. httptools parses; front.py answers.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from werkzeug.http import HTTP_STATUS_CODES

from consent.server import heads
from consent.server.heads import Environ

if TYPE_CHECKING:
    from consent.server.front import Front

Headers = Iterable[tuple[str, str]]

# Bytes of bodies that a process holds for all its clients, until they are answered. Beyond it only small ones are read.
MOST_HELD = 64 * 1024 * 1024
SMALL_BODY = 64 * 1024
# Bytes that are parsed at a time, and that are written to a client before others have their turn.
SLICE = 4096
MOST_WRITTEN = 64 * 1024
# Seconds for which a connection is read, and what comes is thrown away, so that a client which is still sending hears
# the answer instead of a reset.
LINGER = 3.0

# What a connection is doing. Each state but WORKING has a deadline (front.py).
READING, IDLE, WAITING, WORKING, STREAMING, LINGERING = range(6)

NO_BODY = frozenset({204, 304})


class Connection(asyncio.Protocol):
    """A client. All of it happens in the thread of the loop."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._parser = HttpRequestParser(self)
        # What it is doing, and since when (time.monotonic).
        self.state = READING
        self.since = time.monotonic()
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._peer = ""
        # Whether the client takes too little of what was written to it.
        self.is_full = False
        # Whether a part of a request has come, and whether no more will.
        self.is_within = False
        self._is_ended = False
        # The request that the parser is within: bytes of it, its address, lines, environment and body.
        self._received = 0
        self._address = b""
        self._environ: Environ = {}
        self._body: list[bytes] = []
        self._size = 0
        # Bytes of the body of a request that asks for another protocol; and whether a client waits to be told to send.
        self._body_left = 0
        self._expects = False
        # What has come and could not be read yet; and bytes that were written in this turn.
        self._unread = b""
        self._written = 0
        self._is_next_due = False
        # Bytes of bodies that are held for this client.
        self._held = 0
        self._lines: list[tuple[bytes, bytes]] = []
        # Requests that came before the one that is being answered was, whether others may follow them, and the status
        # of those that are refused.
        self._waiting: deque[tuple[Environ, bool, int]] = deque()
        # The request that is being answered: its method, whether its client is of HTTP/1.0, and whether another may
        # follow.
        self._method = ""
        self._is_http_1_0 = False
        self._keep_alive = True
        self._is_paused = False
        self._is_chunked = False

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        self._front.join(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._let_go()
        self._front.leave(self)
        # After what has come and is not read yet. The parser and this know each other, and would stay.
        self._front.soon(self._forget)

    def _forget(self) -> None:
        del self._parser

    def eof_received(self) -> bool:
        """A client that has closed its half still wants what it asked for."""
        self._front.arrived(self, b"")
        return True

    def data_received(self, data: bytes) -> None:
        self._front.arrived(self, data)

    def read(self, data: bytes) -> None:
        """Takes what has come; nothing: no more will."""
        self._written = 0
        if not data:
            self._is_ended = True
        if self._unread:
            self._unread += data
        elif data:
            self._feed(data)
        if self._is_ended and not self._unread:
            self._read_end()

    def _feed(self, data: bytes) -> None:
        if self._is_free() and not self.is_within:
            environ = self._front.environ(self._peer)
            body = heads.read_whole(data, environ)
            if body is not None:
                environ["wsgi.input"] = BytesIO(body)
                self._begin(environ, True, 0)
                return
        if self.state == IDLE:
            self._become(READING)
        for start in range(0, len(data), SLICE):
            if self.state == LINGERING:
                return
            if not self._is_free():
                # The rest has to wait: many requests fit into little.
                self._unread = data[start:]
                self._pause()
                return
            self._parse(data[start : start + SLICE])

    def _is_free(self) -> bool:
        return self.state in (READING, IDLE) and not self._waiting and not self.is_full

    def _parse(self, data: bytes) -> None:
        if self._body_left:
            self._take_body(data)
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            # To what nobody here speaks. The parser takes the body for a part of that.
            if self._body_left:
                self._take_body(data[upgrade.args[0] :])
        except HttpParserError:
            self._take({}, False, 400)
        else:
            if self.is_within and self._received > self._most_to_come():
                self._take({}, False, 400 if self._environ else 431)

    def _most_to_come(self) -> int:
        """Bytes of a message, with what may stand around the chunks of its body and after them."""
        return heads.LONGEST + (8 * self._front.most(self._environ) if self._environ else 0)

    def _take_body(self, part: bytes) -> None:
        """Takes the body of a request that asks for another protocol."""
        self.on_body(part[: self._body_left])
        self._body_left -= min(len(part), self._body_left)
        if not self._body_left and self._environ:
            self.is_within = False
            self._complete(False)

    def _read_end(self) -> None:
        if self.is_within and self.state != LINGERING:
            self.is_within = False
            self._take({}, False, 400)
        elif self.state in (READING, IDLE, LINGERING) and not self._waiting:
            self.close()

    def pause_writing(self) -> None:
        self.is_full = True
        self._pause()

    def resume_writing(self) -> None:
        self.is_full = False
        if self.state == STREAMING:
            self._front.go_on(self)
        elif self.state in (READING, IDLE, LINGERING):
            self._become(self.state)  # from here on the client has its time again
            self._go_on_reading()

    # What the parser tells.

    def on_message_begin(self) -> None:
        self.is_within = True
        if self.state == IDLE:  # several came at once
            self._become(READING)
        self._address, self._environ, self._lines = b"", {}, []
        self._body, self._size = [], 0
        self._body_left, self._expects = 0, False

    def on_url(self, part: bytes) -> None:
        self._address += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._environ:  # else it comes after the body, and nobody here asks for that
            self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        environ = self._front.environ(self._peer)
        self._environ = environ
        environ["REQUEST_METHOD"] = parser.get_method().decode("latin-1")
        environ["SERVER_PROTOCOL"] = f"HTTP/{parser.get_http_version()}"
        refused = heads.read(environ, self._address, self._lines)
        length = environ.get("CONTENT_LENGTH", "").lstrip("0") or "0"
        if "CONTENT_LENGTH" in environ:
            environ["CONTENT_LENGTH"] = length
        if refused:
            self._complete(False, refused)
        elif len(length) > 9 or int(length) > self._front.most(environ):
            # The page that it is for says how much it takes. The body is not waited for.
            self._complete(False)
        else:
            self._body_left = int(length) if parser.should_upgrade() else 0
            self._expects = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
            if self.state == READING and not self._waiting:
                self._tell_to_send()

    def _tell_to_send(self) -> None:
        """A client that waits for it is told to send the body (RFC 9110, section 10.1.1)."""
        if self._expects and self._environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
            self._front.send(self.transport, b"HTTP/1.1 100 Continue\r\n\r\n")
        self._expects = False

    def on_body(self, part: bytes) -> None:
        if not self._environ:
            return
        self._size += len(part)
        self._body.append(part)
        self._held += len(part)
        self._front.held += len(part)
        if self._size > self._front.most(self._environ):
            self._complete(False)
        elif self._size > SMALL_BODY and self._front.held > MOST_HELD:
            self._complete(False, 503)

    def on_message_complete(self) -> None:
        if self._body_left:
            return  # the parser leaves the body of such a request to others
        self.is_within, self._received = False, 0
        if self._environ:
            parser = self._parser
            self._complete(parser.should_keep_alive() and not parser.should_upgrade())

    def _complete(self, keeps: bool, refused: int = 0) -> None:
        """All of a request has come that anybody wants."""
        environ, self._environ = self._environ, {}
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body, self._size = [], 0
        if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
            environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = BytesIO(body)
        self._take(environ, keeps, refused)

    def _let_go(self) -> None:
        self._front.held -= self._held
        self._held = 0

    def _take(self, environ: Environ, keeps: bool, refused: int) -> None:
        """Begins with a request, or keeps it until those before it are answered."""
        if self._is_free() and self._written <= MOST_WRITTEN:
            self._begin(environ, keeps, refused)
        elif self.state != LINGERING:
            self._waiting.append((environ, keeps, refused))
            if self.state in (READING, IDLE):
                self._begin_next_soon()

    def _begin(self, environ: Environ, keeps: bool, refused: int) -> None:
        if refused:
            self._method = environ.get("REQUEST_METHOD", "")
            self.refuse(refused)
            return
        self._method, self._keep_alive = environ["REQUEST_METHOD"], keeps
        self._is_http_1_0 = environ["SERVER_PROTOCOL"] == "HTTP/1.0"
        self._become(WORKING)
        self._front.answer(self, environ)
        if self.state in (WAITING, WORKING, STREAMING):
            # Whoever sends the next before this one is answered waits.
            self._pause()

    # What the front tells.

    def wait(self) -> None:
        """The answer waits for the database, which has a deadline."""
        self._become(WAITING)

    def respond(self, status: int, headers: Headers, body: bytes, reason: str = "") -> None:
        """Writes a whole answer."""
        if self.state == LINGERING or self.transport.is_closing():
            return
        headers = list(headers)
        if status not in NO_BODY and self._method != "HEAD" and not _has(headers, "content-length"):
            headers.append(("Content-Length", str(len(body))))
        self._write_head(status, reason, headers, body)
        self._end()

    def respond_hot(
        self, status: int, headers: Headers, body: bytes, shared: tuple[tuple[str, str], ...]
    ) -> None:
        """As `respond`, with the length, and the `shared` headers, which are written once for all that have them."""
        if self.state == LINGERING or self.transport.is_closing():
            return
        lines = [f"{name}: {value}\r\n" for name, value in headers]
        lines.append(_as_lines(shared))
        if status not in NO_BODY:
            lines.append(f"Content-Length: {len(body)}\r\n")
        self._write(status, "", lines, body)
        self._end()

    def begin(self, status: int, headers: Headers, part: bytes, reason: str = "") -> None:
        """Writes the head of an answer, and its first part. The front goes on when the client has taken it."""
        self._become(STREAMING)
        headers = list(headers)
        self._is_chunked = False
        if not _has(headers, "content-length"):
            if self._is_http_1_0:
                self._keep_alive = False  # the end of the connection is that of the answer
            else:
                self._is_chunked = True
                headers.append(("Transfer-Encoding", "chunked"))
        self._write_head(status, reason, headers, self._framed(part))

    def go_on(self, part: bytes, is_last: bool) -> None:
        """Writes the next part of an answer."""
        if self.transport.is_closing():
            return
        end = b"0\r\n\r\n" if is_last and self._is_chunked else b""
        self._front.send(self.transport, self._framed(part) + end)
        if is_last:
            self._end()

    def _framed(self, part: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(part), part) if self._is_chunked and part else part

    def refuse(self, status: int) -> None:
        """Says in a word what is wrong with a request, and closes the connection."""
        if self.state == STREAMING:  # another answer is half written
            self.abort()
            return
        said = f"{status} {HTTP_STATUS_CODES[status]}\n".encode()
        self._keep_alive = False
        headers = [("Content-Type", "text/plain")]
        self.respond(status, [*headers, ("Retry-After", "5")] if status == 503 else headers, said)

    def close(self) -> None:
        """Ends it when what was written is sent."""
        self._front.flush()
        self.transport.close()

    def abort(self) -> None:
        """Ends it now, with a reset. The kernel drops what was written, so that nobody takes it for the whole."""
        with suppress(OSError):  # the client may have left
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.transport.abort()

    def _write_head(self, status: int, reason: str, headers: Headers, body: bytes) -> None:
        # Of a file, Werkzeug says it too.
        lines = [f"{name}: {value}\r\n" for name, value in headers if name.lower() != "date"]
        self._write(status, reason, lines, body)

    def _write(self, status: int, reason: str, lines: list[str], body: bytes) -> None:
        if self._front.is_leaving:
            self._keep_alive = False
        if not self._keep_alive:
            lines.append("Connection: close\r\n")
        elif self._is_http_1_0:
            lines.append("Connection: keep-alive\r\n")
        # RFC 9110, section 6.6.1: a server with a clock says the date.
        head = f"{_status_line(status, reason)}{self._front.date()}{''.join(lines)}\r\n"
        sent = head.encode("latin-1", "replace")
        if self._method != "HEAD" and status not in NO_BODY:
            sent += body
        self._written += len(sent)
        self._front.send(self.transport, sent)

    def _end(self) -> None:
        """An answer is written: the next request may come, or be begun."""
        if not self._waiting and not self.is_within:
            self._let_go()
        if not self._keep_alive:
            self._linger()
        elif self._waiting:
            self._become(IDLE)
            self._begin_next_soon()
        else:
            self._become(READING if self.is_within else IDLE)
            self._tell_to_send()
            if self._unread or self._is_paused or self._is_ended:
                self._front.soon(self._go_on_reading)

    def _begin_next_soon(self) -> None:
        """Not at once: each would begin within the one before."""
        if not self._is_next_due:
            self._is_next_due = True
            self._front.soon(self._begin_next)

    def _begin_next(self) -> None:
        """Begins with the request that has waited longest."""
        self._is_next_due = False
        if self._waiting and not self.is_full and not self.transport.is_closing():
            self._written = 0
            self._begin(*self._waiting.popleft())

    def _go_on_reading(self) -> None:
        """Reads what had to wait, and then what comes."""
        if self.transport.is_closing():
            return
        if self._waiting:
            if self.state in (READING, IDLE):
                self._begin_next_soon()
        elif self.state == LINGERING or self._is_free():
            kept, self._unread = self._unread, b""
            self._written = 0
            if kept:
                self._feed(kept)
            if self._is_ended and not self._unread:
                self._read_end()
            elif not self._unread and not self.is_full:
                self._resume()

    def _linger(self) -> None:
        """Ends the connection, when the client has read the answer."""
        self._become(LINGERING)
        self._waiting.clear()
        self._unread = b""
        self._front.flush()
        if self._is_ended or (self._front.is_leaving and not self.is_within):
            self.close()
            return
        self._resume()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _pause(self) -> None:
        if not self._is_paused and not self.transport.is_closing():
            self._is_paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._is_paused and not self.transport.is_closing():
            self._is_paused = False
            self.transport.resume_reading()

    def _become(self, state: int) -> None:
        self.state, self.since = state, time.monotonic()


def _has(headers: Headers, wanted: str) -> bool:
    return any(name.lower() == wanted for name, _ in headers)


@lru_cache(maxsize=256)
def _status_line(status: int, reason: str) -> str:
    return f"HTTP/1.1 {status} {reason or HTTP_STATUS_CODES.get(status, 'Unknown')}\r\n"


@lru_cache(maxsize=1024)
def _as_lines(headers: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers)
