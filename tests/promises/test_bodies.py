"""A body is judged alike however it comes over the wire, and one that broke off is never taken for a whole one."""

import gzip
import json
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from tests.conftest import ORIGIN, Postgres, Sqlite
from tests.factories import CHROME, decision
from tests.processes import Server

# One server serves all of them.
pytestmark = pytest.mark.xdist_group("bodies")
HITS, DECISIONS, CHOICES = "/e/07sor/hits", "/e/07sor/decisions", "/privacy/07sor/choices"
LIMIT = 16 * 1024
HIT = b'{"path": "/"}'
PLAIN, FORM = "text/plain", "application/x-www-form-urlencoded"


class Answer(NamedTuple):
    status: int
    head: str
    body: bytes


@pytest.fixture(scope="module")
def server(
    databases: Sqlite | Postgres, published: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    url = databases.make("bodies", published)
    found = Server(tmp_path_factory.mktemp("bodies"), url, CONSENT_WORKERS="1")
    with found.running():
        yield found
    databases.drop(url)


def ask(
    server: Server, path: str, head: str, body: bytes, kind: str = PLAIN, *, is_cut: bool = False
) -> list[Answer]:
    """What comes back for a request, as bytes on a connection of its own; and for one that follows on it.

    `is_cut`: nothing follows, the connection breaks off in the middle of the body.
    """
    shared = f"Host: 127.0.0.1:{server.port}\r\nUser-Agent: {CHROME}\r\n"
    first = f"POST {path} HTTP/1.1\r\n{shared}Content-Type: {kind}\r\nOrigin: {{}}\r\n{head}\r\n"
    first = first.format(ORIGIN if kind == PLAIN else f"http://127.0.0.1:{server.port}")
    then = f"GET /healthz HTTP/1.1\r\n{shared}Connection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(first.encode() + body)
        if is_cut:
            connection.shutdown(socket.SHUT_WR)
        else:
            # The server need not have read a body to the end that is too long.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(then.encode())
        return answers(connection.makefile("rb").read())


def answers(said: bytes) -> list[Answer]:
    found = []
    while said:
        head, _, rest = said.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
        size = int(length[1]) if length else 0
        status = int(head.split()[1])
        if status != 100:
            found.append(Answer(status, head.decode().lower(), rest[:size]))
        said = rest[size:]
    return found


def chunked(body: bytes, size: int = LIMIT) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def padded(size: int) -> bytes:
    return HIT + b" " * (size - len(HIT))


CHUNKS = "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (HIT, 204),
        (padded(LIMIT), 204),
        # Cut off at the limit it would be a page view.
        (padded(LIMIT + 1), 413),
        (padded(2 * LIMIT), 413),
        (b"", 400),
        (b"{", 400),
        (b'{"path": 1}', 422),
    ],
    ids=["whole", "at the limit", "over it", "far over it", "empty", "no JSON", "wrong"],
)
def test_in_chunks_it_is_judged_as_with_a_length(server: Server, body: bytes, status: int) -> None:
    sized = ask(server, HITS, f"Content-Length: {len(body)}\r\n", body)
    for size in (LIMIT, 7):
        pieces = ask(server, HITS, CHUNKS, chunked(body, size))
        assert pieces[0].status == sized[0].status == status
        assert pieces[0].body == sized[0].body
        # What follows on the connection is another request, and no rest of this one.
        assert [each.body for each in pieces[1:]] in ([b"ok\n"], [])


def test_a_decision_in_chunks_is_recorded(server: Server) -> None:
    sent = decision()
    (answer, _) = ask(server, DECISIONS, CHUNKS, chunked(json.dumps(sent).encode(), 11))
    assert answer.status == 201
    assert json.loads(answer.body)["receipt"]["id"] == sent["id"]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Content-Length: abc\r\n", HIT),
        ("Content-Length: -5\r\n", HIT),
        ("Content-Length: +13\r\n", HIT),
        ("Content-Length: 13\r\nContent-Length: 14\r\n", HIT),
        (f"Content-Length: {'9' * 40}\r\n", HIT),
        ("", HIT),
        ("Content-Length: 5\r\n", HIT),
        ("Transfer-Encoding: identity\r\n", HIT),
        ("Transfer-Encoding: xchunked\r\n", HIT),
        (CHUNKS, b"zz\r\n{}\r\n0\r\n\r\n"),
    ],
)
def test_what_has_no_clear_end_is_refused_and_ends_the_connection(
    server: Server, head: str, body: bytes
) -> None:
    # What comes after it may be answered, as a request that is none.
    assert {each.status for each in ask(server, HITS, head, body)} == {400}


@pytest.mark.parametrize(
    ("path", "kind", "body"), [(HITS, PLAIN, HIT), (CHOICES, FORM, b"answer=refuse")]
)
@pytest.mark.parametrize("head", ["Content-Length: {}\r\n", CHUNKS])
def test_what_broke_off_is_not_taken_for_whole(
    server: Server, path: str, kind: str, body: bytes, head: str
) -> None:
    sent = body if "{" in head else b"%x\r\n%s" % (len(body) + 9, body)
    answer = ask(server, path, head.format(len(body) + 9), sent, kind, is_cut=True)[0]
    assert answer.status == 400


def test_a_form_whose_last_boxes_broke_off_is_no_refusal_of_them(server: Server) -> None:
    boxes = {"analytics": "on", "marketing": "on"}
    form = {"id": str(uuid.uuid4()), "version": 1, "language": "nb", "answer": "choose", **boxes}
    body = urlencode(form).encode()
    whole = f"Content-Length: {len(body)}\r\n"
    assert ask(server, CHOICES, whole, body[:-20], FORM, is_cut=True)[0].status == 400
    assert ask(server, CHOICES, whole, body, FORM)[0].status == 303


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        (HITS, PLAIN, HIT),
        (DECISIONS, PLAIN, HIT),
        (CHOICES, FORM, b"a=b"),
        ("/dashboard/login", FORM, b"email=a&password=b"),
    ],
)
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip"])
def test_a_compressed_body_is_refused(
    server: Server, path: str, kind: str, body: bytes, encoding: str
) -> None:
    packed = gzip.compress(body)
    head = f"Content-Length: {len(packed)}\r\nContent-Encoding: {encoding}\r\n"
    assert [each.status for each in ask(server, path, head, packed, kind)] == [415, 200]


def test_whoever_asks_first_whether_to_send_is_told(server: Server) -> None:
    asks = "Expect: 100-continue\r\nContent-Length: {}\r\n"
    assert ask(server, HITS, asks.format(len(HIT)), HIT)[0].status == 204
    # Without the body that it announces.
    assert ask(server, HITS, asks.format(LIMIT + 1), b"", is_cut=True)[0].status == 413
