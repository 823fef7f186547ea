"""Who may do what: every staff page, and everybody who might ask for it."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.core.db import db
from consent.people import staff
from tests.conftest import PASSWORD, make_app

ROLES = ("viewer", "editor", "owner")
# What each page takes; a page that is missing here fails the test. "nobody": it opens without a login, or sends on.
# "member": of whatever site. Those of a site take a role in it.
TAKES: dict[str, dict[str, str]] = {
    "nobody": {
        "GET": """
            dashboard.login dashboard.code passwords.forgotten passwords.reset invitation.page
            provider.begin provider.callback""",
        "POST": """
            dashboard.log_in dashboard.second_step dashboard.log_out passwords.ask passwords.choose
            invitation.accept""",
    },
    "member": {
        "GET": "figures.index account.page account.second_factor_page",
        "POST": """
            account.change_password account.new_codes account.turn_on account.turn_off account.end
            account.end_others""",
    },
    "viewer": {
        "GET": """
            figures.page figures.chart figures.table figures.card figures.part install.page report.page
            versions.page versions.version_page versions.site_file versions.comparison versions.compare
            decisions.page announcements.page announcements.announcement announcements.progress
            retention.page preview.page preview.stage""",
        "POST": """
            install.check report.subscribe report.stop decisions.find
            decisions.receipt decisions.everything""",
    },
    "editor": {
        "GET": """
            draft.page draft.part_page draft.row draft.more_rows review.text review.export
            review.page tokens.page""",
        "POST": """
            draft.save_part draft.save_row draft.remove_row draft.move_row draft.stage draft.check
            review.save_text review.discard
            review.publish tokens.make tokens.revoke
            decisions.erase announcements.announce announcements.stop""",
    },
    "owner": {
        "GET": "people.page people.log",
        "POST": """
            people.invite people.change people.withdraw announcements.add_webhook
            announcements.remove_webhook""",
    },
}
ARGUMENTS = {
    "site": "07sor",
    "part": "rights",
    "index": 0,
    "number": 1,
    "old": 1,
    "identity": uuid.UUID(int=7),
}
OTHER_PART = {"draft.save_part": "site"}
Page = tuple[str, str, str]


@pytest.fixture
def app(settings: dict[str, Any]) -> Flask:
    provider = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "a"}
    return make_app({**settings, **provider, "oidc_client_secret": "b"})


@pytest.fixture
def browser(app: Flask) -> Callable[[str], FlaskClient]:
    """Of somebody with a role in 07sor; of a stranger, who owns another site; of nobody."""
    with app.app_context():
        for role in ROLES:
            email = f"{role}@example.no"
            staff.add(db.session(), email, PASSWORD, ["07sor"], datetime.now(UTC), role)
        # Who alone owns a site is not let go.
        staff.add(db.session(), "other@example.no", PASSWORD, ["07sor"], datetime.now(UTC))
        staff.add(db.session(), "stranger@example.no", PASSWORD, ["krukke"], datetime.now(UTC))

    def of(who: str) -> FlaskClient:
        client = app.test_client()
        data = {"email": f"{who}@example.no", "password": PASSWORD}
        if who != "nobody":
            client.post("/dashboard/login", data=data)
        return client

    return of


def pages(app: Flask) -> list[Page]:
    """Endpoint, method and address of each staff page."""
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/dashboard"):
            continue
        given = {name: ARGUMENTS.get(name, "x") for name in rule.arguments}
        if rule.endpoint in OTHER_PART:
            given["part"] = OTHER_PART[rule.endpoint]
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            found.append((rule.endpoint, method, adapter.build(rule.endpoint, given, method)))
    return found


def taken(app: Flask, who: str) -> list[Page]:
    return [each for each in pages(app) if each[0] in TAKES[who].get(each[1], "").split()]


def ask(client: FlaskClient, page: Page) -> tuple[str, str, int, str]:
    endpoint, method, address = page
    answer = client.open(address, method=method)
    return endpoint, method, answer.status_code, (answer.location or "").partition("?")[0]


def test_every_page_is_listed_once(app: Flask) -> None:
    listed = [
        (endpoint, method)
        for methods in TAKES.values()
        for method, endpoints in methods.items()
        for endpoint in endpoints.split()
    ]

    # A page may have several addresses.
    there = {(endpoint, method) for endpoint, method, _ in pages(app)}
    assert there - {*listed} == set(), "add them to TAKES, under the role that each takes"
    assert {*listed} - there == set(), "no such page: remove them from TAKES"
    assert len(listed) == len({*listed}), "a page is listed twice in TAKES"


@pytest.mark.parametrize("least", ["member", *ROLES])
def test_nobody_gets_in_without_a_login(
    app: Flask, browser: Callable[[str], FlaskClient], least: str
) -> None:
    client = browser("nobody")

    for page in taken(app, least):
        assert ask(client, page) == (*page[:2], 303, "/dashboard/login")


@pytest.mark.parametrize("least", ROLES)
def test_to_a_stranger_there_is_no_such_site(
    app: Flask, browser: Callable[[str], FlaskClient], least: str
) -> None:
    client = browser("stranger")

    for page in taken(app, least):
        assert ask(client, page) == (*page[:2], 404, "")


@pytest.mark.parametrize(
    ("who", "least"), [("viewer", "editor"), ("viewer", "owner"), ("editor", "owner")]
)
def test_a_lower_role_is_refused(
    app: Flask, browser: Callable[[str], FlaskClient], who: str, least: str
) -> None:
    client = browser(who)

    for page in taken(app, least):
        assert ask(client, page) == (*page[:2], 403, "")


@pytest.mark.parametrize(
    ("who", "least"),
    [(who, least) for number, who in enumerate(ROLES) for least in ROLES[: number + 1]],
)
def test_who_may_is_let_in(
    app: Flask, browser: Callable[[str], FlaskClient], who: str, least: str
) -> None:
    """Though what is asked for may not be there, and an empty form not be enough."""
    client = browser(who)

    for page in taken(app, least):
        *_, status, location = ask(client, page)
        assert (page[0], status < 500, status == 403, location == "/dashboard/login") == (
            page[0], True, False, False
        )  # fmt: skip


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_other_website_sends_a_form(
    app: Flask, browser: Callable[[str], FlaskClient], origin: str
) -> None:
    client = browser("owner")
    client.environ_base["HTTP_ORIGIN"] = origin

    for page in pages(app):
        if page[1] != "GET":
            assert ask(client, page) == (*page[:2], 403, "")
