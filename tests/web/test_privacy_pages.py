"""The visitor's pages, as a browser without JavaScript sees them."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from consent.core.db import db
from consent.models import Decision
from tests import pages
from tests.factories import decide, decision

PAGE = "/privacy/07sor/"


def form(client: FlaskClient, path: str = PAGE) -> dict[str, str]:
    """The hidden fields of the page's form."""
    source = client.get(path).get_data(as_text=True)
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', source))


def choose(client: FlaskClient, answer: str, *purposes: str, **headers: str):  # type: ignore[no-untyped-def]
    fields = (
        form(client) | {"answer": answer} | {f"purpose-{purpose}": "on" for purpose in purposes}
    )
    return client.post(f"{PAGE}choices", data=fields, headers=headers, follow_redirects=False)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}choices"])
def test_pages_are_good_pages_in_each_language(
    client: FlaskClient, path: str, language: str
) -> None:
    pages.check(client.get(f"{path}?lang={language}"), language)


@pytest.mark.parametrize(
    ("wished", "language"),
    [
        ("nn,en;q=0.5", "nn"),
        ("no", "nb"),
        ("nb-NO", "nb"),
        ("en-GB,en", "en"),
        ("fr", "nb"),
        ("", "nb"),
    ],
)
def test_the_browsers_language_decides(client: FlaskClient, wished: str, language: str) -> None:
    pages.check(client.get(PAGE, headers={"Accept-Language": wished}), language)


def test_the_version_and_its_date_are_shown(client: FlaskClient) -> None:
    said = pages.check(client.get(f"{PAGE}?lang=en"))

    assert re.search(r"Version 1, published \w+ \d+, \d{4}", said)


