"""The statistics: who may read them, in which forms, and what the rule leaves of them."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from consent import visits
from consent.db import db
from consent.models import Site
from tests.factories import decide, decision, hit, refusal

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)


def ask(
    client: FlaskClient,
    token: str | None,
    what: str,
    accept: str = "application/json",
    **query: str,
):  # type: ignore[no-untyped-def]
    query = {name.rstrip("_"): value for name, value in query.items()}
    headers = {"Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
    return client.get(f"/api/v1/sites/07sor/stats/{what}", query_string=query, headers=headers)


@pytest.fixture
def busy_day(client: FlaskClient) -> None:
    """A day on which twelve people came from a search, three directly, and eleven of them went on."""
    with time_machine.travel(NOON, tick=False):
        for number in range(15):
            hit(client, "/", "https://www.google.com/" if number < 12 else "")
        for _ in range(11):
            hit(client, "/video", "http://127.0.0.1:8081/")


def test_decisions_are_counted_exactly_and_at_once(client: FlaskClient, stats_token: str) -> None:
    for body in (
        decision(),
        decision(),
        refusal(),
        decision(action="choose", purposes={"analytics": True}),
    ):
        decide(client, body)

    found = ask(client, stats_token, "consents").get_json()

    assert found["totals"] == {"decisions": 4, "accept": 2, "refuse": 1, "choose": 1, "withdraw": 0}
    assert found["granted"] == {"analytics": 3, "marketing": 2}
    purposes = ask(client, stats_token, "consents", by="purpose").get_json()["rows"]
    assert purposes[0] == {"purpose": "analytics", "decisions": 4, "granted": 3}


@pytest.mark.parametrize("by", ["language", "device", "day"])
def test_what_breaks_decisions_down_follows_the_rule(
    client: FlaskClient, stats_token: str, by: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(12):
            decide(client, decision())
        for _ in range(3):
            decide(client, decision(language="nn"))

        running = ask(client, stats_token, "consents", by=by).get_json()["rows"]
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        closed = ask(client, stats_token, "consents", by=by).get_json()["rows"]

    shown = {row[by]: row["decisions"] for row in closed if row["decisions"]}
    if by == "day":
        assert [row["decisions"] for row in running if row["running"]] == [10]
        assert shown == {"2026-11-20": 15}
    else:
        assert running == []
        # nn alone would be small, and with nb shown it could be worked out.
        assert shown == ({} if by == "language" else {"desktop": 15})


def test_a_running_day_shows_its_totals_in_steps(
    client: FlaskClient, stats_token: str, busy_day: None
) -> None:
    with time_machine.travel(NOON, tick=False):
        found = ask(client, stats_token, "visits").get_json()
        detail = ask(client, stats_token, "visits", by="referrer").get_json()

    assert found["totals"] == {"views": 20, "visits": 10}
    assert found["rows"][-1] == {"day": "2026-11-20", "views": 20, "visits": 10, "running": True}
    assert detail["rows"] == []


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("page", [{"page": "/", "views": 15}, {"page": "/video", "views": 11}]),
        ("entry", [{"entry": "/", "visits": 15}]),
        ("exit", []),  # 4 left from "/", and 11 from "/video" would give them away
        ("flow", []),
        ("referrer", []),  # 12 and 3: showing the 12 would show the 3
        ("browser", [{"browser": "Chrome", "visits": 15}]),
        ("device", [{"device": "desktop", "visits": 15}]),
        ("hour", [{"hour": "12", "views": 26}]),
    ],
)
def test_a_closed_day_shows_what_cannot_point_at_somebody(
    client: FlaskClient, stats_token: str, busy_day: None, by: str, rows: list[dict[str, object]]
) -> None:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert ask(client, stats_token, "visits", by=by).get_json()["rows"] == rows


def test_the_click_stream_gives_away_no_withheld_visits(
    client: FlaskClient, stats_token: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(4):
            hit(client, "/")
        for _ in range(40):
            hit(client, "/video", "http://127.0.0.1:8081/")
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        days = ask(client, stats_token, "visits").get_json()["rows"]
        flow = ask(client, stats_token, "visits", by="flow").get_json()

    assert (days[-2]["views"], days[-2]["visits"]) == (44, None)
    assert (flow["rows"], flow["other"]) == ([], 0)


def test_days_are_those_of_the_sites_time_zone(client: FlaskClient, stats_token: str) -> None:
    with time_machine.travel(datetime(2026, 11, 19, 23, 30, tzinfo=UTC), tick=False):
        for _ in range(10):
            hit(client)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        rows = ask(client, stats_token, "visits", from_="2026-11-19", to="2026-11-20").get_json()[
            "rows"
        ]

    assert [row["views"] for row in rows] == [None, 10]


def test_nothing_and_too_little_look_alike(client: FlaskClient, stats_token: str) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(9):
            hit(client)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        rows = ask(client, stats_token, "visits", from_="2026-11-19", to="2026-11-20").get_json()[
            "rows"
        ]

    assert [{**row, "day": ""} for row in rows] == [
        {"day": "", "views": None, "visits": None, "running": False}
    ] * 2


@pytest.mark.parametrize("by", visits.DIMENSIONS)
def test_csv_says_the_same_as_json(
    client: FlaskClient, stats_token: str, busy_day: None, by: str
) -> None:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        rows = ask(client, stats_token, "visits", by=by).get_json()["rows"]
        answer = ask(client, stats_token, "visits", "text/csv", by=by)

    assert answer.content_type == "text/csv; charset=utf-8"
    found = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    as_text = [
        {
            name: {None: "", True: "true", False: "false"}.get(value, str(value))
            if not isinstance(value, int) or isinstance(value, bool)
            else str(value)
            for name, value in row.items()
        }
        for row in rows
    ]
    assert found == as_text


def test_csv_is_safe_in_a_spreadsheet(client: FlaskClient, stats_token: str) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(10):
            hit(client, "/", "https://-1.example/")
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        text = ask(client, stats_token, "visits", "text/csv", by="referrer").get_data(as_text=True)

    assert "'-1.example,10" in text


def test_samples_are_labelled(app: Flask, client: FlaskClient, stats_token: str) -> None:
    with app.app_context():
        site = db.session.get_one(Site, "07sor")
        site.samples_from, site.samples_to = date(2026, 9, 1), date(2026, 11, 19)
        db.session.commit()
    with time_machine.travel(NOON, tick=False):
        found = ask(client, stats_token, "visits", from_="2026-11-18").get_json()
        text = ask(client, stats_token, "visits", "text/csv", from_="2026-11-18").get_data(
            as_text=True
        )

    assert found["samples"] == {"from": "2026-11-18", "to": "2026-11-19"}
    assert [line.rpartition(",")[2] for line in text.splitlines()] == [
        "sample",
        "sample",
        "sample",
        "",
    ]


@pytest.mark.parametrize("what", ["visits", "consents"])
def test_only_the_sites_own_token_opens_them(
    app: Flask, client: FlaskClient, stats_token: str, what: str
) -> None:
    assert ask(client, stats_token, what).status_code == 200
    assert ask(client, None, what).status_code == 401
    assert ask(client, "ct_wrong", what).status_code == 401
    stranger = client.get(
        f"/api/v1/sites/krukke/stats/{what}", headers={"Authorization": f"Bearer {stats_token}"}
    )
    nowhere = client.get(
        f"/api/v1/sites/nowhere/stats/{what}", headers={"Authorization": f"Bearer {stats_token}"}
    )
    assert (stranger.status_code, nowhere.status_code) == (401, 401)


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ({"by": "name"}, 422, "no dimension"),
        ({"from_": "yesterday"}, 422, "2026-01-31"),
        ({"from_": "20260131"}, 422, "2026-01-31"),
        ({"limit": "0"}, 422, "/limit"),
        ({"limit": "many"}, 422, "no number"),
        ({"form": "2026-01-31"}, 422, "There are limit, cursor, from, to, by"),
        ({"from_": ["2026-01-31", "2026-02-01"]}, 422, "more than once"),
        ({"from_": "2026-02-01", "to": "2026-01-01"}, 409, "later than"),
        ({"from_": "2000-01-01"}, 409, "more than 800 days"),
        ({"from_": "2026-01-01", "to": "0001-01-01"}, 409, "later than"),
        ({"cursor": "nowhere"}, 404, "Begin anew"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    client: FlaskClient, stats_token: str, query: dict[str, str], status: int, detail: str
) -> None:
    answer = ask(client, stats_token, "visits", **query)

    assert answer.status_code == status
    assert detail in answer.get_json()["detail"]


def test_a_token_ends_after_a_year(client: FlaskClient, stats_token: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=366)):
        assert ask(client, stats_token, "visits").status_code == 401
