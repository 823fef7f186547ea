"""HTTP/1.1 as clients and proxies speak it, and as nobody should."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask, Response, stream_with_context
from flask import request as asked

from consent.demo import SITE_FILE
from consent.server import front
from tests import factories
from tests.conftest import make_app, publish
from tests.server.loops import answering, ask, connected, request

SCRIPT, HEALTH = "GET /e/07sor.js", "GET /healthz"
HIT = b'{"path": "/"}'


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    with answering(app) as found:
        yield found


def statuses(port: int, *sent: bytes) -> list[int]:
    return [each.status for each in ask(port, *sent)]


@pytest.mark.parametrize(
    ("line", "headers", "body", "status"),
    [
        (SCRIPT, [], b"", 200),
        (SCRIPT.replace("GET", "HEAD"), [], b"", 200),
        (SCRIPT.replace("GET", "POST"), [], b"{}", 405),
        ("GET /e/nobody.js", [], b"", 404),
        ("OPTIONS /e/07sor/hits", ["Access-Control-Request-Method: POST"], b"", 204),
        ("POST /e/07sor/hits", [], HIT, 204),
        ("POST /e/07sor/hits", [], b"{", 400),
        ("POST /e/07sor/decisions", ["Sec-GPC: 1"], b"{}", 422),
        (HEALTH, [], b"", 200),
        ("GET /privacy/07sor/", [], b"", 200),
        ("GET /no/page", [], b"", 404),
    ],
)
@pytest.mark.parametrize("pieces", [1, 7])
def test_the_loop_answers_as_any_server_does(
    app: Flask, port: int, line: str, headers: list[str], body: bytes, status: int, pieces: int
) -> None:
    sent = request(line, *headers, body=body)
    size = -(-len(sent) // pieces)
    (found,) = ask(port, *(sent[at : at + size] for at in range(0, len(sent), size)))

    method, path = line.split()
    said = dict(each.split(": ", 1) for each in headers)
    common = {"Origin": "http://127.0.0.1:8081", "User-Agent": factories.CHROME}
    other = app.test_client().open(path, method=method, data=body, headers=common | said)
    assert found.status == other.status_code == status
    own = {"date", "connection"}
    assert {name for name in found.headers if name not in own} == {
        name.lower() for name, _ in other.headers if name.lower() not in own
    }
    if status in (400, 404, 405, 422):
        assert found.body == other.data


def test_several_on_one_connection_are_answered_in_their_order(port: int) -> None:
    page, script, hit = (
        request("GET /privacy/07sor/"),
        request(SCRIPT),
        request("POST /e/07sor/hits", body=HIT),
    )
    found = ask(port, page + script + hit + script, hit + page)

    assert [each.status for each in found] == [200, 200, 204, 200, 204, 200]
    assert b"<!doctype html>" in found[0].body
    assert b"<!doctype html>" in found[5].body
    assert found[1].body == found[3].body


def test_thousands_at_once_are_answered(port: int) -> None:
    sent = request(SCRIPT, "If-None-Match: *", "Accept-Encoding: br") * 3000

    assert len(ask(port, sent)) == 3000


def test_a_browser_that_asks_first_is_told_to_send(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(
            request("POST /e/07sor/hits", "Expect: 100-continue", f"Content-Length: {len(HIT)}")
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(HIT)
        assert connection.recv(100).startswith(b"HTTP/1.1 204 ")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET /healthz HTTP/1.0\r\n\r\n", "close"),
        (b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close"),
        (request(HEALTH, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"), "close"),
        (request(SCRIPT, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"), "close"),
    ],
)
def test_it_is_said_whether_another_may_follow(port: int, sent: bytes, expected: str) -> None:
    with connected(port) as connection:
        connection.sendall(sent)
        said = connection.recv(1 << 20)

    assert f"connection: {expected}".encode() in said.lower()
    assert b" 200 " in said


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /" + b"a" * 70_000, 431),
        (request(HEALTH, *(f"A{number}: b" for number in range(250))), 431),
        (request(HEALTH, *("A: b" for _ in range(250))), 431),
        (request(HEALTH, "A" * 65 + ": b"), 431),
        (b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET http:///healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET HTTP://b/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (request("POST /e/07sor/hits", f"Content-Length: 00000000000{len(HIT)}") + HIT, 204),
        (b"GET http://b/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"GET /%00%ff HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /\xff?\xff=\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nA: \xff\xc3\xa6\r\n\r\n", 200),
    ],
)
def test_a_head_is_refused_or_understood(port: int, sent: bytes, status: int) -> None:
    assert statuses(port, sent) == [status]


def test_a_proxy_is_believed_of_scripts_and_decisions_too(settings: dict[str, Any]) -> None:
    app = make_app({**settings, "trusted_proxies": 1})
    with answering(app) as port:
        for sent in (request(SCRIPT, "X-Forwarded-Proto: https"), request(SCRIPT)):
            (found,) = ask(port, sent)
            assert ("strict-transport-security" in found.headers) is (b"https" in sent)


def test_many_in_little_take_no_memory_before_they_are_taken(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request of forty bytes asks for thousands."""
    most = 0
    send = front.Front.send

    def watch(self: front.Front, transport: Any, data: bytes) -> None:
        nonlocal most
        send(self, transport, data)
        held = sum(len(each) for _, each in self._gathered) + transport.get_write_buffer_size()
        most = max(most, held)

    monkeypatch.setattr(front.Front, "send", watch)
    sent = b"GET /e/07sor.js HTTP/1.1\r\nHost: a\r\n\r\n" * 5000
    with answering(app) as port, connected(port) as client:
        client.sendall(sent)
        assert statuses(port, request(HEALTH)) == [200]
        client.shutdown(socket.SHUT_WR)
        said = client.makefile("rb").read()

    assert said.count(b"HTTP/1.1 200 OK") == 5000
    assert most < 1_000_000


