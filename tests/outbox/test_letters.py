"""Letters to one person survive the death of the server, and are tried again."""

import socket
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from consent.core.db import db
from consent.models import OutboxItem, Subscriber
from consent.outbox.letters import PAUSES, put
from consent.people import staff
from consent.web import letters
from tests.conftest import PASSWORD, NewDatabase, make_app
from tests.mailbox import FROM, SERVER, Mailbox, serving, wait_for_letters
from tests.ports import free_port
from tests.processes import Server

ALICE = "alice@example.no"


@pytest.fixture
def app(mailing: dict[str, Any]) -> Flask:
    app = make_app(mailing)
    with app.app_context():
        staff.add(db.session(), ALICE, PASSWORD, ["07sor"], datetime.now(UTC))
    return app


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a mail server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def forget(app: Flask, email: str = ALICE) -> None:
    app.test_client().post("/dashboard/-/forgotten?lang=en", data={"email": email})
    wait_for_letters()


def waiting(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(OutboxItem)) or 0


def try_at(app: Flask, moment: datetime) -> None:
    with app.app_context(), time_machine.travel(moment, tick=False):
        letters.send_due()


def test_a_server_that_is_killed_while_it_sends_one_leaves_it_to_the_next(
    tmp_path: Path, new_database: NewDatabase, published: str, silent: int
) -> None:
    settings = {"CONSENT_MAIL_FROM": FROM, "CONSENT_PUBLIC_URL": SERVER, "CONSENT_WORKERS": "1"}
    database = new_database(published)
    app = make_app({"database": database, "secret_keys": ("k" * 40,)})
    with app.app_context():
        staff.add(db.session(), ALICE, PASSWORD, ["07sor"], datetime.now(UTC))
    hung = Server(tmp_path, database, CONSENT_SMTP_URL=f"smtp://127.0.0.1:{silent}", **settings)
    with hung.running():  # it is killed at the end
        form = urllib.parse.urlencode({"email": ALICE}).encode()
        urllib.request.urlopen(hung.address("/dashboard/-/forgotten"), form, timeout=20).close()
    with app.app_context():
        # The killed one had it to itself, for a time that is over now.
        changed = update(OutboxItem).values(next_attempt_at=datetime.now(UTC))
        assert db.session.execute(changed).rowcount == 1
        db.session.commit()

    with (
        serving() as (box, url),
        Server(tmp_path, database, CONSENT_SMTP_URL=url, **settings).running(),
    ):
        box.wait_for(1)

    assert box.recipients == [ALICE]


def test_one_is_given_up_after_the_last_try(
    mailing: dict[str, Any], app: Flask, box: Mailbox
) -> None:
    away = make_app({**mailing, "smtp_url": f"smtp://127.0.0.1:{free_port()}"})
    forget(away)
    moment = datetime.now(UTC)
    for pause in PAUSES:
        moment += pause + timedelta(seconds=1)
        try_at(away, moment)

    try_at(app, moment + timedelta(days=30))

    assert box.taken == []
    with app.app_context():
        (item,) = db.session.scalars(select(OutboxItem)).all()
        assert (item.attempts, item.next_attempt_at, item.sent_at) == (len(PAUSES) + 1, None, None)
        assert "mail server" in (item.error or "")


def test_nothing_that_opens_an_account_is_stored(app: Flask, box: Mailbox) -> None:
    forget(app)

    link = box.taken[0].get_content().partition("/dashboard/-/reset/")[2].partition("?")[0]
    assert len(link) > 40
    with app.app_context():
        (item,) = db.session.scalars(select(OutboxItem)).all()
        assert link not in repr(vars(item))
        assert ALICE not in repr(vars(item))


def test_for_nobody_nothing_stays(app: Flask, box: Mailbox) -> None:
    forget(app, "carol@example.no")

    assert (waiting(app), box.taken) == (0, [])


def test_an_invitation_that_is_withdrawn_meanwhile_is_not_sent(
    mailing: dict[str, Any], app: Flask, box: Mailbox
) -> None:
    away = make_app({**mailing, "smtp_url": f"smtp://127.0.0.1:{free_port()}"}).test_client()
    away.post("/dashboard/login", data={"email": ALICE, "password": PASSWORD})
    for email in ("nina@example.no", "olga@example.no"):
        away.post("/dashboard/07sor/people", data={"email": email, "role": "viewer"})
    invited = away.get("/dashboard/07sor/people?lang=en").text
    withdraw = invited.partition("/invitations/")[2].partition("/withdraw")[0]
    away.post(f"/dashboard/07sor/people/invitations/{withdraw}/withdraw")

    try_at(app, datetime.now(UTC) + PAUSES[0] + timedelta(seconds=1))

    assert box.recipients == ["olga@example.no"]
    link = box.taken[0].get_content().partition(SERVER)[2].split()[0]
    assert app.test_client().get(link).status_code == 200


def test_one_that_cannot_be_written_is_given_up_and_keeps_no_other_back(
    app: Flask, box: Mailbox
) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        content = {"site": "nowhere", "subscriber": str(uuid.uuid4())}
        db.session.add(
            Subscriber(
                site="nowhere",
                id=uuid.UUID(content["subscriber"]),
                email="kari@example.no",
                language="en",
                asked_at=now,
            )
        )
        put(db.session(), "nowhere", "confirmation", content, now)
        db.session.commit()

    forget(app)

    assert box.recipients == [ALICE]
    with app.app_context():
        bad = select(OutboxItem).where(OutboxItem.site == "nowhere")
        assert db.session.scalars(bad).one().attempts == 1
