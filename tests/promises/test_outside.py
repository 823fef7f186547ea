"""What this server asks of others: it ends, it is small, and it leads nowhere within the server's own network."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from flask import Flask

from consent import notice, outside, webhooks
from consent.dashboard import installation
from consent.db import db
from consent.errors import Invalid
from tests import factories

HERE = ("127.0.0.1",)
Answering = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answering], str]]:
    """Starts servers that do with each connection what they are told; each has an address."""
    listening: list[socket.socket] = []

    def start(answer: Answering) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.recv(65536)
                    answer(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    yield start
    for each in listening:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def ask(url: str, seconds: float = 5, most: int = 100, **more: object) -> outside.Answer:
    return outside.exchange("GET", url, {}, seconds=seconds, most=most, **more)  # type: ignore[arg-type]


def page(body: bytes, head: bytes = b"") -> Answering:
    return lambda connection: connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + head + b"\r\n" + body
    )


def drip(start: bytes, piece: bytes) -> Answering:
    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(0.02)

    return answer


class TestTime:
    @pytest.mark.parametrize(
        ("start", "piece"),
        [
            (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"x"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (b"HTTP/1.1 200", b" "),
        ],
        ids=["headers", "body", "more to come", "first line"],
    )
    def test_an_answer_that_drips_ends_with_the_deadline(self, serve, start, piece):
        address, began = serve(drip(start, piece)), time.monotonic()
        with pytest.raises((OSError, outside.http.client.HTTPException)):
            ask(address, seconds=0.4, most=10**6, inside=HERE)
        assert time.monotonic() - began < 5

    def test_so_does_one_that_never_comes(self, serve):
        silent = threading.Event()
        address = serve(lambda _: silent.wait(20))  # type: ignore[arg-type, return-value]
        with pytest.raises(TimeoutError, match=r"longer than 0\.3 seconds"):
            ask(address, seconds=0.3, inside=HERE)
        silent.set()

    def test_and_a_name_that_is_never_resolved(self, monkeypatch):
        done = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(20) and [])
        with pytest.raises(TimeoutError):
            ask("http://somewhere.example/", seconds=0.3)
        done.set()


class TestSize:
    def test_no_more_is_read_than_was_asked_for(self, serve):
        assert ask(serve(page(b"x" * 10**6)), most=1000, inside=HERE).body == b"x" * 1000

    def test_of_a_page_that_is_checked_the_first_part_is_read(self, serve):
        address = serve(page(b"<script src=/a.js></script>" * 10**5))
        found = installation.fetch(address, [address], HERE)
        assert len(found.body) == installation.LARGEST

    def test_few_scripts_are_named(self):
        many = installation.Page("<script src=/a.js></script>" * 1000)
        found = installation.check(many, "https://shop.example/", "https://c.example", "shop")
        assert len(found.before) == installation.MOST_NAMED

    @pytest.mark.parametrize("piece", ["<!--", "<script ", "<a", "<![CDATA[", "</", "<script>"])
    def test_the_time_for_a_page_grows_with_it_whatever_is_in_it(self, piece):
        took = []
        for times in (10_000, 40_000):
            body = installation.Page(piece * times)
            began = time.process_time()
            installation.check(body, "https://shop.example/", "https://c.example", "shop")
            took.append(time.process_time() - began)
        # Sixteen times as long is what grows with the square.
        assert took[1] < 10 * max(took[0], 0.01)


class TestPlaces:
    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "localhost", "127.1", "0.0.0.0", "10.1.2.3", "172.16.0.1"),
            *("192.168.1.1", "169.254.169.254", "100.64.0.1", "[::1]", "[fe80::1]", "[fd00::1]"),
            *("[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1"),
        ],
    )
    def test_the_servers_own_network_is_not_asked(self, host, monkeypatch):
        connected = []
        monkeypatch.setattr(socket.socket, "connect", lambda _, address: connected.append(address))
        with pytest.raises(OSError, match=r"own network|not known|resol|address"):
            ask(f"http://{host}/")
        assert connected == []

    @pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
    def test_all_else_is_public(self, address):
        assert outside.is_public(ipaddress.ip_address(address))

    def test_what_the_operator_names_is_asked(self, serve):
        address = serve(page(b"here"))
        assert ask(address, inside=HERE).body == b"here"
        assert ask(address.replace("127.0.0.1", "localhost"), inside=("localhost",)).body == b"here"

    def test_what_was_resolved_is_what_is_connected_to(self, serve, monkeypatch):
        port = int(serve(page(b"here")).rpartition(":")[2])
        resolved = []

        def rebound(host: str, *_: object, **__: object) -> list[object]:
            resolved.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", rebound)
        assert ask(f"http://name.example:{port}/", inside=("name.example",)).body == b"here"
        assert resolved == ["name.example"]

    def test_a_redirect_follows_the_same_rule(self, serve):
        inner = "http://10.0.0.1/secret"
        outer = serve(
            lambda connection: connection.sendall(
                f"HTTP/1.1 302 Found\r\nLocation: {inner}\r\n\r\n".encode()
            )
        )
        assert ask(outer, inside=HERE).status == 302
        with pytest.raises(OSError, match=r"10\.0\.0\.1 is in"):
            ask(outer, inside=HERE, may_lead_to=lambda _: None)

    def test_the_check_says_so(self):
        with pytest.raises(Invalid, match="CONSENT_INSIDE_HOSTS"):
            installation.fetch("http://127.0.0.1:1/", ["http://127.0.0.1:1"])

    def test_a_webhook_notes_it(self, app: Flask):
        now = datetime.now(UTC)
        with app.app_context():
            webhooks.add(db.session(), "krukke", "http://127.0.0.1:1/hook", now)
            notice.publish(db.session(), factories.shop(**{"Counter GmbH": "Zähler"}), now)
            assert webhooks.deliver_due(db.session(), lambda: now, webhooks.post) == 0
            (state,) = webhooks.states(db.session(), "krukke")
        assert state.last
        assert "own network" in (state.last.error or "")


def test_one_receiver_holds_up_no_other(app: Flask):
    now, first_is_done = datetime.now(UTC), threading.Event()
    told: list[str] = []

    def post(url: str, *_: object) -> int:
        if "slow" in url:
            # Answers only when the other has been told.
            assert first_is_done.wait(20)
        told.append(url)
        if "quick" in url:
            first_is_done.set()
        return 204

    with app.app_context():
        for name in ("slow", "quick"):
            webhooks.add(db.session(), "krukke", f"https://{name}.example/hook", now)
        notice.publish(db.session(), factories.shop(**{"Counter GmbH": "Zähler"}), now)
        assert webhooks.deliver_due(db.session(), lambda: now, post) == 2
    assert [each.split("//")[1].split(".")[0] for each in told] == ["quick", "slow"]
