"""Staff pages: who gets in, and what they see."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from consent.core import periods
from consent.core.db import db
from consent.people import staff
from tests import pages
from tests.conftest import PASSWORD
from tests.factories import decide, decision, hit, refusal

# Not before anybody logged in, whenever the tests run.
TODAY = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12)


@pytest.fixture
def people(app: Flask) -> None:
    """Alice looks after 07sor, Bob after the shop."""
    with app.app_context():
        for email, site in (("alice@example.no", "07sor"), ("bob@example.no", "krukke")):
            staff.add(db.session(), email, PASSWORD, [site], datetime.now(UTC))


def log_in(client: FlaskClient, email: str, password: str = PASSWORD, **fields: str):  # type: ignore[no-untyped-def]
    return client.post("/dashboard/login", data={"email": email, "password": password, **fields})


def test_a_member_sees_the_figures_of_their_site(alice: FlaskClient) -> None:
    decide(alice)
    decide(alice, refusal())

    answer = alice.get("/dashboard/", follow_redirects=True)

    said = pages.check(answer)
    assert "Statistics for 07 SØR IT DRIFT AS" in said
    assert "Decisions 2" in said
    assert "Accepted 1 50% Rejected 1 50%" in said


@pytest.mark.parametrize("language", ["en", "nb", "nn"])
def test_pages_are_good_pages_in_each_language(alice: FlaskClient, language: str) -> None:
    pages.check(alice.get(f"/dashboard/07sor/?lang={language}"), language)
    pages.check(alice.get(f"/dashboard/login?lang={language}"), language)


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/krukke/",
        "/dashboard/krukke/figures",
        "/dashboard/krukke/visits.svg",
        "/dashboard/krukke/visits.csv",
        "/dashboard/krukke/cards/pages",
        "/dashboard/krukke/versions",
        "/dashboard/krukke/versions/1",
        "/dashboard/krukke/versions/1.toml",
        "/dashboard/krukke/versions/1/since/1",
        "/dashboard/krukke/versions/compare?from=1&to=1",
        "/dashboard/krukke/decisions",
        "/dashboard/krukke/announcements",
        "/dashboard/krukke/retention",
        "/dashboard/07sor/cards/secrets",
        "/dashboard/07sor/secrets.csv",
        "/dashboard/07sor/visits.csv?by=purpose",
        "/dashboard/nowhere/",
    ],
)
def test_what_is_not_theirs_does_not_exist(alice: FlaskClient, path: str) -> None:
    assert alice.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/",
        "/dashboard/07sor/",
        "/dashboard/07sor/figures",
        "/dashboard/07sor/visits.svg",
        "/dashboard/07sor/visits.csv",
        "/dashboard/07sor/cards/pages",
        "/dashboard/07sor/versions",
        "/dashboard/07sor/versions/1",
        "/dashboard/07sor/versions/1.toml",
        "/dashboard/07sor/versions/1/since/1",
        "/dashboard/07sor/versions/compare?from=1&to=1",
        "/dashboard/07sor/decisions",
        "/dashboard/07sor/announcements",
        "/dashboard/07sor/retention",
    ],
)
def test_a_stranger_is_asked_to_log_in(client: FlaskClient, people: None, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 303
    assert answer.location.startswith("/dashboard/login?next=")


@pytest.mark.parametrize(
    ("email", "password"), [("alice@example.no", "wrong"), ("carol@example.no", PASSWORD), ("", "")]
)
def test_a_wrong_login_says_no_more_than_that(
    client: FlaskClient, people: None, email: str, password: str
) -> None:
    answer = log_in(client, email, password)

    assert answer.status_code == 401
    assert "The e-mail address or the password is wrong" in pages.check(answer)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/dashboard/\\evil.example", "/privacy/07sor/"],
)
def test_after_the_login_nobody_is_sent_elsewhere(
    client: FlaskClient, people: None, target: str
) -> None:
    assert log_in(client, "alice@example.no", next=target).location == "/dashboard/"


def test_who_has_chosen_a_language_keeps_it(client: FlaskClient, people: None) -> None:
    data = {"email": "alice@example.no", "password": PASSWORD}
    answer = client.post("/dashboard/login?lang=nn", data=data, follow_redirects=True)
    pages.check(answer, "nn")

    for path in re.findall(r'href="(/dashboard/[^"#]*)"', answer.get_data(as_text=True)):
        assert "lang=nn" in path
    assert "lang=nn" in client.post("/dashboard/logout?lang=nn").location


def test_logging_out_ends_it(alice: FlaskClient) -> None:
    alice.post("/dashboard/logout")

    assert alice.get("/dashboard/07sor/").status_code == 303


def test_another_website_cannot_log_anybody_in(client: FlaskClient, people: None) -> None:
    answer = client.post(
        "/dashboard/login",
        data={"email": "alice@example.no", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["visits", "consents", "hours"])
def test_charts_are_pictures_without_scripts_or_strangers(alice: FlaskClient, name: str) -> None:
    answer = alice.get(f"/dashboard/07sor/{name}.svg?from=2026-11-01&to=2026-11-20")

    assert answer.content_type.startswith("image/svg+xml")
    source = answer.get_data(as_text=True)
    assert "<script" not in source
    assert "kozea" not in source
    assert alice.get("/dashboard/07sor/secrets.svg").status_code == 404


def test_the_part_for_htmx_is_the_part_of_the_page(alice: FlaskClient) -> None:
    query = "?from=2026-11-01&to=2026-11-20"
    part = alice.get(f"/dashboard/07sor/figures{query}").get_data(as_text=True)

    assert "<html" not in part
    assert part.strip() in alice.get(f"/dashboard/07sor/{query}").get_data(as_text=True)


def test_passwords_are_kept_as_argon2(app: Flask, people: None) -> None:
    from consent.models import Staff

    with app.app_context():
        member = db.session.query(Staff).filter_by(email="alice@example.no").one()
        assert member.password_hash.startswith("$argon2id$")


class TestFigures:
    """A day with more visits than the one before it."""

    @pytest.fixture
    def alice(self, alice: FlaskClient) -> FlaskClient:
        for ago, times in ((2, 20), (1, 30)):
            with time_machine.travel(TODAY - timedelta(days=ago), tick=False):
                for _ in range(times):
                    hit(alice, "/tjenester", "https://www.google.com/")
                    decide(alice, decision(language="nb"))
                for _ in range(times):
                    decide(alice, refusal(language="nn"))
        return alice

    def read(self, alice: FlaskClient, path: str) -> str:
        with time_machine.travel(TODAY, tick=False):
            return pages.check(alice.get(path))

    def day(self) -> str:
        yesterday = (TODAY - timedelta(days=1)).date()
        return f"from={yesterday}&to={yesterday}&lang=en"

    def test_each_number_stands_beside_the_one_before(self, alice: FlaskClient) -> None:
        said = self.read(alice, f"/dashboard/07sor/?{self.day()}")

        assert "Visits 30 +50% from the previous period" in said
        assert "Decisions 60 +50% from the previous period" in said
        assert "Consent rate 50% +0 percentage points from the previous period" in said

    @pytest.mark.parametrize("part", ["", "figures"])
    @pytest.mark.parametrize("first", ["2026-11-21", "2020-01-01", "soon"])
    def test_days_that_cannot_be_shown_are_said(
        self, alice: FlaskClient, part: str, first: str
    ) -> None:
        path = f"/dashboard/07sor/{part}?from={first}&to=2026-11-20&lang=en"
        with time_machine.travel(TODAY, tick=False):
            answer = alice.get(path)

        said = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert "Choose a period of at most 800 days" in said
        assert "Previous period:" in said

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("", "/tjenester"),
            ("pages=entry", "/tjenester"),
            ("sources=referrer", "google.com"),
            ("technology=system", "Windows"),
            ("technology=device", "Computer"),
            ("technology=language", "Unknown"),
            ("decisions=language", "Norwegian bokmål"),
            ("decisions=version", "Version 1"),
            ("decisions=took", "Unknown"),
            ("decisions=layout", "In the corner"),
        ],
    )
    def test_a_card_shows_what_the_address_says(
        self, alice: FlaskClient, query: str, words: str
    ) -> None:
        assert words in self.read(alice, f"/dashboard/07sor/?{self.day()}&{query}")

    def test_a_long_period_is_a_table_of_its_pictures_steps(self, alice: FlaskClient) -> None:
        first, last = TODAY.replace(month=1, day=1).date(), TODAY.replace(month=12, day=31).date()
        said = self.read(alice, f"/dashboard/07sor/?from={first}&to={last}")

        table = said.partition("Day Page views Visits ")[2].partition(" Download CSV")[0]
        assert table.count("–") >= 12
        assert f"{TODAY:%b} 1, {TODAY:%Y} – " in table

    def test_what_nobody_knows_of_is_as_usual(self, alice: FlaskClient) -> None:
        usual = self.read(alice, f"/dashboard/07sor/?{self.day()}")

        assert self.read(alice, f"/dashboard/07sor/?{self.day()}&pages=secrets&x=1") == usual

    def test_a_card_that_htmx_asks_for_is_that_of_the_page(self, alice: FlaskClient) -> None:
        page = f"/dashboard/07sor/?{self.day()}"
        with time_machine.travel(TODAY, tick=False):
            part = alice.get(
                f"/dashboard/07sor/cards/technology?{self.day()}&technology=system",
                headers={"HX-Current-URL": f"http://localhost{page}&pages=entry"},
            )
            address = part.headers["HX-Push-Url"]
            whole = alice.get(address).get_data(as_text=True)

        assert "pages=entry" in address
        assert "technology=system" in address
        assert part.get_data(as_text=True).strip() in whole

    @pytest.mark.parametrize(
        ("what", "by", "first"),
        [
            ("visits", "page", "page,views,sample"),
            ("visits", "day", "day,views,visits,running,sample"),
            ("consents", "purpose", "purpose,decisions,granted,sample"),
            ("consents", "language", "language,decisions,shown,accept"),
        ],
    )
    def test_each_table_is_a_file(self, alice: FlaskClient, what: str, by: str, first: str) -> None:
        with time_machine.travel(TODAY, tick=False):
            answer = alice.get(f"/dashboard/07sor/{what}.csv?by={by}&{self.day()}")

        assert answer.content_type == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith(
            f'attachment; filename="07sor-{what}'
        )
        lines = answer.get_data(as_text=True).splitlines()
        assert lines[0].startswith(first.removesuffix(",sample"))
        assert len(lines) > 1


def test_all_sites_at_a_glance(app: Flask, client: FlaskClient, people: None) -> None:
    with app.app_context():
        staff.add(db.session(), "carol@example.no", PASSWORD, ["07sor", "krukke"], TODAY)
    with time_machine.travel(TODAY - timedelta(days=1), tick=False):
        for _ in range(30):
            hit(client, "/")
            decide(client)
    log_in(client, "carol@example.no")
    with time_machine.travel(TODAY, tick=False):
        client.get("/privacy/07sor/visits")  # closes the day
        said = pages.check(client.get("/dashboard/?lang=en"))

    assert "07 SØR IT DRIFT AS 30 – 30" in said
    assert "Krukke & Sønn – – 0 –" in said


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        ("2026-01-01", "2026-01-31", 31),
        ("2026-01-01", "2026-03-31", 14),
        ("2026-01-01", "2026-12-31", 12),
    ],
)
def test_pictures_come_in_days_weeks_or_months(first: str, last: str, count: int) -> None:
    period = periods.period(first, last, TODAY.date())
    steps = periods.steps(period)

    assert len(steps) == count
    assert [day for step in steps for day in step] == list(period)