@pytest.mark.parametrize("last", [b"", request("GET /privacy/07sor/")])
def test_what_comes_with_the_end_is_answered(port: int, last: bytes) -> None:
    for number in (1, 9, 90, 400):
        with connected(port) as client:
            client.sendall(request(SCRIPT) * number + last)
            client.shutdown(socket.SHUT_WR)
            said = client.makefile("rb").read()
        assert said.count(b"HTTP/1.1 200 OK") == number + bool(last)


@pytest.mark.parametrize("pieces", [1, 3])
def test_who_asks_for_another_protocol_is_answered_in_this_one(port: int, pieces: int) -> None:
    """As curl --http2 and Java's client do, with a body as well."""
    sent = request("POST /e/07sor/hits", "Connection: Upgrade", "Upgrade: h2c", body=HIT)
    size = -(-len(sent) // pieces)

    (found,) = ask(port, *(sent[at : at + size] for at in range(0, len(sent), size)))

    assert (found.status, found.headers["connection"]) == (204, "close")


def test_who_waits_behind_another_is_told_to_send(port: int) -> None:
    asks = request("POST /e/07sor/hits", "Expect: 100-continue", f"Content-Length: {len(HIT)}")
    with connected(port) as client:
        client.sendall(request(HEALTH) + asks)
        said = b""
        while b"HTTP/1.1 100 " not in said:
            said += client.recv(1000)
        assert said.startswith(b"HTTP/1.1 200 ")
        client.sendall(HIT)
        assert client.recv(1000).startswith(b"HTTP/1.1 204 ")


@pytest.mark.parametrize("endless", [b"0\r\nA: ", b"1;a="])
def test_what_stands_around_a_body_has_an_end(port: int, endless: bytes) -> None:
    sent = request("POST /e/07sor/hits", CHUNKS) + endless + b"a" * 1_000_000
    with connected(port) as client:
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(sent)
        assert client.recv(1000).startswith(b"HTTP/1.1 400 ")


CHUNKS = "Transfer-Encoding: chunked"


def test_what_comes_after_a_body_is_no_part_of_the_head(port: int) -> None:
    trailers = b"".join(b"X-%d: a\r\n" % number for number in range(300))
    sent = (
        request("POST /e/07sor/hits", CHUNKS) + b"d\r\n" + HIT + b"\r\n0\r\n" + trailers + b"\r\n"
    )

    assert statuses(port, sent, request(HEALTH)) == [204, 200]


def test_a_coding_that_nobody_here_reads_is_refused(port: int) -> None:
    sent = request("POST /e/07sor/hits", "Transfer-Encoding: gzip, chunked")

    assert statuses(port, sent + b"0\r\n\r\n") == [400]


def test_a_wrong_one_is_told_after_those_before_it_and_ends_the_connection(port: int) -> None:
    assert statuses(
        port, request("GET /privacy/07sor/") + b"nonsense\r\n\r\n" + request(HEALTH)
    ) == [
        200,
        400,
    ]


def test_a_header_with_an_underscore_is_no_proxys(settings: dict[str, Any]) -> None:
    app = make_app({**settings, "trusted_proxies": 1})
    app.add_url_rule("/who", view_func=lambda: asked.remote_addr)
    with answering(app) as port:
        (trusted,) = ask(port, request("GET /who", "X-Forwarded-For: 203.0.113.7"))
        (spoofed,) = ask(port, request("GET /who", "X_Forwarded_For: 203.0.113.7"))

    assert (trusted.body, spoofed.body) == (b"203.0.113.7", b"127.0.0.1")


def test_a_mistake_of_ours_ends_one_request_and_says_nothing(app: Flask) -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise RuntimeError("of no interest to anybody")

    app.add_url_rule("/broken", view_func=lambda: Response(broken()))
    with answering(app) as port:
        (found,) = ask(port, request("GET /broken"))
        assert (found.status, found.body) == (500, b"")
        assert statuses(port, request(HEALTH)) == [200]


def streamed(app: Flask, parts: int, *, breaks: bool = False) -> None:
    """A page that is made in parts of 100 kB, and says when nobody wants more of them."""
    closed = app.extensions["closed"] = []

    def view() -> Response:
        def made() -> Iterator[bytes]:
            try:
                for number in range(parts):
                    assert asked.args["a"] == "1"
                    yield bytes([65 + number % 26]) * 100_000
                if breaks:
                    raise RuntimeError
            finally:
                closed.append(1)

        return Response(stream_with_context(made()))

    app.add_url_rule("/stream", view_func=view)


def test_an_answer_is_streamed_whole(app: Flask) -> None:
    streamed(app, 60)
    with answering(app) as port:
        (found,) = ask(port, request("GET /stream?a=1"))
        (old,) = ask(port, b"GET /stream?a=1 HTTP/1.0\r\n\r\n")

    assert found.headers["transfer-encoding"] == "chunked"
    assert found.body == old.body == b"".join(bytes([65 + n % 26]) * 100_000 for n in range(60))
    assert "transfer-encoding" not in old.headers


def test_a_short_one_says_its_length(app: Flask) -> None:
    streamed(app, 1)
    with answering(app) as port:
        found = ask(port, request("GET /stream?a=1"), request(HEALTH))

    assert [len(each.body) for each in found] == [100_000, 3]
    assert found[0].headers["content-length"] == "100000"


def test_each_answer_says_the_date_once(port: int) -> None:
    for line in (SCRIPT, HEALTH, "GET /static/icon.svg", "GET /no/page"):
        with connected(port) as connection:
            connection.sendall(request(line, "Connection: close"))
            said = connection.makefile("rb").read().partition(b"\r\n\r\n")[0]
        assert said.lower().count(b"\r\ndate: ") == 1


def test_one_whose_end_fails_is_sent_all_the_same(app: Flask) -> None:
    class Unclosed:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"whole"])

        def close(self) -> None:
            raise RuntimeError("of no interest to anybody")

    app.add_url_rule("/unclosed", view_func=lambda: Response(Unclosed()))
    with answering(app) as port:
        assert [each.body for each in ask(port, request("GET /unclosed"))] == [b"whole"]


