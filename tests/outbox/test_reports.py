"""The report of a month: printed, written to a file, sent by e-mail; every month to who asked for it, once."""

import os
import re
import signal
import subprocess
import uuid
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import html5lib
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from consent.core.db import db
from consent.models import Membership, OutboxItem, ReportSubscription, Site, Staff
from consent.notice import publishing
from consent.outbox import reports
from consent.people import staff
from tests import factories, pages
from tests.conftest import KEY, PASSWORD, Command, count_hits, make_app
from tests.factories import decide, decision, hit, refusal
from tests.mailbox import FROM, SERVER, Mailbox
from tests.processes import CONSENT, Server

SEPTEMBER, OCTOBER = datetime(2026, 9, 8, 12, tzinfo=UTC), datetime(2026, 10, 6, 12, tzinfo=UTC)
NOVEMBER, DECEMBER = datetime(2026, 11, 3, 12, tzinfo=UTC), datetime(2026, 12, 3, 12, tzinfo=UTC)
MANY = 60
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def settings(settings: dict[str, Any], mailbox: tuple[Mailbox, str]) -> dict[str, Any]:
    return {**settings, "smtp_url": mailbox[1], "mail_from": FROM, "public_url": SERVER}


@pytest.fixture
def report(
    app: Flask,
    command: Command,
    mailbox: tuple[Mailbox, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[int, str, str]]:
    """Runs `consent report` on 3 November, unless another day is given."""
    for name, value in {"SMTP_URL": mailbox[1], "MAIL_FROM": FROM, "PUBLIC_URL": SERVER}.items():
        monkeypatch.setenv(f"CONSENT_{name}", value)

    def run(*arguments: str, at: datetime = NOVEMBER) -> tuple[int, str, str]:
        count_hits(app)
        with time_machine.travel(at, tick=False):
            return command("report", *arguments)

    return run


@pytest.fixture
def months(client: FlaskClient) -> None:
    """A day in September, a busier one in October, and one there with little."""
    for moment, times, path in (
        (SEPTEMBER, 20, "/tjenester"),
        (OCTOBER, 30, "/tjenester"),
        (OCTOBER + timedelta(days=1), 5, "/seldom"),
    ):
        with time_machine.travel(moment, tick=False):
            for _ in range(times):
                hit(client, path, "https://www.google.com/")
                decide(client, decision(language="nb"))
                decide(client, refusal(language="nn"))


def log_in(app: Flask, *sites: str, email: str = "alice@example.no") -> FlaskClient:
    """A member of the sites, who logged in just now."""
    with app.app_context():
        staff.add(db.session(), email, PASSWORD, list(sites), datetime.now(UTC))
    client = app.test_client()
    client.post("/dashboard/login", data={"email": email, "password": PASSWORD})
    return client


def subscribe(app: Flask, at: datetime = NOVEMBER, email: str = "alice@example.no") -> None:
    with time_machine.travel(at, tick=False):
        log_in(app, "07sor", email=email).post("/dashboard/07sor/report?lang=en")


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found
    return str(found.get_content())


def decode(png: bytes) -> tuple[int, int]:
    """The size of a picture whose data are whole."""
    assert png.startswith(PNG)
    position, packed, size = len(PNG), b"", (0, 0)
    while position < len(png):
        length = int.from_bytes(png[position : position + 4])
        kind, data = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            size = int.from_bytes(data[:4]), int.from_bytes(data[4:8])
        packed += data if kind == b"IDAT" else b""
        position += length + 12
    width, height = size
    assert len(zlib.decompress(packed)) == height * (1 + width * 4)
    return size


def test_it_says_what_the_dashboard_says(
    app: Flask, months: None, report: Callable[..., Any]
) -> None:
    code, printed, _ = report("07sor", "--language", "en")

    with time_machine.travel(NOVEMBER, tick=False):
        alice = log_in(app, "07sor")
        dashboard = pages.check(
            alice.get("/dashboard/07sor/?from=2026-10-01&to=2026-10-31&lang=en")
        )
        page = pages.check(alice.get("/dashboard/07sor/report?lang=en"))
    assert code == 0
    assert "Report for 07 SØR IT DRIFT AS, October 2026" in printed
    for row in (
        "Visits 30 20 +50%",
        "Page views 30 20 +50%",
        "Decisions 70 40 +75%",
        "Consent rate 50% 50% +0 percentage points",
        "Rejected 35 50%",
        "Customised 0 –",
        "Statistics 35 50%",
        "/tjenester 30",
        "google.com 30",
        "Oct 6 30 30 60 50%",
    ):
        assert row in lines(printed)
        assert row in page
    for number in ("Visits 30", "Page views 30", "Decisions 70", "Consent rate 50%"):
        assert number in dashboard
    assert f"{SERVER}/dashboard/07sor/?from=2026-10-01&to=2026-10-31&lang=en" in printed


def test_what_is_withheld_is_withheld(
    app: Flask, months: None, report: Callable[..., Any], tmp_path: Path
) -> None:
    _, printed, _ = report("07sor", "--language", "en")
    report("07sor", "--language", "en", "--html", str(tmp_path / "report.html"))

    assert "Oct 7 – – 10 –" in lines(printed)
    assert "seldom" not in printed
    assert "seldom" not in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "no site 'nowhere'"),
        (("07sor", "--month", "2026-13"), "write it as 2026-01"),
        (("07sor", "--month", "october"), "write it as 2026-01"),
        (("07sor", "--month", "1999-01"), "write it as 2026-01"),
        (("07sor", "--month", "2026-11"), "2026-11 is not over"),
        (("07sor", "--to", "alice"), "no e-mail address"),
        (("07sor", "--to", "nobody@example.no"), "no such mailbox"),
    ],
)
def test_what_makes_no_sense_is_said(
    report: Callable[..., Any], arguments: tuple[str, ...], said: str
) -> None:
    code, printed, complaint = report(*arguments)

    assert (code, printed) == (1, "")
    assert said in complaint
    assert len(complaint.splitlines()) == 1


