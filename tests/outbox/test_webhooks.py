"""Webhooks: signed as in Standard Webhooks, queued with what they tell, tried until taken. With a real receiver."""

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent.core.db import db
from consent.core.errors import Invalid, NotFound, UnknownSite
from consent.models import OutboxItem
from consent.notice import publishing
from consent.outbox import webhooks
from tests import factories
from tests.conftest import NewDatabase
from tests.ports import free_port
from tests.processes import Server

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Receiver(HTTPServer):
    """Keeps what it is told, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Told)
        self.status = 204
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.something = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Told(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(
            ({name.lower(): value for name, value in self.headers.items()}, body)
        )
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.server.something.set()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(autouse=True)
def in_the_application(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def publish(name: str = "Zähler GmbH") -> None:
    publishing.publish(db.session(), factories.shop(**{"Counter GmbH": name}), NOW)


def deliver(after: timedelta = timedelta(0)) -> int:
    return webhooks.deliver_due(db.session(), lambda: NOW + after, to_here)


# The receivers are on this machine.
to_here = partial(webhooks.post, inside=["127.0.0.1"])


def test_a_publication_is_told_and_signed(receiver: Receiver) -> None:
    secret = webhooks.add(db.session(), "krukke", receiver.url, NOW).secret
    publish()

    assert deliver() == 1

    ((headers, body),) = receiver.told
    found = json.loads(body)
    assert (found["type"], found["timestamp"]) == ("notice.published", NOW.isoformat())
    assert found["data"]["number"] == 2
    assert found["data"]["material"] is True
    assert found["data"]["asked_again"] == ["analytics", "sizing"]
    # As a receiver checks it: Standard Webhooks, "Verifying signatures".
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert int(headers["webhook-timestamp"]) == int(NOW.timestamp())
    assert deliver(timedelta(days=9)) == 0


def test_it_is_tried_again_under_the_same_id_until_it_is_taken(receiver: Receiver) -> None:
    webhooks.add(db.session(), "krukke", receiver.url, NOW)
    publish()
    receiver.status = 500
    assert deliver() == 0
    assert deliver(timedelta(seconds=4)) == 0
    assert len(receiver.told) == 1  # it was not time yet

    receiver.status = 200
    assert deliver(timedelta(seconds=6)) == 1

    first, second = (headers["webhook-id"] for headers, _ in receiver.told)
    assert first == second
    assert db.session.scalar(select(OutboxItem.error)) is None


def test_after_three_days_it_is_given_up(receiver: Receiver) -> None:
    webhooks.add(db.session(), "krukke", f"http://127.0.0.1:{free_port()}/", NOW)
    publish()

    moment = timedelta(0)
    for _ in range(20):
        deliver(moment)
        moment += timedelta(days=1)

    message = db.session.scalars(select(OutboxItem)).one()
    assert (message.attempts, message.next_attempt_at, message.sent_at) == (10, None, None)
    assert "refused" in (message.error or "")


@pytest.mark.parametrize(("status", "again"), [(410, False), (302, True), (404, True)])
def test_a_receiver_says_whether_to_come_again(
    receiver: Receiver, status: int, again: bool
) -> None:
    webhooks.add(db.session(), "krukke", receiver.url, NOW)
    publish()
    receiver.status = status

    deliver()

    assert len(receiver.told) == 1  # a redirect is not followed
    assert (db.session.scalar(select(OutboxItem.next_attempt_at)) is not None) is again


def test_two_processes_send_it_once(receiver: Receiver, app: Flask) -> None:
    webhooks.add(db.session(), "krukke", receiver.url, NOW)
    publish()
    sent: list[str] = []

    def meanwhile(url: str, body: bytes, headers: dict[str, str]) -> int:
        sent.append(headers["webhook-id"])
        with app.app_context():
            assert deliver() == 0  # another process, while this one waits for the answer
        return 200

    assert webhooks.deliver_due(db.session(), lambda: NOW, meanwhile) == 1
    assert len(sent) == 1
    assert receiver.told == []


def test_a_process_that_dies_in_between_leaves_it_to_another(receiver: Receiver) -> None:
    webhooks.add(db.session(), "krukke", receiver.url, NOW)
    publish()

    def dies(*_: Any) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        webhooks.deliver_due(db.session(), lambda: NOW, dies)
    db.session.rollback()

    assert deliver(webhooks.CLAIM) == 1


def test_two_processes_send_each_of_several_once(receiver: Receiver, app: Flask) -> None:
    for _ in range(3):
        webhooks.add(db.session(), "krukke", receiver.url, NOW)
    publish()
    sent: list[str] = []
    engine = db.engine

    def meanwhile(url: str, body: bytes, headers: dict[str, str]) -> int:
        sent.append(headers["webhook-id"])
        if len(sent) == 1:
            with Session(engine) as other:  # finds all of them taken
                webhooks.deliver_due(other, lambda: NOW, meanwhile)
        return 200

    webhooks.deliver_due(db.session(), lambda: NOW, meanwhile)

    assert len(sent) == len(set(sent)) == 3


def test_another_sites_webhook_is_told_nothing(receiver: Receiver) -> None:
    webhooks.add(db.session(), "07sor", receiver.url, NOW)
    publish()

    assert (deliver(), receiver.told) == (0, [])


def test_what_is_removed_is_told_nothing_more(receiver: Receiver) -> None:
    made = webhooks.add(db.session(), "krukke", receiver.url, NOW)
    publish()

    webhooks.remove(db.session(), "krukke", made.id)

    assert (deliver(), receiver.told) == (0, [])
    assert db.session.scalar(select(func.count()).select_from(OutboxItem)) == 0
    with pytest.raises(NotFound):
        webhooks.remove(db.session(), "krukke", made.id)


def test_what_is_no_address_and_no_site_is_refused() -> None:
    with pytest.raises(Invalid):
        webhooks.add(db.session(), "krukke", "file:///etc/passwd", NOW)
    for odd in ("https://x.example/å", "http://[x", "http://a b.example/", "https://" + "x" * 3000):
        with pytest.raises(Invalid):
            webhooks.add(db.session(), "krukke", odd, NOW)
    with pytest.raises(UnknownSite):
        webhooks.add(db.session(), "nowhere", "https://receiver.example/", NOW)


def test_one_that_cannot_be_sent_keeps_no_other_back(receiver: Receiver) -> None:
    for url in ("http://a..b/", receiver.url):
        webhooks.add(db.session(), "krukke", url, NOW)
    publish()

    assert deliver() == 1


def test_nowhere_is_no_site() -> None:
    with pytest.raises(UnknownSite):
        webhooks.add(db.session(), "nowhere", "https://receiver.example/", NOW)


def test_a_server_delivers_by_itself(
    tmp_path: Path, new_database: NewDatabase, published: str, receiver: Receiver
) -> None:
    server = Server(tmp_path, new_database(published))
    added = server.run("webhook", "add", "krukke", receiver.url)
    assert re.fullmatch(rf"[0-9a-f-]{{36}} {receiver.url}\nwhsec_\S+\n", added)
    assert receiver.url in server.run("webhook", "list", "krukke")
    changed = tmp_path / "changed.toml"
    changed.write_text(factories.shop(**{"Counter GmbH": "Zähler GmbH"}), encoding="utf-8")

    with server.running():
        server.publish(changed)
        assert receiver.something.wait(30)

    assert len(receiver.told) == 1