def test_looking_sets_no_cookie(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get(PAGE).headers


def test_a_choice_is_recorded_shown_and_changed(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    answer = choose(client, "choose", "analytics")
    assert answer.status_code == 303
    shown = client.get(answer.location).get_data(as_text=True)
    assert re.search(r'name="purpose-analytics" checked', shown)
    assert not re.search(r'name="purpose-marketing" checked', shown)

    choose(client, "refuse")

    rows = session.scalars(select(Decision).order_by(Decision.decided_at)).all()
    assert [(row.action, row.source) for row in rows] == [
        ("choose", "privacy"),
        ("withdraw", "privacy"),
    ]
    assert rows[0].visitor == rows[1].visitor
    assert rows[1].purposes == {"analytics": False, "marketing": False}


def test_a_form_sent_twice_counts_once(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    fields = form(client) | {"answer": "accept"}

    for _ in range(2):
        assert client.post(f"{PAGE}choices", data=fields).status_code == 303

    assert len(session.scalars(select(Decision)).all()) == 1


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_pages(client: FlaskClient) -> None:
    cookie = choose(client, "refuse").headers["Set-Cookie"]

    assert cookie.startswith("consent_visitor=")
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/privacy/07sor/"):
        assert attribute in cookie


def test_the_websites_token_opens_the_choice(client: FlaskClient) -> None:
    token = decide(client, decision()).get_json()["token"]

    assert client.post(f"{PAGE}choices/open", data={"token": token}).status_code == 204

    assert 'name="purpose-marketing" checked' in client.get(PAGE).get_data(as_text=True)
    assert client.post(f"{PAGE}choices/open", data={"token": "forged"}).status_code == 401


def test_another_website_cannot_choose_in_a_visitors_name(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert choose(client, "accept", **headers).status_code == 403
    assert choose(client, "accept", **{"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert len(session.scalars(select(Decision)).all()) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"id": "x", "version": "1"},
        {"version": "one"},
        {"id": "018f4e7a-9d2c-7b3a-8f1e-2d3c4b5a6978", "version": "9" * 30},
        {"id": "018f4e7a-9d2c-7b3a-8f1e-2d3c4b5a6978", "version": "1", "language": "x" * 50},
    ],
)
def test_a_broken_form_says_so_on_a_page(client: FlaskClient, fields: dict[str, str]) -> None:
    answer = client.post(f"{PAGE}choices", data=fields)

    assert answer.status_code in (400, 404, 422)
    pages.check(answer)


def test_a_refusal_sent_twice_is_the_same_refusal(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    choose(client, "accept")
    fields = form(client) | {"answer": "refuse"}

    answers = [client.post(f"{PAGE}choices", data=fields).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert len(session.scalars(select(Decision)).all()) == 2


def test_a_service_decided_alone_is_shown_and_kept(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    body = decision(action="choose", purposes={"analytics": True}, services={"youtube": True})
    token = decide(client, body).get_json()["token"]
    client.post(f"{PAGE}choices/open", data={"token": token})
    assert 'name="service-youtube" checked' in client.get(PAGE).get_data(as_text=True)

    kept = form(client) | {"answer": "choose", "purpose-analytics": "on", "service-youtube": "on"}
    client.post(f"{PAGE}choices", data=kept)

    latest = session.scalars(select(Decision).order_by(Decision.decided_at.desc())).first()
    assert latest.services == {"youtube": True}


def test_the_current_version_for_programs(client: FlaskClient) -> None:
    found = client.get(f"{PAGE}current.json").get_json()

    assert (found["site"], found["number"], found["languages"]) == ("07sor", 1, ["nb", "nn", "en"])
    assert re.fullmatch(r"[0-9a-f]{64}", found["hash"])
    assert found["date"].endswith("+00:00")
    assert found["updated"] == "2021-10-10"
    for address in (*found["addresses"]["notice"].values(), found["addresses"]["script"]):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("path", ["/privacy/nowhere/", "/privacy/nowhere/choices", "/nothing"])
def test_an_unknown_page_is_a_readable_404(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    pages.check(answer)


def test_the_shops_pages_say_what_the_shop_says(client: FlaskClient) -> None:
    said = pages.check(client.get("/privacy/krukke/?lang=en"), "en")

    assert "Finding your size" in said
    assert "Page views are counted only after you accept statistics." in said
    assert "6 months" in said
    assert "Datatilsynet" not in said


@pytest.fixture
def decided(client: FlaskClient) -> list[str]:
    """Somebody who agreed, chose, and whose pages these are. The ids of their decisions."""
    first, second = decision(), decision(action="choose", purposes={"analytics": True})
    token = decide(client, first).get_json()["token"]
    decide(client, {**second, "token": token})
    client.post("/privacy/07sor/choices/open", data={"token": token})
    return [str(first["id"]), str(second["id"])]


def test_all_choices_are_there_the_latest_first(client: FlaskClient, decided: list[str]) -> None:
    said = pages.check(client.get("/privacy/07sor/choices?lang=en"), "en")

    assert said.index("You customised your choices : Statistics") < said.index(
        "You accepted everything"
    )


def test_a_choice_is_shown_with_what_its_visitor_saw(
    client: FlaskClient, decided: list[str]
) -> None:
    said = pages.check(client.get(f"/privacy/07sor/choices/{decided[0]}?lang=en"), "en")

    assert "You accepted everything" in said
    assert "Informasjonskapsler og personvernet ditt" in said  # the banner was in Bokmål
    assert decided[0] in said


def test_choices_are_downloaded_as_data(client: FlaskClient, decided: list[str]) -> None:
    answer = client.get("/privacy/07sor/choices.json")

    assert [each["id"] for each in answer.get_json()["decisions"]] == decided[::-1]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="choices-07sor.json"'
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_what_is_erased_is_gone_and_nothing_else(
    app: Flask, client: FlaskClient, decided: list[str]
) -> None:
    other = decision()
    decide(app.test_client(), other)

    answer = client.post("/privacy/07sor/choices/erase?lang=en", follow_redirects=True)

    assert "are erased" in pages.check(answer, "en")
    assert client.get("/privacy/07sor/choices.json").status_code == 404
    with app.app_context():
        assert [str(each.id) for each in db.session.query(Decision)] == [other["id"]]


@pytest.mark.parametrize("path", ["/choices.json", "/choices/{}"])
def test_a_stranger_sees_nothing_of_it(app: Flask, decided: list[str], path: str) -> None:
    stranger = app.test_client()
    assert stranger.get(f"/privacy/07sor{path.format(decided[0])}").status_code == 404

    token = decide(stranger, decision()).get_json()["token"]
    stranger.post("/privacy/07sor/choices/open", data={"token": token})
    assert stranger.get(f"/privacy/07sor/choices/{decided[0]}").status_code == 404
    stranger.post("/privacy/07sor/choices/erase")
    with app.app_context():
        assert {str(each.id) for each in db.session.query(Decision)} == set(decided)


def test_another_website_cannot_erase_anything(client: FlaskClient, decided: list[str]) -> None:
    answer = client.post("/privacy/07sor/choices/erase", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert len(client.get("/privacy/07sor/choices.json").get_json()["decisions"]) == 2


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("", "Syse AS", "No recipient"),
        ("q=invoice", "PayEx", "Syse AS"),
        ("country=NO", "Syse AS", "Delighted"),
        ("purpose=analytics", "Google", "Syse AS"),
        ("q=united+states+backup", "ManageWP", "PayEx"),
        ("q=nothing+of+this", "No recipients match your search", "Syse AS"),
    ],
)
def test_recipients_are_searched(client: FlaskClient, query: str, there: str, missing: str) -> None:
    whole = pages.check(client.get(f"/privacy/07sor/recipients?lang=en&{query}"), "en")
    part = client.get(f"/privacy/07sor/recipients/table?lang=en&{query}").get_data(as_text=True)

    for said in (whole, part):
        assert there in said
        assert missing not in said
    assert "<html" not in part
