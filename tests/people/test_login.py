"""Logging in: sessions, wrong passwords, the second factor, and a forgotten password."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from consent.core.db import db
from consent.models import RecoveryCode, Staff, StaffSession
from consent.people import staff
from tests import pages
from tests.conftest import PASSWORD, make_app
from tests.factories import CHROME, IPHONE
from tests.mailbox import SERVER, Mailbox

ALICE = "alice@example.no"
ANOTHER = "another long password"


@pytest.fixture
def app(mailing: dict[str, Any]) -> Flask:
    return make_app(mailing)


@pytest.fixture
def people(app: Flask) -> None:
    with app.app_context():
        for email, site in ((ALICE, "07sor"), ("bob@example.no", "krukke")):
            staff.add(db.session(), email, PASSWORD, [site], datetime.now(UTC))


def browser(app: Flask, **base: str) -> FlaskClient:
    made = app.test_client()
    made.environ_base.update(base)
    return made


def log_in(client: FlaskClient, password: str = PASSWORD, email: str = ALICE) -> Any:
    return client.post("/dashboard/login", data={"email": email, "password": password})


def is_in(client: FlaskClient) -> bool:
    return client.get("/dashboard/07sor/tokens").status_code == 200


def set_up(client: FlaskClient) -> tuple[str, list[str]]:
    """Turns the second factor on: its secret, and the recovery codes."""
    page = client.get("/dashboard/-/account/second-factor").get_data(as_text=True)
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    secret = found[1].replace(" ", "")
    answer = client.post(
        "/dashboard/-/account/second-factor",
        data={"code": pyotp.TOTP(secret).now(), "current": PASSWORD},
    )
    codes = re.search(r"<code>([a-z2-7\s-]+)</code>", answer.get_data(as_text=True))
    assert codes
    return secret, codes[1].split()


def code_of(secret: str, after: timedelta = timedelta()) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + after)


class TestSessions:
    def test_one_browser_logs_out_another(self, app: Flask, people: None) -> None:
        here, there = browser(app, HTTP_USER_AGENT=CHROME), browser(app, HTTP_USER_AGENT=IPHONE)
        log_in(here)
        log_in(there)
        said = pages.check(here.get("/dashboard/-/account?lang=en"))
        assert "Chrome, Windows This browser" in said
        assert "Safari, iOS" in said
        with app.app_context():
            alice = staff.by_email(db.session(), ALICE)
            (hashed,) = db.session.scalars(
                select(StaffSession.hash).where(
                    StaffSession.staff == alice.id, StaffSession.browser == "Safari, iOS"
                )
            )

        here.post(f"/dashboard/-/account/sessions/{hashed}/end")

        assert (is_in(here), is_in(there)) == (True, False)

    def test_all_others_end_at_once(self, app: Flask, people: None) -> None:
        here, *others = [browser(app) for _ in range(3)]
        for each in (here, *others):
            log_in(each)

        here.post("/dashboard/-/account/sessions/end")

        assert [is_in(each) for each in (here, *others)] == [True, False, False]

    def test_nobody_ends_a_strangers_session(self, app: Flask, people: None) -> None:
        alice, bob = browser(app), browser(app)
        log_in(alice)
        log_in(bob, email="bob@example.no")
        with app.app_context():
            hashes = list(db.session.scalars(select(StaffSession.hash)))

        for each in hashes:
            bob.post(f"/dashboard/-/account/sessions/{each}/end")

        assert is_in(alice)

    def test_logging_out_ends_the_session_of_a_copied_cookie_too(
        self, app: Flask, people: None
    ) -> None:
        here, thief = browser(app), browser(app)
        log_in(here)
        name = "__Host-consent_staff"
        thief.set_cookie(name, here.get_cookie(name).value)
        assert is_in(thief)

        here.post("/dashboard/logout")

        assert not is_in(thief)

    def test_a_session_ends_when_it_is_not_used_and_at_last_anyway(
        self, app: Flask, people: None
    ) -> None:
        begin = datetime.now(UTC)
        idle, busy = browser(app), browser(app)
        log_in(idle)
        log_in(busy)
        for day in range(6, 31, 6):
            with time_machine.travel(begin + timedelta(days=day), tick=False):
                assert is_in(busy) is (day <= 30)
        with time_machine.travel(begin + timedelta(days=31), tick=False):
            assert not is_in(busy)
        with time_machine.travel(begin + timedelta(days=8), tick=False):
            assert not is_in(idle)

    def test_the_database_opens_no_session(self, app: Flask, people: None) -> None:
        """What it holds is not what a cookie holds."""
        here = browser(app)
        log_in(here)
        with here.session_transaction(path="/dashboard/") as cookie, app.app_context():
            stored = set(db.session.scalars(select(StaffSession.hash)))

            assert cookie["secret"] not in stored


@pytest.mark.parametrize("target", ["/dashboard/\r\nX: y", "/dashboard/\x00", "/dashboard/\u2028"])
def test_what_no_address_holds_leads_nowhere(app: Flask, people: None, target: str) -> None:
    data = {"email": ALICE, "password": PASSWORD, "next": target}

    assert browser(app).post("/dashboard/login", data=data).location == "/dashboard/"


@pytest.mark.parametrize("email", ["a\0@example.no", "\0", f"{'a' * 9000}@example.no"])
def test_what_is_no_address_is_no_fault_of_the_server(app: Flask, people: None, email: str) -> None:
    """PostgreSQL takes no text with a NUL."""
    assert log_in(browser(app), email=email).status_code < 500


class TestWrongPasswords:
    """Each limit is there, and shuts out nobody else."""

    def test_a_guesser_is_stopped(self, app: Flask, people: None) -> None:
        guesser = browser(app)

        answers = [log_in(guesser, f"wrong number {each}").status_code for each in range(12)]

        assert answers == [401] * 10 + [429] * 2
        assert log_in(guesser).status_code == 429

    def test_the_owner_gets_in_from_elsewhere(self, app: Flask, people: None) -> None:
        guesser, owner = browser(app), browser(app, REMOTE_ADDR="203.0.113.7")
        for each in range(12):
            log_in(guesser, f"wrong number {each}")

        assert log_in(owner).status_code == 303

    def test_a_colleague_gets_in_from_the_same_address(self, app: Flask, people: None) -> None:
        guesser, colleague = browser(app), browser(app)
        for each in range(12):
            log_in(guesser, f"wrong number {each}")

        assert log_in(colleague, email="bob@example.no").status_code == 303

    def test_the_owner_gets_in_even_there_with_a_browser_that_is_known(
        self, app: Flask, people: None
    ) -> None:
        guesser, owner = browser(app), browser(app)
        log_in(owner)
        owner.post("/dashboard/logout")
        for each in range(12):
            log_in(guesser, f"wrong number {each}")

        assert log_in(owner).status_code == 303

    def test_a_known_browser_may_not_guess_for_ever(self, app: Flask, people: None) -> None:
        thief = browser(app)
        log_in(thief)

        answers = [log_in(thief, f"wrong number {each}").status_code for each in range(12)]

        assert answers[-1] == 429

    def test_a_known_browser_is_known_for_its_own_account_only(
        self, app: Flask, people: None
    ) -> None:
        bob = browser(app)
        log_in(bob, email="bob@example.no")

        answers = [log_in(bob, f"wrong number {each}").status_code for each in range(12)]
        others = browser(app)

        assert answers[-1] == 429
        assert log_in(others).status_code == 429

    def test_a_network_of_ipv6_counts_as_one(self, app: Flask, people: None) -> None:
        answers = [
            log_in(browser(app, REMOTE_ADDR=f"2001:db8::{each:x}"), "wrong").status_code
            for each in range(12)
        ]

        assert answers[-1] == 429

    def test_logins_that_succeed_are_not_counted(self, app: Flask, people: None) -> None:
        answers = {log_in(browser(app)).status_code for _ in range(15)}

        assert answers == {303}

    def test_codes_cannot_be_tried_through(self, app: Flask, people: None) -> None:
        owner, thief = browser(app), browser(app)
        log_in(owner)
        set_up(owner)
        log_in(thief)

        answers = [
            thief.post("/dashboard/-/code", data={"code": f"{each:06}"}).status_code
            for each in range(6)
        ]

        assert answers == [401] * 5 + [429]


class TestSecondFactor:
    def test_the_password_alone_opens_nothing(self, app: Flask, people: None) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        secret, _ = set_up(here)

        answer = log_in(there)

        assert answer.location.startswith("/dashboard/-/code")
        assert not is_in(there)
        pages.check(there.get("/dashboard/-/code"))
        there.post("/dashboard/-/code", data={"code": code_of(secret, timedelta(seconds=30))})
        assert is_in(there)

    def test_a_code_is_taken_once(self, app: Flask, people: None) -> None:
        here, there, thief = (browser(app) for _ in range(3))
        log_in(here)
        secret, _ = set_up(here)
        code = code_of(secret, timedelta(seconds=30))
        for each in (there, thief):
            log_in(each)
            each.post("/dashboard/-/code", data={"code": code})

        assert (is_in(there), is_in(thief)) == (True, False)

    def test_a_recovery_code_lets_in_once(self, app: Flask, people: None) -> None:
        here, there, thief = (browser(app) for _ in range(3))
        log_in(here)
        _, codes = set_up(here)
        assert len(set(codes)) == 10
        for each in (there, thief):
            log_in(each)
            each.post("/dashboard/-/code", data={"code": f" {codes[3].upper()} "})

        assert (is_in(there), is_in(thief)) == (True, False)
        assert "9 recovery codes are left" in pages.check(there.get("/dashboard/-/account?lang=en"))

    @pytest.mark.parametrize("code", ["", "000000", "abcd-efgh-ijkl-mnop", "1" * 40, "१२३४५६"])
    def test_a_wrong_code_is_refused(self, app: Flask, people: None, code: str) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        set_up(here)
        log_in(there)

        answer = there.post("/dashboard/-/code", data={"code": code})

        assert answer.status_code == 401
        assert "The code is wrong or has expired" in pages.check(answer)

    def test_another_password_ends_what_the_old_one_began(self, app: Flask, people: None) -> None:
        here, thief = browser(app), browser(app)
        log_in(here)
        secret, _ = set_up(here)
        log_in(thief)
        here.post("/dashboard/-/account/password", data={"current": PASSWORD, "password": ANOTHER})

        thief.post("/dashboard/-/code", data={"code": code_of(secret, timedelta(seconds=30))})

        assert not is_in(thief)

    def test_nobody_skips_the_password(self, app: Flask, people: None) -> None:
        assert browser(app).post("/dashboard/-/code", data={"code": "1"}).status_code == 303

    def test_it_is_not_on_until_the_app_shows_its_code(self, app: Flask, people: None) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        here.get("/dashboard/-/account/second-factor")

        address = "/dashboard/-/account/second-factor"
        answer = here.post(address, data={"code": "000000", "current": PASSWORD})

        assert answer.status_code == 422
        # Nor does a code alone do: a browser that is left open is not to lock its owner out.
        assert here.post(address, data={"code": "000000"}).status_code == 401
        log_in(there)
        assert is_in(there)

    def test_turning_it_off_takes_the_password(self, app: Flask, people: None) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        set_up(here)
        off = "/dashboard/-/account/second-factor/off"

        assert here.post(off, data={"current": "wrong"}).status_code == 401
        assert log_in(there).location.startswith("/dashboard/-/code")
        here.post(off, data={"current": PASSWORD})

        log_in(there)
        assert is_in(there)
        with app.app_context():
            assert db.session.scalars(select(RecoveryCode)).all() == []

    def test_new_codes_replace_the_old(self, app: Flask, people: None) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        _, codes = set_up(here)
        here.post("/dashboard/-/account/recovery-codes", data={"current": PASSWORD})
        log_in(there)

        assert there.post("/dashboard/-/code", data={"code": codes[0]}).status_code == 401

    def test_keys_may_be_rotated(self, app: Flask, settings: dict[str, Any], people: None) -> None:
        """The secret is read with an old key, and written with the new."""
        here = browser(app)
        log_in(here)
        secret, _ = set_up(here)
        new = "another-key-for-tests-long-enough-000000"
        both = make_app({**settings, "secret_keys": (new, *settings["secret_keys"])})
        only = make_app({**settings, "secret_keys": (new,)})
        for app_then, ahead in ((both, 30), (only, 60)):
            with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead)):
                there = browser(app_then)
                log_in(there)
                there.post("/dashboard/-/code", data={"code": code_of(secret)})
                assert is_in(there)

    def test_the_database_gives_no_codes(self, app: Flask, people: None) -> None:
        here = browser(app)
        log_in(here)
        secret, codes = set_up(here)
        with app.app_context():
            stored = str(
                [
                    *db.session.execute(select(Staff.totp_secret)),
                    *db.session.execute(select(RecoveryCode.hash)),
                ]
            )

        assert not [each for each in (secret, *codes) if each in stored]

    def test_the_operator_lets_somebody_in_who_has_lost_it(
        self, app: Flask, people: None, command: Any
    ) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        set_up(here)

        code, said, _ = command("user", "reset-second-factor", ALICE)

        assert (code, ALICE in said) == (0, True)
        log_in(there)
        assert is_in(there)


class TestPassword:
    def test_a_new_one_logs_other_browsers_out(self, app: Flask, people: None) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        log_in(there)

        here.post("/dashboard/-/account/password", data={"current": PASSWORD, "password": ANOTHER})

        assert (is_in(here), is_in(there)) == (True, False)
        assert log_in(there).status_code == 401
        assert log_in(there, ANOTHER).status_code == 303

    @pytest.mark.parametrize(
        ("current", "password", "status", "said"),
        [
            ("wrong", ANOTHER, 401, "The password is wrong"),
            (PASSWORD, "short", 422, "at least 12 characters"),
        ],
    )
    def test_a_mistake_is_said_and_changes_nothing(
        self, app: Flask, people: None, current: str, password: str, status: int, said: str
    ) -> None:
        here = browser(app)
        log_in(here)

        answer = here.post(
            "/dashboard/-/account/password?lang=en", data={"current": current, "password": password}
        )

        assert answer.status_code == status
        assert said in pages.check(answer)
        assert log_in(browser(app)).status_code == 303


def test_a_domain_may_be_written_in_ones_own_letters(app: Flask) -> None:
    with app.app_context():
        staff.add(db.session(), "kari@blåbær.no", PASSWORD, ["07sor"], datetime.now(UTC))

    assert log_in(browser(app), email="Kari@blåbær.no").status_code == 303
    assert log_in(browser(app), email="kari@xn--blbr-roah.no").status_code == 303


class TestForgottenPassword:
    def test_an_address_in_the_form_is_none_of_a_network(self, app: Flask) -> None:
        """Whoever types in where somebody else is does not use up what they may ask."""
        forgotten = "/dashboard/-/forgotten"
        for number in range(10):
            other = browser(app, REMOTE_ADDR=f"203.0.113.{number}")
            other.post(forgotten, data={"email": "198.51.100.7"})

        answer = browser(app, REMOTE_ADDR="198.51.100.7").post(forgotten, data={"email": ALICE})

        assert answer.status_code == 303

    def link(self, app: Flask, box: Mailbox) -> str:
        browser(app).post("/dashboard/-/forgotten?lang=nb", data={"email": f" {ALICE.upper()} "})
        box.wait_for(1)
        message = box.taken.pop()
        assert message["To"] == ALICE
        assert message["Subject"] == "Nytt passord til Samtykke"
        (found,) = re.findall(rf"{SERVER}(\S+)", message.get_content())
        return str(found)

    def test_a_link_by_email_gives_a_new_one(self, app: Flask, people: None, box: Mailbox) -> None:
        there = browser(app)
        log_in(there)
        link = self.link(app, box)
        pages.check(browser(app).get(link), "nb")

        answer = browser(app).post(link, data={"password": ANOTHER})

        assert answer.location.startswith("/dashboard/login")
        assert not is_in(there)
        assert log_in(there).status_code == 401
        log_in(there, ANOTHER)
        assert is_in(there)

    def test_the_link_opens_once(self, app: Flask, people: None, box: Mailbox) -> None:
        link = self.link(app, box)
        browser(app).post(link, data={"password": ANOTHER})

        assert browser(app).post(link, data={"password": PASSWORD}).status_code == 404
        assert browser(app).get(link).status_code == 404

    def test_the_link_opens_for_an_hour(self, app: Flask, people: None, box: Mailbox) -> None:
        link = self.link(app, box)

        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
            answer = browser(app).get(link)
            assert answer.status_code == 404
            assert "Lenken virker ikke lenger" in pages.check(answer)

    def test_a_forged_link_opens_nothing(self, app: Flask, people: None, box: Mailbox) -> None:
        link = self.link(app, box)

        for forged in (
            link.replace("?", "x?"),
            link.replace("reset/", "reset/a"),
            "/dashboard/-/reset/x",
        ):
            assert browser(app).get(forged).status_code == 404

    def test_a_short_one_is_refused(self, app: Flask, people: None, box: Mailbox) -> None:
        answer = browser(app).post(self.link(app, box), data={"password": "short"})

        assert answer.status_code == 422
        assert log_in(browser(app)).status_code == 303

    def test_who_is_no_member_gets_the_same_answer_and_no_email(
        self, app: Flask, people: None, box: Mailbox
    ) -> None:
        answers = [
            browser(app).post("/dashboard/-/forgotten", data={"email": email})
            for email in ("carol@example.no", "no address", ALICE)
        ]

        assert len({(each.status_code, each.location) for each in answers}) == 1
        box.wait_for(1)
        assert box.recipients == [ALICE]

    def test_the_second_factor_is_still_asked_for(
        self, app: Flask, people: None, box: Mailbox
    ) -> None:
        here, there = browser(app), browser(app)
        log_in(here)
        set_up(here)
        browser(app).post(self.link(app, box), data={"password": ANOTHER})

        assert log_in(there, ANOTHER).location.startswith("/dashboard/-/code")

    def test_without_a_mail_server_that_is_said(
        self, settings: dict[str, Any], people: None
    ) -> None:
        page = browser(make_app(settings)).get("/dashboard/-/forgotten?lang=en")

        assert "This server cannot send e-mail" in pages.check(page)


@pytest.mark.parametrize("language", ["en", "nb", "nn"])
def test_pages_are_good_pages_in_each_language(app: Flask, people: None, language: str) -> None:
    here = browser(app)
    log_in(here)

    for path in ("login", "-/forgotten", "-/account", "-/account/second-factor"):
        pages.check(here.get(f"/dashboard/{path}?lang={language}"), language)
