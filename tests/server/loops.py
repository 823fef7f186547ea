"""The event loop of a worker, in a thread of the tests, and clients that speak to it byte by byte."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import uvloop
from flask import Flask

from consent.counting.useragent import classify
from consent.server import front
from tests.conftest import ORIGIN
from tests.factories import CHROME

# Seconds. Nothing here takes as long.
PATIENCE = 20.0


class Answer(NamedTuple):
    status: int
    # In small letters.
    headers: dict[str, str]
    body: bytes


@contextmanager
def answering(app: Flask) -> Iterator[int]:
    """The port on which the application is answered. At the end all that was asked is."""
    classify("")  # as the loader does
    listening = socket.create_server(("127.0.0.1", 0))
    is_ready, loop, told = threading.Event(), uvloop.new_event_loop(), asyncio.Event()
    thread = threading.Thread(
        target=loop.run_until_complete,
        args=(front.answer_until(app, listening, is_ready.set, told),),
        name="loop",
        daemon=True,
    )
    thread.start()
    assert is_ready.wait(PATIENCE)
    try:
        yield listening.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(told.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()
        loop.close()
        listening.close()


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        yield connection


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request of a visitor's browser. `line`: without the protocol."""
    shared = ["Host: 127.0.0.1", f"User-Agent: {CHROME}", f"Origin: {ORIGIN}", *headers]
    if body:
        shared.append(f"Content-Length: {len(body)}")
    return "\r\n".join([f"{line} HTTP/1.1", *shared, "", ""]).encode() + body


def ask(port: int, *sent: bytes) -> list[Answer]:
    """What comes back until the server closes the connection, for what is sent in these pieces."""
    with connected(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in sent:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return answers(connection.makefile("rb").read())


def answers(said: bytes) -> list[Answer]:
    found = []
    while said:
        head, _, said = said.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        status = int(first.split()[1])
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            body, said = _joined(said)
        elif status not in (100, 204, 304):
            size = int(headers.get("content-length", len(said)))
            body, said = said[:size], said[size:]
        found.append(Answer(status, headers, body))
    return found


def _joined(said: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, said = said.partition(b"\r\n")
        assert re.fullmatch(rb"[0-9a-f]+", size)
        length = int(size, 16)
        body, said = body + said[:length], said[length + 2 :]
        if not length:
            return body, said
