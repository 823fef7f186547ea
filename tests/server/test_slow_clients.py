"""Clients that send or read slowly, in any number, hold up nobody else, and not for ever."""

import select
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Response

from consent.server import connection, front, pages
from tests.conftest import make_app
from tests.server.loops import PATIENCE, answering, ask, connected, request

SCRIPT = request("GET /e/07sor.js", "Accept-Encoding: br")
PAGE = request("GET /privacy/07sor/")
HIT = request("POST /e/07sor/hits", body=b'{"path": "/"}')
FORM = request(
    "POST /dashboard/login", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 90"
)
# As many as the issue names of whom it wants no harm; and what others may lose by them.
MANY = 500
HARM = 0.1


@pytest.fixture
def port(settings: dict[str, Any]) -> Iterator[int]:
    app = make_app({**settings, "request_deadline": 1, "threads": 4})
    with answering(app) as found:
        yield found


def seconds(port: int, sent: bytes) -> float:
    begun = time.perf_counter()
    assert [each.status for each in ask(port, sent)] in ([200], [204])
    return time.perf_counter() - begun


def median(port: int) -> dict[bytes, float]:
    return {
        each: statistics.median(seconds(port, each) for _ in range(9))
        for each in (SCRIPT, PAGE, HIT)
    }


@pytest.mark.parametrize("end", [-1, -9, 60], ids=["body", "most of it", "head"])
def test_senders_in_any_number_hold_up_nobody(settings: dict[str, Any], end: int) -> None:
    app = make_app({**settings, "threads": 4})
    kinds = (HIT[:end], FORM[: end if end > 0 else None])
    with answering(app) as port, ExitStack() as stack:
        before = median(port)
        for number in range(MANY):
            slow = stack.enter_context(connected(port))
            slow.sendall(kinds[number % 2])
        found = median(port)

    assert all(found[each] < before[each] + HARM for each in found)


def test_readers_in_any_number_hold_up_nobody(settings: dict[str, Any]) -> None:
    app = make_app({**settings, "threads": 4})
    with answering(app) as port, ExitStack() as stack:
        before = median(port)
        for number in range(MANY):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            slow.connect(("127.0.0.1", port))
            slow.sendall(PAGE * 2 if number % 2 else SCRIPT * 8)
            slow.recv(1)
        found = median(port)

    assert all(found[each] < before[each] + HARM for each in found)


def until_closed(client: socket.socket) -> bytes:
    said = b""
    while part := client.recv(1 << 20):
        said += part
    return said


@pytest.mark.parametrize("sent", [HIT[:-1], HIT[:60], FORM], ids=["body", "head", "form"])
def test_a_request_that_does_not_come_to_its_end_is_given_up(port: int, sent: bytes) -> None:
    with connected(port) as slow:
        slow.sendall(sent)
        assert until_closed(slow).startswith(b"HTTP/1.1 408 ")


def test_no_byte_now_and_then_puts_that_off(port: int) -> None:
    is_over = threading.Event()
    with connected(port) as slow:

        def drip() -> None:
            for byte in HIT[20:]:
                if is_over.wait(0.05):
                    return
                slow.sendall(bytes([byte]))

        dripping = threading.Thread(target=drip)
        begun = time.monotonic()
        slow.sendall(HIT[:20])
        dripping.start()
        said = slow.recv(1000)
        passed = time.monotonic() - begun
        is_over.set()
        dripping.join()

    assert said.startswith(b"HTTP/1.1 408 ")
    assert 1 <= passed < PATIENCE / 2


def test_who_says_nothing_at_all_is_left(port: int) -> None:
    with connected(port) as silent:
        assert until_closed(silent) == b""


def test_who_does_not_take_an_answer_is_left(settings: dict[str, Any]) -> None:
    app = make_app({**settings, "response_deadline": 1})
    app.add_url_rule("/large", view_func=lambda: LARGE)
    with answering(app) as port, connected(port) as slow:
        slow.sendall(request("GET /large"))
        slow.recv(1)

        assert is_reset(slow)


LARGE = b"a" * 20_000_000


def test_memory_of_answers_that_nobody_takes_is_bounded(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "MOST_UNTAKEN", len(LARGE) * 2)
    app = make_app(settings)
    app.add_url_rule("/large", view_func=lambda: LARGE)
    with answering(app) as port, ExitStack() as stack:
        slow = [stack.enter_context(connected(port)) for _ in range(6)]
        for each in slow:
            each.sendall(request("GET /large"))
            each.recv(1)
        # The first has waited longest.
        assert is_reset(slow[0])
        said = b""
        while len(said) < len(LARGE):
            said += slow[-1].recv(1 << 20)


def is_reset(client: socket.socket) -> bool:
    look = select.poll()
    look.register(client, select.POLLERR)
    return bool(look.poll(PATIENCE * 1000))


def test_memory_of_bodies_under_way_is_bounded(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_HELD", 200_000)
    monkeypatch.setattr(connection, "SMALL_BODY", 50_000)
    head = FORM.replace(b"Length: 90", b"Length: 400000")
    with connected(port) as first, connected(port) as second:
        first.sendall(head + b"a" * 190_000)
        second.sendall(head + b"a" * 100_000)
        assert second.recv(100).startswith(b"HTTP/1.1 503 ")
        assert seconds(port, HIT) < PATIENCE


def test_an_answer_that_is_half_sent_is_never_followed_by_a_refusal(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(settings)

    def view() -> Response:
        def made() -> Iterator[bytes]:
            for number in range(100):
                if number == 90:  # from now on no thread takes anything more
                    monkeypatch.setattr(pages, "MOST_WAITING", 0)
                yield b"a" * 100_000

        return Response(made(), headers={"Content-Length": "10000000"})

    app.add_url_rule("/large", view_func=view)
    with answering(app) as port, connected(port) as client:
        client.sendall(request("GET /large"))
        with pytest.raises(ConnectionResetError):
            until_closed(client)


def test_over_the_limit_a_connection_is_refused_at_once(settings: dict[str, Any]) -> None:
    app = make_app({**settings, "connections": 5})
    with answering(app) as port:
        with ExitStack() as stack:
            for _ in range(5):
                kept = stack.enter_context(connected(port))
                kept.sendall(SCRIPT)
                kept.recv(1)
            said = until_closed(stack.enter_context(connected(port)))
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in said.lower()
        assert seconds(port, SCRIPT) < PATIENCE


def test_over_what_may_wait_for_a_thread_a_page_is_refused_at_once(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_WAITING", 2)
    app = make_app({**settings, "threads": 1})
    is_in, let_go = threading.Event(), threading.Event()

    def slow() -> str:
        is_in.set()
        let_go.wait(PATIENCE)
        return "done"

    app.add_url_rule("/slow", view_func=slow)
    with answering(app) as port, connected(port) as first, connected(port) as second:
        first.sendall(request("GET /slow"))
        assert is_in.wait(PATIENCE)
        second.sendall(request("GET /healthz"))
        assert until_refused(port).startswith(b"HTTP/1.1 503 ")
        # Neither a script nor a page view needs a thread.
        assert seconds(port, SCRIPT) < PATIENCE
        let_go.set()
        assert b" 200 " in first.recv(100)
        assert b" 200 " in second.recv(100)


def until_refused(port: int) -> bytes:
    """The second may be on its way still."""
    with connected(port) as third:
        third.sendall(request("GET /healthz"))
        return third.recv(100)
