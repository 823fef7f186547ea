"""Commits in groups: nobody waits for ever, nobody is answered for what is not written, one's mistake is one's own."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from consent.core.db import db
from consent.core.errors import Overloaded
from consent.ledger import group_commit
from consent.ledger.group_commit import GroupCommit
from consent.models import DecisionCount
from tests.conftest import count_hits
from tests.factories import CHROME, decide, decision

MANY = 24


def together(what, items):  # type: ignore[no-untyped-def]
    """What each of many threads gets that do it at the same time: a result or an error."""
    gate = threading.Barrier(len(items))

    def one(item):  # type: ignore[no-untyped-def]
        gate.wait()
        try:
            return what(item)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(one, items))


def test_decisions_that_come_together_are_each_stored_and_answered(app) -> None:  # type: ignore[no-untyped-def]
    bodies = [decision() for _ in range(MANY)]

    answers = together(lambda body: decide(app.test_client(), body), bodies)

    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    assert [answer.get_json()["receipt"]["id"] for answer in answers] == [b["id"] for b in bodies]
    client: FlaskClient = app.test_client()
    again = [decide(client, body) for body in bodies]
    assert [each.status_code for each in again] == [200] * MANY
    assert [each.get_json() for each in again] == [answer.get_json() for answer in answers]
    assert counted(app) == MANY


def test_one_decision_sent_many_times_at_once_is_stored_once(app) -> None:  # type: ignore[no-untyped-def]
    body = decision()

    answers = together(lambda _: decide(app.test_client(), body), range(MANY))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: MANY - 1}
    assert len({answer.get_data() for answer in answers}) == 1
    assert counted(app) == 1


def test_of_a_group_that_is_partly_there_the_new_are_counted(app) -> None:  # type: ignore[no-untyped-def]
    known = decision()
    decide(app.test_client(), known)
    bodies = [known, *(decision() for _ in range(MANY - 1))]

    answers = together(lambda body: decide(app.test_client(), body), bodies)

    assert Counter(answer.status_code for answer in answers) == {200: 1, 201: MANY - 1}
    assert counted(app) == MANY


@pytest.mark.postgresql
def test_a_connection_that_the_server_closes_is_replaced_before_anybody_notices(app) -> None:  # type: ignore[no-untyped-def]
    client = app.test_client()
    assert decide(client).status_code == 201
    with app.app_context():
        db.session.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        db.session.remove()

    assert decide(client).status_code == 201


def counted(app) -> int:  # type: ignore[no-untyped-def]
    with app.app_context():
        of_actions = DecisionCount.dimension == "consents.action"
        found = db.session.scalar(select(func.sum(DecisionCount.count)).where(of_actions))
        db.session.remove()
    return int(found)


def test_of_two_that_contradict_one_is_stored_and_the_other_told(app) -> None:  # type: ignore[no-untyped-def]
    body = decision()
    other = {**body, "action": "refuse", "purposes": dict.fromkeys(body["purposes"], False)}

    answers = together(lambda each: decide(app.test_client(), each), [body, other])

    assert sorted(answer.status_code for answer in answers) == [201, 409]


def test_hits_that_come_together_are_all_counted(app, client: FlaskClient) -> None:  # type: ignore[no-untyped-def]
    from consent.models import Counter as Row

    def hit(number: int) -> int:
        data = f'{{"path": "/page{number % 3}"}}'
        headers = {"User-Agent": CHROME}
        answer = app.test_client().post("/e/07sor/hits", data=data, headers=headers)
        return int(answer.status_code)

    assert set(together(hit, range(MANY))) == {204}

    count_hits(app)
    with app.app_context():
        rows = db.session.query(Row).filter_by(site="07sor").all()
    counted = {(row.dimension, row.value): row.count for row in rows}
    assert counted["total", "views"] == MANY
    assert [counted["page", f"/page{number}"] for number in range(3)] == [MANY // 3] * 3


def writing(write):  # type: ignore[no-untyped-def]
    """Makes writers that need nothing open."""
    return lambda: SimpleNamespace(commit=write, close=lambda: None)


def test_an_item_that_cannot_be_written_stops_no_other() -> None:
    def write(items: list[int]) -> list[int]:
        if 7 in items:
            raise IntegrityError("", {}, Exception("seven"))
        return items

    found = together(GroupCommit(writing(write)).commit, list(range(MANY)))

    assert isinstance(found.pop(7), IntegrityError)
    assert found == [each for each in range(MANY) if each != 7]


def test_a_database_that_is_away_is_said_to_each_and_comes_back_by_itself() -> None:
    away = threading.Event()
    away.set()

    def write(items: list[int]) -> list[int]:
        if away.is_set():
            raise OperationalError("", {}, Exception("away"))
        return items

    group = GroupCommit(writing(write))

    assert all(isinstance(each, OperationalError) for each in together(group.commit, range(MANY)))
    away.clear()
    assert together(group.commit, range(MANY)) == list(range(MANY))


def test_a_writer_that_dies_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    died, seen = threading.Event(), threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: seen.set())

    def write(items: list[int]) -> list[int]:
        if not died.is_set():
            died.set()
            raise SystemExit
        return items

    group = GroupCommit(writing(write))

    with pytest.raises(Overloaded):
        group.commit(1)
    assert group.commit(2) == 2
    assert seen.wait(5)


def test_a_writer_that_hangs_is_given_up_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.05)
    hangs, let_go = threading.Event(), threading.Event()

    def write(items: list[int]) -> list[int]:
        if not hangs.is_set():
            hangs.set()
            let_go.wait()
        return items

    group = GroupCommit(writing(write))

    with pytest.raises(Overloaded):
        group.commit(1)
    assert until_taken(group, 2) == 2
    let_go.set()
    assert until_taken(group, 3) == 3


def until_taken(group: GroupCommit[int, int], item: int) -> int:
    """As a browser does that is told to come again."""
    for _ in range(100):
        with suppress(Overloaded):
            return group.commit(item)
    raise AssertionError("never taken")


def test_more_than_may_wait_are_turned_away_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MOST_WAITING", 4)
    monkeypatch.setattr(group_commit, "MOST_AT_ONCE", 1)
    full, let_go = threading.Semaphore(0), threading.Event()

    def write(items: list[int]) -> list[int]:
        let_go.wait()
        return items

    group = GroupCommit(writing(write))

    def commit(item: int) -> int:
        try:
            return group.commit(item)
        except Overloaded:
            full.release()
            raise

    with ThreadPoolExecutor(MANY) as pool:
        waiting = [pool.submit(commit, each) for each in range(MANY)]
        for _ in range(
            MANY - 5 - 1
        ):  # the writer has one in hand; of two that look at once, both may pass
            full.acquire()
        let_go.set()
        found = [each.exception() for each in waiting]

    refused = [error for error in found if error is not None]
    assert all(isinstance(error, Overloaded) for error in refused)
    assert MANY - 5 - 1 <= len(refused) <= MANY - 4


def test_an_idle_writer_ends_and_another_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "IDLE", 0.01)
    group: GroupCommit[int, int] = GroupCommit(writing(lambda items: items))
    others = set(threading.enumerate())

    for item in range(3):
        assert group.commit(item) == item
        (writer,) = [each for each in threading.enumerate() if each not in others]
        writer.join(timeout=5)
        assert not writer.is_alive()