@pytest.mark.parametrize("missing", ["SMTP_URL", "MAIL_FROM", "PUBLIC_URL"])
def test_without_mail_it_says_what_is_missing(
    report: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(f"CONSENT_{missing}")

    code, _, complaint = report("07sor", "--to", "alice@example.no")

    assert (code, f"CONSENT_{missing}" in complaint) == (1, True)
    assert len(complaint.splitlines()) == 1


def test_an_email_has_both_texts_and_pictures_that_mail_programs_show(
    months: None, report: Callable[..., Any], box: Mailbox
) -> None:
    _, said, _ = report("07sor", "--language", "nb", "--to", "a@b.no", "--to", "c@d.no")

    assert said == "Sent to a@b.no.\nSent to c@d.no.\n"
    assert box.recipients == ["a@b.no", "c@d.no"]
    message = box.taken[0]
    assert message["From"] == f"Samtykke <{FROM}>"
    assert message["Subject"] == "Rapport for 07 SØR IT DRIFT AS, oktober 2026"
    assert message.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in message.iter_parts()] == [
        "text/plain",
        "multipart/related",
    ]
    assert "Besøk 30 20 +50 %" in lines(part(message, "plain"))
    html = part(message, "html")
    pictures = {
        each["Content-ID"].strip("<>"): each.get_content()
        for each in message.walk()
        if each.get_content_type() == "image/png"
    }
    assert set(re.findall('src="cid:([^"]+)"', html)) == pictures.keys()
    assert [decode(png) for png in pictures.values()] == [(1100, 750)] * 2


def test_an_address_that_is_refused_keeps_no_other_from_its_report(
    report: Callable[..., Any], box: Mailbox
) -> None:
    code, said, complaint = report("07sor", "--to", "nobody@example.no", "--to", "a@b.no")

    assert (code, said, box.recipients) == (1, "Sent to a@b.no.\n", ["a@b.no"])
    assert "nobody@example.no: The mail server said 550" in complaint


