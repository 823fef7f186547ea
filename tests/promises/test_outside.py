"""What this server asks of others: it ends, it is small, and it leads nowhere within the server's own network."""

import ipaddress
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from consent.core import emails, mail, outside
from consent.core.db import db
from consent.core.errors import Invalid
from consent.demo import SITE_FILE
from consent.models import OutboxItem, Subscriber
from consent.models.outbox import ANNOUNCEMENT
from consent.notice import publishing
from consent.outbox import announcing, webhooks
from consent.outbox.announcements import Sender
from consent.server import tasks
from consent.web.dashboard import installation
from tests import factories
from tests.conftest import KEY

HERE = ("127.0.0.1",)
Answering = Callable[[socket.socket], None]


@pytest.fixture
def listen() -> Iterator[Callable[[Answering], int]]:
    """Starts servers that do with each connection what they are told; each has a port."""
    listening: list[socket.socket] = []

    def start(answer: Answering) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    answer(connection)

        threading.Thread(target=accept, daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    for each in listening:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@pytest.fixture
def serve(listen: Callable[[Answering], int]) -> Callable[[Answering], str]:
    """Starts servers that answer a request with what they are told; each has an address."""

    def start(answer: Answering) -> str:
        def heard(connection: socket.socket) -> None:
            connection.recv(65536)
            answer(connection)

        return f"http://127.0.0.1:{listen(heard)}"

    return start


def ask(url: str, seconds: float = 5, most: int = 100, **more: object) -> outside.Response:
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
            publishing.publish(db.session(), factories.shop(**{"Counter GmbH": "Zähler"}), now)
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
        publishing.publish(db.session(), factories.shop(**{"Counter GmbH": "Zähler"}), now)
        assert webhooks.deliver_due(db.session(), lambda: now, post) == 2
    assert [each.split("//")[1].split(".")[0] for each in told] == ["quick", "slow"]


def mail_server(at: str, instead: Answering) -> Answering:
    """Answers as mail servers do, until something begins with `at`: "" is the greeting, "." the end of a message."""
    says = {"": "220 here", "ehlo": "250-here\r\n250 STARTTLS", "data": "354 go on"}
    if at != "starttls":
        says["ehlo"] = "250 here"

    def answer(connection: socket.socket) -> None:
        if at == "":
            instead(connection)
        connection.sendall(f"{says['']}\r\n".encode())
        is_text = False
        for line in connection.makefile("rb"):
            if is_text and line != b".\r\n":
                continue
            verb = line.decode().split()[0].lower()
            if verb == at:
                instead(connection)
            connection.sendall(f"{says.get(verb, '250 OK')}\r\n".encode())
            is_text = verb == "data"

    return answer


def send_mail(port: int, seconds: float = 0.4) -> None:
    message = mail.message(emails.address("a@example.no", "A"), "Hello", "Hello\n" * 100)
    with mail.Mailer(f"smtp://127.0.0.1:{port}", seconds) as mailer:
        mailer.send(mail.addressed(message, "b@example.no"))


class TestMail:
    @pytest.mark.parametrize(
        ("at", "start", "piece"),
        [
            ("", b"2", b"2"),
            ("", b"220", b"-here\r\n220"),
            ("ehlo", b"250-", b"x"),
            ("mail", b"250", b"-x\r\n250"),
            ("rcpt", b"", b"2"),
            ("data", b"354 ", b" "),
            (".", b"250 ", b" "),
        ],
    )
    def test_a_server_that_drips_ends_with_the_deadline(self, listen, at, start, piece):
        port, began = listen(mail_server(at, drip(start, piece))), time.monotonic()
        with pytest.raises(mail.NoMail, match=r"longer than 0\.4 seconds"):
            send_mail(port)
        assert time.monotonic() - began < 5

    def test_so_does_a_handshake(self, listen):
        def hello(connection: socket.socket) -> None:
            connection.sendall(b"220 go on\r\n")
            connection.recv(65536)
            # 16 kB (RFC 8446, section 5.1), of which a byte comes at a time.
            drip(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xf0\x03\x03", b"x")(connection)

        began = time.monotonic()
        with pytest.raises(mail.NoMail, match=r"longer than 0\.4 seconds"):
            send_mail(listen(mail_server("starttls", hello)))
        assert time.monotonic() - began < 5

    def test_an_answer_that_is_cut_off_is_none(self, listen):
        with pytest.raises(mail.NoMail, match="ended within an answer"):
            send_mail(listen(mail_server(".", lambda c: c.sendall(b"250") or c.shutdown(2))))

    def test_a_goodbye_that_drips_changes_nothing(self, listen):
        began = time.monotonic()
        send_mail(listen(mail_server("quit", drip(b"2", b"2"))))
        assert time.monotonic() - began < 5

    def test_a_server_that_does_not_listen_ends_so_too(self, listen, monkeypatch):
        silent = threading.Event()
        port = listen(mail_server("data", lambda c: c.sendall(b"354 on\r\n") or silent.wait(20)))
        monkeypatch.setattr(mail, "_dotted", lambda _: b"x" * 10**8)
        with pytest.raises(mail.NoMail, match=r"longer than 0\.4 seconds"):
            send_mail(port)
        silent.set()

    @pytest.mark.parametrize("name", ["getaddrinfo", "getfqdn"])
    def test_and_a_name_that_is_never_resolved(self, listen, monkeypatch, name):
        done = threading.Event()
        monkeypatch.setattr(socket, name, lambda *_, **__: done.wait(20) and [])
        with pytest.raises(mail.NoMail, match=r"longer than 0\.4 seconds"):
            send_mail(listen(mail_server("nothing", drip(b"", b""))))
        done.set()

    def test_a_name_that_is_none_is_said(self):
        with pytest.raises(mail.NoMail, match=r"mail server a\.\.example"):
            mail.Mailer("smtp://a..example")

    @pytest.mark.parametrize("at", ["", "ehlo", "rcpt", "."])
    def test_no_answer_is_endless(self, listen, at):
        lines = b"250-" + b"x" * 4000 + b"\r\n"

        def flood(connection: socket.socket) -> None:
            while True:
                connection.sendall(lines)

        with pytest.raises(mail.NoMail, match="longer than 65536 bytes"):
            send_mail(listen(mail_server(at, flood)), seconds=20)

    def test_a_refusal_is_told_in_short(self, listen):
        def refuse(connection: socket.socket) -> None:
            connection.sendall(b"550 " + b"x" * 4000 + b"\r\n")
            connection.recv(100)
            connection.sendall(b"250 reset\r\n")

        with pytest.raises(mail.Refused) as refused:
            send_mail(listen(mail_server("rcpt", refuse)))
        assert len(refused.value.detail) < 600

    def test_other_sites_and_other_work_go_on(self, app: Flask, listen):
        url = f"smtp://127.0.0.1:{listen(mail_server('mail', drip(b'2', b'2')))}"
        now, told = datetime.now(UTC), []
        sender = Sender((KEY,), "consent@example.no", "https://consent.example")
        with app.app_context():
            session = db.session()
            webhooks.add(session, "07sor", "https://shop.example/hook", now)
            for key, site_file in (
                ("krukke", factories.shop(**{"Counter GmbH": "Zähler"})),
                ("07sor", SITE_FILE.read_text().replace('"Syse AS"', '"Syse ASA"')),
            ):
                publishing.publish(session, site_file, now)
                kept = {"language": "en", "asked_at": now, "confirmed_at": now}
                session.add(Subscriber(site=key, id=uuid.uuid4(), email="kari@example.no", **kept))
                session.commit()
                announcing.ask(session, key, 2, now, minor=True)
            began = time.monotonic()
            announcing.send_due(session, lambda: now, sender, lambda: mail.Mailer(url, 0.4))
            assert time.monotonic() - began < 5
            announced = select(OutboxItem).where(OutboxItem.kind == ANNOUNCEMENT)
            tried = session.scalars(announced).all()
            assert ["longer than" in (each.error or "") for each in tried] == [True, True]
            assert all(each.next_attempt_at for each in tried)
            webhooks.deliver_due(session, lambda: now, lambda url, *_: told.append(url) or 204)
        assert told == ["https://shop.example/hook"]


def test_a_task_that_waits_for_others_holds_up_no_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, done = threading.Event(), threading.Event()
    each = (tasks.Task("waits", 60, waits.wait), tasks.Task("works", 60, done.set))
    monkeypatch.setattr(tasks, "TASKS", each)

    tasks.run(app)

    assert done.wait(10)
    waits.set()
