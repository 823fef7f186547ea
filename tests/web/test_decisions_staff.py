"""The page of decisions for staff: looked up by receipt, with what was shown, and erased if the visitor asks for it."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from consent.core import tokens
from consent.core.db import db
from consent.ledger import decisions
from consent.models import Decision, VersionText
from consent.site import versions
from tests import pages
from tests.conftest import KEY, record
from tests.factories import decide, decision, refusal

PAGE = "/dashboard/07sor/decisions?lang=en"


@pytest.fixture
def made(alice: FlaskClient) -> dict[str, Any]:
    """The receipt of a choice with a service apart, after which its visitor withdrew."""
    first = decide(
        alice,
        decision(
            action="choose",
            source="settings",
            purposes={"analytics": True, "marketing": False},
            services={"google-ads": False},
            gpc=True,
            took=7,
        ),
    ).get_json()
    body = decision(action="withdraw", purposes={}, token=first["token"])
    second = decide(alice, body).get_json()
    visitor = tokens.read((KEY,), "07sor", first["token"], datetime.now(UTC))
    return {"first": first["receipt"], "second": second["receipt"], "visitor": str(visitor)}


def find(client: FlaskClient, identity: str, path: str = PAGE) -> str:
    answer = client.post(path, data={"id": identity})
    assert answer.status_code == 200
    assert len(answer.data) < 100_000
    return pages.check(answer)


def test_a_receipt_leads_to_what_was_decided_and_shown(
    app: Flask, alice: FlaskClient, made: dict[str, Any]
) -> None:
    said = find(alice, f" {made['first']['id'].upper()} ")

    assert "Customised" in said
    assert "Statistics Accepted Marketing Rejected Google Ads Rejected" in said
    assert "In the banner settings" in said
    assert "within 10 seconds" in said
    assert "Yes, by Global Privacy Control" in said
    assert "this is the text that was shown" in said
    assert made["first"]["words_hash"] in said
    with app.app_context():
        shown = versions.text(db.session(), versions.current(db.session(), "07sor"), "nb")
        assert shown.banner["text"] in said


def test_a_visitors_id_leads_to_the_latest(alice: FlaskClient, made: dict[str, Any]) -> None:
    said = find(alice, made["visitor"])

    assert "Withdrawn" in said
    others = said.partition("All decisions by this visitor")[2]
    assert others.index("Shown above") < others.index("Customised")
    assert "Show" in others


def test_no_id_stands_in_an_address(alice: FlaskClient, made: dict[str, Any]) -> None:
    answer = alice.post(PAGE, data={"id": made["first"]["id"]})

    source = answer.get_data(as_text=True)
    for each in (made["first"]["id"], made["second"]["id"], made["visitor"]):
        assert not [
            address
            for address in re.findall(r'(?:href|action)="([^"]*)"', source)
            if each in address
        ]
    assert answer.headers["Cache-Control"] == "no-store"


def test_words_that_were_altered_since_are_said_to_be(
    app: Flask, alice: FlaskClient, made: dict[str, Any]
) -> None:
    with app.app_context():
        text = db.session.get(VersionText, ("07sor", 1, "nb"))
        text.banner = {**text.banner, "text": "We take everything."}
        db.session.commit()

    assert "the text has been altered since" in find(alice, made["first"]["id"])


def test_the_receipt_is_a_file_and_so_is_all_of_the_visitors(
    alice: FlaskClient, made: dict[str, Any]
) -> None:
    sent = {"id": made["first"]["id"]}
    receipt = alice.post("/dashboard/07sor/decisions/receipt", data=sent)
    everything = alice.post("/dashboard/07sor/decisions/all", data=sent)

    assert receipt.get_json() == made["first"]
    assert everything.get_json() == {
        "site": "07sor",
        "visitor": made["visitor"],
        "decisions": [made["second"], made["first"]],
    }
    for each in (receipt, everything):
        assert each.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("written", ["", "x", "1234", "0198c0de-0000-7000-8000-00000000000g"])
def test_what_is_no_id_is_said_at_the_field(alice: FlaskClient, written: str) -> None:
    answer = alice.post(PAGE, data={"id": written})

    assert answer.status_code == 422
    assert "This is not an id." in pages.check(answer)
    source = answer.get_data(as_text=True)
    assert 'aria-invalid="true" aria-describedby="problem"' in source
    assert f'value="{written}"' in source


def test_where_there_is_none_it_says_why_that_may_be(alice: FlaskClient) -> None:
    answer = alice.post(PAGE, data={"id": str(uuid.uuid4())})

    assert answer.status_code == 404
    said = pages.check(answer)
    assert "No decision on this site has this id." in said
    assert "5 years" in said


def test_what_is_erased_is_gone_and_nobody_elses_is(
    app: Flask, alice: FlaskClient, made: dict[str, Any]
) -> None:
    other = decide(alice, refusal()).get_json()["receipt"]["id"]
    assert "Erase 2 decisions" in find(alice, made["first"]["id"])

    answer = alice.post(
        "/dashboard/07sor/decisions/erase?lang=en", data={"id": made["first"]["id"], "sure": "on"}
    )

    assert "2 decisions are erased." in pages.check(alice.get(answer.location))
    assert alice.post(PAGE, data={"id": made["visitor"]}).status_code == 404
    find(alice, other)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Decision)) == 1
    assert "Decisions 3" in pages.check(alice.get("/dashboard/07sor/?lang=en"))  # figures stay


def test_nothing_is_erased_before_somebody_is_sure(
    alice: FlaskClient, made: dict[str, Any]
) -> None:
    answer = alice.post("/dashboard/07sor/decisions/erase", data={"id": made["first"]["id"]})

    assert answer.status_code == 422
    find(alice, made["first"]["id"])


def test_of_many_the_latest_are_listed(
    app: Flask, alice: FlaskClient, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.web.dashboard import decisions as pages

    monkeypatch.setattr(pages, "MOST", 1)

    assert "The download has 1 older decision." in find(alice, made["first"]["id"])


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_they_are_good_pages_in_each_language(
    alice: FlaskClient, made: dict[str, Any], language: str
) -> None:
    path = f"/dashboard/07sor/decisions?lang={language}"
    pages.check(alice.get(path), language)
    for written in (made["first"]["id"], str(uuid.uuid4()), "x"):
        pages.check(alice.post(path, data={"id": written}), language)


ACTIONS = ("", "/receipt", "/all", "/erase")


@pytest.mark.parametrize("action", ACTIONS)
def test_another_sites_decisions_do_not_exist(app: Flask, alice: FlaskClient, action: str) -> None:
    with app.app_context():
        version = versions.published(db.session(), "krukke", 1)
        choice = decisions.Choice.model_validate(
            decision(language="en", action="refuse", purposes={})
        )
        record(decisions.decided(version, choice, None, "phone", None, datetime.now(UTC)))
    sent = {"id": str(choice.id), "sure": "on"}

    for site in ("krukke", "07sor", "nowhere"):
        assert alice.post(f"/dashboard/{site}/decisions{action}", data=sent).status_code == 404
    with app.app_context():
        assert db.session.get(Decision, ("krukke", choice.id))


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stranger_is_asked_to_log_in(client: FlaskClient, action: str) -> None:
    receipt = decide(client).get_json()["receipt"]["id"]
    sent = {"id": receipt, "sure": "on"}

    assert client.post(f"/dashboard/07sor/decisions{action}", data=sent).status_code == 303
    assert decide(client, decision(id=receipt)).status_code == 200  # it is still there


@pytest.mark.parametrize("action", ACTIONS)
def test_another_website_can_ask_for_none(
    alice: FlaskClient, made: dict[str, Any], action: str
) -> None:
    sent = {"id": made["first"]["id"], "sure": "on"}
    headers = {"Sec-Fetch-Site": "cross-site"}

    answer = alice.post(f"/dashboard/07sor/decisions{action}", data=sent, headers=headers)

    assert answer.status_code == 403
