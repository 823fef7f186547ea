"""Who may see and change a site: roles, invitations, and the log of what staff did."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from consent.core.db import db
from consent.people import staff
from tests import pages
from tests.conftest import PASSWORD, Command, Person, make_app
from tests.mailbox import SERVER, Mailbox


@pytest.fixture
def app(mailing: dict[str, Any]) -> Flask:
    return make_app(mailing)


def identity(app: Flask, name: str) -> str:
    with app.app_context():
        found = staff.by_email(db.session(), f"{name}@example.no")
        assert found
        return str(found.id)


def invite(client: FlaskClient, email: str = "nina@example.no", **fields: Any) -> Any:
    data = {"email": email, "role": "editor", **fields}
    return client.post("/dashboard/07sor/people?lang=en", data=data)


def link(box: Mailbox) -> str:
    box.wait_for(1)
    (found,) = re.findall(rf"{SERVER}(\S+)", box.taken.pop().get_content())
    return str(found)


def roles(app: Flask, site: str = "07sor") -> dict[str, str]:
    with app.app_context():
        return {
            each.email.partition("@")[0]: role
            for each, role in staff.members_of(db.session(), site)
        }


PAGES = {
    "viewer": [
        "",
        "report",
        "install",
        "preview",
        "versions",
        "versions/1",
        "announcements",
        "decisions",
        "retention",
    ],
    "editor": ["tokens", "draft", "draft/site", "draft/-/review"],
    "owner": ["people", "log"],
}
# Forms of pages that lower roles read.
FORMS = {
    "editor": [
        "decisions/erase",
        "announcements/1",
        "announcements/1/stop",
        "tokens",
        "draft/-/review",
    ],
    "owner": [
        "announcements",
        "announcements/webhooks/01890a5d-ac96-774b-bcce-b302099a8057/remove",
    ],
}


@pytest.mark.parametrize(("name", "role"), [("vera", 0), ("erik", 1), ("olga", 2)])
def test_a_role_opens_its_pages_and_those_below(person: Person, name: str, role: int) -> None:
    client = person(name)

    for level, paths in enumerate(PAGES.values()):
        for path in paths:
            answer = client.get(f"/dashboard/07sor/{path}?lang=en")
            assert answer.status_code == (200 if level <= role else 403)
            said = pages.check(answer)
            assert ("Your role does not allow this" in said) is (level > role)
    shown = client.get("/dashboard/07sor/?lang=en").get_data(as_text=True)
    assert ("/07sor/tokens" in shown, "/07sor/people" in shown) == (role >= 1, role >= 2)


@pytest.mark.parametrize(("name", "role"), [("vera", "viewer"), ("erik", "editor")])
def test_a_role_sends_no_forms_of_those_above(person: Person, name: str, role: str) -> None:
    client = person(name)

    for level, paths in FORMS.items():
        for path in paths:
            if staff.ROLES.index(level) > staff.ROLES.index(role):
                assert client.post(f"/dashboard/07sor/{path}").status_code == 403


@pytest.mark.parametrize("name", ["vera", "erik"])
def test_who_is_no_owner_changes_no_roles(app: Flask, person: Person, name: str) -> None:
    client, before = person(name), roles(app)
    answers = [
        client.post(f"/dashboard/07sor/people/{identity(app, name)}", data={"role": "owner"}),
        client.post(f"/dashboard/07sor/people/{identity(app, 'olga')}", data={"role": "none"}),
        invite(client),
    ]

    assert [each.status_code for each in answers] == [403] * 3
    assert roles(app) == before


@pytest.mark.parametrize("path", ["people", "log"])
def test_a_stranger_finds_nothing(app: Flask, person: Person, path: str) -> None:
    assert person("sam").get(f"/dashboard/07sor/{path}").status_code == 404
    assert app.test_client().get(f"/dashboard/07sor/{path}").status_code == 303


def test_a_strangers_forms_change_nothing(app: Flask, person: Person) -> None:
    client, before = person("sam"), roles(app)
    vera = identity(app, "vera")
    answers = [
        client.post(f"/dashboard/07sor/people/{vera}", data={"role": "none"}),
        # Not a member of their own site either.
        client.post(f"/dashboard/krukke/people/{vera}", data={"role": "none"}),
        client.post("/dashboard/07sor/people/invitations/abc/withdraw"),
        client.post("/dashboard/krukke/people/invitations/abc/withdraw"),
        invite(client),
        client.post(
            "/dashboard/krukke/people",
            data={"email": "x@example.no", "role": "owner", "site": "07sor"},
        ),
    ]

    assert [each.status_code for each in answers] == [404] * 6
    assert roles(app) == before


class TestRoles:
    def test_an_owner_gives_another_role(self, app: Flask, person: Person) -> None:
        client = person("olga")

        client.post(f"/dashboard/07sor/people/{identity(app, 'vera')}", data={"role": "editor"})

        assert roles(app)["vera"] == "editor"
        assert "Changed the role of vera@example.no to Editor" in pages.check(
            client.get("/dashboard/07sor/log?lang=en")
        )

    def test_who_is_removed_is_out_at_once_and_forgotten(self, app: Flask, person: Person) -> None:
        olga, vera = person("olga"), person("vera")

        olga.post(f"/dashboard/07sor/people/{identity(app, 'vera')}", data={"role": "none"})

        assert vera.get("/dashboard/07sor/").status_code == 303
        with app.app_context():
            assert staff.by_email(db.session(), "vera@example.no") is None

    def test_who_sees_another_site_is_not_forgotten(self, app: Flask, person: Person) -> None:
        with app.app_context():
            staff.add(db.session(), "vera@example.no", PASSWORD, ["krukke"], datetime.now(UTC))
        olga, vera = person("olga"), person("vera")

        olga.post(f"/dashboard/07sor/people/{identity(app, 'vera')}", data={"role": "none"})

        assert vera.get("/dashboard/07sor/").status_code == 404
        assert vera.get("/dashboard/krukke/").status_code == 200

    @pytest.mark.parametrize("role", ["viewer", "editor", "none"])
    def test_the_last_owner_stays(self, app: Flask, person: Person, role: str) -> None:
        client = person("olga")

        answer = client.post(
            f"/dashboard/07sor/people/{identity(app, 'olga')}?lang=en", data={"role": role}
        )

        assert answer.status_code == 409
        assert "A site needs an owner" in pages.check(answer)
        assert roles(app)["olga"] == "owner"

    def test_with_another_owner_one_may_go(self, app: Flask, person: Person) -> None:
        client = person("olga")
        client.post(f"/dashboard/07sor/people/{identity(app, 'erik')}", data={"role": "owner"})

        answer = client.post(
            f"/dashboard/07sor/people/{identity(app, 'olga')}", data={"role": "viewer"}
        )

        assert answer.location == "/dashboard/"
        assert (roles(app)["olga"], roles(app)["erik"]) == ("viewer", "owner")

    def test_an_unknown_role_is_refused(self, app: Flask, person: Person) -> None:
        answer = person("olga").post(
            f"/dashboard/07sor/people/{identity(app, 'vera')}", data={"role": "king"}
        )

        assert answer.status_code == 422
        assert roles(app)["vera"] == "viewer"


class TestInvitations:
    @pytest.mark.parametrize("role", ["none", "editor"])
    def test_one_ends_when_whoever_made_it_is_no_owner_any_more(
        self, app: Flask, person: Person, box: Mailbox, role: str
    ) -> None:
        """Else they could come back by it, at another address of theirs."""
        olga, erik = person("olga"), identity(app, "erik")
        olga.post(f"/dashboard/07sor/people/{erik}", data={"role": "owner"})
        invite(person("erik"), role="owner")
        address = link(box)

        olga.post(f"/dashboard/07sor/people/{erik}", data={"role": role})

        assert "This link no longer works" in pages.check(app.test_client().get(address))

    def test_who_accepts_has_an_account_and_the_role(
        self, app: Flask, person: Person, box: Mailbox
    ) -> None:
        answer = invite(person("olga"), "Nina@Example.no")
        sent = person("olga").get(answer.location)
        assert "is on its way to Nina@Example.no" in pages.check(sent)
        nina, address = app.test_client(), link(box)
        said = pages.check(nina.get(address))
        assert "olga@example.no invites you" in said
        assert "07 SØR IT DRIFT AS" in said

        nina.post(address, data={"password": "a long password"})

        assert roles(app)["nina"] == "editor"
        assert nina.get("/dashboard/07sor/tokens").status_code == 200
        log = pages.check(person("olga").get("/dashboard/07sor/log?lang=en"))
        assert "Invited nina@example.no as Editor" in log
        assert "Joined as Editor, invited by olga@example.no nina@example.no" in log

    def test_the_link_opens_once(self, app: Flask, person: Person, box: Mailbox) -> None:
        invite(person("olga"))
        address = link(box)
        app.test_client().post(address, data={"password": "a long password"})

        assert app.test_client().get(address).status_code == 404
        again = app.test_client().post(address, data={"password": "another password"})
        assert again.status_code == 404

    def test_the_link_opens_for_seven_days(self, app: Flask, person: Person, box: Mailbox) -> None:
        invite(person("olga"))
        address = link(box)
        with time_machine.travel(datetime.now(UTC) + timedelta(days=7, minutes=1)):
            assert app.test_client().get(address).status_code == 404

    def test_a_short_password_is_refused(self, app: Flask, person: Person, box: Mailbox) -> None:
        invite(person("olga"))
        answer = app.test_client().post(link(box), data={"password": "short"})

        assert answer.status_code == 422
        assert "at least 12 characters" in pages.check(answer)
        assert "nina" not in roles(app)

    def test_who_has_an_account_logs_in_first(
        self, app: Flask, person: Person, box: Mailbox
    ) -> None:
        """A link in a mailbox does not open the account that the address has elsewhere."""
        invite(person("olga"), "sam@example.no", role="viewer")
        address = link(box)

        answer = app.test_client().post(address, data={"password": "a long password"})
        assert answer.location.startswith("/dashboard/login")
        assert "sam" not in roles(app)
        sam = person("sam")
        pages.check(sam.get(address))
        sam.post(address)

        assert roles(app)["sam"] == "viewer"

    def test_nobody_accepts_for_somebody_else(
        self, app: Flask, person: Person, box: Mailbox
    ) -> None:
        invite(person("olga"))
        answer = person("sam").post(link(box), data={"password": "a long password"})

        assert answer.status_code == 409
        assert {"sam", "nina"}.isdisjoint(roles(app))

    def test_an_old_link_takes_no_rights_away(
        self, app: Flask, person: Person, box: Mailbox
    ) -> None:
        olga, vera = person("olga"), identity(app, "vera")
        invite(olga, "vera@example.no", role="editor")
        address = link(box)
        olga.post(f"/dashboard/07sor/people/{vera}", data={"role": "owner"})

        person("vera").post(address)

        assert roles(app)["vera"] == "owner"

    @pytest.mark.parametrize("role", ["viewer", "editor"])
    def test_a_member_who_may_do_all_that_already_gets_none(
        self, person: Person, box: Mailbox, role: str
    ) -> None:
        answer = invite(person("olga"), "Erik@example.no", role=role)

        assert answer.status_code == 409
        assert "Erik@example.no is already a member" in pages.check(answer)
        assert box.taken == []

    def test_one_link_for_several_sites(self, app: Flask, person: Person, box: Mailbox) -> None:
        with app.app_context():
            staff.add(db.session(), "olga@example.no", PASSWORD, ["krukke"], datetime.now(UTC))
        invite(person("olga"), site="krukke", role="viewer")

        app.test_client().post(link(box), data={"password": "a long password"})

        assert (roles(app)["nina"], roles(app, "krukke")["nina"]) == ("viewer", "viewer")

    def test_it_may_be_withdrawn(self, app: Flask, person: Person, box: Mailbox) -> None:
        olga = person("olga")
        invite(olga)
        page = olga.get("/dashboard/07sor/people").get_data(as_text=True)
        (path,) = re.findall(r'action="([^"]+/withdraw)', page)

        olga.post(path)

        assert app.test_client().get(link(box)).status_code == 404

    def test_a_second_one_replaces_the_first(
        self, app: Flask, person: Person, box: Mailbox
    ) -> None:
        olga = person("olga")
        invite(olga)
        first = link(box)
        invite(olga, role="viewer")
        app.test_client().post(link(box), data={"password": "a long password"})

        assert app.test_client().get(first).status_code == 404
        assert roles(app)["nina"] == "viewer"

    @pytest.mark.parametrize("email", ["", "nina", "nina@", "nina@example.no\nBcc: x@example.no"])
    def test_no_address_is_said_and_kept_in_the_form(
        self, person: Person, box: Mailbox, email: str
    ) -> None:
        answer = invite(person("olga"), email)

        assert answer.status_code == 422
        assert "is not a valid e-mail address" in pages.check(answer)
        assert box.taken == []

    def test_without_a_mail_server_the_link_is_shown(
        self, settings: dict[str, Any], person: Person
    ) -> None:
        app = make_app(settings)
        olga = app.test_client()
        olga.post("/dashboard/login", data={"email": "olga@example.no", "password": PASSWORD})

        page = invite(olga).get_data(as_text=True)

        found = re.search(r"<code>http://localhost(/\S+)</code>", page)
        assert found
        assert app.test_client().get(found[1]).status_code == 200

    def test_a_mail_server_that_is_away_loses_nothing(
        self, settings: dict[str, Any], person: Person
    ) -> None:
        more = {
            "smtp_url": "smtp://127.0.0.1:1",
            "mail_from": "c@server.example",
            "public_url": SERVER,
        }
        olga = make_app({**settings, **more}).test_client()
        olga.post("/dashboard/login", data={"email": "olga@example.no", "password": PASSWORD})

        said = pages.check(invite(olga))

        assert "The e-mail could not be sent" in said
        assert "The server tries again" in said
        assert "/dashboard/-/invitations/" in said

    def test_the_database_opens_no_invitation(
        self, app: Flask, person: Person, box: Mailbox
    ) -> None:
        invite(person("olga"))
        secret = link(box).partition("?")[0].rpartition("/")[2]
        page = person("olga").get("/dashboard/07sor/people").get_data(as_text=True)

        assert secret not in page


def test_the_log_is_read_in_parts(app: Flask, person: Person) -> None:
    olga, vera = person("olga"), identity(app, "vera")
    for number in range(61):
        role = ("viewer", "editor")[number % 2]
        olga.post(f"/dashboard/07sor/people/{vera}", data={"role": role})

    first = olga.get("/dashboard/07sor/log").get_data(as_text=True)
    (older,) = re.findall(r"before=([0-9a-f-]+)", first)
    second = olga.get(f"/dashboard/07sor/log?before={older}").get_data(as_text=True)

    assert (first.count("<tr>"), second.count("<tr>")) == (51, 11)
    assert "before=" not in second
    assert olga.get("/dashboard/07sor/log?before=nonsense").status_code == 404


@pytest.mark.parametrize("language", ["en", "nb", "nn"])
def test_pages_are_good_pages_in_each_language(person: Person, language: str) -> None:
    client = person("olga")
    invite(client)

    for path in ("people", "log"):
        pages.check(client.get(f"/dashboard/07sor/{path}?lang={language}"), language)


def test_tokens_are_in_the_log_by_name_only(person: Person) -> None:
    olga = person("olga")
    made = olga.post(
        "/dashboard/07sor/tokens", data={"name": "Agency", "scope": "stats", "days": "30"}
    )
    token = re.search(r"ct_[\w-]+", made.get_data(as_text=True))
    assert token

    page = olga.get("/dashboard/07sor/log?lang=en").get_data(as_text=True)

    assert "Created the token Agency" in page
    assert token[0] not in page


def test_the_command_line_adds_lists_and_removes(
    app: Flask, command: Command, monkeypatch: pytest.MonkeyPatch, person: Person
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: PASSWORD)

    assert (
        command(*["user", "add", "nina@example.no", "--site", "07sor", "--role", "viewer"])[0] == 0
    )
    listed = command("user", "list", "07sor")[1]
    assert "viewer  nina@example.no" in listed
    assert "owner   olga@example.no" in listed
    assert command(*["user", "remove", "nina@example.no", "--site", "07sor"])[0] == 0
    assert "nina" not in command("user", "list", "07sor")[1]
    code, _, complaint = command(*["user", "remove", "olga@example.no", "--site", "07sor"])
    assert (code, complaint.count("\n")) == (1, 1)
    assert "needs an owner" in complaint
    assert command(*["user", "remove", "nobody@example.no", "--site", "07sor"])[0] == 1
    assert command("user", "list", "nowhere")[0] == 1
