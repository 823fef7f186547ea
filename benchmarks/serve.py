"""One small server for every contender, so that only the banner differs.

Files wait in memory, compressed as hard as brotli can. Whatever is no file goes to an application, and what
that answers to a GET is kept: a banner's own server is measured elsewhere. It listens on two ports, because
the stand-ins for third parties must come from another origin than the page.
"""

import asyncio
import mimetypes
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import brotli

HOST = "127.0.0.1"
# Long enough for the second visit; the page itself is fetched anew each time.
ASSET_AGE = "public, max-age=3600"
REASONS = {200: "OK", 201: "Created", 204: "No Content", 404: "Not Found"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def encode(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, '-')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.status != 204:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True)
class Request:
    method: str
    # With its query, if it has one.
    target: str
    headers: dict[str, str]
    body: bytes


Application = Callable[[Request], Reply]
NOT_FOUND = Reply(404, (("Cache-Control", "no-store"),), b"")


def file(path: str, content: bytes) -> Reply:
    """A file as it goes out: compressed once, and cacheable unless it is a page."""
    kind = mimetypes.guess_type(path)[0] or "text/html"
    return Reply(
        200,
        (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Encoding", "br"),
            ("Vary", "Accept-Encoding"),
            ("Cache-Control", "no-cache" if kind == "text/html" else ASSET_AGE),
        ),
        brotli.compress(content, quality=11),
    )


class Server:
    """The two listening ports, and what is served on them."""

    def __init__(self) -> None:
        self._files: dict[str, Reply] = {}
        self._encoded: dict[str, bytes] = {}
        self._application: Application | None = None
        self.page_port = self.third_party_port = 0

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.page_port}"

    @property
    def third_party(self) -> str:
        return f"http://{HOST}:{self.third_party_port}"

    def add(self, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            self._keep(path, file(path, content))

    def hand_over(self, application: Application) -> None:
        """From now on `application` answers what is no file."""
        self._application = application

    def size(self, path: str) -> int:
        """How many bytes the body of this file has on the wire."""
        return len(self._files[path].body)

    async def listen(self) -> list[asyncio.Server]:
        servers = [await asyncio.start_server(self._converse, HOST, 0) for _ in range(2)]
        self.page_port, self.third_party_port = (
            each.sockets[0].getsockname()[1] for each in servers
        )
        return servers

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                writer.write(await self._answer(request))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # browsers drop connections as they please
        finally:
            writer.close()

    async def _answer(self, request: Request) -> bytes:
        path = request.target.partition("?")[0]  # some ask for a file with its version behind it
        if found := self._encoded.get(request.target) or self._encoded.get(path):
            return found
        if self._application is None:
            return NOT_FOUND.encode()
        reply = await asyncio.to_thread(self._application, request)
        if request.method == "GET" and reply.status == 200:
            self._keep(request.target, reply)
        return reply.encode()

    def _keep(self, path: str, reply: Reply) -> None:
        self._files[path], self._encoded[path] = reply, reply.encode()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)


@contextmanager
def serving() -> Iterator[Server]:
    """A server that answers in a thread of its own until the block ends."""
    server, ready, state = Server(), threading.Event(), dict[str, Any]()

    async def run() -> None:
        state["loop"], state["stop"] = asyncio.get_running_loop(), asyncio.Event()
        servers = await server.listen()
        ready.set()
        await state["stop"].wait()
        for each in servers:
            each.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        state["loop"].call_soon_threadsafe(state["stop"].set)
        thread.join(timeout=5)