def test_its_html_needs_nothing_from_anywhere(
    months: None, report: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    assert report("07sor", "--html", str(path))[:2] == (0, f"Wrote {path}.\n")

    tree = html5lib.parse(path.read_text(), namespaceHTMLElements=False)
    assert not [each.tag for each in tree.iter() if each.tag in ("style", "link", "script")]
    sources = [each.get("src") for each in tree.iter("img")]
    assert len(sources) == 2
    assert all(each.startswith("data:image/png;base64,") for each in sources)
    assert all(each.get("alt") for each in tree.iter("img"))
    assert "url(" not in path.read_text()
    assert [each.get("href").split("?")[0] for each in tree.iter("a")] == [
        f"{SERVER}/dashboard/07sor/"
    ]


def test_what_was_published_is_named(app: Flask, report: Callable[..., Any]) -> None:
    with app.app_context():
        changed = factories.shop(**{"Counter GmbH": "Zähler GmbH"})
        publishing.publish(db.session(), changed, OCTOBER)

    _, printed, _ = report("krukke", "--language", "en")

    assert "Version 2 was published on October 6, 2026: a material change." in printed


def test_samples_are_labelled(app: Flask, report: Callable[..., Any]) -> None:
    with app.app_context():
        site = db.session.get_one(Site, "07sor")
        site.samples_from, site.samples_to = date(2026, 9, 1), date(2026, 10, 10)
        db.session.commit()

    _, printed, _ = report("07sor", "--language", "en")

    assert "Statistics from Oct 1, 2026 to Oct 10, 2026 are sample data" in printed


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Report for"), ("nb", "Rapport for"), ("nn", "Send meg rapporten kvar månad")],
)
def test_the_page_is_a_good_page_in_each_language(app: Flask, language: str, words: str) -> None:
    with time_machine.travel(NOVEMBER, tick=False):
        alice = log_in(app, "07sor")
        said = pages.check(alice.get(f"/dashboard/07sor/report?lang={language}"), language)

    assert words in said


def test_the_page_offers_the_months_that_have_figures(app: Flask, months: None) -> None:
    count_hits(app)
    with time_machine.travel(DECEMBER, tick=False):
        alice = log_in(app, "07sor")
        page = alice.get("/dashboard/07sor/report?lang=en&month=2026-10").get_data(as_text=True)

    assert re.findall('value="(2026-..)"( selected)?', page) == [
        ("2026-11", ""),
        ("2026-10", " selected"),
        ("2026-09", ""),
    ]


@pytest.mark.parametrize(
    ("method", "path"), [("get", "report"), ("post", "report"), ("post", "report/stop")]
)
def test_what_is_not_theirs_does_not_exist(app: Flask, method: str, path: str) -> None:
    alice, stranger = log_in(app, "07sor"), app.test_client()

    assert getattr(alice, method)(f"/dashboard/krukke/{path}").status_code == 404
    asked = getattr(stranger, method)(f"/dashboard/07sor/{path}")
    assert asked.location.startswith("/dashboard/login")


def test_who_asks_is_sent_each_month_once_until_they_stop(
    app: Flask, report: Callable[..., Any], box: Mailbox
) -> None:
    subscribe(app)

    assert report("07sor", "--send")[1] == "0 sent, 0 refused.\n"
    assert report("07sor", "--send", at=DECEMBER)[1] == "1 sent, 0 refused.\n"
    assert report("07sor", "--send", at=DECEMBER)[1] == "0 sent, 0 refused.\n"
    (message,) = box.taken
    assert message["To"] == "alice@example.no"
    assert message["Subject"] == "Report for 07 SØR IT DRIFT AS, November 2026"
    stop = f"{SERVER}/dashboard/07sor/report?lang=en"
    assert stop in part(message, "plain")
    assert stop in part(message, "html")

    with time_machine.travel(DECEMBER, tick=False):
        alice = log_in(app, "07sor")
        page = alice.get("/dashboard/07sor/report?lang=en")
        assert "e-mail this report to alice@example.no every month" in pages.check(page)
        alice.post("/dashboard/07sor/report/stop")
    assert report("07sor", "--send", at=DECEMBER + timedelta(days=31))[1].startswith("0 sent")


def test_asking_again_changes_the_language_and_nothing_else(
    app: Flask, report: Callable[..., Any], box: Mailbox
) -> None:
    subscribe(app)
    with time_machine.travel(DECEMBER, tick=False):
        log_in(app, "07sor").post("/dashboard/07sor/report?lang=nn")

    report("07sor", "--send", at=DECEMBER)

    (message,) = box.taken
    assert message["Subject"] == "Rapport for 07 SØR IT DRIFT AS, november 2026"


