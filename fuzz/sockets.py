"""The hot paths over a raw socket: an answer or an end, never a 5xx, and nothing lost: python -m fuzz.sockets.

A conversation is what one connection sends, in parts, and how it ends. Whatever it is, the server answers with HTTP or
closes the connection within DEADLINE; no answer is a 5xx, tells of the program's inside, or is longer than MOST_BYTES
where no more was asked; afterwards it answers others as before. What was answered with 201 is stored.
"""

import base64
import json
import random
import re
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import click

from fuzz import finds
from fuzz.engines import BEGUN, FOUND
from fuzz.server import HOST, INSIDE, MOST_BYTES, Server, serving

# Seconds within which an answer has to come, or the end of the connection.
DEADLINE = 10.0
# Seconds between parts that are sent slowly, and the most such parts.
PAUSE, MOST_PARTS = 0.005, 40
# Seconds without anything, where it may be that the server waits as well: before anything has come, and after.
PATIENCE, ANSWERED = 0.3, 0.05
# Conversations between two looks at whether the server answers others as well.
GOOD_EVERY = 20
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


@dataclass(frozen=True)
class Conversation:
    parts: list[bytes]
    # Whether it says that nothing more comes; where not, it goes on listening.
    closes: bool
    # What it is a case of.
    kind: str

    def packed(self) -> bytes:
        parts = [base64.b64encode(each).decode() for each in self.parts]
        return json.dumps({"parts": parts, "closes": self.closes, "kind": self.kind}).encode()


class Broken(Exception):
    """Something does not hold that has to."""


Pieces = list[bytes]
Random = random.Random


