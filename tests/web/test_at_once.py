"""Two who press a button at the same moment: one of them is served, and nothing is lost or done twice."""

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from consent.core.db import db
from consent.core.errors import Conflict
from consent.demo import SITE_FILE
from consent.models import AuditEntry, Membership, Staff
from consent.notice import drafts
from consent.people import second_factor, staff
from consent.site import versions
from tests.conftest import PASSWORD

OLGA, OSKAR = "olga@example.no", "oskar@example.no"


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    barrier = threading.Barrier(len(calls))
    answers: dict[int, Any] = {}

    def work(number: int, call: Callable[[], Any]) -> None:
        barrier.wait()
        answers[number] = call()

    threads = [threading.Thread(target=work, args=each) for each in enumerate(calls)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [answers[number] for number in range(len(calls))]


@pytest.fixture
def owners(app: Flask) -> dict[str, Any]:
    """Two of them, by e-mail address: their ids."""
    with app.app_context():
        return {
            email: staff.add(db.session(), email, PASSWORD, ["07sor"], datetime.now(UTC)).id
            for email in (OLGA, OSKAR)
        }


def log_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    client.post("/dashboard/login", data={"email": email, "password": PASSWORD})
    return client


@pytest.mark.parametrize("role", ["none", "viewer"])
@pytest.mark.parametrize("whom", ["each other", "themselves"])
def test_the_last_two_owners_cannot_both_go(
    app: Flask, owners: dict[str, Any], role: str, whom: str
) -> None:
    others = {OLGA: OSKAR, OSKAR: OLGA} if whom == "each other" else {OLGA: OLGA, OSKAR: OSKAR}
    clients = {email: log_in(app, email) for email in owners}

    def press(email: str) -> Callable[[], Any]:
        path = f"/dashboard/07sor/people/{owners[others[email]]}"
        return lambda: clients[email].post(path, data={"role": role}).status_code

    at_once(*map(press, owners))

    with app.app_context():
        left = select(func.count()).where(Membership.site == "07sor", Membership.role == "owner")
        assert db.session.scalar(left) == 1


def test_a_code_is_taken_once_by_two_at_once(app: Flask, owners: dict[str, Any]) -> None:
    secret, keys = second_factor.new_secret(), app.extensions["consent_settings"].secret_keys
    with app.app_context():
        olga = staff.by_email(db.session(), OLGA)
        assert olga
        code = pyotp.TOTP(secret).now()
        second_factor.turn_on(db.session(), keys, olga, secret, code, datetime.now(UTC))
        olga.totp_step = 0
        db.session.commit()
    clients = [log_in(app, OLGA) for _ in range(4)]

    answers = at_once(
        *(
            lambda client=each: client.post("/dashboard/-/code", data={"code": code}).status_code
            for each in clients
        )
    )

    assert sorted(answers) == [303, 401, 401, 401]


class TestPublishing:
    def test_two_presses_publish_once(self, app: Flask, owners: dict[str, Any]) -> None:
        seen = self.change(app, "+47 11")
        clients = [log_in(app, each) for each in owners]

        def press(client: FlaskClient) -> Callable[[], Any]:
            path = "/dashboard/07sor/draft/-/review"
            return lambda: client.post(path, data={"seen": seen}).status_code

        answers = at_once(*map(press, clients))

        assert sorted(answers) == [303, 409]
        with app.app_context():
            noted = select(func.count()).where(AuditEntry.action == "published")
            assert versions.current(db.session(), "07sor").number == 2
            assert db.session.scalar(noted) == 1

    def test_what_is_saved_meanwhile_is_not_lost(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = self.change(app, "+47 11")
        mistakes_in = drafts.mistakes_in

        def while_it_is_checked(source: str, site: str) -> Any:
            thread = threading.Thread(target=self.change, args=(app, "+47 22"))
            thread.start()
            thread.join()
            return mistakes_in(source, site)

        with app.app_context():
            monkeypatch.setattr(drafts, "mistakes_in", while_it_is_checked)
            with pytest.raises(Conflict):
                drafts.publish(db.session(), "07sor", seen, OLGA, datetime.now(UTC), dated=False)
            db.session.rollback()

            assert versions.current(db.session(), "07sor").number == 1
            assert "+47 22" in drafts.of_site(db.session(), "07sor").source

    def change(self, app: Flask, phone: str) -> str:
        """Changes the draft, and says what its review is known by."""
        source = SITE_FILE.read_text().replace("+47 38 12 39 00", phone)
        with app.app_context():
            session = db.session()
            made = drafts.change(session, "07sor", OLGA, datetime.now(UTC), lambda _: source)
            return made.seen(versions.current(session, "07sor").number)


def test_a_draft_is_thrown_away_twice(app: Flask, owners: dict[str, Any]) -> None:
    clients = [log_in(app, each) for each in owners]
    TestPublishing().change(app, "+47 11")
    with app.app_context():
        was = drafts.of_site(db.session(), "07sor").hash

    answers = at_once(
        *(
            lambda client=each: (
                client.post("/dashboard/07sor/draft/-/discard", data={"was": was}).status_code
            )
            for each in clients
        )
    )

    assert answers == [303, 303]
    with app.app_context():
        assert drafts.of_site(db.session(), "07sor").changed_by is None


@pytest.mark.postgresql
def test_no_address_of_e_mail_is_logged_with_what_the_database_says(
    app: Flask, owners: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def twice() -> str:
        with app.app_context():
            session = db.session()
            session.add(
                Staff(id=uuid.uuid4(), email=OLGA, password_hash="", created_at=datetime.now(UTC))
            )
            session.flush()
        return ""

    app.add_url_rule("/twice", view_func=twice)

    assert app.test_client().get("/twice").status_code == 503
    assert "The database did not answer" in caplog.text
    assert OLGA not in caplog.text