def test_who_may_see_the_site_no_longer_gets_nothing(
    app: Flask, report: Callable[..., Any], box: Mailbox
) -> None:
    for email in ("alice@example.no", "bob@example.no"):
        subscribe(app, email=email)
    with app.app_context():
        bob = select(Staff.id).where(Staff.email == "bob@example.no").scalar_subquery()
        db.session.execute(delete(Membership).where(Membership.staff == bob))
        db.session.commit()

    report("07sor", "--send", at=DECEMBER)

    assert box.recipients == ["alice@example.no"]


def test_what_the_mail_server_does_not_take_is_tried_again_later(
    app: Flask, report: Callable[..., Any], box: Mailbox
) -> None:
    for email in ("nobody@example.no", "later@example.no", "alice@example.no"):
        subscribe(app, email=email)

    first = report("07sor", "--send", at=DECEMBER)
    second = report("07sor", "--send", at=DECEMBER + reports.PAUSES[0] / 2)
    third = report("07sor", "--send", at=DECEMBER + reports.PAUSES[0])

    assert (first[0], first[1]) == (1, "1 sent, 2 refused.\n")
    assert "nobody@example.no: The mail server said 550" in first[2]
    assert second[1] == "0 sent, 0 refused.\n"
    # The other was refused for good: the next month's is tried again.
    assert third[1] == "0 sent, 1 refused.\n"
    assert "later@example.no" in third[2]
    assert box.recipients == ["alice@example.no"]


def test_a_server_without_mail_offers_none(settings: dict[str, Any]) -> None:
    with time_machine.travel(NOVEMBER, tick=False):
        app = make_app({**settings, "smtp_url": ""})
        alice = log_in(app, "07sor")

        assert "this report" not in pages.check(alice.get("/dashboard/07sor/report?lang=en"))
        assert alice.post("/dashboard/07sor/report").status_code == 404


class TestProcesses:
    """Sixty members who have not had the last month's report."""

    @pytest.fixture
    def everybody(self, app: Flask) -> dict[str, int]:
        emails = [f"member{number}@example.no" for number in range(MANY)]
        with app.app_context():
            for email in emails:
                member = Staff(id=uuid.uuid4(), email=email, password_hash="", created_at=OCTOBER)
                db.session.add(member)
                db.session.flush()
                db.session.add(Membership(site="07sor", staff=member.id, role="viewer"))
                db.session.add(
                    ReportSubscription(
                        site="07sor", staff=member.id, language="nb", sent_through=date(2026, 1, 1)
                    )
                )
            db.session.commit()
        return dict.fromkeys(emails, 1)

    @pytest.fixture
    def environ(self, app: Flask, mailbox: tuple[Mailbox, str]) -> dict[str, str]:
        return {
            "CONSENT_SECRET_KEYS": KEY,
            "CONSENT_DATABASE": app.extensions["consent_settings"].database,
            "CONSENT_SMTP_URL": mailbox[1],
            "CONSENT_MAIL_FROM": FROM,
            "CONSENT_PUBLIC_URL": SERVER,
        }

    def test_one_that_is_killed_and_begun_again_sends_nobody_two(
        self,
        app: Flask,
        box: Mailbox,
        everybody: dict[str, int],
        environ: dict[str, str],
        tmp_path: Path,
    ) -> None:
        command = [*CONSENT, "report", "07sor", "--send"]
        for until in (MANY // 5, MANY // 2):
            process = subprocess.Popen(
                command, cwd=tmp_path, env=os.environ | environ, stdout=subprocess.DEVNULL
            )
            box.wait_for(until)
            process.send_signal(signal.SIGKILL)
            process.wait()
        with app.app_context():
            # The killed ones had one report each to themselves, for some minutes that are over now.
            waiting = update(OutboxItem).where(OutboxItem.next_attempt_at.is_not(None))
            db.session.execute(waiting.values(next_attempt_at=datetime.now(UTC)))
            db.session.commit()

        last = subprocess.run(
            command, cwd=tmp_path, env=os.environ | environ, capture_output=True, text=True
        )

        assert (last.returncode, last.stderr) == (0, "")
        assert Counter(box.recipients) == everybody

    def test_a_server_of_many_processes_sends_by_itself(
        self,
        box: Mailbox,
        everybody: dict[str, int],
        environ: dict[str, str],
        tmp_path: Path,
    ) -> None:
        server = Server(tmp_path, environ["CONSENT_DATABASE"], **environ | {"CONSENT_WORKERS": "2"})
        with server.running():
            box.wait_for(MANY)

        assert Counter(box.recipients) == everybody
