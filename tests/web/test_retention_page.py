"""The page of retention: every period in words, what is erased next, and when it was done last."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from consent import retention
from consent.core.db import db
from consent.demo import SITE_FILE
from consent.models import Subscriber
from consent.notice import publishing
from tests import pages
from tests.factories import decide

PAGE = "/dashboard/07sor/retention?lang=en"


def read(client: FlaskClient) -> str:
    answer = client.get(PAGE)
    assert len(answer.data) < 100_000
    return pages.check(answer, "en")


def test_every_kind_has_its_words(alice: FlaskClient) -> None:
    said = read(alice)

    assert said.count("Data from before") == len(retention.TASKS)
    assert "Decisions Evidence of consent. 5 years Site file: keep.decisions" in said
    assert "5 years + 25 months" in said
    assert "60 days Fixed in the program" in said
    assert 'decisions = "5 years" counters = "25 months"' in said


def test_the_site_files_own_periods_are_shown(app: Flask, alice: FlaskClient) -> None:
    source = SITE_FILE.read_text() + '\n[keep]\ndecisions = "2 years"\ncounters = "90 days"\n'
    with app.app_context():
        publishing.publish(db.session(), source, datetime.now(UTC))

    said = read(alice)

    assert "2 years Site file: keep.decisions" in said
    assert 'decisions = "2 years" counters = "90 days"' in said


def test_what_is_due_is_counted_until_it_is_erased(app: Flask, alice: FlaskClient) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now - timedelta(days=4000), tick=False):
        decide(alice)
        decide(alice)
    assert "2 are waiting to be erased." in read(alice)
    assert "It has not run yet." in read(alice)

    with app.app_context():
        retention.purge_due(db.session(), now)

    said = read(alice)
    assert "waiting" not in said
    assert f"Last run: {now:%B} {now.day}, {now.year}." in said


def test_of_very_many_it_says_that_there_are_many(
    app: Flask, alice: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST_COUNTED", 2)
    asked_at = datetime.now(UTC) - timedelta(days=9)
    with app.app_context():
        for number in range(3):
            db.session.add(
                Subscriber(
                    site="07sor",
                    id=uuid.uuid4(),
                    email=f"{number}@example.no",
                    language="nb",
                    asked_at=asked_at,
                )
            )
        db.session.commit()

    assert "2 or more are waiting to be erased." in read(alice)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_it_is_a_good_page_in_each_language(alice: FlaskClient, language: str) -> None:
    pages.check(alice.get(f"/dashboard/07sor/retention?lang={language}"), language)