def test_one_that_breaks_off_is_not_taken_for_whole(app: Flask) -> None:
    streamed(app, 60, breaks=True)
    with answering(app) as port, connected(port) as connection:
        connection.sendall(request("GET /stream?a=1"))
        said = b""
        try:
            while part := connection.recv(1 << 20):
                said += part
        except ConnectionResetError:
            pass
        assert not said.endswith(b"0\r\n\r\n")
        assert statuses(port, request(HEALTH)) == [200]


def test_who_leaves_in_the_middle_frees_what_was_held(app: Flask) -> None:
    streamed(app, 1000)
    with answering(app) as port:
        with connected(port) as connection:
            connection.sendall(request("GET /stream?a=1"))
            connection.recv(100)
        while not app.extensions["closed"]:
            assert statuses(port, request(HEALTH)) == [200]


def test_an_old_version_is_found_by_a_process_that_does_not_hold_it(app: Flask) -> None:
    source = SITE_FILE.read_text().replace('name = "Syse AS"', 'name = "Syse ASA"')
    with app.app_context():
        publish(source)
    app.extensions["consent_memory"].forget()
    decision = json.dumps(factories.decision(version=1)).encode()
    with answering(app) as port:
        found = ask(
            port,
            request(SCRIPT),
            request("POST /e/07sor/decisions", body=decision),
            request("POST /e/07sor/decisions", body=decision),
        )

    assert [each.status for each in found] == [200, 201, 200]
