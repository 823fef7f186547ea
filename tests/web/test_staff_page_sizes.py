"""Every staff page is small, and asks the database as often for many sites as for a few."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from consent.core import tokens
from consent.core.db import db
from consent.demo import SITE_FILE
from consent.notice import publishing
from consent.people import invitations, staff
from tests import factories, staff_pages
from tests.conftest import KEY, PASSWORD

# Bytes.
LARGEST = 100_000
# The longest that may be asked about.
PERIOD = {"from": "2024-01-01", "to": "2026-03-10"}


@pytest.fixture
def own(app: Flask) -> dict[str, str]:
    """What stands in the addresses of alice's pages."""
    now = datetime.now(UTC)
    changed = SITE_FILE.read_text(encoding="utf-8").replace('"Syse AS"', '"Syse ASA"')
    with app.app_context():
        session = db.session()
        publishing.publish(session, changed, now)
        member = staff.by_email(session, "alice@example.no")
        assert member
        secret = invitations.invite(session, member, "bob@example.no", ["07sor"], "viewer", now)
        session.commit()
        token = tokens.issue_reset((KEY,), member.id, staff.fingerprint(member), now)
    return {"site": "07sor", "number": "2", "old": "1", "secret": secret, "token": token}


def test_every_page_is_small(app: Flask, alice: FlaskClient, own: dict[str, str]) -> None:
    asked = [
        address
        for endpoint, address in staff_pages.addresses(app, own, **PERIOD)
        if endpoint not in staff_pages.NO_PAGES
    ]
    assert {"/dashboard/", "/dashboard/07sor/draft/services/0"} < set(asked)

    answers = {address: alice.get(address) for address in asked}

    assert {each.status_code for each in answers.values()} == {200, 303}
    sizes = {address: len(each.data) for address, each in answers.items()}
    assert {address: size for address, size in sizes.items() if size >= LARGEST} == {}


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that the database gets meanwhile."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:  # type: ignore[no-untyped-def]
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["", "07sor/people", "-/invitations/{secret}"])
def test_many_sites_take_no_more_queries_than_two(
    app: Flask, client: FlaskClient, path: str
) -> None:
    sites, found = ["07sor", "krukke"], []
    for number in range(2):
        with app.app_context():
            session, now = db.session(), datetime.now(UTC)
            if number:
                sites += [f"shop-{each}" for each in range(5)]
                for site in sites[2:]:
                    publishing.publish(session, factories.shop(krukke=site), now)
            member = staff.add(session, "carol@example.no", PASSWORD, sites, now)
            secret = invitations.invite(session, member, "bob@example.no", sites, "viewer", now)
            session.commit()
        client.post("/dashboard/login", data={"email": "carol@example.no", "password": PASSWORD})
        address = f"/dashboard/{path.format(secret=secret)}"
        assert client.get(address).status_code == 200  # reads the site files once
        with counted(app) as seen:
            client.get(address)
        found.append(len(seen))

    assert found[0] == found[1]