def decision(rng: Random) -> bytes:
    return json.dumps(
        {
            **{"id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "version": 1},
            **{"language": "nb", "action": "accept", "source": "banner"},
            "purposes": {"analytics": True, "marketing": True},
        }
    ).encode()


def request(rng: Random) -> tuple[bytes, list[bytes], bytes]:
    """A line, headers and a body that are all right."""
    method, path, body = rng.choice(
        (
            (b"POST", b"/e/07sor/decisions", decision(rng)),
            (b"POST", b"/e/07sor/hits", b'{"path":"/","referrer":""}'),
            (b"POST", b"/e/07sor/cookie", b'{"value":"1~1","seconds":1}'),
            (b"GET", b"/e/07sor.js", b""),
            (b"GET", b"/healthz", b""),
        )
    )
    headers = [b"Host: 127.0.0.1", b"User-Agent: Mozilla/5.0 (X11) Firefox/140.0"]
    headers += [b"Content-Length: %d" % len(body)] if body else []
    return b"%s %s HTTP/1.1" % (method, path), headers, body


def joined(line: bytes, headers: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join([line, *headers, b"", body])


def plain(rng: Random) -> Pieces:
    return [joined(*request(rng))]


def odd_line(rng: Random) -> Pieces:
    line, headers, body = request(rng)
    method, path, version = line.split(b" ")
    odd = rng.choice(
        (
            b" ".join((method, path)),
            b" ".join((method, path, b"HTTP/1.0")),
            b" ".join(
                (method, path, rng.choice((b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"XTTP/1.1")))
            ),
            b"  ".join((method, path, version)),
            b" ".join((method.lower(), path, version)),
            b" ".join((rng.choice((b"PRI", b"CONNECT", b"TRACE", b"X" * 300, b"")), path, version)),
            b" ".join((method, path + b"?" + b"a" * rng.choice((1, 5000, 70_000)), version)),
            b" ".join((method, b"http://other.example" + path, version)),
            b" ".join(
                (
                    method,
                    rng.choice((b"*", b"//", b"/\0", b"/%00", b"/%ff", b"/..%2f", b"")),
                    version,
                )
            ),
            b" ".join((method, path.replace(b"07sor", b"\xc3\xa6" * 30), version)),
            b" ".join((method, path + b"#x", version)),
            b"\r\n\r\n" + line,
            rng.randbytes(rng.choice((1, 40, 4000))),
        )
    )
    return [joined(odd, headers, body)]


def odd_headers(rng: Random) -> Pieces:
    line, headers, body = request(rng)
    huge = b"9" * 5000
    odd = rng.choice(
        (
            [b"X-A: " + b"a" * rng.choice((8000, 16_000, 70_000, 400_000))],
            [b"X-%d: a" % each for each in range(rng.choice((50, 99, 101, 1000)))],
            [b"X-A:\0"],
            [b"X\0A: b"],
            [b"X-A : b"],
            [b": b"],
            [b"X-A: b", b" folded"],
            [b"X-A: b\nX-B: c"],
            [b"X-A: b\rX-B: c"],
            [b"Host: [", b"Origin: http://127.0.0.1:8081", b"Sec-Fetch-Site: same-site"],
            [b"Host: other.example"],
            [b"Origin: http://["],
            [b"Origin: http://127.0.0.1:8081", b"Cookie: consent=1~1~" + huge + b"~"],
            [b"Origin: http://127.0.0.1:8081", b"Cookie: consent=" + b"~;=" * 2000],
            [b"Origin: http://127.0.0.1:8081\xff\xfe"],
            [b"Accept-Encoding: br;q=" + huge, b"If-None-Match: " + b'"' * 5000],
            [b"Accept-Language: " + b"a," * 4000],
            [b"User-Agent: " + b"Mozilla/5.0 " + b"(" * 8000],
            [b"Expect: 100-continue"],
            [b"Expect: 200-ok"],
            [b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AAMAAABk"],
            [b"Upgrade: websocket", b"Connection: Upgrade"],
            [b"Connection: close"],
            [b"Connection: " + b"close, " * 1000],
            [b"X-Forwarded-For: " + b"1.2.3.4, " * 1000],
            [b"Authorization: Bearer " + huge],
            [rng.randbytes(30)],
        )
    )
    at = rng.randrange(len(headers) + 1)
    return [joined(line, headers[:at] + odd + headers[at:], body)]


def odd_length(rng: Random) -> Pieces:
    line, headers, body = request(rng)
    body = body or b"{}"
    headers = [each for each in headers if not each.startswith(b"Content-Length")]
    length = len(body)
    said = rng.choice(
        (
            [b"%d" % length, b"%d" % length],
            [b"%d" % length, b"%d" % (length + 1)],
            [b"%d" % length, b"0"],
            [b"%d, %d" % (length, length)],
            [b"-%d" % length],
            [b"+%d" % length],
            [b"0x%x" % length],
            [b"%d " % length],
            [b"0" * 5000 + b"%d" % length],
            [b"9" * 5000],
            [b"18446744073709551616"],
            [b"18446744073709551615"],
            [b"\xc2\xb2"],
            [b""],
            [b"%d" % (length + 5)],
            [b"%d" % (length - 1)],
            [b"16385"],
            [b"1e3"],
            [],
        )
    )
    return [joined(line, [*headers, *(b"Content-Length: " + each for each in said)], body)]


def chunked(rng: Random) -> Pieces:
    line, headers, body = request(rng)
    headers = [each for each in headers if rng.random() < 0.1 or b"Length" not in each]
    coding = rng.choice(
        (b"chunked",) * 6 + (b"Chunked", b"gzip, chunked", b"chunked, gzip", b"x", b"\x0bchunked")
    )
    sizes = [rng.randrange(1, 60) for _ in range(rng.randrange(1, 5))]
    chunks = []
    for size in sizes:
        piece, body = body[:size], body[size:]
        chunks += [b"%x\r\n%s\r\n" % (len(piece), piece)] if piece else []
    chunks += [b"%x\r\n%s\r\n" % (len(body), body)] if body else []
    chunks.append(
        rng.choice((b"0\r\n\r\n",) * 5 + (b"0\r\nX-Trailer: a\r\n\r\n", b"", b"0\r\n", b"0\n\n"))
    )
    if rng.random() < 0.6:
        odd = (
            b"ffffffffffffffff\r\n",
            b"fffffffffffffffff\r\n",
            b"-1\r\n",
            b"0x5\r\nhello\r\n",
            b"5;" + b"x" * 20_000 + b"\r\nhello\r\n",
            b"5\nhello\n",
            b"zz\r\n",
            b"5\r\nhell",
            b"\r\n",
            b"4001\r\n" + b" " * 0x4001 + b"\r\n",
            b"1\r\n \r\n" * 3000,
            b"0" * 5000 + b"1\r\n \r\n",
        )
        chunks.insert(rng.randrange(len(chunks)), rng.choice(odd))
    return [joined(line, [*headers, b"Transfer-Encoding: " + coding], b""), *chunks]


def pipelined(rng: Random) -> Pieces:
    return [b"".join(joined(*request(rng)) for _ in range(rng.choice((2, 5, 30))))]


def smuggled(rng: Random) -> Pieces:
    """A second request in the body of a first, whose length two readers may see in two ways."""
    inner = joined(*request(rng))
    headers = [b"Host: a", b"Content-Length: %d" % rng.choice((0, 5, len(inner)))]
    headers.insert(
        rng.randrange(3),
        b"Transfer-Encoding: " + rng.choice((b"chunked", b" chunked", b"xchunked")),
    )
    return [joined(b"POST /e/07sor/hits HTTP/1.1", headers, b"0\r\n\r\n" + inner)]


def cut(rng: Random) -> Pieces:
    whole = joined(*request(rng))
    return [whole[: rng.randrange(len(whole))]]


def changed(rng: Random) -> Pieces:
    whole = bytearray(joined(*request(rng)))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(whole))
        whole[at : at + rng.choice((0, 1, 4))] = rng.choice(
            (b"", b"\0", b"\r", b"\n", b"\xff", b" ", rng.randbytes(2))
        )
    return [bytes(whole)]


def long_body(rng: Random) -> Pieces:
    line, headers, _ = request(rng)
    size = rng.choice((16_383, 16_384, 16_385, 20_000, 300_000))
    filled = rng.choice((b" ", b"[", b'{"a":', b"\0", b'"', b"\xff", b"1"))
    headers = [each for each in headers if b"Length" not in each]
    return [joined(line, [*headers, b"Content-Length: %d" % size], (filled * size)[:size])]


KINDS: tuple[Callable[[Random], Pieces], ...] = (
    *(plain, odd_line, odd_headers, odd_length, chunked, pipelined, smuggled, cut, changed),
    long_body,
)


def conversations(rng: Random) -> Iterator[Conversation]:
    while True:
        kind = rng.choice(KINDS)
        parts = kind(rng)
        if rng.random() < 0.3:
            parts = list(_slowly(rng, b"".join(parts)))
        yield Conversation(parts, rng.random() < 0.5, kind.__name__)


def _slowly(rng: Random, whole: bytes) -> Iterator[bytes]:
    size = max(1, len(whole) // rng.randrange(2, MOST_PARTS))
    for at in range(0, len(whole), size):
        yield whole[at : at + size]


class Checked:
    """What one server was told, and has promised."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.promised: set[str] = set()

    def hold(self, conversation: Conversation) -> None:
        """Raises Broken."""
        begun = time.monotonic()
        got, ended = self._said(conversation)
        took = time.monotonic() - begun
        if conversation.closes and not ended:
            raise Broken(f"neither an answer nor an end after {took:.1f} s: {got[:300]!r}")
        if got and not STATUS.match(got):
            raise Broken(f"this is no HTTP: {got[:300]!r}")
        asked = sum(map(len, conversation.parts))
        for status, head, body in answers(got):
            self._require(conversation, asked, status, head, body)

    def _require(
        self, talk: Conversation, asked: int, status: int, head: bytes, body: bytes
    ) -> None:
        if status >= 500:
            raise Broken(f"{status}: {body[:300]!r}")
        if any(each in head + body for each in INSIDE):
            raise Broken(f"this tells of the inside: {head + body!r}"[:1000])
        is_script = b"javascript" in head
        if asked <= MOST_BYTES < len(head + body) and not is_script:
            raise Broken(f"{asked} bytes gave {len(head + body)}")
        if status == 201:
            self.promised.add(json.loads(body)["receipt"]["id"])

    def _said(self, talk: Conversation, patience: float = PATIENCE) -> tuple[bytes, bool]:
        """All that came back, and whether the connection was ended."""
        with closing(socket.create_connection((HOST, self._server.port), DEADLINE)) as connection:
            got = bytearray()
            with suppress(OSError):  # it may have ended the connection
                for number, part in enumerate(talk.parts):
                    if number:
                        time.sleep(PAUSE)
                    connection.sendall(part)
                if talk.closes:
                    connection.shutdown(socket.SHUT_WR)
            connection.settimeout(DEADLINE if talk.closes else patience)
            until = time.monotonic() + DEADLINE
            try:
                while time.monotonic() < until:
                    if not (some := connection.recv(1 << 16)):
                        return bytes(got), True
                    got += some
                    if not talk.closes and patience < DEADLINE:
                        connection.settimeout(ANSWERED)
            except TimeoutError:
                return bytes(got), False
            except ConnectionError:
                return bytes(got), True
            return bytes(got), False

    def require_good(self) -> None:
        """A request that is all right is answered as ever. Raises Broken."""
        body = decision(random.Random())
        head = [b"Host: a", b"Connection: close", b"Content-Length: %d" % len(body)]
        whole = joined(b"POST /e/07sor/decisions HTTP/1.1", head, body)
        talk = Conversation([whole], False, "good")
        got, _ = self._said(talk, DEADLINE)
        found = list(answers(got))
        if [status for status, _, _ in found] != [201]:
            raise Broken(f"a good request is answered with {got[:300]!r}")
        self._require(talk, len(whole), *found[0])

    def require_stored(self) -> None:
        """What was answered with 201 is there, and the log tells of no mistake. Raises Broken."""
        if lost := self.promised - self._server.decisions():
            raise Broken(f"{len(lost)} decisions were answered with 201, and are not there")
        log = self._server.log()
        if any(each.decode() in log for each in INSIDE):
            raise Broken(f"the log tells of a mistake: {log[-3000:]}")


def answers(got: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Status, head and body of each whole answer of some that follow each other."""
    while found := STATUS.match(got):
        end = got.find(b"\r\n\r\n")
        if end < 0:
            return
        head, rest = got[: end + 4], got[end + 4 :]
        status, length = int(found[1]), LENGTH.search(head)
        if status in (100, 204, 304):
            size = 0
        elif length:
            size = int(length[1])
        else:
            size = (rest.find(b"0\r\n\r\n") + 5) if CHUNKED.search(head) else len(rest)
        if len(rest) < size:
            return  # more of it may come yet
        yield status, head, rest[:size]
        got = rest[size:]


@click.command(help=__doc__)
@click.argument("seconds", type=float)
def main(seconds: float) -> None:
    seed = random.randrange(2**32)
    with serving() as server:
        checked, held = Checked(server), 0
        talk = Conversation([], True, "none")
        try:
            for talk in conversations(Random(seed)):
                finds.last("sockets", "sockets").write_bytes(talk.packed())
                checked.hold(talk)
                held += 1
                if held % GOOD_EVERY == 0:
                    checked.require_good()
                if time.monotonic() > BEGUN + seconds:
                    break
            checked.require_good()
            checked.require_stored()
        except (Broken, OSError, ValueError) as error:
            path = finds.keep("sockets", talk.packed())
            click.echo(f"FOUND {talk.kind}: {error}\nagain: {finds.again('sockets', path)}")
            sys.exit(FOUND)
    click.echo(f"{held} conversations, {len(checked.promised)} decisions promised and stored")


def repeat(packed: bytes) -> None:
    """Raises Broken, where it does."""
    found = json.loads(packed)
    parts = [base64.b64decode(each) for each in found["parts"]]
    with serving() as server:
        checked = Checked(server)
        checked.hold(Conversation(parts, found["closes"], found["kind"]))
        checked.require_good()
        checked.require_stored()


if __name__ == "__main__":
    main()
