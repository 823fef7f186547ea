"""The statistics: who may read them, in which forms, and what the rule leaves of them."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext

from consent.core.catalogues import CATALOGUES
from consent.core.db import db
from consent.demo import SITE_FILE
from consent.models import Site
from consent.people import api_tokens
from consent.stats import consents, visits
from consent.web.api.operations import as_csv
from tests import pages
from tests.conftest import Command, publish
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

    # Of 26 page views, of which 15 were visits.
    row = found["rows"][-1]
    assert (row["day"], row["running"]) == ("2026-11-20", True)
    assert (row["views"], row["visits"]) in ((10, None), (None, None))
    assert found["totals"] == {"views": row["views"] or 0, "visits": 0}
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
            hit(client, "/", "https://-1.com/")
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        text = ask(client, stats_token, "visits", "text/csv", by="referrer").get_data(as_text=True)

    assert "'-1.com,10" in text


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


def test_rows_come_in_pages(client: FlaskClient, stats_token: str) -> None:
    with time_machine.travel(NOON, tick=False):
        for number, page in enumerate("abcde"):
            for _ in range(12 + number // 2):
                hit(client, f"/{page}")
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        whole = ask(client, stats_token, "visits", by="page").get_json()
        rows, cursor = [], None
        for _ in range(3):
            more = {"cursor": cursor} if cursor else {}
            found = ask(client, stats_token, "visits", by="page", limit="2", **more).get_json()
            assert found["totals"] == whole["totals"]
            rows += found["rows"]
            cursor = found["next"]

        table = ask(client, stats_token, "visits", "text/csv", by="page", limit="2")
        following = table.headers["Link"].partition(">")[0].removeprefix("<")
        headers = {"Authorization": f"Bearer {stats_token}", "Accept": "text/csv"}
        text = client.get(following, headers=headers).get_data(as_text=True)

    assert text.splitlines() == ["page,views", "/d,13", "/a,12"]
    assert (rows, cursor, whole["next"]) == (whole["rows"], None, None)
    assert [row["page"] for row in rows] == ["/e", "/c", "/d", "/a", "/b"]


def test_an_answer_that_has_not_changed_is_not_sent_again(
    client: FlaskClient, stats_token: str
) -> None:
    first = ask(client, stats_token, "visits")
    headers = {"Authorization": f"Bearer {stats_token}", "If-None-Match": first.headers["ETag"]}
    again = client.get("/api/v1/sites/07sor/stats/visits", headers=headers)

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "|", "%", "\t", "\r", " ="])
def test_no_cell_begins_like_a_formula(app: Flask, start: str) -> None:
    with app.test_request_context():
        answer = as_csv(["page"], [{"page": f"{start}SUM(A1)"}], None, None)

    (cell,) = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))[1]
    assert cell == f"'{start}SUM(A1)"


def test_publications_are_named(client: FlaskClient, stats_token: str) -> None:
    (publication,) = ask(client, stats_token, "consents").get_json()["publications"]

    assert publication["version"] == 1
    moment = datetime.fromisoformat(publication["published_at"])
    assert publication["day"] == moment.astimezone(ZoneInfo("Europe/Oslo")).date().isoformat()


class TestOtherOperations:
    def get(self, client: FlaskClient, token: str, what: str, **query: str):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {token}"}
        return client.get(f"/api/v1/sites/07sor/{what}", query_string=query, headers=headers)

    @pytest.fixture
    def token(self, app: Flask) -> str:
        with app.app_context():
            scopes = ("decisions", "versions")
            return api_tokens.issue(db.session(), "07sor", "t", datetime.now(UTC), scopes)

    def test_versions(self, client: FlaskClient, token: str) -> None:
        found = self.get(client, token, "versions").get_json()
        current = client.get("/privacy/07sor/current.json").get_json()

        (row,) = found["rows"]
        assert (row["version"], row["hash"]) == (current["number"], current["hash"])

    def test_decisions_page_by_page(self, client: FlaskClient, token: str) -> None:
        receipts = [decide(client, decision()).get_json()["receipt"] for _ in range(5)]
        rows, cursor = [], None
        for _ in range(3):
            more = {"cursor": cursor} if cursor else {}
            found = self.get(client, token, "decisions", limit="2", **more).get_json()
            rows += found["rows"]
            cursor = found["next"]

        assert cursor is None
        assert sorted(rows, key=str) == sorted(receipts, key=str)
        assert "visitor" not in rows[0]

    @pytest.mark.parametrize("cursor", ["x", "2026-11-20", "2026-11-20/x", "/"])
    def test_a_cursor_that_is_none(self, client: FlaskClient, token: str, cursor: str) -> None:
        assert self.get(client, token, "decisions", cursor=cursor).status_code == 404

    def test_a_token_opens_what_it_is_for(
        self, client: FlaskClient, token: str, stats_token: str
    ) -> None:
        assert self.get(client, token, "stats/visits").status_code == 403
        refused = self.get(client, stats_token, "decisions")
        assert (refused.status_code, refused.get_json()["type"]) == (
            403,
            "urn:samtykke:problem:wrong-scope",
        )


class TestTokens:
    def test_they_are_listed_and_end_at_once(
        self, app: Flask, client: FlaskClient, command: Command
    ) -> None:
        made = command("token", "07sor", "--name", "Agency", "--days", "30")[1].strip()
        assert ask(client, made, "visits").status_code == 200
        code, said, _ = command("tokens", "07sor")
        assert (code, "Agency" in said, made in said) == (0, True, False)

        beginning = said.split()[0]
        assert command("revoke-token", "07sor", beginning)[0] == 0

        assert ask(client, made, "visits").status_code == 401
        assert "revoked" in command("tokens", "07sor")[1]

    def test_it_ends_when_it_was_to(self, client: FlaskClient, command: Command) -> None:
        made = command("token", "07sor", "--days", "30")[1].strip()

        with time_machine.travel(datetime.now(UTC) + timedelta(days=29)):
            assert ask(client, made, "visits").status_code == 200
        with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
            assert ask(client, made, "visits").status_code == 401

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("token", "nowhere"), "no site 'nowhere'"),
            (("token", "07sor", "--scope", "all"), "'all' is not one of"),
            (("token", "07sor", "--name", " "), "needs a name"),
            (("token", "07sor", "--name", "x" * 81), "at most 80"),
            (("tokens", "nowhere"), "no site 'nowhere'"),
            (("revoke-token", "07sor", "abc"), "`consent tokens 07sor` lists them"),
        ],
    )
    def test_what_cannot_be_is_said(
        self, command: Command, arguments: tuple[str, ...], said: str
    ) -> None:
        code, _, complaint = command(*arguments)

        assert code != 0
        assert said in complaint


class TestInATerminal:
    def test_it_says_what_the_api_says(
        self, client: FlaskClient, command: Command, stats_token: str, busy_day: None
    ) -> None:
        with time_machine.travel(NOON + timedelta(days=1), tick=False):
            answer = ask(client, stats_token, "visits", by="page").get_json()
            code, said, _ = command("stats", "07sor", "visits", "--by", "page")

        assert code == 0
        assert f"{answer['totals']['views']} page views" in said
        for row in answer["rows"]:
            assert re.search(rf"^{row['page']} +{row['views']}$", said, re.MULTILINE)

    @pytest.mark.parametrize(
        ("what", "by"),
        [("visits", by) for by in visits.DIMENSIONS]
        + [("consents", by) for by in consents.DIMENSIONS],
    )
    def test_every_question_has_an_answer(self, command: Command, what: str, by: str) -> None:
        code, said, _ = command("stats", "07sor", what, "--by", by, "--from", "2026-11-01")

        assert code == 0
        assert by in said

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--by", "name"), "not a dimension"),
            (("--from", "soon"), "2026-01-31"),
            (("--from", "2026-02-01", "--to", "2026-01-01"), "later than"),
        ],
    )
    def test_what_makes_no_sense_is_said(
        self, command: Command, arguments: tuple[str, ...], said: str
    ) -> None:
        code, _, complaint = command("stats", "07sor", "visits", *arguments)

        assert (code, said in complaint) == (1, True)
        assert len(complaint.splitlines()) == 1


class TestPublishedFigures:
    @pytest.fixture
    def client(self, app: Flask, client: FlaskClient) -> FlaskClient:
        with app.app_context():
            source = SITE_FILE.read_text()
            if "public = true" not in source:
                publish(source.replace('when = "always"', 'when = "always"\npublic = true', 1))
        return client

    @pytest.fixture
    def crowded_day(self, client: FlaskClient) -> None:
        """A day on which fifty people came from a search and thirty directly, and sixty of them went on."""
        with time_machine.travel(NOON, tick=False):
            for number in range(80):
                hit(client, "/", "https://www.google.com/" if number < 50 else "")
            for number in range(60):
                path = "/video" if number < 50 else "/tjenester"
                hit(client, path, "http://127.0.0.1:8081/")

    def test_a_page_everybody_may_read(self, client: FlaskClient, crowded_day: None) -> None:
        with time_machine.travel(NOON + timedelta(days=1), tick=False):
            for language, words in {
                "nb": "Sidevisninger",
                "nn": "Sidevisingar",
                "en": "Page views",
            }.items():
                text = pages.check(client.get(f"/privacy/07sor/visits?lang={language}"), language)
                assert words in text
        assert "/video 50" in text
        assert "google.com 50" in text
        # Staff see these.
        assert "/tjenester" not in text
        assert "Direct" not in text
        assert "All others 10" in text
        assert "All others 30" in text
        assert "includes values below 50" in text

    def test_in_each_language_the_words_name_the_row(self, app: Flask) -> None:
        words = (
            "“All others” includes values below %(k)s, and pages that the website does not list."
        )
        for language in CATALOGUES:
            with app.app_context(), force_locale(language):
                assert gettext("All others") in gettext(words, k=50)
                assert "50" in gettext(words, k=50)

    @pytest.mark.parametrize("path", ["visits.svg", "visits-by-day.svg"])
    def test_pictures_for_other_pages(self, client: FlaskClient, busy_day: None, path: str) -> None:
        with time_machine.travel(NOON + timedelta(days=1), tick=False):
            answer = client.get(f"/privacy/07sor/{path}?lang=en")

        assert answer.content_type == "image/svg+xml"
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        drawn = answer.get_data(as_text=True)
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        assert "<script" not in drawn
        if path == "visits.svg":
            assert "15 visits in 30 days" in drawn

    @pytest.mark.parametrize("path", ["visits", "visits.svg", "visits-by-day.svg"])
    def test_only_of_sites_that_want_it(self, client: FlaskClient, path: str) -> None:
        assert client.get(f"/privacy/krukke/{path}").status_code == 404
        assert client.get(f"/privacy/nowhere/{path}").status_code == 404
