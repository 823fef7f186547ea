"""Nothing on the event loop waits for a database, a file or a name; what does wait holds up nothing else."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

from consent.banner.in_force import Memory
from consent.counting.journal import Journal
from consent.ledger import group_commit
from consent.ledger.decisions import Writer
from consent.server import front
from consent.server.front import Front
from tests import factories
from tests.conftest import count_hits
from tests.server.loops import PATIENCE, answering, ask, connected, request

SCRIPT = request("GET /e/07sor.js")
HIT = request("POST /e/07sor/hits", body=b'{"path": "/"}')
PREFLIGHT = request("OPTIONS /e/07sor/decisions", "Access-Control-Request-Method: POST")
PAGE = request("GET /privacy/07sor/")
# Seconds of a turn of the loop in which it does nothing. A busy machine takes some from it.
STOOD_STILL = 0.25
# What Python tells of itself before it is done (https://docs.python.org/3/library/audit_events.html).
WAITS = (
    "open",
    "os.",
    "fcntl.flock",
    "fcntl.lockf",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostby",
    "sqlite3.connect",
    "subprocess.",
    "time.sleep",
    "urllib.",
)
# Seen by the hook below, which cannot be taken away again.
seen: list[str] = []
is_watching = threading.Event()


def _hook(name: str, arguments: tuple[object, ...]) -> None:
    if is_watching.is_set() and name.startswith(WAITS):
        note(f"{name} {arguments}")


def note(what: str) -> None:
    if threading.current_thread().name == "loop":
        seen.append(what)


sys.addaudithook(_hook)


def _asked(*arguments: Any) -> None:
    note(f"SQL {arguments[2]}")


@contextmanager
def watched() -> Iterator[list[str]]:
    """What the loop did meanwhile that may wait, and the turns in which it stood still."""
    seen.clear()
    is_watching.set()
    event.listen(Engine, "before_cursor_execute", _asked)
    with pytest.MonkeyPatch.context() as patch:
        for turn in ("_read", "_tell", "_expire", "_respond"):
            patch.setattr(Front, turn, measured(getattr(Front, turn)))
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", _asked)
            is_watching.clear()


def measured(turn: Any) -> Any:
    def run(*arguments: Any) -> Any:
        wall, used = time.perf_counter(), time.thread_time()
        found = turn(*arguments)
        stood = (time.perf_counter() - wall) - (time.thread_time() - used)
        if stood > STOOD_STILL:
            note(f"{turn.__name__} stood still for {stood:.2f} s")
        return found

    return run


def decision(**values: Any) -> bytes:
    return request(
        "POST /e/07sor/decisions", body=json.dumps(factories.decision(**values)).encode()
    )


def statuses(port: int, *sent: bytes) -> list[int]:
    return [each.status for each in ask(port, *sent)]


def test_nothing_on_the_loop_waits(app: Flask) -> None:
    with answering(app) as port, watched() as found:
        for _ in range(3):
            for sent, status in (
                (SCRIPT, 200),
                (SCRIPT.replace(b"07sor", b"nobody"), 404),
                (HIT, 204),
                (HIT.replace(b'"path"', b'"pith"'), 422),
                (PREFLIGHT, 204),
                (decision(), 201),
                (decision(version=7), 422),
                (PAGE, 200),
                (request("GET /static/icon.svg"), 200),
            ):
                assert statuses(port, sent) == [status]
        assert statuses(port, b"".join(decision() + HIT for _ in range(20))) == [201, 204] * 20

    assert found == []


def test_the_watch_sees_what_waits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the test above could not fail."""
    asked, add = Memory.current, Journal.add_at_once

    def add_slowly(journal: Journal, *more: Any) -> bool:
        journal._begin_another()
        return add(journal, *more)

    monkeypatch.setattr(Memory, "current", lambda memory, site, wait=True: asked(memory, site))
    monkeypatch.setattr(Journal, "add_at_once", add_slowly)
    with answering(app) as port, watched() as found:
        assert statuses(port, HIT) == [204]

    assert any(each.startswith("SQL SELECT") for each in found)
    assert any(each.startswith("fcntl.flock") for each in found)


class Held:
    """A method that whoever calls it waits in until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
        self.is_in, self._go = threading.Event(), threading.Event()
        held = getattr(owner, name)

        def wait(*arguments: Any) -> Any:
            self.is_in.set()
            assert self._go.wait(PATIENCE)
            return held(*arguments)

        monkeypatch.setattr(owner, name, wait)

    def let_go(self) -> None:
        self._go.set()


def test_decisions_that_wait_for_the_database_hold_up_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Held(monkeypatch, Writer, "commit")
    with answering(app) as port, ExitStack() as stack:
        waiting = [stack.enter_context(connected(port)) for _ in range(60)]
        for each in waiting:
            each.sendall(decision())
        assert writer.is_in.wait(PATIENCE)
        assert [*statuses(port, SCRIPT), *statuses(port, HIT), *statuses(port, PAGE)] == [
            200,
            204,
            200,
        ]
        writer.let_go()
        assert {each.recv(20)[9:12] for each in waiting} == {b"201"}


def test_one_that_waits_too_long_is_told_to_come_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.3)
    monkeypatch.setattr(front, "LOOK", 0.1)
    writer = Held(monkeypatch, Writer, "commit")
    with answering(app) as port, connected(port) as connection:
        sent = decision()
        connection.sendall(sent)
        said = connection.recv(2000)
        writer.let_go()
        # What it waited for may have been committed all the same.
        connection.sendall(sent)
        again = connection.recv(2000)

    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 5" in said
    assert again[9:12] in (b"200", b"201")


def test_a_decision_is_kept_though_its_client_has_left(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Held(monkeypatch, Writer, "commit")
    sent = decision()
    with answering(app) as port:
        with connected(port) as connection:
            connection.sendall(sent)
            assert writer.is_in.wait(PATIENCE)
        writer.let_go()
        assert statuses(port, sent) == [200]


def test_a_database_that_does_not_answer_holds_up_no_script_that_is_known(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(app) as port, connected(port) as first:
        assert statuses(port, SCRIPT) == [200]
        monkeypatch.setattr("consent.banner.in_force.FRESH_FOR", 0)
        database = Held(monkeypatch, Memory, "_ask")
        first.sendall(SCRIPT)
        assert database.is_in.wait(PATIENCE)
        assert statuses(port, SCRIPT, HIT) == [200, 204]
        database.let_go()
        assert first.recv(20).startswith(b"HTTP/1.1 200 ")


def test_a_disk_that_does_not_answer_holds_up_page_views_alone(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(app) as port, connected(port) as first:
        assert statuses(port, SCRIPT) == [200]
        disk = Held(monkeypatch, Journal, "_new")
        first.sendall(HIT)
        assert disk.is_in.wait(PATIENCE)
        assert [*statuses(port, SCRIPT), *statuses(port, decision())] == [200, 201]
        disk.let_go()
        assert first.recv(20).startswith(b"HTTP/1.1 204 ")
    count_hits(app)


def test_an_end_waits_for_what_was_asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Held(monkeypatch, Writer, "commit")
    with ExitStack() as stack:
        with answering(app) as port:
            connection = stack.enter_context(connected(port))
            idle = stack.enter_context(connected(port))
            connection.sendall(decision())
            assert writer.is_in.wait(PATIENCE)
            threading.Timer(0.2, writer.let_go).start()
        said = connection.recv(2000)
        assert idle.recv(1) == b""

    assert said.startswith(b"HTTP/1.1 201 ")
    assert b"Connection: close" in said
